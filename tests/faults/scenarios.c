/*
 * The scenarios that are swept, see sweep.h: what people do, in steps that can each fail and be done again.
 *
 * Steps assert nothing that memory or disk can cause; what they read they read through functions that give a status.
 */
#include "tests/faults/scenarios.h"

#include "tests/faults/scenario_steps.h"

#include "field-client/sync/join.h"
#include "tests/golden/replica.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define IMPORTED 40
#define LARGE_ROWS 22
#define LARGE (200 * CS_KIBI)

static struct cs_named_value text_value(const char *field, const char *text)
{
    return (struct cs_named_value){cs_bytes_of_text(field), cs_value_text(cs_bytes_of_text(text))};
}

static enum cs_status conclude(struct cs_edit *edit, enum cs_status status)
{
    if (status == CS_OK) {
        return cs_edit_commit(edit);
    }
    cs_edit_abort(edit);
    return status;
}

static enum cs_status insert_part(struct cs_edit *edit, const char *code)
{
    const struct cs_named_value values[] = {text_value("code", code), text_value("name", "保险丝")};
    return cs_edit_insert(edit, cs_bytes_of_text("part"), NULL, values, 2, NULL, NULL);
}

/* One edit of one text field. */
static enum cs_status set_text(struct laptop *laptop, const char *entity, const struct cs_id *id,
                               const char *field, const char *text)
{
    struct cs_edit *edit;
    struct cs_named_value value = text_value(field, text);
    enum cs_status status = cs_edit_begin(laptop->replica, &edit);
    return status != CS_OK ? status
                           : conclude(edit, cs_edit_update(edit, cs_bytes_of_text(entity), id,
                                                           &value, 1, NULL));
}

enum cs_status sweep_sync_equal(struct laptop *laptop)
{
    enum cs_status status = laptop_sync(laptop);
    if (status == CS_OK) {
        assert_int_equal(laptop->last.digest, CS_SYNC_DIGEST_EQUAL);
    }
    return status;
}

enum cs_status sweep_sync_first(struct sweep *sweep)
{
    return sweep_sync_equal(sweep->laptops[0]);
}

enum cs_status sweep_sync_second(struct sweep *sweep)
{
    return sweep_sync_equal(sweep->laptops[1]);
}

void sweep_assert_pending(struct laptop *laptop, int64_t waiting, int64_t refused)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    assert_int_equal(counts.waiting, waiting);
    assert_int_equal(counts.packed, 0);
    assert_int_equal(counts.held, 0);
    assert_int_equal(counts.refused, refused);
}

void sweep_prepare_two(struct sweep *sweep)
{
    struct laptop *first = universe_found(&sweep->scene.universe, "王芳");
    sweep->laptops[0] = first;
    laptop_sync_equal(first);
    sweep->laptops[1] = universe_join(&sweep->scene.universe, first, "李强", CS_ROLE(OFFICE));
    sweep->ids[0] = laptop_new(first, "part", "code=P-0", "name=电源", NULL);
    sweep->ids[1] = laptop_new(first, "part", "code=P-1", "name=网线", NULL);
    laptop_sync_equal(first);
    laptop_sync_equal(sweep->laptops[1]);
    laptop_sync_equal(first);
}

struct row_count {
    const char *entity;
    const char *field;
    struct cs_bytes text;
    int64_t count;
};

static enum cs_status count_row(void *context, const struct cs_stored_row *row)
{
    struct row_count *counting = context;
    if (row->entity == NULL || row->deleted || strcmp(row->entity->name, counting->entity) != 0) {
        return CS_OK;
    }
    int index = cs_entity_field_index(row->entity, cs_bytes_of_text(counting->field));
    assert_true(index >= 0);
    counting->count += row->values[index].kind == CS_VALUE_TEXT &&
                               cs_bytes_equal(row->values[index].bytes, counting->text)
                           ? 1
                           : 0;
    return CS_OK;
}

int64_t sweep_server_count(struct sweep *sweep, const char *entity, const char *field,
                           const char *text)
{
    struct row_count counting = {entity, field, cs_bytes_of_text(text), 0};
    assert_ok(cs_row_scan_all(cs_store_rows(cs_server_store(sweep->scene.universe.server)),
                              count_row, &counting));
    return counting.count;
}

void sweep_assert_never_back(struct sweep *sweep)
{
    assert_int_equal(laptop_count(sweep->laptops[0], "exception", "kind", "server_went_back"), 0);
    assert_int_equal(laptop_count(sweep->laptops[0], "exception", "kind", "replica_differed"), 0);
}

void sweep_sync_both(struct sweep *sweep)
{
    for (int round = 0; round < 2; round++) {
        laptop_sync_equal(sweep->laptops[0]);
        laptop_sync_equal(sweep->laptops[1]);
    }
}

/* ---- One edit of several operations ---- */

static enum cs_status edit_several(struct sweep *sweep)
{
    struct laptop *laptop = sweep->laptops[0];
    struct cs_edit *edit;
    struct cs_named_value unit = text_value("unit", "个");
    enum cs_status status = cs_edit_begin(laptop->replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    status = insert_part(edit, "P-2");
    if (status == CS_OK) {
        status = cs_edit_update(edit, cs_bytes_of_text("part"), &sweep->ids[0], &unit, 1, NULL);
    }
    if (status == CS_OK) {
        status = insert_part(edit, "P-3");
    }
    if (status == CS_OK) {
        status = cs_edit_delete(edit, cs_bytes_of_text("part"), &sweep->ids[1], NULL);
    }
    status = conclude(edit, status);
    if (status != CS_OK) {
        /* Nothing of it is there. */
        sweep_assert_pending(laptop, 0, 0);
    }
    return status;
}

static void finish_edit(struct sweep *sweep)
{
    sweep_assert_pending(sweep->laptops[0], 1, 0);
    sweep_sync_both(sweep);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(laptop_count(sweep->laptops[i], "part", "code", "P-2"), 1);
        assert_int_equal(laptop_count(sweep->laptops[i], "part", "code", "P-3"), 1);
        assert_int_equal(laptop_count(sweep->laptops[i], "part", "code", "P-1"), 0);
        assert_string_equal(laptop_text(sweep->laptops[i], "part", sweep->ids[0], "unit"), "个");
    }
}

const struct sweep_scenario scenario_local_edit = {
    .name = "an edit of several operations",
    .prepare = sweep_prepare_two,
    .steps = {edit_several},
    .finish = finish_edit,
};

/* ---- An import ---- */

static enum cs_status import_parts(struct sweep *sweep)
{
    struct cs_edit *edit;
    enum cs_status status = cs_edit_begin(sweep->laptops[0]->replica, &edit);
    if (status != CS_OK) {
        return status;
    }
    for (int i = 0; status == CS_OK && i < IMPORTED; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "I-%d", i);
        status = insert_part(edit, code);
        if (status == CS_OK) {
            status = cs_edit_next_transaction(edit);
        }
    }
    status = conclude(edit, status);
    if (status != CS_OK) {
        sweep_assert_pending(sweep->laptops[0], 0, 0);
    }
    return status;
}

static void finish_import(struct sweep *sweep)
{
    sweep_assert_pending(sweep->laptops[0], IMPORTED, 0);
    sweep_sync_both(sweep);
    assert_int_equal(laptop_count(sweep->laptops[1], "part", "name", "保险丝"), IMPORTED);
}

const struct sweep_scenario scenario_import = {
    .name = "an import",
    .prepare = sweep_prepare_two,
    .steps = {import_parts},
    .finish = finish_import,
};

/* ---- A push ---- */

static void prepare_push(struct sweep *sweep)
{
    sweep_prepare_two(sweep);
    struct laptop *laptop = sweep->laptops[0];
    for (int i = 0; i < 3; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "code=N-%d", i);
        (void)laptop_new(laptop, "part", code, "name=硬盘", NULL);
    }
    assert_ok(laptop_set(laptop, "part", sweep->ids[0], "unit=个", NULL));
    assert_ok(laptop_delete(laptop, "part", sweep->ids[1]));
}

static void finish_push(struct sweep *sweep)
{
    sweep_assert_pending(sweep->laptops[0], 0, 0);
    sweep_sync_both(sweep);
    assert_int_equal(laptop_count(sweep->laptops[1], "part", "name", "硬盘"), 3);
    assert_int_equal(laptop_count(sweep->laptops[1], "part", "name", "网线"), 0);
    assert_string_equal(laptop_text(sweep->laptops[1], "part", sweep->ids[0], "unit"), "个");
}

const struct sweep_scenario scenario_push = {
    .name = "a push",
    .prepare = prepare_push,
    .steps = {sweep_sync_first},
    .finish = finish_push,
};

/* ---- A pull of several pages ---- */

static void prepare_pull(struct sweep *sweep)
{
    static char origin[7 + LARGE + 1] = "origin=";
    sweep->scene.universe.registry = &sweep->newer.registry;
    sweep_prepare_two(sweep);
    memset(origin + 7, 'a', LARGE);
    for (int i = 0; i < LARGE_ROWS; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "code=L-%d", i);
        (void)laptop_new(sweep->laptops[0], "part", code, "name=手册", origin, NULL);
        laptop_sync_equal(sweep->laptops[0]);
    }
    (void)laptop_new(sweep->laptops[1], "part", "code=N-1", "name=硬盘", NULL);
}

static void finish_pull(struct sweep *sweep)
{
    sweep_assert_pending(sweep->laptops[1], 0, 0);
    assert_int_equal(laptop_count(sweep->laptops[1], "part", "name", "手册"), LARGE_ROWS);
    laptop_sync_equal(sweep->laptops[0]);
    assert_int_equal(laptop_count(sweep->laptops[0], "part", "name", "硬盘"), 1);
}

const struct sweep_scenario scenario_pull = {
    .name = "a pull of several pages",
    .prepare = prepare_pull,
    .steps = {sweep_sync_second},
    .finish = finish_pull,
};

/* ---- A conflict and its resolution ---- */

static enum cs_status edit_unit_first(struct sweep *sweep)
{
    return set_text(sweep->laptops[0], "part", &sweep->ids[0], "unit", "个");
}

static enum cs_status edit_unit_second(struct sweep *sweep)
{
    return set_text(sweep->laptops[1], "part", &sweep->ids[0], "unit", "只");
}

/* The versions that the open conflict says have lost. */
static enum cs_status read_losing(struct laptop *laptop, struct cs_arena *arena,
                                  struct cs_versions *out)
{
    struct cs_value open = cs_value_text(cs_bytes_of_text("open"));
    struct cs_id *ids;
    size_t count;
    struct cs_stored_row row;
    enum cs_status status =
        cs_query_find(laptop->replica, cs_bytes_of_text("conflict"), cs_bytes_of_text("state"),
                      &open, 2, arena, &ids, &count, NULL);
    if (status == CS_OK) {
        assert_int_equal(count, 1);
        status =
            cs_query_get(laptop->replica, cs_bytes_of_text("conflict"), &ids[0], arena, &row, NULL);
    }
    struct cs_version *version = status == CS_OK ? cs_arena_take(arena, sizeof *version) : NULL;
    if (version == NULL) {
        return status == CS_OK ? CS_NO_MEMORY : status;
    }
    struct cs_reader reader;
    cs_reader_init(
        &reader,
        row.values[cs_entity_field_index(row.entity, cs_bytes_of_text("losing_versions"))].bytes);
    version->log = cs_read_u64(&reader);
    version->counter = cs_read_u64(&reader);
    assert_ok(cs_reader_finish(&reader));
    *out = (struct cs_versions){version, 1};
    return CS_OK;
}

static enum cs_status resolve_unit(struct sweep *sweep)
{
    struct laptop *laptop = sweep->laptops[0];
    struct cs_arena arena;
    struct cs_versions seen;
    struct cs_edit *edit;
    struct cs_named_value value = text_value("unit", "套");
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = read_losing(laptop, &arena, &seen);
    if (status == CS_OK) {
        status = cs_edit_begin(laptop->replica, &edit);
    }
    if (status == CS_OK) {
        status = conclude(edit, cs_edit_update_seeing(edit, cs_bytes_of_text("part"),
                                                      &sweep->ids[0], &value, 1, seen, NULL));
    }
    cs_arena_release(&arena);
    return status;
}

static void finish_conflict(struct sweep *sweep)
{
    for (size_t i = 0; i < 2; i++) {
        struct laptop *laptop = sweep->laptops[i];
        sweep_assert_pending(laptop, 0, 0);
        assert_string_equal(laptop_text(laptop, "part", sweep->ids[0], "unit"), "套");
        assert_int_equal(laptop_count(laptop, "conflict", "state", "open"), 0);
        assert_int_equal(laptop_count(laptop, "conflict", "state", "resolved"), 1);
    }
}

const struct sweep_scenario scenario_conflict = {
    .name = "a conflict and its resolution",
    .prepare = sweep_prepare_two,
    .steps = {edit_unit_first, edit_unit_second, sweep_sync_first, sweep_sync_second,
              sweep_sync_first, resolve_unit, sweep_sync_first, sweep_sync_second},
    .finish = finish_conflict,
};

/* ---- Joining ---- */

static void prepare_join(struct sweep *sweep)
{
    struct laptop *owner = universe_found(&sweep->scene.universe, "王芳");
    sweep->laptops[0] = owner;
    laptop_sync_equal(owner);
    universe_invite(owner, "李强", CS_ROLE(TECHNICIAN), sweep->scene.universe.fake.wall_ms + 100000,
                    &sweep->text);
    sweep->laptops[1] = universe_new_laptop(&sweep->scene.universe);
}

static enum cs_status join_second(struct sweep *sweep)
{
    struct laptop *laptop = sweep->laptops[1];
    struct cs_join_input input = {
        .world = &laptop->fake.world,
        .home = laptop->home,
        .registry = laptop->registry,
        .invite_text = cs_buffer_bytes(&sweep->text),
        .device_name = cs_bytes_of_text("laptop"),
        .passphrase = cs_bytes_of_text("correct horse battery staple"),
        .kdf_memory_mib = 64,
    };
    struct cs_join_result result;
    enum cs_status status = cs_join_run(&input, &result, &sweep->scene.universe.problem);
    /* The keys are there, and all that was missing was the memory to say so. */
    return status == CS_EXISTS ? CS_OK : status;
}

static void finish_join(struct sweep *sweep)
{
    laptop_restart(sweep->laptops[1]);
    sweep_sync_both(sweep);
    assert_int_equal(laptop_count(sweep->laptops[0], "device", "person_name", "李强"), 1);
    assert_int_equal(laptop_count(sweep->laptops[0], "person", "name", "李强"), 1);
}

const struct sweep_scenario scenario_join = {
    .name = "joining",
    .prepare = prepare_join,
    .steps = {join_second},
    .finish = finish_join,
};

/* ---- A refusal and its correction ---- */

static const char *long_unit(void)
{
    static char text[301];
    memset(text, 'x', sizeof text - 1);
    return text;
}

/* The second laptop takes longer texts than the server does. */
static void prepare_refusal(struct sweep *sweep)
{
    static struct registry_variant generous;
    sweep_prepare_two(sweep);
    variant_init(&generous, cs_registry_core());
    variant_field(&generous, "part", "unit")->size_max = 600;
    sweep->laptops[1]->registry = variant_done(&generous);
    laptop_restart(sweep->laptops[1]);
}

static enum cs_status edit_too_long(struct sweep *sweep)
{
    return set_text(sweep->laptops[1], "part", &sweep->ids[0], "unit", long_unit());
}

static enum cs_status remember_counter(void *context, const struct cs_pending *pending)
{
    *(uint64_t *)context = pending->counter;
    return CS_OK;
}

static enum cs_status correct(struct sweep *sweep)
{
    struct laptop *laptop = sweep->laptops[1];
    uint64_t counter = 0;
    struct cs_edit *edit;
    struct cs_named_value value = text_value("unit", "个");
    enum cs_status status =
        cs_query_pending(laptop->replica, CS_PENDING_REFUSED, remember_counter, &counter);
    if (status == CS_OK) {
        assert_true(counter > 0);
        status = cs_edit_begin(laptop->replica, &edit);
    }
    if (status != CS_OK) {
        return status;
    }
    status = cs_edit_settle_refusal(edit, counter, CS_PENDING_CORRECTED, NULL);
    if (status == CS_OK) {
        status = cs_edit_update(edit, cs_bytes_of_text("part"), &sweep->ids[0], &value, 1, NULL);
    }
    status = conclude(edit, status);
    if (status != CS_OK) {
        /* The refused values are still there to be corrected. */
        sweep_assert_pending(laptop, 0, 1);
    }
    return status;
}

static void finish_refusal(struct sweep *sweep)
{
    sweep_assert_pending(sweep->laptops[1], 0, 0);
    laptop_sync_equal(sweep->laptops[0]);
    assert_string_equal(laptop_text(sweep->laptops[0], "part", sweep->ids[0], "unit"), "个");
    assert_int_equal(laptop_count(sweep->laptops[0], "refusal", "reason", "TOO_LARGE"), 1);
}

const struct sweep_scenario scenario_refusal = {
    .name = "a refusal and its correction",
    .prepare = prepare_refusal,
    .steps = {edit_too_long, sweep_sync_second, correct, sweep_sync_second},
    .finish = finish_refusal,
};

/* ---- A server that was upgraded starts with work that waits ---- */

static void prepare_held(struct sweep *sweep)
{
    sweep_prepare_two(sweep);
    struct laptop *laptop = sweep->laptops[1];
    laptop->registry = &sweep->newer.registry;
    laptop_restart(laptop);
    (void)laptop_new(laptop, "tool", "name=万用表", NULL);
    assert_ok(laptop_set(laptop, "part", sweep->ids[0], "origin=苏州", NULL));
    assert_ok(laptop_set(laptop, "part", sweep->ids[0], "origin=无锡", NULL));
    laptop_sync_equal(laptop);
    cs_server_close(sweep->scene.universe.server);
    sweep->scene.universe.server = NULL;
}

static enum cs_status start_newer_server(struct sweep *sweep)
{
    struct cs_arena arena;
    struct cs_logged_transaction *held;
    size_t count = 0;
    sweep->scene.universe.registry = &sweep->newer.registry;
    enum cs_status status = universe_try_restart_server(&sweep->scene.universe);
    if (status != CS_OK) {
        return status;
    }
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    status = cs_store_held(cs_server_store(sweep->scene.universe.server), &arena, &held, &count);
    cs_arena_release(&arena);
    /* It serves without having tried them: the next start does. */
    return status == CS_OK && count > 0 ? CS_NO_MEMORY : status;
}

static void finish_held(struct sweep *sweep)
{
    sweep_assert_pending(sweep->laptops[1], 0, 0);
    sweep_sync_both(sweep);
    assert_string_equal(laptop_text(sweep->laptops[1], "part", sweep->ids[0], "origin"), "无锡");
    assert_int_equal(laptop_count(sweep->laptops[1], "tool", "name", "万用表"), 1);
    assert_int_equal(laptop_count(sweep->laptops[0], "conflict", "state", "open"), 0);
}

const struct sweep_scenario scenario_held = {
    .name = "a server that starts with held work",
    .prepare = prepare_held,
    .steps = {start_newer_server, sweep_sync_second},
    .finish = finish_held,
};

/* ---- A replica of the first version, opened by this one with a newer registry ---- */

static void prepare_migration(struct sweep *sweep)
{
    static struct registry_variant newer;
    static struct registry_variant newest;
    golden_newer(&newer);
    golden_newest(&newest);
    sweep->scene.universe.fake.wall_ms = 1772500000000;
    golden_load_server(&sweep->scene.universe, &newer.registry,
                       CS_TEST_SOURCE_DIR "/tests/golden/server/v1");
    sweep->laptops[0] =
        golden_load_laptop(&sweep->scene.universe, &newest.registry,
                           CS_TEST_SOURCE_DIR "/tests/golden/replica/v1/technician");
    cs_replica_close(sweep->laptops[0]->replica);
    sweep->laptops[0]->replica = NULL;
    golden_copy_database(sweep->laptops[0],
                         CS_TEST_SOURCE_DIR "/tests/golden/replica/v1/technician");
}

static enum cs_status open_first(struct sweep *sweep)
{
    struct laptop *laptop = sweep->laptops[0];
    if (laptop->replica != NULL) {
        return CS_OK;
    }
    return cs_replica_open(&laptop->fake.world, laptop->home, laptop->registry, laptop->identity,
                           &laptop->replica, &sweep->scene.universe.problem);
}

static void finish_migration(struct sweep *sweep)
{
    struct laptop *laptop = sweep->laptops[0];
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    assert_int_equal(counts.waiting, 2);
    assert_int_equal(counts.packed, 2);
    assert_int_equal(counts.refused, 1);
    assert_int_equal(laptop_count(laptop, "golden_tool", "name", "万用表"), 1);
    assert_int_equal(laptop_count(laptop, "part", "golden_origin", "苏州"), 1);
    laptop_sync_equal(laptop);
}

const struct sweep_scenario scenario_migration = {
    .name = "opening a replica of the first version",
    .prepare = prepare_migration,
    .steps = {open_first},
    .finish = finish_migration,
};
