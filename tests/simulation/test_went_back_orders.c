/*
 * After a server went back in time things come back in another order than they were made: what had been seen arrives after who had
 * seen it. What comes of it in the end is the same.
 */
#include "tests/simulation/went_back_scene.h"

#include "field-client/replica/meta.h"
#include "shared/wire/envelope.h"
#include "shared/wire/messages.h"
#include "shared/wire/recover.h"

#include <stdio.h>
#include <string.h>

/* Open exceptions of a kind, as the owner sees them. */
static size_t open_of(struct scene *scene, const char *kind)
{
    struct cs_arena arena;
    struct cs_value value = cs_value_text(cs_bytes_of_text(kind));
    struct cs_id *ids;
    size_t count = 0;
    size_t open = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_query_find(scene->owner->replica, cs_bytes_of_text("exception"),
                            cs_bytes_of_text("kind"), &value, 100, &arena, &ids, &count, NULL));
    for (size_t i = 0; i < count; i++) {
        open +=
            strcmp(laptop_text(scene->owner, "exception", ids[i], "state"), "open") == 0 ? 1 : 0;
    }
    cs_arena_release(&arena);
    return open;
}

/* The office is told of rows that others kept as long as something is missing that they rest on, and no longer. */
static void kept_rows_are_no_news_once_all_is_back(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 71);
    (void)laptop_new(scene.office, "part", "code=DAY-1", "name=one", NULL);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.field);
    struct cs_id part = laptop_find(scene.field, "part", "code", "DAY-1");
    assert_ok(laptop_set(scene.field, "part", part, "name=of the field", NULL));
    assert_ok(laptop_set(scene.office, "part", scene.known, "name=changed", NULL));
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.owner);
    restore(&scene, "yesterday");
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.owner);
    assert_int_equal(scene.owner->last.returned, 1);
    assert_int_equal(scene.owner->last.reported, 1);
    laptop_sync_equal(scene.owner);
    assert_int_equal(open_of(&scene, "recovered_row"), 2);
    /* The one rests on changes of two. */
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.owner);
    assert_int_equal(open_of(&scene, "recovered_row"), 1);
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.owner);
    assert_int_equal(open_of(&scene, "recovered_row"), 0);
    check_equal(&scene);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "of the field");
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    universe_close(&scene.universe);
}

static void keep(struct laptop *laptop, struct cs_id part, const struct cs_version *deleted)
{
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    assert_ok(cs_edit_keep(edit, cs_bytes_of_text("part"), &part, (struct cs_versions){deleted, 1},
                           NULL));
    assert_ok(cs_edit_commit(edit));
}

/* Who keeps a row has seen that somebody deleted it. That comes later: keeping waits for it. */
static void keeping_a_row_waits_for_its_delete(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 72);
    assert_ok(laptop_delete(scene.field, "part", scene.known));
    assert_ok(laptop_set(scene.office, "part", scene.known, "spec=5V", NULL));
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    const struct cs_version deleted = {cs_identity_log(scene.field->identity), 1};
    keep(scene.owner, scene.known, &deleted);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    restore(&scene, "yesterday");
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.office);
    check_equal(&scene);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    assert_string_equal(laptop_text(scene.owner, "part", scene.known, "spec"), "5V");
    universe_close(&scene.universe);
}

/* A delete comes back before the edit that it had seen: a conflict until then, and none after it. */
static void a_delete_may_come_before_what_it_had_seen(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 73);
    assert_ok(laptop_set(scene.field, "part", scene.known, "spec=5V", NULL));
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.office);
    assert_ok(laptop_delete(scene.office, "part", scene.known));
    laptop_sync_equal(scene.office);
    restore(&scene, "yesterday");
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "K-1"), 1);
    laptop_sync_equal(scene.field);
    check_equal(&scene);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 0);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "K-1"), 0);
    universe_close(&scene.universe);
}

/* When nobody is awaited any more, what waited is tried once more at once, not only when somebody happens to send something. */
static void the_end_of_the_wait_ends_what_waits(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 74);
    struct cs_id customer = laptop_new(scene.office, "customer", "name=甲公司", NULL);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.field);
    char id[CS_ID_TEXT_SIZE];
    char reference[CS_ID_TEXT_SIZE + 16];
    cs_id_format(&customer, id);
    (void)snprintf(reference, sizeof reference, "customer=%s", id);
    (void)laptop_new(scene.field, "site", "name=机房", reference, NULL);
    laptop_sync_equal(scene.field);
    restore(&scene, "yesterday");
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.owner);
    assert_true(awaits_any(&scene));
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 0);
    /* The office's laptop is given up. */
    struct cs_arena arena;
    struct cs_value open = cs_value_text(cs_bytes_of_text("open"));
    struct cs_id *ids;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_query_find(scene.owner->replica, cs_bytes_of_text("exception"),
                            cs_bytes_of_text("state"), &open, 100, &arena, &ids, &count, NULL));
    for (size_t i = 0; i < count; i++) {
        assert_ok(laptop_set(scene.owner, "exception", ids[i], "decision=accepted", NULL));
    }
    cs_arena_release(&arena);
    laptop_sync_equal(scene.owner);
    assert_false(awaits_any(&scene));
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "refusal", "state", "open"), 1);
    universe_close(&scene.universe);
}

/* A part of the office with a name by the field, which only the owner's laptop brings back; and the owner changes it then. */
static struct cs_id change_what_came_back(struct scene *scene)
{
    (void)laptop_new(scene->office, "part", "code=DAY-1", "name=one", NULL);
    laptop_sync_equal(scene->office);
    laptop_sync_equal(scene->field);
    struct cs_id part = laptop_find(scene->field, "part", "code", "DAY-1");
    assert_ok(laptop_set(scene->field, "part", part, "name=of the field", "spec=5V", NULL));
    laptop_sync_equal(scene->field);
    laptop_sync_equal(scene->owner);
    restore(scene, "yesterday");
    laptop_sync_equal(scene->owner);
    laptop_sync_equal(scene->owner);
    assert_int_equal(scene->owner->last.returned, 1);
    assert_ok(laptop_set(scene->owner, "part", part, "name=of the owner", NULL));
    laptop_sync_equal(scene->owner);
    return part;
}

static void check_owners_name(struct scene *scene, struct cs_id part)
{
    laptop_sync_equal(scene->owner);
    check_equal(scene);
    assert_int_equal(laptop_count(scene->owner, "conflict", "state", "open"), 0);
    assert_int_equal(laptop_count(scene->owner, "conflict", "state", "resolved"), 0);
    assert_string_equal(laptop_text(scene->owner, "part", part, "name"), "of the owner");
    assert_string_equal(laptop_text(scene->owner, "part", part, "spec"), "5V");
}

/* Somebody changes what came back while the change that made it is still away. That has been seen, and replaced. */
static void what_was_replaced_while_away_stays_replaced(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 75);
    struct cs_id part = change_what_came_back(&scene);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.field);
    check_owners_name(&scene, part);
    universe_close(&scene.universe);
}

/* The same when it has come, but has to wait for the row itself. */
static void what_was_replaced_while_it_waits_stays_replaced(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 76);
    struct cs_id part = change_what_came_back(&scene);
    laptop_sync_equal(scene.field);
    assert_ok(laptop_set(scene.owner, "part", part, "spec=12V", NULL));
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.office);
    assert_ok(laptop_set(scene.owner, "part", part, "spec=5V", NULL));
    check_owners_name(&scene, part);
    universe_close(&scene.universe);
}

/* Only what an edit named has been seen: another change of the same field, unknown to its author, is a conflict as ever. */
static void what_was_not_seen_while_away_is_a_conflict(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 77);
    (void)laptop_new(scene.office, "part", "code=DAY-1", "name=one", NULL);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.owner);
    struct cs_id part = laptop_find(scene.field, "part", "code", "DAY-1");
    assert_ok(laptop_set(scene.field, "part", part, "name=of the field", NULL));
    laptop_sync_equal(scene.field);
    restore(&scene, "yesterday");
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.owner);
    assert_ok(laptop_set(scene.owner, "part", part, "name=of the owner", NULL));
    laptop_sync_equal(scene.owner);
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.owner);
    check_equal(&scene);
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    universe_close(&scene.universe);
}

/* Others bring back a row with a value before its own change comes, and cannot say when it was made: it is the later one as before. */
static void a_value_that_came_before_its_change_is_judged_by_it(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 80);
    struct cs_id part = laptop_new(scene.field, "part", "code=DAY-1", "name=one", NULL);
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.office);
    assert_ok(laptop_set(scene.office, "part", part, "name=earlier", NULL));
    universe_advance(&scene.universe, (int64_t)3600 * 1000);
    assert_ok(laptop_set(scene.field, "part", part, "name=later", NULL));
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.field);
    laptop_sync_equal(scene.office);
    assert_string_equal(laptop_text(scene.office, "part", part, "name"), "later");
    restore(&scene, "yesterday");
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.office);
    assert_int_equal(scene.office->last.returned, 1);
    laptop_sync_equal(scene.field);
    check_equal(&scene);
    assert_string_equal(laptop_text(scene.owner, "part", part, "name"), "later");
    assert_int_equal(laptop_count(scene.owner, "conflict", "state", "open"), 1);
    universe_close(&scene.universe);
}

/*
 * It went back once more, to before a laptop had reported to it: who knows the present incarnation does not report again, and by now
 * the server is further than that laptop knows. It syncs as always, and all it ever sent is there: it is waited for no longer.
 */
static void a_report_that_was_lost_itself_is_not_waited_for(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, 79);
    restore(&scene, "yesterday");
    universe_save_server(&scene.universe, "waits");
    laptop_sync_equal(scene.field);
    assert_true(scene.field->last.went_back);
    universe_set_server_back(&scene.universe, "waits");
    for (int i = 0; i < 6; i++) {
        assert_ok(
            laptop_set(scene.office, "part", scene.known, i % 2 == 0 ? "unit=A" : "unit=B", NULL));
        laptop_sync_equal(scene.office);
        laptop_sync_equal(scene.owner);
    }
    assert_true(awaits_any(&scene));
    assert_int_equal(open_of(&scene, "server_went_back"), 1);
    /* Rows that the server has made anew meanwhile are found by their digests. */
    scene.field->damaged = true;
    laptop_sync_equal(scene.field);
    assert_false(scene.field->last.went_back);
    assert_false(awaits_any(&scene));
    check_equal(&scene);
    assert_int_equal(open_of(&scene, "server_went_back"), 0);
    universe_close(&scene.universe);
}

/* Rows that a device says the server had lost, by hand; how many the server took. The device has pushed nothing of its own. */
static enum cs_status offer_by_hand(struct laptop *laptop, struct cs_row *row, uint64_t *out_taken)
{
    static uint64_t counter = 1000000;
    struct cs_recover_request content = {.rows = row, .row_count = 1};
    struct cs_recover_response taken;
    counter++;
    struct cs_request_header header = {.kind = CS_MESSAGE_RECOVER, .counter = counter};
    struct cs_buffer buffers[4];
    struct cs_buffer *incarnation = &buffers[0];
    struct cs_arena arena;
    struct cs_bytes body;
    enum cs_message_kind kind;
    uint8_t hash[CS_HASH_SIZE];
    const struct cs_identity *identity = laptop->identity;
    cs_arena_init(&arena, CS_MEBI);
    for (size_t i = 0; i < CS_COUNT(buffers); i++) {
        cs_buffer_init(&buffers[i], CS_RESPONSE_MAX);
    }
    assert_ok(cs_replica_meta_bytes(laptop->replica, "incarnation", incarnation));
    memcpy(content.incarnation, incarnation->data, sizeof content.incarnation);
    memcpy(header.organisation, cs_identity_organisation(identity), CS_HASH_SIZE);
    memcpy(header.certificate, cs_identity_certificate_id(identity), CS_HASH_SIZE);
    assert_ok(cs_recover_request_encode(&content, &buffers[1]));
    assert_ok(cs_request_seal(
        &laptop->fake.world, &header, cs_buffer_bytes(&buffers[1]), cs_identity_sign_key(identity),
        cs_identity_server_statement(identity)->bundle_key, &buffers[2], hash));
    assert_ok(universe_serve(laptop->universe, cs_buffer_bytes(&buffers[2]), &buffers[3]));
    cs_buffer_clear(&buffers[0]);
    assert_ok(cs_response_open(cs_buffer_bytes(&buffers[3]), cs_identity_seal_key(identity),
                               cs_identity_server(identity), hash, &buffers[0], &kind, &body));
    struct cs_failure_response failure = {.status = CS_OK};
    if (kind == CS_MESSAGE_FAILURE) {
        assert_ok(cs_failure_response_decode(body, &arena, &failure));
    } else {
        assert_ok(cs_recover_response_decode(body, &arena, &taken));
        *out_taken = taken.taken;
    }
    for (size_t i = 0; i < CS_COUNT(buffers); i++) {
        cs_buffer_release(&buffers[i]);
    }
    cs_arena_release(&arena);
    return failure.status;
}

/* Nobody's rights are asked of a row that comes back. So none comes back to a server that has lost nothing. */
static void no_row_comes_back_to_a_server_that_never_went_back(void **state)
{
    static const uint8_t versions[] = {0, 0, 0, 0, 0, 0, 0, 9, 9}; /* of a change nobody made */
    static struct cs_named_value fields[2];
    (void)state;
    struct scene scene;
    open_scene(&scene, 83);
    struct laptop *technician =
        universe_join(&scene.universe, scene.owner, "孙丽", CS_ROLE(TECHNICIAN));
    laptop_sync_equal(technician);
    fields[0] = (struct cs_named_value){cs_bytes_of_text("code"),
                                        cs_value_text(cs_bytes_of_text("FORGED"))};
    fields[1] =
        (struct cs_named_value){cs_bytes_of_text("name"), cs_value_text(cs_bytes_of_text("x"))};
    struct cs_row row = {.entity = cs_bytes_of_text("part"),
                         .id = scene.known,
                         .versions = cs_bytes_of_array(versions),
                         .fields = fields,
                         .field_count = CS_COUNT(fields)};
    row.id.bytes[15] ^= 1;
    uint64_t taken = 0;
    assert_status(offer_by_hand(technician, &row, &taken), CS_REFUSED);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "FORGED"), 0);
    assert_int_equal(open_of(&scene, "recovered_row"), 0);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_rows_are_no_news_once_all_is_back),
        cmocka_unit_test(keeping_a_row_waits_for_its_delete),
        cmocka_unit_test(a_delete_may_come_before_what_it_had_seen),
        cmocka_unit_test(what_was_replaced_while_away_stays_replaced),
        cmocka_unit_test(what_was_replaced_while_it_waits_stays_replaced),
        cmocka_unit_test(what_was_not_seen_while_away_is_a_conflict),
        cmocka_unit_test(the_end_of_the_wait_ends_what_waits),
        cmocka_unit_test(a_value_that_came_before_its_change_is_judged_by_it),
        cmocka_unit_test(a_report_that_was_lost_itself_is_not_waited_for),
        cmocka_unit_test(no_row_comes_back_to_a_server_that_never_went_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
