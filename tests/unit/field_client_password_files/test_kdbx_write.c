/* Databases that are written: read again they are the same, KeePassXC opens them, and no failing allocation breaks anything. */
#include "field-client/password_files/kdbx_format.h"
#include "tests/support/fake_world.h"
#include "tests/unit/field_client_password_files/samples.h"

#include <stdlib.h>
#include <unistd.h>

#define PASSWORD "pass & wörd"

static const struct cs_kdbx_options quick_aes = {CS_KDBX_AES256, 8 * 1024, 2, 1};
static const struct cs_kdbx_options quick_chacha20 = {CS_KDBX_CHACHA20, 8 * 1024, 2, 3};

static void add(struct cs_password_list *list, const struct cs_password_entry *entry)
{
    assert_ok(cs_password_list_add(list, entry, NULL));
}

/* Entries that are hard to keep: names of fields that a program reserves, texts that XML cannot hold, groups out of order. */
static void fill(struct cs_password_list *list)
{
    const struct cs_bytes deep[] = {cs_bytes_of_text("b"), cs_bytes_of_text("a/<&>")};
    const struct cs_bytes flat[] = {cs_bytes_of_text("a")};
    const struct cs_password_field fields[] = {
        {cs_bytes_of_text("Title"), cs_bytes_of_text("not the title"), false},
        {cs_bytes_of_text("otp"), cs_bytes_of_text("not the seed"), true},
        {cs_bytes_of_text("Key \"<1>\""), cs_bytes_of_text("]]>"), false},
        {cs_bytes_of_text("binary"), cs_bytes_of_text("\x01\x02"), false},
    };
    struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
    cs_password_list_init(list);
    entry.groups = deep;
    entry.group_count = 2;
    entry.title = cs_bytes_of_text("deep & <down>");
    entry.user_name = cs_bytes_of_text("ü\tser");
    entry.password = cs_bytes_of_text("=cmd|' /C calc'!A0\r\n\"密码\"\x1b");
    entry.url = cs_bytes_of_text("https://a.example/?x=1&y=2");
    entry.notes = cs_bytes_of_text("line\r\nline\n");
    entry.totp = cs_bytes_of_text("JBSWY3DPEHPK3PXP");
    entry.fields = fields;
    entry.field_count = CS_COUNT(fields);
    entry.created_ms = 1772413200000;
    entry.expires_ms = 1893456000000;
    add(list, &entry);
    entry = CS_PASSWORD_ENTRY_NONE;
    entry.title = cs_bytes_of_text("top");
    entry.totp = cs_bytes_of_text("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP");
    add(list, &entry);
    entry.groups = flat;
    entry.group_count = 1;
    entry.title = cs_bytes_of_text("flat");
    entry.created_ms = 0;
    add(list, &entry);
}

static const char expected[] = "entry\n"
                               "  title=top\n"
                               "  totp=otpauth://totp/a?secret=JBSWY3DPEHPK3PXP\n"
                               "  created=2026-03-02T01:00:00Z\n"
                               "entry <a>\n"
                               "  title=flat\n"
                               "  totp=otpauth://totp/a?secret=JBSWY3DPEHPK3PXP\n"
                               "  created=1970-01-01T00:00:00Z\n"
                               "entry <b> <a/<&>>\n"
                               "  title=deep & <down>\n"
                               "  user=ü\tser\n"
                               "  password==cmd|' /C calc'!A0\r\n\"密码\"\x1b\n"
                               "  url=https://a.example/?x=1&y=2\n"
                               "  notes=line\r\nline\n\n"
                               "  totp=JBSWY3DPEHPK3PXP\n"
                               "  -Title (2)=not the title\n"
                               "  *otp (2)=not the seed\n"
                               "  -Key \"<1>\"=]]>\n"
                               "  *binary=\x01\x02\n"
                               "  created=2026-03-02T01:00:00Z\n"
                               "  expires=2030-01-01T00:00:00Z\n";

static enum cs_status write_with(const struct cs_password_list *list, const struct cs_kdbx_key *key,
                                 const struct cs_kdbx_options *options, struct cs_buffer *out,
                                 struct cs_problem *problem)
{
    struct fake_world fake;
    fake_world_init(&fake, 7);
    enum cs_status status = cs_kdbx_write(list, key, options, &fake.world, out, problem);
    fake_world_release(&fake);
    return status;
}

static void assert_round_trip(const struct cs_kdbx_options *options, const struct cs_kdbx_key *key)
{
    struct cs_password_list list;
    struct cs_password_list again;
    struct cs_buffer file;
    struct cs_problem problem = {{0}};
    fill(&list);
    cs_password_list_init(&again);
    cs_buffer_init(&file, SAMPLE_MAX);
    assert_ok(write_with(&list, key, options, &file, &problem));
    if (cs_kdbx_read(cs_buffer_bytes(&file), key, NULL, &again, &problem) != CS_OK) {
        fail_msg("refused: %s", problem.text);
    }
    sample_assert_list(&again, expected);
    cs_password_list_release(&list);
    cs_password_list_release(&again);
    cs_buffer_release(&file);
}

static void test_round_trips(void **state)
{
    struct cs_kdbx_key key = sample_key(PASSWORD);
    (void)state;
    assert_round_trip(&quick_aes, &key);
    assert_round_trip(&quick_chacha20, &key);
    key.key_file = cs_bytes_of_text("any file");
    assert_round_trip(&quick_chacha20, &key);
    key.password = CS_BYTES_NONE;
    assert_round_trip(&quick_aes, &key);
}

/* More than one block, and no secret in clear. */
static void test_large(void **state)
{
    struct cs_kdbx_key key = sample_key(PASSWORD);
    struct cs_password_list list;
    struct cs_password_list again;
    struct cs_buffer file;
    char password[64];
    (void)state;
    cs_password_list_init(&list);
    cs_password_list_init(&again);
    cs_buffer_init(&file, SAMPLE_MAX);
    for (unsigned i = 0; i < 20000; i++) {
        struct cs_password_entry entry = CS_PASSWORD_ENTRY_NONE;
        uint64_t mixed = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        uint64_t again_mixed = mixed * mixed;
        (void)snprintf(password, sizeof password, "secret-%016llx-%016llx",
                       (unsigned long long)mixed, (unsigned long long)again_mixed);
        entry.password = cs_bytes_of_text(password);
        add(&list, &entry);
    }
    assert_ok(write_with(&list, &key, &quick_chacha20, &file, NULL));
    assert_true(file.size > CS_MEBI);
    assert_null(memmem(file.data, file.size, "secret-", 7));
    assert_ok(cs_kdbx_read(cs_buffer_bytes(&file), &key, NULL, &again, NULL));
    assert_int_equal(again.count, list.count);
    for (size_t i = 0; i < list.count; i++) {
        assert_true(cs_bytes_equal(again.entries[i].password, list.entries[i].password));
    }
    cs_password_list_release(&list);
    cs_password_list_release(&again);
    cs_buffer_release(&file);
}

static void test_refusals(void **state)
{
    struct cs_kdbx_key key = sample_key(PASSWORD);
    struct cs_kdbx_key none = {cs_bytes_of_text(""), CS_BYTES_NONE};
    struct cs_password_list list;
    struct cs_buffer file;
    struct cs_problem problem = {{0}};
    (void)state;
    fill(&list);
    cs_buffer_init(&file, SAMPLE_MAX);
    assert_status(write_with(&list, &none, &quick_aes, &file, &problem), CS_USAGE);
    assert_non_null(strstr(problem.text, "needs a password"));
    struct cs_kdbx_options options = quick_aes;
    options.memory_kib = 8191;
    assert_status(write_with(&list, &key, &options, &file, &problem), CS_INVALID);
    assert_non_null(strstr(problem.text, "at least 8192 KiB of memory and 2 passes"));
    options = quick_aes;
    options.passes = 1;
    assert_status(write_with(&list, &key, &options, &file, &problem), CS_INVALID);
    options = quick_aes;
    options.lanes = 0;
    assert_status(write_with(&list, &key, &options, &file, &problem), CS_INVALID);
    struct cs_password_entry twin = list.entries[1];
    twin.id.bytes[0] = 1;
    add(&list, &twin);
    add(&list, &twin);
    assert_status(write_with(&list, &key, &quick_aes, &file, &problem), CS_MALFORMED);
    assert_int_equal(file.size, 0);
    cs_password_list_release(&list);
    cs_buffer_release(&file);
}

static void test_failing_memory(void **state)
{
    struct cs_kdbx_key key = sample_key(PASSWORD);
    struct cs_password_list list;
    struct cs_buffer file;
    enum cs_status status = CS_NO_MEMORY;
    (void)state;
    fill(&list);
    cs_buffer_init(&file, SAMPLE_MAX);
    for (long n = 0; status != CS_OK; n++) {
        cs_buffer_clear(&file);
        cs_memory_fail_after(n);
        status = write_with(&list, &key, &quick_aes, &file, NULL);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_int_equal(file.size, 0);
        }
        assert_true(n < 1000);
    }
    cs_password_list_release(&list);
    cs_buffer_release(&file);
}

static void save(const char *path, const struct cs_buffer *file)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(file->data, 1, file->size, out), file->size);
    assert_int_equal(fclose(out), 0);
}

/* What `keepassxc-cli export` prints of the file. */
static void export_by_program(const char *path, struct cs_buffer *out)
{
    char command[2048];
    char piece[4096];
    (void)snprintf(command, sizeof command,
                   "printf '%%s\\n' '" PASSWORD "' | LC_ALL=C.UTF-8 QT_QPA_PLATFORM=offscreen "
                   "keepassxc-cli export -q '%s' 2>/dev/null",
                   path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(piece, sizeof piece, pipe) != NULL) {
        cs_buffer_append_text(out, piece);
    }
    assert_int_equal(pclose(pipe), 0);
    assert_non_null(cs_buffer_text(out));
}

static void assert_program_opens(const struct cs_kdbx_options *options)
{
    static const char *const parts[] = {"<Name>a/&lt;&amp;&gt;</Name>",
                                        "deep &amp; &lt;down&gt;",
                                        "not the seed",
                                        "<Key>Title (2)</Key>",
                                        "https://a.example/?x=1&amp;y=2",
                                        "JBSWY3DPEHPK3PXP",
                                        "=cmd|' /C calc'!A0",
                                        "密码",
                                        "<ExpiryTime>gM9t6A4AAAA=</ExpiryTime>",
                                        "<Expires>True</Expires>"};
    struct cs_kdbx_key key = sample_key(PASSWORD);
    struct cs_password_list list;
    struct cs_buffer file;
    struct cs_buffer text;
    char path[1024];
    fill(&list);
    /* Escape is a character that the program's own export cannot hold. */
    list.entries[0].password.size -= 1;
    list.entries[0].field_count -= 1;
    cs_buffer_init(&file, SAMPLE_MAX);
    cs_buffer_init(&text, SAMPLE_MAX);
    assert_ok(write_with(&list, &key, options, &file, NULL));
    (void)snprintf(path, sizeof path, "%s/keepassxc_%ld.kdbx", CS_TEST_BINARY_DIR, (long)getpid());
    save(path, &file);
    export_by_program(path, &text);
    for (size_t i = 0; i < CS_COUNT(parts); i++) {
        if (strstr((const char *)text.data, parts[i]) == NULL) {
            fail_msg("not in what KeePassXC reads: %s", parts[i]);
        }
    }
    (void)unlink(path);
    cs_password_list_release(&list);
    cs_buffer_release(&file);
    cs_buffer_release(&text);
}

static void test_keepassxc_opens_it(void **state)
{
    (void)state;
    if (system("command -v keepassxc-cli >/dev/null") != 0) {
        print_message("NOTICE: keepassxc-cli is not here: whether KeePassXC opens what is written "
                      "was NOT checked (tools/install-dependencies interop)\n");
        skip();
    }
    assert_program_opens(&quick_aes);
    assert_program_opens(&quick_chacha20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),        cmocka_unit_test(test_large),
        cmocka_unit_test(test_refusals),           cmocka_unit_test(test_failing_memory),
        cmocka_unit_test(test_keepassxc_opens_it),
    };
    return cs_crypto_start() == CS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
