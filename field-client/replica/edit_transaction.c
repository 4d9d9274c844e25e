/* Gathering the operations of one transaction, see edit_transaction.h. */
#include "field-client/replica/edit_transaction.h"

#include "field-client/replica/overlay.h"
#include "field-client/replica/query.h"
#include "field-client/replica/replica_internal.h"
#include "shared/base/text.h"
#include "shared/merge/row_versions.h"

#include <string.h>

/* Room for what an estimate cannot know: columns, names, headers. */
#define SIZE_LIMIT (CS_CHANGE_SET_BODY_MAX - 128 * CS_KIBI)
/* Above this estimate the true encoding is tried before the transaction is kept. */
#define SIZE_TRIED CS_MEBI
#define OPERATION_OVERHEAD ((size_t)64)
#define CHANGE_OVERHEAD ((size_t)16)

/* The machine's clock at the last server time seen; -1 if it has been started since. */
static enum cs_status read_monotonic(struct cs_replica *replica, int64_t *out)
{
    uint8_t boot[16];
    replica->world->boot_id(replica->world->context, boot);
    struct cs_buffer known;
    cs_buffer_init(&known, 64);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_SERVER_BOOT, &known);
    if (status == CS_OK && !cs_bytes_equal(cs_buffer_bytes(&known), cs_bytes_of_array(boot))) {
        *out = -1;
    } else if (status == CS_OK) {
        status = cs_replica_meta_number(replica, CS_META_SERVER_MONOTONIC, out);
    }
    cs_buffer_release(&known);
    return status;
}

enum cs_status cs_edit_transaction_init(struct cs_edit_transaction *transaction,
                                        struct cs_replica *replica)
{
    int64_t counter = 0;
    struct cs_edit_transaction made = {.replica = replica};
    enum cs_status status = cs_replica_meta_number(replica, CS_META_NEXT_COUNTER, &counter);
    if (status == CS_OK) {
        status = cs_replica_meta_number(replica, CS_META_SERVER_TIME, &made.server_time_ms);
    }
    if (status == CS_OK) {
        status = read_monotonic(replica, &made.server_monotonic_ms);
    }
    if (status != CS_OK) {
        return status;
    }
    made.counter = counter == 0 ? 1 : (uint64_t)counter;
    replica->world->random(replica->world->context, made.id_start, sizeof made.id_start);
    *transaction = made;
    cs_arena_init(&transaction->arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&transaction->body, 2 * CS_CHANGE_SET_BODY_MAX);
    return CS_OK;
}

void cs_edit_transaction_release(struct cs_edit_transaction *transaction)
{
    cs_arena_release(&transaction->arena);
    cs_free(transaction->operations);
    cs_buffer_release(&transaction->body);
}

enum cs_status cs_edit_transaction_find(const struct cs_edit_transaction *transaction,
                                        struct cs_bytes entity, const struct cs_id *row,
                                        struct cs_operation **out)
{
    /*
     * Nearly always there is none: the overlay's index says so without a walk over a large
     * transaction.
     */
    bool touched = false;
    enum cs_status status =
        cs_overlay_has(transaction->replica, entity, row, transaction->counter, &touched);
    if (status != CS_OK) {
        return status;
    }
    struct cs_operation *found = NULL;
    for (size_t i = transaction->operation_count; touched && found == NULL && i > 0; i--) {
        struct cs_operation *operation = &transaction->operations[i - 1];
        if (cs_id_equal(&operation->row, row) && cs_bytes_equal(operation->entity, entity)) {
            found = operation;
        }
    }
    *out = found;
    return CS_OK;
}

enum cs_status cs_edit_union(struct cs_versions base, struct cs_versions more,
                             struct cs_arena *arena, struct cs_versions *out)
{
    struct cs_version *items = cs_arena_take_array(arena, base.count + more.count, sizeof *items);
    if (items == NULL) {
        return CS_NO_MEMORY;
    }
    struct cs_versions list = {items, base.count};
    if (base.count > 0) {
        memcpy(items, base.items, base.count * sizeof *items);
    }
    for (size_t i = 0; i < more.count; i++) {
        if (cs_versions_contain(list, &more.items[i])) {
            continue;
        }
        size_t place = list.count++;
        while (place > 0 && cs_version_compare(&items[place - 1], &more.items[i]) > 0) {
            items[place] = items[place - 1];
            place--;
        }
        items[place] = more.items[i];
    }
    *out = list;
    return CS_OK;
}

static size_t size_of(const struct cs_operation *operation)
{
    size_t size = OPERATION_OVERHEAD + operation->entity.size;
    for (size_t i = 0; i < operation->change_count; i++) {
        const struct cs_field_change *change = &operation->changes[i];
        size += CHANGE_OVERHEAD + change->field.size + change->value.bytes.size +
                change->base.count * sizeof(struct cs_version);
    }
    return size;
}

static enum cs_status copy_change(struct cs_arena *arena, const struct cs_field_change *change,
                                  struct cs_field_change *out)
{
    struct cs_field_change copy = *change;
    enum cs_status status = cs_arena_copy(arena, change->field, &copy.field);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, change->value.bytes, &copy.value.bytes);
    }
    if (status == CS_OK) {
        status = cs_edit_union(change->base, (struct cs_versions){NULL, 0}, arena, &copy.base);
    }
    if (status == CS_OK) {
        *out = copy;
    }
    return status;
}

static enum cs_status copy_operation(struct cs_arena *arena, const struct cs_operation *operation,
                                     struct cs_operation *out)
{
    struct cs_operation copy = *operation;
    copy.changes = cs_arena_take_array(arena, operation->change_count, sizeof *copy.changes);
    if (copy.changes == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = cs_arena_copy(arena, operation->entity, &copy.entity);
    for (size_t i = 0; status == CS_OK && i < operation->change_count; i++) {
        status = copy_change(arena, &operation->changes[i], &copy.changes[i]);
    }
    if (status == CS_OK) {
        *out = copy;
    }
    return status;
}

static struct cs_field_change *find_change(const struct cs_operation *operation,
                                           struct cs_bytes field)
{
    for (size_t i = 0; i < operation->change_count; i++) {
        if (cs_bytes_equal(operation->changes[i].field, field)) {
            return &operation->changes[i];
        }
    }
    return NULL;
}

/*
 * What the first operation had not seen is seen by the folded one, but nothing counts as based on
 * itself.
 */
static enum cs_status fold_base(const struct cs_edit_transaction *transaction,
                                const struct cs_operation *into, struct cs_field_change *change,
                                const struct cs_field_change *earlier, struct cs_arena *arena)
{
    if (into->kind == CS_OPERATION_INSERT) {
        change->base = (struct cs_versions){NULL, 0};
        return CS_OK;
    }
    struct cs_version *items = cs_arena_take_array(arena, change->base.count, sizeof *items);
    if (items == NULL) {
        return CS_NO_MEMORY;
    }
    uint64_t log = cs_identity_log(transaction->replica->identity);
    size_t count = 0;
    for (size_t i = 0; i < change->base.count; i++) {
        const struct cs_version *version = &change->base.items[i];
        if (version->log != log || version->counter != transaction->counter) {
            items[count++] = *version;
        }
    }
    change->base = (struct cs_versions){items, count};
    return earlier == NULL ? CS_OK
                           : cs_edit_union(earlier->base, change->base, arena, &change->base);
}

static enum cs_status fold(struct cs_edit_transaction *transaction, struct cs_operation *into,
                           const struct cs_operation *operation)
{
    struct cs_arena *arena = &transaction->arena;
    struct cs_operation folded = *into;
    folded.changes = cs_arena_take_array(arena, into->change_count + operation->change_count,
                                         sizeof *folded.changes);
    if (folded.changes == NULL) {
        return CS_NO_MEMORY;
    }
    if (into->change_count > 0) {
        memcpy(folded.changes, into->changes, into->change_count * sizeof *into->changes);
    }
    for (size_t i = 0; i < operation->change_count; i++) {
        struct cs_field_change change;
        struct cs_field_change *earlier = find_change(&folded, operation->changes[i].field);
        enum cs_status status = copy_change(arena, &operation->changes[i], &change);
        if (status == CS_OK) {
            status = fold_base(transaction, into, &change, earlier, arena);
        }
        if (status != CS_OK) {
            return status;
        }
        *(earlier != NULL ? earlier : &folded.changes[folded.change_count++]) = change;
    }
    *into = folded;
    return CS_OK;
}

static enum cs_status append(struct cs_edit_transaction *transaction,
                             const struct cs_operation *operation)
{
    if (transaction->operation_count == transaction->operation_capacity) {
        size_t capacity =
            transaction->operation_capacity == 0 ? 4 : transaction->operation_capacity * 2;
        struct cs_operation *grown = cs_resize(transaction->operations, capacity * sizeof *grown);
        if (grown == NULL) {
            return CS_NO_MEMORY;
        }
        transaction->operations = grown;
        transaction->operation_capacity = capacity;
    }
    enum cs_status status = copy_operation(&transaction->arena, operation,
                                           &transaction->operations[transaction->operation_count]);
    transaction->operation_count += status == CS_OK ? 1 : 0;
    return status;
}

static enum cs_status refuse_size(struct cs_problem *problem)
{
    return cs_problem_set(problem, CS_TOO_LARGE,
                          "this action is too large: at most %zu changed rows and %zu MiB",
                          CS_OPERATIONS_PER_TRANSACTION_MAX, CS_CHANGE_SET_BODY_MAX / CS_MEBI);
}

bool cs_edit_is_keep(const struct cs_operation *operation)
{
    return operation->kind == CS_OPERATION_UPDATE && operation->change_count == 1 &&
           cs_bytes_equal_text(operation->changes[0].field, CS_UNIT_DELETED);
}

enum cs_status cs_edit_transaction_add(struct cs_edit_transaction *transaction,
                                       const struct cs_operation *operation,
                                       struct cs_problem *problem)
{
    size_t size = size_of(operation);
    struct cs_operation *earlier = NULL;
    enum cs_status status = CS_OK;
    if (operation->kind == CS_OPERATION_UPDATE) {
        status =
            cs_edit_transaction_find(transaction, operation->entity, &operation->row, &earlier);
    }
    if (status != CS_OK) {
        return status;
    }
    bool full =
        earlier == NULL && transaction->operation_count >= CS_OPERATIONS_PER_TRANSACTION_MAX;
    if (full || size > SIZE_LIMIT - transaction->size) {
        return refuse_size(problem);
    }
    /* The server knows a keep by its single change: folded into another it is held for good. */
    if (earlier != NULL && cs_edit_is_keep(earlier) != cs_edit_is_keep(operation)) {
        return cs_problem_set(problem, CS_USAGE, "a row cannot be changed and kept in one action");
    }
    status =
        earlier != NULL ? fold(transaction, earlier, operation) : append(transaction, operation);
    if (status == CS_OK) {
        transaction->size += size;
    }
    return status;
}

/* Claimed time, and what proves how far to trust it. */
static void stamp(const struct cs_edit_transaction *transaction, struct cs_transaction *out)
{
    const struct cs_world *world = transaction->replica->world;
    /* 96 random bits for the commit and a count within it: as good a name as 128 random bits for each, and a run of them
     * costs next to nothing on the wire. */
    memcpy(out->id, transaction->id_start, sizeof transaction->id_start);
    uint32_t number = (uint32_t)transaction->ended_count;
    for (size_t i = 0; i < 4; i++) {
        out->id[sizeof out->id - 1 - i] = (uint8_t)(number >> (8 * i));
    }
    out->claimed =
        cs_instant_make(world->wall_ms(world->context), world->offset_minutes(world->context));
    out->server_time_ms = transaction->server_time_ms;
    int64_t elapsed = world->monotonic_ms(world->context) - transaction->server_monotonic_ms;
    out->elapsed_ms = transaction->server_monotonic_ms < 0 || elapsed < 0 ? -1 : elapsed;
}

/* Would it fit a change-set? Asked of the real encoder where the estimate comes near. */
static enum cs_status check_fits(const struct cs_edit_transaction *transaction,
                                 const struct cs_transaction *encoded)
{
    if (transaction->size < SIZE_TRIED) {
        return CS_OK;
    }
    struct cs_buffer trial;
    cs_buffer_init(&trial, CS_CHANGE_SET_INNER_MAX);
    enum cs_status status = cs_body_encode(encoded, 1, &trial);
    cs_buffer_release(&trial);
    return status == CS_LIMIT ? CS_TOO_LARGE : status;
}

static enum cs_status store(struct cs_replica *replica, uint64_t counter, struct cs_bytes body)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        replica->database, "INSERT INTO _pending (counter, state, body) VALUES (?1, ?2, ?3)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, (int64_t)counter);
    cs_bind_integer(statement, 2, CS_PENDING_WAITING);
    cs_bind_bytes(statement, 3, body);
    return cs_statement_run(statement);
}

enum cs_status cs_edit_transaction_end(struct cs_edit_transaction *transaction)
{
    if (transaction->operation_count == 0) {
        return CS_OK;
    }
    struct cs_transaction ended = {
        .counter = transaction->counter,
        .operations = transaction->operations,
        .operation_count = transaction->operation_count,
    };
    stamp(transaction, &ended);
    cs_buffer_clear(&transaction->body);
    enum cs_status status = check_fits(transaction, &ended);
    if (status == CS_OK) {
        status = cs_transaction_encode(&ended, &transaction->body);
    }
    if (status == CS_OK) {
        status = store(transaction->replica, ended.counter, cs_buffer_bytes(&transaction->body));
    }
    if (status == CS_OK) {
        transaction->counter++;
        transaction->ended_count++;
        transaction->operation_count = 0;
        transaction->size = 0;
        cs_arena_release(&transaction->arena);
    }
    return status;
}

enum cs_status cs_edit_transaction_save(struct cs_edit_transaction *transaction)
{
    return cs_replica_meta_set_number(transaction->replica, CS_META_NEXT_COUNTER,
                                      (int64_t)transaction->counter);
}
