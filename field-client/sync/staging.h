/*
 * Pages of a pull that is not complete, on disk: they outlive a lost connection, the session and the program, so that the next
 * session goes on behind them. Used by session.c and session_receive.c.
 *
 * What must stay true: pages are staged under one certificate, come from one incarnation of the server, and began no earlier than
 * what has been applied; whatever does not fit is thrown away as a whole and fetched anew. Nothing of them is seen
 * before all of them are applied with the last page.
 */
#ifndef CS_SYNC_STAGING_H
#define CS_SYNC_STAGING_H

#include "field-client/replica/replica.h"
#include "shared/wire/messages.h"

struct cs_staging {
    int64_t page_count;              /* 0: nothing is staged, and all else is empty */
    uint64_t row_count;              /* rows and departures in them */
    uint64_t began;                  /* the server's position when the first was read */
    uint8_t incarnation[16];         /* the server's */
    uint64_t position;               /* of the newest page */
    uint64_t answered;               /* change-sets up to here were answered on them */
    struct cs_scope_cursor *cursors; /* after the newest page; owned */
    size_t cursor_count;
};

/* What was applied already: pages that began before it are of no use. */
struct cs_staging_applied {
    uint8_t incarnation[16]; /* zero: nothing yet */
    uint64_t position;
};

/* Reads what is staged; pages that do not fit are removed. Release in any case. */
enum cs_status cs_staging_load(struct cs_replica *replica, const struct cs_staging_applied *applied,
                               struct cs_staging *out) CS_MUST_USE;
void cs_staging_release(struct cs_staging *staging);
/* One page more, on disk when this returns. `page` is `body` decoded; `answered` as in struct cs_staging. */
enum cs_status cs_staging_add(struct cs_replica *replica, struct cs_staging *staging,
                              struct cs_bytes body, const struct cs_sync_response *page,
                              uint64_t answered) CS_MUST_USE;
/* Page `number` from 1, decoded into the arena. */
enum cs_status cs_staging_page(struct cs_replica *replica, int64_t number, struct cs_arena *arena,
                               struct cs_sync_response *out) CS_MUST_USE;
/* Removes all pages, also inside a transaction of the caller; `staging` keeps its account of them. */
enum cs_status cs_staging_remove(struct cs_replica *replica) CS_MUST_USE;

#endif
