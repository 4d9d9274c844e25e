/*
 * What the server keeps about scopes from change to change equals what a person would work out from all rows (scope_oracle.h),
 * whatever is edited: random rows of the entities through which scopes flow, random references between them, deletes,
 * orders that close and open again, two offices that do not know of each other.
 */
#include "tests/simulation/scope_oracle.h"
#include "tests/support/testing.h"

#include <stdlib.h>
#include <string.h>

#define SEEDS 4
#define ROUNDS 40
#define EDITS_PER_ROUND 6
#define IDS_MAX 400

/* What is made; those that others refer to come first. */
static const char *const kinds[] = {"customer",        "site",       "project", "system",
                                    "service_request", "work_order", "visit",   "stock_location",
                                    "stock_movement"};

struct scene {
    struct universe universe;
    struct laptop *offices[2];
    struct laptop *technicians[3];
    struct cs_id ids[CS_COUNT(kinds)][IDS_MAX];
    size_t counts[CS_COUNT(kinds)];
    struct cs_id people[3];
    struct cs_id part;
};

static size_t draw(struct scene *scene, size_t below)
{
    return (size_t)(fake_world_next(&scene->universe.fake) % below);
}

static int kind_of(const char *entity)
{
    for (size_t i = 0; i < CS_COUNT(kinds); i++) {
        if (strcmp(kinds[i], entity) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static struct cs_value draw_reference(struct scene *scene, const char *entity)
{
    int kind = kind_of(entity);
    if (strcmp(entity, "person") == 0) {
        return cs_value_bytes(cs_id_bytes(&scene->people[draw(scene, CS_COUNT(scene->people))]));
    }
    if (strcmp(entity, "part") == 0) {
        return cs_value_bytes(cs_id_bytes(&scene->part));
    }
    if (kind < 0 || scene->counts[kind] == 0) {
        return CS_NULL;
    }
    return cs_value_bytes(cs_id_bytes(&scene->ids[kind][draw(scene, scene->counts[kind])]));
}

static struct cs_value draw_value(struct scene *scene, const struct cs_field *field)
{
    static const char *const states[] = {"assigned", "on_site", "reconciled", "cancelled"};
    static const char *const texts[] = {"甲", "乙", "丙"};
    switch ((int)field->type) {
    case CS_FIELD_REFERENCE:
        return draw(scene, 6) == 0 && (field->flags & CS_FIELD_REQUIRED) == 0
                   ? CS_NULL
                   : draw_reference(scene, field->references);
    case CS_FIELD_CHOICE:
        return strcmp(field->name, "status") == 0
                   ? cs_value_text(cs_bytes_of_text(states[draw(scene, CS_COUNT(states))]))
                   : CS_NULL;
    case CS_FIELD_INTEGER:
        return cs_value_integer(1 + (int64_t)draw(scene, 5));
    case CS_FIELD_TEXT:
        return cs_value_text(cs_bytes_of_text(texts[draw(scene, CS_COUNT(texts))]));
    default:
        return CS_NULL;
    }
}

/* Fields through which scopes flow, and as many others as the row needs. */
static bool matters(const struct cs_field *field)
{
    return field->type == CS_FIELD_REFERENCE || strcmp(field->name, "status") == 0 ||
           strcmp(field->name, "name") == 0 || (field->flags & CS_FIELD_REQUIRED) != 0;
}

static enum cs_status insert(struct scene *scene, struct cs_edit *edit,
                             const struct cs_entity *entity)
{
    struct cs_named_value values[CS_FIELDS_PER_ENTITY_MAX];
    size_t count = 0;
    size_t kind = (size_t)kind_of(entity->name);
    for (size_t i = 0; i < entity->field_count; i++) {
        struct cs_value value =
            matters(&entity->fields[i]) ? draw_value(scene, &entity->fields[i]) : CS_NULL;
        if (value.kind != CS_VALUE_NULL) {
            values[count++] =
                (struct cs_named_value){cs_bytes_of_text(entity->fields[i].name), value};
        }
    }
    if (scene->counts[kind] == IDS_MAX) {
        return CS_LIMIT;
    }
    enum cs_status status =
        cs_edit_insert(edit, cs_bytes_of_text(entity->name), NULL, values, count,
                       &scene->ids[kind][scene->counts[kind]], &scene->universe.problem);
    scene->counts[kind] += status == CS_OK ? 1 : 0;
    return status;
}

static enum cs_status update(struct scene *scene, struct cs_edit *edit,
                             const struct cs_entity *entity, const struct cs_id *id)
{
    size_t field = draw(scene, entity->field_count);
    while (!matters(&entity->fields[field])) {
        field = draw(scene, entity->field_count);
    }
    const struct cs_named_value value = {cs_bytes_of_text(entity->fields[field].name),
                                         draw_value(scene, &entity->fields[field])};
    return cs_edit_update(edit, cs_bytes_of_text(entity->name), id, &value, 1,
                          &scene->universe.problem);
}

/* One action of a person; what is not permitted (a deleted row, a value set once) is no action. */
static bool edit_something(struct scene *scene, struct laptop *laptop)
{
    size_t kind = draw(scene, CS_COUNT(kinds));
    const struct cs_entity *entity =
        cs_registry_find(scene->universe.registry, cs_bytes_of_text(kinds[kind]));
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    enum cs_status status;
    size_t action = draw(scene, 10);
    if (scene->counts[kind] == 0 || action < 3) {
        status = insert(scene, edit, entity);
    } else {
        const struct cs_id *id = &scene->ids[kind][draw(scene, scene->counts[kind])];
        status = action == 9 ? cs_edit_delete(edit, cs_bytes_of_text(entity->name), id,
                                              &scene->universe.problem)
                             : update(scene, edit, entity, id);
    }
    if (status != CS_OK) {
        assert_true(cs_status_class(status) == CS_CLASS_CALLER);
        cs_edit_abort(edit);
        return false;
    }
    assert_ok(cs_edit_commit(edit));
    return true;
}

static void open_scene(struct scene *scene, uint64_t seed)
{
    static const char *const names[] = {"李强", "赵敏", "孙丽"};
    memset(scene, 0, sizeof *scene);
    universe_open(&scene->universe, cs_registry_core(), seed);
    scene->offices[0] = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->offices[0]);
    scene->offices[1] =
        universe_join(&scene->universe, scene->offices[0], "韩梅梅", CS_ROLE(OFFICE));
    scene->part = laptop_new(scene->offices[0], "part", "code=P-1", "name=电源", NULL);
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        scene->technicians[i] =
            universe_join(&scene->universe, scene->offices[0], names[i], CS_ROLE(TECHNICIAN));
        scene->people[i] = cs_identity_certificate(scene->technicians[i]->identity)->person;
    }
    laptop_sync_equal(scene->offices[0]);
    laptop_sync_equal(scene->offices[1]);
}

static void check_all(struct scene *scene)
{
    struct scope_oracle oracle;
    scope_oracle_open(&oracle, &scene->universe);
    scope_oracle_check_server(&oracle, &scene->universe);
    for (size_t i = 0; i < CS_COUNT(scene->technicians); i++) {
        if (draw(scene, 3) == 0) {
            laptop_sync_equal(scene->technicians[i]);
            scope_oracle_check_laptop(&oracle, scene->technicians[i]);
        }
    }
    scope_oracle_close(&oracle);
}

static void scopes_kept_equal_scopes_worked_out_anew(void **state)
{
    (void)state;
    static struct scene scene;
    size_t edits = 0;
    size_t conflicts = 0;
    size_t rows = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        open_scene(&scene, seed);
        for (size_t round = 0; round < ROUNDS; round++) {
            for (size_t i = 0; i < EDITS_PER_ROUND; i++) {
                edits += edit_something(&scene, scene.offices[draw(&scene, 2)]) ? 1 : 0;
            }
            universe_advance(&scene.universe, 1000);
            laptop_sync_equal(scene.offices[draw(&scene, 2)]);
            check_all(&scene);
        }
        conflicts += (size_t)laptop_count(scene.offices[0], "conflict", "state", "open");
        for (size_t i = 0; i < CS_COUNT(kinds); i++) {
            rows += scene.counts[i];
        }
        universe_close(&scene.universe);
    }
    print_message("%d seeds: %zu edits, %zu rows, %zu open conflicts\n", SEEDS, edits, rows,
                  conflicts);
    assert_true(edits > SEEDS * ROUNDS * EDITS_PER_ROUND / 3);
    assert_true(conflicts > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scopes_kept_equal_scopes_worked_out_anew)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
