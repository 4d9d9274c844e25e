/* Tests of putting the head of a request together from pieces. */
#include "shared/base/memory.h"
#include "sync-server/listener/http_head.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define GOOD "POST /x HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n"

/* Feeds the text in pieces of `step` bytes; *out_used is what belonged to the head. */
static enum cs_http_head_progress feed(struct cs_http_head *head, struct cs_bytes text, size_t step,
                                       size_t *out_used)
{
    enum cs_http_head_progress progress = CS_HTTP_HEAD_MORE;
    *out_used = 0;
    while (*out_used < text.size && progress == CS_HTTP_HEAD_MORE) {
        size_t left = text.size - *out_used;
        size_t used = 0;
        struct cs_bytes piece = {text.data + *out_used, left < step ? left : step};
        progress = cs_http_head_feed(head, piece, &used);
        assert_true(used <= piece.size);
        assert_true(progress != CS_HTTP_HEAD_MORE || used == piece.size);
        *out_used += used;
    }
    return progress;
}

static void any_pieces_give_the_same_head(void **state)
{
    (void)state;
    struct cs_bytes text = cs_bytes_of_text(GOOD "body");
    for (size_t step = 1; step <= text.size; step++) {
        struct cs_http_head head;
        cs_http_head_init(&head, 1000);
        size_t used = 0;
        assert_int_equal(feed(&head, text, step, &used), CS_HTTP_HEAD_COMPLETE);
        assert_int_equal(used, strlen(GOOD));
        assert_true(cs_bytes_equal_text(cs_buffer_bytes(&head.bytes), GOOD));
        cs_http_head_release(&head);
    }
}

static void every_beginning_wants_more(void **state)
{
    (void)state;
    for (size_t size = 0; size < strlen(GOOD); size++) {
        struct cs_http_head head;
        cs_http_head_init(&head, 1000);
        size_t used = 0;
        assert_int_equal(feed(&head, cs_bytes_make(GOOD, size), 1000, &used), CS_HTTP_HEAD_MORE);
        assert_int_equal(used, size);
        cs_http_head_release(&head);
    }
}

static void loose_line_ends_are_malformed(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "\nGET",
        "\r\nGET",
        " GET",
        "get",
        "GET / HTTP/1.1\n",
        "GET /\rx",
        "GET /\r\r\n",
        "GET /\r\nA: b\n",
        "GET /\r\n A",
        "GET /\r\nA: b\r\n\tc",
        "GET /\r\n\n",
        "GET /\r\nA:\rb",
        "\x16\x03\x01",
    };
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        for (size_t step = 1; step <= 20; step += 19) {
            struct cs_http_head head;
            cs_http_head_init(&head, 1000);
            size_t used = 0;
            assert_int_equal(feed(&head, cs_bytes_of_text(wrong[i]), step, &used),
                             CS_HTTP_HEAD_MALFORMED);
            assert_true(used < strlen(wrong[i]));
            cs_http_head_release(&head);
        }
    }
}

static void nul_is_malformed_everywhere(void **state)
{
    (void)state;
    for (size_t place = 0; place < strlen(GOOD); place++) {
        uint8_t text[sizeof GOOD];
        memcpy(text, GOOD, sizeof GOOD);
        text[place] = 0;
        struct cs_http_head head;
        cs_http_head_init(&head, 1000);
        size_t used = 0;
        assert_int_equal(feed(&head, cs_bytes_make(text, strlen(GOOD)), 1000, &used),
                         CS_HTTP_HEAD_MALFORMED);
        assert_int_equal(used, place);
        cs_http_head_release(&head);
    }
}

static void the_size_is_limited_exactly(void **state)
{
    (void)state;
    for (size_t limit = 1; limit <= strlen(GOOD); limit++) {
        for (size_t step = 1; step < 50; step += 48) {
            struct cs_http_head head;
            cs_http_head_init(&head, limit);
            size_t used = 0;
            assert_int_equal(feed(&head, cs_bytes_of_text(GOOD), step, &used),
                             limit < strlen(GOOD) ? CS_HTTP_HEAD_TOO_LARGE : CS_HTTP_HEAD_COMPLETE);
            assert_true(head.bytes.size <= limit);
            cs_http_head_release(&head);
        }
    }
}

static void failing_memory_is_reported(void **state)
{
    (void)state;
    struct cs_http_head head;
    cs_http_head_init(&head, 1000);
    size_t used = 0;
    cs_memory_fail_after(0);
    assert_int_equal(cs_http_head_feed(&head, cs_bytes_of_text("GET"), &used),
                     CS_HTTP_HEAD_NO_MEMORY);
    cs_memory_fail_after(-1);
    cs_http_head_release(&head);
    assert_int_equal(feed(&head, cs_bytes_of_text(GOOD), 5, &used), CS_HTTP_HEAD_COMPLETE);
    cs_http_head_release(&head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_pieces_give_the_same_head),
        cmocka_unit_test(every_beginning_wants_more),
        cmocka_unit_test(loose_line_ends_are_malformed),
        cmocka_unit_test(nul_is_malformed_everywhere),
        cmocka_unit_test(the_size_is_limited_exactly),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
