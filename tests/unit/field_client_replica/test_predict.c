/* What an operation makes of a row: the prediction that edits, overlays and echoes share. */
#include "tests/unit/field_client_replica/client_fixture.h"

#include "field-client/replica/overlay.h"
#include "shared/merge/row_versions.h"

#define OWN_LOG 7

static struct cs_stored_row absent(struct cs_arena *arena, const char *entity)
{
    struct cs_stored_row row;
    assert_ok(cs_row_from_fields(cs_registry_core(), T(entity), NULL, 0, arena, &row));
    return row;
}

static struct cs_operation operation(enum cs_operation_kind kind, struct cs_field_change *changes,
                                     size_t count)
{
    return (struct cs_operation){
        .kind = kind, .entity = T("part"), .changes = changes, .change_count = count};
}

static struct cs_versions unit(struct cs_arena *arena, const struct cs_stored_row *row,
                               const char *name)
{
    struct cs_row_versions *versions =
        cs_arena_take(arena, sizeof *versions); /* what is returned points into it */
    assert_non_null(versions);
    assert_ok(cs_row_versions_unpack(row->versions, arena, versions));
    return cs_row_versions_of(versions, T(name));
}

static void apply(struct cs_arena *arena, struct cs_stored_row *row,
                  const struct cs_operation *operation, uint64_t counter)
{
    struct cs_version version = {OWN_LOG, counter};
    assert_ok(cs_overlay_predict(operation, version, arena, row));
}

static void a_row_through_its_life(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_field_change first[] = {{T("code"), cs_value_text(T("P-1")), {NULL, 0}},
                                      {T("name"), cs_value_text(T("a")), {NULL, 0}}};
    struct cs_field_change second[] = {{T("name"), cs_value_text(T("b")), {NULL, 0}}};
    struct cs_operation insert = operation(CS_OPERATION_INSERT, first, 2);
    struct cs_operation update = operation(CS_OPERATION_UPDATE, second, 1);
    struct cs_operation removal = operation(CS_OPERATION_DELETE, NULL, 0);
    struct cs_stored_row row = absent(&arena, "part");
    apply(&arena, &row, &update, 1);
    apply(&arena, &row, &removal, 1);
    assert_false(row.exists);
    apply(&arena, &row, &insert, 2);
    assert_true(row.exists);
    assert_int_equal(row.scopes.size, 0);
    assert_int_equal(unit(&arena, &row, "name").items[0].counter, 2);
    apply(&arena, &row, &update, 3);
    assert_int_equal(unit(&arena, &row, "name").items[0].counter, 3);
    assert_int_equal(unit(&arena, &row, "code").items[0].counter, 2);
    assert_true(cs_bytes_equal_text(row.values[1].bytes, "b"));
    apply(&arena, &row, &insert, 4); /* it is there already */
    assert_int_equal(unit(&arena, &row, "name").items[0].counter, 3);
    assert_int_equal(unit(&arena, &row, CS_UNIT_DELETED).count, 0);
    apply(&arena, &row, &removal, 5);
    assert_true(row.deleted);
    assert_int_equal(unit(&arena, &row, CS_UNIT_DELETED).items[0].counter, 5);
    apply(&arena, &row, &update, 6); /* an edit revives what was deleted */
    assert_false(row.deleted);
    assert_int_equal(unit(&arena, &row, CS_UNIT_DELETED).count, 0);
    cs_arena_release(&arena);
}

static void an_update_back_to_the_creating_version_is_canonical(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_field_change change[] = {{T("name"), cs_value_text(T("a")), {NULL, 0}}};
    struct cs_operation insert = operation(CS_OPERATION_INSERT, change, 1);
    struct cs_operation update = operation(CS_OPERATION_UPDATE, change, 1);
    struct cs_stored_row row = absent(&arena, "part");
    apply(&arena, &row, &insert, 2);
    struct cs_bytes before = row.versions;
    apply(&arena, &row, &update, 2);
    assert_true(cs_bytes_equal(before, row.versions));
    cs_arena_release(&arena);
}

static void fields_of_a_newer_schema_go_among_the_extra_ones(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_field_change changes[] = {{T("zz"), cs_value_integer(1), {NULL, 0}},
                                        {T("mm"), cs_value_integer(2), {NULL, 0}},
                                        {T("zz"), cs_value_integer(3), {NULL, 0}}};
    struct cs_operation insert = operation(CS_OPERATION_INSERT, changes, 3);
    struct cs_stored_row row = absent(&arena, "part");
    apply(&arena, &row, &insert, 1);
    assert_int_equal(row.extra_count, 2);
    assert_true(cs_bytes_equal_text(row.extra[0].name, "mm"));
    assert_int_equal(row.extra[1].value.integer, 3);
    struct cs_stored_row opaque = absent(&arena, "hologram");
    insert.entity = T("hologram");
    apply(&arena, &opaque, &insert, 1);
    assert_true(opaque.exists && opaque.entity == NULL);
    assert_int_equal(opaque.extra_count, 2);
    cs_arena_release(&arena);
}

static void damaged_versions_are_noticed(void **state)
{
    (void)state;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_field_change change[] = {{T("name"), cs_value_text(T("a")), {NULL, 0}}};
    struct cs_operation update = operation(CS_OPERATION_UPDATE, change, 1);
    struct cs_operation removal = operation(CS_OPERATION_DELETE, NULL, 0);
    struct cs_stored_row row = absent(&arena, "part");
    struct cs_version version = {OWN_LOG, 1};
    row.exists = true;
    row.versions = T("junk");
    assert_status(cs_overlay_predict(&update, version, &arena, &row), CS_MALFORMED);
    assert_status(cs_overlay_predict(&removal, version, &arena, &row), CS_MALFORMED);
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_through_its_life),
        cmocka_unit_test(an_update_back_to_the_creating_version_is_canonical),
        cmocka_unit_test(fields_of_a_newer_schema_go_among_the_extra_ones),
        cmocka_unit_test(damaged_versions_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
