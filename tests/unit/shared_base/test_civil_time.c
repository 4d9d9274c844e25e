/* Dates and instants as text. */
#include "tests/support/testing.h"

#include "shared/base/text.h"

#include <stdio.h>
#include <time.h>

static void dates_round_trip(void **state)
{
    (void)state;
    static const struct {
        int64_t days;
        const char *text;
    } cases[] = {{0, "1970-01-01"},     {-1, "1969-12-31"},      {11016, "2000-02-29"},
                 {20514, "2026-03-02"}, {47481, "2099-12-31"},   {47540, "2100-02-28"},
                 {47541, "2100-03-01"}, {-719162, "0001-01-01"}, {2932896, "9999-12-31"}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        char text[CS_TIME_TEXT_MAX];
        cs_date_format(cases[i].days, text);
        assert_string_equal(text, cases[i].text);
        int64_t days = 1;
        assert_ok(cs_date_parse(cs_bytes_of_text(text), &days));
        assert_true(days == cases[i].days);
        assert_true(cs_date_valid(days));
    }
}

static void every_day_of_the_calendar_agrees_with_gmtime(void **state)
{
    (void)state;
    for (int64_t days = -719162; days <= 2932896; days += 13) {
        time_t seconds = (time_t)(days * 86400);
        struct tm expected;
        assert_non_null(gmtime_r(&seconds, &expected));
        char text[CS_TIME_TEXT_MAX];
        char expected_text[64];
        cs_date_format(days, text);
        (void)snprintf(expected_text, sizeof expected_text, "%04d-%02d-%02d",
                       expected.tm_year + 1900, expected.tm_mon + 1, expected.tm_mday);
        assert_string_equal(text, expected_text);
        int64_t back = 0;
        assert_ok(cs_date_parse(cs_bytes_of_text(text), &back));
        assert_true(back == days);
    }
}

static void impossible_dates_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",           "2026-02-29",  "2100-02-29",
                                        "2026-00-01", "2026-13-01",  "2026-01-00",
                                        "2026-01-32", "2026-04-31",  "0000-01-01",
                                        "2026-1-01",  "2026-01-1",   "2026/01/01",
                                        "20260101",   "2026-01-01 ", " 2026-01-01",
                                        "-026-01-01", "12026-01-01", "2026-01-01T00:00:00Z"};
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        int64_t days = 77;
        assert_status(cs_date_parse(cs_bytes_of_text(texts[i]), &days), CS_INVALID);
        assert_int_equal(days, 77);
    }
    char text[CS_TIME_TEXT_MAX];
    cs_date_format(INT64_MAX, text);
    assert_string_equal(text, "invalid");
    assert_false(cs_date_valid(2932897));
    assert_false(cs_date_valid(-719163));
    assert_false(cs_date_valid(INT64_MIN));
}

static void instants_keep_time_and_offset(void **state)
{
    (void)state;
    static const struct {
        int64_t utc_ms;
        int offset;
        const char *text;
    } cases[] = {
        {0, 0, "1970-01-01T00:00:00Z"},
        {0, 480, "1970-01-01T08:00:00+08:00"},
        {0, -1, "1969-12-31T23:59:00-00:01"},
        {-1, 0, "1969-12-31T23:59:59.999Z"},
        {1772413200000, 480, "2026-03-02T09:00:00+08:00"},
        {1772413200123, -570, "2026-03-01T15:30:00.123-09:30"},
        {1772413200007, 1439, "2026-03-03T00:59:00.007+23:59"},
        {4102444799999, 0, "2099-12-31T23:59:59.999Z"},
        {4102444799999, 330, "2100-01-01T05:29:59.999+05:30"},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        int64_t instant = cs_instant_make(cases[i].utc_ms, cases[i].offset);
        assert_true(cs_instant_valid(instant));
        assert_true(cs_instant_utc_ms(instant) == cases[i].utc_ms);
        assert_int_equal(cs_instant_offset_minutes(instant), cases[i].offset);
        char text[CS_TIME_TEXT_MAX];
        cs_instant_format(instant, text);
        assert_string_equal(text, cases[i].text);
        int64_t back = 0;
        assert_ok(cs_instant_parse(cs_bytes_of_text(text), 60, &back));
        assert_true(back == instant);
    }
}

static void instants_sort_by_time(void **state)
{
    (void)state;
    assert_true(cs_instant_make(1, -1439) > cs_instant_make(0, 1439));
    assert_true(cs_instant_make(-1, 1439) < cs_instant_make(0, -1439));
    assert_true(cs_instant_make(0, 0) == 2048);
}

static void other_forms_people_and_programs_write(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t utc_ms;
        int offset;
    } cases[] = {
        {"1970-01-01 08:01", 60000, 480},
        {"1970-01-01 00:00:01Z", 1000, 0},
        {"1970-01-01t00:00:01z", 1000, 0},
        {"1970-01-01T00:00:00.5Z", 500, 0},
        {"1970-01-01T00:00:00.1239999999Z", 123, 0},
        {"1970-01-01T00:00:00.000000000000000001-00:00", 0, 0},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        int64_t instant = 0;
        assert_ok(cs_instant_parse(cs_bytes_of_text(cases[i].text), 480, &instant));
        assert_true(cs_instant_utc_ms(instant) == cases[i].utc_ms);
        assert_int_equal(cs_instant_offset_minutes(instant), cases[i].offset);
    }
}

static void other_instants_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "2026-03-02",
                                        "2026-03-02T",
                                        "2026-03-02T09:00",
                                        "2026-03-02 09:0",
                                        "2026-03-02T09:00:00",
                                        "2026-03-02 09:00:00",
                                        "2026-03-02T24:00:00Z",
                                        "2026-03-02T09:60:00Z",
                                        "2026-03-02T09:00:60Z",
                                        "2026-03-02T09:00:00.Z",
                                        "2026-03-02T09:00:00+24:00",
                                        "2026-03-02T09:00:00+08:60",
                                        "2026-03-02T09:00:00+0800",
                                        "2026-03-02T09:00:00Z ",
                                        "2026-02-30T09:00:00Z",
                                        "2026-03-02_09:00:00Z"};
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        int64_t instant = 77;
        assert_status(cs_instant_parse(cs_bytes_of_text(texts[i]), 480, &instant), CS_INVALID);
        assert_int_equal(instant, 77);
    }
    int64_t instant = 77;
    struct cs_bytes text = cs_bytes_of_text("2026-03-02 09:00");
    assert_status(cs_instant_parse(text, 1440, &instant), CS_INVALID);
    assert_status(cs_instant_parse(text, -1440, &instant), CS_INVALID);
    static const char with_end_mark[] = "2026-03-02\0"
                                        "09:00:00Z";
    assert_status(cs_instant_parse(cs_bytes_make(with_end_mark, 20), 0, &instant), CS_INVALID);
}

static void wild_instants_are_invalid_and_harmless(void **state)
{
    (void)state;
    static const int64_t instants[] = {INT64_MIN, INT64_MAX, 0, 4095, 2048 + 1440, 2048 - 1440};
    for (size_t i = 0; i < CS_COUNT(instants); i++) {
        char text[CS_TIME_TEXT_MAX];
        assert_false(cs_instant_valid(instants[i]));
        cs_instant_format(instants[i], text);
        assert_string_equal(text, "invalid");
    }
    /* A clock far off is kept within what can be stored, and told apart from a real time. */
    assert_false(cs_instant_valid(cs_instant_make(INT64_MAX, 9999)));
    assert_false(cs_instant_valid(cs_instant_make(INT64_MIN, -9999)));
    assert_int_equal(cs_instant_offset_minutes(cs_instant_make(0, 9999)), CS_INSTANT_OFFSET_MAX);
    assert_int_equal(cs_instant_offset_minutes(cs_instant_make(0, -9999)), CS_INSTANT_OFFSET_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_round_trip),
        cmocka_unit_test(every_day_of_the_calendar_agrees_with_gmtime),
        cmocka_unit_test(impossible_dates_are_refused),
        cmocka_unit_test(instants_keep_time_and_offset),
        cmocka_unit_test(instants_sort_by_time),
        cmocka_unit_test(other_forms_people_and_programs_write),
        cmocka_unit_test(other_instants_are_refused),
        cmocka_unit_test(wild_instants_are_invalid_and_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
