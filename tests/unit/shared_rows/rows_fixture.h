/*
 * What the tests of rows share: a small schema in two versions, a database in a folder of its own, and short ways to make
 * and to compare rows.
 *
 * Schema 1 has visit and part; schema 2 appends two fields to visit and adds the entity alarm: what a newer program brings.
 */
#ifndef TESTS_UNIT_SHARED_ROWS_FIXTURE_H
#define TESTS_UNIT_SHARED_ROWS_FIXTURE_H

#include "shared/base/limits.h"
#include "shared/rows/row_table.h"
#include "tests/support/fake_world.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/testing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define T(text) cs_bytes_of_text(text)
#define TEXT(text) cs_value_text(cs_bytes_of_text(text))
#define NUMBER(number) cs_value_integer(number)

enum {
    VISIT_NAME,
    VISIT_NOTE,
    VISIT_COUNT,
    VISIT_LEADER,
    VISIT_FIELDS_1,
    VISIT_MOOD = 4,
    VISIT_SITE
};
enum { PART_CODE, PART_VISIT, PART_QUANTITY, PART_SUBJECT, PART_FIELDS };

static const struct cs_field visit_fields[] = {
    {.name = "name", .type = CS_FIELD_TEXT, .flags = CS_FIELD_SIGNED | CS_FIELD_LABEL},
    {.name = "note", .type = CS_FIELD_TEXT},
    {.name = "count", .type = CS_FIELD_INTEGER, .flags = CS_FIELD_SIGNED},
    {.name = "leader", .type = CS_FIELD_REFERENCE, .references = "visit"},
    {.name = "mood", .type = CS_FIELD_TEXT, .flags = CS_FIELD_SIGNED},
    {.name = "site", .type = CS_FIELD_REFERENCE, .references = "visit"},
};
static const struct cs_field part_fields[] = {
    {.name = "code", .type = CS_FIELD_TEXT, .flags = CS_FIELD_SIGNED},
    {.name = "visit", .type = CS_FIELD_REFERENCE, .references = "visit", .flags = CS_FIELD_FOLLOWS},
    {.name = "quantity", .type = CS_FIELD_INTEGER, .flags = CS_FIELD_SIGNED},
    {.name = "subject", .type = CS_FIELD_BYTES, .size_max = CS_ID_SIZE},
};
static const struct cs_field alarm_fields[] = {{.name = "text", .type = CS_FIELD_TEXT}};

static const struct cs_entity visit_1 = {
    .name = "visit", .fields = visit_fields, .field_count = VISIT_FIELDS_1};
static const struct cs_entity visit_2 = {
    .name = "visit", .fields = visit_fields, .field_count = CS_COUNT(visit_fields)};
static const struct cs_entity part_1 = {
    .name = "part", .natural_key = "code", .fields = part_fields, .field_count = PART_FIELDS};
static const struct cs_entity alarm_2 = {.name = "alarm", .fields = alarm_fields, .field_count = 1};

static const struct cs_entity *const entities_1[] = {&visit_1, &part_1};
static const struct cs_entity *const entities_2[] = {&visit_2, &part_1, &alarm_2};
static const struct cs_registry schema_1 = {entities_1, CS_COUNT(entities_1)};
static const struct cs_registry schema_2 = {entities_2, CS_COUNT(entities_2)};

struct rows_fixture {
    struct fake_world fake;
    char folder[64];
    char path[96];
    struct cs_database *database;
    struct cs_row_tables *tables;
    struct cs_arena arena;
};

static inline void fixture_close(struct rows_fixture *f)
{
    cs_row_tables_destroy(f->tables);
    f->tables = NULL;
    cs_database_close(f->database);
    f->database = NULL;
}

static inline enum cs_status fixture_open(struct rows_fixture *f,
                                          const struct cs_registry *registry)
{
    assert_ok(cs_database_open(&f->fake.world, f->path, CS_DATABASE_WRITER, &f->database, NULL));
    return cs_row_tables_create(f->database, registry, &f->tables);
}

/* As a newer or an older program would find it. */
static inline enum cs_status fixture_reopen(struct rows_fixture *f,
                                            const struct cs_registry *registry)
{
    fixture_close(f);
    return fixture_open(f, registry);
}

static inline int fixture_set_up(void **state)
{
    struct rows_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    fake_world_init(&f->fake, 1);
    cs_arena_init(&f->arena, CS_MESSAGE_ARENA_MAX);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/cs-rows-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof f->path, "%s/rows.db", f->folder);
    faulty_vfs_install();
    f->fake.world.sqlite_vfs = FAULTY_VFS_NAME;
    assert_ok(fixture_open(f, &schema_1));
    *state = f;
    return 0;
}

static inline void fixture_empty_folder(const struct rows_fixture *f)
{
    DIR *folder = opendir(f->folder);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", f->folder, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
}

static inline int fixture_tear_down(void **state)
{
    struct rows_fixture *f = *state;
    cs_memory_fail_after(-1);
    faulty_vfs_reset();
    fixture_close(f);
    cs_arena_release(&f->arena);
    fake_world_release(&f->fake);
    fixture_empty_folder(f);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static inline struct cs_id id_of(unsigned number)
{
    struct cs_id id = {{0x01, 0x8f}};
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

static inline void execute(struct rows_fixture *f, const char *sql)
{
    if (cs_database_execute(f->database, sql) != CS_OK) {
        fail_msg("%s: %s", sql, cs_database_error(f->database));
    }
}

static inline int64_t query(struct rows_fixture *f, const char *sql)
{
    struct cs_statement *statement;
    bool row = false;
    assert_ok(cs_statement_get(f->database, sql, &statement));
    assert_ok(cs_statement_step(statement, &row));
    assert_true(row);
    int64_t value = cs_column_integer(statement, 0);
    cs_statement_done(statement);
    return value;
}

static inline struct cs_named_value field(const char *name, struct cs_value value)
{
    return (struct cs_named_value){T(name), value};
}

/* A row as it arrives: fields by name, known or not. */
static inline struct cs_stored_row make_row(struct rows_fixture *f, const char *entity,
                                            unsigned number, const struct cs_named_value *fields,
                                            size_t count)
{
    struct cs_stored_row row;
    assert_ok(cs_row_from_fields(cs_row_tables_registry(f->tables), T(entity), fields, count,
                                 &f->arena, &row));
    row.id = id_of(number);
    row.exists = true;
    row.versions = T("versions");
    row.scopes = cs_bytes_make("\x01\x05", 2);
    row.position = 7;
    return row;
}

static inline void store(struct rows_fixture *f, const char *entity, unsigned number,
                         const struct cs_named_value *fields, size_t count)
{
    struct cs_stored_row row = make_row(f, entity, number, fields, count);
    assert_ok(cs_row_store(f->tables, &row));
}

static inline struct cs_stored_row load(struct rows_fixture *f, const char *entity, unsigned number)
{
    struct cs_id id = id_of(number);
    struct cs_stored_row row;
    assert_ok(cs_row_load(f->tables, T(entity), &id, &f->arena, &row));
    return row;
}

static inline enum cs_status load_status(struct rows_fixture *f, const char *entity,
                                         unsigned number)
{
    struct cs_id id = id_of(number);
    struct cs_stored_row row;
    return cs_row_load(f->tables, T(entity), &id, &f->arena, &row);
}

static inline void assert_bytes(struct cs_bytes got, struct cs_bytes expected)
{
    assert_int_equal(got.size, expected.size);
    assert_true(cs_bytes_equal(got, expected));
}

static inline void assert_value(const struct cs_value *got, struct cs_value expected)
{
    assert_true(cs_value_equal(got, &expected));
}

/* Everything but what `exists` says of the outputs' lifetime. */
static inline void assert_same_row(const struct cs_stored_row *a, const struct cs_stored_row *b)
{
    assert_ptr_equal(a->entity, b->entity);
    assert_bytes(a->name, b->name);
    assert_true(cs_id_equal(&a->id, &b->id));
    assert_int_equal(a->exists, b->exists);
    assert_int_equal(a->deleted, b->deleted);
    assert_int_equal(a->position, b->position);
    assert_bytes(a->versions, b->versions);
    assert_bytes(a->scopes, b->scopes);
    for (size_t i = 0; a->entity != NULL && i < a->entity->field_count; i++) {
        assert_value(&a->values[i], b->values[i]);
    }
    assert_int_equal(a->extra_count, b->extra_count);
    for (size_t i = 0; i < a->extra_count; i++) {
        assert_bytes(a->extra[i].name, b->extra[i].name);
        assert_value(&a->extra[i].value, b->extra[i].value);
    }
}

#define ROW_TEST(function)                                                                         \
    cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

#endif
