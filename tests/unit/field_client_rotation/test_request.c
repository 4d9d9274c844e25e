/* The message to a helper: one form, any bytes in secrets, every departure refused. */
#include "field-client/rotation/request.h"

#include "shared/base/memory.h"
#include "tests/support/testing.h"

#include <string.h>

#define ODD_SECRET "a b\n\0\xff 3 new 1 x\nend\n"

static struct cs_rotation_request good_request(void)
{
    struct cs_rotation_request request = {.operation = CS_ROTATION_APPLY,
                                          .host = cs_bytes_of_text("db.example"),
                                          .port = 5432,
                                          .user = cs_bytes_of_text("维护"),
                                          .old_secret =
                                              cs_bytes_make(ODD_SECRET, sizeof ODD_SECRET - 1),
                                          .new_secret = cs_bytes_of_text("new one"),
                                          .seconds = 30,
                                          .option_count = 2};
    request.options[0] =
        (struct cs_rotation_option){cs_bytes_of_text("ca"), cs_bytes_of_text("line\nline\n")};
    request.options[1] = (struct cs_rotation_option){cs_bytes_of_text("database"), CS_BYTES_NONE};
    return request;
}

static struct cs_buffer encoded(const struct cs_rotation_request *request)
{
    struct cs_buffer out;
    cs_buffer_init(&out, CS_ROTATION_MESSAGE_MAX);
    assert_ok(cs_rotation_request_encode(request, &out, NULL));
    return out;
}

static void test_the_form(void **state)
{
    (void)state;
    static const char form[] = "countersign rotation 1\n"
                               "operation 6 verify\n"
                               "host 9 127.0.0.1\n"
                               "port 1 0\n"
                               "user 3 bob\n"
                               "old 3 abc\n"
                               "new 4 d\ne \n"
                               "seconds 2 45\n"
                               "option.host_key 5 k 1 2\n"
                               "end\n";
    struct cs_rotation_request request = good_request();
    request.operation = CS_ROTATION_VERIFY;
    request.host = cs_bytes_of_text("127.0.0.1");
    request.port = 0;
    request.user = cs_bytes_of_text("bob");
    request.old_secret = cs_bytes_of_text("abc");
    request.new_secret = cs_bytes_of_text("d\ne ");
    request.seconds = 45;
    request.option_count = 1;
    request.options[0] =
        (struct cs_rotation_option){cs_bytes_of_text("host_key"), cs_bytes_of_text("k 1 2")};
    struct cs_buffer out = encoded(&request);
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&out), form));
    cs_buffer_release(&out);
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct cs_rotation_request request = good_request();
    struct cs_buffer out = encoded(&request);
    struct cs_rotation_request found;
    assert_ok(cs_rotation_request_decode(cs_buffer_bytes(&out), &found, NULL));
    assert_int_equal(found.operation, CS_ROTATION_APPLY);
    assert_true(cs_bytes_equal(found.host, request.host));
    assert_int_equal(found.port, 5432);
    assert_true(cs_bytes_equal(found.user, request.user));
    assert_true(cs_bytes_equal(found.old_secret, request.old_secret));
    assert_true(cs_bytes_equal(found.new_secret, request.new_secret));
    assert_int_equal(found.seconds, 30);
    assert_int_equal(found.option_count, 2);
    assert_true(cs_bytes_equal_text(cs_rotation_option(&found, "ca"), "line\nline\n"));
    assert_int_equal(cs_rotation_option(&found, "database").size, 0);
    assert_int_equal(cs_rotation_option(&found, "none").size, 0);
    cs_buffer_release(&out);
}

/* Every shorter message, and every message with a byte changed in its frame, is refused or says something else; none is read past
 * its end. */
static void test_every_cut_is_refused(void **state)
{
    (void)state;
    struct cs_rotation_request request = good_request();
    struct cs_buffer out = encoded(&request);
    for (size_t size = 0; size < out.size; size++) {
        /* A copy of exactly that size, so that the address sanitizer sees a step too far. */
        uint8_t *copy = cs_alloc(size);
        assert_non_null(copy);
        memcpy(copy, out.data, size);
        struct cs_rotation_request found = {.seconds = 77};
        assert_int_not_equal(cs_rotation_request_decode(cs_bytes_make(copy, size), &found, NULL),
                             CS_OK);
        assert_int_equal(found.seconds, 77);
        cs_free(copy);
    }
    cs_buffer_append_text(&out, "\n");
    assert_status(cs_rotation_request_decode(cs_buffer_bytes(&out), &request, NULL), CS_MALFORMED);
    cs_buffer_release(&out);
}

static void test_departures(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        enum cs_status status;
    } changes[] = {
        {"rotation 1", "rotation 2", CS_UNSUPPORTED},
        {"operation 5 apply", "operation 5 appla", CS_MALFORMED},
        {"operation 5 apply", "operation 05 apply", CS_MALFORMED},
        {"host 10 ", "host +10 ", CS_MALFORMED},
        {"host 10 ", "host 11 ", CS_MALFORMED},
        {"host 10 ", "host 99999 ", CS_MALFORMED},
        {"host 10 ", "host 999999 ", CS_MALFORMED},
        {"host 10 ", "host  10 ", CS_MALFORMED},
        {"host 10 ", "hast 10 ", CS_MALFORMED},
        {"port 4 5432", "port 5 65536", CS_MALFORMED},
        {"port 4 5432", "port 4 -432", CS_MALFORMED},
        {"port 4 5432", "port 0 ", CS_MALFORMED},
        {"seconds 2 30", "seconds 1 0", CS_INVALID},
        {"seconds 2 30", "seconds 3 601", CS_MALFORMED},
        {"option.ca", "option.cz", CS_OK},
        {"option.ca", "option.ez", CS_INVALID},
        {"option.ca", "option.Ca", CS_INVALID},
        {"option.ca 10 line\nline\n", "option.database 0 ", CS_INVALID},
        {"option.ca", "opinion.ca", CS_MALFORMED},
        {"host 10 db.example", "host 10 db,example", CS_INVALID},
        {"host 10 db.example", "host 10 /var/local", CS_INVALID},
        {"host 10 db.example", "host 10 -oProxy.ex", CS_INVALID},
        {"new 7 new one", "new 0 ", CS_INVALID},
    };
    struct cs_rotation_request request = good_request();
    request.old_secret = cs_bytes_of_text("old one");
    struct cs_buffer good = encoded(&request);
    for (size_t i = 0; i < CS_COUNT(changes); i++) {
        struct cs_buffer bad;
        cs_buffer_init(&bad, CS_ROTATION_MESSAGE_MAX);
        const uint8_t *at = memmem(good.data, good.size, changes[i].from, strlen(changes[i].from));
        assert_non_null(at);
        size_t before = (size_t)(at - good.data);
        size_t after = before + strlen(changes[i].from);
        cs_buffer_append(&bad, good.data, before);
        cs_buffer_append_text(&bad, changes[i].to);
        cs_buffer_append(&bad, good.data + after, good.size - after);
        struct cs_rotation_request found;
        struct cs_problem problem = {""};
        assert_status(cs_rotation_request_decode(cs_buffer_bytes(&bad), &found, &problem),
                      changes[i].status);
        assert_int_equal(problem.text[0] == '\0', changes[i].status == CS_OK);
        cs_buffer_release(&bad);
    }
    cs_buffer_release(&good);
}

static void refuse(const struct cs_rotation_request *request)
{
    struct cs_buffer out;
    struct cs_problem problem = {""};
    cs_buffer_init(&out, CS_ROTATION_MESSAGE_MAX);
    assert_status(cs_rotation_request_encode(request, &out, &problem), CS_INVALID);
    assert_int_not_equal(problem.text[0], '\0');
    assert_int_equal(out.size, 0);
    cs_buffer_release(&out);
}

static void test_what_is_not_sent(void **state)
{
    (void)state;
    static uint8_t long_text[CS_ROTATION_OPTION_MAX + 1];
    memset(long_text, 'x', sizeof long_text);
    for (int i = 0; i < 11; i++) {
        struct cs_rotation_request request = good_request();
        switch (i) {
        case 0:
            request.host = CS_BYTES_NONE;
            break;
        case 1:
            request.host = cs_bytes_make(long_text, CS_ROTATION_NAME_MAX + 1);
            break;
        case 2:
            request.host = cs_bytes_make("a\0b", 3);
            break;
        case 3:
            request.user = cs_bytes_of_text("a\nb");
            break;
        case 4:
            request.user = cs_bytes_make(long_text, CS_ROTATION_NAME_MAX + 1);
            break;
        case 5:
            request.old_secret = CS_BYTES_NONE;
            break;
        case 6:
            request.new_secret = cs_bytes_make(long_text, CS_ROTATION_SECRET_MAX + 1);
            break;
        case 7:
            request.new_secret = request.old_secret;
            break;
        case 8:
            request.seconds = CS_ROTATION_SECONDS_MAX + 1;
            break;
        case 9:
            request.options[0].value = cs_bytes_of_array(long_text);
            break;
        default:
            request.option_count = CS_ROTATION_OPTIONS_MAX + 1;
            break;
        }
        refuse(&request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_form),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_departures),
        cmocka_unit_test(test_what_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
