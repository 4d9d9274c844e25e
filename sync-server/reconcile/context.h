/* What the files of this folder hand to each other while one change-set is reconciled. */
#ifndef CS_SERVER_RECONCILE_CONTEXT_H
#define CS_SERVER_RECONCILE_CONTEXT_H

#include "sync-server/reconcile/push.h"
#include "sync-server/reconcile/working_set.h"

/* Can rows carry versions whose changes are not here? */
enum cs_away { CS_AWAY_UNKNOWN, CS_AWAY_NONE, CS_AWAY_SOME };

struct cs_reconcile {
    struct cs_store *store;
    const struct cs_registry *registry;
    struct cs_working_set set;
    struct cs_arena *arena;
    const struct cs_push_clock *clock;
    struct cs_device *device;       /* whose push this is; NULL: nobody's */
    uint64_t position;              /* last one given */
    struct cs_author *authors;      /* looked up so far; see authors.h */
    struct cs_open_digest *digests; /* changed and not saved yet; see digests.h */
    struct cs_held *held;           /* what waits; NULL: nothing can be held now; see held.h */
    struct cs_judged *judged;       /* asked already by the rules; see exceptions.h */
    struct cs_reviewed *reviewed;   /* logs whose held work was decided about; see review.h */
    unsigned agenda;                /* number of the last list of scopes.c */
    enum cs_away away;              /* see replaced.h */
    size_t history_bytes;           /* of states that were passed; see history.c */
};

/* The transaction being applied and who made it. */
struct cs_edit {
    const struct cs_transaction *transaction;
    struct cs_version version;
    int64_t effective_ms;
    int64_t received_ms; /* when it first came, however long it waited since */
    bool fact;
    cs_roles roles;
};

/* Why a transaction was not applied. */
struct cs_verdict {
    enum cs_outcome outcome; /* REFUSED or HELD */
    enum cs_status status;
    uint32_t operation;
    struct cs_bytes field;
    struct cs_problem problem;
};

#endif
