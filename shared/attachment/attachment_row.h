/* What a row of entity `attachment` says of its file. Pure; used by the client and the server alike. */
#ifndef CS_ATTACHMENT_ATTACHMENT_ROW_H
#define CS_ATTACHMENT_ATTACHMENT_ROW_H

#include "shared/attachment/attachment.h"
#include "shared/domain/descriptor.h"

#define CS_ATTACHMENT_ENTITY "attachment"

struct cs_attachment_row {
    uint8_t address[CS_HASH_SIZE];
    uint8_t key[CS_ATTACHMENT_KEY_SIZE];
    struct cs_attachment_form form;
    struct cs_bytes file_name;  /* borrowed */
    struct cs_bytes media_type; /* borrowed; may be empty */
};

/*
 * `values` are the row's, as many as the entity has fields. CS_MALFORMED where address, key or sizes are not what they have to
 * be: such a row has no file.
 */
enum cs_status cs_attachment_row_read(const struct cs_entity *entity, const struct cs_value *values,
                                      struct cs_attachment_row *out) CS_MUST_USE;

#endif
