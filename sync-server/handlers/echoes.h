/* The rows a push wrote, found by id while a page is read, and the echoes of its operations (wire/messages.h). */
#ifndef CS_SERVER_HANDLERS_ECHOES_H
#define CS_SERVER_HANDLERS_ECHOES_H

#include "sync-server/reconcile/push.h"

struct cs_echo_slot {
    const struct cs_push_echo *echo;  /* of the last operation on the row; NULL: empty */
    const struct cs_push_echo *first; /* with what the row was before this push */
    uint32_t confirmed;               /* scope set + 1; 0: not confirmed */
};

struct cs_echo_index {
    const struct cs_push_result *push;
    struct cs_echo_slot *slots; /* a power of two of them */
    size_t slot_count;
};

/* Rows of which any operation was not plain are left out. */
enum cs_status cs_echo_index_init(struct cs_echo_index *index, const struct cs_push_result *push,
                                  struct cs_arena *arena) CS_MUST_USE;
/* NULL if the push did not write this row as its author predicted. */
const struct cs_push_echo *cs_echo_index_find(const struct cs_echo_index *index,
                                              const struct cs_scope_entry *entry);
/* Of such a row the first echo: the state its author's prediction started from. */
const struct cs_push_echo *cs_echo_index_first(const struct cs_echo_index *index,
                                               const struct cs_scope_entry *entry);
void cs_echo_index_confirm(struct cs_echo_index *index, const struct cs_scope_entry *entry,
                           uint32_t scope_set_plus_one);
/* One run-length encoded entry per operation of the push. */
enum cs_status cs_echo_index_runs(const struct cs_echo_index *index, struct cs_arena *arena,
                                  struct cs_sync_response *response) CS_MUST_USE;

#endif
