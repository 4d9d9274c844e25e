/* Tests of bundles as files: whatever a stick may hold is refused in words, and nothing is overwritten by mistake. */
#include "shared/base/limits.h"
#include "shared/bundles/bundle_file.h"
#include "tests/support/testing.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct stick {
    char folder[64];
    char path[128];
    struct cs_bundle_header header;
    struct cs_buffer content; /* of the file at `path` */
    struct cs_problem problem;
};

static const uint8_t first_part[] = "the first part, which is longer than the second";
static const uint8_t second_part[] = "the second part";

static struct cs_bundle_expected expected_of(const struct stick *stick)
{
    return (struct cs_bundle_expected){stick->header.direction, stick->header.organisation,
                                       stick->header.sender, stick->header.recipient};
}

static enum cs_status write_bundle(struct stick *stick, bool force)
{
    struct cs_bundle_writer *writer;
    uint64_t size;
    enum cs_status status =
        cs_bundle_writer_begin(stick->path, &stick->header, force, &writer, &stick->problem);
    if (status != CS_OK) {
        return status;
    }
    assert_int_equal(cs_bundle_writer_add(writer, cs_bytes_of_array(first_part)), CS_OK);
    assert_int_equal(cs_bundle_writer_add(writer, cs_bytes_of_array(second_part)), CS_OK);
    status = cs_bundle_writer_finish(writer, &size, &stick->problem);
    cs_bundle_writer_end(writer);
    return status;
}

static void put_file(const struct stick *stick, const void *data, size_t size)
{
    FILE *file = fopen(stick->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void read_file(struct stick *stick)
{
    uint8_t bytes[4096];
    FILE *file = fopen(stick->path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    cs_buffer_clear(&stick->content);
    cs_buffer_append(&stick->content, bytes, size);
}

static void open_stick(struct stick *stick)
{
    *stick = (struct stick){.header = {.direction = CS_BUNDLE_TO_DEVICE, .made_ms = 1700000000000}};
    (void)snprintf(stick->folder, sizeof stick->folder, "/tmp/cs-stick-XXXXXX");
    assert_non_null(mkdtemp(stick->folder));
    (void)snprintf(stick->path, sizeof stick->path, "%s/one.bundle", stick->folder);
    memset(stick->header.organisation, 1, CS_HASH_SIZE);
    memset(stick->header.sender, 2, CS_HASH_SIZE);
    memset(stick->header.recipient, 3, CS_HASH_SIZE);
    cs_buffer_init(&stick->content, CS_MEBI);
    assert_int_equal(write_bundle(stick, false), CS_OK);
    read_file(stick);
}

static void close_stick(struct stick *stick)
{
    (void)unlink(stick->path);
    assert_int_equal(rmdir(stick->folder), 0);
    cs_buffer_release(&stick->content);
}

static enum cs_status check(struct stick *stick)
{
    const struct cs_bundle_expected expected = expected_of(stick);
    struct cs_bundle_reader reader;
    stick->problem.text[0] = '\0';
    enum cs_status status = cs_bundle_reader_open(stick->path, &expected, &reader, &stick->problem);
    if (status == CS_OK) {
        cs_bundle_reader_close(&reader);
    } else {
        assert_string_not_equal(stick->problem.text, "");
    }
    return status;
}

static void assert_text(const struct stick *stick, const char *text)
{
    if (strstr(stick->problem.text, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", stick->problem.text, text);
    }
}

static void parts_come_back_in_order(void **state)
{
    (void)state;
    struct stick stick;
    struct cs_bundle_reader reader;
    struct cs_buffer part;
    bool more = false;
    open_stick(&stick);
    const struct cs_bundle_expected expected = expected_of(&stick);
    cs_buffer_init(&part, CS_MEBI);
    assert_int_equal(cs_bundle_reader_open(stick.path, &expected, &reader, &stick.problem), CS_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(cs_bundle_reader_next(&reader, &part, &more), CS_OK);
        assert_true(more && cs_bytes_equal(cs_buffer_bytes(&part), cs_bytes_of_array(first_part)));
        cs_buffer_clear(&part);
        assert_int_equal(cs_bundle_reader_next(&reader, &part, &more), CS_OK);
        assert_true(more && cs_bytes_equal(cs_buffer_bytes(&part), cs_bytes_of_array(second_part)));
        cs_buffer_clear(&part);
        assert_int_equal(cs_bundle_reader_next(&reader, &part, &more), CS_OK);
        assert_false(more);
        assert_int_equal(cs_bundle_reader_rewind(&reader), CS_OK);
    }
    cs_bundle_reader_close(&reader);
    cs_buffer_release(&part);
    close_stick(&stick);
}

static void a_copy_that_was_cut_off_is_named(void **state)
{
    (void)state;
    struct stick stick;
    char text[64];
    open_stick(&stick);
    for (size_t size = 0; size < stick.content.size; size++) {
        put_file(&stick, stick.content.data, size);
        assert_int_equal(check(&stick), CS_MALFORMED);
        if (size < CS_BUNDLE_HEADER_SIZE) {
            (void)snprintf(text, sizeof text, "ends after %zu bytes", size);
        } else {
            (void)snprintf(text, sizeof text, "ends after %zu of %zu bytes", size,
                           stick.content.size);
        }
        assert_text(&stick, text);
        assert_text(&stick, "copy it again");
    }
    close_stick(&stick);
}

static void any_changed_bit_is_found(void **state)
{
    (void)state;
    struct stick stick;
    open_stick(&stick);
    for (size_t bit = 0; bit < stick.content.size * 8; bit++) {
        stick.content.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        put_file(&stick, stick.content.data, stick.content.size);
        assert_int_not_equal(check(&stick), CS_OK);
        stick.content.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    put_file(&stick, stick.content.data, stick.content.size);
    assert_int_equal(check(&stick), CS_OK);
    close_stick(&stick);
}

static void what_is_no_bundle_is_refused(void **state)
{
    (void)state;
    struct stick stick;
    uint8_t noise[700];
    open_stick(&stick);
    uint64_t seed = 5;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof noise; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            noise[i] = (uint8_t)(seed >> 56);
        }
        put_file(&stick, noise, sizeof noise);
        assert_int_equal(check(&stick), CS_MALFORMED);
        assert_text(&stick, "is not a bundle");
    }
    cs_buffer_append_u8(&stick.content, 0);
    put_file(&stick, stick.content.data, stick.content.size);
    assert_int_equal(check(&stick), CS_MALFORMED);
    assert_text(&stick, "copy it again");
    stick.content.data[4] = 9;
    put_file(&stick, stick.content.data, stick.content.size);
    assert_int_equal(check(&stick), CS_UNSUPPORTED);
    (void)unlink(stick.path);
    assert_int_equal(check(&stick), CS_NOT_FOUND);
    assert_int_equal(mkfifo(stick.path, 0600), 0);
    assert_int_equal(check(&stick), CS_INVALID);
    close_stick(&stick);
}

static void what_is_for_somebody_else_is_refused(void **state)
{
    (void)state;
    struct stick stick;
    struct cs_bundle_reader reader;
    uint8_t other[CS_HASH_SIZE] = {9};
    open_stick(&stick);
    struct cs_bundle_expected expected = expected_of(&stick);
    expected.organisation = other;
    assert_int_equal(cs_bundle_reader_open(stick.path, &expected, &reader, &stick.problem),
                     CS_WRONG_ORGANISATION);
    expected = expected_of(&stick);
    expected.recipient = other;
    assert_int_equal(cs_bundle_reader_open(stick.path, &expected, &reader, &stick.problem),
                     CS_DENIED);
    expected = expected_of(&stick);
    expected.sender = other;
    assert_int_equal(cs_bundle_reader_open(stick.path, &expected, &reader, &stick.problem),
                     CS_WRONG_SERVER);
    expected = expected_of(&stick);
    expected.direction = CS_BUNDLE_TO_SERVER;
    assert_int_equal(cs_bundle_reader_open(stick.path, &expected, &reader, &stick.problem),
                     CS_INVALID);
    assert_text(&stick, "it is for a laptop");
    close_stick(&stick);
}

static void only_an_earlier_bundle_of_its_kind_is_replaced(void **state)
{
    (void)state;
    struct stick stick;
    open_stick(&stick);
    assert_int_equal(write_bundle(&stick, false), CS_OK);
    stick.header.recipient[0] ^= 1;
    assert_int_equal(write_bundle(&stick, false), CS_EXISTS);
    assert_text(&stick, "left alone");
    stick.header.recipient[0] ^= 1;
    assert_int_equal(check(&stick), CS_OK);
    put_file(&stick, "a letter", 8);
    assert_int_equal(write_bundle(&stick, false), CS_EXISTS);
    read_file(&stick);
    assert_int_equal(stick.content.size, 8);
    assert_int_equal(write_bundle(&stick, true), CS_OK);
    assert_int_equal(check(&stick), CS_OK);
    (void)unlink(stick.path);
    assert_int_equal(symlink("elsewhere", stick.path), 0);
    assert_int_equal(write_bundle(&stick, true), CS_INVALID);
    close_stick(&stick);
}

static void what_is_not_finished_leaves_nothing(void **state)
{
    (void)state;
    struct stick stick;
    struct cs_bundle_writer *writer;
    open_stick(&stick);
    (void)unlink(stick.path);
    assert_int_equal(cs_bundle_writer_begin(stick.path, &stick.header, false, &writer, NULL),
                     CS_OK);
    assert_int_equal(cs_bundle_writer_add(writer, cs_bytes_of_array(first_part)), CS_OK);
    assert_int_equal(cs_bundle_writer_add(writer, CS_BYTES_NONE), CS_LIMIT);
    cs_bundle_writer_end(writer);
    assert_int_equal(check(&stick), CS_NOT_FOUND);
    close_stick(&stick);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_come_back_in_order),
        cmocka_unit_test(a_copy_that_was_cut_off_is_named),
        cmocka_unit_test(any_changed_bit_is_found),
        cmocka_unit_test(what_is_no_bundle_is_refused),
        cmocka_unit_test(what_is_for_somebody_else_is_refused),
        cmocka_unit_test(only_an_earlier_bundle_of_its_kind_is_replaced),
        cmocka_unit_test(what_is_not_finished_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
