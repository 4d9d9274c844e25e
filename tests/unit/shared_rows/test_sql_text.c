/* The SQL made from a descriptor: read as text here, run in test_row_table.c. */
#include "shared/rows/sql_text.h"

#include "tests/unit/shared_rows/rows_fixture.h"

static struct cs_row_sql made(struct cs_arena *arena, const struct cs_entity *entity)
{
    struct cs_row_sql sql;
    assert_ok(cs_row_sql_make(entity, arena, &sql));
    return sql;
}

static void texts_of_an_entity(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_row_sql sql = made(&arena, &alarm_2);
    assert_string_equal(sql.create,
                        "CREATE TABLE IF NOT EXISTS \"alarm\" (id BLOB PRIMARY KEY NOT NULL, "
                        "\"text\", _deleted INTEGER NOT NULL, _versions BLOB NOT NULL, "
                        "_extra BLOB NOT NULL, _scopes BLOB NOT NULL, _position INTEGER NOT NULL) "
                        "WITHOUT ROWID");
    assert_string_equal(sql.create_indexes, "");
    assert_string_equal(sql.select, "SELECT id, _deleted, _versions, _extra, _scopes, _position, "
                                    "\"text\" FROM \"alarm\"");
    assert_string_equal(sql.load, "SELECT id, _deleted, _versions, _extra, _scopes, _position, "
                                  "\"text\" FROM \"alarm\" WHERE id = ?1");
    assert_string_equal(sql.store,
                        "INSERT INTO \"alarm\" (id, _deleted, _versions, _extra, _scopes, "
                        "_position, \"text\") VALUES (?1, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO "
                        "UPDATE SET _deleted = excluded._deleted, _versions = excluded._versions, "
                        "_extra = excluded._extra, _scopes = excluded._scopes, _position = "
                        "excluded._position, \"text\" = excluded.\"text\"");
    assert_string_equal(sql.replace,
                        "INSERT OR REPLACE INTO \"alarm\" (id, _deleted, _versions, _extra, "
                        "_scopes, _position, \"text\") VALUES (?1, ?, ?, ?, ?, ?, ?)");
    assert_string_equal(sql.remove, "DELETE FROM \"alarm\" WHERE id = ?1");
    assert_string_equal(sql.count, "SELECT count(*) FROM \"alarm\" WHERE _deleted = 0");
    struct cs_buffer find;
    cs_buffer_init(&find, CS_KIBI);
    cs_row_sql_find(&alarm_2, 0, &find);
    assert_string_equal(cs_buffer_text(&find), "SELECT id FROM \"alarm\" WHERE \"text\" IS ?1 AND "
                                               "_deleted <= ?3 ORDER BY id LIMIT ?2");
    cs_buffer_release(&find);
    cs_arena_release(&arena);
}

static void natural_keys_references_and_ids_are_indexed(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_row_sql sql = made(&arena, &part_1);
    assert_string_equal(sql.create_indexes,
                        "CREATE INDEX IF NOT EXISTS \"part.code\" ON \"part\" (\"code\");"
                        "CREATE INDEX IF NOT EXISTS \"part.visit\" ON \"part\" (\"visit\");"
                        "CREATE INDEX IF NOT EXISTS \"part.subject\" ON \"part\" (\"subject\");");
    sql = made(&arena, &visit_1);
    assert_string_equal(sql.create_indexes,
                        "CREATE INDEX IF NOT EXISTS \"visit.leader\" ON \"visit\" (\"leader\");");
    cs_arena_release(&arena);
}

static void storing_leaves_fields_with_an_index_alone(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_row_sql sql = made(&arena, &part_1);
    const char *update = strstr(sql.store, "_position = excluded._position");
    assert_non_null(update);
    assert_string_equal(update,
                        "_position = excluded._position, \"quantity\" = excluded.\"quantity\" "
                        "WHERE \"part\".\"code\" IS excluded.\"code\" AND \"part\".\"visit\" IS "
                        "excluded.\"visit\" AND \"part\".\"subject\" IS excluded.\"subject\"");
    cs_arena_release(&arena);
}

static void the_largest_entity_fits(void **state)
{
    (void)state;
    static char names[CS_FIELDS_PER_ENTITY_MAX][CS_NAME_MAX + 1];
    static struct cs_field fields[CS_FIELDS_PER_ENTITY_MAX];
    char entity_name[CS_NAME_MAX + 1];
    memset(entity_name, 'e', CS_NAME_MAX);
    entity_name[CS_NAME_MAX] = '\0';
    for (size_t i = 0; i < CS_FIELDS_PER_ENTITY_MAX; i++) {
        memset(names[i], 'f', CS_NAME_MAX);
        names[i][0] = (char)('a' + i % 26);
        names[i][1] = (char)('a' + i / 26);
        fields[i] = (struct cs_field){
            .name = names[i], .type = CS_FIELD_REFERENCE, .references = entity_name};
    }
    const struct cs_entity entity = {
        .name = entity_name, .fields = fields, .field_count = CS_FIELDS_PER_ENTITY_MAX};
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_row_sql sql = made(&arena, &entity);
    size_t parameters = 0;
    for (const char *at = sql.store; (at = strchr(at, '?')) != NULL; at++) {
        parameters++;
    }
    assert_int_equal(parameters, 134);
    struct cs_buffer find;
    cs_buffer_init(&find, CS_KIBI);
    for (size_t i = 0; i < CS_FIELDS_PER_ENTITY_MAX; i++) {
        assert_non_null(strstr(sql.create, names[i]));
        assert_non_null(strstr(sql.create_indexes, names[i]));
        cs_buffer_clear(&find);
        cs_row_sql_find(&entity, i, &find);
        assert_non_null(strstr(cs_buffer_text(&find), names[i]));
    }
    cs_buffer_release(&find);
    cs_arena_release(&arena);
}

static void an_entity_without_fields_has_texts_too(void **state)
{
    (void)state;
    const struct cs_entity entity = {.name = "bare"};
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_row_sql sql = made(&arena, &entity);
    assert_non_null(strstr(sql.store, "_position) VALUES (?1, ?, ?, ?, ?, ?)"));
    cs_arena_release(&arena);
}

static void every_failing_allocation_is_clean(void **state)
{
    (void)state;
    enum cs_status status = CS_NO_MEMORY;
    long failures = 0;
    for (long n = 0; status != CS_OK; n++) {
        assert_true(n < 100);
        struct cs_row_sql sql = {.create = "untouched"};
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MEBI);
        cs_memory_fail_after(n);
        status = cs_row_sql_make(&part_1, &arena, &sql);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_string_equal(sql.create, "untouched");
            failures++;
        }
        cs_arena_release(&arena);
    }
    assert_true(failures > 2);
}

static void an_arena_that_is_too_small_is_told(void **state)
{
    (void)state;
    struct cs_row_sql sql;
    enum cs_status status = CS_NO_MEMORY;
    for (size_t limit = 0; status != CS_OK; limit += 64) {
        assert_true(limit < 4 * CS_KIBI);
        struct cs_arena arena;
        cs_arena_init(&arena, limit);
        status = cs_row_sql_make(&part_1, &arena, &sql);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        cs_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_an_entity),
        cmocka_unit_test(natural_keys_references_and_ids_are_indexed),
        cmocka_unit_test(storing_leaves_fields_with_an_index_alone),
        cmocka_unit_test(the_largest_entity_fits),
        cmocka_unit_test(an_entity_without_fields_has_texts_too),
        cmocka_unit_test(every_failing_allocation_is_clean),
        cmocka_unit_test(an_arena_that_is_too_small_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
