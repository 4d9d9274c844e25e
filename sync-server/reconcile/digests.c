/* The multiset digests of scopes, see digests.h. */
#include "sync-server/reconcile/digests.h"

struct cs_open_digest {
    uint64_t scope;
    struct cs_multiset digest;
    struct cs_open_digest *next;
};

/* The digest of a scope, the last used one first: a push touches few scopes, and the same ones again. */
static enum cs_status open_digest(struct cs_reconcile *reconcile, uint64_t scope,
                                  struct cs_open_digest **out)
{
    struct cs_open_digest **link = &reconcile->digests;
    while (*link != NULL && (*link)->scope != scope) {
        link = &(*link)->next;
    }
    struct cs_open_digest *found = *link;
    if (found != NULL) {
        *link = found->next;
    } else {
        found = cs_arena_take(reconcile->arena, sizeof *found);
        if (found == NULL) {
            return CS_NO_MEMORY;
        }
        found->scope = scope;
        enum cs_status status = cs_store_scope_digest(reconcile->store, scope, &found->digest);
        if (status != CS_OK) {
            return status;
        }
    }
    found->next = reconcile->digests;
    reconcile->digests = found;
    *out = found;
    return CS_OK;
}

typedef void change_function(struct cs_multiset *multiset,
                             const uint8_t element[static CS_HASH_SIZE]);

static enum cs_status change(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                             change_function *function)
{
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_stored_row_hash(row, hash);
    struct cs_reader reader;
    cs_reader_init(&reader, row->scopes);
    while (status == CS_OK && reader.rest.size > 0) {
        struct cs_open_digest *digest;
        uint64_t scope = cs_read_varint(&reader);
        status = reader.status != CS_OK ? CS_CORRUPT : open_digest(reconcile, scope, &digest);
        if (status == CS_OK) {
            function(&digest->digest, hash);
        }
    }
    return status;
}

enum cs_status cs_digests_add(struct cs_reconcile *reconcile, const struct cs_stored_row *row)
{
    return change(reconcile, row, cs_multiset_add);
}

enum cs_status cs_digests_subtract(struct cs_reconcile *reconcile, const struct cs_stored_row *row)
{
    return change(reconcile, row, cs_multiset_subtract);
}

enum cs_status cs_digests_save(struct cs_reconcile *reconcile)
{
    enum cs_status status = CS_OK;
    for (struct cs_open_digest *open = reconcile->digests; status == CS_OK && open != NULL;
         open = open->next) {
        status = cs_store_put_scope_digest(reconcile->store, open->scope, &open->digest);
    }
    reconcile->digests = NULL;
    return status;
}
