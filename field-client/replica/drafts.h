/*
 * Drafts of forms: what was typed and not recorded yet, under a key that the page chooses. So it survives a reload, a crash and a lock.
 *
 * They stay in the encrypted replica of this laptop: they are never sent, are in no digest and no backup of the server, and go with the replica when the
 * device joins again. Whoever may open the replica may read all of them.
 */
#ifndef CS_REPLICA_DRAFTS_H
#define CS_REPLICA_DRAFTS_H

#include "field-client/replica/replica.h"

#define CS_DRAFTS_MAX 100
#define CS_DRAFT_KEY_MAX ((size_t)200)
#define CS_DRAFT_SIZE_MAX (256 * CS_KIBI)

struct cs_draft {
    struct cs_bytes key;
    int64_t changed_ms; /* own clock */
    uint64_t size;      /* bytes */
};

/* In place of the one with that key. CS_INVALID: a key that is empty, too long or no text; CS_TOO_LARGE; CS_LIMIT: there are as many as there may be. */
enum cs_status cs_draft_put(struct cs_replica *replica, struct cs_bytes key,
                            struct cs_bytes content, struct cs_problem *problem) CS_MUST_USE;
/* Appends it. CS_NOT_FOUND. */
enum cs_status cs_draft_get(struct cs_replica *replica, struct cs_bytes key, struct cs_buffer *out,
                            int64_t *out_changed_ms, struct cs_problem *problem) CS_MUST_USE;
/* One that is not there is CS_OK. */
enum cs_status cs_draft_drop(struct cs_replica *replica, struct cs_bytes key,
                             bool *out_dropped) CS_MUST_USE;
/* The one that was changed last comes first. Valid during the call only; no draft is changed meanwhile. */
typedef enum cs_status cs_draft_visitor(void *context, const struct cs_draft *draft);
enum cs_status cs_draft_list(struct cs_replica *replica, cs_draft_visitor *visit,
                             void *context) CS_MUST_USE;

#endif
