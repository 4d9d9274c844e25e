/*
 * Sync responses (PROTOCOL.md, chapter "Sync"), see messages.h.
 *
 * Writer and reader apply the same check, so what is written can be read and what is read is consistent in itself:
 * indexes point into their lists, runs are not empty.
 */
#include "shared/wire/messages.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"
#include "shared/wire/page_parts.h"
#include "shared/wire/scopes.h"
#include "shared/wire/sync_proofs.h"

/* incarnation, position, server time, log sequence, log head, first counter, outcomes, refusals, echoes, cursors,
 * scope sets, rows, departures, last, digest, server statement; from format 2 on what sync_proofs.c has; from format 3 on vault news; in format 4 the horizon */
static const size_t item_counts[] = {16, 16 + CS_SYNC_PROOF_ITEMS, 17 + CS_SYNC_PROOF_ITEMS,
                                     18 + CS_SYNC_PROOF_ITEMS};
/* counter, status, operation, field, text */
#define REFUSAL_ITEMS 5
/* entities, ids */
#define DEPARTURE_ITEMS 2

#define TRANSACTIONS_MAX (CS_TRANSACTIONS_PER_CHANGE_SET_MAX * CS_CHANGE_SETS_PER_REQUEST_MAX)
#define OPERATIONS_MAX (CS_OPERATIONS_PER_CHANGE_SET_MAX * CS_CHANGE_SETS_PER_REQUEST_MAX)

static enum cs_status check_outcomes(const struct cs_sync_response *response)
{
    uint64_t total = 0;
    for (size_t i = 0; i < response->outcome_count; i++) {
        const struct cs_outcome_run *run = &response->outcomes[i];
        if (run->outcome < CS_OUTCOME_APPLIED || run->outcome > CS_OUTCOME_DUPLICATE ||
            run->count == 0) {
            return CS_MALFORMED;
        }
        if (run->count > TRANSACTIONS_MAX - total) {
            return CS_LIMIT;
        }
        total += run->count;
    }
    return response->first_counter > INT64_MAX - total ? CS_MALFORMED : CS_OK;
}

static enum cs_status check_refusals(const struct cs_sync_response *response)
{
    if (response->refusal_count > TRANSACTIONS_MAX) {
        return CS_LIMIT;
    }
    for (size_t i = 0; i < response->refusal_count; i++) {
        const struct cs_refusal *refusal = &response->refusals[i];
        if (refusal->status <= CS_OK || refusal->status >= CS_STATUS_COUNT ||
            refusal->counter > INT64_MAX) {
            return CS_MALFORMED;
        }
        if (refusal->field.size > CS_NAME_MAX || refusal->text.size > CS_PROBLEM_TEXT_MAX) {
            return CS_LIMIT;
        }
    }
    return CS_OK;
}

static enum cs_status check_echoes(const struct cs_sync_response *response)
{
    uint64_t total = 0;
    for (size_t i = 0; i < response->echo_count; i++) {
        const struct cs_echo_run *run = &response->echoes[i];
        if (run->count == 0 || run->scope_set_plus_one > response->scope_set_count) {
            return CS_MALFORMED;
        }
        if (run->count > OPERATIONS_MAX - total) {
            return CS_LIMIT;
        }
        total += run->count;
    }
    return CS_OK;
}

static bool scope_set_valid(const struct cs_scope_set *set, size_t cursor_count)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->scopes[i] >= cursor_count || (i > 0 && set->scopes[i] <= set->scopes[i - 1])) {
            return false;
        }
    }
    return true;
}

static enum cs_status check_indexes(const struct cs_sync_response *response)
{
    if (response->scope_set_count > CS_PAGE_ROWS_MAX + OPERATIONS_MAX) {
        return CS_LIMIT;
    }
    for (size_t i = 0; i < response->scope_set_count; i++) {
        if (!scope_set_valid(&response->scope_sets[i], response->cursor_count)) {
            return CS_MALFORMED;
        }
    }
    for (size_t i = 0; i < response->row_count; i++) {
        if (response->rows[i].scope_set >= response->scope_set_count) {
            return CS_MALFORMED;
        }
    }
    for (size_t i = 0; i < response->departure_count; i++) {
        if (!cs_name_valid(response->departures[i].entity)) {
            return CS_MALFORMED;
        }
    }
    return CS_OK;
}

static enum cs_status check_response(const struct cs_sync_response *response,
                                     struct cs_arena *scratch)
{
    enum cs_status status =
        cs_scope_cursors_check(response->cursors, response->cursor_count, scratch);
    if (status == CS_OK &&
        (response->position > INT64_MAX || response->log_sequence > INT64_MAX ||
         response->vault_news > INT64_MAX || response->horizon > response->log_sequence)) {
        status = CS_MALFORMED;
    }
    if (status == CS_OK) {
        status = check_outcomes(response);
    }
    if (status == CS_OK) {
        status = check_refusals(response);
    }
    if (status == CS_OK) {
        status = check_echoes(response);
    }
    if (status == CS_OK) {
        status = check_indexes(response);
    }
    return status != CS_OK || response->without_log ? status : cs_sync_proofs_check(response);
}

static void put_outcomes(struct cs_buffer *out, const struct cs_sync_response *response)
{
    cs_cbor_put_array(out, 2 * response->outcome_count);
    for (size_t i = 0; i < response->outcome_count; i++) {
        cs_cbor_put_unsigned(out, response->outcomes[i].outcome);
        cs_cbor_put_unsigned(out, response->outcomes[i].count);
    }
}

static void put_refusals(struct cs_buffer *out, const struct cs_sync_response *response)
{
    cs_cbor_put_array(out, response->refusal_count);
    for (size_t i = 0; i < response->refusal_count; i++) {
        const struct cs_refusal *refusal = &response->refusals[i];
        cs_cbor_put_array(out, REFUSAL_ITEMS);
        cs_cbor_put_unsigned(out, refusal->counter);
        cs_cbor_put_text(out, cs_bytes_of_text(cs_status_name(refusal->status)));
        cs_cbor_put_unsigned(out, refusal->operation);
        cs_cbor_put_text(out, refusal->field);
        cs_cbor_put_text(out, refusal->text);
    }
}

static void put_echoes(struct cs_buffer *out, const struct cs_sync_response *response)
{
    cs_cbor_put_array(out, 2 * response->echo_count);
    for (size_t i = 0; i < response->echo_count; i++) {
        cs_cbor_put_unsigned(out, response->echoes[i].scope_set_plus_one);
        cs_cbor_put_unsigned(out, response->echoes[i].count);
    }
}

static void put_departures(struct cs_buffer *out, const struct cs_sync_response *response)
{
    struct cs_id_column ids = {0};
    cs_cbor_put_array(out, DEPARTURE_ITEMS);
    cs_cbor_put_array(out, response->departure_count);
    for (size_t i = 0; i < response->departure_count; i++) {
        cs_cbor_put_text(out, response->departures[i].entity);
    }
    cs_cbor_put_array(out, response->departure_count);
    for (size_t i = 0; i < response->departure_count; i++) {
        cs_id_column_put(&ids, out, &response->departures[i].row);
    }
}

static enum cs_status put_response(struct cs_buffer *out, const struct cs_sync_response *response)
{
    cs_cbor_put_bytes(out, cs_bytes_of_array(response->incarnation));
    cs_cbor_put_unsigned(out, response->position);
    cs_cbor_put_integer(out, response->server_time_ms);
    cs_cbor_put_unsigned(out, response->log_sequence);
    cs_cbor_put_bytes(out, cs_bytes_of_array(response->log_head));
    cs_cbor_put_unsigned(out, response->first_counter);
    put_outcomes(out, response);
    put_refusals(out, response);
    put_echoes(out, response);
    cs_scope_cursors_put(out, response->cursors, response->cursor_count);
    cs_scope_sets_put(out, response->scope_sets, response->scope_set_count);
    enum cs_status status = cs_page_rows_put(out, response->rows, response->row_count);
    put_departures(out, response);
    cs_cbor_put_boolean(out, response->last);
    cs_cbor_put_bytes(out, cs_bytes_of_array(response->digest));
    cs_cbor_put_bytes(out, response->server_statement);
    if (!response->without_log) {
        cs_sync_proofs_put(out, response);
    }
    if (response->with_vaults && !response->without_log) {
        cs_cbor_put_unsigned(out, response->vault_news);
        if (response->with_horizon) {
            cs_cbor_put_unsigned(out, response->horizon);
        }
    }
    return status;
}

enum cs_status cs_sync_response_encode(const struct cs_sync_response *response,
                                       struct cs_buffer *out)
{
    struct cs_buffer plain;
    struct cs_arena scratch;
    cs_arena_init(&scratch, CS_MESSAGE_ARENA_MAX);
    uint64_t format = response->without_log     ? 1
                      : !response->with_vaults  ? 2
                      : !response->with_horizon ? 3
                                                : 4;
    cs_message_begin_format(&plain, CS_RESPONSE_MAX, format, item_counts[format - 1]);
    enum cs_status status = check_response(response, &scratch);
    if (status == CS_OK) {
        status = put_response(&plain, response);
    }
    cs_arena_release(&scratch);
    return cs_message_end(&plain, status, out);
}

/* Enters an array of pairs; gives the number of pairs. */
static size_t enter_pairs(struct cs_cbor_reader *reader, size_t count_max)
{
    size_t size = cs_cbor_enter_array(reader, 2 * count_max);
    if (size % 2 != 0) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    return reader->status == CS_OK ? size / 2 : 0;
}

static void take_outcomes(struct cs_cbor_reader *reader, struct cs_arena *arena,
                          struct cs_sync_response *response)
{
    size_t count = enter_pairs(reader, TRANSACTIONS_MAX);
    response->outcomes = cs_message_array(reader, arena, count, sizeof *response->outcomes);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        uint64_t outcome = cs_message_take_bounded(reader, CS_OUTCOME_DUPLICATE);
        response->outcomes[i].outcome = (enum cs_outcome)outcome;
        response->outcomes[i].count = cs_cbor_take_unsigned(reader);
    }
    response->outcome_count = count;
    cs_cbor_leave(reader);
}

static void take_refusals(struct cs_cbor_reader *reader, struct cs_arena *arena,
                          struct cs_sync_response *response)
{
    size_t count = cs_cbor_enter_array(reader, TRANSACTIONS_MAX);
    response->refusals = cs_message_array(reader, arena, count, sizeof *response->refusals);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        struct cs_refusal *refusal = &response->refusals[i];
        cs_cbor_enter_exact(reader, REFUSAL_ITEMS);
        refusal->counter = cs_cbor_take_unsigned(reader);
        refusal->status = cs_message_take_status(reader);
        refusal->operation = (uint32_t)cs_message_take_bounded(reader, UINT32_MAX);
        refusal->field = cs_cbor_take_text(reader);
        refusal->text = cs_cbor_take_text(reader);
        cs_cbor_leave(reader);
    }
    response->refusal_count = count;
    cs_cbor_leave(reader);
}

static void take_echoes(struct cs_cbor_reader *reader, struct cs_arena *arena,
                        struct cs_sync_response *response)
{
    size_t count = enter_pairs(reader, OPERATIONS_MAX);
    response->echoes = cs_message_array(reader, arena, count, sizeof *response->echoes);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        uint64_t scope_set = cs_message_take_bounded(reader, UINT32_MAX);
        response->echoes[i].scope_set_plus_one = (uint32_t)scope_set;
        response->echoes[i].count = cs_cbor_take_unsigned(reader);
    }
    response->echo_count = count;
    cs_cbor_leave(reader);
}

static void take_departures(struct cs_cbor_reader *reader, struct cs_arena *arena,
                            struct cs_sync_response *response)
{
    struct cs_id_column ids = {0};
    cs_cbor_enter_exact(reader, DEPARTURE_ITEMS);
    size_t count = cs_cbor_enter_array(reader, SIZE_MAX);
    response->departures = cs_message_array(reader, arena, count, sizeof *response->departures);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        response->departures[i].entity = cs_cbor_take_name(reader);
    }
    cs_cbor_leave(reader);
    cs_cbor_enter_exact(reader, count);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        response->departures[i].row = cs_id_column_take(&ids, reader);
    }
    cs_cbor_leave(reader);
    response->departure_count = count;
    cs_cbor_leave(reader);
}

static void take_response(struct cs_cbor_reader *reader, struct cs_arena *arena,
                          struct cs_sync_response *response)
{
    cs_cbor_take_fixed(reader, response->incarnation, sizeof response->incarnation);
    response->position = cs_cbor_take_unsigned(reader);
    response->server_time_ms = cs_cbor_take_integer(reader);
    response->log_sequence = cs_cbor_take_unsigned(reader);
    cs_cbor_take_fixed(reader, response->log_head, sizeof response->log_head);
    response->first_counter = cs_cbor_take_unsigned(reader);
    take_outcomes(reader, arena, response);
    take_refusals(reader, arena, response);
    take_echoes(reader, arena, response);
    response->cursors = cs_scope_cursors_take(reader, arena, &response->cursor_count);
    response->scope_sets = cs_scope_sets_take(reader, arena, CS_PAGE_ROWS_MAX + OPERATIONS_MAX,
                                              &response->scope_set_count);
    response->rows = cs_page_rows_take(reader, arena, &response->row_count);
    take_departures(reader, arena, response);
    response->last = cs_cbor_take_boolean(reader);
    cs_cbor_take_fixed(reader, response->digest, sizeof response->digest);
    response->server_statement = cs_cbor_take_bytes(reader);
}

enum cs_status cs_sync_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                       struct cs_sync_response *out)
{
    struct cs_cbor_reader reader;
    struct cs_sync_response response = {0};
    uint64_t format = cs_message_open_formats(&reader, bytes, CS_RESPONSE_MAX, item_counts,
                                              CS_COUNT(item_counts), arena);
    take_response(&reader, arena, &response);
    response.without_log = format == 1;
    if (format > 1) {
        cs_sync_proofs_take(&reader, arena, &response);
    }
    response.with_vaults = format >= 3;
    if (response.with_vaults) {
        response.vault_news = cs_message_take_bounded(&reader, INT64_MAX);
    }
    response.with_horizon = format == 4;
    if (response.with_horizon) {
        response.horizon = cs_message_take_bounded(&reader, INT64_MAX);
    }
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        status = check_response(&response, arena);
    }
    if (status == CS_OK) {
        *out = response;
    }
    return status;
}
