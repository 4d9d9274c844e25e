/* The digest of every scope, computed anew from all rows; see verification.h. */
#include "sync-server/commands/verification.h"
#include "sync-server/handlers/compare_read.h"

#include <string.h>

struct sums {
    struct cs_verification *verification;
    struct cs_multiset *items; /* of scope i + 1 */
    uint64_t *rows;            /* likewise */
    size_t count;
    uint64_t position_max; /* the store's */
};

static void report_row(struct sums *sums, const struct cs_stored_row *row, const char *problem)
{
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, id);
    cs_verification_found(sums->verification, "%.*s %s: %s", (int)row->name.size,
                          (const char *)row->name.data, id, problem);
}

static enum cs_status add_row(void *context, const struct cs_stored_row *row)
{
    struct sums *sums = context;
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_stored_row_hash(row, hash);
    if (status != CS_OK) {
        return status;
    }
    struct cs_reader reader;
    cs_reader_init(&reader, row->scopes);
    while (reader.status == CS_OK && reader.rest.size > 0) {
        uint64_t number = cs_read_varint(&reader);
        if (reader.status != CS_OK || number == 0 || number > sums->count) {
            report_row(sums, row, "it is in a scope that does not exist");
            break;
        }
        cs_multiset_add(&sums->items[number - 1], hash);
        sums->rows[number - 1]++;
    }
    if (row->position > sums->position_max) {
        report_row(sums, row, "its position is beyond the last one given");
    }
    cs_verification_progress(sums->verification, "rows", ++sums->verification->rows);
    return CS_OK;
}

/* Scopes are numbered from 1 without gaps. */
static enum cs_status count_scopes(struct cs_store *store, size_t *out)
{
    struct cs_scope_name name;
    size_t count = 0;
    enum cs_status status;
    while ((status = cs_store_scope_name(store, count + 1, &name)) == CS_OK) {
        count++;
    }
    if (status != CS_NOT_FOUND) {
        return status;
    }
    *out = count;
    return CS_OK;
}

static const char *kind_name(uint8_t kind)
{
    static const char *const names[] = {"unknown",  "everyone", "office",
                                        "security", "person",   "project"};
    return names[kind < CS_COUNT(names) ? kind : 0];
}

static void report_scope(struct sums *sums, size_t index, const struct cs_scope_name *name,
                         const char *problem)
{
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&name->id, id);
    cs_verification_found(sums->verification, "scope %zu: %s (%s%s%s, %llu rows)", index + 1,
                          problem, kind_name(name->kind), cs_id_is_zero(&name->id) ? "" : " ",
                          cs_id_is_zero(&name->id) ? "" : id,
                          (unsigned long long)sums->rows[index]);
}

/* The stored digest, and what devices are led to, against the rows. */
static enum cs_status compare_scope(struct sums *sums, struct cs_store *store, size_t index)
{
    struct cs_scope_name name;
    struct cs_multiset stored;
    struct cs_multiset ordered;
    enum cs_status status = cs_store_scope_name(store, index + 1, &name);
    if (status == CS_OK) {
        status = cs_store_scope_digest(store, index + 1, &stored);
    }
    if (status == CS_OK) {
        status = cs_compare_scope_sum(store, index + 1, &ordered);
    }
    if (status != CS_OK) {
        return status;
    }
    if (memcmp(stored.sum, sums->items[index].sum, sizeof stored.sum) != 0) {
        report_scope(sums, index, &name, "its digest is not that of its rows");
    }
    if (memcmp(ordered.sum, sums->items[index].sum, sizeof ordered.sum) != 0) {
        report_scope(sums, index, &name, "its order of changes leads to other rows");
    }
    return CS_OK;
}

static enum cs_status compare(struct sums *sums, struct cs_store *store)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < sums->count; i++) {
        status = compare_scope(sums, store, i);
    }
    sums->verification->scopes = sums->count;
    return status;
}

static enum cs_status mend(struct sums *sums, struct cs_store *store, uint64_t *mended)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < sums->count; i++) {
        struct cs_multiset stored;
        status = cs_store_scope_digest(store, i + 1, &stored);
        if (status == CS_OK && memcmp(stored.sum, sums->items[i].sum, sizeof stored.sum) != 0) {
            status = cs_store_put_scope_digest(store, i + 1, &sums->items[i]);
            ++*mended;
        }
    }
    return status;
}

/* Sums over all rows; `sums` is to be released in any case. */
static enum cs_status count(struct sums *sums, struct cs_store *store)
{
    enum cs_status status = count_scopes(store, &sums->count);
    if (status == CS_OK) {
        status = cs_store_position(store, &sums->position_max);
    }
    if (status != CS_OK) {
        return status;
    }
    sums->items = cs_alloc_zero(sums->count + 1, sizeof *sums->items);
    sums->rows = cs_alloc_zero(sums->count + 1, sizeof *sums->rows);
    return sums->items == NULL || sums->rows == NULL
               ? CS_NO_MEMORY
               : cs_row_scan_all(cs_store_rows(store), add_row, sums);
}

static void release(struct sums *sums)
{
    cs_free(sums->items);
    cs_free(sums->rows);
}

enum cs_status cs_verification_digests(struct cs_verification *verification, struct cs_store *store)
{
    struct sums sums = {.verification = verification};
    enum cs_status status = count(&sums, store);
    if (status == CS_OK) {
        status = compare(&sums, store);
    }
    release(&sums);
    return status;
}

enum cs_status cs_verification_mend_digests(struct cs_store *store, uint64_t *out_mended)
{
    struct cs_verification quiet = {.context = NULL};
    struct sums sums = {.verification = &quiet};
    uint64_t mended = 0;
    enum cs_status status = cs_store_begin(store);
    if (status != CS_OK) {
        return status;
    }
    status = count(&sums, store);
    if (status == CS_OK) {
        status = mend(&sums, store, &mended);
    }
    release(&sums);
    if (status != CS_OK) {
        cs_store_rollback(store);
        return status;
    }
    status = cs_store_commit(store);
    if (status == CS_OK) {
        *out_mended = mended;
    }
    return status;
}
