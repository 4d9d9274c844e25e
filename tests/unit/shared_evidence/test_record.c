/* Signed evidence records. */
#include "shared/evidence/record.h"

#include "shared/base/text.h"
#include "shared/wire/cbor.h"
#include "tests/unit/shared_evidence/evidence_fixture.h"

/* Low bits 0 mean an offset of -2048 minutes, which no place has. */
#define NO_INSTANT INT64_C(0)

static struct fixture fixture; /* devices[0] signs */
static struct cs_buffer out;
static struct cs_arena arena;
static struct cs_named_value fields[4];
static struct cs_record record;
static uint8_t signer[CS_SIGN_PUBLIC_SIZE];

static struct cs_named_value field(const char *name, struct cs_value value)
{
    return (struct cs_named_value){cs_bytes_of_text(name), value};
}

static int setup(void **state)
{
    (void)state;
    static const uint8_t strokes[] = {0, 1, 2, 255};
    fixture_init(&fixture);
    cs_buffer_init(&out, CS_MEBI);
    cs_arena_init(&arena, CS_MEBI);
    cs_sign_key_public(fixture.devices[0], signer);
    fields[0] = field("amount_cents", cs_value_integer(-125));
    fields[1] = field("note", CS_NULL);
    fields[2] = field("signer", cs_value_text(cs_bytes_of_text("李雷")));
    fields[3] = field("strokes", cs_value_bytes(cs_bytes_of_array(strokes)));
    record = (struct cs_record){.kind = cs_bytes_of_text("receipt"),
                                .claimed = cs_instant_make(FIXTURE_START_MS, 480),
                                .checkpoint = cs_bytes_of_text("checkpoint"),
                                .fields = fields,
                                .field_count = 4};
    memcpy(record.organisation, fixture.organisation, sizeof record.organisation);
    memset(record.certificate, 0x44, sizeof record.certificate);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    cs_buffer_release(&out);
    cs_arena_release(&arena);
    fixture_release(&fixture);
    return 0;
}

static struct cs_bytes encode(void)
{
    cs_buffer_clear(&out);
    assert_int_equal(cs_record_encode(&record, fixture.devices[0], &out), CS_OK);
    return cs_buffer_bytes(&out);
}

static void assert_not_encoded(enum cs_status expected)
{
    cs_buffer_clear(&out);
    assert_int_equal(cs_record_encode(&record, fixture.devices[0], &out), expected);
    assert_int_equal(out.size, 0);
    assert_int_equal(out.status, CS_OK);
}

static void assert_not_decoded(struct cs_bytes bytes, enum cs_status expected)
{
    struct cs_record found = {.field_count = 77};
    assert_int_equal(cs_record_decode(bytes, &arena, &found), expected);
    assert_int_equal(found.field_count, 77);
}

/* ---- round trip ---- */

static void test_round_trip(void **state)
{
    (void)state;
    struct cs_record found;
    struct cs_bytes bytes = encode();
    assert_int_equal(cs_record_verify(bytes, signer), CS_OK);
    assert_int_equal(cs_record_decode(bytes, &arena, &found), CS_OK);
    assert_true(cs_bytes_equal_text(found.kind, "receipt"));
    assert_memory_equal(found.organisation, record.organisation, CS_HASH_SIZE);
    assert_memory_equal(found.certificate, record.certificate, CS_HASH_SIZE);
    assert_true(found.claimed == record.claimed);
    assert_true(cs_bytes_equal_text(found.checkpoint, "checkpoint"));
    assert_int_equal(found.field_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(cs_bytes_equal(found.fields[i].name, fields[i].name));
        assert_true(cs_value_equal(&found.fields[i].value, &fields[i].value));
    }
}

static void test_smallest_and_most_fields(void **state)
{
    (void)state;
    struct cs_record found;
    record.field_count = 0;
    record.fields = NULL;
    record.checkpoint = CS_BYTES_NONE;
    assert_int_equal(cs_record_decode(encode(), &arena, &found), CS_OK);
    assert_int_equal(found.field_count, 0);
    assert_int_equal(found.checkpoint.size, 0);
    char names[CS_RECORD_FIELDS_MAX + 1][8];
    struct cs_named_value many[CS_RECORD_FIELDS_MAX + 1];
    for (size_t i = 0; i < CS_COUNT(many); i++) {
        (void)snprintf(names[i], sizeof names[i], "f%03zu", i);
        many[i] = field(names[i], cs_value_integer((int64_t)i));
    }
    record.fields = many;
    record.field_count = CS_RECORD_FIELDS_MAX;
    assert_int_equal(cs_record_decode(encode(), &arena, &found), CS_OK);
    assert_int_equal(found.field_count, CS_RECORD_FIELDS_MAX);
    record.field_count++;
    assert_not_encoded(CS_INVALID);
}

/* ---- limits on what is made ---- */

static void test_bad_heads_are_not_encoded(void **state)
{
    (void)state;
    char name[CS_NAME_MAX + 1];
    memset(name, 'k', sizeof name);
    struct cs_record good = record;
    record.kind = CS_BYTES_NONE;
    assert_not_encoded(CS_INVALID);
    record.kind = cs_bytes_make(name, sizeof name);
    assert_not_encoded(CS_INVALID);
    record.kind = cs_bytes_of_text("re\nceipt");
    assert_not_encoded(CS_INVALID);
    record = good;
    record.claimed = NO_INSTANT;
    assert_not_encoded(CS_INVALID);
    static uint8_t checkpoint[CS_RECORD_CHECKPOINT_MAX + 1];
    record = good;
    record.checkpoint = cs_bytes_of_array(checkpoint);
    assert_not_encoded(CS_INVALID);
    record.checkpoint.size--;
    (void)encode();
}

static void test_bad_fields_are_not_encoded(void **state)
{
    (void)state;
    struct cs_named_value good = fields[1];
    fields[1].name = CS_BYTES_NONE;
    assert_not_encoded(CS_INVALID);
    fields[1].name = fields[0].name; /* twice */
    assert_not_encoded(CS_INVALID);
    fields[1].name = cs_bytes_of_text("aaa"); /* descends */
    assert_not_encoded(CS_INVALID);
    fields[1] = good;
    fields[1].value = cs_value_text(cs_bytes_of_text("\xc3("));
    assert_not_encoded(CS_INVALID);
    fields[1] = good;
    (void)encode();
}

static void test_too_large_is_not_encoded(void **state)
{
    (void)state;
    uint8_t *large = cs_alloc_zero(CS_VALUE_MAX + 1, 1);
    assert_non_null(large);
    fields[3].value = cs_value_bytes(cs_bytes_make(large, CS_VALUE_MAX + 1));
    assert_not_encoded(CS_INVALID);
    fields[3].value.bytes.size = CS_VALUE_MAX;
    assert_not_encoded(CS_TOO_LARGE);
    fields[3].value.bytes.size = CS_VALUE_MAX - 1024;
    struct cs_bytes bytes = encode();
    assert_true(bytes.size <= CS_RECORD_MAX);
    struct cs_record found;
    assert_int_equal(cs_record_decode(bytes, &arena, &found), CS_OK);
    assert_not_decoded(cs_bytes_make(large, CS_RECORD_MAX + 1), CS_LIMIT);
    assert_not_decoded(cs_bytes_make(large, CS_RECORD_MAX), CS_MALFORMED);
    cs_free(large);
}

/* ---- what arrives ---- */

static void test_any_changed_byte_is_forged(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    struct cs_bytes bytes = encode();
    for (size_t i = 0; i < out.size * CS_COUNT(masks); i++) {
        out.data[i / 3] ^= masks[i % 3];
        assert_int_equal(cs_record_verify(bytes, signer), CS_FORGED);
        struct cs_record found;
        enum cs_status status = cs_record_decode(bytes, &arena, &found);
        assert_true(status == CS_OK || status == CS_MALFORMED || status == CS_UNSUPPORTED);
        cs_arena_release(&arena);
        out.data[i / 3] ^= masks[i % 3];
    }
    assert_int_equal(cs_record_verify(bytes, signer), CS_OK);
}

static void test_other_signers_and_labels_are_forged(void **state)
{
    (void)state;
    uint8_t other[CS_SIGN_PUBLIC_SIZE];
    cs_sign_key_public(fixture.other, other);
    assert_int_equal(cs_record_verify(encode(), other), CS_FORGED);
    struct cs_buffer statement;
    cs_buffer_init(&statement, CS_MEBI);
    cs_buffer_append(&statement, out.data + 64, out.size - 64);
    fixture_sign(&statement, "countersign certificate 1", fixture.devices[0], &out);
    assert_int_equal(cs_record_verify(cs_buffer_bytes(&out), signer), CS_FORGED);
    fixture_sign(&statement, "countersign record 1", fixture.devices[0], &out);
    assert_int_equal(cs_record_verify(cs_buffer_bytes(&out), signer), CS_OK);
    cs_buffer_release(&statement);
}

static void test_truncated_or_longer_is_refused(void **state)
{
    (void)state;
    struct cs_bytes bytes = encode();
    for (size_t size = 0; size < bytes.size; size++) {
        struct cs_bytes cut = {bytes.data, size};
        assert_not_decoded(cut, CS_MALFORMED);
        assert_int_equal(cs_record_verify(cut, signer), size <= 64 ? CS_MALFORMED : CS_FORGED);
    }
    cs_buffer_append_u8(&out, 0);
    assert_not_decoded(cs_buffer_bytes(&out), CS_MALFORMED);
}

/* A record made by hand; names are given as they are to stand. */
struct forgery {
    uint64_t version;
    size_t items;
    const char *kind;
    int64_t claimed;
    size_t pair_items;
    const char *names[2];
};

static struct cs_bytes forge(struct forgery forgery)
{
    static const uint8_t zeroes[32];
    struct cs_buffer statement;
    cs_buffer_init(&statement, CS_MEBI);
    cs_cbor_put_array(&statement, forgery.items);
    cs_cbor_put_unsigned(&statement, forgery.version);
    cs_cbor_put_text(&statement, cs_bytes_of_text(forgery.kind));
    cs_cbor_put_bytes(&statement, cs_bytes_of_array(zeroes));
    cs_cbor_put_bytes(&statement, cs_bytes_of_array(zeroes));
    cs_cbor_put_integer(&statement, forgery.claimed);
    cs_cbor_put_bytes(&statement, CS_BYTES_NONE);
    cs_cbor_put_array(&statement, 2);
    for (size_t i = 0; i < 2; i++) {
        cs_cbor_put_array(&statement, forgery.pair_items);
        cs_cbor_put_text(&statement, cs_bytes_of_text(forgery.names[i]));
        for (size_t j = 1; j < forgery.pair_items; j++) {
            cs_cbor_put_integer(&statement, 1);
        }
    }
    for (size_t i = 7; i < forgery.items; i++) {
        cs_cbor_put_null(&statement);
    }
    fixture_sign(&statement, "countersign record 1", fixture.devices[0], &out);
    cs_buffer_release(&statement);
    return cs_buffer_bytes(&out);
}

static void test_signed_but_malformed_is_refused(void **state)
{
    (void)state;
    const struct forgery good = {1, 7, "receipt", record.claimed, 2, {"a", "b"}};
    struct cs_record found;
    assert_int_equal(cs_record_decode(forge(good), &arena, &found), CS_OK);
    struct forgery bad = good;
    bad.version = 2;
    assert_not_decoded(forge(bad), CS_UNSUPPORTED);
    bad = good;
    bad.items = 8;
    assert_not_decoded(forge(bad), CS_MALFORMED);
    bad = good;
    bad.kind = "";
    assert_not_decoded(forge(bad), CS_MALFORMED);
    bad = good;
    bad.claimed = NO_INSTANT;
    assert_not_decoded(forge(bad), CS_MALFORMED);
    bad = good;
    bad.pair_items = 3;
    assert_not_decoded(forge(bad), CS_MALFORMED);
    bad.pair_items = 1;
    assert_not_decoded(forge(bad), CS_MALFORMED);
    static const char *const bad_names[][2] = {{"a", "a"}, {"b", "a"}, {"", "a"}, {"a", "b\r"}};
    for (size_t i = 0; i < CS_COUNT(bad_names); i++) {
        bad = good;
        bad.names[0] = bad_names[i][0];
        bad.names[1] = bad_names[i][1];
        assert_not_decoded(forge(bad), CS_MALFORMED);
    }
}

static void test_too_many_fields_are_refused(void **state)
{
    (void)state;
    static const uint8_t zeroes[32];
    struct cs_buffer statement;
    cs_buffer_init(&statement, CS_MEBI);
    cs_cbor_put_array(&statement, 7);
    cs_cbor_put_unsigned(&statement, 1);
    cs_cbor_put_text(&statement, cs_bytes_of_text("receipt"));
    cs_cbor_put_bytes(&statement, cs_bytes_of_array(zeroes));
    cs_cbor_put_bytes(&statement, cs_bytes_of_array(zeroes));
    cs_cbor_put_integer(&statement, record.claimed);
    cs_cbor_put_bytes(&statement, CS_BYTES_NONE);
    cs_cbor_put_array(&statement, CS_RECORD_FIELDS_MAX + 1);
    for (size_t i = 0; i <= CS_RECORD_FIELDS_MAX; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "f%03zu", i);
        cs_cbor_put_array(&statement, 2);
        cs_cbor_put_text(&statement, cs_bytes_of_text(name));
        cs_cbor_put_null(&statement);
    }
    fixture_sign(&statement, "countersign record 1", fixture.devices[0], &out);
    assert_not_decoded(cs_buffer_bytes(&out), CS_MALFORMED);
    cs_buffer_release(&statement);
}

/* ---- memory ---- */

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    long failures = 0;
    for (;; failures++) {
        cs_buffer_release(&out);
        cs_memory_fail_after(failures);
        enum cs_status status = cs_record_encode(&record, fixture.devices[0], &out);
        cs_memory_fail_after(-1);
        if (status == CS_OK) {
            break;
        }
        assert_int_equal(status, CS_NO_MEMORY);
        assert_int_equal(out.size, 0);
    }
    assert_true(failures >= 2);
    cs_memory_fail_after(0);
    assert_not_decoded(cs_buffer_bytes(&out), CS_NO_MEMORY);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_round_trip),
        CASE(test_smallest_and_most_fields),
        CASE(test_bad_heads_are_not_encoded),
        CASE(test_bad_fields_are_not_encoded),
        CASE(test_too_large_is_not_encoded),
        CASE(test_any_changed_byte_is_forged),
        CASE(test_other_signers_and_labels_are_forged),
        CASE(test_truncated_or_longer_is_refused),
        CASE(test_signed_but_malformed_is_refused),
        CASE(test_too_many_fields_are_refused),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
