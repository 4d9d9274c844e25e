/*
 * Requests of a comparison (PROTOCOL.md, chapter "Compare"), see compare.h. Writer and reader apply the same check: a step has
 * what belongs to it and nothing else, ranges do not overlap, what is listed lies in its range.
 */
#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/compare.h"
#include "shared/wire/message_frame.h"
#include "shared/wire/row_names.h"

/* step, incarnation, position, scopes, ranges, list counts, entries, hashes, report */
#define ITEMS 9
#define REPORT_ITEMS 4
#define HASH_BYTES 8

static enum cs_status check_scopes(const struct cs_compare_request *request)
{
    if (request->scope_count > CS_SCOPES_PER_DEVICE_MAX) {
        return CS_LIMIT;
    }
    for (size_t i = 1; i < request->scope_count; i++) {
        if (cs_scope_name_compare(&request->scopes[i - 1], &request->scopes[i]) >= 0) {
            return CS_MALFORMED;
        }
    }
    return CS_OK;
}

/* Is the range of this index inside another one of the list? */
static bool is_inside(const struct cs_compare_request *request, size_t index)
{
    const struct cs_compare_range *range = &request->ranges[index];
    uint64_t key = range->depth == 0 ? 0 : range->prefix << (64 - 6 * range->depth);
    return cs_compare_range_find(request->ranges, request->range_count, range->scope, key) != index;
}

static enum cs_status check_ranges(const struct cs_compare_request *request)
{
    if (request->range_count > CS_COMPARE_RANGES_MAX) {
        return CS_LIMIT;
    }
    unsigned depth_max = CS_COMPARE_DEPTH_MAX - (request->step == CS_COMPARE_RANGES ? 1 : 0);
    for (size_t i = 0; i < request->range_count; i++) {
        const struct cs_compare_range *range = &request->ranges[i];
        if (range->scope >= request->scope_count || range->depth > depth_max ||
            range->prefix >> (6 * range->depth) != 0 ||
            (i > 0 && cs_compare_range_order(range - 1, range) >= 0)) {
            return CS_MALFORMED;
        }
    }
    for (size_t i = 0; i < request->range_count; i++) {
        if (is_inside(request, i)) {
            return CS_MALFORMED;
        }
    }
    return CS_OK;
}

static bool list_is_valid(const struct cs_compare_range *range,
                          const struct cs_compare_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!cs_name_valid(entries[i].entity) ||
            !cs_compare_range_holds(range, cs_compare_key(entries[i].entity, &entries[i].row)) ||
            (i > 0 && cs_compare_name_order(entries[i - 1].entity, &entries[i - 1].row,
                                            entries[i].entity, &entries[i].row) >= 0)) {
            return false;
        }
    }
    return true;
}

static enum cs_status check_lists(const struct cs_compare_request *request)
{
    if (request->entry_count > CS_COMPARE_ENTRIES_MAX) {
        return CS_LIMIT;
    }
    size_t first = 0;
    for (size_t i = 0; i < request->range_count; i++) {
        size_t count = request->list_counts[i];
        if (count > request->entry_count - first ||
            !list_is_valid(&request->ranges[i], request->entries + first, count)) {
            return CS_MALFORMED;
        }
        first += count;
    }
    return first == request->entry_count ? CS_OK : CS_MALFORMED;
}

static enum cs_status check_step(const struct cs_compare_request *request)
{
    bool with_ranges = request->step == CS_COMPARE_RANGES || request->step == CS_COMPARE_ROWS;
    if (request->step < CS_COMPARE_SCOPES || request->step > CS_COMPARE_REPORT ||
        request->position > INT64_MAX || (request->range_count > 0) != with_ranges ||
        (request->entry_count > 0 && request->step != CS_COMPARE_ROWS)) {
        return CS_MALFORMED;
    }
    const struct cs_compare_report *report = &request->report;
    if (request->step == CS_COMPARE_REPORT &&
        (report->outcome < CS_COMPARE_REPAIRED || report->outcome > CS_COMPARE_UNREPAIRED ||
         report->rows > INT64_MAX || report->departed > INT64_MAX || report->sums > INT64_MAX)) {
        return CS_MALFORMED;
    }
    return CS_OK;
}

static enum cs_status check_request(const struct cs_compare_request *request)
{
    enum cs_status status = check_step(request);
    if (status == CS_OK) {
        status = check_scopes(request);
    }
    if (status == CS_OK) {
        status = check_ranges(request);
    }
    return status == CS_OK && request->step == CS_COMPARE_ROWS ? check_lists(request) : status;
}

static void put_scopes(struct cs_buffer *out, const struct cs_compare_request *request)
{
    cs_cbor_put_array(out, 2 * request->scope_count);
    for (size_t i = 0; i < request->scope_count; i++) {
        const struct cs_scope_name *scope = &request->scopes[i];
        cs_cbor_put_unsigned(out, scope->kind);
        cs_cbor_put_bytes(out, cs_id_is_zero(&scope->id) ? CS_BYTES_NONE : cs_id_bytes(&scope->id));
    }
}

static void put_ranges(struct cs_buffer *out, const struct cs_compare_request *request)
{
    cs_cbor_put_array(out, 3 * request->range_count);
    for (size_t i = 0; i < request->range_count; i++) {
        cs_cbor_put_unsigned(out, request->ranges[i].scope);
        cs_cbor_put_unsigned(out, request->ranges[i].depth);
        cs_cbor_put_unsigned(out, request->ranges[i].prefix);
    }
    bool listed = request->step == CS_COMPARE_ROWS;
    cs_cbor_put_array(out, listed ? request->range_count : 0);
    for (size_t i = 0; listed && i < request->range_count; i++) {
        cs_cbor_put_unsigned(out, request->list_counts[i]);
    }
}

/* The names of the entries, and their hashes one after another. */
static enum cs_status put_entries(struct cs_buffer *out, const struct cs_compare_request *request)
{
    struct cs_departure *names = cs_alloc_zero(request->entry_count, sizeof *names);
    struct cs_buffer hashes;
    cs_buffer_init(&hashes, HASH_BYTES * CS_COMPARE_ENTRIES_MAX);
    if (names == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < request->entry_count; i++) {
        names[i] = (struct cs_departure){request->entries[i].entity, request->entries[i].row};
        cs_buffer_append_u64(&hashes, request->entries[i].hash);
    }
    cs_row_names_put(out, names, request->entry_count);
    cs_cbor_put_bytes(out, cs_buffer_bytes(&hashes));
    enum cs_status status = hashes.status;
    cs_buffer_release(&hashes);
    cs_free(names);
    return status;
}

static void put_report(struct cs_buffer *out, const struct cs_compare_request *request)
{
    const struct cs_compare_report *report = &request->report;
    if (request->step != CS_COMPARE_REPORT) {
        cs_cbor_put_array(out, 0);
        return;
    }
    cs_cbor_put_array(out, REPORT_ITEMS);
    cs_cbor_put_unsigned(out, report->outcome);
    cs_cbor_put_unsigned(out, report->rows);
    cs_cbor_put_unsigned(out, report->departed);
    cs_cbor_put_unsigned(out, report->sums);
}

enum cs_status cs_compare_request_encode(const struct cs_compare_request *request,
                                         struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_message_begin(&plain, CS_COMPARE_REQUEST_MAX, ITEMS);
    enum cs_status status = check_request(request);
    if (status == CS_OK) {
        cs_cbor_put_unsigned(&plain, request->step);
        cs_cbor_put_bytes(&plain, cs_bytes_of_array(request->incarnation));
        cs_cbor_put_unsigned(&plain, request->position);
        put_scopes(&plain, request);
        put_ranges(&plain, request);
        status = put_entries(&plain, request);
        put_report(&plain, request);
    }
    return cs_message_end(&plain, status, out);
}

static void take_scopes(struct cs_cbor_reader *reader, struct cs_arena *arena,
                        struct cs_compare_request *request)
{
    size_t size = cs_cbor_enter_array(reader, 2 * CS_SCOPES_PER_DEVICE_MAX);
    if (size % 2 != 0) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    request->scope_count = size / 2;
    request->scopes =
        cs_message_array(reader, arena, request->scope_count, sizeof *request->scopes);
    for (size_t i = 0; i < request->scope_count && reader->status == CS_OK; i++) {
        request->scopes[i].kind = (uint8_t)cs_message_take_bounded(reader, UINT8_MAX);
        struct cs_bytes id = cs_cbor_take_bytes(reader);
        if (id.size > 0 && (!cs_id_from_bytes(id, &request->scopes[i].id) ||
                            cs_id_is_zero(&request->scopes[i].id))) {
            cs_cbor_fail(reader, CS_MALFORMED);
        }
    }
    cs_cbor_leave(reader);
}

static void take_ranges(struct cs_cbor_reader *reader, struct cs_arena *arena,
                        struct cs_compare_request *request)
{
    size_t size = cs_cbor_enter_array(reader, 3 * CS_COMPARE_RANGES_MAX);
    if (size % 3 != 0) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    request->range_count = size / 3;
    request->ranges =
        cs_message_array(reader, arena, request->range_count, sizeof *request->ranges);
    for (size_t i = 0; i < request->range_count && reader->status == CS_OK; i++) {
        request->ranges[i].scope = (uint32_t)cs_message_take_bounded(reader, UINT32_MAX);
        request->ranges[i].depth = (uint8_t)cs_message_take_bounded(reader, CS_COMPARE_DEPTH_MAX);
        request->ranges[i].prefix = cs_cbor_take_unsigned(reader);
    }
    cs_cbor_leave(reader);
    size_t counts = request->step == CS_COMPARE_ROWS ? request->range_count : 0;
    cs_cbor_enter_exact(reader, counts);
    request->list_counts = cs_message_array(reader, arena, counts, sizeof *request->list_counts);
    for (size_t i = 0; i < counts && reader->status == CS_OK; i++) {
        request->list_counts[i] = (uint32_t)cs_message_take_bounded(reader, CS_COMPARE_ENTRIES_MAX);
    }
    cs_cbor_leave(reader);
}

static void take_entries(struct cs_cbor_reader *reader, struct cs_arena *arena,
                         struct cs_compare_request *request)
{
    size_t count = 0;
    struct cs_departure *names = cs_row_names_take(reader, arena, CS_COMPARE_ENTRIES_MAX, &count);
    struct cs_bytes hashes = cs_cbor_take_bytes(reader);
    if (hashes.size != HASH_BYTES * count) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    request->entries = cs_message_array(reader, arena, count, sizeof *request->entries);
    struct cs_reader bytes;
    cs_reader_init(&bytes, hashes);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        request->entries[i] =
            (struct cs_compare_entry){names[i].entity, names[i].row, cs_read_u64(&bytes)};
    }
    request->entry_count = count;
}

static void take_report(struct cs_cbor_reader *reader, struct cs_compare_request *request)
{
    struct cs_compare_report *report = &request->report;
    bool reports = request->step == CS_COMPARE_REPORT;
    cs_cbor_enter_exact(reader, reports ? REPORT_ITEMS : 0);
    if (reports) {
        report->outcome = (enum cs_compare_outcome)cs_message_take_bounded(reader, UINT8_MAX);
        report->rows = cs_message_take_bounded(reader, INT64_MAX);
        report->departed = cs_message_take_bounded(reader, INT64_MAX);
        report->sums = cs_message_take_bounded(reader, INT64_MAX);
    }
    cs_cbor_leave(reader);
}

enum cs_status cs_compare_request_decode(struct cs_bytes bytes, struct cs_arena *arena,
                                         struct cs_compare_request *out)
{
    struct cs_cbor_reader reader;
    struct cs_compare_request request = {0};
    cs_message_open(&reader, bytes, CS_COMPARE_REQUEST_MAX, ITEMS, arena);
    request.step = (enum cs_compare_step)cs_message_take_bounded(&reader, CS_COMPARE_REPORT);
    cs_cbor_take_fixed(&reader, request.incarnation, sizeof request.incarnation);
    request.position = cs_message_take_bounded(&reader, INT64_MAX);
    take_scopes(&reader, arena, &request);
    take_ranges(&reader, arena, &request);
    take_entries(&reader, arena, &request);
    take_report(&reader, &request);
    enum cs_status status = cs_message_close(&reader);
    if (status == CS_OK) {
        status = check_request(&request);
    }
    if (status == CS_OK) {
        *out = request;
    }
    return status;
}
