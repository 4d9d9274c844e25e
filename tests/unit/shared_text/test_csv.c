/* CSV: reading, faults with their lines, going on behind them, writing, round trips. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/text/csv.h"

#include <stdio.h>
#include <string.h>

#define ARENA_MAX ((size_t)1 << 20)

struct csv_fixture {
    struct cs_csv_reader reader;
    struct cs_arena arena;
    struct cs_csv_record record;
    struct cs_problem problem;
    bool more;
};

static int set_up(void **state)
{
    static struct csv_fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    cs_arena_init(&fixture.arena, ARENA_MAX);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct csv_fixture *fixture = *state;
    cs_arena_release(&fixture->arena);
    return 0;
}

static void start(struct csv_fixture *fixture, const char *text)
{
    cs_csv_reader_init(&fixture->reader, cs_bytes_of_text(text));
}

static enum cs_status next(struct csv_fixture *fixture)
{
    return cs_csv_next(&fixture->reader, &fixture->arena, &fixture->record, &fixture->more,
                       &fixture->problem);
}

/* The next record's fields, joined by '|'. */
static void assert_record(struct csv_fixture *fixture, size_t line, const char *joined)
{
    assert_int_equal(next(fixture), CS_OK);
    assert_true(fixture->more);
    assert_int_equal(fixture->reader.line, line);
    struct cs_buffer got;
    cs_buffer_init(&got, ARENA_MAX);
    for (size_t i = 0; i < fixture->record.count; i++) {
        cs_buffer_append_text(&got, i == 0 ? "" : "|");
        cs_buffer_append_bytes(&got, fixture->record.fields[i]);
    }
    assert_string_equal(cs_buffer_text(&got), joined);
    cs_buffer_release(&got);
}

static void assert_end(struct csv_fixture *fixture)
{
    for (int i = 0; i < 2; i++) {
        fixture->more = true;
        assert_int_equal(next(fixture), CS_OK);
        assert_false(fixture->more);
    }
}

/* A fault, told with its line; neither the record nor `more` is touched. */
static void assert_fault(struct csv_fixture *fixture, size_t line, const char *words)
{
    fixture->record.count = 77;
    fixture->more = false;
    assert_int_equal(next(fixture), CS_MALFORMED);
    assert_int_equal(fixture->record.count, 77);
    assert_false(fixture->more);
    char prefix[32];
    (void)snprintf(prefix, sizeof prefix, "line %zu: ", line);
    if (strncmp(fixture->problem.text, prefix, strlen(prefix)) != 0 ||
        strstr(fixture->problem.text, words) == NULL) {
        fail_msg("unexpected: %s", fixture->problem.text);
    }
}

static void test_plain(void **state)
{
    struct csv_fixture *fixture = *state;
    start(fixture, "code,name\nA1, Pump \r\nB2,阀门\n,\nlast");
    assert_record(fixture, 1, "code|name");
    assert_record(fixture, 2, "A1| Pump ");
    assert_record(fixture, 3, "B2|阀门");
    assert_record(fixture, 4, "|");
    assert_record(fixture, 5, "last");
    assert_end(fixture);
}

static void test_quotes(void **state)
{
    struct csv_fixture *fixture = *state;
    start(fixture, "\"a,b\",\"say \"\"yes\"\"\",\"\"\r\n\"\"\"\",\"\"\"\"\"\"");
    assert_record(fixture, 1, "a,b|say \"yes\"|");
    assert_record(fixture, 2, "\"|\"\"");
    assert_end(fixture);
}

static void test_line_breaks_inside_quotes(void **state)
{
    struct csv_fixture *fixture = *state;
    start(fixture, "1,\"two\r\nlines\nthree\"\r\n2,x\n");
    assert_record(fixture, 1, "1|two\r\nlines\nthree");
    assert_record(fixture, 4, "2|x");
    assert_end(fixture);
}

static void test_byte_order_mark(void **state)
{
    struct csv_fixture *fixture = *state;
    start(fixture, "\xef\xbb\xbf\"a\",b\n\xef\xbb\xbf,c");
    assert_record(fixture, 1, "a|b");
    assert_record(fixture, 2, "\xef\xbb\xbf|c");
    start(fixture, "\xef\xbb\xbf");
    assert_end(fixture);
    start(fixture, "\xef\xbb");
    assert_fault(fixture, 1, "UTF-8");
    assert_end(fixture);
}

static void test_empty_lines_and_texts(void **state)
{
    struct csv_fixture *fixture = *state;
    start(fixture, "\n\r\n\na\n\n\r\nb\n\n");
    assert_record(fixture, 4, "a");
    assert_record(fixture, 7, "b");
    assert_end(fixture);
    start(fixture, "");
    assert_end(fixture);
    cs_csv_reader_init(&fixture->reader, CS_BYTES_NONE);
    assert_end(fixture);
    start(fixture, "\n\n");
    assert_end(fixture);
}

static void test_lone_carriage_returns(void **state)
{
    struct csv_fixture *fixture = *state;
    start(fixture, "a\rb,c\r");
    assert_record(fixture, 1, "a\rb|c");
    assert_end(fixture);
}

static void test_stray_quotes(void **state)
{
    struct csv_fixture *fixture = *state;
    start(fixture, "a,b\nx,5\" pipe\ngood,1\n\"q\"z,2\nfine,3\n\"a\n b\" ,4\r\nend,5");
    assert_record(fixture, 1, "a|b");
    assert_fault(fixture, 2, "does not begin with one");
    assert_int_equal(fixture->reader.line, 2);
    assert_record(fixture, 3, "good|1");
    assert_fault(fixture, 4, "follows a closing quote");
    assert_record(fixture, 5, "fine|3");
    /* Told for the line of the fault, not of the record's first. */
    assert_fault(fixture, 7, "follows a closing quote");
    assert_int_equal(fixture->reader.line, 6);
    assert_record(fixture, 8, "end|5");
    assert_end(fixture);
}

static void test_unclosed_quote_costs_one_line(void **state)
{
    struct csv_fixture *fixture = *state;
    start(fixture, "a,1\nb,\"never closed\nc,3\nd,4\n");
    assert_record(fixture, 1, "a|1");
    assert_fault(fixture, 2, "not closed");
    assert_record(fixture, 3, "c|3");
    assert_record(fixture, 4, "d|4");
    assert_end(fixture);
    start(fixture, "\"");
    assert_fault(fixture, 1, "not closed");
    assert_end(fixture);
    start(fixture, "\"x\"\"");
    assert_fault(fixture, 1, "not closed");
    assert_end(fixture);
}

static void test_bad_utf8(void **state)
{
    struct csv_fixture *fixture = *state;
    start(fixture, "a\nb\xff,1\nc\xe4\xb8,\"2\"\nd,3\n");
    assert_record(fixture, 1, "a");
    assert_fault(fixture, 2, "UTF-8");
    assert_fault(fixture, 3, "UTF-8");
    assert_record(fixture, 4, "d|3");
    assert_end(fixture);
    cs_csv_reader_init(&fixture->reader, cs_bytes_make("a\0b\nc", 5));
    assert_fault(fixture, 1, "UTF-8");
    assert_record(fixture, 2, "c");
}

static void test_column_limit(void **state)
{
    struct csv_fixture *fixture = *state;
    char text[512];
    memset(text, ',', sizeof text);
    (void)snprintf(text + CS_CSV_COLUMNS_MAX - 1, 8, "\nnext\n");
    start(fixture, text);
    assert_int_equal(next(fixture), CS_OK);
    assert_int_equal(fixture->record.count, CS_CSV_COLUMNS_MAX);
    assert_record(fixture, 2, "next");
    memset(text, ',', sizeof text);
    (void)snprintf(text + CS_CSV_COLUMNS_MAX, 16, "\"a\nb\"\nnext\n");
    start(fixture, text);
    assert_fault(fixture, 2, "128 columns");
    assert_record(fixture, 3, "next");
    assert_end(fixture);
}

static void test_problem_may_be_null(void **state)
{
    struct csv_fixture *fixture = *state;
    start(fixture, "a\"\n");
    assert_int_equal(
        cs_csv_next(&fixture->reader, &fixture->arena, &fixture->record, &fixture->more, NULL),
        CS_MALFORMED);
    assert_end(fixture);
}

static void test_memory_runs_out(void **state)
{
    struct csv_fixture *fixture = *state;
    start(fixture, "\"a\"\"b\",c\nd\n");
    cs_memory_fail_after(0);
    assert_int_equal(next(fixture), CS_NO_MEMORY);
    cs_memory_fail_after(-1);
    /* Nothing was consumed: the same record comes when there is memory again. */
    assert_record(fixture, 1, "a\"b|c");
    assert_record(fixture, 2, "d");
    cs_arena_release(&fixture->arena);
    cs_arena_init(&fixture->arena, 2);
    start(fixture, "\"a\"\"b\",c\n");
    assert_int_equal(next(fixture), CS_NO_MEMORY);
}

static void assert_put(const char *field, const char *expected)
{
    struct cs_buffer out;
    cs_buffer_init(&out, ARENA_MAX);
    cs_csv_put(&out, cs_bytes_of_text(field));
    assert_string_equal(cs_buffer_text(&out), expected);
    cs_buffer_release(&out);
}

static void test_quoted_only_where_needed(void **state)
{
    (void)state;
    assert_put("", "");
    assert_put("plain 文字 ;", "plain 文字 ;");
    assert_put("a,b", "\"a,b\"");
    assert_put("\"", "\"\"\"\"");
    assert_put("a\"b\"c", "\"a\"\"b\"\"c\"");
    assert_put("a\nb", "\"a\nb\"");
    assert_put("a\r", "\"a\r\"");
    assert_put("\xef\xbb\xbfx", "\"\xef\xbb\xbfx\"");
}

static void test_single_empty_field_is_not_an_empty_line(void **state)
{
    (void)state;
    struct cs_buffer out;
    cs_buffer_init(&out, ARENA_MAX);
    for (int i = 0; i < 2; i++) {
        cs_csv_put(&out, CS_BYTES_NONE);
        cs_csv_end_record(&out);
    }
    cs_csv_separator(&out);
    cs_csv_end_record(&out);
    assert_string_equal(cs_buffer_text(&out), "\"\"\r\n\"\"\r\n,\r\n");
    cs_buffer_release(&out);
}

static void test_writing_out_of_memory_or_limit(void **state)
{
    (void)state;
    struct cs_buffer out;
    cs_buffer_init(&out, 4);
    cs_csv_put(&out, cs_bytes_of_text("a\"b,c"));
    cs_csv_end_record(&out);
    assert_int_equal(out.status, CS_LIMIT);
    cs_buffer_release(&out);
    cs_memory_fail_after(0);
    cs_csv_put(&out, cs_bytes_of_text("a"));
    cs_memory_fail_after(-1);
    assert_int_equal(out.status, CS_NO_MEMORY);
    cs_buffer_release(&out);
}

/* Every record of up to three fields, each of up to two characters that matter, comes back as it was. */
static void test_round_trip(void **state)
{
    struct csv_fixture *fixture = *state;
    static const char *const pieces[] = {"",     "a",    "\"",           ",",  "\n", "\r",
                                         "\r\n", "\"\"", "\xef\xbb\xbf", "单", " ",  "a\"b"};
    const size_t count = CS_COUNT(pieces);
    for (size_t seed = 0; seed < count * count * count * 3; seed++) {
        struct cs_buffer out;
        cs_buffer_init(&out, ARENA_MAX);
        const char *fields[3] = {pieces[seed % count], pieces[seed / count % count],
                                 pieces[seed / count / count % count]};
        size_t columns = 1 + seed / count / count / count;
        for (size_t i = 0; i < columns; i++) {
            if (i > 0) {
                cs_csv_separator(&out);
            }
            cs_csv_put(&out, cs_bytes_of_text(fields[i]));
        }
        cs_csv_end_record(&out);
        cs_csv_reader_init(&fixture->reader, cs_buffer_bytes(&out));
        assert_int_equal(next(fixture), CS_OK);
        assert_true(fixture->more);
        assert_int_equal(fixture->record.count, columns);
        for (size_t i = 0; i < columns; i++) {
            assert_true(cs_bytes_equal_text(fixture->record.fields[i], fields[i]));
        }
        assert_end(fixture);
        cs_buffer_release(&out);
    }
}

/* Whatever the bytes: the reader ends, moves on at every call and never reads outside (sanitizers). */
static void test_noise(void **state)
{
    struct csv_fixture *fixture = *state;
    static const char alphabet[] = "a,\"\n\r\xff ";
    uint32_t random = 12345;
    for (int round = 0; round < 3000; round++) {
        char text[24];
        for (size_t i = 0; i < sizeof text; i++) {
            random = random * 1664525u + 1013904223u;
            text[i] = alphabet[(random >> 16) % (sizeof alphabet - 1)];
        }
        cs_csv_reader_init(&fixture->reader, cs_bytes_make(text, sizeof text));
        fixture->more = true;
        for (size_t calls = 0; fixture->more; calls++) {
            size_t left = fixture->reader.rest.size;
            enum cs_status status = next(fixture);
            assert_true(status == CS_OK || status == CS_MALFORMED);
            assert_true(fixture->reader.rest.size < left || !fixture->more);
            assert_true(calls <= sizeof text);
        }
        cs_arena_release(&fixture->arena);
    }
}

static void test_blanks_around_a_field(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""}, {" \t ", ""}, {" a b\t", "a b"}, {"a", "a"}, {"\na", "\na"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct cs_bytes cut = cs_csv_trimmed(cs_bytes_of_text(pairs[i][0]));
        assert_true(cs_bytes_equal_text(cut, pairs[i][1]));
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_plain),
        TEST(test_quotes),
        TEST(test_line_breaks_inside_quotes),
        TEST(test_byte_order_mark),
        TEST(test_empty_lines_and_texts),
        TEST(test_lone_carriage_returns),
        TEST(test_stray_quotes),
        TEST(test_unclosed_quote_costs_one_line),
        TEST(test_bad_utf8),
        TEST(test_column_limit),
        TEST(test_problem_may_be_null),
        TEST(test_memory_runs_out),
        TEST(test_quoted_only_where_needed),
        TEST(test_single_empty_field_is_not_an_empty_line),
        TEST(test_writing_out_of_memory_or_limit),
        TEST(test_round_trip),
        TEST(test_noise),
        TEST(test_blanks_around_a_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
