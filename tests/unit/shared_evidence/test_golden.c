/*
 * Version 1 of every structure, byte for byte, against files in tests/golden/evidence. Keys are
 * fixed and Ed25519 is deterministic, so encoding again gives the very bytes; a difference means
 * that the format was changed.
 *
 * CS_GOLDEN_WRITE=1 in the environment writes the files in place of comparing: only for a new
 * version's new files.
 */
#include "shared/evidence/checkpoint.h"
#include "shared/evidence/invite_text.h"
#include "shared/evidence/record.h"

#include "shared/base/text.h"
#include "tests/unit/shared_evidence/evidence_fixture.h"

#include <stdlib.h>

static struct fixture fixture; /* devices[5] plays the server's identity */
static struct cs_buffer made;
static struct cs_buffer stored;
static struct cs_arena arena;
static uint8_t server_key[CS_SIGN_PUBLIC_SIZE];

static int setup(void **state)
{
    (void)state;
    fixture_init(&fixture);
    cs_buffer_init(&made, CS_MEBI);
    cs_buffer_init(&stored, CS_MEBI);
    cs_arena_init(&arena, CS_MEBI);
    cs_sign_key_public(fixture.devices[5], server_key);
    (void)fixture_build(&fixture, 3, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_buffer_release(&made);
    cs_buffer_release(&stored);
    cs_arena_release(&arena);
    fixture_release(&fixture);
    return 0;
}

static void write_golden(const char *path, struct cs_bytes bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    assert_int_equal(fclose(file), 0);
}

/* The stored bytes, which must be those made now. */
static struct cs_bytes golden(const char *name, struct cs_bytes expected)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/tests/golden/evidence/%s", CS_TEST_SOURCE_DIR, name);
    if (getenv("CS_GOLDEN_WRITE") != NULL) {
        write_golden(path, expected);
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s is missing", path);
        return CS_BYTES_NONE;
    }
    cs_buffer_clear(&stored);
    for (int byte = fgetc(file); byte != EOF; byte = fgetc(file)) {
        cs_buffer_append_u8(&stored, (uint8_t)byte);
    }
    assert_int_equal(fclose(file), 0);
    if (!cs_bytes_equal(cs_buffer_bytes(&stored), expected)) {
        fail_msg("%s: the format has changed", name);
    }
    return cs_buffer_bytes(&stored);
}

static void test_certificate(void **state)
{
    (void)state;
    struct cs_bytes bytes =
        golden("certificate_1.bin", cs_buffer_bytes(&fixture.certificate_bytes[1]));
    struct cs_certificate certificate;
    assert_int_equal(cs_certificate_decode(bytes, &certificate), CS_OK);
    assert_true(cs_bytes_equal_text(certificate.person_name, fixture_name(2)));
    assert_int_equal(certificate.created_ms, FIXTURE_START_MS + FIXTURE_DAY_MS);
}

static void test_invite(void **state)
{
    (void)state;
    struct cs_bytes bytes = golden("invite_1.bin", cs_buffer_bytes(&fixture.invite_bytes[1]));
    struct cs_invite invite;
    assert_int_equal(cs_invite_decode(bytes, &invite), CS_OK);
    assert_int_equal(invite.expires_ms, FIXTURE_START_MS + 7 * FIXTURE_DAY_MS);
}

static void test_chain(void **state)
{
    (void)state;
    struct cs_bytes bytes = golden("chain_1.bin", cs_buffer_bytes(&fixture.chain));
    struct cs_chain chain;
    assert_int_equal(cs_chain_verify(bytes, fixture.organisation, &chain, NULL), CS_OK);
    char fingerprint[24];
    cs_certificate_fingerprint(chain.leaf_id, fingerprint);
    cs_buffer_append_format(&made, "%s\n", fingerprint);
    (void)golden("chain_1_fingerprint.txt", cs_buffer_bytes(&made));
}

static void make_statement(struct cs_buffer *out)
{
    struct cs_server_statement statement = {.epoch = 4};
    memcpy(statement.identity, server_key, sizeof statement.identity);
    memset(statement.bundle_key, 0x61, sizeof statement.bundle_key);
    memset(statement.half_key, 0x62, sizeof statement.half_key);
    memset(statement.tls_key_hash, 0x63, sizeof statement.tls_key_hash);
    assert_int_equal(cs_server_statement_encode(&statement, fixture.devices[5], out), CS_OK);
}

static void make_identity(struct cs_buffer *out)
{
    struct cs_server_identity identity = {.epoch = 2};
    memcpy(identity.organisation, fixture.organisation, sizeof identity.organisation);
    memcpy(identity.identity, server_key, sizeof identity.identity);
    assert_int_equal(cs_server_identity_encode(&identity, fixture.root, out), CS_OK);
}

static void test_server_statement(void **state)
{
    (void)state;
    make_statement(&made);
    struct cs_bytes bytes = golden("server_statement_1.bin", cs_buffer_bytes(&made));
    struct cs_server_statement statement;
    assert_int_equal(cs_server_statement_verify(bytes, server_key, &statement), CS_OK);
    assert_int_equal(statement.epoch, 4);
}

static void test_server_identity(void **state)
{
    (void)state;
    make_identity(&made);
    struct cs_bytes bytes = golden("server_identity_1.bin", cs_buffer_bytes(&made));
    struct cs_server_identity identity;
    assert_int_equal(cs_server_identity_verify(bytes, fixture.root_key, &identity), CS_OK);
    assert_int_equal(identity.epoch, 2);
}

static void test_record(void **state)
{
    (void)state;
    static const uint8_t raw[] = {0, 127, 255};
    struct cs_named_value fields[] = {
        {cs_bytes_of_text("amount_cents"), cs_value_integer(129900)},
        {cs_bytes_of_text("note"), CS_NULL},
        {cs_bytes_of_text("signer"), cs_value_text(cs_bytes_of_text("李雷"))},
        {cs_bytes_of_text("strokes"), cs_value_bytes(cs_bytes_of_array(raw))}};
    struct cs_record record = {.kind = cs_bytes_of_text("receipt"),
                               .claimed = cs_instant_make(FIXTURE_START_MS, 480),
                               .fields = fields,
                               .field_count = CS_COUNT(fields)};
    memcpy(record.organisation, fixture.organisation, sizeof record.organisation);
    assert_int_equal(
        cs_certificate_id(cs_buffer_bytes(&fixture.certificate_bytes[0]), record.certificate),
        CS_OK);
    assert_int_equal(cs_record_encode(&record, fixture.devices[0], &made), CS_OK);
    struct cs_bytes bytes = golden("record_1.bin", cs_buffer_bytes(&made));
    uint8_t signer[CS_SIGN_PUBLIC_SIZE];
    cs_sign_key_public(fixture.devices[0], signer);
    assert_int_equal(cs_record_verify(bytes, signer), CS_OK);
    struct cs_record found;
    assert_int_equal(cs_record_decode(bytes, &arena, &found), CS_OK);
    assert_int_equal(found.field_count, CS_COUNT(fields));
}

static void test_checkpoint(void **state)
{
    (void)state;
    struct cs_checkpoint checkpoint = {.size = 20852163, .position = 7300};
    memset(checkpoint.incarnation, 0xab, sizeof checkpoint.incarnation);
    memset(checkpoint.root, 0xfb, sizeof checkpoint.root);
    assert_int_equal(
        cs_checkpoint_encode(&checkpoint, fixture.organisation, fixture.devices[5], &made), CS_OK);
    struct cs_bytes bytes = golden("checkpoint_1.txt", cs_buffer_bytes(&made));
    struct cs_checkpoint found;
    assert_int_equal(cs_checkpoint_verify(bytes, fixture.organisation, server_key, &found), CS_OK);
    assert_memory_equal(&found, &checkpoint, sizeof found);
}

static void check_package(const struct cs_invite_package *package, const char *name)
{
    cs_buffer_clear(&made);
    assert_int_equal(cs_invite_package_encode(package, &made), CS_OK);
    struct cs_bytes text = golden(name, cs_buffer_bytes(&made));
    struct cs_invite_package found;
    assert_int_equal(cs_invite_package_decode(text, &arena, &found, NULL), CS_OK);
    assert_int_equal(found.first, package->first);
    assert_memory_equal(found.token, package->token, sizeof found.token);
    assert_true(cs_bytes_equal(found.chain, package->chain));
}

static void test_invite_texts(void **state)
{
    (void)state;
    struct cs_buffer statement;
    struct cs_buffer identity;
    cs_buffer_init(&statement, CS_MEBI);
    cs_buffer_init(&identity, CS_MEBI);
    make_statement(&statement);
    make_identity(&identity);
    struct cs_invite_package package = {.first = true,
                                        .address = cs_bytes_of_text("sync.example.org:7443"),
                                        .server_statement = cs_buffer_bytes(&statement)};
    memcpy(package.server, server_key, sizeof package.server);
    memset(package.token, 0x77, sizeof package.token);
    check_package(&package, "invite_text_first_1.txt");
    package.first = false;
    package.server_identity = cs_buffer_bytes(&identity);
    package.chain = cs_buffer_bytes(&fixture.chain);
    package.invite = cs_buffer_bytes(&fixture.invite_bytes[2]);
    check_package(&package, "invite_text_device_1.txt");
    cs_buffer_release(&statement);
    cs_buffer_release(&identity);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_certificate),      CASE(test_invite),          CASE(test_chain),
        CASE(test_server_statement), CASE(test_server_identity), CASE(test_record),
        CASE(test_invite_texts),     CASE(test_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
