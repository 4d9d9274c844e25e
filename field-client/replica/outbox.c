/* The outbox, see outbox.h. */
#include "field-client/replica/outbox.h"

#include "field-client/replica/query.h"
#include "field-client/replica/replica_internal.h"
#include "shared/wire/change_set.h"

#include <string.h>

/*
 * Sum of encoded transactions at which a change-set is closed: the body is columnar, so this is a
 * safe side.
 */
#define BATCH_SIZE_TARGET (CS_CHANGE_SET_BODY_MAX - 512 * CS_KIBI)

/* Consecutive waiting transactions, decoded. */
struct batch {
    struct cs_arena arena;
    struct cs_transaction *items;
    size_t count;
    size_t operations;
    size_t size;
};

static bool fits(const struct batch *batch, const struct cs_transaction *next, size_t size)
{
    return batch->count == 0 ||
           (batch->count < CS_TRANSACTIONS_PER_CHANGE_SET_MAX &&
            next->operation_count <= CS_OPERATIONS_PER_CHANGE_SET_MAX - batch->operations &&
            size <= BATCH_SIZE_TARGET - batch->size);
}

static enum cs_status append(struct batch *batch, size_t *capacity,
                             const struct cs_transaction *next, size_t size)
{
    if (batch->count == *capacity) {
        size_t larger = *capacity == 0 ? 64 : *capacity * 2;
        struct cs_transaction *grown = cs_resize(batch->items, larger * sizeof *grown);
        if (grown == NULL) {
            return CS_NO_MEMORY;
        }
        batch->items = grown;
        *capacity = larger;
    }
    batch->items[batch->count++] = *next;
    batch->operations += next->operation_count;
    batch->size = size < BATCH_SIZE_TARGET - batch->size ? batch->size + size : BATCH_SIZE_TARGET;
    return CS_OK;
}

static enum cs_status take_next(struct cs_statement *statement, struct batch *batch,
                                size_t *capacity, bool *out_full)
{
    struct cs_transaction next;
    struct cs_bytes body;
    enum cs_status status = cs_arena_copy(&batch->arena, cs_column_bytes(statement, 1), &body);
    if (status == CS_OK) {
        status = cs_transaction_decode(body, &batch->arena, &next);
        status = status == CS_OK || status == CS_NO_MEMORY ? status : CS_CORRUPT;
    }
    if (status == CS_OK) {
        *out_full = !fits(batch, &next, body.size);
    }
    return status != CS_OK || *out_full ? status : append(batch, capacity, &next, body.size);
}

/* Waiting transactions after `last_counter`, as many as one change-set takes. */
static enum cs_status load_batch(struct cs_replica *replica, uint64_t last_counter,
                                 struct batch *batch)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database,
        "SELECT counter, body FROM _pending WHERE counter > ?1 AND state = ?2 ORDER BY counter",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)last_counter);
    cs_bind_integer(statement, 2, CS_PENDING_WAITING);
    size_t capacity = 0;
    bool more = true;
    bool full = false;
    while (status == CS_OK && !full) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        status = take_next(statement, batch, &capacity, &full);
    }
    cs_statement_done(statement);
    return status;
}

/* The body; when the estimate was too low, of half as many transactions. */
static enum cs_status encode_body(struct batch *batch, struct cs_buffer *body)
{
    enum cs_status status = cs_body_encode(batch->items, batch->count, body);
    while ((status == CS_TOO_LARGE || status == CS_LIMIT) && batch->count > 1) {
        batch->count /= 2;
        cs_buffer_clear(body);
        status = cs_body_encode(batch->items, batch->count, body);
    }
    return status;
}

static enum cs_status store(struct cs_replica *replica, const struct cs_outbox_head *head,
                            uint64_t first_counter, struct cs_bytes inner)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database,
        "INSERT INTO _outbox (sequence, \"inner\", hash, first_counter, last_counter, "
        "acknowledged) VALUES (?1, ?2, ?3, ?4, ?5, 0)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)head->sequence);
    cs_bind_bytes(statement, 2, inner);
    cs_bind_bytes(statement, 3, cs_bytes_of_array(head->hash));
    cs_bind_integer(statement, 4, (int64_t)first_counter);
    cs_bind_integer(statement, 5, (int64_t)head->last_counter);
    return cs_statement_run(statement);
}

static enum cs_status mark_packed(struct cs_replica *replica, const struct cs_outbox_head *head,
                                  uint64_t first_counter)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(replica->database,
                                             "UPDATE _pending SET state = ?1, change_set = ?2 "
                                             "WHERE counter BETWEEN ?3 AND ?4",
                                             &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, CS_PENDING_PACKED);
    cs_bind_integer(statement, 2, (int64_t)head->sequence);
    cs_bind_integer(statement, 3, (int64_t)first_counter);
    cs_bind_integer(statement, 4, (int64_t)head->last_counter);
    return cs_statement_run(statement);
}

/* Signs and stores one batch; *head moves on. */
static enum cs_status pack_batch(struct cs_replica *replica, struct batch *batch,
                                 struct cs_outbox_head *head)
{
    const struct cs_identity *identity = replica->identity;
    struct cs_buffer body;
    struct cs_buffer inner;
    cs_buffer_init(&body, CS_CHANGE_SET_INNER_MAX);
    cs_buffer_init(&inner, CS_CHANGE_SET_INNER_MAX);
    enum cs_status status = encode_body(batch, &body);
    struct cs_outbox_head next = {.sequence = head->sequence + 1};
    uint64_t first_counter = batch->items[0].counter;
    if (status == CS_OK) {
        struct cs_inner_header header = {.sequence = next.sequence,
                                         .first_counter = first_counter,
                                         .transaction_count = (uint32_t)batch->count};
        memcpy(header.organisation, cs_identity_organisation(identity), CS_HASH_SIZE);
        memcpy(header.certificate, cs_identity_certificate_id(identity), CS_HASH_SIZE);
        memcpy(header.previous, head->hash, CS_HASH_SIZE);
        memcpy(header.server, cs_identity_server(identity), CS_SIGN_PUBLIC_SIZE);
        next.last_counter = first_counter + batch->count - 1;
        status = cs_inner_encode(&header, cs_buffer_bytes(&body), cs_identity_sign_key(identity),
                                 &inner);
    }
    if (status == CS_OK) {
        status = cs_inner_hash(cs_buffer_bytes(&inner), next.hash);
    }
    if (status == CS_OK) {
        status = store(replica, &next, first_counter, cs_buffer_bytes(&inner));
    }
    if (status == CS_OK) {
        status = mark_packed(replica, &next, first_counter);
    }
    cs_buffer_release(&body);
    cs_buffer_release(&inner);
    if (status == CS_OK) {
        *head = next;
    }
    return status;
}

enum cs_status cs_outbox_pack(struct cs_replica *replica, size_t *out_change_sets)
{
    struct cs_outbox_head head;
    enum cs_status status = cs_outbox_head(replica, &head);
    size_t packed = 0;
    bool more = true;
    while (status == CS_OK && more) {
        struct batch batch = {.items = NULL};
        cs_arena_init(&batch.arena, CS_MESSAGE_ARENA_MAX);
        status = load_batch(replica, head.last_counter, &batch);
        more = batch.count > 0;
        if (status == CS_OK && more) {
            status = pack_batch(replica, &batch, &head);
            packed++;
        }
        cs_arena_release(&batch.arena);
        cs_free(batch.items);
    }
    if (status == CS_OK) {
        *out_change_sets = packed;
    }
    return status;
}

enum cs_status cs_outbox_head(struct cs_replica *replica, struct cs_outbox_head *out)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database,
        "SELECT sequence, hash, last_counter FROM _outbox ORDER BY sequence DESC LIMIT 1",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    struct cs_outbox_head head = {.sequence = 0};
    bool found = false;
    status = cs_statement_step(statement, &found);
    if (status == CS_OK && found) {
        struct cs_bytes hash = cs_column_bytes(statement, 1);
        head.sequence = (uint64_t)cs_column_integer(statement, 0);
        head.last_counter = (uint64_t)cs_column_integer(statement, 2);
        status = hash.size == CS_HASH_SIZE ? CS_OK : CS_CORRUPT;
        if (status == CS_OK) {
            memcpy(head.hash, hash.data, CS_HASH_SIZE);
        }
    }
    cs_statement_done(statement);
    if (status == CS_OK) {
        *out = head;
    }
    return status;
}
