/*
 * The committer: one thread that commits requests in batches, so that many devices share one sync to disk.
 *
 * Called by the loop thread (submit, take); commit runs on the committer's own thread with everything that is queued at
 * that moment, up to the batch limits. Order of submission is kept.
 */
#ifndef CS_LISTENER_COMMITTER_H
#define CS_LISTENER_COMMITTER_H

#include "shared/base/bytes.h"

/* Belongs to the caller, who embeds it in what is committed. */
struct cs_commit_item {
    struct cs_commit_item *next;
    void *request;
    size_t size; /* bytes, for the batch limit */
};

struct cs_committer_options {
    void *context;
    /* On the committer's thread. */
    void (*commit)(void *context, void **requests, size_t count);
    /* On the committer's thread, about once a second, between batches: work that can wait, in short steps. NULL: there is none. */
    void (*upkeep)(void *context);
    /* On the committer's thread, after a batch: something can be taken. */
    void (*notify)(void *notify_context);
    void *notify_context;
    size_t batch_requests_max;
    size_t batch_bytes_max; /* a single larger item still goes, alone */
};

struct cs_committer;
/* Starts the thread. CS_NO_MEMORY. */
enum cs_status cs_committer_create(const struct cs_committer_options *options,
                                   struct cs_committer **out_committer) CS_MUST_USE;
/* Commits what is queued, ends the thread. Items not taken are the caller's to know. NULL is accepted. */
void cs_committer_destroy(struct cs_committer *committer);

/* The item must stay until it comes back by take. */
void cs_committer_submit(struct cs_committer *committer, struct cs_commit_item *item);
/* All committed items in order of submission, linked by next; NULL if there are none. */
struct cs_commit_item *cs_committer_take(struct cs_committer *committer);
/* Calls of commit so far. */
uint64_t cs_committer_batches(struct cs_committer *committer);

#endif
