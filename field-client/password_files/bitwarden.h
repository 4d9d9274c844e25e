/*
 * Bitwarden's JSON export, plain or protected by a password of its own. Read only. The format in prose: README.md.
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_BITWARDEN_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_BITWARDEN_H

#include "field-client/password_files/key_derivation.h"
#include "field-client/password_files/password_list.h"

/*
 * Adds everything that is in the file to the list; on failure the list may hold part of it and is to be released. `password` (data NULL:
 * none) opens a protected export and is ignored for a plain one. CS_USAGE where one is needed; CS_WRONG_PASSPHRASE; CS_UNSUPPORTED for an
 * export under an account's key and for unknown derivations and ciphers; CS_FORGED for one that was changed; CS_LIMIT, also for what it asks
 * of the derivation (`bounds` NULL: the default); CS_MALFORMED; CS_NO_MEMORY.
 */
enum cs_status cs_bitwarden_read(struct cs_bytes file, struct cs_bytes password,
                                 const struct cs_key_derivation_bounds *bounds,
                                 struct cs_password_list *list,
                                 struct cs_problem *problem) CS_MUST_USE;

#endif
