/* What the files of this folder share: reading fields of rows by name, and small edits. */
#ifndef CS_VISIT_INTERNAL_H
#define CS_VISIT_INTERNAL_H

#include "field-client/replica/edit.h"
#include "field-client/replica/query.h"
#include "field-client/visit/visit.h"

/* Working memory of one call. */
#define CS_VISIT_ARENA_MAX CS_MESSAGE_ARENA_MAX

/* The field's value; NULL value for a name the entity does not have. */
const struct cs_value *cs_visit_value(const struct cs_stored_row *row, const char *field);
/* Of a text field; empty when it is not set. */
struct cs_bytes cs_visit_text(const struct cs_stored_row *row, const char *field);
/* false when the reference is not set. */
bool cs_visit_reference(const struct cs_stored_row *row, const char *field, struct cs_id *out);
/* The row a reference leads to; exists = false where it is not set, not in view or deleted. */
enum cs_status cs_visit_follow(struct cs_replica *replica, const struct cs_stored_row *row,
                               const char *field, const char *entity, struct cs_arena *arena,
                               struct cs_stored_row *out) CS_MUST_USE;
/* The same for an id. */
enum cs_status cs_visit_load(struct cs_replica *replica, const char *entity, const struct cs_id *id,
                             struct cs_arena *arena, struct cs_stored_row *out) CS_MUST_USE;

struct cs_named_value cs_visit_named(const char *field, struct cs_value value);
struct cs_value cs_visit_id_value(const struct cs_id *id);
/* Now, as this device's clock and zone have it. */
int64_t cs_visit_now(const struct cs_replica *replica);
/* Who works here. */
const struct cs_id *cs_visit_self(const struct cs_replica *replica);

/* Commits when `status` is CS_OK, otherwise rolls back and returns it. */
enum cs_status cs_visit_end_edit(struct cs_edit *owned_edit, enum cs_status status) CS_MUST_USE;
/* One edit of one update. */
enum cs_status cs_visit_update(struct cs_replica *replica, const char *entity,
                               const struct cs_id *id, const struct cs_named_value *values,
                               size_t count, struct cs_problem *problem) CS_MUST_USE;

/* Adds a warning if the visit was signed: what changes now is not what the customer saw. */
enum cs_status cs_visit_warn_signed(struct cs_replica *replica, const struct cs_id *visit,
                                    struct cs_lines *warnings) CS_MUST_USE;
/* Not left yet, and this person's. */
bool cs_visit_is_open(const struct cs_replica *replica, const struct cs_stored_row *visit);
/* The reserved note with a line appended; in the arena. */
enum cs_status cs_visit_note_with(const struct cs_stored_row *visit, struct cs_bytes line,
                                  struct cs_arena *arena, struct cs_value *out) CS_MUST_USE;
/* The receipt's number and its visit's signature refusal: CS_EXISTS naming the receipt, CS_OK where there is none. */
enum cs_status cs_visit_check_unsigned(struct cs_replica *replica, const struct cs_id *visit,
                                       struct cs_problem *problem) CS_MUST_USE;

#endif
