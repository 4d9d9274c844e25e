/* Who made a version, see authors.h. */
#include "sync-server/reconcile/authors.h"

enum cs_status cs_author_of(struct cs_reconcile *reconcile, uint64_t log,
                            const struct cs_author **out)
{
    for (struct cs_author *author = reconcile->authors; author != NULL; author = author->next) {
        if (author->log == log) {
            *out = author;
            return CS_OK;
        }
    }
    struct cs_author *author = cs_arena_take(reconcile->arena, sizeof *author);
    if (author == NULL) {
        return CS_NO_MEMORY;
    }
    struct cs_device device = {.person_name = cs_bytes_of_text("?")};
    enum cs_status status =
        cs_store_device_by_log(reconcile->store, log, reconcile->arena, &device);
    if (status != CS_OK && status != CS_NOT_FOUND) {
        return status;
    }
    *author = (struct cs_author){log, device.person_name, device.person, reconcile->authors};
    reconcile->authors = author;
    *out = author;
    return CS_OK;
}

enum cs_status cs_version_facts_of(struct cs_reconcile *reconcile, const struct cs_version *version,
                                   struct cs_version_facts *out)
{
    struct cs_logged_transaction transaction = {.claimed = 0};
    enum cs_status status =
        cs_store_transaction(reconcile->store, version, reconcile->arena, &transaction);
    if (status != CS_OK && status != CS_NOT_FOUND) {
        return status;
    }
    *out =
        (struct cs_version_facts){transaction.effective_ms, transaction.claimed, transaction.fact};
    return CS_OK;
}
