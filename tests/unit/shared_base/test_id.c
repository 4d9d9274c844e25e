/* Row ids. */
#include "tests/support/testing.h"

#include "shared/base/id.h"

#include <string.h>

static const uint8_t device[3] = {0xd1, 0xd2, 0xd3};
static const uint8_t drawn[4] = {0xa1, 0xa2, 0xa3, 0xa4};

static struct cs_id_generator generator(void)
{
    struct cs_id_generator made;
    cs_id_generator_init(&made, device, drawn);
    return made;
}

static void the_layout_is_that_of_uuid_7(void **state)
{
    (void)state;
    struct cs_id_generator ids = generator();
    struct cs_id id = cs_id_next(&ids, 0x0123456789ab);
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(&id, text);
    assert_string_equal(text, "01234567-89ab-7000-80d1-d2d3a1a2a3a4");
    id = cs_id_next(&ids, 0x0123456789ab);
    cs_id_format(&id, text);
    assert_string_equal(text, "01234567-89ab-7000-81d1-d2d3a1a2a3a4");
}

static void ids_ascend_though_the_clock_goes_back(void **state)
{
    (void)state;
    static const int64_t clock[] = {1000, 1000, 999, 500, 0, -7, 1001, 1001, INT64_MIN, 1000, 2000};
    struct cs_id_generator ids = generator();
    struct cs_id last = {{0}};
    for (size_t i = 0; i < CS_COUNT(clock); i++) {
        struct cs_id id = cs_id_next(&ids, clock[i]);
        assert_true(cs_id_compare(&last, &id) < 0);
        assert_int_equal(id.bytes[6] >> 4, 7);
        assert_int_equal(id.bytes[8] >> 6, 2);
        last = id;
    }
}

static void a_full_counter_moves_on_to_the_next_millisecond(void **state)
{
    (void)state;
    struct cs_id_generator ids = generator();
    struct cs_id last = cs_id_next(&ids, 5);
    for (size_t i = 1; i < (size_t)1 << 18; i++) {
        struct cs_id id = cs_id_next(&ids, 5);
        assert_true(cs_id_compare(&last, &id) < 0);
        last = id;
    }
    assert_int_equal(ids.last_ms, 5);
    struct cs_id id = cs_id_next(&ids, 5);
    assert_int_equal(ids.last_ms, 6);
    assert_true(cs_id_compare(&last, &id) < 0);
    last = id;
    id = cs_id_next(&ids, 6);
    assert_true(cs_id_compare(&last, &id) < 0);
}

static void a_clock_beyond_48_bits_does_not_wrap(void **state)
{
    (void)state;
    struct cs_id_generator ids = generator();
    struct cs_id first = cs_id_next(&ids, 1000);
    struct cs_id second = cs_id_next(&ids, INT64_MAX);
    struct cs_id third = cs_id_next(&ids, INT64_MAX);
    assert_true(cs_id_compare(&first, &second) < 0);
    assert_true(cs_id_compare(&second, &third) < 0);
}

static void clones_with_other_random_bits_do_not_collide(void **state)
{
    (void)state;
    static const uint8_t other_drawn[4] = {0xa1, 0xa2, 0xa3, 0xa5};
    struct cs_id_generator ids = generator();
    struct cs_id_generator clone;
    cs_id_generator_init(&clone, device, other_drawn);
    struct cs_id a = cs_id_next(&ids, 1);
    struct cs_id b = cs_id_next(&clone, 1);
    assert_false(cs_id_equal(&a, &b));
}

static void text_round_trips_with_hyphens_anywhere(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "01234567-89ab-7000-81d1-d2d3a1a2a3a4", "0123456789ab700081d1d2d3a1a2a3a4",
        "0123456789AB700081D1D2D3A1A2A3A4", "-01-23456789ab700081d1d2d3a1a2a3a4-"};
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        struct cs_id id;
        assert_ok(cs_id_parse(cs_bytes_of_text(texts[i]), &id));
        char text[CS_ID_TEXT_SIZE];
        cs_id_format(&id, text);
        assert_string_equal(text, texts[0]);
    }
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "0123456789ab700081d1d2d3a1a2a3a",
        "0123456789ab700081d1d2d3a1a2a3a44",
        "0123456789ab700081d1d2d3a1a2a3ag",
        " 0123456789ab700081d1d2d3a1a2a3a4",
        "{123456789ab700081d1d2d3a1a2a3a4}",
    };
    for (size_t i = 0; i < CS_COUNT(texts); i++) {
        struct cs_id id = {{7}};
        assert_status(cs_id_parse(cs_bytes_of_text(texts[i]), &id), CS_INVALID);
        assert_int_equal(id.bytes[0], 7);
    }
}

static void bytes_must_be_sixteen(void **state)
{
    (void)state;
    struct cs_id id = {{7}};
    static const uint8_t bytes[17] = {1};
    assert_false(cs_id_from_bytes(cs_bytes_make(bytes, 15), &id));
    assert_false(cs_id_from_bytes(cs_bytes_make(bytes, 17), &id));
    assert_false(cs_id_from_bytes(CS_BYTES_NONE, &id));
    assert_int_equal(id.bytes[0], 7);
    assert_true(cs_id_from_bytes(cs_bytes_make(bytes, 16), &id));
    assert_true(cs_bytes_equal(cs_id_bytes(&id), cs_bytes_make(bytes, 16)));
    assert_false(cs_id_is_zero(&id));
    id.bytes[0] = 0;
    assert_true(cs_id_is_zero(&id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_is_that_of_uuid_7),
        cmocka_unit_test(ids_ascend_though_the_clock_goes_back),
        cmocka_unit_test(a_full_counter_moves_on_to_the_next_millisecond),
        cmocka_unit_test(a_clock_beyond_48_bits_does_not_wrap),
        cmocka_unit_test(clones_with_other_random_bits_do_not_collide),
        cmocka_unit_test(text_round_trips_with_hyphens_anywhere),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(bytes_must_be_sixteen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
