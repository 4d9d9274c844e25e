/*
 * One page of a pull, see pull.h.
 *
 * Every scope is a stream of entries ascending by position; a row that stands in several of the device's scopes stands at the
 * same position in each, so merging the streams brings its entries together and it is sent once.
 */
#include "sync-server/handlers/pull.h"

#include "shared/base/planted.h"
#include "sync-server/handlers/echoes.h"
#include "sync-server/handlers/log_answer.h"
#include "sync-server/handlers/subscriptions.h"

#include <string.h>

struct stream {
    struct cs_scope_entry *entries;
    size_t count;
    size_t next;
    uint64_t cursor;
    uint64_t gained; /* position at which the pull began that gains this scope; 0: none does */
    uint64_t told;   /* up to where the device may have the scope: at least to its cursor */
    bool
        is_new; /* the device had nothing of this scope: departures from it are none of its business */
};

struct pull {
    struct cs_store *reader;
    struct cs_arena *arena;
    struct cs_subscription *subscriptions;
    struct stream *streams;
    size_t count;
    struct cs_page_limits limits;
    uint64_t end; /* positions beyond it belong to a later page */
    size_t bytes; /* of the rows so far, about */
    struct cs_echo_index echoes;
    struct cs_sync_response *response;
};

static uint64_t cursor_of(const struct cs_sync_request *request, const struct cs_scope_name *name)
{
    for (size_t i = 0; i < request->cursor_count; i++) {
        if (cs_scope_name_compare(&request->cursors[i].scope, name) == 0 ||
            CS_PLANTED(ONE_CURSOR)) {
            return request->cursors[i].position;
        }
    }
    return 0;
}

static uint64_t told_of(const struct cs_sync_request *request, const struct cs_scope_name *name)
{
    uint64_t told = cursor_of(request, name);
    for (size_t i = 0; i < request->told_count; i++) {
        if (cs_scope_name_compare(&request->told[i].scope, name) == 0 &&
            request->told[i].position > told) {
            told = request->told[i].position;
        }
    }
    return told;
}

/* Streams that may each be read as far as a page reaches; with more of them each is read less far, so that entries read for one
 * page stay bounded. What was read beyond the page is read again for the next. */
#define STREAMS_IN_FULL ((size_t)20)

/* Opens the streams; one that was cut sets the end of the page. */
static enum cs_status open_streams(struct pull *pull, const struct cs_sync_request *request)
{
    pull->streams = cs_arena_take_array(pull->arena, pull->count, sizeof *pull->streams);
    if (pull->streams == NULL) {
        return CS_NO_MEMORY;
    }
    size_t limit = pull->count <= STREAMS_IN_FULL
                       ? pull->limits.rows_max
                       : STREAMS_IN_FULL * pull->limits.rows_max / pull->count;
    limit = limit == 0 ? 1 : limit;
    pull->end = UINT64_MAX;
    for (size_t i = 0; i < pull->count; i++) {
        struct stream *stream = &pull->streams[i];
        struct cs_scope_name gained = pull->subscriptions[i].name;
        gained.kind = (uint8_t)(gained.kind | CS_SCOPE_GAINED);
        stream->cursor = cursor_of(request, &pull->subscriptions[i].name);
        stream->gained = cursor_of(request, &gained);
        stream->told = told_of(request, &pull->subscriptions[i].name);
        stream->is_new = stream->told == 0;
        if (!pull->subscriptions[i].exists) {
            continue;
        }
        enum cs_status status =
            cs_store_scope_entries(pull->reader, pull->subscriptions[i].number, stream->cursor,
                                   limit, pull->arena, &stream->entries, &stream->count);
        if (status != CS_OK) {
            return status;
        }
        if (stream->count == limit && stream->entries[stream->count - 1].position < pull->end) {
            pull->end = stream->entries[stream->count - 1].position;
        }
    }
    return CS_OK;
}

/* The set of the device's scopes that hold the row, as a number in the response's list. */
static enum cs_status scope_set(struct pull *pull, struct cs_bytes scopes, uint32_t *out)
{
    uint32_t *members = cs_arena_take_array(pull->arena, pull->count, sizeof *members);
    if (members == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < pull->count; i++) {
        if (pull->subscriptions[i].exists &&
            cs_scope_numbers_contain(scopes, pull->subscriptions[i].number)) {
            members[count++] = (uint32_t)i;
        }
    }
    struct cs_sync_response *response = pull->response;
    for (size_t i = 0; i < response->scope_set_count; i++) {
        const struct cs_scope_set *known = &response->scope_sets[i];
        if (known->count == count && memcmp(known->scopes, members, count * sizeof *members) == 0) {
            *out = (uint32_t)i;
            return CS_OK;
        }
    }
    response->scope_sets[response->scope_set_count] = (struct cs_scope_set){members, count};
    *out = (uint32_t)response->scope_set_count++;
    return CS_OK;
}

/* Had the device the row's state before its push? Then its prediction started from the truth. */
static bool was_up_to_date(const struct pull *pull, const struct cs_push_echo *echo)
{
    if (echo->position_before == 0) {
        return true;
    }
    for (size_t i = 0; i < pull->count; i++) {
        if (pull->subscriptions[i].exists && pull->streams[i].cursor >= echo->position_before &&
            cs_scope_numbers_contain(echo->scopes_before, pull->subscriptions[i].number)) {
            return true;
        }
    }
    return false;
}

static enum cs_status add_row(struct pull *pull, const struct cs_scope_entry *entry)
{
    struct cs_row_key key = {entry->entity, entry->row};
    struct cs_stored_row stored;
    enum cs_status status = cs_store_load_rows(pull->reader, &key, 1, pull->arena, &stored);
    if (status == CS_OK && !stored.exists) {
        status = CS_CORRUPT;
    }
    struct cs_row row = {.entity = entry->entity, .id = entry->row};
    if (status == CS_OK) {
        row.deleted = stored.deleted;
        row.versions = stored.versions;
        status = cs_row_fields(&stored, pull->arena, &row.fields, &row.field_count);
    }
    if (status == CS_OK) {
        status = scope_set(pull, stored.scopes, &row.scope_set);
    }
    if (status != CS_OK) {
        return status;
    }
    pull->bytes += CS_ID_SIZE + row.versions.size;
    for (size_t i = 0; i < row.field_count; i++) {
        pull->bytes += 9 + row.fields[i].value.bytes.size;
    }
    pull->bytes += cs_log_answer_size(stored.entity);
    pull->response->rows[pull->response->row_count++] = row;
    return CS_OK;
}

static enum cs_status add_entry(struct pull *pull, const struct cs_scope_entry *entry)
{
    const struct cs_push_echo *echo = cs_echo_index_find(&pull->echoes, entry);
    if (echo != NULL && echo->position == entry->position &&
        was_up_to_date(pull, cs_echo_index_first(&pull->echoes, entry))) {
        uint32_t set;
        enum cs_status status = scope_set(pull, echo->scopes, &set);
        if (status == CS_OK) {
            cs_echo_index_confirm(&pull->echoes, entry, set + 1);
        }
        return status;
    }
    return add_row(pull, entry);
}

/* The smallest position not taken yet, at most `end`; false when there is none. */
static bool next_position(const struct pull *pull, uint64_t *out)
{
    bool found = false;
    for (size_t i = 0; i < pull->count; i++) {
        const struct stream *stream = &pull->streams[i];
        if (stream->next < stream->count && stream->entries[stream->next].position <= pull->end &&
            (!found || stream->entries[stream->next].position < *out)) {
            *out = stream->entries[stream->next].position;
            found = true;
        }
    }
    return found;
}

/* May the device hold a row that has left this scope? Of any other it must not hear. */
static bool had(const struct stream *stream, const struct cs_scope_entry *entry)
{
    return !stream->is_new && entry->entered <= stream->told && entry->position > stream->gained;
}

/* All entries at one position: one row, which is here or has left the last scope of the device. */
static enum cs_status take_position(struct pull *pull, uint64_t position)
{
    const struct cs_scope_entry *present = NULL;
    const struct cs_scope_entry *departed = NULL;
    for (size_t i = 0; i < pull->count; i++) {
        struct stream *stream = &pull->streams[i];
        if (stream->next >= stream->count || stream->entries[stream->next].position != position) {
            continue;
        }
        const struct cs_scope_entry *entry = &stream->entries[stream->next++];
        if (!entry->departed) {
            present = entry;
        } else if (had(stream, entry)) {
            departed = entry;
        }
    }
    if (present != NULL) {
        return add_entry(pull, present);
    }
    if (departed != NULL) {
        struct cs_sync_response *response = pull->response;
        response->departures[response->departure_count++] =
            (struct cs_departure){departed->entity, departed->row};
    }
    return CS_OK;
}

/* Does the device have the row through this scope as it is now, or get it so with this page? */
static bool is_told(const struct pull *pull, size_t scope, const struct cs_stored_row *row)
{
    return pull->subscriptions[scope].exists &&
           cs_scope_numbers_contain(row->scopes, pull->subscriptions[scope].number) &&
           (row->position <= pull->streams[scope].cursor || row->position <= pull->end);
}

/*
 * A row that left at one position may stand elsewhere in the device's scopes: then it has not departed. If a later page is to tell
 * so, it has, until then: it may leave that scope as well before the page is read, and then nobody would ever tell.
 */
static enum cs_status drop_false_departures(struct pull *pull)
{
    struct cs_sync_response *response = pull->response;
    size_t kept = 0;
    for (size_t i = 0; i < response->departure_count; i++) {
        struct cs_row_key key = {response->departures[i].entity, response->departures[i].row};
        struct cs_stored_row row;
        enum cs_status status = cs_store_load_rows(pull->reader, &key, 1, pull->arena, &row);
        if (status != CS_OK) {
            return status;
        }
        bool held = false;
        for (size_t j = 0; row.exists && j < pull->count; j++) {
            held = held || is_told(pull, j, &row);
        }
        if (!held) {
            response->departures[kept++] = response->departures[i];
        }
    }
    response->departure_count = kept;
    return CS_OK;
}

static enum cs_status fill_page(struct pull *pull)
{
    struct cs_sync_response *response = pull->response;
    size_t capacity = 0;
    for (size_t i = 0; i < pull->count; i++) {
        capacity += pull->streams[i].count;
    }
    capacity = capacity < pull->limits.rows_max ? capacity : pull->limits.rows_max;
    response->rows = cs_arena_take_array(pull->arena, capacity, sizeof *response->rows);
    response->departures = cs_arena_take_array(pull->arena, capacity, sizeof *response->departures);
    response->scope_sets = cs_arena_take_array(pull->arena, capacity, sizeof *response->scope_sets);
    if (response->rows == NULL || response->departures == NULL || response->scope_sets == NULL) {
        return CS_NO_MEMORY;
    }
    uint64_t position = 0;
    uint64_t reached = 0;
    enum cs_status status = CS_OK;
    while (status == CS_OK && next_position(pull, &position)) {
        if (response->row_count + response->departure_count == pull->limits.rows_max ||
            pull->bytes >= pull->limits.bytes_target) {
            pull->end = reached;
            break;
        }
        status = take_position(pull, position);
        reached = position;
    }
    return status != CS_OK ? status : drop_false_departures(pull);
}

static enum cs_status fill_cursors(struct pull *pull)
{
    struct cs_sync_response *response = pull->response;
    response->last = pull->end == UINT64_MAX;
    response->cursors = cs_arena_take_array(pull->arena, pull->count, sizeof *response->cursors);
    struct cs_scope_digest *digests =
        cs_arena_take_array(pull->arena, pull->count, sizeof *digests);
    if (response->cursors == NULL || digests == NULL) {
        return CS_NO_MEMORY;
    }
    uint64_t reached = response->last ? response->position : pull->end;
    for (size_t i = 0; i < pull->count; i++) {
        uint64_t cursor = pull->streams[i].cursor;
        response->cursors[i] = (struct cs_scope_cursor){pull->subscriptions[i].name,
                                                        cursor > reached ? cursor : reached};
        digests[i].scope = pull->subscriptions[i].name;
        if (pull->subscriptions[i].exists) {
            enum cs_status status = cs_store_scope_digest(
                pull->reader, pull->subscriptions[i].number, &digests[i].multiset);
            if (status != CS_OK) {
                return status;
            }
        }
    }
    response->cursor_count = pull->count;
    if (response->last) {
        cs_scopes_digest(digests, pull->count, response->digest);
    }
    return CS_OK;
}

enum cs_status cs_pull_read(struct cs_store *reader, const struct cs_device *device,
                            const struct cs_sync_request *request,
                            const struct cs_push_result *push, const struct cs_page_limits *limits,
                            struct cs_arena *arena, struct cs_sync_response *response)
{
    struct pull pull = {.reader = reader, .arena = arena, .limits = *limits, .response = response};
    enum cs_status status = cs_store_position(reader, &response->position);
    if (status == CS_OK) {
        status = cs_subscriptions_of(reader, device, arena, &pull.subscriptions, &pull.count);
    }
    if (status == CS_OK) {
        status = open_streams(&pull, request);
    }
    if (status == CS_OK) {
        status = cs_echo_index_init(&pull.echoes, push, arena);
    }
    if (status == CS_OK) {
        status = fill_page(&pull);
    }
    if (status == CS_OK) {
        status = fill_cursors(&pull);
    }
    return status != CS_OK ? status : cs_echo_index_runs(&pull.echoes, arena, response);
}
