/* Parts of KeePass databases that no program writes, or only others do: headers, inner headers, documents. */
#include "field-client/password_files/base64.h"
#include "field-client/password_files/kdbx_format.h"
#include "tests/unit/field_client_password_files/samples.h"

/* A header of version 4 with AES-KDF, from which tests change one thing. */
struct header_parts {
    uint32_t first;
    uint32_t second;
    uint32_t version;
    uint8_t cipher[CS_KDBX_UUID_SIZE];
    uint32_t compression;
    size_t iv_size;
    size_t seed_size;
    uint8_t kdf[CS_KDBX_UUID_SIZE];
    uint64_t rounds;
    size_t kdf_salt_size;
    uint32_t dictionary_version;
    size_t extra_size;
    bool twice;
};

static struct header_parts usual_header(void)
{
    struct header_parts parts = {.first = CS_KDBX_SIGNATURE_1,
                                 .second = CS_KDBX_SIGNATURE_2,
                                 .version = 0x00040000,
                                 .compression = 1,
                                 .iv_size = 16,
                                 .seed_size = 32,
                                 .kdf = {0x7c, 0x02, 0xbb, 0x82, 0x79, 0xa7, 0x4a, 0xc0, 0x92, 0x7d,
                                         0x11, 0x4a, 0x00, 0x64, 0x82, 0x38},
                                 .rounds = 10,
                                 .kdf_salt_size = 32,
                                 .dictionary_version = 0x0100};
    memcpy(parts.cipher, cs_kdbx_cipher_aes, sizeof parts.cipher);
    return parts;
}

static void put_field(struct cs_buffer *out, uint8_t type, struct cs_bytes content)
{
    cs_buffer_append_u8(out, type);
    cs_kdbx_append_number(out, content.size, 4);
    cs_buffer_append_bytes(out, content);
}

static void put_item(struct cs_buffer *out, uint8_t type, const char *name, struct cs_bytes value)
{
    put_field(out, type, cs_bytes_of_text(name));
    cs_kdbx_append_number(out, value.size, 4);
    cs_buffer_append_bytes(out, value);
}

static void put_header(struct cs_buffer *out, const struct header_parts *parts)
{
    static const uint8_t zeros[128 * 1024];
    struct cs_buffer inner;
    cs_buffer_init(&inner, CS_MEBI);
    cs_kdbx_append_number(out, parts->first, 4);
    cs_kdbx_append_number(out, parts->second, 4);
    cs_kdbx_append_number(out, parts->version, 4);
    put_field(out, CS_KDBX_FIELD_CIPHER, cs_bytes_of_array(parts->cipher));
    cs_kdbx_append_number(&inner, parts->compression, 4);
    put_field(out, CS_KDBX_FIELD_COMPRESSION, cs_buffer_bytes(&inner));
    put_field(out, CS_KDBX_FIELD_MASTER_SEED, cs_bytes_make(zeros, parts->seed_size));
    put_field(out, CS_KDBX_FIELD_IV, cs_bytes_make(zeros, parts->iv_size));
    if (parts->twice) {
        put_field(out, CS_KDBX_FIELD_IV, cs_bytes_make(zeros, parts->iv_size));
    }
    cs_buffer_clear(&inner);
    cs_kdbx_append_number(&inner, parts->dictionary_version, 2);
    put_item(&inner, 0x42, "$UUID", cs_bytes_of_array(parts->kdf));
    put_item(&inner, 0x05, "R", cs_bytes_make(&parts->rounds, 8));
    put_item(&inner, 0x42, "S", cs_bytes_make(zeros, parts->kdf_salt_size));
    cs_buffer_append_u8(&inner, 0);
    put_field(out, CS_KDBX_FIELD_KDF, cs_buffer_bytes(&inner));
    put_field(out, 12, cs_bytes_make(zeros, parts->extra_size));
    put_field(out, CS_KDBX_FIELD_END, cs_bytes_of_text("\r\n\r\n"));
    cs_buffer_release(&inner);
}

/* The header and 64 bytes: everything is looked at up to the hash of the header. */
static void assert_header(const struct header_parts *parts, enum cs_status status,
                          const char *words)
{
    struct cs_buffer file;
    struct cs_password_list list;
    struct cs_problem problem = {{0}};
    struct cs_kdbx_key key = sample_key(SAMPLE_PASSWORD);
    cs_buffer_init(&file, CS_MEBI);
    cs_password_list_init(&list);
    put_header(&file, parts);
    (void)memset(cs_buffer_extend(&file, 64), 0, 64);
    assert_status(cs_kdbx_read(cs_buffer_bytes(&file), &key, NULL, &list, &problem), status);
    if (strstr(problem.text, words) == NULL) {
        fail_msg("unexpected: %s", problem.text);
    }
    cs_buffer_release(&file);
    cs_password_list_release(&list);
}

static void test_headers(void **state)
{
    (void)state;
    struct header_parts parts = usual_header();
    assert_header(&parts, CS_MALFORMED, "the header of the KeePass file is damaged");
    parts.version = 0x00040001;
    assert_header(&parts, CS_MALFORMED, "the header of the KeePass file is damaged");
    parts.version = 0x00050000;
    assert_header(&parts, CS_UNSUPPORTED, "KDBX 5.0 is not read");
    parts.version = 0x00030000;
    assert_header(&parts, CS_UNSUPPORTED, "KDBX 3.0 is not read");
    parts = usual_header();
    parts.second = 0xb54bfb65;
    assert_header(&parts, CS_UNSUPPORTED, "KeePass 1");
    parts.second = 1;
    assert_header(&parts, CS_MALFORMED, "not a KeePass file");
    parts = usual_header();
    parts.first = 1;
    assert_header(&parts, CS_MALFORMED, "not a KeePass file");
    parts = usual_header();
    parts.compression = 2;
    assert_header(&parts, CS_UNSUPPORTED, "compressed in an unknown way (2)");
    parts = usual_header();
    parts.iv_size = 12;
    assert_header(&parts, CS_MALFORMED, "is damaged");
    parts = usual_header();
    parts.seed_size = 31;
    assert_header(&parts, CS_MALFORMED, "is damaged");
    parts = usual_header();
    parts.twice = true;
    assert_header(&parts, CS_MALFORMED, "is damaged");
    parts = usual_header();
    parts.extra_size = 65537;
    assert_header(&parts, CS_LIMIT, "has 65537 bytes, at most 65536 are read");
}

static void test_ciphers_and_derivations(void **state)
{
    static const uint8_t twofish[CS_KDBX_UUID_SIZE] = {0xad, 0x68, 0xf2, 0x9f, 0x57, 0x6f,
                                                       0x4b, 0xb9, 0xa3, 0x6a, 0xd4, 0x7a,
                                                       0xf9, 0x65, 0x34, 0x6c};
    (void)state;
    struct header_parts parts = usual_header();
    memcpy(parts.cipher, twofish, sizeof twofish);
    assert_header(&parts, CS_UNSUPPORTED, "Twofish");
    parts.cipher[0]++;
    assert_header(&parts, CS_UNSUPPORTED, "unknown cipher");
    parts = usual_header();
    parts.kdf[0]++;
    assert_header(&parts, CS_UNSUPPORTED, "derived in an unknown way");
    parts = usual_header();
    parts.dictionary_version = 0x0200;
    assert_header(&parts, CS_UNSUPPORTED, "newer form");
    parts = usual_header();
    parts.rounds = 0;
    assert_header(&parts, CS_MALFORMED, "no passes");
    parts.rounds = UINT64_MAX;
    assert_header(&parts, CS_LIMIT,
                  "asks for 18446744073709551615 rounds, at most 1000000000 are allowed");
    parts = usual_header();
    parts.kdf_salt_size = 31;
    assert_header(&parts, CS_MALFORMED, "has 31 bytes");
    /* Without numbers of the right type there is no memory and no lane. */
    parts = usual_header();
    memcpy(parts.kdf, cs_kdbx_kdf_argon2id, sizeof parts.kdf);
    assert_header(&parts, CS_MALFORMED, "no passes");
}

static enum cs_status check_argon2(uint64_t memory_kib, uint64_t passes, uint64_t lanes,
                                   uint32_t version, struct cs_problem *problem)
{
    static const uint8_t salt[32];
    const struct cs_key_derivation derivation = {.kind = CS_KEY_BY_ARGON2ID,
                                                 .passes = passes,
                                                 .memory_kib = memory_kib,
                                                 .lanes = lanes,
                                                 .version = version,
                                                 .salt = cs_bytes_of_array(salt)};
    return cs_key_derivation_check(&derivation, NULL, problem);
}

static void test_bounds_of_argon2(void **state)
{
    struct cs_problem problem = {{0}};
    (void)state;
    assert_ok(check_argon2(1024 * 1024, 32, 4, 0x13, NULL));
    assert_status(check_argon2(4 * 1024 * 1024, 1, 1, 0x13, &problem), CS_LIMIT);
    assert_non_null(
        strstr(problem.text, "asks for 4194304 KiB of memory, at most 1048576 are allowed"));
    assert_status(check_argon2(1024 * 1024, 33, 4, 0x13, &problem), CS_LIMIT);
    assert_non_null(strstr(problem.text, "asks for 33 passes"));
    assert_status(check_argon2(8, UINT64_MAX, 1, 0x13, &problem), CS_LIMIT);
    assert_status(check_argon2(65536, 1, 65, 0x13, &problem), CS_LIMIT);
    assert_status(check_argon2(15, 1, 2, 0x13, &problem), CS_MALFORMED);
    assert_status(check_argon2(0, 1, 0, 0x13, &problem), CS_MALFORMED);
    assert_status(check_argon2(64, 1, 1, 0x12, &problem), CS_UNSUPPORTED);
    assert_non_null(strstr(problem.text, "unknown version of Argon2 (0x12)"));
}

/* Reads inner header and document; the stream has the key of 32 zeros. */
static enum cs_status read_document(const char *xml, struct cs_password_list *list,
                                    struct cs_problem *problem)
{
    static const uint8_t key[32];
    struct cs_buffer content;
    uint32_t id = CS_KDBX_STREAM_CHACHA20;
    cs_buffer_init(&content, SAMPLE_MAX);
    put_field(&content, CS_KDBX_INNER_STREAM_ID, cs_bytes_make(&id, sizeof id));
    put_field(&content, CS_KDBX_INNER_STREAM_KEY, cs_bytes_of_array(key));
    put_field(&content, CS_KDBX_INNER_END, CS_BYTES_NONE);
    cs_buffer_append_text(&content, xml);
    cs_password_list_init(list);
    enum cs_status status = cs_kdbx_inner_read(cs_buffer_bytes(&content), list, problem);
    status = status == CS_OK ? cs_password_list_check_ids(list, problem) : status;
    cs_buffer_release(&content);
    return status;
}

static void assert_document(const char *xml, const char *expected)
{
    struct cs_password_list list;
    struct cs_problem problem = {{0}};
    if (read_document(xml, &list, &problem) != CS_OK) {
        fail_msg("refused: %s", problem.text);
    }
    sample_assert_list(&list, expected);
    cs_password_list_release(&list);
}

static void assert_no_document(const char *xml, enum cs_status status, const char *words)
{
    struct cs_password_list list;
    struct cs_problem problem = {{0}};
    assert_status(read_document(xml, &list, &problem), status);
    if (strstr(problem.text, words) == NULL) {
        fail_msg("unexpected: %s", problem.text);
    }
    cs_password_list_release(&list);
}

#define IN_GROUP(text)                                                                             \
    "<KeePassFile><Root><Group><Name>r</Name>" text "</Group></Root></KeePassFile>"
#define STRING(key, value) "<String><Key>" key "</Key><Value>" value "</Value></String>"

static void test_documents(void **state)
{
    (void)state;
    assert_document(IN_GROUP(""), "");
    assert_document(IN_GROUP("<Entry>" STRING("Title", "a") STRING("Title", "b") STRING("", "c")
                                 STRING("x", "1") STRING("x", "2") "</Entry>"),
                    "entry\n  title=a\n  -Title=b\n  -field=c\n  -x=1\n  -x (2)=2\n"
                    "left out of 0: name that had to be changed x1 \"field\"\n"
                    "left out of 0: name that had to be changed x1 \"x (2)\"\n");
    assert_document(
        IN_GROUP("<Entry><Tags>a;b</Tags><OverrideURL>cmd://x</OverrideURL><AutoType><Enabled>True"
                 "</Enabled><Association><Window>w</Window></Association></AutoType><Times>"
                 "<CreationTime>yesterday</CreationTime></Times><Binary><Key>f</Key><Value "
                 "Ref=\"0\"/></Binary><CustomData><Item><Key>k</Key></Item></CustomData></Entry>"),
        "entry\n  -Tags=a;b\n"
        "left out of 0: setting of the other program x1 \"OverrideURL\"\n"
        "left out of 0: setting of the other program x1 \"AutoType\"\n"
        "left out of 0: time that cannot be read x1 \"\"\n"
        "left out of 0: attached file x1 \"f\"\n"
        "left out of 0: setting of the other program x1 \"CustomData\"\n");
}

static void test_seeds_of_one_time_passwords(void **state)
{
    (void)state;
    assert_document(IN_GROUP("<Entry>" STRING("TOTP Seed", "ABC") STRING("TOTP Settings", "30;6")
                                 STRING("otp", "") "</Entry>"),
                    "entry\n  totp=ABC\n  -otp=\n");
    assert_document(IN_GROUP("<Entry>" STRING("TOTP Seed", "ABC") STRING("TOTP Settings", "60;8")
                                 STRING("otp", "otpauth://x") "</Entry>"),
                    "entry\n  totp=otpauth://x\n  -TOTP Seed=ABC\n  -TOTP Settings=60;8\n");
    assert_document(IN_GROUP("<Entry>" STRING("TimeOtp-Secret-Base32", "ABC")
                                 STRING("TimeOtp-Length", "8") "</Entry>"),
                    "entry\n  totp=ABC\n  -TimeOtp-Length=8\n");
}

static void test_bad_documents(void **state)
{
    (void)state;
    assert_no_document("", CS_MALFORMED, "XML is damaged: line 1");
    assert_no_document("<a/>", CS_MALFORMED, "no KeePass document");
    assert_no_document("<KeePassFile/>", CS_MALFORMED, "no group");
    assert_no_document("<KeePassFile><Root><Group/><Group/></Root></KeePassFile>", CS_MALFORMED,
                       "two outermost groups");
    assert_no_document(IN_GROUP("<Entry/><Name>late</Name>"), CS_MALFORMED, "name behind");
    assert_no_document(IN_GROUP("<Name>second</Name>"), CS_MALFORMED, "name behind");
    assert_no_document(IN_GROUP("<Entry><UUID>AAAA</UUID></Entry>"), CS_MALFORMED, "16 bytes");
    assert_no_document(IN_GROUP("<Entry><UUID>AAAAAAAAAAAAAAAAAAAAAQ==</UUID></Entry>"
                                "<Entry><UUID>AAAAAAAAAAAAAAAAAAAAAQ==</UUID></Entry>"),
                       CS_MALFORMED, "two entries have the same id 00000000-0000-0000-0000-");
    assert_no_document(
        IN_GROUP("<Entry><String><Key>a</Key><Value Protected=\"True\">!</Value></String></Entry>"),
        CS_MALFORMED, "no base 64");
    /* What the stream uncovers is no UTF-8. */
    assert_no_document(IN_GROUP("<Entry><String><Key>a</Key><Value "
                                "Protected=\"True\">/////w==</Value></String></Entry>"),
                       CS_MALFORMED, "not UTF-8");
    assert_no_document("<?xml version=\"1.0\"?><KeePassFile>\xff</KeePassFile>", CS_MALFORMED,
                       "XML is damaged");
    assert_no_document("<?xml version=\"1.0\" encoding=\"utf-16\"?>" IN_GROUP("\xff"), CS_MALFORMED,
                       "XML is damaged");
}

/* No entity is ever expanded. */
static void test_document_types(void **state)
{
    (void)state;
    assert_no_document("<!DOCTYPE a [<!ENTITY x \"y\"><!ENTITY z \"&x;&x;\">]>" IN_GROUP("&z;"),
                       CS_MALFORMED, "document type");
    assert_no_document("<!DOCTYPE a SYSTEM \"file:///etc/passwd\">" IN_GROUP(""), CS_MALFORMED,
                       "document type");
    assert_no_document(IN_GROUP("&undefined;"), CS_MALFORMED, "undefined entity");
}

static void append_times(struct cs_buffer *out, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cs_buffer_append_text(out, text);
    }
}

/* `before`, `opening` n times, `closing` n times, `after`. */
static void assert_too_much(const char *before, const char *opening, size_t count,
                            const char *closing, const char *after, const char *words)
{
    struct cs_buffer xml;
    cs_buffer_init(&xml, SAMPLE_MAX);
    cs_buffer_append_text(&xml, before);
    append_times(&xml, opening, count);
    append_times(&xml, closing, count);
    cs_buffer_append_text(&xml, after);
    assert_no_document(cs_buffer_text(&xml), CS_LIMIT, words);
    cs_buffer_release(&xml);
}

static void test_too_much(void **state)
{
    static const char begin[] = "<KeePassFile><Root><Group>";
    static const char end[] = "</Group></Root></KeePassFile>";
    (void)state;
    assert_too_much(begin, "<a>", 100, "</a>", end, "more than 64 elements deep");
    assert_too_much(begin, "<Group>", 33, "</Group>", end, "more than 32 groups");
    assert_too_much(begin, "<Entry></Entry>", CS_PASSWORD_ENTRIES_MAX + 1, "", end,
                    "more than 50000 entries");
    assert_too_much("<KeePassFile><Root><Group><Entry>", STRING("a", "b"), 257, "",
                    "</Entry></Group></Root></KeePassFile>", "more than 256 fields");
    assert_too_much("<KeePassFile><Root><Group><Entry><String><Key>a</Key><Value>", "0123456789",
                    26215, "", "</Value></String></Entry></Group></Root></KeePassFile>",
                    "a text of 262150 bytes, at most 262144 are taken");
    assert_too_much("<KeePassFile><Root><Group><Entry>", "<Binary><Key>f</Key></Binary>", 513, "",
                    "</Entry></Group></Root></KeePassFile>", "more than 512 things");
}

static void test_inner_headers(void **state)
{
    static const uint8_t salsa[] = {1, 4, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t unknown[] = {1, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t short_id[] = {1, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t without_end[] = {1, 4, 0, 0, 0, 2, 0, 0, 0};
    struct cs_password_list list;
    struct cs_problem problem;
    (void)state;
    cs_password_list_init(&list);
    assert_status(cs_kdbx_inner_read(cs_bytes_of_array(salsa), &list, &problem), CS_MALFORMED);
    assert_non_null(strstr(problem.text, "XML"));
    assert_status(cs_kdbx_inner_read(cs_bytes_of_array(unknown), &list, &problem), CS_UNSUPPORTED);
    assert_non_null(strstr(problem.text, "protects its values in an unknown way (1)"));
    assert_status(cs_kdbx_inner_read(cs_bytes_of_array(short_id), &list, &problem), CS_MALFORMED);
    assert_status(cs_kdbx_inner_read(cs_bytes_of_array(without_end), &list, &problem),
                  CS_MALFORMED);
    cs_password_list_release(&list);
}

static void assert_key_file(struct cs_bytes file, const char *hex)
{
    uint8_t key[CS_SHA256_SIZE];
    assert_ok(cs_kdbx_key_file_read(file, key, NULL));
    assert_hex(cs_bytes_of_array(key), hex);
}

static void test_key_files(void **state)
{
    static const char digits[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    uint8_t raw[32];
    uint8_t key[CS_SHA256_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof raw; i++) {
        raw[i] = (uint8_t)i;
    }
    assert_key_file(cs_bytes_of_array(raw), digits);
    assert_key_file(cs_bytes_of_text(digits), digits);
    assert_key_file(cs_bytes_of_text("<KeyFile><Meta><Version>1.00</Version></Meta><Key><Data>"
                                     "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</Data></Key>"
                                     "</KeyFile>"),
                    digits);
    /* SHA-256 of "abc" (FIPS 180-4). */
    assert_key_file(cs_bytes_of_text("abc"),
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_status(
        cs_kdbx_key_file_read(
            cs_bytes_of_text("<KeyFile><Meta><Version>3.0</Version></Meta></KeyFile>"), key, NULL),
        CS_MALFORMED);
    assert_status(
        cs_kdbx_key_file_read(cs_bytes_make(raw, CS_PASSWORD_KEY_FILE_MAX + 1), key, NULL),
        CS_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_ciphers_and_derivations),
        cmocka_unit_test(test_bounds_of_argon2),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_seeds_of_one_time_passwords),
        cmocka_unit_test(test_bad_documents),
        cmocka_unit_test(test_document_types),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_inner_headers),
        cmocka_unit_test(test_key_files),
    };
    return cs_crypto_start() == CS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
