/*
 * A row as it was: its states one after the other, or the one at a moment (design §12).
 *
 * Used by the command `history`, and by handlers. Only reads. Every state is named by the number of the change that it came of: 0 for the
 * one it was made with.
 */
#ifndef CS_SERVER_HISTORY_STATES_H
#define CS_SERVER_HISTORY_STATES_H

#include "sync-server/stores/history_store.h"

/* No moment: it was so before what is kept. */
#define CS_STATE_LONG_SINCE INT64_MIN
/* No moment: it is so now. */
#define CS_STATE_STILL INT64_MAX

struct cs_row_state {
    uint64_t number;
    /* As the server's clock said: from, and up to (exclusive). */
    int64_t from_ms;
    int64_t until_ms;
    /* Whose change it was. log 0: the server's own; or, with CS_STATE_LONG_SINCE, not kept any more. */
    struct cs_version author;
    struct cs_stored_row row;
    struct cs_stored_head *heads;
    size_t head_count;
};

struct cs_row_states {
    struct cs_row_state *items; /* newest first */
    size_t count;
    uint64_t more; /* 0: that is all; otherwise to be given as `from` for those that follow */
};

/* At most `limit` (1 …) states, from the one that change `from` ended on; 0: from the present one on. CS_NOT_FOUND: there is no such
 * row. */
enum cs_status cs_row_states_read(struct cs_store *store, const struct cs_row_key *row,
                                  uint64_t from, size_t limit, struct cs_arena *arena,
                                  struct cs_row_states *out) CS_MUST_USE;
/* The state at this moment, which must not lie before the store's reach. CS_NOT_FOUND: there was no such row yet. */
enum cs_status cs_row_state_at(struct cs_store *store, const struct cs_row_key *row, int64_t at_ms,
                               struct cs_arena *arena, struct cs_row_state *out) CS_MUST_USE;

/* Two states of one row, of an entity that is known here: do they differ in this field? */
bool cs_row_states_differ_in(const struct cs_row_state *a, const struct cs_row_state *b,
                             size_t field);

#endif
