/*
 * The kinds of exceptions (design §6): their names, what people read, and the action that clears each.
 *
 * One table for both programs: the server opens and closes exceptions of these kinds only (cs_exception_set requires it), the client
 * shows the action. A kind is one line in exception_kinds.c, in any order; names never change, since rows carry them. Pure.
 */
#ifndef CS_DOMAIN_EXCEPTION_KINDS_H
#define CS_DOMAIN_EXCEPTION_KINDS_H

#include "shared/base/bytes.h"

struct cs_exception_kind {
    const char *name; /* lower_case, ≤ CS_NAME_MAX; stands in exception.kind */
    const char *label_en;
    const char *label_zh;
    const char
        *action_en; /* what clears it, as an instruction; ROW and ENTITY stand for the subject's */
    const char *action_zh;
    /* May the office take it as it is (exception.decision = accepted)? Only where that is a possible end: what happened on
     * site and cannot be undone. What is accepted is that finding: with another detail it is a further episode. */
    bool acceptable;
};

/* NULL beyond the end. */
const struct cs_exception_kind *cs_exception_kind_at(size_t index);
/* NULL: no such kind (of a newer server). */
const struct cs_exception_kind *cs_exception_kind_find(struct cs_bytes name);

#endif
