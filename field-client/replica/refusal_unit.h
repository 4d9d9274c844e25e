/*
 * A refused transaction and the later ones that were refused because they rest on it: corrected together, as one transaction, or
 * put aside together (design §6). Used by commands; everything refused is in query.h.
 */
#ifndef CS_REPLICA_REFUSAL_UNIT_H
#define CS_REPLICA_REFUSAL_UNIT_H

#include "field-client/replica/edit.h"
#include "field-client/replica/query.h"

struct cs_refusal_unit {
    struct cs_arena arena;
    struct cs_pending *items; /* in counter order; the first is the one that was asked for */
    size_t count;
    size_t capacity;
};

/*
 * The refusal with this number and what rests on it: names a version of it, changes a row it makes, or refers to one. CS_NOT_FOUND;
 * CS_USAGE when it rests on an earlier refusal itself, which is named: that one takes it along. Release in any case.
 */
enum cs_status cs_refusal_unit_load(struct cs_replica *replica, uint64_t counter,
                                    struct cs_refusal_unit *out,
                                    struct cs_problem *problem) CS_MUST_USE;
void cs_refusal_unit_release(struct cs_refusal_unit *unit);

/* The operation the server refused; NULL if it named none that there is. */
const struct cs_operation *cs_refused_operation(const struct cs_pending *pending);

/*
 * Makes all operations of the unit again in the edit's current transaction, with `corrections` laid over those on the row of the
 * first one's refused operation, and takes the unit off the list. What the edit refuses (class CALLER) is refused here: abort the edit.
 */
enum cs_status cs_refusal_unit_correct(struct cs_edit *edit, const struct cs_refusal_unit *unit,
                                       const struct cs_named_value *corrections, size_t count,
                                       struct cs_problem *problem) CS_MUST_USE;
/* Takes the unit off the list. Like what was corrected it stays readable: cs_query_settled. */
enum cs_status cs_refusal_unit_dismiss(struct cs_edit *edit, const struct cs_refusal_unit *unit,
                                       struct cs_problem *problem) CS_MUST_USE;

#endif
