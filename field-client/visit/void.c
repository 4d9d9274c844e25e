/* Declaring a receipt or its number void, see void.h. */
#include "field-client/visit/void.h"

#include "field-client/visit/series.h"
#include "field-client/visit/visit_internal.h"
#include "shared/domain/receipt_number.h"
#include "shared/evidence/record.h"

#include <stdio.h>
#include <string.h>

/* A declaration while it is made. */
struct voiding {
    struct cs_replica *replica;
    struct cs_arena *arena;
    struct cs_bytes reason;
    struct cs_receipt_voided made;
    struct cs_id series;
    bool has_series;
    int64_t voided_at;
};

static enum cs_status find(struct voiding *voiding, const char *entity, const char *field,
                           struct cs_value value, size_t limit, struct cs_id **out_ids,
                           size_t *out_count)
{
    return cs_query_find(voiding->replica, cs_bytes_of_text(entity), cs_bytes_of_text(field),
                         &value, limit, voiding->arena, out_ids, out_count, NULL);
}

static enum cs_status find_series(struct voiding *voiding, struct cs_bytes prefix)
{
    struct cs_id *ids;
    size_t count = 0;
    enum cs_status status =
        find(voiding, "receipt_series", "prefix", cs_value_text(prefix), 1, &ids, &count);
    if (status == CS_OK && count > 0) {
        voiding->series = ids[0];
        voiding->has_series = true;
    }
    return status;
}

/* The greatest number that the series is known to have given. */
static enum cs_status given_number(struct voiding *voiding, int64_t *out)
{
    struct cs_stored_row row;
    uint64_t log = cs_identity_log(cs_replica_identity(voiding->replica));
    char key[CS_SERIES_META_MAX];
    int64_t own = 0;
    enum cs_status status =
        cs_visit_load(voiding->replica, "receipt_series", &voiding->series, voiding->arena, &row);
    if (status != CS_OK) {
        return status;
    }
    *out = cs_visit_value(&row, "last_number")->integer;
    struct cs_bytes device = cs_visit_value(&row, "device")->bytes;
    struct cs_reader reader;
    cs_reader_init(&reader, device);
    if (device.size == 8 && cs_read_u64(&reader) == log) {
        cs_series_meta(log, key);
        status = cs_replica_meta_number(voiding->replica, key, &own);
        *out = own > *out ? own : *out;
    }
    return status;
}

/* A number that no receipt in view has: it must have been given at least. */
static enum cs_status check_given(struct voiding *voiding, const struct cs_receipt_number *number,
                                  struct cs_problem *problem)
{
    int64_t given = 0;
    if (!voiding->has_series) {
        return cs_problem_set(problem, CS_NOT_FOUND,
                              "there is no receipt %s and no series of its prefix here",
                              voiding->made.number);
    }
    enum cs_status status = given_number(voiding, &given);
    if (status == CS_OK && number->number > given) {
        status = cs_problem_set(problem, CS_INVALID,
                                "%s has not been given yet: the last number given is %lld",
                                voiding->made.number, (long long)given);
    }
    return status;
}

static enum cs_status check_number_stands(struct voiding *voiding, struct cs_problem *problem)
{
    struct cs_id *ids;
    size_t count = 0;
    struct cs_value number = cs_value_text(cs_bytes_of_text(voiding->made.number));
    enum cs_status status = find(voiding, "receipt_void", "number", number, 100, &ids, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_stored_row row;
        struct cs_id receipt;
        status = cs_visit_load(voiding->replica, "receipt_void", &ids[i], voiding->arena, &row);
        bool same = status == CS_OK && (!voiding->made.has_receipt
                                            ? !cs_visit_reference(&row, "receipt", &receipt)
                                            : cs_visit_reference(&row, "receipt", &receipt) &&
                                                  cs_id_equal(&receipt, &voiding->made.receipt));
        if (same) {
            status = cs_problem_set(problem, CS_EXISTS, "%s is void already", voiding->made.number);
        }
    }
    return status;
}

static enum cs_status several(const struct cs_id *ids, const char *number,
                              struct cs_problem *problem)
{
    char first[CS_ID_TEXT_SIZE];
    char second[CS_ID_TEXT_SIZE];
    cs_id_format(&ids[0], first);
    cs_id_format(&ids[1], second);
    return cs_problem_set(problem, CS_EXISTS,
                          "several receipts have the number %s, among them %s and %s: give the id "
                          "of the one that does not stand",
                          number, first, second);
}

/* What was typed is a number: its receipt, or none. */
static enum cs_status find_by_number(struct voiding *voiding, struct cs_bytes text,
                                     const struct cs_receipt_number *number,
                                     struct cs_problem *problem)
{
    struct cs_id *ids;
    size_t count = 0;
    (void)snprintf(voiding->made.number, sizeof voiding->made.number, "%.*s", (int)text.size,
                   (const char *)text.data);
    enum cs_status status =
        find(voiding, "receipt", "number", cs_value_text(text), 2, &ids, &count);
    if (status == CS_OK && count > 1) {
        status = several(ids, voiding->made.number, problem);
    }
    if (status == CS_OK) {
        status = find_series(voiding, number->prefix);
    }
    if (status == CS_OK && count == 1) {
        voiding->made.receipt = ids[0];
        voiding->made.has_receipt = true;
    } else if (status == CS_OK) {
        status = check_given(voiding, number, problem);
    }
    return status;
}

static enum cs_status find_by_id(struct voiding *voiding, struct cs_bytes text,
                                 struct cs_problem *problem)
{
    struct cs_stored_row row;
    struct cs_receipt_number number;
    enum cs_status status = cs_query_resolve(voiding->replica, cs_bytes_of_text("receipt"), text,
                                             &voiding->made.receipt, problem);
    if (status == CS_OK) {
        status = cs_visit_load(voiding->replica, "receipt", &voiding->made.receipt, voiding->arena,
                               &row);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_bytes own = cs_visit_text(&row, "number");
    if (own.size >= sizeof voiding->made.number) {
        return cs_problem_set(problem, CS_INVALID, "the number of this receipt is too long");
    }
    voiding->made.has_receipt = true;
    (void)snprintf(voiding->made.number, sizeof voiding->made.number, "%.*s", (int)own.size,
                   (const char *)own.data);
    return cs_receipt_number_parse(own, &number) ? find_series(voiding, number.prefix) : CS_OK;
}

/* Names ascend. */
static enum cs_status sign_record(const struct voiding *voiding, struct cs_buffer *out)
{
    struct cs_named_value fields[4];
    size_t count = 0;
    fields[count++] =
        cs_visit_named("number", cs_value_text(cs_bytes_of_text(voiding->made.number)));
    fields[count++] = cs_visit_named("reason", cs_value_text(voiding->reason));
    if (voiding->made.has_receipt) {
        fields[count++] = cs_visit_named("receipt", cs_visit_id_value(&voiding->made.receipt));
    }
    fields[count++] = cs_visit_named("voided_at", cs_value_integer(voiding->voided_at));
    const struct cs_identity *identity = cs_replica_identity(voiding->replica);
    struct cs_record record = {.kind = cs_bytes_of_text(CS_RECEIPT_VOID_KIND),
                               .claimed = voiding->voided_at,
                               .fields = fields,
                               .field_count = count};
    memcpy(record.organisation, cs_identity_organisation(identity), sizeof record.organisation);
    memcpy(record.certificate, cs_identity_certificate_id(identity), sizeof record.certificate);
    return cs_record_encode(&record, cs_identity_sign_key(identity), out);
}

static enum cs_status insert(struct voiding *voiding, struct cs_bytes record,
                             struct cs_problem *problem)
{
    struct cs_named_value values[] = {
        cs_visit_named("number", cs_value_text(cs_bytes_of_text(voiding->made.number))),
        cs_visit_named("series",
                       voiding->has_series ? cs_visit_id_value(&voiding->series) : CS_NULL),
        cs_visit_named("receipt", voiding->made.has_receipt
                                      ? cs_visit_id_value(&voiding->made.receipt)
                                      : CS_NULL),
        cs_visit_named("reason", cs_value_text(voiding->reason)),
        cs_visit_named("voided_at", cs_value_integer(voiding->voided_at)),
        cs_visit_named("record", cs_value_bytes(record))};
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(voiding->replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    status = cs_edit_insert(edit, cs_bytes_of_text("receipt_void"), NULL, values, CS_COUNT(values),
                            &voiding->made.row, problem);
    return cs_visit_end_edit(edit, status);
}

static enum cs_status declare(struct voiding *voiding, struct cs_bytes text,
                              struct cs_problem *problem)
{
    struct cs_receipt_number number;
    enum cs_status status = cs_receipt_number_parse(text, &number)
                                ? find_by_number(voiding, text, &number, problem)
                                : find_by_id(voiding, text, problem);
    if (status == CS_OK) {
        status = check_number_stands(voiding, problem);
    }
    struct cs_buffer record;
    cs_buffer_init(&record, CS_RECORD_MAX);
    if (status == CS_OK) {
        status = sign_record(voiding, &record);
    }
    if (status == CS_OK) {
        status = insert(voiding, cs_buffer_bytes(&record), problem);
    }
    cs_buffer_release(&record);
    return status;
}

enum cs_status cs_receipt_void(struct cs_replica *replica, struct cs_bytes text,
                               struct cs_bytes reason, struct cs_receipt_voided *out,
                               struct cs_problem *problem)
{
    if (reason.size == 0) {
        return cs_problem_set(problem, CS_INVALID, "say why the number is void: --reason TEXT");
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_VISIT_ARENA_MAX);
    struct voiding voiding = {
        .replica = replica, .arena = &arena, .reason = reason, .voided_at = cs_visit_now(replica)};
    enum cs_status status = declare(&voiding, text, problem);
    cs_arena_release(&arena);
    if (status == CS_OK) {
        *out = voiding.made;
    }
    return status;
}

enum cs_status cs_receipt_void_reason(struct cs_replica *replica, const struct cs_id *receipt,
                                      struct cs_arena *arena, struct cs_bytes *out)
{
    struct cs_value value = cs_visit_id_value(receipt);
    struct cs_id *ids;
    size_t count = 0;
    struct cs_stored_row row;
    enum cs_status status =
        cs_query_find(replica, cs_bytes_of_text("receipt_void"), cs_bytes_of_text("receipt"),
                      &value, 1, arena, &ids, &count, NULL);
    if (status == CS_NOT_FOUND) {
        count = 0; /* a registry without voids */
        status = CS_OK;
    }
    if (status == CS_OK && count > 0) {
        status = cs_visit_load(replica, "receipt_void", &ids[0], arena, &row);
    }
    if (status == CS_OK) {
        *out = count > 0 ? cs_visit_text(&row, "reason") : CS_BYTES_NONE;
    }
    return status;
}
