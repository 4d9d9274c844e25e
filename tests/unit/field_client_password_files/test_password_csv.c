/* CSV both ways: columns by name, texts that a spreadsheet would take for formulas, rows and columns that are not taken, limits. */
#include "field-client/password_files/password_csv.h"
#include "shared/text/csv.h"
#include "tests/unit/field_client_password_files/samples.h"

static enum cs_status read_text(const char *text, struct cs_password_list *list,
                                struct cs_problem *problem)
{
    cs_password_list_init(list);
    return cs_password_csv_read(cs_bytes_of_text(text), list, problem);
}

static void assert_list(const char *text, const char *expected)
{
    struct cs_password_list list;
    struct cs_problem problem = {{0}};
    if (read_text(text, &list, &problem) != CS_OK) {
        fail_msg("refused: %s", problem.text);
    }
    sample_assert_list(&list, expected);
    cs_password_list_release(&list);
}

static void assert_refused(const char *text, enum cs_status status, const char *words)
{
    struct cs_password_list list;
    struct cs_problem problem = {{0}};
    assert_status(read_text(text, &list, &problem), status);
    if (strstr(problem.text, words) == NULL) {
        fail_msg("unexpected: %s", problem.text);
    }
    assert_null(strstr(problem.text, "s3cret"));
    cs_password_list_release(&list);
}

static void test_columns_of_other_programs(void **state)
{
    (void)state;
    assert_list("\"Group\",\"Title\",\"Username\",\"Password\",\"URL\",\"Notes\",\"TOTP\",\"Icon\","
                "\"Last Modified\",\"Created\"\n"
                "\"Root/A\",\"t\",\"u\",\"p\",\"https://x\",\"n\",\"otpauth://x\",\"0\","
                "\"2026-01-02T03:04:05Z\",\"2026-01-01T00:00:00Z\"\n",
                "entry <Root> <A>\n  title=t\n  user=u\n  password=p\n  url=https://x\n  notes=n\n"
                "  totp=otpauth://x\n  created=2026-01-01T00:00:00Z\n"
                "left out of -1: unknown column x1 \"Icon\"\n");
    assert_list("folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,"
                "login_password,login_totp\n"
                ",1,login,t,,\"a: b\",0,https://x,u,p,S\n",
                "entry\n  title=t\n  user=u\n  password=p\n  url=https://x\n  totp=S\n"
                "left out of -1: unknown column x1 \"favorite\"\n"
                "left out of -1: unknown column x1 \"type\"\n"
                "left out of -1: unknown column x1 \"fields\"\n"
                "left out of -1: unknown column x1 \"reprompt\"\n");
    assert_list("\xef\xbb\xbf"
                "name,url,username,password,note\r\nt,https://x,u,p,n\r\n",
                "entry\n  title=t\n  user=u\n  password=p\n  url=https://x\n  notes=n\n");
    assert_list(" PASSWORD \n p \n", "entry\n  password= p \n");
}

static void test_fields_and_groups(void **state)
{
    (void)state;
    assert_list("password,field: Rack, field: odd,hidden: PIN,hidden: Rack,group\n"
                "p,B 7,x,0042,,a\\/b/c\\\\d//e\\f/\n",
                "entry <a/b> <c\\d> <e\\f>\n  password=p\n  -Rack=B 7\n  *PIN=0042\n"
                "left out of -1: unknown column x1 \"field: odd\"\n");
    assert_list("password,hidden: x,field: x\np,1,2\n",
                "entry\n  password=p\n  *x=1\n  -x (2)=2\n"
                "left out of 0: name that had to be changed x1 \"x (2)\"\n");
}

static void test_rows_that_are_not_taken(void **state)
{
    (void)state;
    assert_list("title,password,created,expires\n"
                "a,1,soon,later\n"
                "b,s3\"cret\n"
                "\n"
                ",,,\n"
                "c,3,,,5\n"
                "d\n"
                "e,\xff\n",
                "entry\n  title=a\n  password=1\nentry\n  title=d\n"
                "left out of 0: time that cannot be read x2 \"\"\n"
                "left out of -1: row that cannot be read x1 \"line 3\"\n"
                "left out of -1: row that cannot be read x1 \"line 6\"\n"
                "left out of -1: row that cannot be read x1 \"line 8\"\n");
}

static void test_bad_headers(void **state)
{
    (void)state;
    assert_refused("", CS_MALFORMED, "the file is empty");
    assert_refused("\n\n", CS_MALFORMED, "the file is empty");
    assert_refused("title,username\nt,s3cret\n", CS_MALFORMED, "no column \"password\"");
    assert_refused("t,u,s3cret\n", CS_MALFORMED, "no column \"password\"");
    assert_refused("password,title,name\np,t,n\n", CS_MALFORMED, "columns 2 and 3");
    assert_refused("password,field: a,field: a\n", CS_MALFORMED, "columns 2 and 3");
    assert_refused("password,\"x\n", CS_MALFORMED, "line 1: a quote is not closed");
    assert_refused("password,\xff\n", CS_MALFORMED, "UTF-8");
}

static void test_limits(void **state)
{
    struct cs_buffer text;
    (void)state;
    cs_buffer_init(&text, SAMPLE_MAX);
    cs_buffer_append_text(&text, "password,group\np,");
    for (size_t i = 0; i <= CS_PASSWORD_GROUP_DEPTH_MAX; i++) {
        cs_buffer_append_text(&text, "a/");
    }
    assert_refused(cs_buffer_text(&text), CS_LIMIT, "line 2: more than 32 groups");
    cs_buffer_clear(&text);
    cs_buffer_append_text(&text, "password\n");
    (void)memset(cs_buffer_extend(&text, CS_PASSWORD_TEXT_MAX + 1), 'x', CS_PASSWORD_TEXT_MAX + 1);
    assert_refused(cs_buffer_text(&text), CS_LIMIT, "entry 1 has a text of 262145 bytes");
    cs_buffer_clear(&text);
    cs_buffer_append_text(&text, "password\n");
    for (size_t i = 0; i <= CS_PASSWORD_ENTRIES_MAX; i++) {
        cs_buffer_append_text(&text, "x\n");
    }
    assert_refused(cs_buffer_text(&text), CS_LIMIT, "more than 50000 entries");
    cs_buffer_release(&text);
    struct cs_password_list list;
    struct cs_problem problem;
    cs_password_list_init(&list);
    assert_status(
        cs_password_csv_read(cs_bytes_make("", CS_PASSWORD_FILE_MAX + 1), &list, &problem),
        CS_LIMIT);
    assert_non_null(strstr(problem.text, "has 67108865 bytes, at most 67108864 are read"));
}

/* What begins like a formula, quotes, breaks and blanks at the ends: exactly as they were. */
static const char *const hard[] = {"=1+1",
                                   "+49 170",
                                   "-rm",
                                   "@SUM(A1)",
                                   "\t=1",
                                   "'quoted'",
                                   "\"q\",,\"",
                                   " blanks  ",
                                   "a\r\nb\n",
                                   "\r",
                                   "密码\xf0\x9f\x94\x91",
                                   "\x01\x7f",
                                   "a;b|c",
                                   "NULL"};

static void fill(struct cs_password_list *list)
{
    cs_password_list_init(list);
    for (size_t i = 0; i < CS_COUNT(hard); i++) {
        const struct cs_bytes groups[] = {cs_bytes_of_text("a/b\\"), cs_bytes_of_text("=c")};
        const struct cs_password_field fields[] = {
            {cs_bytes_of_text("= name, \"x\""), cs_bytes_of_text(hard[i]), true},
            {cs_bytes_of_text("plain"), cs_bytes_of_text("v"), i % 2 == 0}};
        struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
        entry.groups = groups;
        entry.group_count = i % 3;
        entry.title = cs_bytes_of_text(hard[CS_COUNT(hard) - 1 - i]);
        entry.password = cs_bytes_of_text(hard[i]);
        entry.notes = cs_bytes_of_text(hard[i]);
        entry.fields = fields;
        entry.field_count = i % 3;
        entry.created_ms = i % 2 == 0 ? 1772413200123 : CS_PASSWORD_TIME_NONE;
        entry.expires_ms = i % 2 == 1 ? 1772413200000 : CS_PASSWORD_TIME_NONE;
        assert_ok(cs_password_list_add(list, &entry, NULL));
    }
}

static void test_round_trip(void **state)
{
    struct cs_password_list list;
    struct cs_password_list again;
    struct cs_buffer file;
    struct cs_buffer expected;
    (void)state;
    fill(&list);
    cs_password_list_init(&again);
    cs_buffer_init(&file, SAMPLE_MAX);
    cs_buffer_init(&expected, SAMPLE_MAX);
    assert_ok(cs_password_csv_write(&list, &file, NULL));
    assert_ok(cs_password_csv_read(cs_buffer_bytes(&file), &again, NULL));
    sample_put_list(&expected, &list);
    sample_assert_list(&again, cs_buffer_text(&expected));
    assert_int_equal(again.count, CS_COUNT(hard));
    for (size_t i = 0; i < CS_COUNT(hard); i++) {
        assert_true(cs_bytes_equal_text(again.entries[i].password, hard[i]));
    }
    cs_password_list_release(&list);
    cs_password_list_release(&again);
    cs_buffer_release(&file);
    cs_buffer_release(&expected);
}

static void test_exact_bytes(void **state)
{
    struct cs_password_list list;
    struct cs_buffer file;
    struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
    const struct cs_bytes groups[] = {cs_bytes_of_text("a"), cs_bytes_of_text("b/c")};
    (void)state;
    cs_password_list_init(&list);
    cs_buffer_init(&file, SAMPLE_MAX);
    entry.groups = groups;
    entry.group_count = 2;
    entry.password = cs_bytes_of_text("=1+1");
    entry.modified_ms = 1772413200000;
    assert_ok(cs_password_list_add(&list, &entry, NULL));
    assert_ok(cs_password_csv_write(&list, &file, NULL));
    assert_string_equal(cs_buffer_text(&file),
                        "group,title,username,password,url,notes,totp,created,modified,expires\r\n"
                        "a/b\\/c,,,=1+1,,,,,2026-03-02T01:00:00Z,\r\n");
    cs_password_list_release(&list);
    cs_buffer_release(&file);
}

static void test_too_many_kinds_of_fields(void **state)
{
    struct cs_password_list list;
    struct cs_buffer file;
    struct cs_problem problem;
    char name[16];
    (void)state;
    cs_password_list_init(&list);
    cs_buffer_init(&file, SAMPLE_MAX);
    for (size_t i = 0; i < CS_CSV_COLUMNS_MAX - 9; i++) {
        struct cs_password_field field = {CS_BYTES_NONE, cs_bytes_of_text("v"), false};
        struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
        (void)snprintf(name, sizeof name, "f%zu", i);
        field.name = cs_bytes_of_text(name);
        entry.fields = &field;
        entry.field_count = 1;
        assert_ok(cs_password_list_add(&list, &entry, NULL));
        list.count -= i + 1 == CS_CSV_COLUMNS_MAX - 9;
    }
    assert_ok(cs_password_csv_write(&list, &file, NULL));
    size_t size = file.size;
    list.count++;
    assert_status(cs_password_csv_write(&list, &file, &problem), CS_LIMIT);
    assert_non_null(strstr(problem.text, "more than 118 kinds of fields"));
    assert_int_equal(file.size, size);
    cs_password_list_release(&list);
    cs_buffer_release(&file);
}

static void test_failing_memory(void **state)
{
    struct cs_password_list list;
    struct cs_password_list again;
    struct cs_buffer file;
    enum cs_status status = CS_NO_MEMORY;
    (void)state;
    fill(&list);
    cs_buffer_init(&file, SAMPLE_MAX);
    for (long n = 0; status != CS_OK; n++) {
        cs_buffer_release(&file);
        cs_memory_fail_after(n);
        status = cs_password_csv_write(&list, &file, NULL);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || (status == CS_NO_MEMORY && file.size == 0));
    }
    status = CS_NO_MEMORY;
    cs_password_list_init(&again);
    for (long n = 0; status != CS_OK; n++) {
        cs_password_list_release(&again);
        cs_memory_fail_after(n);
        status = cs_password_csv_read(cs_buffer_bytes(&file), &again, NULL);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_true(n < 1000);
    }
    assert_int_equal(again.count, list.count);
    cs_password_list_release(&list);
    cs_password_list_release(&again);
    cs_buffer_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_of_other_programs),
        cmocka_unit_test(test_fields_and_groups),
        cmocka_unit_test(test_rows_that_are_not_taken),
        cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_exact_bytes),
        cmocka_unit_test(test_too_many_kinds_of_fields),
        cmocka_unit_test(test_failing_memory),
    };
    return cs_crypto_start() == CS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
