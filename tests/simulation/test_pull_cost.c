/*
 * A pull costs what changed since, not what exists (design §7): the same ten changes among a thousand rows and among a hundred
 * thousand take the same statements, the same rows read, and as good as the same steps of the database.
 */
#include "shared/merge/row_versions.h"
#include "sync-server/handlers/pull.h"
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHANGES 10

struct scene {
    struct fake_world fake;
    char folder[64];
    char path[96];
    struct cs_store *writer;
    struct cs_arena arena;
    uint64_t everyone;
    struct cs_bytes versions;
    struct cs_bytes scopes;
};

static void put_part(struct scene *scene, uint64_t number, uint64_t from, uint64_t position)
{
    const struct cs_entity *part = cs_registry_find(cs_registry_core(), cs_bytes_of_text("part"));
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX] = {0};
    char code[32];
    (void)snprintf(code, sizeof code, "P-%06llu", (unsigned long long)number);
    values[0] = cs_value_text(cs_bytes_of_text(code));
    values[1] = cs_value_text(cs_bytes_of_text(from == 0 ? "继电器" : "接触器"));
    struct cs_stored_row row = {.entity = part,
                                .name = cs_bytes_of_text("part"),
                                .exists = true,
                                .values = values,
                                .versions = scene->versions,
                                .scopes = scene->scopes,
                                .position = position};
    for (size_t i = 0; i < 8; i++) {
        row.id.bytes[15 - i] = (uint8_t)(number >> (8 * i));
    }
    const struct cs_scope_entry entry = {
        .position = position, .entered = position, .entity = row.name, .row = row.id};
    assert_ok(cs_store_save_rows(scene->writer, &row, 1));
    assert_ok(cs_store_move_scope_entry(scene->writer, scene->everyone, from, &entry));
}

static void open_scene(struct scene *scene, uint64_t rows)
{
    const struct cs_scope_name everyone = {.kind = CS_SCOPE_EVERYONE};
    memset(scene, 0, sizeof *scene);
    fake_world_init(&scene->fake, 1);
    cs_arena_init(&scene->arena, CS_MESSAGE_ARENA_MAX);
    (void)snprintf(scene->folder, sizeof scene->folder, "/tmp/countersign-cost-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    (void)snprintf(scene->path, sizeof scene->path, "%s/server.db", scene->folder);
    assert_ok(cs_store_open(&scene->fake.world, scene->path, CS_STORE_WRITER, cs_registry_core(),
                            &scene->writer, NULL));
    struct cs_buffer packed;
    cs_buffer_init(&packed, 64);
    cs_row_versions_pack(&(struct cs_row_versions){.created = {7, 1}}, &packed);
    assert_ok(cs_arena_copy(&scene->arena, cs_buffer_bytes(&packed), &scene->versions));
    cs_buffer_release(&packed);
    assert_ok(cs_store_begin(scene->writer));
    assert_ok(cs_store_scope_number(scene->writer, &everyone, true, &scene->everyone));
    assert_ok(cs_scope_numbers_with(CS_BYTES_NONE, scene->everyone, &scene->arena, &scene->scopes));
    for (uint64_t i = 1; i <= rows; i++) {
        put_part(scene, i, 0, i);
    }
    assert_ok(cs_store_set_position(scene->writer, rows));
    assert_ok(cs_store_commit(scene->writer));
    assert_ok(cs_store_begin(scene->writer));
    for (uint64_t i = 1; i <= CHANGES; i++) {
        put_part(scene, i * (rows / CHANGES), i * (rows / CHANGES), rows + i);
    }
    assert_ok(cs_store_set_position(scene->writer, rows + CHANGES));
    assert_ok(cs_store_commit(scene->writer));
}

static void close_scene(struct scene *scene)
{
    cs_store_close(scene->writer);
    cs_arena_release(&scene->arena);
    fake_world_release(&scene->fake);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf -- '%s'", scene->folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): the test's own folder */
}

/* What the pull of a technician, who had everything before the changes, costs. */
static struct cs_database_work pull(struct scene *scene, uint64_t cursor, size_t expected_rows)
{
    struct cs_store *reader;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_store_open(&scene->fake.world, scene->path, CS_STORE_READER, cs_registry_core(),
                            &reader, NULL));
    struct cs_scope_cursor cursors[] = {{{.kind = CS_SCOPE_EVERYONE}, cursor},
                                        {{.kind = CS_SCOPE_PERSON, .id = {{9}}}, cursor}};
    const struct cs_device device = {.person = {{9}}, .roles = CS_ROLE(TECHNICIAN)};
    const struct cs_sync_request request = {.cursors = cursors, .cursor_count = 2};
    const struct cs_push_result nothing = {.echo_count = 0};
    const struct cs_page_limits limits = {CS_PAGE_ROWS_MAX, CS_PAGE_BYTES_TARGET};
    struct cs_sync_response response;
    memset(&response, 0, sizeof response);
    struct cs_database *database = cs_row_tables_database(cs_store_rows(reader));
    assert_ok(cs_store_begin(reader));
    struct cs_database_work before = cs_database_work(database);
    assert_ok(cs_pull_read(reader, &device, &request, &nothing, &limits, &arena, &response));
    struct cs_database_work work = cs_database_work(database);
    cs_store_rollback(reader);
    assert_int_equal(response.row_count, expected_rows);
    assert_true(response.last);
    cs_store_close(reader);
    cs_arena_release(&arena);
    return (struct cs_database_work){work.statements - before.statements, work.rows - before.rows,
                                     work.steps - before.steps};
}

static void a_pull_costs_what_changed(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1000, 100000};
    struct cs_database_work work[CS_COUNT(sizes)];
    struct cs_database_work idle[CS_COUNT(sizes)];
    for (size_t i = 0; i < CS_COUNT(sizes); i++) {
        struct scene scene;
        open_scene(&scene, sizes[i]);
        work[i] = pull(&scene, sizes[i], CHANGES);
        idle[i] = pull(&scene, sizes[i] + CHANGES, 0);
        print_message("%6llu rows, %d changes: %llu statements, %llu rows read, %llu steps; no "
                      "news: %llu, %llu, %llu\n",
                      (unsigned long long)sizes[i], CHANGES, (unsigned long long)work[i].statements,
                      (unsigned long long)work[i].rows, (unsigned long long)work[i].steps,
                      (unsigned long long)idle[i].statements, (unsigned long long)idle[i].rows,
                      (unsigned long long)idle[i].steps);
        close_scene(&scene);
    }
    assert_int_equal(work[0].statements, work[1].statements);
    assert_int_equal(work[0].rows, work[1].rows);
    assert_true(work[0].rows >= 2L * CHANGES && work[0].rows <= 4L * CHANGES);
    assert_true(work[1].steps <= work[0].steps + work[0].steps / 20);
    assert_int_equal(idle[0].statements, idle[1].statements);
    assert_true(idle[1].steps <= idle[0].steps + idle[0].steps / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_pull_costs_what_changed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
