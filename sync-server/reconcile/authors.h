/* Who made a version, and when: looked up once per push. */
#ifndef CS_SERVER_RECONCILE_AUTHORS_H
#define CS_SERVER_RECONCILE_AUTHORS_H

#include "sync-server/reconcile/context.h"

struct cs_author {
    uint64_t log;
    struct cs_bytes name; /* of the person, from the certificate */
    struct cs_id person;
    struct cs_author *next;
};

/* A log nobody is known for gives the name "?". */
enum cs_status cs_author_of(struct cs_reconcile *reconcile, uint64_t log,
                            const struct cs_author **out) CS_MUST_USE;

/* Effective time and kind of a version; for CS_LOG_SERVER and unknown ones zero. */
struct cs_version_facts {
    int64_t effective_ms;
    int64_t claimed;
    bool fact;
};
enum cs_status cs_version_facts_of(struct cs_reconcile *reconcile, const struct cs_version *version,
                                   struct cs_version_facts *out) CS_MUST_USE;

#endif
