/* Vaults over the network (PROTOCOL.md, chapter "Vault"), see vault_message.h. */
#include "shared/wire/vault_message.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"

#include <string.h>

/* incarnation, log size, recovery, statement, cursors, records */
#define REQUEST_ITEMS 6
/* incarnation, server time, checkpoint, consistency, entered, outcomes, recoveries, standings, records, last */
#define RESPONSE_ITEMS 10
#define CURSOR_ITEMS 4
#define OUTCOME_ITEMS 2
#define RECOVERY_ITEMS 3
#define STANDING_ITEMS 5
#define FED_ITEMS 7

/* ---- cursors ---- */

static void put_cursor(struct cs_buffer *out, const struct cs_vault_cursor *cursor)
{
    cs_cbor_put_bytes(out, cs_id_bytes(&cursor->vault));
    cs_cbor_put_unsigned(out, cursor->level);
    cs_cbor_put_unsigned(out, cursor->through);
    cs_cbor_put_unsigned(out, cursor->log_length);
}

/* Vaults ascend; `previous` is NULL for the first. */
static void take_cursor(struct cs_cbor_reader *reader, const struct cs_vault_cursor *previous,
                        struct cs_vault_cursor *out)
{
    cs_cbor_take_fixed(reader, out->vault.bytes, CS_ID_SIZE);
    out->level = (enum cs_vault_level)cs_message_take_bounded(reader, CS_VAULT_LEVEL_OVERSEER);
    out->through = cs_message_take_bounded(reader, INT64_MAX);
    out->log_length = cs_message_take_bounded(reader, CS_VAULT_LOG_MAX);
    if (previous != NULL && memcmp(previous->vault.bytes, out->vault.bytes, CS_ID_SIZE) >= 0) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
}

static size_t enter(struct cs_cbor_reader *reader, size_t items, size_t count_max)
{
    size_t count = cs_cbor_enter_array(reader, count_max * items);
    if (count % items != 0) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    return reader->status == CS_OK ? count / items : 0;
}

/* ---- request ---- */

enum cs_status cs_vault_request_encode(const struct cs_vault_request *request,
                                       struct cs_buffer *out)
{
    struct cs_buffer plain;
    bool bounded = request->cursor_count <= CS_VAULTS_PER_DEVICE_MAX &&
                   request->record_count <= CS_VAULT_RECORDS_PER_REQUEST_MAX &&
                   request->log_size <= INT64_MAX && request->recovery <= INT64_MAX;
    cs_message_begin(&plain, CS_REQUEST_MAX, REQUEST_ITEMS);
    if (bounded) {
        cs_cbor_put_bytes(&plain, cs_bytes_of_array(request->incarnation));
        cs_cbor_put_unsigned(&plain, request->log_size);
        cs_cbor_put_unsigned(&plain, request->recovery);
        cs_cbor_put_bytes(&plain, request->statement);
        cs_cbor_put_array(&plain, request->cursor_count * CURSOR_ITEMS);
        for (size_t i = 0; i < request->cursor_count; i++) {
            put_cursor(&plain, &request->cursors[i]);
        }
        cs_cbor_put_array(&plain, request->record_count);
        for (size_t i = 0; i < request->record_count; i++) {
            cs_cbor_put_bytes(&plain, request->records[i]);
        }
    }
    return cs_message_end(&plain, bounded ? CS_OK : CS_INVALID, out);
}

static struct cs_bytes take_record(struct cs_cbor_reader *reader)
{
    struct cs_bytes record = cs_cbor_take_bytes(reader);
    if (record.size > CS_VALUE_MAX) {
        cs_cbor_fail(reader, CS_LIMIT);
    }
    return record;
}

static void take_cursors(struct cs_cbor_reader *reader, struct cs_arena *arena,
                         struct cs_vault_request *request)
{
    size_t count = enter(reader, CURSOR_ITEMS, CS_VAULTS_PER_DEVICE_MAX);
    request->cursors = cs_message_array(reader, arena, count, sizeof *request->cursors);
    for (size_t i = 0; reader->status == CS_OK && i < count; i++) {
        take_cursor(reader, i == 0 ? NULL : &request->cursors[i - 1], &request->cursors[i]);
    }
    request->cursor_count = count;
    cs_cbor_leave(reader);
}

enum cs_status cs_vault_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                       struct cs_vault_request *out)
{
    struct cs_cbor_reader reader;
    struct cs_vault_request request = {.log_size = 0};
    cs_message_open(&reader, bytes, CS_REQUEST_MAX, REQUEST_ITEMS, arena);
    cs_cbor_take_fixed(&reader, request.incarnation, sizeof request.incarnation);
    request.log_size = cs_message_take_bounded(&reader, INT64_MAX);
    request.recovery = cs_message_take_bounded(&reader, INT64_MAX);
    request.statement = take_record(&reader);
    take_cursors(&reader, arena, &request);
    size_t count = cs_cbor_enter_array(&reader, CS_VAULT_RECORDS_PER_REQUEST_MAX);
    request.records = cs_message_array(&reader, arena, count, sizeof *request.records);
    for (size_t i = 0; reader.status == CS_OK && i < count; i++) {
        request.records[i] = take_record(&reader);
    }
    request.record_count = count;
    cs_cbor_leave(&reader);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        *out = request;
    }
    return status;
}

/* ---- response ---- */

/* "OK" is no failure, so it travels as the empty name. */
static void put_outcome(struct cs_buffer *out, const struct cs_vault_outcome *outcome)
{
    const char *name = outcome->status == CS_OK ? "" : cs_status_name(outcome->status);
    cs_cbor_put_text(out, cs_bytes_of_text(name));
    cs_cbor_put_text(out, outcome->text);
}

static void take_outcome(struct cs_cbor_reader *reader, struct cs_vault_outcome *out)
{
    struct cs_cbor_reader ahead = *reader;
    out->status = CS_OK;
    if (cs_cbor_take_text(&ahead).size == 0) {
        *reader = ahead;
    } else {
        out->status = cs_message_take_status(reader);
    }
    out->text = cs_cbor_take_text(reader);
    if (out->text.size > CS_PROBLEM_TEXT_MAX) {
        cs_cbor_fail(reader, CS_LIMIT);
    }
}

static void put_fed(struct cs_buffer *out, const struct cs_vault_fed *fed)
{
    cs_cbor_put_unsigned(out, fed->feed);
    cs_cbor_put_unsigned(out, fed->position);
    cs_cbor_put_unsigned(out, fed->log_position);
    cs_cbor_put_integer(out, fed->logged_ms);
    cs_cbor_put_unsigned(out, fed->leaf);
    cs_cbor_put_bytes(out, fed->path);
    cs_cbor_put_bytes(out, fed->record);
}

static void put_lists(struct cs_buffer *out, const struct cs_vault_response *response)
{
    cs_cbor_put_array(out, response->outcome_count * OUTCOME_ITEMS);
    for (size_t i = 0; i < response->outcome_count; i++) {
        put_outcome(out, &response->outcomes[i]);
    }
    cs_cbor_put_array(out, response->recovery_count * RECOVERY_ITEMS);
    for (size_t i = 0; i < response->recovery_count; i++) {
        cs_cbor_put_unsigned(out, response->recoveries[i].leaf);
        cs_cbor_put_bytes(out, response->recoveries[i].path);
        cs_cbor_put_bytes(out, response->recoveries[i].statement);
    }
    cs_cbor_put_array(out, response->standing_count * STANDING_ITEMS);
    for (size_t i = 0; i < response->standing_count; i++) {
        put_cursor(out, &response->standings[i].cursor);
        cs_cbor_put_bytes(out, cs_bytes_of_array(response->standings[i].head));
    }
    cs_cbor_put_array(out, response->record_count * FED_ITEMS);
    for (size_t i = 0; i < response->record_count; i++) {
        put_fed(out, &response->records[i]);
    }
}

enum cs_status cs_vault_response_encode(const struct cs_vault_response *response,
                                        struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_message_begin(&plain, CS_RESPONSE_MAX, RESPONSE_ITEMS);
    cs_cbor_put_bytes(&plain, cs_bytes_of_array(response->incarnation));
    cs_cbor_put_integer(&plain, response->server_time_ms);
    cs_cbor_put_bytes(&plain, response->checkpoint);
    cs_cbor_put_bytes(&plain, response->consistency);
    cs_cbor_put_array(&plain, OUTCOME_ITEMS);
    put_outcome(&plain, &response->entered);
    put_lists(&plain, response);
    cs_cbor_put_boolean(&plain, response->last);
    return cs_message_end(&plain, CS_OK, out);
}

static struct cs_bytes take_path(struct cs_cbor_reader *reader, size_t size_max)
{
    struct cs_bytes path = cs_cbor_take_bytes(reader);
    if (path.size > size_max) {
        cs_cbor_fail(reader, CS_LIMIT);
    }
    return path;
}

static void take_outcomes(struct cs_cbor_reader *reader, struct cs_arena *arena,
                          struct cs_vault_response *response)
{
    cs_cbor_enter_exact(reader, OUTCOME_ITEMS);
    take_outcome(reader, &response->entered);
    cs_cbor_leave(reader);
    size_t count = enter(reader, OUTCOME_ITEMS, CS_VAULT_RECORDS_PER_REQUEST_MAX);
    response->outcomes = cs_message_array(reader, arena, count, sizeof *response->outcomes);
    for (size_t i = 0; reader->status == CS_OK && i < count; i++) {
        take_outcome(reader, &response->outcomes[i]);
    }
    response->outcome_count = count;
    cs_cbor_leave(reader);
}

static void take_recoveries(struct cs_cbor_reader *reader, struct cs_arena *arena,
                            struct cs_vault_response *response)
{
    size_t count = enter(reader, RECOVERY_ITEMS, CS_VAULT_RECOVERIES_MAX);
    response->recoveries = cs_message_array(reader, arena, count, sizeof *response->recoveries);
    for (size_t i = 0; reader->status == CS_OK && i < count; i++) {
        response->recoveries[i].leaf = cs_message_take_bounded(reader, INT64_MAX);
        response->recoveries[i].path = take_path(reader, CS_LOG_PROOF_MAX);
        response->recoveries[i].statement = take_record(reader);
    }
    response->recovery_count = count;
    cs_cbor_leave(reader);
}

static void take_standings(struct cs_cbor_reader *reader, struct cs_arena *arena,
                           struct cs_vault_response *response)
{
    size_t count = enter(reader, STANDING_ITEMS, 2 * CS_VAULTS_PER_DEVICE_MAX);
    response->standings = cs_message_array(reader, arena, count, sizeof *response->standings);
    for (size_t i = 0; reader->status == CS_OK && i < count; i++) {
        struct cs_vault_standing *standing = &response->standings[i];
        take_cursor(reader, i == 0 ? NULL : &response->standings[i - 1].cursor, &standing->cursor);
        cs_cbor_take_fixed(reader, standing->head, sizeof standing->head);
    }
    response->standing_count = count;
    cs_cbor_leave(reader);
}

static void take_fed(struct cs_cbor_reader *reader, struct cs_arena *arena,
                     struct cs_vault_response *response)
{
    size_t count = enter(reader, FED_ITEMS, CS_VAULT_PAGE_RECORDS_MAX);
    response->records = cs_message_array(reader, arena, count, sizeof *response->records);
    for (size_t i = 0; reader->status == CS_OK && i < count; i++) {
        struct cs_vault_fed *fed = &response->records[i];
        fed->feed = cs_message_take_bounded(reader, INT64_MAX);
        fed->position = cs_message_take_bounded(reader, INT64_MAX);
        fed->log_position = cs_message_take_bounded(reader, CS_VAULT_LOG_MAX);
        fed->logged_ms = cs_cbor_take_integer(reader);
        fed->leaf = cs_message_take_bounded(reader, INT64_MAX);
        fed->path = take_path(reader, CS_LOG_PROOF_MAX);
        fed->record = take_record(reader);
    }
    response->record_count = count;
    cs_cbor_leave(reader);
}

enum cs_status cs_vault_response_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                        struct cs_vault_response *out)
{
    struct cs_cbor_reader reader;
    struct cs_vault_response response = {.server_time_ms = 0};
    cs_message_open(&reader, bytes, CS_RESPONSE_MAX, RESPONSE_ITEMS, arena);
    cs_cbor_take_fixed(&reader, response.incarnation, sizeof response.incarnation);
    response.server_time_ms = cs_cbor_take_integer(&reader);
    response.checkpoint = take_path(&reader, CS_CHECKPOINT_MAX);
    response.consistency = take_path(&reader, CS_LOG_PROOF_MAX);
    take_outcomes(&reader, arena, &response);
    take_recoveries(&reader, arena, &response);
    take_standings(&reader, arena, &response);
    take_fed(&reader, arena, &response);
    response.last = cs_cbor_take_boolean(&reader);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        *out = response;
    }
    return status;
}
