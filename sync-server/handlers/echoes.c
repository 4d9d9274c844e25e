/* Echoes of a push, see echoes.h. */
#include "sync-server/handlers/echoes.h"

static struct cs_echo_slot *slot_of(const struct cs_echo_index *index, struct cs_bytes entity,
                                    const struct cs_id *row)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < CS_ID_SIZE; i++) {
        hash = (hash ^ row->bytes[i]) * 0x100000001b3u;
    }
    size_t at = (size_t)(hash ^ (hash >> 32)) & (index->slot_count - 1);
    while (index->slots[at].echo != NULL &&
           !(cs_id_equal(&index->slots[at].echo->key.id, row) &&
             cs_bytes_equal(index->slots[at].echo->key.entity, entity))) {
        at = (at + 1) & (index->slot_count - 1);
    }
    return &index->slots[at];
}

enum cs_status cs_echo_index_init(struct cs_echo_index *index, const struct cs_push_result *push,
                                  struct cs_arena *arena)
{
    *index = (struct cs_echo_index){.push = push, .slot_count = 16};
    while (index->slot_count < push->echo_count * 2) {
        index->slot_count *= 2;
    }
    index->slots = cs_arena_take_array(arena, index->slot_count, sizeof *index->slots);
    if (index->slots == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < push->echo_count; i++) {
        const struct cs_push_echo *echo = &push->echoes[i];
        if (echo->position == 0) {
            continue;
        }
        /* The last operation on a row tells where it stands; one that was not plain spoils it. */
        struct cs_echo_slot *slot = slot_of(index, echo->key.entity, &echo->key.id);
        if (slot->echo == NULL) {
            *slot = (struct cs_echo_slot){.echo = echo, .first = echo};
        } else if (slot->echo->plain) {
            /* A later change-set of this push went on from where an earlier one ended; anything between them spoils that. */
            bool goes_on = echo->position == slot->echo->position ||
                           echo->position_before == slot->echo->position;
            slot->first = goes_on ? slot->first : echo;
            slot->echo = echo;
        }
    }
    return CS_OK;
}

const struct cs_push_echo *cs_echo_index_find(const struct cs_echo_index *index,
                                              const struct cs_scope_entry *entry)
{
    const struct cs_push_echo *echo = slot_of(index, entry->entity, &entry->row)->echo;
    return echo != NULL && echo->plain ? echo : NULL;
}

const struct cs_push_echo *cs_echo_index_first(const struct cs_echo_index *index,
                                               const struct cs_scope_entry *entry)
{
    return slot_of(index, entry->entity, &entry->row)->first;
}

void cs_echo_index_confirm(struct cs_echo_index *index, const struct cs_scope_entry *entry,
                           uint32_t scope_set_plus_one)
{
    struct cs_echo_slot *slot = slot_of(index, entry->entity, &entry->row);
    cs_require(slot->echo != NULL);
    slot->confirmed = scope_set_plus_one;
}

enum cs_status cs_echo_index_runs(const struct cs_echo_index *index, struct cs_arena *arena,
                                  struct cs_sync_response *response)
{
    const struct cs_push_result *push = index->push;
    response->echoes = cs_arena_take_array(arena, push->echo_count, sizeof *response->echoes);
    if (response->echoes == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < push->echo_count; i++) {
        const struct cs_push_echo *echo = &push->echoes[i];
        uint32_t confirmed =
            echo->position == 0 ? 0 : slot_of(index, echo->key.entity, &echo->key.id)->confirmed;
        if (count > 0 && response->echoes[count - 1].scope_set_plus_one == confirmed) {
            response->echoes[count - 1].count++;
        } else {
            response->echoes[count++] = (struct cs_echo_run){confirmed, 1};
        }
    }
    response->echo_count = count;
    return CS_OK;
}
