/* Invites as text: round trips, white space, and every kind of damage. */
#include "shared/evidence/invite_text.h"

#include "shared/base/text.h"
#include "shared/wire/cbor.h"
#include "tests/unit/shared_evidence/evidence_fixture.h"

#define NOT_AN_INVITE "this is not a Countersign invite: it must begin with CSI1-"
#define DAMAGED "the invite is damaged or incomplete: ask for it again"

static struct fixture fixture;
static struct cs_buffer text;
static struct cs_arena arena;
static struct cs_invite_package first;
static struct cs_invite_package device;

static int setup(void **state)
{
    (void)state;
    fixture_init(&fixture);
    cs_buffer_init(&text, CS_MEBI);
    cs_arena_init(&arena, CS_MEBI);
    (void)fixture_build(&fixture, 2, NULL);
    first = (struct cs_invite_package){.first = true,
                                       .address = cs_bytes_of_text("sync.example.org:7443"),
                                       .server_statement = cs_bytes_of_text("statement")};
    memset(first.server, 0x51, sizeof first.server);
    memset(first.token, 0x52, sizeof first.token);
    device = first;
    device.first = false;
    device.server_identity = cs_bytes_of_text("identity");
    device.chain = cs_buffer_bytes(&fixture.chain);
    device.invite = cs_buffer_bytes(&fixture.invite_bytes[1]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    cs_buffer_release(&text);
    cs_arena_release(&arena);
    fixture_release(&fixture);
    return 0;
}

static void encode(const struct cs_invite_package *package)
{
    cs_buffer_clear(&text);
    assert_int_equal(cs_invite_package_encode(package, &text), CS_OK);
}

static void assert_decodes(struct cs_bytes bytes, const struct cs_invite_package *expected)
{
    struct cs_invite_package found;
    struct cs_problem problem = {""};
    enum cs_status status = cs_invite_package_decode(bytes, &arena, &found, &problem);
    if (status != CS_OK) {
        fail_msg("%s: %s", cs_status_name(status), problem.text);
    }
    assert_int_equal(found.first, expected->first);
    assert_true(cs_bytes_equal(found.address, expected->address));
    assert_true(cs_bytes_equal(found.server_statement, expected->server_statement));
    assert_memory_equal(found.server, expected->server, sizeof found.server);
    assert_memory_equal(found.token, expected->token, sizeof found.token);
    assert_true(cs_bytes_equal(found.server_identity, expected->server_identity));
    assert_true(cs_bytes_equal(found.chain, expected->chain));
    assert_true(cs_bytes_equal(found.invite, expected->invite));
}

static void assert_refused(struct cs_bytes bytes, enum cs_status expected, const char *saying)
{
    struct cs_invite_package found;
    memset(&found, 0x5a, sizeof found);
    struct cs_problem problem = {""};
    assert_int_equal(cs_invite_package_decode(bytes, &arena, &found, &problem), expected);
    assert_string_equal(problem.text, saying);
    assert_int_equal(found.token[0], 0x5a);
    assert_int_equal(found.chain.size, (size_t)0x5a5a5a5a5a5a5a5a);
}

/* ---- round trips ---- */

static void test_both_kinds_round_trip(void **state)
{
    (void)state;
    encode(&first);
    assert_memory_equal(text.data, "CSI1-", 5);
    assert_int_equal(text.data[text.size - 1], '\n');
    assert_decodes(cs_buffer_bytes(&text), &first);
    encode(&device);
    assert_decodes(cs_buffer_bytes(&text), &device);
}

static void test_largest_chain_fits(void **state)
{
    (void)state;
    uint8_t *large = cs_alloc_zero(CS_INVITE_TEXT_MAX, 1);
    assert_non_null(large);
    device.chain = cs_bytes_make(large, CS_CHAIN_BYTES_MAX);
    encode(&device);
    assert_decodes(cs_buffer_bytes(&text), &device);
    device.chain.size = CS_INVITE_TEXT_MAX;
    cs_buffer_clear(&text);
    assert_int_equal(cs_invite_package_encode(&device, &text), CS_TOO_LARGE);
    assert_int_equal(text.size, 0);
    cs_free(large);
}

/* The checksum is over the CBOR, both in one base64url run: the layout of the header comment. */
static void test_layout(void **state)
{
    (void)state;
    encode(&first);
    struct cs_buffer decoded;
    cs_buffer_init(&decoded, CS_MEBI);
    assert_int_equal(cs_base64url_decode(cs_bytes_make(text.data + 5, text.size - 6), &decoded),
                     CS_OK);
    uint8_t hash[CS_HASH_SIZE];
    cs_hash("countersign invite text 1", cs_bytes_make(decoded.data, decoded.size - 8), hash);
    assert_memory_equal(decoded.data + decoded.size - 8, hash, 8);
    cs_buffer_release(&decoded);
}

static void test_white_space_is_ignored(void **state)
{
    (void)state;
    encode(&device);
    struct cs_buffer spaced;
    cs_buffer_init(&spaced, CS_MEBI);
    static const char *const spaces[] = {"\n", " ", "\r\n", "\t", "\v\f", ""};
    cs_buffer_append_text(&spaced, "\r\n  \t ");
    for (size_t i = 0; i < text.size; i++) {
        cs_buffer_append_u8(&spaced, text.data[i]);
        cs_buffer_append_text(&spaced, spaces[i % CS_COUNT(spaces)]);
    }
    cs_buffer_append_text(&spaced, "  \n\n");
    assert_decodes(cs_buffer_bytes(&spaced), &device);
    cs_buffer_release(&spaced);
    /* Without the final newline, too. */
    assert_decodes(cs_bytes_make(text.data, text.size - 1), &device);
}

/* ---- what is not made ---- */

static void assert_not_encoded(const struct cs_invite_package *package)
{
    cs_buffer_clear(&text);
    assert_int_equal(cs_invite_package_encode(package, &text), CS_INVALID);
    assert_int_equal(text.size, 0);
}

static void test_missing_parts_are_not_encoded(void **state)
{
    (void)state;
    struct cs_bytes *const first_parts[] = {&first.address, &first.server_statement};
    for (size_t i = 0; i < CS_COUNT(first_parts); i++) {
        struct cs_bytes part = *first_parts[i];
        *first_parts[i] = CS_BYTES_NONE;
        assert_not_encoded(&first);
        *first_parts[i] = part;
    }
    struct cs_bytes *const device_parts[] = {&device.address, &device.server_statement,
                                             &device.server_identity, &device.chain,
                                             &device.invite};
    for (size_t i = 0; i < CS_COUNT(device_parts); i++) {
        struct cs_bytes part = *device_parts[i];
        *device_parts[i] = CS_BYTES_NONE;
        assert_not_encoded(&device);
        *device_parts[i] = part;
    }
    first.chain = device.chain; /* a part that the first invite does not have */
    assert_not_encoded(&first);
}

static void test_bad_addresses_are_not_encoded(void **state)
{
    (void)state;
    static const char *const bad[] = {"host :1", "host\n:1", "\xff:1"};
    for (size_t i = 0; i < CS_COUNT(bad); i++) {
        first.address = cs_bytes_of_text(bad[i]);
        assert_not_encoded(&first);
    }
    char large[261];
    memset(large, 'h', sizeof large);
    first.address = cs_bytes_make(large, sizeof large);
    assert_not_encoded(&first);
    first.address.size--;
    encode(&first);
}

/* ---- damage ---- */

static void test_other_texts_are_no_invites(void **state)
{
    (void)state;
    static const char *const others[] = {"",      "   \n", "hello",  "CSI",          "csi1-AAAA",
                                         "CSI2-", "CSI1",  "-CSI1-", "https://e.org"};
    for (size_t i = 0; i < CS_COUNT(others); i++) {
        assert_refused(cs_bytes_of_text(others[i]), CS_MALFORMED, NOT_AN_INVITE);
    }
    assert_refused(CS_BYTES_NONE, CS_MALFORMED, NOT_AN_INVITE);
    assert_refused(cs_bytes_of_text("CSI1-"), CS_MALFORMED, DAMAGED);
    assert_refused(cs_bytes_of_text("CSI1-AAAAAAAAAAA"), CS_MALFORMED, DAMAGED);
}

static void test_truncated_at_every_length(void **state)
{
    (void)state;
    encode(&first);
    for (size_t size = 0; size < text.size - 1; size++) {
        assert_refused(cs_bytes_make(text.data, size), CS_MALFORMED,
                       size < 5 ? NOT_AN_INVITE : DAMAGED);
    }
}

static void test_any_changed_character_is_refused(void **state)
{
    (void)state;
    encode(&first);
    for (size_t i = 0; i < text.size - 1; i++) {
        uint8_t old = text.data[i];
        static const char replacements[] = "AB-_9!=\xc3";
        for (size_t j = 0; j < sizeof replacements - 1; j++) {
            if (old == (uint8_t)replacements[j]) {
                continue;
            }
            text.data[i] = (uint8_t)replacements[j];
            assert_refused(cs_buffer_bytes(&text), CS_MALFORMED, i < 5 ? NOT_AN_INVITE : DAMAGED);
        }
        text.data[i] = old;
    }
    assert_decodes(cs_buffer_bytes(&text), &first);
}

static void test_swapped_or_doubled_characters_are_refused(void **state)
{
    (void)state;
    encode(&first);
    for (size_t i = 5; i + 2 < text.size; i++) {
        uint8_t left = text.data[i];
        uint8_t right = text.data[i + 1];
        if (left == right) {
            continue;
        }
        text.data[i] = right;
        text.data[i + 1] = left;
        assert_refused(cs_buffer_bytes(&text), CS_MALFORMED, DAMAGED);
        text.data[i] = left;
        text.data[i + 1] = right;
    }
    struct cs_buffer twice;
    cs_buffer_init(&twice, CS_MEBI);
    cs_buffer_append_bytes(&twice, cs_buffer_bytes(&text));
    cs_buffer_append_bytes(&twice, cs_buffer_bytes(&text));
    assert_refused(cs_buffer_bytes(&twice), CS_MALFORMED, DAMAGED);
    cs_buffer_release(&twice);
}

static void test_a_huge_text_is_refused(void **state)
{
    (void)state;
    cs_buffer_append_text(&text, "CSI1-");
    for (size_t i = 0; i < CS_INVITE_TEXT_MAX; i++) {
        cs_buffer_append_u8(&text, 'A');
    }
    assert_refused(cs_buffer_bytes(&text), CS_MALFORMED, NOT_AN_INVITE);
    /* White space does not count. */
    encode(&first);
    for (size_t i = 0; i < CS_INVITE_TEXT_MAX; i++) {
        cs_buffer_append_u8(&text, '\n');
    }
    assert_decodes(cs_buffer_bytes(&text), &first);
}

/* ---- a right checksum over wrong content ---- */

struct forgery {
    size_t count;
    uint64_t version;
    bool first;
    const char *address;
    size_t token_size;
    size_t parts; /* byte strings after the token */
};

static struct cs_bytes forge(struct forgery forgery)
{
    static const uint8_t zeroes[64];
    struct cs_buffer content;
    cs_buffer_init(&content, CS_MEBI);
    cs_cbor_put_array(&content, forgery.count);
    cs_cbor_put_unsigned(&content, forgery.version);
    cs_cbor_put_boolean(&content, forgery.first);
    cs_cbor_put_text(&content, cs_bytes_of_text(forgery.address));
    cs_cbor_put_bytes(&content, cs_bytes_of_text("statement"));
    cs_cbor_put_bytes(&content, cs_bytes_make(zeroes, 32));
    cs_cbor_put_bytes(&content, cs_bytes_make(zeroes, forgery.token_size));
    for (size_t i = 0; i < forgery.parts; i++) {
        cs_cbor_put_bytes(&content, cs_bytes_of_text("part"));
    }
    uint8_t hash[CS_HASH_SIZE];
    cs_hash("countersign invite text 1", cs_buffer_bytes(&content), hash);
    cs_buffer_append(&content, hash, 8);
    cs_buffer_clear(&text);
    cs_buffer_append_text(&text, "CSI1-");
    cs_base64url_encode(cs_buffer_bytes(&content), &text);
    cs_buffer_release(&content);
    assert_int_equal(text.status, CS_OK);
    return cs_buffer_bytes(&text);
}

static void test_wrong_content_is_refused(void **state)
{
    (void)state;
    const struct forgery good = {6, 1, true, "h:1", 32, 0};
    const struct forgery good_device = {9, 1, false, "h:1", 32, 3};
    struct cs_invite_package found;
    assert_int_equal(cs_invite_package_decode(forge(good), &arena, &found, NULL), CS_OK);
    assert_int_equal(cs_invite_package_decode(forge(good_device), &arena, &found, NULL), CS_OK);
    struct forgery bad = good;
    bad.first = false;
    assert_refused(forge(bad), CS_MALFORMED, DAMAGED);
    bad = good_device;
    bad.first = true;
    assert_refused(forge(bad), CS_MALFORMED, DAMAGED);
    bad = good;
    bad.address = "";
    assert_refused(forge(bad), CS_MALFORMED, DAMAGED);
    bad.address = "h 1";
    assert_refused(forge(bad), CS_MALFORMED, DAMAGED);
    for (size_t size = 31; size <= 33; size += 2) {
        bad = good;
        bad.token_size = size;
        assert_refused(forge(bad), CS_MALFORMED, DAMAGED);
    }
    for (size_t count = 0; count < 12; count++) {
        for (size_t parts = 0; parts < 6; parts++) {
            bad = good_device;
            bad.count = count;
            bad.parts = parts;
            if (count != 9 || parts != 3) {
                assert_refused(forge(bad), CS_MALFORMED, DAMAGED);
            }
        }
    }
    bad = good;
    bad.version = 2;
    assert_refused(forge(bad), CS_UNSUPPORTED,
                   "the invite was made by a newer Countersign: update this program");
}

/* ---- memory ---- */

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    long failures = 0;
    for (;; failures++) {
        cs_buffer_release(&text);
        cs_memory_fail_after(failures);
        enum cs_status status = cs_invite_package_encode(&device, &text);
        cs_memory_fail_after(-1);
        if (status == CS_OK) {
            break;
        }
        assert_int_equal(status, CS_NO_MEMORY);
        assert_int_equal(text.size, 0);
    }
    assert_true(failures >= 3);
    for (failures = 0;; failures++) {
        struct cs_invite_package found;
        memset(&found, 0x5a, sizeof found);
        cs_arena_release(&arena);
        cs_memory_fail_after(failures);
        enum cs_status status =
            cs_invite_package_decode(cs_buffer_bytes(&text), &arena, &found, NULL);
        cs_memory_fail_after(-1);
        if (status == CS_OK) {
            break;
        }
        assert_int_equal(status, CS_NO_MEMORY);
        assert_int_equal(found.token[0], 0x5a);
    }
    assert_true(failures >= 3);
}

/* The token is a secret: nothing that outlives the call holds it but `out`. */
static void test_arena_never_holds_the_token(void **state)
{
    (void)state;
    struct cs_invite_package found;
    encode(&device);
    assert_int_equal(cs_invite_package_decode(cs_buffer_bytes(&text), &arena, &found, NULL), CS_OK);
    /* One block holds it all: the address was copied first, what is taken now comes last. */
    assert_true(arena.used < 4000);
    const uint8_t *start = found.address.data;
    const uint8_t *end = cs_arena_take(&arena, 1);
    assert_true(end > start);
    assert_null(memmem(start, (size_t)(end - start), device.token, sizeof device.token));
    assert_non_null(memmem(start, (size_t)(end - start), device.invite.data, device.invite.size));
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_both_kinds_round_trip),
        CASE(test_largest_chain_fits),
        CASE(test_layout),
        CASE(test_white_space_is_ignored),
        CASE(test_missing_parts_are_not_encoded),
        CASE(test_bad_addresses_are_not_encoded),
        CASE(test_other_texts_are_no_invites),
        CASE(test_truncated_at_every_length),
        CASE(test_any_changed_character_is_refused),
        CASE(test_swapped_or_doubled_characters_are_refused),
        CASE(test_a_huge_text_is_refused),
        CASE(test_wrong_content_is_refused),
        CASE(test_every_allocation_may_fail),
        CASE(test_arena_never_holds_the_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
