/* What people read about a change: one line, no secret. */
#include "field-client/rotation/reason.h"

#include "shared/base/limits.h"
#include "shared/base/text.h"
#include "tests/support/testing.h"

#include <string.h>

static struct cs_problem reason_of(struct cs_bytes text)
{
    struct cs_problem reason = {"before"};
    cs_rotation_reason_set(&reason, text, cs_bytes_of_text("old-s3cret"),
                           cs_bytes_of_text("new s3cret"));
    return reason;
}

static void test_one_line(void **state)
{
    (void)state;
    assert_string_equal(reason_of(cs_bytes_of_text("\r\n a\tb \x1b[1m\n\n密码 c\n")).text,
                        "a b [1m 密码 c");
    assert_string_equal(reason_of(CS_BYTES_NONE).text, "");
    assert_string_equal(reason_of(cs_bytes_make("a\xffz", 3)).text, "a?z");
    assert_string_equal(reason_of(cs_bytes_make("a\0b", 3)).text, "a b");
}

static void test_no_secret(void **state)
{
    (void)state;
    assert_string_equal(reason_of(cs_bytes_of_text("x old-s3cre")).text, "x old-s3cre");
    assert_non_null(strstr(reason_of(cs_bytes_of_text("x old-s3cret y")).text, "withheld"));
    assert_null(strstr(reason_of(cs_bytes_of_text("x old-s3cret y")).text, "old-s3cret"));
    assert_null(strstr(reason_of(cs_bytes_of_text("new s3cret")).text, "new s3cret"));
    struct cs_problem reason = {"says new s3cret"};
    cs_rotation_reason_clean(&reason, cs_bytes_of_text("a"), cs_bytes_of_text("new s3cret"));
    assert_null(strstr(reason.text, "s3cret"));
}

/* Also a secret that begins where the text is cut. */
static void test_long_texts_are_cut(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof text);
    struct cs_problem reason = reason_of(cs_bytes_of_array(text));
    assert_int_equal(strlen(reason.text), CS_ROTATION_REASON_MAX);
    memcpy(text + CS_ROTATION_REASON_MAX - 4, "old-s3cret", 10);
    reason = reason_of(cs_bytes_of_array(text));
    assert_null(strstr(reason.text, "old-"));
    memset(text, 'x', sizeof text);
    memcpy(text + CS_ROTATION_REASON_MAX - 1, "码", 3);
    reason = reason_of(cs_bytes_of_array(text));
    assert_int_equal(strlen(reason.text), CS_ROTATION_REASON_MAX - 1);
    assert_true(cs_utf8_valid(cs_bytes_of_text(reason.text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_no_secret),
        cmocka_unit_test(test_long_texts_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
