/* Tests of values to and from text: round trips, refusals, memory. */
#include "shared/domain/value_text.h"

#include "shared/base/text.h"
#include "tests/unit/shared_domain/toy.h"

#define CHINA 480

struct fixture {
    struct toy toy;
    struct cs_arena arena;
    struct cs_problem problem;
};

static void fixture_init(struct fixture *f)
{
    toy_init(&f->toy);
    cs_arena_init(&f->arena, CS_MEBI);
    f->problem.text[0] = '\0';
}

static enum cs_status parse(struct fixture *f, enum toy_field field, const char *text,
                            struct cs_value *out)
{
    return cs_value_parse(&f->toy.entities[TOY_ITEM], &f->toy.item[field], cs_bytes_of_text(text),
                          CHINA, &f->arena, out, &f->problem);
}

/* The text gives a value, which gives `back`. */
static void assert_trip(enum toy_field field, const char *text, const char *back)
{
    struct fixture f;
    fixture_init(&f);
    struct cs_value value = CS_NULL;
    assert_int_equal(parse(&f, field, text, &value), CS_OK);
    assert_string_equal(f.problem.text, "");
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, CS_MEBI);
    cs_value_format(&f.toy.item[field], &value, &buffer);
    assert_string_equal(cs_buffer_text(&buffer), back);
    cs_buffer_release(&buffer);
    cs_arena_release(&f.arena);
}

static void assert_integer(enum toy_field field, const char *text, int64_t expected)
{
    struct fixture f;
    fixture_init(&f);
    struct cs_value value = CS_NULL;
    assert_int_equal(parse(&f, field, text, &value), CS_OK);
    assert_int_equal(value.kind, CS_VALUE_INTEGER);
    assert_true(value.integer == expected);
    cs_arena_release(&f.arena);
}

static void assert_refused(enum toy_field field, const char *text, enum cs_status status,
                           const char *problem)
{
    struct fixture f;
    fixture_init(&f);
    struct cs_value value = cs_value_integer(77);
    assert_int_equal(parse(&f, field, text, &value), status);
    assert_string_equal(f.problem.text, problem);
    assert_int_equal(value.kind, CS_VALUE_INTEGER);
    assert_int_equal(value.integer, 77);
    cs_arena_release(&f.arena);
}

static void empty_text_is_nothing(void **state)
{
    (void)state;
    for (int field = 0; field < TOY_FIELDS; field++) {
        struct fixture f;
        fixture_init(&f);
        struct cs_value value = cs_value_integer(1);
        assert_int_equal(parse(&f, (enum toy_field)field, "", &value), CS_OK);
        assert_int_equal(value.kind, CS_VALUE_NULL);
        cs_arena_release(&f.arena);
        assert_trip((enum toy_field)field, "", "");
    }
}

static void texts(void **state)
{
    (void)state;
    assert_trip(TOY_NAME, "阀门", "阀门");
    assert_trip(TOY_NAME, " a\nb ", " a\nb ");
    assert_refused(TOY_NAME, "0123456789x", CS_TOO_LARGE,
                   "item.name: 11 bytes are more than the 10 allowed");
    assert_refused(TOY_NAME, "\xc3(", CS_INVALID,
                   "item.name: \"?(\" is not text in UTF-8 without NUL");
}

static void integers(void **state)
{
    (void)state;
    assert_integer(TOY_COUNT, "-5", -5);
    assert_integer(TOY_COUNT, "0", 0);
    assert_trip(TOY_COUNT, "20", "20");
    assert_trip(TOY_LATITUDE, "-9223372036854775808", "-9223372036854775808");
    assert_trip(TOY_LATITUDE, "9223372036854775807", "9223372036854775807");
    assert_refused(TOY_COUNT, "21", CS_INVALID,
                   "item.count: 21 is not a whole number from -5 to 20");
    assert_refused(TOY_COUNT, "1.0", CS_INVALID,
                   "item.count: \"1.0\" is not a whole number from -5 to 20");
    assert_refused(TOY_COUNT, " 1", CS_INVALID,
                   "item.count: \" 1\" is not a whole number from -5 to 20");
    assert_refused(TOY_LATITUDE, "9223372036854775808", CS_INVALID,
                   "item.latitude: \"9223372036854775808\" is not a whole number");
}

static void money_is_cents(void **state)
{
    (void)state;
    assert_integer(TOY_PRICE, "12050", 12050);
    assert_trip(TOY_PRICE, "-1", "-1");
    assert_refused(TOY_PRICE, "12a", CS_INVALID,
                   "item.price: \"12a\" is not a whole number of cents");
    assert_refused(TOY_PRICE, "120.50", CS_INVALID,
                   "item.price: \"120.50\" is not a whole number of cents");
    assert_refused(TOY_PRICE, "¥12", CS_INVALID,
                   "item.price: \"¥12\" is not a whole number of cents");
}

static void booleans(void **state)
{
    (void)state;
    assert_trip(TOY_DONE, "true", "true");
    assert_trip(TOY_DONE, "1", "true");
    assert_trip(TOY_DONE, "是", "true");
    assert_trip(TOY_DONE, "false", "false");
    assert_trip(TOY_DONE, "0", "false");
    assert_trip(TOY_DONE, "否", "false");
    assert_refused(TOY_DONE, "yes", CS_INVALID, "item.done: \"yes\" is not true or false");
    assert_refused(TOY_DONE, "True", CS_INVALID, "item.done: \"True\" is not true or false");
}

static void dates(void **state)
{
    (void)state;
    assert_integer(TOY_DAY, "1970-01-02", 1);
    assert_trip(TOY_DAY, "2024-02-29", "2024-02-29");
    assert_refused(TOY_DAY, "2025-02-29", CS_INVALID,
                   "item.day: \"2025-02-29\" is not a date such as 2026-11-23");
    assert_refused(TOY_DAY, "23.11.2026", CS_INVALID,
                   "item.day: \"23.11.2026\" is not a date such as 2026-11-23");
}

static void instants(void **state)
{
    (void)state;
    assert_trip(TOY_STARTED, "2026-11-23T09:05:07+08:00", "2026-11-23T09:05:07+08:00");
    assert_trip(TOY_STARTED, "2026-11-23T09:05:07.120Z", "2026-11-23T09:05:07.120Z");
    /* The default offset of whoever types. */
    assert_trip(TOY_STARTED, "2026-11-23 09:05", "2026-11-23T09:05:00+08:00");
    assert_refused(TOY_STARTED, "9 o'clock", CS_INVALID,
                   "item.started: \"9 o'clock\" is not a time such as 2026-11-23T09:05:07+08:00");
}

static void choices_in_both_languages(void **state)
{
    (void)state;
    assert_trip(TOY_STATUS, "sent", "sent");
    assert_trip(TOY_STATUS, "已发", "sent");
    assert_trip(TOY_STATUS, "草稿", "draft");
    assert_refused(TOY_STATUS, "done", CS_INVALID,
                   "item.status: \"done\" is not one of draft, sent");
    assert_refused(TOY_STATUS, "draft|sent", CS_INVALID,
                   "item.status: \"draft|sent\" is not one of draft, sent");
}

static void references(void **state)
{
    (void)state;
    const char *id = "018f0000-0000-7000-8000-0123456789ab";
    assert_trip(TOY_KEEPER, id, id);
    assert_trip(TOY_KEEPER, "018F00000000700080000123456789AB", id);
    assert_refused(TOY_KEEPER, "Li Wei", CS_INVALID,
                   "item.keeper: \"Li Wei\" is not the id of a person");
    assert_refused(TOY_KEEPER, "018f", CS_INVALID,
                   "item.keeper: \"018f\" is not the id of a person");
}

static void bytes_in_hexadecimal(void **state)
{
    (void)state;
    assert_trip(TOY_DIGEST, "00ff10", "00ff10");
    assert_trip(TOY_DIGEST, "ABCDEF", "abcdef");
    assert_refused(TOY_DIGEST, "abc", CS_INVALID,
                   "item.digest: \"abc\" is not bytes in hexadecimal");
    assert_refused(TOY_DIGEST, "zz", CS_INVALID, "item.digest: \"zz\" is not bytes in hexadecimal");
}

static void long_bytes_come_back_in_pieces(void **state)
{
    (void)state;
    char digits[129];
    for (size_t i = 0; i < 128; i++) {
        digits[i] = "0123456789abcdef"[i * 7 % 16];
    }
    digits[128] = '\0';
    assert_trip(TOY_DIGEST, digits, digits);
    digits[66] = '\0';
    assert_trip(TOY_DIGEST, digits, digits);
}

static void too_many_bytes_take_no_memory(void **state)
{
    (void)state;
    char digits[131];
    memset(digits, 'a', 130);
    digits[130] = '\0';
    assert_refused(TOY_DIGEST, digits, CS_TOO_LARGE,
                   "item.digest: 65 bytes are more than the 64 allowed");
}

static void values_of_another_kind_are_shown_as_they_are(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    const struct {
        enum toy_field field;
        struct cs_value value;
        const char *text;
    } odd[] = {
        {TOY_NAME, cs_value_integer(-7), "-7"},
        {TOY_DONE, cs_value_integer(2), "2"},
        {TOY_DAY, cs_value_integer(INT64_MAX), "9223372036854775807"},
        {TOY_STARTED, cs_value_integer(0), "0"},
        {TOY_COUNT, cs_value_text(cs_bytes_of_text("seven")), "seven"},
        {TOY_STATUS, cs_value_text(cs_bytes_of_text("postponed")), "postponed"},
        {TOY_KEEPER, cs_value_bytes(cs_bytes_of_text("ab")), "6162"},
        {TOY_NAME, cs_value_bytes(cs_bytes_of_text("ab")), "6162"},
        {TOY_NAME, CS_NULL, ""},
    };
    for (size_t i = 0; i < CS_COUNT(odd); i++) {
        struct cs_buffer buffer;
        cs_buffer_init(&buffer, 256);
        cs_value_format(&toy.item[odd[i].field], &odd[i].value, &buffer);
        assert_string_equal(cs_buffer_text(&buffer), odd[i].text);
        cs_buffer_release(&buffer);
    }
}

static void formatting_appends(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 256);
    cs_buffer_append_text(&buffer, "count=");
    const struct cs_value seven = cs_value_integer(7);
    cs_value_format(&toy.item[TOY_COUNT], &seven, &buffer);
    assert_string_equal(cs_buffer_text(&buffer), "count=7");
    cs_buffer_release(&buffer);
}

static void parsing_survives_every_failed_allocation(void **state)
{
    (void)state;
    const struct {
        enum toy_field field;
        const char *text;
    } cases[] = {{TOY_KEEPER, "018f0000-0000-7000-8000-0123456789ab"},
                 {TOY_DIGEST, "00ff10"},
                 {TOY_NAME, "valve"}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        bool done = false;
        for (long n = 0; !done; n++) {
            struct fixture f;
            fixture_init(&f);
            struct cs_value value = cs_value_integer(77);
            cs_memory_fail_after(n);
            enum cs_status status = parse(&f, cases[i].field, cases[i].text, &value);
            cs_memory_fail_after(-1);
            done = status == CS_OK;
            if (!done) {
                assert_int_equal(status, CS_NO_MEMORY);
                assert_problem(&f.problem, "out of memory");
                assert_int_equal(value.integer, 77);
            }
            cs_arena_release(&f.arena);
        }
    }
}

static void a_full_arena_is_no_memory(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    f.arena.limit = 2;
    struct cs_value value = cs_value_integer(77);
    assert_int_equal(parse(&f, TOY_DIGEST, "00112233", &value), CS_NO_MEMORY);
    assert_problem(&f.problem, "item.digest: out of memory");
    assert_int_equal(value.integer, 77);
    cs_arena_release(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_text_is_nothing),
        cmocka_unit_test(texts),
        cmocka_unit_test(integers),
        cmocka_unit_test(money_is_cents),
        cmocka_unit_test(booleans),
        cmocka_unit_test(dates),
        cmocka_unit_test(instants),
        cmocka_unit_test(choices_in_both_languages),
        cmocka_unit_test(references),
        cmocka_unit_test(bytes_in_hexadecimal),
        cmocka_unit_test(long_bytes_come_back_in_pieces),
        cmocka_unit_test(too_many_bytes_take_no_memory),
        cmocka_unit_test(values_of_another_kind_are_shown_as_they_are),
        cmocka_unit_test(formatting_appends),
        cmocka_unit_test(parsing_survives_every_failed_allocation),
        cmocka_unit_test(a_full_arena_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
