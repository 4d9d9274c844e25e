/* What people are told of what happened in a vault: break-glass and a place that was taken, in both languages, each until he puts it aside. */
#include "tests/simulation/laptop_commands.h"
#include "tests/simulation/vault_scene.h"

#include "field-client/vault/draft.h"

static struct vault_scene scene;

static int open_scene(bool four_eyes)
{
    vault_scene_open(&scene, 611, four_eyes);
    commands_begin(&scene.universe);
    vault_sync(&scene, scene.han);
    vault_sync(&scene, scene.zhao);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return open_scene(false);
}

static int setup_four_eyes(void **state)
{
    (void)state;
    return open_scene(true);
}

static int teardown(void **state)
{
    (void)state;
    printed_forget();
    assert_int_equal(setenv("LC_ALL", "C.UTF-8", 1), 0);
    vault_scene_close(&scene);
    return 0;
}

static void speak(const char *locale)
{
    assert_int_equal(setenv("LC_ALL", locale, 1), 0);
}

static const struct cs_json *notes(void)
{
    return cs_json_get(printed.json, "vault_notes");
}

/* The only finding of the last JSON. */
static const struct cs_json *only_finding(const struct cs_json *list)
{
    assert_int_equal(cs_json_count(list), 1);
    return cs_json_at(list, 0);
}

static size_t findings_of(struct laptop *laptop)
{
    assert_code(laptop_run_json(laptop, "vault", "findings"), CS_EXIT_DONE);
    return cs_json_count(cs_json_get(printed.json, "findings"));
}

/* ---- break-glass ---- */

static void break_the_glass(struct laptop *laptop, const char *reason)
{
    assert_code(
        laptop_run(laptop, "vault", "reveal", "核心交换机", "--emergency", "--reason", reason),
        CS_EXIT_DONE);
}

static void test_break_glass_in_both_languages(void **state)
{
    (void)state;
    break_the_glass(scene.li, "机房起火");
    speak("C.UTF-8");
    assert_code(laptop_run(scene.han, "sync"), CS_EXIT_DONE);
    assert_prints(printed.out, "ALARM: break-glass: Li Lei (");
    assert_prints(printed.out, "was shown 核心交换机 (password) of ");
    assert_prints(printed.out, "without anybody's approval: 机房起火");
    assert_code(laptop_run(scene.han, "vault", "findings"), CS_EXIT_DONE);
    assert_prints(printed.out, "#1  ALARM  break-glass: Li Lei (");
    speak("zh_CN.UTF-8");
    assert_code(laptop_run(scene.han, "status"), CS_EXIT_DONE);
    assert_prints(printed.out, "警报:紧急查看:Li Lei(");
    assert_prints(printed.out, "未经他人批准查看了 核心交换机(password)");
    assert_prints(printed.out, "事由:机房起火");
    assert_null(strstr(printed.out, "break-glass"));
    assert_code(laptop_run(scene.han, "vault", "findings"), CS_EXIT_DONE);
    assert_prints(printed.out, "#1  警报  紧急查看:Li Lei(");
}

static void test_break_glass_for_programs(void **state)
{
    (void)state;
    char item[CS_ID_TEXT_SIZE];
    cs_id_format(&scene.item, item);
    break_the_glass(scene.li, "机房起火");
    for (size_t i = 0; i < 2; i++) {
        speak(i == 0 ? "C.UTF-8" : "zh_CN.UTF-8");
        assert_code(laptop_run_json(scene.han, i == 0 ? "sync" : "status"), CS_EXIT_DONE);
        const struct cs_json *alarm =
            cs_json_get(only_finding(cs_json_get(notes(), "findings")), "alarm");
        assert_string_equal(printed_text(alarm, "kind"), "emergency");
        assert_string_equal(printed_text(alarm, "person_name"), "Li Lei");
        assert_string_equal(printed_text(alarm, "name"), "核心交换机");
        assert_string_equal(printed_text(alarm, "item"), item);
        assert_string_equal(printed_text(alarm, "field"), "password");
        assert_string_equal(printed_text(alarm, "reason"), "机房起火");
        assert_int_equal(strlen(printed_text(alarm, "record")), 2 * CS_HASH_SIZE);
        assert_true(strlen(printed_text(alarm, "at")) > 0);
    }
}

/* Each for himself; who did it and who does not manage see none, and cannot put it aside unseen. */
static void test_put_aside_by_each_who_manages(void **state)
{
    (void)state;
    grant(&scene, scene.li, scene.wang, CS_VAULT_RIGHTS_ALL, NULL);
    vault_sync(&scene, scene.wang);
    break_the_glass(scene.li, "一");
    struct laptop *const all[] = {scene.wang, scene.han, scene.zhao};
    for (size_t i = 0; i < CS_COUNT(all); i++) {
        vault_sync(&scene, all[i]);
    }
    assert_int_equal(findings_of(scene.wang), 1);
    assert_int_equal(findings_of(scene.han), 1);
    assert_int_equal(findings_of(scene.zhao), 0);
    assert_int_equal(findings_of(scene.li), 0);
    assert_code(laptop_run(scene.han, "vault", "findings", "--dismiss"), CS_EXIT_DONE);
    assert_int_equal(findings_of(scene.han), 0);
    assert_int_equal(findings_of(scene.wang), 1);
    break_the_glass(scene.li, "二");
    vault_sync(&scene, scene.han);
    assert_int_equal(findings_of(scene.han), 1);
}

/* An approver who does not manage has the record and is not told; once he manages, he is. */
static void test_who_comes_to_manage_is_told(void **state)
{
    (void)state;
    grant(&scene, scene.li, scene.han, CS_VAULT_RIGHTS_ALL & ~CS_VAULT_MAY_MANAGE, NULL);
    vault_sync(&scene, scene.han);
    break_the_glass(scene.li, "x");
    vault_sync(&scene, scene.han);
    assert_int_equal(kept_count(&scene, scene.han, CS_VAULT_EMERGENCY), 1);
    assert_int_equal(findings_of(scene.han), 0);
    assert_code(laptop_run(scene.han, "vault", "findings", "--dismiss"), CS_EXIT_DONE);
    grant(&scene, scene.li, scene.han, CS_VAULT_RIGHTS_ALL, NULL);
    vault_sync(&scene, scene.han);
    assert_int_equal(findings_of(scene.han), 1);
}

/* ---- a place that was taken ---- */

/* As vault recovery restore does; the key is lent. */
static void take_the_place(struct laptop *heir, struct laptop *of)
{
    static const struct cs_vault_settlement due = {.always = false};
    struct cs_vault_draft *draft = NULL;
    struct cs_vault_keyring *keyring = NULL;
    struct cs_vault_book *theirs = open_book(of);
    struct cs_vault_book *book = open_book(heir);
    assert_ok(cs_vault_book_keyring(theirs, &scene.vault, &keyring, &scene.universe.problem));
    assert_ok(cs_vault_draft_begin(book, &scene.vault, &draft, &scene.universe.problem));
    cs_vault_draft_use(draft, keyring);
    assert_ok(cs_vault_draft_grant(draft, certificate_of(heir), CS_VAULT_RIGHTS_ALL, 0,
                                   &scene.universe.problem));
    assert_ok(cs_vault_draft_settle(draft, &due, &scene.universe.problem));
    assert_ok(cs_vault_draft_queue(draft));
    cs_vault_draft_end(draft);
    cs_vault_keyring_destroy(keyring);
    cs_vault_book_close(book);
    cs_vault_book_close(theirs);
    vault_sync(&scene, heir);
}

static void test_a_place_is_taken(void **state)
{
    struct cs_bytes none = CS_BYTES_NONE;
    (void)state;
    struct laptop *li_too = universe_join(&scene.universe, scene.wang, "Li Lei", CS_ROLE(SECURITY));
    laptop_sync_equal(scene.zhao);
    laptop_sync_equal(scene.chen);
    vault_revoke(&scene, scene.wang, scene.li);
    vault_revoke(&scene, scene.wang, scene.han);
    laptop_sync_equal(li_too);
    vault_sync(&scene, li_too);
    take_the_place(li_too, scene.li);
    assert_int_equal(findings_of(li_too), 0);
    /* A member then and now is told, whatever his rights: nobody else is left to be. */
    speak("C.UTF-8");
    assert_code(laptop_run(scene.zhao, "sync"), CS_EXIT_DONE);
    assert_prints(printed.out, "ALARM: taken over: Li Lei, with another device (");
    speak("zh_CN.UTF-8");
    assert_code(laptop_run(scene.zhao, "status"), CS_EXIT_DONE);
    assert_prints(printed.out, "警报:接管:Li Lei 的另一台设备(");
    assert_code(laptop_run_json(scene.zhao, "vault", "findings"), CS_EXIT_DONE);
    const struct cs_json *alarm =
        cs_json_get(only_finding(cs_json_get(printed.json, "findings")), "alarm");
    assert_string_equal(printed_text(alarm, "kind"), "place_taken");
    assert_string_equal(printed_text(alarm, "person_name"), "Li Lei");
    assert_false(cs_json_get_text(cs_json_get(alarm, "reason"), &none));
    assert_false(cs_json_get_text(cs_json_get(alarm, "item"), &none));
    /* Whoever is let in later is told where he manages, and not otherwise. */
    laptop_sync_equal(scene.wang);
    laptop_sync_equal(scene.chen);
    laptop_sync_equal(li_too);
    grant(&scene, li_too, scene.wang, CS_VAULT_RIGHTS_ALL, NULL);
    grant(&scene, li_too, scene.chen, ZHAO_RIGHTS, NULL);
    vault_sync(&scene, scene.wang);
    vault_sync(&scene, scene.chen);
    assert_int_equal(findings_of(scene.wang), 1);
    assert_int_equal(findings_of(scene.chen), 0);
    assert_code(laptop_run(scene.wang, "vault", "findings", "--dismiss"), CS_EXIT_DONE);
    assert_int_equal(findings_of(scene.wang), 0);
    assert_int_equal(findings_of(scene.zhao), 1);
}

/* A manager who grants himself a new key takes nobody's place. */
static void test_an_ordinary_grant_is_no_alarm(void **state)
{
    (void)state;
    grant(&scene, scene.li, scene.li, CS_VAULT_RIGHTS_ALL, NULL);
    vault_sync(&scene, scene.han);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(findings_of(scene.han), 0);
    assert_int_equal(findings_of(scene.zhao), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_break_glass_in_both_languages, setup_four_eyes,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_break_glass_for_programs, setup_four_eyes, teardown),
        cmocka_unit_test_setup_teardown(test_put_aside_by_each_who_manages, setup_four_eyes,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_who_comes_to_manage_is_told, setup_four_eyes,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_place_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_ordinary_grant_is_no_alarm, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
