/*
 * Asking the server what a row was (PROTOCOL.md, chapter "History"). Needs a network; changes nothing but the count of requests.
 *
 * What must stay true: what comes back is the server's word. Unlike rows of evidence nobody's signature covers it, so it is shown to
 * people, and becomes data again only as an edit of a person who has looked at it.
 */
#ifndef CS_SYNC_HISTORY_H
#define CS_SYNC_HISTORY_H

#include "field-client/replica/replica.h"
#include "shared/wire/history.h"

struct cs_past_state {
    struct cs_history_state state;
    struct cs_stored_row row; /* the same row, as the replica has rows; of an entity known here */
};

struct cs_past {
    int64_t
        reach_ms; /* from when on every change is kept; CS_HISTORY_LONG_SINCE: from the beginning */
    struct cs_past_state *items; /* newest first */
    size_t count;
};

/*
 * All states of a row, or with `at_ms` other than CS_HISTORY_STILL the one at that moment (none: it was not there then, or that lies before
 * the reach). In the arena. CS_NOT_FOUND: the server has no such row for this device; CS_BUSY: to be asked again after a sync; what
 * `exchange` says.
 */
enum cs_status cs_past_read(struct cs_replica *replica, const struct cs_entity *entity,
                            const struct cs_id *row, int64_t at_ms, struct cs_arena *arena,
                            struct cs_past *out, struct cs_problem *problem) CS_MUST_USE;

#endif
