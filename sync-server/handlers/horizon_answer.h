/*
 * What the server tells a device of the backup horizon: the file that `backup` writes beside the database, kept in memory and read
 * again from time to time. Any thread.
 *
 * A file that cannot be read, or is of another incarnation, says nothing: devices keep what they have.
 */
#ifndef CS_SERVER_HANDLERS_HORIZON_ANSWER_H
#define CS_SERVER_HANDLERS_HORIZON_ANSWER_H

#include "shared/base/log.h"
#include "sync-server/handlers/horizon.h"

#include <pthread.h>

#define CS_HORIZON_PATH_MAX 4096
/* A file is read again when it was last read so long ago. */
#define CS_HORIZON_AGE_MS_MAX 10000

struct cs_horizon_answer {
    char path[CS_HORIZON_PATH_MAX];
    const struct cs_world *world;
    const struct cs_log *log;
    pthread_mutex_t lock;
    bool loaded;
    int64_t loaded_ms; /* monotonic */
    enum cs_status last;
    struct cs_arena arena;
    struct cs_horizon horizon;
};

/* The path is set by the caller. */
void cs_horizon_answer_init(struct cs_horizon_answer *answer, const struct cs_world *world,
                            const struct cs_log *log);
void cs_horizon_answer_release(struct cs_horizon_answer *answer);
/* The last change-set of this log that the last verified backup of this incarnation has; 0: none. */
uint64_t cs_horizon_answer(struct cs_horizon_answer *answer, const uint8_t incarnation[static 16],
                           uint64_t log);

#endif
