/* Bitwarden's exports: what is in them, wrong passwords, changed files, what is not read, memory that fails. */
#include "field-client/password_files/bitwarden.h"
#include "tests/unit/field_client_password_files/samples.h"

static const char golden[] = "entry <机房> <A>\n"
                             "  title=Router\n"
                             "  user=admin\n"
                             "  password==1+1\" , 密码€\n"
                             "  url=https://192.0.2.1/\n"
                             "  notes=two\nlines\n"
                             "  totp=JBSWY3DPEHPK3PXP\n"
                             "  -KP2A_URL=https://router.example/\n"
                             "  -KP2A_URL_1=ssh://192.0.2.1\n"
                             "  *PIN=0042\n"
                             "  -Rack=B 7\n"
                             "  -on=true\n"
                             "  created=2026-01-02T03:04:05Z\n"
                             "entry\n"
                             "  title=note\n"
                             "  notes=only a note\n"
                             "  created=2026-01-02T03:04:05Z\n"
                             "entry\n"
                             "  title=card\n"
                             "  *cardholderName=A. B.\n"
                             "  *brand=Visa\n"
                             "  *number=4111111111111111\n"
                             "  *expMonth=1\n"
                             "  *expYear=2030\n"
                             "  *code=123\n"
                             "entry\n"
                             "  title=key\n"
                             "  *privateKey=not a key\n"
                             "  *publicKey=ssh-ed25519 AAAA\n"
                             "  *keyFingerprint=SHA256:x\n"
                             "left out of 0: setting of the other program x1 \"match\"\n"
                             "left out of 0: passkey x1 \"\"\n"
                             "left out of 0: field that points to another x1 \"\"\n"
                             "left out of 0: setting of the other program x1 \"favorite\"\n"
                             "left out of 0: setting of the other program x1 \"reprompt\"\n"
                             "left out of 0: former versions x1 \"\"\n";

static const char *const protected_files[] = {"bitwarden_pbkdf2.json", "bitwarden_argon2id.json"};

static void read_golden(const char *name, struct cs_buffer *out)
{
    char path[128];
    (void)snprintf(path, sizeof path, "tests/golden/password_files/%s", name);
    cs_buffer_init(out, SAMPLE_MAX);
    sample_read(path, out);
}

static void assert_golden(const char *name, struct cs_bytes password)
{
    struct cs_buffer file;
    struct cs_password_list list;
    struct cs_problem problem = {{0}};
    read_golden(name, &file);
    cs_password_list_init(&list);
    if (cs_bitwarden_read(cs_buffer_bytes(&file), password, NULL, &list, &problem) != CS_OK) {
        fail_msg("%s: %s", name, problem.text);
    }
    sample_assert_list(&list, golden);
    cs_password_list_release(&list);
    cs_buffer_release(&file);
}

static void test_every_golden_file(void **state)
{
    (void)state;
    assert_golden("bitwarden_plain.json", CS_BYTES_NONE);
    assert_golden("bitwarden_pbkdf2.json", cs_bytes_of_text(SAMPLE_PASSWORD));
    assert_golden("bitwarden_argon2id.json", cs_bytes_of_text(SAMPLE_PASSWORD));
}

static void assert_refused(struct cs_bytes file, const char *password, enum cs_status status,
                           const char *words)
{
    struct cs_password_list list;
    struct cs_problem problem = {{0}};
    cs_password_list_init(&list);
    struct cs_bytes text = password == NULL ? CS_BYTES_NONE : cs_bytes_of_text(password);
    assert_status(cs_bitwarden_read(file, text, NULL, &list, &problem), status);
    if (strstr(problem.text, words) == NULL) {
        fail_msg("unexpected: %s", problem.text);
    }
    assert_null(strstr(problem.text, "horse"));
    cs_password_list_release(&list);
}

static void test_wrong_passwords(void **state)
{
    (void)state;
    for (size_t i = 0; i < CS_COUNT(protected_files); i++) {
        struct cs_buffer file;
        read_golden(protected_files[i], &file);
        struct cs_bytes bytes = cs_buffer_bytes(&file);
        assert_refused(bytes, "", CS_WRONG_PASSPHRASE, "wrong password");
        assert_refused(bytes, "Correct horse", CS_WRONG_PASSPHRASE, "wrong password");
        assert_refused(bytes, NULL, CS_USAGE, "is protected by a password");
        cs_buffer_release(&file);
    }
}

/* A changed digit in the ciphertext, IV or MAC; the first is decrypted by nobody. */
static void test_changed(void **state)
{
    struct cs_buffer file;
    (void)state;
    read_golden("bitwarden_pbkdf2.json", &file);
    assert_non_null(cs_buffer_text(&file));
    char *data = strstr((char *)file.data, "\"data\"");
    assert_non_null(data);
    char *sealed = strstr(data, "\"2.") + 3;
    char *end = strchr(sealed, '"');
    size_t forged = 0;
    for (char *at = sealed; at < end; at += 11) {
        char kept = *at;
        *at = kept == 'A' ? 'B' : 'A';
        struct cs_password_list list;
        cs_password_list_init(&list);
        enum cs_status status = cs_bitwarden_read(
            cs_buffer_bytes(&file), cs_bytes_of_text(SAMPLE_PASSWORD), NULL, &list, NULL);
        /* The last digits before a mark may no longer be base 64. */
        assert_true(status == CS_FORGED || status == CS_MALFORMED);
        forged += status == CS_FORGED;
        assert_int_equal(list.count, 0);
        cs_password_list_release(&list);
        *at = kept;
    }
    assert_true(forged > (size_t)(end - sealed) / 11 - 8);
    cs_buffer_release(&file);
}

static void test_truncated(void **state)
{
    (void)state;
    for (size_t i = 0; i < CS_COUNT(protected_files); i++) {
        struct cs_buffer file;
        read_golden(protected_files[i], &file);
        for (size_t size = 0; size < file.size - 1; size += 3) {
            assert_refused(cs_bytes_make(file.data, size), SAMPLE_PASSWORD, CS_MALFORMED,
                           "no JSON");
        }
        cs_buffer_release(&file);
    }
}

/* Single quotes stand for double ones. */
static void assert_text_refused(const char *json, enum cs_status status, const char *words)
{
    char text[2048];
    (void)snprintf(text, sizeof text, "%s", json);
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    assert_refused(cs_bytes_of_text(text), SAMPLE_PASSWORD, status, words);
}

#define PROTECTED(kdf, validation)                                                                 \
    "{'encrypted':true,'passwordProtected':true,'salt':'c2FsdHNhbHQ='," kdf                        \
    ",'encKeyValidation_DO_NOT_EDIT':'" validation "','data':''}"
#define QUICK "'kdfType':0,'kdfIterations':1"

static void test_what_is_not_read(void **state)
{
    (void)state;
    assert_text_refused("", CS_MALFORMED, "no JSON");
    assert_text_refused("[]", CS_MALFORMED, "does not say whether it is encrypted");
    assert_text_refused("{'encrypted':'no'}", CS_MALFORMED, "does not say");
    assert_text_refused("{'encrypted':false}", CS_MALFORMED, "no list of items");
    assert_text_refused("{'encrypted':false,'items':{'a':1}}", CS_MALFORMED, "no list of items");
    assert_text_refused("{'encrypted':false,'items':[1]}", CS_MALFORMED, "item 1 of the export");
    assert_text_refused("{'encrypted':false,'encrypted':false,'items':[]}", CS_MALFORMED,
                        "no JSON");
    assert_text_refused("{'encrypted':false,'items':[],'x':'\xff'}", CS_MALFORMED, "no JSON");
    assert_text_refused("{'encrypted':true,'items':[]}", CS_UNSUPPORTED,
                        "with the key of its account");
    assert_text_refused(PROTECTED("'kdfType':2,'kdfIterations':1", "2.x"), CS_UNSUPPORTED,
                        "derived in an unknown way (2)");
    assert_text_refused(PROTECTED("'kdf':0", "2.x"), CS_MALFORMED, "damaged");
    assert_text_refused(PROTECTED(QUICK, "0.AA==|AA=="), CS_UNSUPPORTED,
                        "encrypted in another way");
    assert_text_refused(PROTECTED(QUICK, ""), CS_MALFORMED, "damaged");
    assert_text_refused(PROTECTED(QUICK, "2."), CS_MALFORMED, "damaged");
    assert_text_refused(PROTECTED(QUICK, "2.AA==|AA==|AA=="), CS_MALFORMED, "damaged");
    assert_text_refused(PROTECTED(QUICK, "2.!"), CS_MALFORMED, "damaged");
}

static void test_bounds_of_the_derivation(void **state)
{
    (void)state;
    assert_text_refused(PROTECTED("'kdfType':0,'kdfIterations':0", "2.x"), CS_MALFORMED,
                        "no passes");
    assert_text_refused(PROTECTED("'kdfType':0,'kdfIterations':-5", "2.x"), CS_MALFORMED,
                        "no passes");
    assert_text_refused(PROTECTED("'kdfType':0,'kdfIterations':1000000001", "2.x"), CS_LIMIT,
                        "asks for 1000000001 rounds, at most 1000000000 are allowed");
    assert_text_refused(
        PROTECTED("'kdfType':1,'kdfIterations':3,'kdfMemory':4096,'kdfParallelism':4", "2.x"),
        CS_LIMIT, "asks for 4194304 KiB of memory, at most 1048576 are allowed");
    assert_text_refused(PROTECTED("'kdfType':1,'kdfIterations':3,'kdfMemory':9223372036854775807,"
                                  "'kdfParallelism':4",
                                  "2.x"),
                        CS_LIMIT, "KiB of memory");
    assert_text_refused(
        PROTECTED("'kdfType':1,'kdfIterations':3,'kdfMemory':64,'kdfParallelism':65", "2.x"),
        CS_LIMIT, "asks for 65 parallel lanes");
}

static void test_items(void **state)
{
    static const char text[] =
        "{\"encrypted\":false,\"collections\":[{\"id\":\"c\",\"name\":\"//Team\"}],\"items\":["
        "{\"id\":null,\"type\":9,\"name\":\"new kind\",\"collectionIds\":[\"c\",\"d\"],"
        "\"creationDate\":\"soon\",\"fields\":[{\"name\":null,\"value\":\"v\",\"type\":0}]},"
        "{\"type\":1,\"folderId\":\"unknown\",\"login\":null}]}";
    struct cs_password_list list;
    (void)state;
    cs_password_list_init(&list);
    assert_ok(cs_bitwarden_read(cs_bytes_of_text(text), CS_BYTES_NONE, NULL, &list, NULL));
    sample_assert_list(&list, "entry <Team>\n  title=new kind\n  -field=v\nentry\n"
                              "left out of 0: name that had to be changed x1 \"field\"\n"
                              "left out of 0: time that cannot be read x1 \"creationDate\"\n"
                              "left out of 0: entry of an unknown kind x1 \"\"\n"
                              "left out of 0: setting of the other program x1 \"collection\"\n");
    cs_password_list_release(&list);
}

static void test_limits_and_twins(void **state)
{
    struct cs_buffer text;
    (void)state;
    cs_buffer_init(&text, SAMPLE_MAX);
    cs_buffer_append_text(&text, "{\"encrypted\":false,\"items\":[{\"type\":1,\"fields\":[{}");
    for (size_t i = 0; i < CS_PASSWORD_FIELDS_MAX; i++) {
        cs_buffer_append_text(&text, ",{}");
    }
    cs_buffer_append_text(&text, "]}]}");
    assert_refused(cs_buffer_bytes(&text), NULL, CS_LIMIT, "entry 1 has more than 256 fields");
    cs_buffer_clear(&text);
    cs_buffer_append_text(&text,
                          "{\"encrypted\":false,\"items\":[{\"type\":3,\"card\":{\"a\":\"\"");
    for (size_t i = 0; i < CS_PASSWORD_FIELDS_MAX; i++) {
        cs_buffer_append_format(&text, ",\"a%zu\":\"\"", i);
    }
    cs_buffer_append_text(&text, "}}]}");
    assert_refused(cs_buffer_bytes(&text), NULL, CS_LIMIT, "entry 1 has more than 256 fields");
    assert_refused(cs_bytes_make(text.data, CS_PASSWORD_FILE_MAX + 1), NULL, CS_LIMIT,
                   "has 67108865 bytes, at most 67108864 are read");
    cs_buffer_release(&text);
    assert_text_refused("{'encrypted':false,'items':["
                        "{'type':2,'id':'0b0e3a4e-1111-4222-8333-444444444444'},"
                        "{'type':2,'id':'0b0e3a4e-1111-4222-8333-444444444444'}]}",
                        CS_MALFORMED, "two entries have the same id");
}

static void test_failing_memory(void **state)
{
    struct cs_buffer file;
    struct cs_password_list list;
    enum cs_status status = CS_NO_MEMORY;
    (void)state;
    read_golden("bitwarden_pbkdf2.json", &file);
    cs_password_list_init(&list);
    for (long n = 0; status != CS_OK; n++) {
        cs_password_list_release(&list);
        cs_memory_fail_after(n);
        status = cs_bitwarden_read(cs_buffer_bytes(&file), cs_bytes_of_text(SAMPLE_PASSWORD), NULL,
                                   &list, NULL);
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
        }
        assert_true(n < 5000);
    }
    sample_assert_list(&list, golden);
    cs_password_list_release(&list);
    cs_buffer_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_golden_file),
        cmocka_unit_test(test_wrong_passwords),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_what_is_not_read),
        cmocka_unit_test(test_bounds_of_the_derivation),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_limits_and_twins),
        cmocka_unit_test(test_failing_memory),
    };
    return cs_crypto_start() == CS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
