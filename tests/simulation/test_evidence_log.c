/*
 * Fork consistency over the whole engine: the log grows with everything that must stand up later, every client
 * verifies it at every sync, and a server that drops, alters or shows two histories is found out.
 */
#include "tests/simulation/hostile.h"
#include "tests/support/testing.h"

#include "field-client/replica/doctor.h"
#include "field-client/replica/log_state.h"
#include "shared/base/text.h"
#include "shared/evidence/record.h"
#include "sync-server/reconcile/evidence_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct laptop *office;
    struct laptop *technician;
    char field[64];
};

static void sync_all(struct scene *scene)
{
    for (int round = 0; round < 2; round++) {
        laptop_sync_equal(scene->owner);
        laptop_sync_equal(scene->office);
        laptop_sync_equal(scene->technician);
    }
}

static void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 77);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->office = universe_join(&scene->universe, scene->owner, "陈晓", CS_ROLE(OFFICE));
    scene->technician = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(TECHNICIAN));
    sync_all(scene);
}

static struct cs_log_state log_of(struct laptop *laptop)
{
    struct cs_log_state log;
    assert_ok(cs_log_state_load(laptop->replica, &log));
    assert_true(log.any);
    return log;
}

static const char *alarm_of(struct laptop *laptop)
{
    static char text[CS_PROBLEM_TEXT_MAX + 1];
    struct cs_buffer alarm;
    cs_buffer_init(&alarm, CS_PROBLEM_TEXT_MAX);
    assert_ok(cs_log_alarm(laptop->replica, &alarm));
    memcpy(text, alarm.size == 0 ? (const uint8_t *)"" : alarm.data, alarm.size);
    text[alarm.size] = '\0';
    cs_buffer_release(&alarm);
    return text;
}

/* A receipt as the device would sign it, with the last checkpoint it was shown. */
static struct cs_id sign_receipt(struct scene *scene, struct cs_id visit, const char *number)
{
    struct laptop *laptop = scene->technician;
    struct cs_log_state log = log_of(laptop);
    struct cs_record record = {.kind = cs_bytes_of_text("receipt"),
                               .claimed = cs_instant_make(laptop->fake.wall_ms, 480),
                               .checkpoint = cs_bytes_make(log.note, log.note_size)};
    struct cs_buffer bytes;
    struct cs_edit *edit;
    struct cs_id id;
    cs_buffer_init(&bytes, CS_RECORD_MAX);
    memcpy(record.organisation, cs_identity_organisation(laptop->identity), CS_HASH_SIZE);
    memcpy(record.certificate, cs_identity_certificate_id(laptop->identity), CS_HASH_SIZE);
    assert_ok(cs_record_encode(&record, cs_identity_sign_key(laptop->identity), &bytes));
    const struct cs_named_value values[] = {
        {cs_bytes_of_text("number"), cs_value_text(cs_bytes_of_text(number))},
        {cs_bytes_of_text("visit"), cs_value_bytes(cs_id_bytes(&visit))},
        {cs_bytes_of_text("signer"), cs_value_text(cs_bytes_of_text("陈主任"))},
        {cs_bytes_of_text("signed_at"), cs_value_integer(record.claimed)},
        {cs_bytes_of_text("record"), cs_value_bytes(cs_buffer_bytes(&bytes))}};
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    assert_ok(cs_edit_insert(edit, cs_bytes_of_text("receipt"), NULL, values, CS_COUNT(values), &id,
                             &scene->universe.problem));
    assert_ok(cs_edit_commit(edit));
    cs_buffer_release(&bytes);
    return id;
}

static struct cs_id new_visit(struct scene *scene)
{
    char person[64];
    char order_field[64];
    (void)snprintf(person, sizeof person, "technician=%s",
                   id_text(cs_identity_certificate(scene->technician->identity)->person));
    struct cs_id order = laptop_new(scene->office, "work_order", "number=W-1", person, NULL);
    sync_all(scene);
    (void)snprintf(order_field, sizeof order_field, "work_order=%s", id_text(order));
    struct cs_id visit = laptop_new(scene->technician, "visit", order_field, person, NULL);
    sync_all(scene);
    return visit;
}

static uint64_t server_log_size(struct scene *scene)
{
    uint64_t size = 0;
    assert_ok(cs_store_log_size(cs_server_store(scene->universe.server), &size));
    return size;
}

static void everything_is_entered_and_proved(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    uint64_t size = server_log_size(&scene);
    assert_true(size >= 3); /* certificates */
    assert_int_equal(log_of(scene.owner).checkpoint.size, size);
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    assert_int_equal(server_log_size(&scene), size + 1);
    assert_int_equal(log_of(scene.office).checkpoint.size, size + 1);
    struct cs_id visit = new_visit(&scene);
    struct cs_log_state shown = log_of(scene.technician);
    size = server_log_size(&scene);
    (void)sign_receipt(&scene, visit, "A-1");
    laptop_sync_equal(scene.technician);
    /* The receipt and the change-set that brought it. */
    assert_int_equal(server_log_size(&scene), size + 2);
    assert_true(log_of(scene.technician).checkpoint.size > shown.checkpoint.size);
    sync_all(&scene);
    assert_int_equal(laptop_count(scene.office, "receipt", "number", "A-1"), 1);
    assert_memory_equal(log_of(scene.office).checkpoint.root, log_of(scene.owner).checkpoint.root,
                        CS_HASH_SIZE);
    universe_restart_server(&scene.universe);
    laptop_restart(scene.office);
    laptop_sync_equal(scene.office);
    /* A device that joins late verifies everything with its first page. */
    struct laptop *late = universe_join(&scene.universe, scene.owner, "赵敏", CS_ROLE(OFFICE));
    laptop_sync_equal(late);
    assert_int_equal(laptop_count(late, "receipt", "number", "A-1"), 1);
    universe_close(&scene.universe);
}

static void no_news_carries_no_checkpoint_and_no_statement(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    laptop_sync_equal(scene.office);
    uint64_t quiet = scene.office->last.bytes_down;
    print_message("no news: %llu bytes up, %llu down\n",
                  (unsigned long long)scene.office->last.bytes_up, (unsigned long long)quiet);
    assert_int_equal(scene.office->last.round_trips, 1);
    assert_true(quiet + scene.office->last.bytes_up <= 1000);
    /* Something that does not concern this device moves the log. */
    (void)laptop_new(scene.owner, "customer", "name=甲厂", NULL);
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.technician);
    print_message("a new checkpoint: %llu bytes down\n",
                  (unsigned long long)scene.technician->last.bytes_down);
    assert_int_equal(scene.technician->last.pulled, 0);
    assert_true(scene.technician->last.bytes_down + scene.technician->last.bytes_up <= 1200);
    universe_close(&scene.universe);
}

static void a_request_of_format_1_is_answered_in_format_1(void **state)
{
    (void)state;
    struct scene scene;
    struct hostile old;
    open_scene(&scene);
    struct laptop *laptop = universe_join(&scene.universe, scene.owner, "老王", CS_ROLE(OFFICE));
    hostile_open(&old, laptop);
    old.without_log = true;
    (void)hostile_part(&old, "OLD-1");
    assert_ok(hostile_push(&old));
    assert_true(old.response.without_log);
    assert_true(old.response.server_statement.size > 0);
    assert_int_equal(old.response.checkpoint.size, 0);
    assert_int_equal(hostile_outcome(&old, 0), CS_OUTCOME_APPLIED);
    old.without_log = false;
    (void)hostile_part(&old, "OLD-2");
    assert_ok(hostile_push(&old));
    assert_true(old.response.checkpoint.size > 0);
    assert_true(old.response.own_proved);
    hostile_close(&old);
    universe_close(&scene.universe);
}

/* The operator works on the server's database while it is down. */
static void tamper(struct scene *scene, void (*change)(struct cs_database *database))
{
    char path[512];
    struct cs_database *database;
    cs_server_close(scene->universe.server);
    scene->universe.server = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", scene->universe.server_folder,
                   CS_SERVER_DATABASE_FILE);
    assert_ok(
        cs_database_open(&scene->universe.fake.world, path, CS_DATABASE_WRITER, &database, NULL));
    change(database);
    cs_database_close(database);
    universe_restart_server(&scene->universe);
}

static void swap_leaves(struct cs_database *database)
{
    assert_ok(cs_database_execute(
        database, "DELETE FROM _log_node; UPDATE _leaf SET number = -1 WHERE number = 0;"
                  "UPDATE _leaf SET number = 0 WHERE number = 1;"
                  "UPDATE _leaf SET number = 1 WHERE number = -1"));
}

/* The log written anew, as an operator would who knows how: all nodes fit. */
static void rebuild(struct cs_database *database)
{
    assert_ok(cs_database_execute(
        database,
        "DELETE FROM _log_node; DELETE FROM _leaf; DELETE FROM _change_set WHERE rowid = 1"));
}

static void assert_refused(struct laptop *laptop, enum cs_status expected, const char *saying)
{
    struct cs_doctor_report report;
    struct cs_log_state before = log_of(laptop);
    assert_status(laptop_sync(laptop), expected);
    assert_non_null(strstr(laptop->universe->problem.text, saying));
    assert_non_null(strstr(alarm_of(laptop), saying));
    assert_int_equal(log_of(laptop).checkpoint.size, before.checkpoint.size);
    /* It is said until it is over, also after a restart. */
    laptop_restart(laptop);
    assert_non_null(strstr(alarm_of(laptop), saying));
    assert_ok(cs_doctor_run(laptop->replica, NULL, NULL, &report));
    assert_int_equal(report.findings, 1);
}

/* Shown what it had signed, the server has to own up to it: everybody is told, and nobody is left behind. */
static void a_log_that_went_back_is_owned_up_to(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    sync_all(&scene);
    tamper(&scene, rebuild);
    laptop_sync_equal(scene.office);
    assert_true(scene.office->last.went_back);
    assert_string_equal(alarm_of(scene.office), "");
    laptop_sync_equal(scene.owner);
    assert_true(scene.owner->last.went_back);
    universe_close(&scene.universe);
}

static void a_server_that_drops_a_leaf_is_found_out(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    (void)laptop_new(scene.office, "part", "code=P-1", "name=电源", NULL);
    sync_all(&scene);
    tamper(&scene, rebuild);
    /* Later it is as large as it was, and still another one. */
    struct laptop *late = universe_join(&scene.universe, scene.owner, "赵敏", CS_ROLE(OFFICE));
    laptop_sync_equal(late);
    (void)laptop_new(late, "part", "code=P-2", "name=风扇", NULL);
    laptop_sync_equal(late);
    assert_true(server_log_size(&scene) > log_of(scene.office).checkpoint.size);
    scene.universe.server_lies = true;
    assert_refused(scene.office, CS_OTHER_HISTORY, "another history than before");
    /* One that looks finds it out itself, and owns up to it. */
    scene.universe.server_lies = false;
    laptop_sync_equal(scene.office);
    assert_true(scene.office->last.went_back);
    assert_string_equal(alarm_of(scene.office), "");
    universe_close(&scene.universe);
}

static void a_reordered_log_is_found_out(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    tamper(&scene, swap_leaves);
    assert_int_not_equal(laptop_sync(scene.owner), CS_OK);
    universe_close(&scene.universe);
}

static void alter_receipt(struct cs_database *database)
{
    assert_ok(
        cs_database_execute(database, "UPDATE receipt SET record = CAST(x'00' || record AS BLOB)"));
}

static void a_server_that_alters_signed_bytes_is_found_out(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id visit = new_visit(&scene);
    (void)sign_receipt(&scene, visit, "A-1");
    laptop_sync_equal(scene.technician);
    tamper(&scene, alter_receipt);
    assert_refused(scene.office, CS_OTHER_HISTORY, "is not in the server's evidence log");
    assert_int_equal(laptop_count(scene.office, "receipt", "number", "A-1"), 0);
    universe_close(&scene.universe);
}

/* Files outside the database stand in the fake world. */
static void copy_file(const struct cs_world *world, const char *from, const char *to,
                      const char *name)
{
    char path[600];
    struct cs_buffer content;
    cs_buffer_init(&content, CS_MEBI);
    (void)snprintf(path, sizeof path, "%s/%s", from, name);
    assert_ok(world->file_read(world->context, path, &content));
    (void)snprintf(path, sizeof path, "%s/%s", to, name);
    assert_ok(world->file_replace(world->context, path, cs_buffer_bytes(&content)));
    cs_buffer_release(&content);
}

/* A second server over a copy of the first one's folder: what an operator needs for two histories. */
static struct cs_server *copy_server(struct scene *scene)
{
    char command[700];
    char folder[300];
    struct universe *universe = &scene->universe;
    cs_server_close(universe->server);
    (void)snprintf(folder, sizeof folder, "%s-copy", universe->server_folder);
    (void)snprintf(command, sizeof command, "cp -r -- '%s' '%s'", universe->server_folder, folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own folder */
    universe->server = NULL;
    universe_restart_server(universe);
    copy_file(&universe->fake.world, universe->server_folder, folder, CS_SERVER_KEYS_FILE);
    struct cs_server_options options = {.world = &universe->fake.world,
                                        .folder = folder,
                                        .registry = universe->registry,
                                        .master_key = cs_secret_bytes(universe->master_key)};
    struct cs_server *copy;
    assert_ok(cs_server_open(&options, &copy, &universe->problem));
    return copy;
}

static void use(struct scene *scene, struct cs_server **other)
{
    struct cs_server *before = scene->universe.server;
    scene->universe.server = *other;
    *other = before;
}

static void devices_shown_two_histories_find_out(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_id visit = new_visit(&scene);
    struct cs_server *other = copy_server(&scene);
    scene.universe.server_lies = true;
    /* The owner and the technician live with the one, the office with the other. */
    (void)laptop_new(scene.owner, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.technician);
    use(&scene, &other);
    (void)laptop_new(scene.office, "part", "code=P-2", "name=风扇", NULL);
    laptop_sync_equal(scene.office);
    assert_int_equal(log_of(scene.office).checkpoint.size,
                     log_of(scene.technician).checkpoint.size);
    char here[CS_CHECKPOINT_DIGITS_SIZE];
    char there[CS_CHECKPOINT_DIGITS_SIZE];
    struct cs_log_state log = log_of(scene.office);
    cs_checkpoint_digits(&log.checkpoint, here);
    log = log_of(scene.technician);
    cs_checkpoint_digits(&log.checkpoint, there);
    assert_string_not_equal(here, there);
    /* A record of the one side reaches the other: its signer's checkpoint stands in it. */
    (void)sign_receipt(&scene, visit, "A-1");
    assert_refused(scene.technician, CS_OTHER_HISTORY, "another history than before");
    assert_refused(scene.office, CS_OTHER_HISTORY, "another history (");
    assert_int_equal(laptop_count(scene.office, "receipt", "number", "A-1"), 0);
    /* Back at the history that goes on, the technician's alarm ends. */
    use(&scene, &other);
    laptop_sync_equal(scene.technician);
    assert_string_equal(alarm_of(scene.technician), "");
    cs_server_close(other);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_entered_and_proved),
        cmocka_unit_test(no_news_carries_no_checkpoint_and_no_statement),
        cmocka_unit_test(a_request_of_format_1_is_answered_in_format_1),
        cmocka_unit_test(a_log_that_went_back_is_owned_up_to),
        cmocka_unit_test(a_server_that_drops_a_leaf_is_found_out),
        cmocka_unit_test(a_reordered_log_is_found_out),
        cmocka_unit_test(a_server_that_alters_signed_bytes_is_found_out),
        cmocka_unit_test(devices_shown_two_histories_find_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
