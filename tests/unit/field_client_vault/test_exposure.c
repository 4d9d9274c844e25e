/* Who knows which version, and what is due and why: one story for each rule. */
#include "tests/unit/field_client_vault/exposure_story.h"

enum { LI, ZHAO, CHEN, HAN };

static struct story story;

/* LI, ZHAO, CHEN and HAN have the key; item 1 has version 11, by LI, in force. */
static int setup(void **state)
{
    (void)state;
    story_init(&story);
    for (size_t device = LI; device <= HAN; device++) {
        story_grant(&story, device, KEY_RIGHTS, 0);
    }
    story_confirmed(&story, LI, 1, 11);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    story_release(&story);
    return 0;
}

static const struct cs_exposed_version *version_of(uint64_t number)
{
    struct cs_id id = story_id(number);
    size_t index = cs_exposure_version(story.exposure, &id);
    assert_true(index != CS_EXPOSURE_NONE);
    return &story.view->versions[index];
}

/* The knowings of a version, as "0 wrote, 1 shown". */
static void assert_known(uint64_t version, const char *expected)
{
    struct cs_buffer said;
    const struct cs_exposed_version *found = version_of(version);
    cs_buffer_init(&said, CS_MEBI);
    for (size_t i = 0; i < found->knowing_count; i++) {
        const struct cs_knowing *knowing = &story.view->knowings[found->first_knowing + i];
        cs_buffer_append_format(&said, "%s%zu %s", i == 0 ? "" : ", ",
                                story_device_of(story.view->devices[knowing->device].certificate),
                                cs_exposure_how_name(knowing->how));
    }
    assert_string_equal(cs_buffer_text(&said), expected);
    cs_buffer_release(&said);
}

/* What is due, as "11 device_revoked of 1": the version, why, and the device. */
static void assert_due(const char *expected)
{
    struct cs_buffer said;
    cs_buffer_init(&said, CS_MEBI);
    story_settle(&story, NULL);
    for (size_t i = 0; i < story.view->due_count; i++) {
        const struct cs_due *due = &story.view->dues[i];
        const struct cs_exposed_version *version = &story.view->versions[due->version];
        assert_int_equal(version->secret, due->secret);
        cs_buffer_append_format(&said, "%s%d %s of %zu", i == 0 ? "" : ", ",
                                version->id.bytes[CS_ID_SIZE - 1], cs_due_why_name(due->why),
                                story_device_of(story.view->devices[due->device].certificate));
    }
    assert_string_equal(cs_buffer_text(&said), expected);
    cs_buffer_release(&said);
}

/* ---- who knows ---- */

static void test_who_knows_what_and_how(void **state)
{
    (void)state;
    story_shown(&story, CS_VAULT_REQUEST, ZHAO, 11, 0);
    story_shown(&story, CS_VAULT_LEASE, CHEN, 11, 5000);
    story_one_version(&story, CS_VAULT_REVEAL, CHEN, 11);
    story_shown(&story, CS_VAULT_EMERGENCY, HAN, 11, 0);
    story_shown(&story, CS_VAULT_EXPORT, LI, 11, 0);
    story_version(&story, LI, 1, "password", 12);
    story_state(&story, ZHAO, 12, CS_VAULT_APPLIED);
    story_settle(&story, NULL);
    assert_known(11, "0 wrote, 1 shown, 2 leased, 2 revealed, 3 emergency, 0 exported");
    assert_known(12, "0 wrote, 1 applied");
    const struct cs_knowing *shown = &story.view->knowings[version_of(11)->first_knowing + 1];
    assert_true(cs_bytes_equal_text(shown->reason, "repair"));
    assert_int_equal(version_of(11)->state, CS_VAULT_CONFIRMED);
    assert_int_equal(version_of(12)->state, CS_VAULT_APPLIED);
}

static void test_what_was_asked_but_not_released_is_not_known(void **state)
{
    const uint64_t version = 11;
    (void)state;
    (void)story_ask(&story, CS_VAULT_REQUEST, ZHAO, &version, 1, 0);
    (void)story_ask(&story, CS_VAULT_LEASE, ZHAO, &version, 1, 1);
    story.revoked_ms[ZHAO] = 1500;
    assert_due("");
    assert_known(11, "0 wrote");
}

static void test_since_when_is_the_release_and_the_moment_of_showing(void **state)
{
    (void)state;
    size_t asked = story_shown(&story, CS_VAULT_REQUEST, ZHAO, 11, 0);
    story_one_version(&story, CS_VAULT_REVEAL, CHEN, 11);
    struct story_record *revealed = &story.records[story.count - 1];
    revealed->record.claimed = cs_instant_make(revealed->logged_ms - 100, 0);
    story_settle(&story, NULL);
    const struct cs_exposed_version *version = version_of(11);
    const struct cs_knowing *list = &story.view->knowings[version->first_knowing];
    assert_int_equal(list[0].how,
                     CS_EXPOSURE_REVEALED); /* before it was logged, even before it was written */
    assert_int_equal(list[0].since_ms, revealed->logged_ms - 100);
    assert_int_equal(list[2].since_ms, story.records[asked + 1].logged_ms);
}

static void test_records_of_what_is_not_there_say_nothing(void **state)
{
    (void)state;
    story_shown(&story, CS_VAULT_REQUEST, ZHAO, 99, 0);
    story_state(&story, LI, 98, CS_VAULT_CONFIRMED);
    story_one_version(&story, CS_VAULT_LEAK, LI, 97);
    story_answer(&story, CS_VAULT_RETURN, ZHAO, 0);
    assert_due("");
    assert_int_equal(story.view->version_count, 1);
    assert_int_equal(story.view->knowing_count, 1);
    struct cs_id item = story_id(1);
    assert_int_equal(cs_exposure_secret(story.view, &item, cs_bytes_of_text("password")), 0);
    assert_true(cs_exposure_secret(story.view, &item, cs_bytes_of_text("totp")) ==
                CS_EXPOSURE_NONE);
}

static void test_an_empty_vault(void **state)
{
    struct story empty;
    (void)state;
    story_init(&empty);
    story_settle(&empty, NULL);
    assert_int_equal(empty.view->secret_count + empty.view->device_count + empty.view->due_count,
                     0);
    uint8_t nobody[CS_HASH_SIZE] = {0};
    struct cs_id none = story_id(1);
    assert_true(cs_exposure_device(empty.view, nobody) == CS_EXPOSURE_NONE);
    assert_true(cs_exposure_version(empty.exposure, &none) == CS_EXPOSURE_NONE);
    assert_true(cs_exposure_secret(empty.view, &none, CS_BYTES_NONE) == CS_EXPOSURE_NONE);
    story_release(&empty);
}

/* ---- who left ---- */

static void test_what_a_revoked_device_knew_is_due_until_it_is_changed(void **state)
{
    (void)state;
    story_shown(&story, CS_VAULT_REQUEST, ZHAO, 11, 0);
    assert_due("");
    story.revoked_ms[ZHAO] = 2000;
    assert_due("11 device_revoked of 1");
    assert_int_equal(story.view->dues[0].since_ms, 2000);
    story_version(&story, LI, 1, "password", 12);
    assert_due("11 device_revoked of 1"); /* written is not in force */
    story_state(&story, CHEN, 12, CS_VAULT_APPLIED);
    story_state(&story, CHEN, 12, CS_VAULT_VERIFIED);
    assert_due("11 device_revoked of 1");
    story_state(&story, LI, 12, CS_VAULT_CONFIRMED);
    assert_due("");
}

static void test_a_change_that_the_leaver_knows_is_none(void **state)
{
    (void)state;
    story_shown(&story, CS_VAULT_REQUEST, ZHAO, 11, 0);
    story_confirmed(&story, LI, 1, 12);
    story_shown(&story, CS_VAULT_LEASE, ZHAO, 12, 9000);
    story_answer(&story, CS_VAULT_RETURN, ZHAO, story.count - 2);
    story.revoked_ms[ZHAO] = 2000;
    assert_due("12 device_revoked of 1");
    story_confirmed(&story, ZHAO, 1, 13);
    assert_due("13 device_revoked of 1");
    story_confirmed(&story, LI, 1, 14);
    assert_due("");
}

/* He looks up what is not in force any more. */
static void test_an_old_version_is_no_danger(void **state)
{
    (void)state;
    story_confirmed(&story, LI, 1, 12);
    story_shown(&story, CS_VAULT_REQUEST, ZHAO, 11, 0);
    story.revoked_ms[ZHAO] = 2000;
    assert_due("");
}

static void test_a_version_that_never_was_in_force_is_no_danger(void **state)
{
    (void)state;
    story_version(&story, LI, 1, "password", 12);
    story_shown(&story, CS_VAULT_REQUEST, ZHAO, 12, 0);
    story.revoked_ms[ZHAO] = 2000;
    assert_due("12 device_revoked of 1"); /* it waits to be applied */
    story_state(&story, LI, 12, CS_VAULT_ARCHIVED);
    assert_due("");
    assert_false(version_of(12)->may_be_in_force);
    story_version(&story, LI, 1, "password", 13);
    story_shown(&story, CS_VAULT_REQUEST, ZHAO, 13, 0);
    story_state(&story, CHEN, 13, CS_VAULT_APPLIED);
    story_state(&story, CHEN, 13, CS_VAULT_PENDING);
    story_state(&story, LI, 13, CS_VAULT_ARCHIVED); /* tried: who knows what the machine has */
    assert_due("13 device_revoked of 1");
}

static void test_a_withdrawn_grant_makes_due_until_it_is_given_again(void **state)
{
    (void)state;
    story_shown(&story, CS_VAULT_REQUEST, ZHAO, 11, 0);
    story_grant(&story, ZHAO, 0, 0);
    assert_due("11 grant_withdrawn of 1");
    assert_true(cs_bytes_equal_text(story.view->dues[0].reason, "left"));
    assert_int_equal(story.view->dues[0].since_ms, story.now_ms);
    story_grant(&story, ZHAO, KEY_RIGHTS, 0);
    assert_due("");
    story_grant(&story, ZHAO, CS_VAULT_MAY_LIST, 0); /* no longer the key */
    assert_due("11 grant_withdrawn of 1");
}

static void test_an_expired_grant_makes_due(void **state)
{
    (void)state;
    story_grant(&story, ZHAO, KEY_RIGHTS, 3001);
    story_shown(&story, CS_VAULT_REQUEST, ZHAO, 11, 0);
    assert_due("");
    story.now_ms = 4000;
    assert_due("11 grant_expired of 1");
    assert_int_equal(story.view->dues[0].since_ms, 3001);
}

/* ---- leases, exports, emergencies, leaks ---- */

static void test_a_lease_is_due_when_it_is_overdue_and_not_returned(void **state)
{
    (void)state;
    size_t lease = story_shown(&story, CS_VAULT_LEASE, ZHAO, 11, 2001);
    assert_due("");
    story.now_ms = 2002;
    assert_due("11 lease_overdue of 1");
    assert_int_equal(story.view->dues[0].since_ms, 2001);
    assert_memory_equal(story.view->dues[0].record, story.records[lease].record.id, CS_HASH_SIZE);
    story_answer(&story, CS_VAULT_RETURN, CHEN, lease); /* not hers to return */
    assert_due("11 lease_overdue of 1");
    story_answer(&story, CS_VAULT_RETURN, ZHAO, lease);
    assert_due("");
}

static void test_a_lease_is_lost_with_its_device(void **state)
{
    (void)state;
    size_t lease = story_shown(&story, CS_VAULT_LEASE, ZHAO, 11, 9000);
    story.suspended[ZHAO] = true;
    assert_due("11 lease_lost of 1");
    story.suspended[ZHAO] = false;
    story.revoked_ms[ZHAO] = 2000;
    assert_due("11 device_revoked of 1, 11 lease_lost of 1");
    story_answer(&story, CS_VAULT_RETURN, ZHAO, lease);
    assert_due("11 device_revoked of 1");
}

static void test_an_overdue_lease_is_settled_by_a_change_the_device_does_not_know(void **state)
{
    (void)state;
    story_shown(&story, CS_VAULT_LEASE, ZHAO, 11, 2001);
    story.now_ms = 2002;
    story_confirmed(&story, LI, 1, 12);
    story_shown(&story, CS_VAULT_REQUEST, ZHAO, 12, 0);
    assert_due("11 lease_overdue of 1");
    story_confirmed(&story, LI, 1, 13);
    assert_due("");
}

static void test_an_export_is_due_even_where_its_officer_makes_the_change(void **state)
{
    (void)state;
    story_shown(&story, CS_VAULT_EXPORT, HAN, 11, 0);
    assert_due("11 exported of 3");
    story_confirmed(&story, HAN, 1, 12);
    assert_due("");
}

static void test_an_emergency_is_due_even_where_its_author_makes_the_change(void **state)
{
    (void)state;
    story_shown(&story, CS_VAULT_EMERGENCY, HAN, 11, 0);
    assert_due("11 emergency of 3");
    story_version(&story, LI, 1, "password", 12);
    story_state(&story, HAN, 12, CS_VAULT_APPLIED);
    assert_due("11 emergency of 3");
    story_state(&story, LI, 12, CS_VAULT_CONFIRMED);
    assert_due("");
}

static void test_a_leak_is_due_until_the_next_version(void **state)
{
    (void)state;
    story_one_version(&story, CS_VAULT_LEAK, CHEN, 11);
    assert_due("11 leak of 2");
    assert_true(cs_bytes_equal_text(story.view->dues[0].reason, "seen"));
    assert_known(11, "0 wrote"); /* who says that it leaked need not know it */
    story_confirmed(&story, LI, 1, 12);
    assert_due("");
    story_one_version(&story, CS_VAULT_LEAK, CHEN, 11); /* not in force any more */
    assert_due("");
}

static void test_fields_are_due_apart(void **state)
{
    (void)state;
    story_version(&story, ZHAO, 1, "totp", 21);
    story_shown(&story, CS_VAULT_REQUEST, ZHAO, 11, 0);
    story.revoked_ms[ZHAO] = 2000;
    assert_due("11 device_revoked of 1, 21 device_revoked of 1");
    story_confirmed(&story, LI, 1, 12);
    assert_due("21 device_revoked of 1");
    assert_int_equal(story.view->secrets[0].due_count, 0);
    assert_int_equal(story.view->secrets[1].due_count, 1);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        STORY(test_who_knows_what_and_how),
        STORY(test_what_was_asked_but_not_released_is_not_known),
        STORY(test_since_when_is_the_release_and_the_moment_of_showing),
        STORY(test_records_of_what_is_not_there_say_nothing),
        STORY(test_an_empty_vault),
        STORY(test_what_a_revoked_device_knew_is_due_until_it_is_changed),
        STORY(test_a_change_that_the_leaver_knows_is_none),
        STORY(test_an_old_version_is_no_danger),
        STORY(test_a_version_that_never_was_in_force_is_no_danger),
        STORY(test_a_withdrawn_grant_makes_due_until_it_is_given_again),
        STORY(test_an_expired_grant_makes_due),
        STORY(test_a_lease_is_due_when_it_is_overdue_and_not_returned),
        STORY(test_a_lease_is_lost_with_its_device),
        STORY(test_an_overdue_lease_is_settled_by_a_change_the_device_does_not_know),
        STORY(test_an_export_is_due_even_where_its_officer_makes_the_change),
        STORY(test_an_emergency_is_due_even_where_its_author_makes_the_change),
        STORY(test_a_leak_is_due_until_the_next_version),
        STORY(test_fields_are_due_apart),
    };
    return cmocka_run_group_tests_name("vault exposure", tests, NULL, NULL);
}
