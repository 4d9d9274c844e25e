/* The backup horizon as devices are told it, see horizon_answer.h. */
#include "sync-server/handlers/horizon_answer.h"

#include "shared/base/limits.h"

#include <string.h>

#define ARENA_MAX (2 * CS_HORIZON_FILE_MAX)

void cs_horizon_answer_init(struct cs_horizon_answer *answer, const struct cs_world *world,
                            const struct cs_log *log)
{
    answer->world = world;
    answer->log = log;
    cs_require(pthread_mutex_init(&answer->lock, NULL) == 0);
    cs_arena_init(&answer->arena, ARENA_MAX);
}

void cs_horizon_answer_release(struct cs_horizon_answer *answer)
{
    cs_arena_release(&answer->arena);
    (void)pthread_mutex_destroy(&answer->lock);
}

/* Under the lock. */
static void load(struct cs_horizon_answer *answer)
{
    int64_t now = answer->world->monotonic_ms(answer->world->context);
    if (answer->loaded && now >= answer->loaded_ms &&
        now - answer->loaded_ms < CS_HORIZON_AGE_MS_MAX) {
        return;
    }
    cs_arena_release(&answer->arena);
    cs_arena_init(&answer->arena, ARENA_MAX);
    answer->horizon = (struct cs_horizon){.backup = 0};
    enum cs_status status =
        cs_horizon_read(answer->world, answer->path, &answer->arena, &answer->horizon);
    if (status != CS_OK) {
        answer->horizon = (struct cs_horizon){.backup = 0};
    }
    if (status != CS_OK && status != CS_NOT_FOUND && status != answer->last) {
        cs_log_event(answer->log, CS_LOG_WARNING, "backup_horizon_unreadable",
                     CS_LOG_TEXT("status", cs_status_name(status)));
    }
    answer->last = status;
    answer->loaded = true;
    answer->loaded_ms = now;
}

uint64_t cs_horizon_answer(struct cs_horizon_answer *answer, const uint8_t incarnation[static 16],
                           uint64_t log)
{
    (void)pthread_mutex_lock(&answer->lock);
    load(answer);
    const struct cs_horizon *horizon = &answer->horizon;
    bool present = horizon->backup != 0 && memcmp(horizon->incarnation, incarnation, 16) == 0;
    uint64_t sequence = present ? cs_horizon_sequence(horizon, log) : 0;
    (void)pthread_mutex_unlock(&answer->lock);
    return sequence;
}
