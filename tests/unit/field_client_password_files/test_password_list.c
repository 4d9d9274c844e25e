/* The list itself: copies, names that are made usable, limits, losses, ids, memory that fails. */
#include "tests/unit/field_client_password_files/samples.h"

static void test_copies(void **state)
{
    char title[] = "title";
    struct cs_password_list list;
    struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
    (void)state;
    cs_password_list_init(&list);
    entry.title = cs_bytes_make(title, 5);
    assert_ok(cs_password_list_add(&list, &entry, NULL));
    memset(title, 'x', sizeof title);
    sample_assert_list(&list, "entry\n  title=title\n");
    assert_int_equal(list.entries[0].expires_ms, CS_PASSWORD_TIME_NONE);
    cs_password_list_release(&list);
    assert_int_equal(list.count, 0);
    cs_password_list_release(&list);
}

static void test_names(void **state)
{
    const struct cs_bytes groups[] = {cs_bytes_of_text("a\nb"), cs_bytes_of_text("c\xef\xbf\xbf")};
    const struct cs_password_field fields[] = {
        {CS_BYTES_NONE, cs_bytes_of_text("1"), false},
        {cs_bytes_of_text("field"), cs_bytes_of_text("2"), false},
        {cs_bytes_of_text("x\x1b"), cs_bytes_of_text("3"), false},
        {cs_bytes_of_text("x "), cs_bytes_of_text("4"), false},
        {cs_bytes_of_text("x  (2)"), cs_bytes_of_text("5"), false},
        {cs_bytes_of_text("x "), cs_bytes_of_text("6"), false}};
    struct cs_password_list list;
    struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
    (void)state;
    cs_password_list_init(&list);
    entry.groups = groups;
    entry.group_count = 2;
    entry.fields = fields;
    entry.field_count = CS_COUNT(fields);
    assert_ok(cs_password_list_add(&list, &entry, NULL));
    sample_assert_list(&list, "entry <a b> <c >\n"
                              "  -field=1\n  -field (2)=2\n  -x =3\n  -x  (2)=4\n"
                              "  -x  (2) (2)=5\n  -x  (3)=6\n"
                              "left out of 0: name that had to be changed x1 \"field\"\n"
                              "left out of 0: name that had to be changed x1 \"field (2)\"\n"
                              "left out of 0: name that had to be changed x1 \"x \"\n"
                              "left out of 0: name that had to be changed x1 \"x  (2)\"\n"
                              "left out of 0: name that had to be changed x1 \"x  (2) (2)\"\n"
                              "left out of 0: name that had to be changed x1 \"x  (3)\"\n"
                              "left out of 0: name that had to be changed x1 \"a b\"\n"
                              "left out of 0: name that had to be changed x1 \"c \"\n");
    cs_password_list_release(&list);
}

static void assert_entry_refused(const struct cs_password_entry *entry, enum cs_status status,
                                 const char *words)
{
    struct cs_password_list list;
    struct cs_problem problem = {{0}};
    cs_password_list_init(&list);
    assert_status(cs_password_list_add(&list, entry, &problem), status);
    if (strstr(problem.text, words) == NULL) {
        fail_msg("unexpected: %s", problem.text);
    }
    assert_int_equal(list.count, 0);
    assert_int_equal(list.loss_count, 0);
    cs_password_list_release(&list);
}

static void test_limits(void **state)
{
    static const uint8_t zeros[CS_PASSWORD_TEXT_MAX + 1];
    static const struct cs_bytes groups[CS_PASSWORD_GROUP_DEPTH_MAX + 1];
    static const struct cs_password_field fields[CS_PASSWORD_FIELDS_MAX + 1];
    struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
    (void)state;
    entry.notes = cs_bytes_make(zeros, sizeof zeros);
    assert_entry_refused(&entry, CS_LIMIT, "a text of 262145 bytes, at most 262144 are taken");
    entry.notes = cs_bytes_make(zeros, 1);
    assert_entry_refused(&entry, CS_MALFORMED, "entry 1 has a text that is not UTF-8");
    entry.notes = cs_bytes_of_text("\xc0\xaf");
    assert_entry_refused(&entry, CS_MALFORMED, "entry 1 has a text that is not UTF-8");
    entry = CS_PASSWORD_ENTRY_NONE;
    entry.groups = groups;
    entry.group_count = CS_COUNT(groups);
    assert_entry_refused(&entry, CS_LIMIT, "more than 32 groups deep");
    entry = CS_PASSWORD_ENTRY_NONE;
    entry.fields = fields;
    entry.field_count = CS_COUNT(fields);
    assert_entry_refused(&entry, CS_LIMIT, "more than 256 fields");
}

static void test_losses(void **state)
{
    char name[400];
    struct cs_password_list list;
    struct cs_problem problem;
    enum cs_status status = CS_OK;
    (void)state;
    cs_password_list_init(&list);
    memset(name, 'x', sizeof name);
    memcpy(name + 255, "密", strlen("密"));
    assert_ok(cs_password_list_lose(&list, CS_PASSWORD_LOSS_ATTACHMENT, 0,
                                    cs_bytes_make(name, sizeof name), 1, NULL));
    assert_int_equal(list.losses[0].name.size, 255);
    assert_string_equal(cs_password_loss_text(CS_PASSWORD_LOSS_ENTRY_KIND),
                        "entry of an unknown kind");
    for (size_t i = 1; i <= CS_PASSWORD_LOSSES_MAX; i++) {
        assert_ok(status);
        status =
            cs_password_list_lose(&list, CS_PASSWORD_LOSS_SETTING, 0, CS_BYTES_NONE, 1, &problem);
    }
    assert_status(status, CS_LIMIT);
    assert_non_null(strstr(problem.text, "more than 200000 things"));
    cs_password_list_release(&list);
}

static void test_ids(void **state)
{
    struct cs_password_list list;
    struct cs_problem problem;
    struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
    (void)state;
    cs_password_list_init(&list);
    assert_ok(cs_password_list_check_ids(&list, NULL));
    assert_ok(cs_password_list_add(&list, &entry, NULL));
    assert_ok(cs_password_list_add(&list, &entry, NULL));
    for (uint8_t i = 200; i > 0; i--) {
        entry.id.bytes[i % 16] = i;
        assert_ok(cs_password_list_add(&list, &entry, NULL));
    }
    assert_ok(cs_password_list_check_ids(&list, NULL));
    entry.id = list.entries[77].id;
    assert_ok(cs_password_list_add(&list, &entry, NULL));
    assert_status(cs_password_list_check_ids(&list, &problem), CS_MALFORMED);
    assert_non_null(strstr(problem.text, "two entries have the same id"));
    cs_memory_fail_after(0);
    assert_status(cs_password_list_check_ids(&list, NULL), CS_NO_MEMORY);
    cs_memory_fail_after(-1);
    cs_password_list_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies), cmocka_unit_test(test_names), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_losses), cmocka_unit_test(test_ids),
    };
    return cs_crypto_start() == CS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
