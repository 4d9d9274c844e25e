/*
 * Taking a vault out: which versions an export names, and the list that its file is made from.
 *
 * An export is one record for each CS_VAULT_VERSIONS_MAX versions (cs_vault_disclosure_begin, kind export), each approved by another
 * officer. Whatever is named counts as known outside, and is due for rotation, whether the file was written or not.
 *
 * An item becomes an entry with its id, name, user name and address; the fields password, notes and totp go where they belong, every other one
 * under its name, marked as a secret. A field "address" is the entry's address where none is listed: so an import and an export are inverse.
 */
#ifndef CS_FIELD_CLIENT_VAULT_FILES_EXPORT_H
#define CS_FIELD_CLIENT_VAULT_FILES_EXPORT_H

#include "field-client/password_files/password_list.h"
#include "field-client/vault/book.h"

/* Of every field of every item what is in force, or if nothing is, what is to come: ids, ascending, in the arena. Archived versions stay. */
enum cs_status cs_export_choose(struct cs_vault_book *book, const struct cs_id *vault,
                                struct cs_arena *arena, struct cs_bytes *out) CS_MUST_USE;

struct cs_export; /* opaque; the secrets in guarded memory */
enum cs_status cs_export_create(struct cs_export **out) CS_MUST_USE;
/* Wipes; NULL is accepted. */
void cs_export_destroy(struct cs_export *export);
/* Takes a copy of the secret of this version. CS_NO_MEMORY. */
enum cs_status cs_export_take(struct cs_export *export, const struct cs_vault_record *version,
                              struct cs_bytes secret, struct cs_problem *problem) CS_MUST_USE;
/* Adds the items of which something was taken to the list, in the order in which they were stored. CS_DENIED, … as
 * cs_vault_catalog_items; CS_LIMIT as cs_password_list_add. */
enum cs_status cs_export_finish(struct cs_export *export, struct cs_vault_book *book,
                                const struct cs_id *vault, struct cs_password_list *list,
                                struct cs_problem *problem) CS_MUST_USE;

#endif
