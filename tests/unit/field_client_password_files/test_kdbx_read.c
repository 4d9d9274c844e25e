/* Databases that KeePassXC wrote: everything in them is read, and what is not is named; nothing else opens them. */
#include "tests/unit/field_client_password_files/samples.h"

/* The entries of tests/golden/password_files/README.md, in the order in which KeePassXC has them. */
static const char golden[] = "entry\n"
                             "  title=Router <1> & switch\n"
                             "  user=admin\n"
                             "  password==1+1\" , 密码€\n"
                             "  url=https://192.0.2.1/?a=b&c\n"
                             "  notes=two\nlines\n"
                             "  totp=otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=30\n"
                             "  *PIN=0042\n"
                             "  -Rack=B 7\n"
                             "  created=2026-01-02T03:04:05Z\n"
                             "  expires=2027-01-01T00:00:00Z\n"
                             "entry <机房 / A>\n"
                             "  title=数据库\n"
                             "  user=dba\n"
                             "  password=pässwörd\n"
                             "  created=2026-11-30T03:54:38Z\n"
                             "entry <机房 / A> <Inner>\n"
                             "  title=empty\n"
                             "  created=2026-11-30T03:54:38Z\n"
                             "left out of 1: attached file x1 \"network.txt\"\n"
                             "left out of 1: former versions x2 \"\"\n";

struct opened {
    struct cs_buffer file;
    struct cs_password_list list;
    struct cs_problem problem;
};

static void opened_init(struct opened *opened, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "tests/golden/password_files/%s", name);
    memset(opened, 0, sizeof *opened);
    assert_ok(cs_crypto_start());
    cs_buffer_init(&opened->file, SAMPLE_MAX);
    cs_password_list_init(&opened->list);
    sample_read(path, &opened->file);
}

static void opened_release(struct opened *opened)
{
    cs_buffer_release(&opened->file);
    cs_password_list_release(&opened->list);
}

static enum cs_status open_with(struct opened *opened, const struct cs_kdbx_key *key)
{
    return cs_kdbx_read(cs_buffer_bytes(&opened->file), key, NULL, &opened->list, &opened->problem);
}

static void assert_golden(const char *name)
{
    struct opened opened;
    struct cs_kdbx_key key = sample_key(SAMPLE_PASSWORD);
    opened_init(&opened, name);
    enum cs_status status = open_with(&opened, &key);
    if (status != CS_OK) {
        fail_msg("%s: %s", name, opened.problem.text);
    }
    sample_assert_list(&opened.list, golden);
    opened_release(&opened);
}

static void test_every_golden_file(void **state)
{
    (void)state;
    assert_golden("kdbx4_argon2d_aes.kdbx");
    assert_golden("kdbx4_argon2id_chacha20.kdbx");
    assert_golden("kdbx4_aes_kdf_uncompressed.kdbx");
    assert_golden("kdbx3_aes.kdbx");
    assert_golden("kdbx3_chacha20.kdbx");
}

static void assert_refused(struct opened *opened, const struct cs_kdbx_key *key,
                           enum cs_status status, const char *words)
{
    assert_status(open_with(opened, key), status);
    if (strstr(opened->problem.text, words) == NULL) {
        fail_msg("unexpected: %s", opened->problem.text);
    }
    assert_null(strstr(opened->problem.text, "horse"));
    assert_int_equal(opened->list.count, 0);
}

static void test_wrong_passwords(void **state)
{
    static const char *const files[] = {"kdbx4_argon2d_aes.kdbx", "kdbx4_argon2id_chacha20.kdbx",
                                        "kdbx3_aes.kdbx", "kdbx3_chacha20.kdbx"};
    static const char *const wrong[] = {"", "correct horse ", "Correct horse"};
    (void)state;
    for (size_t i = 0; i < CS_COUNT(files); i++) {
        struct opened opened;
        opened_init(&opened, files[i]);
        for (size_t j = 0; j < CS_COUNT(wrong); j++) {
            struct cs_kdbx_key key = sample_key(wrong[j]);
            assert_refused(&opened, &key, CS_WRONG_PASSPHRASE, "wrong password or key file");
        }
        struct cs_kdbx_key none = {CS_BYTES_NONE, CS_BYTES_NONE};
        assert_refused(&opened, &none, CS_USAGE, "needs a password or a key file");
        opened_release(&opened);
    }
}

static void test_key_file(void **state)
{
    struct opened opened;
    struct cs_buffer key_file;
    struct cs_kdbx_key key = sample_key(SAMPLE_PASSWORD);
    (void)state;
    opened_init(&opened, "kdbx4_key_file.kdbx");
    cs_buffer_init(&key_file, SAMPLE_MAX);
    sample_read("tests/golden/password_files/kdbx4_key_file.keyx", &key_file);
    assert_refused(&opened, &key, CS_WRONG_PASSPHRASE, "wrong password or key file");
    key.key_file = cs_buffer_bytes(&key_file);
    struct cs_kdbx_key without = {CS_BYTES_NONE, key.key_file};
    assert_refused(&opened, &without, CS_WRONG_PASSPHRASE, "wrong password or key file");
    assert_ok(open_with(&opened, &key));
    sample_assert_list(&opened.list, golden);
    /* A slip in its digits is seen by the file's own check. */
    assert_non_null(cs_buffer_text(&key_file));
    *strstr((char *)key_file.data, "57EE") = '6';
    key.key_file = cs_buffer_bytes(&key_file);
    cs_password_list_release(&opened.list);
    assert_refused(&opened, &key, CS_MALFORMED, "the key file is damaged");
    cs_buffer_release(&key_file);
    opened_release(&opened);
}

/* Every length; the last bytes matter as much as the first. */
static void assert_no_prefix_opens(const char *name, size_t stride)
{
    struct opened opened;
    struct cs_kdbx_key key = sample_key(SAMPLE_PASSWORD);
    opened_init(&opened, name);
    for (size_t size = 0; size < opened.file.size; size += stride) {
        opened.problem.text[0] = '\0';
        enum cs_status status = cs_kdbx_read(cs_bytes_make(opened.file.data, size), &key, NULL,
                                             &opened.list, &opened.problem);
        assert_int_not_equal(status, CS_OK);
        assert_int_not_equal(strlen(opened.problem.text), 0);
        assert_int_equal(opened.list.count, 0);
    }
    opened_release(&opened);
}

static void test_truncated(void **state)
{
    (void)state;
    assert_no_prefix_opens("kdbx4_aes_kdf_uncompressed.kdbx", 1);
    assert_no_prefix_opens("kdbx3_aes.kdbx", 1);
    assert_no_prefix_opens("kdbx3_chacha20.kdbx", 1);
    assert_no_prefix_opens("kdbx4_argon2id_chacha20.kdbx", 97);
}

/* A bit in every `stride`th byte; what the bit does to the derivation is bounded, so that no run takes long. */
static void assert_no_flip_opens(const char *name, size_t stride)
{
    static const struct cs_key_derivation_bounds bounds = {16 * 1024, 64 * 1024, 8, 100000};
    struct opened opened;
    struct cs_kdbx_key key = sample_key(SAMPLE_PASSWORD);
    opened_init(&opened, name);
    for (size_t i = 0; i < opened.file.size; i += stride) {
        uint8_t bit = (uint8_t)(1u << (i / stride % 8));
        opened.problem.text[0] = '\0';
        opened.file.data[i] ^= bit;
        enum cs_status status = cs_kdbx_read(cs_buffer_bytes(&opened.file), &key, &bounds,
                                             &opened.list, &opened.problem);
        opened.file.data[i] ^= bit;
        if (status == CS_OK) {
            fail_msg("%s opens with byte %zu changed", name, i);
        }
        assert_int_not_equal(strlen(opened.problem.text), 0);
        cs_password_list_release(&opened.list);
    }
    opened_release(&opened);
}

static void test_flipped_bits(void **state)
{
    (void)state;
    assert_no_flip_opens("kdbx4_aes_kdf_uncompressed.kdbx", 3);
    assert_no_flip_opens("kdbx3_aes.kdbx", 1);
    assert_no_flip_opens("kdbx3_chacha20.kdbx", 1);
    assert_no_flip_opens("kdbx4_argon2d_aes.kdbx", 23);
}

static void test_bytes_behind_the_end(void **state)
{
    struct opened opened;
    struct cs_kdbx_key key = sample_key(SAMPLE_PASSWORD);
    (void)state;
    opened_init(&opened, "kdbx4_aes_kdf_uncompressed.kdbx");
    cs_buffer_append_u8(&opened.file, 0);
    assert_refused(&opened, &key, CS_FORGED, "changed or is damaged");
    opened_release(&opened);
}

/* Only its size is looked at. */
static void test_oversized(void **state)
{
    struct cs_kdbx_key key = sample_key(SAMPLE_PASSWORD);
    struct opened opened;
    (void)state;
    opened_init(&opened, "kdbx3_aes.kdbx");
    assert_status(cs_kdbx_read(cs_bytes_make(opened.file.data, CS_PASSWORD_FILE_MAX + 1), &key,
                               NULL, &opened.list, &opened.problem),
                  CS_LIMIT);
    assert_non_null(strstr(opened.problem.text, "has 67108865 bytes, at most 67108864 are read"));
    opened_release(&opened);
}

static void test_bounds_of_the_derivation(void **state)
{
    static const struct cs_key_derivation_bounds tight[] = {
        {8191, 1 << 20, 64, 1000}, {8192, 8192, 64, 1000}, {8192, 1 << 20, 1, 1000}};
    static const char *const words[] = {"asks for 8192 KiB of memory, at most 8191 are allowed",
                                        "asks for 2 passes over its memory, at most 1 are allowed",
                                        "asks for 2 parallel lanes, at most 1 are allowed"};
    struct cs_kdbx_key key = sample_key(SAMPLE_PASSWORD);
    struct opened opened;
    (void)state;
    opened_init(&opened, "kdbx4_argon2id_chacha20.kdbx");
    for (size_t i = 0; i < CS_COUNT(tight); i++) {
        assert_status(cs_kdbx_read(cs_buffer_bytes(&opened.file), &key, &tight[i], &opened.list,
                                   &opened.problem),
                      CS_LIMIT);
        assert_non_null(strstr(opened.problem.text, words[i]));
    }
    opened_release(&opened);
    static const struct cs_key_derivation_bounds few_rounds = {8192, 1 << 20, 64, 999};
    opened_init(&opened, "kdbx3_aes.kdbx");
    assert_status(cs_kdbx_read(cs_buffer_bytes(&opened.file), &key, &few_rounds, &opened.list,
                               &opened.problem),
                  CS_LIMIT);
    assert_non_null(strstr(opened.problem.text, "asks for 1000 rounds, at most 999 are allowed"));
    opened_release(&opened);
}

/* The nth allocation fails: no memory is what is told, nothing leaks, and the list can be released. */
static void assert_survives_failing_memory(const char *name)
{
    struct opened opened;
    struct cs_kdbx_key key = sample_key(SAMPLE_PASSWORD);
    enum cs_status status = CS_NO_MEMORY;
    opened_init(&opened, name);
    for (long n = 0; status != CS_OK; n++) {
        cs_password_list_release(&opened.list);
        cs_memory_fail_after(n);
        status = open_with(&opened, &key);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
        }
        assert_true(n < 5000);
    }
    sample_assert_list(&opened.list, golden);
    opened_release(&opened);
}

static void test_failing_memory(void **state)
{
    (void)state;
    assert_survives_failing_memory("kdbx4_aes_kdf_uncompressed.kdbx");
    assert_survives_failing_memory("kdbx3_aes.kdbx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_golden_file), cmocka_unit_test(test_wrong_passwords),
        cmocka_unit_test(test_key_file),          cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_flipped_bits),      cmocka_unit_test(test_bytes_behind_the_end),
        cmocka_unit_test(test_oversized),         cmocka_unit_test(test_bounds_of_the_derivation),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
