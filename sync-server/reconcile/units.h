/*
 * Units of a row: reading and replacing the shown value and the heads of one field or group (design §6).
 */
#ifndef CS_SERVER_RECONCILE_UNITS_H
#define CS_SERVER_RECONCILE_UNITS_H

#include "sync-server/reconcile/context.h"

/* Fields of one unit: the first one's index and the others of its group, ascending. */
struct cs_unit {
    size_t fields[CS_FIELDS_PER_ENTITY_MAX];
    size_t count;
    struct cs_bytes name; /* of the first field */
};
void cs_unit_of(const struct cs_entity *entity, size_t field_index, struct cs_unit *out);

/* More edits of one unit that have not seen each other than this are refused: a resolution could not name them. */
#define CS_UNIT_HEADS_MAX CS_BASES_PER_FIELD_MAX
/* Has the unit no room for one more edit? Those that replace a head always have. */
bool cs_unit_is_full(struct cs_reconcile *reconcile, const struct cs_working_row *row,
                     struct cs_bytes unit, struct cs_versions base);
/* Does `base` name a value of the unit that lost and waits for a decision? */
bool cs_unit_settles(const struct cs_working_row *row, struct cs_bytes unit,
                     struct cs_versions base);

/* Sets the unit of a live row to the values given (one per field of the unit), as an edit that had seen `base`. The row has been
 * touched. Sets `surprising` when the result is not simply the new value. */
enum cs_status cs_unit_edit(struct cs_reconcile *reconcile, struct cs_working_row *row,
                            const struct cs_unit *unit, const struct cs_value *values,
                            struct cs_versions base, const struct cs_edit *edit) CS_MUST_USE;

/* Replaces value and version of a unit, whatever stood there: what the server computes. The row has been touched. */
enum cs_status cs_unit_assign(struct cs_reconcile *reconcile, struct cs_working_row *row,
                              const struct cs_unit *unit, const struct cs_value *values,
                              const struct cs_version *version) CS_MUST_USE;

/*
 * Deletes are heads of the unit CS_UNIT_DELETED, each with what its author had seen. The row is deleted as long as one of them
 * had seen all there is; an unseen edit brings it back and leaves the delete as a conflict.
 */
enum cs_status cs_delete_edit(struct cs_reconcile *reconcile, struct cs_working_row *row,
                              const uint8_t seen[static CS_HASH_SIZE],
                              const struct cs_edit *edit) CS_MUST_USE;
/* A person decided to keep the row: the deletes named in `base` are gone. */
enum cs_status cs_delete_dismiss(struct cs_reconcile *reconcile, struct cs_working_row *row,
                                 struct cs_versions base) CS_MUST_USE;
/* Works out again whether the row is deleted, after any change of its versions. */
enum cs_status cs_delete_settle(struct cs_reconcile *reconcile,
                                struct cs_working_row *row) CS_MUST_USE;

#endif
