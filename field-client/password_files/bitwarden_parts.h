/* The two halves of reading a Bitwarden export. Inside field-client/password_files only; bitwarden.h is for everybody else. */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_BITWARDEN_PARTS_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_BITWARDEN_PARTS_H

#include "field-client/password_files/bitwarden.h"
#include "shared/text/json.h"

/* Appends the JSON text inside a protected export (bitwarden_decrypt.c). Results as those of cs_bitwarden_read. */
enum cs_status cs_bitwarden_decrypt(const struct cs_json *outer, struct cs_bytes password,
                                    const struct cs_key_derivation_bounds *bounds,
                                    struct cs_buffer *out, struct cs_problem *problem) CS_MUST_USE;
/* One item into the list (bitwarden_item.c). `folder` is its folder's name; parts of it stand between slashes. */
enum cs_status cs_bitwarden_item_read(const struct cs_json *json, struct cs_bytes folder,
                                      struct cs_password_list *list,
                                      struct cs_problem *problem) CS_MUST_USE;
/* Text of a member; nothing where it is absent, null or no text. */
struct cs_bytes cs_bitwarden_text(const struct cs_json *object, const char *key);

#endif
