/*
 * Sample structures for the tests of shared/wire: random ones from a seed, realistic ones, and comparison.
 *
 * Included by the unit tests and by tests/fuzz. Everything lives in the given arena. Random numbers are drawn in separate
 * statements, never twice in one argument list: compilers differ in the order, and golden files depend on it.
 */
#ifndef TESTS_UNIT_SHARED_WIRE_SAMPLES_H
#define TESTS_UNIT_SHARED_WIRE_SAMPLES_H

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/base/text.h"
#include "shared/wire/change_set.h"
#include "shared/wire/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 */
struct sample_random {
    uint64_t state;
};

static inline uint64_t sample_next(struct sample_random *random)
{
    uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint64_t sample_below(struct sample_random *random, uint64_t end)
{
    return sample_next(random) % end;
}

static inline void sample_fill(struct sample_random *random, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)sample_next(random);
    }
}

/* Zeroed memory; a test that has none left cannot go on. */
static inline void *sample_take(struct cs_arena *arena, size_t count, size_t size)
{
    void *items = cs_arena_take_array(arena, count, size);
    cs_require(items != NULL);
    return items;
}

static inline struct cs_bytes sample_copy(struct cs_arena *arena, const void *data, size_t size)
{
    struct cs_bytes copy = CS_BYTES_NONE;
    cs_require(cs_arena_copy(arena, cs_bytes_make(data, size), &copy) == CS_OK);
    return copy;
}

static inline struct cs_bytes sample_text(struct cs_arena *arena, const char *text)
{
    return sample_copy(arena, text, strlen(text));
}

static inline struct cs_bytes sample_bytes(struct sample_random *random, struct cs_arena *arena,
                                           size_t size)
{
    uint8_t *data = sample_take(arena, size, 1);
    sample_fill(random, data, size);
    return cs_bytes_make(data, size);
}

/* Names and texts, some outside ASCII. */
static const char *const sample_words[] = {"code", "name",     "category",   "unit",  "price_cents",
                                           "spec", "备件名称", "technician", "notes", "回执",
                                           "a",    "quantity", "serial",     "site",  "phone"};
#define SAMPLE_WORD_COUNT (sizeof sample_words / sizeof sample_words[0])

static inline struct cs_bytes sample_word(struct sample_random *random)
{
    return cs_bytes_of_text(sample_words[sample_below(random, SAMPLE_WORD_COUNT)]);
}

/* A 64-bit number of any magnitude. */
static inline uint64_t sample_number(struct sample_random *random)
{
    return sample_next(random) >> sample_below(random, 64);
}

/* An id: of a generator, one next to `previous`, or without any order. */
static inline struct cs_id sample_id(struct sample_random *random, const struct cs_id *previous)
{
    struct cs_id id = {{0}};
    switch (sample_below(random, 4)) {
    case 0:
        sample_fill(random, id.bytes, CS_ID_SIZE);
        return id;
    case 1:
        return *previous;
    default:
        id = *previous;
        id.bytes[8] = (uint8_t)((id.bytes[8] & 0xc0) | ((id.bytes[8] + 1) & 0x3f));
        id.bytes[5] = (uint8_t)(id.bytes[5] + sample_below(random, 3));
        return id;
    }
}

static inline struct cs_value sample_value(struct sample_random *random, struct cs_arena *arena)
{
    switch (sample_below(random, 5)) {
    case 0:
        return CS_NULL;
    case 1:
        return cs_value_integer((int64_t)sample_number(random));
    case 2:
        return cs_value_integer(-(int64_t)(sample_number(random) >> 1));
    case 3:
        return cs_value_text(sample_word(random));
    default:
        return cs_value_bytes(
            sample_bytes(random, arena, sample_below(random, 2) == 0 ? CS_ID_SIZE : 5));
    }
}

static inline int sample_compare_versions(const void *a, const void *b)
{
    return cs_version_compare(a, b);
}

/* Mostly one version, sometimes none or a few; few logs. */
static inline struct cs_versions sample_base(struct sample_random *random, struct cs_arena *arena)
{
    size_t count = sample_below(random, 4) != 0 ? 1 : sample_below(random, 5);
    struct cs_version *items = sample_take(arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        items[i].log = sample_below(random, 3) * UINT64_C(0x4242424242424242);
        items[i].counter = sample_number(random) & INT64_MAX;
    }
    qsort(items, count, sizeof *items, sample_compare_versions);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !cs_version_equal(&items[kept - 1], &items[i])) {
            items[kept++] = items[i];
        }
    }
    return (struct cs_versions){items, kept};
}

static inline void sample_operation(struct sample_random *random, struct cs_arena *arena,
                                    struct cs_id *row, struct cs_operation *out)
{
    *row = sample_id(random, row);
    out->kind = (enum cs_operation_kind)(CS_OPERATION_INSERT + sample_below(random, 3));
    out->entity = cs_bytes_of_text(sample_below(random, 2) == 0 ? "part" : "visit");
    out->row = *row;
    if (out->kind == CS_OPERATION_DELETE) {
        sample_fill(random, out->seen, sizeof out->seen);
        return;
    }
    size_t first = sample_below(random, SAMPLE_WORD_COUNT);
    out->change_count = sample_below(random, 4);
    out->changes = sample_take(arena, out->change_count, sizeof *out->changes);
    for (size_t i = 0; i < out->change_count; i++) {
        out->changes[i].field = cs_bytes_of_text(sample_words[(first + i) % SAMPLE_WORD_COUNT]);
        out->changes[i].value = sample_value(random, arena);
        if (out->kind == CS_OPERATION_UPDATE) {
            out->changes[i].base = sample_base(random, arena);
        }
    }
}

/* Transactions of up to four operations each. */
static inline struct cs_transactions sample_transactions(struct sample_random *random,
                                                         struct cs_arena *arena, size_t count)
{
    struct cs_transaction *items = sample_take(arena, count, sizeof *items);
    struct cs_id row = {{0}};
    uint64_t first = 1 + (sample_number(random) >> 2);
    uint8_t id[16];
    sample_fill(random, id, sizeof id);
    for (size_t i = 0; i < count; i++) {
        if (sample_below(random, 8) == 0) {
            sample_fill(random, id, sizeof id);
        }
        id[15]++;
        memcpy(items[i].id, id, sizeof id);
        items[i].counter = first + i;
        items[i].claimed = (int64_t)sample_number(random);
        items[i].server_time_ms = (int64_t)sample_number(random);
        items[i].elapsed_ms = sample_below(random, 2) == 0 ? -1 : (int64_t)sample_number(random);
        items[i].operation_count = sample_below(random, 5);
        items[i].operations =
            sample_take(arena, items[i].operation_count, sizeof *items[i].operations);
        for (size_t j = 0; j < items[i].operation_count; j++) {
            sample_operation(random, arena, &row, &items[i].operations[j]);
        }
    }
    return (struct cs_transactions){items, count};
}

static inline bool sample_changes_equal(const struct cs_field_change *a,
                                        const struct cs_field_change *b)
{
    return cs_bytes_equal(a->field, b->field) && cs_value_equal(&a->value, &b->value) &&
           cs_versions_equal(a->base, b->base);
}

static inline bool sample_operations_equal(const struct cs_operation *a,
                                           const struct cs_operation *b)
{
    if (a->kind != b->kind || !cs_bytes_equal(a->entity, b->entity) ||
        !cs_id_equal(&a->row, &b->row) || a->change_count != b->change_count ||
        memcmp(a->seen, b->seen, sizeof a->seen) != 0) {
        return false;
    }
    for (size_t i = 0; i < a->change_count; i++) {
        if (!sample_changes_equal(&a->changes[i], &b->changes[i])) {
            return false;
        }
    }
    return true;
}

static inline bool sample_transaction_equal(const struct cs_transaction *a,
                                            const struct cs_transaction *b)
{
    if (memcmp(a->id, b->id, sizeof a->id) != 0 || a->counter != b->counter ||
        a->claimed != b->claimed || a->server_time_ms != b->server_time_ms ||
        a->elapsed_ms != b->elapsed_ms || a->operation_count != b->operation_count) {
        return false;
    }
    for (size_t i = 0; i < a->operation_count; i++) {
        if (!sample_operations_equal(&a->operations[i], &b->operations[i])) {
            return false;
        }
    }
    return true;
}

static inline bool sample_transactions_equal(struct cs_transactions a, struct cs_transactions b)
{
    if (a.count != b.count) {
        return false;
    }
    for (size_t i = 0; i < a.count; i++) {
        if (!sample_transaction_equal(&a.items[i], &b.items[i])) {
            return false;
        }
    }
    return true;
}

/* The log id of the device in the realistic samples. */
#define SAMPLE_LOG UINT64_C(0x1122334455667788)

static inline struct cs_bytes sample_format(struct cs_arena *arena, const char *format,
                                            uint64_t number)
{
    char text[64];
    /* The formats are literals of this file. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(text, sizeof text, format, (unsigned)number);
#pragma GCC diagnostic pop
    return sample_text(arena, text);
}

/* The six fields of a realistic part: a warehouse list as a company types it. */
#define SAMPLE_PART_FIELDS 6
static inline void sample_part(struct sample_random *random, struct cs_arena *arena, size_t index,
                               struct cs_named_value out[static SAMPLE_PART_FIELDS])
{
    static const char *const kinds[] = {"轴承", "电机", "控制板", "传感器", "密封圈",
                                        "滤芯", "阀门", "接触器", "皮带",   "变频器"};
    static const char *const makers[] = {"西门子", "施耐德", "ABB", "SKF", "正泰", "欧姆龙"};
    static const char *const categories[] = {"机械", "电气", "液压", "气动", "耗材"};
    static const char *const units[] = {"个", "件", "套", "米"};
    char name[96];
    size_t kind = sample_below(random, 10);
    size_t maker = sample_below(random, 6);
    (void)snprintf(name, sizeof name, "%s%s %u型", makers[maker], kinds[kind],
                   (unsigned)(100 + sample_below(random, 900)));
    out[0] = (struct cs_named_value){cs_bytes_of_text("code"),
                                     cs_value_text(sample_format(arena, "P-%06u", index + 1))};
    out[1] =
        (struct cs_named_value){cs_bytes_of_text("name"), cs_value_text(sample_text(arena, name))};
    out[2] = (struct cs_named_value){cs_bytes_of_text("category"),
                                     cs_value_text(cs_bytes_of_text(categories[kind % 5]))};
    out[3] = (struct cs_named_value){
        cs_bytes_of_text("unit"), cs_value_text(cs_bytes_of_text(units[sample_below(random, 4)]))};
    out[4] =
        (struct cs_named_value){cs_bytes_of_text("price_cents"),
                                cs_value_integer((int64_t)(100 + sample_below(random, 500000)))};
    out[5] = (struct cs_named_value){
        cs_bytes_of_text("spec"),
        cs_value_text(sample_format(arena, "DN%u 220V/50Hz", 10 + sample_below(random, 200)))};
}

/* An import or a bulk edit: `count` transactions of one operation on consecutive rows, as one local commit makes them. */
static inline struct cs_transactions sample_batch(struct cs_arena *arena, size_t count,
                                                  enum cs_operation_kind kind)
{
    struct sample_random random = {42};
    struct cs_id_generator generator;
    const uint8_t tail[7] = {1, 2, 3, 4, 5, 6, 7};
    cs_id_generator_init(&generator, tail, tail + 3);
    struct cs_transaction *items = sample_take(arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        struct cs_operation *operation = sample_take(arena, 1, sizeof *operation);
        int64_t now = INT64_C(1772413200000) + (int64_t)(i / 40);
        memcpy(items[i].id, "transaction-", 12);
        items[i].id[14] = (uint8_t)(i >> 8);
        items[i].id[15] = (uint8_t)i;
        items[i].counter = 500 + i;
        items[i].claimed = cs_instant_make(now, 480);
        items[i].server_time_ms = INT64_C(1772413100000);
        items[i].elapsed_ms = 100000 + (int64_t)(i / 40);
        items[i].operations = operation;
        items[i].operation_count = 1;
        *operation = (struct cs_operation){.kind = kind, .entity = cs_bytes_of_text("part")};
        operation->row = cs_id_next(&generator, now);
        struct cs_named_value fields[SAMPLE_PART_FIELDS];
        sample_part(&random, arena, i, fields);
        size_t first = kind == CS_OPERATION_UPDATE ? 4 : 0;
        operation->change_count = kind == CS_OPERATION_UPDATE ? 1 : SAMPLE_PART_FIELDS;
        operation->changes =
            sample_take(arena, operation->change_count, sizeof(struct cs_field_change));
        for (size_t j = 0; j < operation->change_count; j++) {
            operation->changes[j].field = fields[first + j].name;
            operation->changes[j].value = fields[first + j].value;
            if (kind == CS_OPERATION_UPDATE) {
                struct cs_version *base = sample_take(arena, 1, sizeof *base);
                *base = (struct cs_version){SAMPLE_LOG, 500 + i};
                operation->changes[j].base = (struct cs_versions){base, 1};
            }
        }
    }
    return (struct cs_transactions){items, count};
}

/* A packed default version, as merge/row_versions.h writes it. */
static inline struct cs_bytes sample_plain_versions(struct cs_arena *arena, uint64_t log,
                                                    uint64_t counter)
{
    struct cs_buffer packed;
    cs_buffer_init(&packed, 18);
    cs_buffer_append_u64(&packed, log);
    cs_buffer_append_varint(&packed, counter);
    cs_require(packed.status == CS_OK);
    struct cs_bytes copy = sample_copy(arena, packed.data, packed.size);
    cs_buffer_release(&packed);
    return copy;
}

static inline void sample_row(struct sample_random *random, struct cs_arena *arena,
                              struct cs_id *id, struct cs_row *out)
{
    *id = sample_id(random, id);
    out->entity = cs_bytes_of_text(sample_below(random, 3) == 0 ? "part" : "工单");
    out->id = *id;
    out->deleted = sample_below(random, 5) == 0;
    out->scope_set = (uint32_t)sample_below(random, 3);
    if (sample_below(random, 4) == 0) {
        out->versions = sample_bytes(random, arena, sample_below(random, 40));
    } else {
        uint64_t log = sample_below(random, 2);
        out->versions = sample_plain_versions(arena, log, sample_number(random) & INT64_MAX);
    }
    size_t first = sample_below(random, SAMPLE_WORD_COUNT);
    out->field_count = sample_below(random, 6);
    out->fields = sample_take(arena, out->field_count, sizeof *out->fields);
    for (size_t i = 0; i < out->field_count; i++) {
        out->fields[i].name = cs_bytes_of_text(sample_words[(first + i) % SAMPLE_WORD_COUNT]);
        out->fields[i].value = sample_value(random, arena);
    }
}

static inline struct cs_row *sample_rows(struct sample_random *random, struct cs_arena *arena,
                                         size_t count)
{
    struct cs_row *rows = sample_take(arena, count, sizeof *rows);
    struct cs_id id = {{0}};
    for (size_t i = 0; i < count; i++) {
        sample_row(random, arena, &id, &rows[i]);
    }
    return rows;
}

static inline const struct cs_value *sample_field(const struct cs_row *row, struct cs_bytes name)
{
    static const struct cs_value null = {CS_VALUE_NULL, 0, {NULL, 0}};
    for (size_t i = 0; i < row->field_count; i++) {
        if (cs_bytes_equal(row->fields[i].name, name)) {
            return &row->fields[i].value;
        }
    }
    return &null;
}

static inline bool sample_fields_within(const struct cs_row *a, const struct cs_row *b)
{
    for (size_t i = 0; i < a->field_count; i++) {
        if (!cs_value_equal(&a->fields[i].value, sample_field(b, a->fields[i].name))) {
            return false;
        }
    }
    return true;
}

/* Equal but for the order of fields; a NULL field is as good as none. */
static inline bool sample_rows_equal(const struct cs_row *a, size_t a_count, const struct cs_row *b,
                                     size_t b_count)
{
    if (a_count != b_count) {
        return false;
    }
    for (size_t i = 0; i < a_count; i++) {
        if (!cs_bytes_equal(a[i].entity, b[i].entity) || !cs_id_equal(&a[i].id, &b[i].id) ||
            a[i].deleted != b[i].deleted || a[i].scope_set != b[i].scope_set ||
            !cs_bytes_equal(a[i].versions, b[i].versions) || !sample_fields_within(&a[i], &b[i]) ||
            !sample_fields_within(&b[i], &a[i])) {
            return false;
        }
    }
    return true;
}

/* What a server sends after 10,000 parts were imported. */
static inline struct cs_row *sample_part_rows(struct cs_arena *arena, size_t count)
{
    struct cs_transactions batch = sample_batch(arena, count, CS_OPERATION_INSERT);
    struct cs_row *rows = sample_take(arena, count, sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        const struct cs_operation *operation = &batch.items[i].operations[0];
        rows[i].entity = operation->entity;
        rows[i].id = operation->row;
        rows[i].versions = sample_plain_versions(arena, SAMPLE_LOG, batch.items[i].counter);
        rows[i].field_count = operation->change_count;
        rows[i].fields = sample_take(arena, rows[i].field_count, sizeof *rows[i].fields);
        for (size_t j = 0; j < rows[i].field_count; j++) {
            rows[i].fields[j] =
                (struct cs_named_value){operation->changes[j].field, operation->changes[j].value};
        }
    }
    return rows;
}

#endif
