/*
 * Exceptions: standing predicates over the records that the office has to look at (design §6).
 *
 * An exception is (kind, subject, episode). The server opens it when the predicate begins to hold and closes it when it no
 * longer does; people annotate and act. Where a kind may be accepted as it is, an accepted episode stands as long as nothing about
 * it changes. Kinds are lines of shared/domain/exception_kinds.c; a rule is one function of a rules_*.c file and one line of the
 * table in exception_rules.c.
 */
#ifndef CS_SERVER_RECONCILE_EXCEPTIONS_H
#define CS_SERVER_RECONCILE_EXCEPTIONS_H

#include "sync-server/reconcile/context.h"

/* What a rule found out about one subject. */
struct cs_finding {
    const char *kind; /* of shared/domain/exception_kinds.h */
    const struct cs_stored_row *subject;
    struct cs_id key; /* tells several findings of one kind and subject apart; zero: there is one */
    bool holds;
    struct cs_value detail; /* text for people, in the arena */
};

/* Opens, closes or leaves alone. */
enum cs_status cs_exception_set(struct cs_reconcile *reconcile,
                                const struct cs_finding *finding) CS_MUST_USE;
/* People decided about this exception, or took that back: its state follows, where its kind may be accepted. */
enum cs_status cs_exception_decided(struct cs_reconcile *reconcile,
                                    const struct cs_working_row *exception) CS_MUST_USE;

/*
 * Is this the first time that a question is asked in this change-set? The answer is the same for every row that raises it, and
 * asking it for each of them would take a time that grows with the square of their number.
 */
enum cs_status cs_judged_first(struct cs_reconcile *reconcile, const char *question,
                               const struct cs_id *subject, const struct cs_id *key,
                               bool *out_first) CS_MUST_USE;

/* Asks all rules about a changed row. The row has been saved, so that look-ups see it. */
enum cs_status cs_exceptions_update(struct cs_reconcile *reconcile,
                                    const struct cs_working_row *row) CS_MUST_USE;

#endif
