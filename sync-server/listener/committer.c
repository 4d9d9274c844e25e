/* The committer thread and its queues, see committer.h. */
#include "sync-server/listener/committer.h"

#include "shared/base/memory.h"

#include <uv.h>

#define UPKEEP_EVERY_NS UINT64_C(1000000000)

struct queue {
    struct cs_commit_item *first;
    struct cs_commit_item **end;
};

struct cs_committer {
    struct cs_committer_options options;
    uv_thread_t thread;
    uv_mutex_t mutex; /* of everything below */
    uv_cond_t changed;
    struct queue waiting;
    struct queue committed;
    bool stopping;
    uint64_t batches;
    void **requests; /* of the current batch; the thread's own */
};

static void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

static void queue_add(struct queue *queue, struct cs_commit_item *item)
{
    item->next = NULL;
    *queue->end = item;
    queue->end = &item->next;
}

static struct cs_commit_item *queue_take_first(struct queue *queue)
{
    struct cs_commit_item *item = queue->first;
    queue->first = item->next;
    if (queue->first == NULL) {
        queue->end = &queue->first;
    }
    return item;
}

/* Moves the next batch out of `waiting`; returns its count. The mutex is held. */
static size_t take_batch(struct cs_committer *committer, struct queue *batch)
{
    size_t count = 0;
    size_t bytes = 0;
    queue_init(batch);
    while (committer->waiting.first != NULL && count < committer->options.batch_requests_max) {
        size_t size = committer->waiting.first->size;
        if (count > 0 && (size > committer->options.batch_bytes_max ||
                          bytes > committer->options.batch_bytes_max - size)) {
            break;
        }
        bytes = size > SIZE_MAX - bytes ? SIZE_MAX : bytes + size;
        struct cs_commit_item *item = queue_take_first(&committer->waiting);
        committer->requests[count++] = item->request;
        queue_add(batch, item);
    }
    return count;
}

static void commit_batch(struct cs_committer *committer)
{
    struct queue batch;
    size_t count = take_batch(committer, &batch);
    uv_mutex_unlock(&committer->mutex);
    committer->options.commit(committer->options.context, committer->requests, count);
    uv_mutex_lock(&committer->mutex);
    committer->batches++;
    *committer->committed.end = batch.first;
    committer->committed.end = batch.end;
    committer->options.notify(committer->options.notify_context);
}

/* The mutex is held, and given away meanwhile. */
static void upkeep(struct cs_committer *committer, uint64_t *next_ns)
{
    uint64_t now_ns = uv_hrtime();
    if (committer->options.upkeep == NULL || now_ns < *next_ns) {
        return;
    }
    uv_mutex_unlock(&committer->mutex);
    committer->options.upkeep(committer->options.context);
    uv_mutex_lock(&committer->mutex);
    *next_ns = uv_hrtime() + UPKEEP_EVERY_NS;
}

static void run(void *argument)
{
    struct cs_committer *committer = argument;
    uint64_t next_ns = uv_hrtime() + UPKEEP_EVERY_NS;
    uv_mutex_lock(&committer->mutex);
    for (;;) {
        if (committer->waiting.first != NULL) {
            commit_batch(committer);
            upkeep(committer, &next_ns);
        } else if (committer->stopping) {
            break;
        } else if (committer->options.upkeep == NULL) {
            uv_cond_wait(&committer->changed, &committer->mutex);
        } else {
            (void)uv_cond_timedwait(&committer->changed, &committer->mutex, UPKEEP_EVERY_NS);
            upkeep(committer, &next_ns);
        }
    }
    uv_mutex_unlock(&committer->mutex);
}

enum cs_status cs_committer_create(const struct cs_committer_options *options,
                                   struct cs_committer **out_committer)
{
    cs_require(options->batch_requests_max > 0);
    struct cs_committer *committer = cs_alloc_zero(1, sizeof *committer);
    if (committer == NULL) {
        return CS_NO_MEMORY;
    }
    committer->options = *options;
    queue_init(&committer->waiting);
    queue_init(&committer->committed);
    committer->requests = cs_alloc_zero(options->batch_requests_max, sizeof(void *));
    if (committer->requests == NULL) {
        cs_free(committer);
        return CS_NO_MEMORY;
    }
    cs_require(uv_mutex_init(&committer->mutex) == 0 && uv_cond_init(&committer->changed) == 0);
    if (uv_thread_create(&committer->thread, run, committer) != 0) {
        uv_cond_destroy(&committer->changed);
        uv_mutex_destroy(&committer->mutex);
        cs_free(committer->requests);
        cs_free(committer);
        return CS_NO_MEMORY;
    }
    *out_committer = committer;
    return CS_OK;
}

void cs_committer_destroy(struct cs_committer *committer)
{
    if (committer == NULL) {
        return;
    }
    uv_mutex_lock(&committer->mutex);
    committer->stopping = true;
    uv_cond_signal(&committer->changed);
    uv_mutex_unlock(&committer->mutex);
    cs_require(uv_thread_join(&committer->thread) == 0);
    uv_cond_destroy(&committer->changed);
    uv_mutex_destroy(&committer->mutex);
    cs_free(committer->requests);
    cs_free(committer);
}

void cs_committer_submit(struct cs_committer *committer, struct cs_commit_item *item)
{
    uv_mutex_lock(&committer->mutex);
    cs_require(!committer->stopping);
    queue_add(&committer->waiting, item);
    uv_cond_signal(&committer->changed);
    uv_mutex_unlock(&committer->mutex);
}

struct cs_commit_item *cs_committer_take(struct cs_committer *committer)
{
    uv_mutex_lock(&committer->mutex);
    struct cs_commit_item *items = committer->committed.first;
    queue_init(&committer->committed);
    uv_mutex_unlock(&committer->mutex);
    return items;
}

uint64_t cs_committer_batches(struct cs_committer *committer)
{
    uv_mutex_lock(&committer->mutex);
    uint64_t batches = committer->batches;
    uv_mutex_unlock(&committer->mutex);
    return batches;
}
