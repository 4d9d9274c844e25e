/* Checkpoints: the one form of a note, and that nothing else is accepted. */
#include "shared/evidence/checkpoint.h"

#include "shared/base/text.h"
#include "tests/support/testing.h"
#include "tests/unit/shared_evidence/evidence_fixture.h"

static struct fixture fixture; /* devices[5] plays the server's identity */
static struct cs_checkpoint checkpoint;
static struct cs_buffer note;
static struct cs_buffer changed;
static uint8_t identity[CS_SIGN_PUBLIC_SIZE];

static int setup(void **state)
{
    (void)state;
    fixture_init(&fixture);
    cs_buffer_init(&note, CS_MEBI);
    cs_buffer_init(&changed, CS_MEBI);
    cs_sign_key_public(fixture.devices[5], identity);
    checkpoint = (struct cs_checkpoint){.size = 20852163, .position = 7300};
    memset(checkpoint.incarnation, 0xab, sizeof checkpoint.incarnation);
    memset(checkpoint.root, 0xfb, sizeof checkpoint.root);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    cs_buffer_release(&note);
    cs_buffer_release(&changed);
    fixture_release(&fixture);
    return 0;
}

static void encode(void)
{
    cs_buffer_clear(&note);
    assert_ok(cs_checkpoint_encode(&checkpoint, fixture.organisation, fixture.devices[5], &note));
}

static void assert_refused(struct cs_bytes bytes, enum cs_status expected)
{
    struct cs_checkpoint found = {.size = 77};
    assert_status(cs_checkpoint_verify(bytes, fixture.organisation, identity, &found), expected);
    assert_int_equal(found.size, 77);
}

static void assert_round_trip(void)
{
    struct cs_checkpoint found;
    encode();
    assert_true(note.size <= CS_CHECKPOINT_MAX);
    assert_ok(cs_checkpoint_verify(cs_buffer_bytes(&note), fixture.organisation, identity, &found));
    assert_memory_equal(&found, &checkpoint, sizeof found);
}

static void a_note_gives_back_what_was_signed(void **state)
{
    (void)state;
    assert_round_trip();
    checkpoint.size = 0;
    checkpoint.position = 0;
    assert_round_trip();
    checkpoint.size = INT64_MAX;
    checkpoint.position = INT64_MAX;
    assert_round_trip();
    assert_int_equal(note.size, 412);
}

static void numbers_beyond_the_format_are_not_signed(void **state)
{
    (void)state;
    checkpoint.size = (uint64_t)INT64_MAX + 1;
    assert_status(
        cs_checkpoint_encode(&checkpoint, fixture.organisation, fixture.devices[5], &note),
        CS_INVALID);
    checkpoint.size = 1;
    checkpoint.position = UINT64_MAX;
    assert_status(
        cs_checkpoint_encode(&checkpoint, fixture.organisation, fixture.devices[5], &note),
        CS_INVALID);
    assert_int_equal(note.size, 0);
}

static void every_bit_counts(void **state)
{
    (void)state;
    encode();
    for (size_t i = 0; i < note.size * 8; i++) {
        struct cs_checkpoint found = {.size = 77};
        note.data[i / 8] ^= (uint8_t)(1U << (i % 8));
        assert_int_not_equal(
            cs_checkpoint_verify(cs_buffer_bytes(&note), fixture.organisation, identity, &found),
            CS_OK);
        assert_int_equal(found.size, 77);
        note.data[i / 8] ^= (uint8_t)(1U << (i % 8));
    }
    assert_round_trip();
}

static void a_cut_or_longer_note_is_refused(void **state)
{
    (void)state;
    encode();
    for (size_t size = 0; size < note.size; size++) {
        assert_refused(cs_bytes_make(note.data, size), CS_MALFORMED);
    }
    cs_buffer_append_text(&note, "\n");
    assert_refused(cs_buffer_bytes(&note), CS_MALFORMED);
    uint8_t *rest = cs_buffer_extend(&note, CS_CHECKPOINT_MAX);
    assert_non_null(rest);
    memset(rest, '\n', CS_CHECKPOINT_MAX);
    assert_refused(cs_buffer_bytes(&note), CS_LIMIT);
}

static void others_keys_and_organisations_are_refused(void **state)
{
    (void)state;
    uint8_t other[CS_HASH_SIZE];
    memcpy(other, fixture.organisation, sizeof other);
    other[31] ^= 1;
    struct cs_checkpoint found;
    encode();
    assert_status(cs_checkpoint_verify(cs_buffer_bytes(&note), other, identity, &found),
                  CS_WRONG_ORGANISATION);
    cs_buffer_clear(&note);
    assert_ok(cs_checkpoint_encode(&checkpoint, fixture.organisation, fixture.other, &note));
    assert_refused(cs_buffer_bytes(&note), CS_FORGED);
}

/* Signs whatever text a test thinks of, as a server would that is up to something. */
static void sign_text(const char *text, const char *extra_line)
{
    struct cs_buffer named;
    uint8_t hash[32];
    uint8_t signature[4 + CS_SIGNATURE_SIZE];
    size_t name_size = strcspn(text, "\n");
    cs_buffer_init(&named, CS_MEBI);
    cs_buffer_append(&named, text, name_size);
    cs_buffer_append(&named, "\n\x01", 2);
    cs_buffer_append(&named, identity, sizeof identity);
    cs_sha256(cs_buffer_bytes(&named), hash);
    memcpy(signature, hash, 4);
    cs_sign_bare(fixture.devices[5], cs_bytes_of_text(text), signature + 4);
    cs_buffer_clear(&changed);
    cs_buffer_append_text(&changed, text);
    cs_buffer_append_text(&changed, "\n\xe2\x80\x94 ");
    cs_buffer_append(&changed, text, name_size);
    cs_buffer_append_text(&changed, " ");
    size_t start = changed.size;
    cs_base64url_encode(cs_bytes_of_array(signature), &changed);
    for (size_t i = start; i < changed.size; i++) {
        uint8_t byte = changed.data[i];
        changed.data[i] = byte == '-' ? '+' : byte == '_' ? '/' : byte;
    }
    cs_buffer_append_text(&changed, "=\n");
    cs_buffer_append_text(&changed, extra_line);
    cs_buffer_release(&named);
}

#define SIXTEEN "0123456789abcdef"
#define INCARNATION SIXTEEN SIXTEEN
#define ROOT "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s="

static void assert_text_refused(const char *format, enum cs_status expected)
{
    char organisation[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(cs_bytes_of_array(fixture.organisation), organisation);
    char text[1024];
    (void)snprintf(text, sizeof text, "countersign/%s/" INCARNATION "%s", organisation, format);
    sign_text(text, "");
    struct cs_checkpoint found = {.size = 77};
    assert_status(
        cs_checkpoint_verify(cs_buffer_bytes(&changed), fixture.organisation, identity, &found),
        expected);
}

static void only_one_form_is_accepted_even_if_signed(void **state)
{
    (void)state;
    assert_text_refused("\n5\n" ROOT "\nposition 4\n", CS_OK);
    static const char *const texts[] = {
        "\n05\n" ROOT "\nposition 4\n",
        "\n+5\n" ROOT "\nposition 4\n",
        "\n-5\n" ROOT "\nposition 4\n",
        "\n5 \n" ROOT "\nposition 4\n",
        "\n\n" ROOT "\nposition 4\n",
        "\n5\n" ROOT "\nposition 04\n",
        "\n5\n" ROOT "\nposition -4\n",
        "\n5\n" ROOT "\nposition  4\n",
        "\n5\n" ROOT "\nPosition 4\n",
        "\n5\n" ROOT "\nposition 4\nposition 4\n",
        "\n5\n" ROOT "\n",
        "\n5\n" ROOT "\nposition\n",
        "\n9223372036854775808\n" ROOT "\nposition 4\n",
        "\n99999999999999999999999999\n" ROOT "\nposition 4\n",
        "\n5\n" ROOT "\nposition 9223372036854775808\n",
        "\n5\n+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s\nposition 4\n",
        "\n5\n+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/t=\nposition 4\n",
        "\n5\n-_v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=\nposition 4\n",
        "\n5\n+/v7 +/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=\nposition 4\n",
        "\n5\n+/v7+w==\nposition 4\n",
        "/\n5\n" ROOT "\nposition 4\n",
    };
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        assert_text_refused(texts[i], CS_MALFORMED);
    }
}

static void names_have_one_form(void **state)
{
    (void)state;
    char organisation[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(cs_bytes_of_array(fixture.organisation), organisation);
    static const char *const formats[] = {
        "countersign/%s/0123456789ABCDEF" SIXTEEN "\n5\n" ROOT "\nposition 4\n",
        "countersign/%s_" INCARNATION "\n5\n" ROOT "\nposition 4\n",
        "Countersign/%s/" INCARNATION "\n5\n" ROOT "\nposition 4\n",
        "countersign/%s/0123456789abcdeg" SIXTEEN "\n5\n" ROOT "\nposition 4\n",
    };
    for (size_t i = 0; i < CS_COUNT(formats); i++) {
        struct cs_buffer text;
        cs_buffer_init(&text, CS_MEBI);
        const char *before = formats[i];
        const char *place = strstr(before, "%s");
        assert_non_null(place);
        cs_buffer_append(&text, before, (size_t)(place - before));
        cs_buffer_append_text(&text, organisation);
        cs_buffer_append_text(&text, place + 2);
        sign_text(cs_buffer_text(&text), "");
        assert_refused(cs_buffer_bytes(&changed), CS_MALFORMED);
        cs_buffer_release(&text);
    }
}

static void a_second_signature_is_refused(void **state)
{
    (void)state;
    char organisation[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(cs_bytes_of_array(fixture.organisation), organisation);
    char text[1024];
    (void)snprintf(text, sizeof text, "countersign/%s/" INCARNATION "\n5\n" ROOT "\nposition 4\n",
                   organisation);
    sign_text(text, "\xe2\x80\x94 witness AAAA\n");
    assert_refused(cs_buffer_bytes(&changed), CS_MALFORMED);
}

static void a_signature_line_for_another_key_is_refused(void **state)
{
    (void)state;
    encode();
    /* The key id in the signature's base64, and the name of the key. */
    size_t signature = note.size - 1 - 92;
    note.data[signature] = note.data[signature] == 'A' ? 'B' : 'A';
    assert_refused(cs_buffer_bytes(&note), CS_FORGED);
    encode();
    note.data[signature - 2] = note.data[signature - 2] == '0' ? '1' : '0';
    assert_refused(cs_buffer_bytes(&note), CS_MALFORMED);
}

static void a_note_can_be_read_without_the_key(void **state)
{
    (void)state;
    struct cs_checkpoint found = {.size = 77};
    encode();
    assert_ok(cs_checkpoint_read(cs_buffer_bytes(&note), &found));
    assert_memory_equal(&found, &checkpoint, sizeof found);
    found.size = 77;
    for (size_t size = 0; size < note.size; size++) {
        assert_status(cs_checkpoint_read(cs_bytes_make(note.data, size), &found), CS_MALFORMED);
    }
    uint8_t large[CS_CHECKPOINT_MAX + 1] = {0};
    assert_status(cs_checkpoint_read(cs_bytes_of_array(large), &found), CS_LIMIT);
    assert_int_equal(found.size, 77);
}

static void digits_tell_histories_apart(void **state)
{
    (void)state;
    char digits[CS_CHECKPOINT_DIGITS_SIZE];
    char others[CS_CHECKPOINT_DIGITS_SIZE];
    cs_checkpoint_digits(&checkpoint, digits);
    assert_string_equal(digits, "81795 93684 16716 34811 59998");
    struct cs_checkpoint other = checkpoint;
    other.position++; /* two devices may have asked at different moments */
    cs_checkpoint_digits(&other, others);
    assert_string_equal(digits, others);
    other.root[31] ^= 1;
    cs_checkpoint_digits(&other, others);
    assert_string_not_equal(digits, others);
    other = checkpoint;
    other.size++;
    cs_checkpoint_digits(&other, others);
    assert_string_not_equal(digits, others);
    other = checkpoint;
    other.incarnation[0] ^= 1;
    cs_checkpoint_digits(&other, others);
    assert_string_not_equal(digits, others);
}

static void failed_allocations_leave_everything_as_it_was(void **state)
{
    (void)state;
    long allocations = 0;
    encode();
    for (enum cs_status status = CS_NO_MEMORY; status != CS_OK; allocations++) {
        struct cs_buffer other;
        cs_buffer_init(&other, CS_MEBI);
        cs_memory_fail_after(allocations);
        status =
            cs_checkpoint_encode(&checkpoint, fixture.organisation, fixture.devices[5], &other);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_int_equal(other.size, status == CS_OK ? note.size : 0);
        cs_buffer_release(&other);
    }
    assert_true(allocations > 3);
    allocations = 0;
    for (enum cs_status status = CS_NO_MEMORY; status != CS_OK; allocations++) {
        struct cs_checkpoint found = {.size = 77};
        cs_memory_fail_after(allocations);
        status =
            cs_checkpoint_verify(cs_buffer_bytes(&note), fixture.organisation, identity, &found);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_int_equal(found.size, status == CS_OK ? checkpoint.size : 77);
    }
    assert_true(allocations > 3);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_note_gives_back_what_was_signed),
        CASE(numbers_beyond_the_format_are_not_signed),
        CASE(every_bit_counts),
        CASE(a_cut_or_longer_note_is_refused),
        CASE(others_keys_and_organisations_are_refused),
        CASE(only_one_form_is_accepted_even_if_signed),
        CASE(names_have_one_form),
        CASE(a_second_signature_is_refused),
        CASE(a_signature_line_for_another_key_is_refused),
        CASE(a_note_can_be_read_without_the_key),
        CASE(digits_tell_histories_apart),
        CASE(failed_allocations_leave_everything_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
