/* Tests of phrases: bounded, cut at characters, harmless. */
#include "shared/domain/phrase.h"

#include "shared/base/text.h"
#include "tests/unit/shared_domain/toy.h"

static const char *quoted(struct cs_phrase *phrase, const char *text, size_t size)
{
    *phrase = CS_PHRASE_EMPTY;
    cs_phrase_add_quoted(phrase, cs_bytes_make(text, size));
    return phrase->text;
}

static void short_texts_are_quoted_whole(void **state)
{
    (void)state;
    struct cs_phrase phrase;
    assert_string_equal(quoted(&phrase, "12a", 3), "\"12a\"");
    assert_string_equal(quoted(&phrase, "", 0), "\"\"");
    assert_string_equal(quoted(&phrase, NULL, 0), "\"\"");
    assert_string_equal(quoted(&phrase, "阀门", strlen("阀门")), "\"阀门\"");
}

static void exactly_forty_bytes_are_not_shortened(void **state)
{
    (void)state;
    struct cs_phrase phrase;
    const char *text = "0123456789012345678901234567890123456789+";
    assert_string_equal(quoted(&phrase, text, 40), "\"0123456789012345678901234567890123456789\"");
    assert_string_equal(quoted(&phrase, text, 41), "\"0123456789012345678901234567890123456789…\"");
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    struct cs_phrase phrase;
    /* 3 bytes each: 13 characters are 39 bytes, the fourteenth would be cut at 40. */
    const char *text = "一二三四五六七八九十一二三四五";
    assert_string_equal(quoted(&phrase, text, strlen(text)), "\"一二三四五六七八九十一二三…\"");
}

static void control_characters_are_not_passed_on(void **state)
{
    (void)state;
    struct cs_phrase phrase;
    assert_string_equal(quoted(&phrase, "a\x1b[2J\nb\x7f\0c", 10), "\"a?[2J?b??c\"");
}

static void broken_utf8_is_not_passed_on(void **state)
{
    (void)state;
    struct cs_phrase phrase;
    assert_string_equal(quoted(&phrase,
                               "a\xff\xfe"
                               "b",
                               4),
                        "\"a??b\"");
    assert_true(cs_utf8_valid(cs_bytes_of_text(phrase.text)));
}

static void full_phrases_stop_at_a_character(void **state)
{
    (void)state;
    struct cs_phrase phrase = CS_PHRASE_EMPTY;
    for (int i = 0; i < 100; i++) {
        cs_phrase_add(&phrase, "阀");
    }
    assert_int_equal(phrase.size, 255);
    assert_int_equal(strlen(phrase.text), 255);
    assert_true(cs_utf8_valid(cs_bytes_of_text(phrase.text)));
    cs_phrase_add(&phrase, "x");
    assert_int_equal(phrase.size, 255);
}

static void choices_are_listed(void **state)
{
    (void)state;
    struct cs_phrase phrase = CS_PHRASE_EMPTY;
    cs_phrase_add_choices(&phrase, "draft|assigned|on_site");
    assert_string_equal(phrase.text, "draft, assigned, on_site");
    phrase = CS_PHRASE_EMPTY;
    cs_phrase_add_choices(&phrase, NULL);
    assert_string_equal(phrase.text, "");
}

static void roles_are_listed(void **state)
{
    (void)state;
    struct cs_phrase phrase = CS_PHRASE_EMPTY;
    cs_phrase_add_roles(&phrase, CS_ROLE(OFFICE) | CS_ROLE(OWNER));
    assert_string_equal(phrase.text, "owner, office");
    phrase = CS_PHRASE_EMPTY;
    cs_phrase_add_roles(&phrase, CS_ROLES_NONE);
    assert_string_equal(phrase.text, "nobody");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_texts_are_quoted_whole),
        cmocka_unit_test(exactly_forty_bytes_are_not_shortened),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(control_characters_are_not_passed_on),
        cmocka_unit_test(broken_utf8_is_not_passed_on),
        cmocka_unit_test(full_phrases_stop_at_a_character),
        cmocka_unit_test(choices_are_listed),
        cmocka_unit_test(roles_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
