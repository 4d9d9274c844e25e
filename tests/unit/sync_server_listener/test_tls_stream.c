/* Tests of TLS as bytes in, bytes out: the server's side against mbedTLS's client in memory. */
#include "shared/base/memory.h"
#include "sync-server/listener/tls_identity.h"
#include "sync-server/listener/tls_random.h"
#include "sync-server/listener/tls_stream.h"
#include "tests/support/tls_server.h"

#include <mbedtls/ssl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

struct pair {
    struct cs_buffer key, certificate;
    struct cs_tls_context *context;
    struct cs_tls_stream *server;
    struct cs_tls_random random;
    mbedtls_ssl_config config;
    mbedtls_ssl_context client;
    struct cs_buffer to_client; /* output of the server, read by the client */
    size_t to_client_used;
    size_t piece; /* bytes handed to the server at once */
    bool server_failed;
};

static int client_send(void *context, const unsigned char *data, size_t size)
{
    struct pair *pair = context;
    size_t taken = size < pair->piece ? size : pair->piece;
    assert_int_equal(cs_tls_stream_feed(pair->server, cs_bytes_make(data, taken)), CS_OK);
    return (int)taken;
}

static int client_receive(void *context, unsigned char *out, size_t size)
{
    struct pair *pair = context;
    struct cs_buffer *output = cs_tls_stream_output(pair->server);
    cs_buffer_append_bytes(&pair->to_client, cs_buffer_bytes(output));
    cs_buffer_clear(output);
    size_t waiting = pair->to_client.size - pair->to_client_used;
    if (waiting == 0) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    size_t taken = waiting < size ? waiting : size;
    memcpy(out, pair->to_client.data + pair->to_client_used, taken);
    pair->to_client_used += taken;
    return (int)taken;
}

static void begin(struct pair *pair, size_t piece)
{
    memset(pair, 0, sizeof *pair);
    pair->piece = piece;
    cs_buffer_init(&pair->key, 1000);
    cs_buffer_init(&pair->certificate, 1000);
    cs_buffer_init(&pair->to_client, SIZE_MAX / 2);
    assert_int_equal(cs_tls_identity_create(&pair->key, &pair->certificate), CS_OK);
    assert_int_equal(cs_tls_context_create(cs_buffer_bytes(&pair->key),
                                           cs_buffer_bytes(&pair->certificate), &pair->context,
                                           NULL),
                     CS_OK);
    assert_int_equal(cs_tls_stream_create(pair->context, &pair->server), CS_OK);
    assert_int_equal(cs_tls_random_init(&pair->random), CS_OK);
    mbedtls_ssl_config_init(&pair->config);
    mbedtls_ssl_init(&pair->client);
    assert_int_equal(mbedtls_ssl_config_defaults(&pair->config, MBEDTLS_SSL_IS_CLIENT,
                                                 MBEDTLS_SSL_TRANSPORT_STREAM,
                                                 MBEDTLS_SSL_PRESET_DEFAULT),
                     0);
    mbedtls_ssl_conf_authmode(&pair->config, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_rng(&pair->config, mbedtls_ctr_drbg_random, &pair->random.generator);
}

/* Whether both sides finish the handshake. */
static bool shake_hands(struct pair *pair)
{
    assert_int_equal(mbedtls_ssl_setup(&pair->client, &pair->config), 0);
    mbedtls_ssl_set_bio(&pair->client, pair, client_send, client_receive, NULL);
    bool client_done = false;
    for (int i = 0; i < 1000; i++) {
        int code = client_done ? 0 : mbedtls_ssl_handshake(&pair->client);
        enum cs_tls_progress progress = cs_tls_stream_handshake(pair->server);
        client_done = code == 0;
        if (progress == CS_TLS_FAILED || (code != 0 && code != MBEDTLS_ERR_SSL_WANT_READ &&
                                          code != MBEDTLS_ERR_SSL_WANT_WRITE)) {
            pair->server_failed = progress == CS_TLS_FAILED;
            return false;
        }
        if (client_done && progress == CS_TLS_DONE) {
            return true;
        }
    }
    return false;
}

static void end(struct pair *pair)
{
    mbedtls_ssl_free(&pair->client);
    mbedtls_ssl_config_free(&pair->config);
    cs_tls_random_release(&pair->random);
    cs_tls_stream_destroy(pair->server);
    cs_tls_context_destroy(pair->context);
    cs_buffer_release(&pair->to_client);
    cs_buffer_release(&pair->key);
    cs_buffer_release(&pair->certificate);
}

static void client_write(struct pair *pair, const uint8_t *data, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        int code = mbedtls_ssl_write(&pair->client, data + sent, size - sent);
        assert_true(code > 0);
        sent += (size_t)code;
    }
}

static void bytes_pass_both_ways_in_any_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 1000, SIZE_MAX};
    for (size_t i = 0; i < CS_COUNT(pieces); i++) {
        struct pair pair;
        begin(&pair, pieces[i]);
        assert_true(shake_hands(&pair));
        uint8_t data[40000];
        uint8_t got[sizeof data];
        for (size_t j = 0; j < sizeof data; j++) {
            data[j] = (uint8_t)(j * 7 + i);
        }
        client_write(&pair, data, sizeof data);
        size_t total = 0;
        size_t size = 0;
        while (cs_tls_stream_read(pair.server, got + total, sizeof got - total, &size) ==
               CS_TLS_DONE) {
            assert_true(size > 0);
            total += size;
            if (total == sizeof got) {
                break;
            }
        }
        assert_int_equal(total, sizeof data);
        assert_memory_equal(got, data, sizeof data);
        assert_int_equal(cs_tls_stream_read(pair.server, got, 1, &size), CS_TLS_WANT);
        assert_int_equal(size, 0);
        assert_int_equal(cs_tls_stream_write(pair.server, cs_bytes_of_array(data)), CS_TLS_DONE);
        for (total = 0; total < sizeof got;) {
            int code = mbedtls_ssl_read(&pair.client, got + total, sizeof got - total);
            assert_true(code > 0);
            total += (size_t)code;
        }
        assert_memory_equal(got, data, sizeof data);
        end(&pair);
    }
}

static void goodbyes_are_told_from_failures(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t byte;
    size_t size = 0;
    begin(&pair, SIZE_MAX);
    assert_true(shake_hands(&pair));
    assert_int_equal(mbedtls_ssl_close_notify(&pair.client), 0);
    assert_int_equal(cs_tls_stream_read(pair.server, &byte, 1, &size), CS_TLS_CLOSED);
    cs_tls_stream_close(pair.server);
    assert_int_equal(mbedtls_ssl_read(&pair.client, &byte, 1), MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    end(&pair);

    begin(&pair, SIZE_MAX);
    assert_true(shake_hands(&pair));
    assert_int_equal(cs_tls_stream_feed(pair.server, cs_bytes_of_text("\x17\x03\x03garbage here")),
                     CS_OK);
    /* 0x6761 = 26,465 bytes announced: more than a record may have. */
    assert_int_equal(cs_tls_stream_read(pair.server, &byte, 1, &size), CS_TLS_FAILED);
    assert_int_equal(size, 0);
    end(&pair);
}

static void changed_records_are_refused_at_every_byte(void **state)
{
    (void)state;
    for (size_t place = 0; place < 30; place += 3) {
        struct pair pair;
        begin(&pair, SIZE_MAX);
        assert_true(shake_hands(&pair));
        uint8_t record[200] = {0};
        struct cs_buffer *output = cs_tls_stream_output(pair.server);
        /* What the server sealed itself is not for its own eyes: a record of the other direction. */
        assert_int_equal(cs_tls_stream_write(pair.server, cs_bytes_of_text("hello")), CS_TLS_DONE);
        assert_true(output->size > 30 && output->size < sizeof record);
        memcpy(record, output->data, output->size);
        record[place] ^= 1;
        assert_int_equal(cs_tls_stream_feed(pair.server, cs_bytes_make(record, output->size)),
                         CS_OK);
        uint8_t byte;
        size_t size = 0;
        enum cs_tls_progress progress = cs_tls_stream_read(pair.server, &byte, 1, &size);
        /* A length made larger waits for the rest; nothing is ever let through. */
        assert_true(progress == CS_TLS_FAILED || (progress == CS_TLS_WANT && place == 3));
        assert_int_equal(size, 0);
        end(&pair);
    }
}

static void offer_suites(struct pair *pair, const int *suites)
{
    mbedtls_ssl_conf_ciphersuites(&pair->config, suites);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    /* A client that offers TLS 1.3 without one of its suites is refused for that alone. */
    mbedtls_ssl_conf_max_tls_version(&pair->config, suites[0] >> 8 == 0x13
                                                        ? MBEDTLS_SSL_VERSION_TLS1_3
                                                        : MBEDTLS_SSL_VERSION_TLS1_2);
#endif
}

static void only_the_listed_suites_are_spoken(void **state)
{
    (void)state;
    static const struct {
        int suite;
        bool accepted;
    } cases[] = {
        {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, true},
        {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, true},
        {MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, true},
        {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, false},
        {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, false},
        {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, false},
        {MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, false},
        {MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256, false},
        {MBEDTLS_TLS_PSK_WITH_AES_128_GCM_SHA256, false},
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
        {MBEDTLS_TLS1_3_AES_128_GCM_SHA256, true},
        {MBEDTLS_TLS1_3_AES_256_GCM_SHA384, true},
        {MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256, true},
        {MBEDTLS_TLS1_3_AES_128_CCM_SHA256, false},
        {MBEDTLS_TLS1_3_AES_128_CCM_8_SHA256, false},
#endif
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct pair pair;
        begin(&pair, SIZE_MAX);
        int suites[] = {cases[i].suite, 0};
        offer_suites(&pair, suites);
        assert_int_equal(shake_hands(&pair), cases[i].accepted);
        end(&pair);
    }
}

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
static void both_versions_are_spoken(void **state)
{
    (void)state;
    static const struct {
        mbedtls_ssl_protocol_version version;
        const char *name;
    } cases[] = {{MBEDTLS_SSL_VERSION_TLS1_2, "TLSv1.2"}, {MBEDTLS_SSL_VERSION_TLS1_3, "TLSv1.3"}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct pair pair;
        uint8_t got[8];
        size_t size = 0;
        begin(&pair, SIZE_MAX);
        /* The highest that both know is taken. */
        mbedtls_ssl_conf_max_tls_version(&pair.config, cases[i].version);
        assert_true(shake_hands(&pair));
        assert_string_equal(mbedtls_ssl_get_version(&pair.client), cases[i].name);
        client_write(&pair, (const uint8_t *)"hello", 5);
        assert_int_equal(cs_tls_stream_read(pair.server, got, sizeof got, &size), CS_TLS_DONE);
        assert_int_equal(size, 5);
        assert_memory_equal(got, "hello", 5);
        end(&pair);
    }
}
#endif

#if MBEDTLS_VERSION_NUMBER < 0x03000000
static void old_versions_are_refused(void **state)
{
    (void)state;
    for (int minor = MBEDTLS_SSL_MINOR_VERSION_1; minor <= MBEDTLS_SSL_MINOR_VERSION_3; minor++) {
        struct pair pair;
        begin(&pair, SIZE_MAX);
        mbedtls_ssl_conf_min_version(&pair.config, MBEDTLS_SSL_MAJOR_VERSION_3,
                                     MBEDTLS_SSL_MINOR_VERSION_1);
        mbedtls_ssl_conf_max_version(&pair.config, MBEDTLS_SSL_MAJOR_VERSION_3, minor);
        bool accepted = shake_hands(&pair);
        assert_int_equal(accepted, minor == MBEDTLS_SSL_MINOR_VERSION_3);
        assert_int_equal(pair.server_failed, !accepted);
        end(&pair);
    }
}

#endif

static void renegotiation_is_refused(void **state)
{
    (void)state;
    struct pair pair;
    begin(&pair, SIZE_MAX);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    /* TLS 1.3 has none. */
    mbedtls_ssl_conf_max_tls_version(&pair.config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
    mbedtls_ssl_conf_renegotiation(&pair.config, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
    assert_true(shake_hands(&pair));
    int code = mbedtls_ssl_renegotiate(&pair.client);
    uint8_t byte;
    size_t size = 0;
    for (int i = 0; i < 10 && (code == MBEDTLS_ERR_SSL_WANT_READ || code == 0); i++) {
        assert_int_not_equal(cs_tls_stream_read(pair.server, &byte, 1, &size), CS_TLS_DONE);
        code = mbedtls_ssl_renegotiate(&pair.client);
    }
    assert_int_not_equal(code, 0);
    end(&pair);
}

static void input_and_output_are_bounded(void **state)
{
    (void)state;
    struct pair pair;
    begin(&pair, SIZE_MAX);
    uint8_t *data = calloc(1, 300 * 1024);
    assert_non_null(data);
    assert_int_equal(cs_tls_stream_feed(pair.server, cs_bytes_make(data, 300 * 1024)), CS_LIMIT);
    end(&pair);

    begin(&pair, SIZE_MAX);
    assert_true(shake_hands(&pair));
    enum cs_tls_progress progress = CS_TLS_DONE;
    int rounds = 0;
    for (; rounds < 10 && progress == CS_TLS_DONE; rounds++) {
        progress = cs_tls_stream_write(pair.server, cs_bytes_make(data, 300 * 1024));
    }
    assert_int_equal(progress, CS_TLS_FAILED);
    assert_int_equal(rounds, 4);
    end(&pair);
    free(data);
}

static void keys_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    struct pair pair;
    begin(&pair, SIZE_MAX);
    struct cs_bytes key = cs_buffer_bytes(&pair.key);
    struct cs_tls_context *context = NULL;
    struct cs_problem problem = {""};
    assert_int_equal(cs_tls_context_create(key, tls_server_certificate(), &context, &problem),
                     CS_INVALID);
    assert_non_null(strstr(problem.text, "does not belong"));
    for (size_t size = 0; size < key.size; size += 10) {
        assert_int_equal(cs_tls_context_create(cs_bytes_make(key.data, size),
                                               cs_buffer_bytes(&pair.certificate), &context,
                                               &problem),
                         CS_INVALID);
    }
    assert_null(context);
    end(&pair);
}

static void failing_memory_is_reported(void **state)
{
    (void)state;
    struct pair pair;
    begin(&pair, SIZE_MAX);
    struct cs_tls_stream *stream = NULL;
    cs_memory_fail_after(0);
    assert_int_equal(cs_tls_stream_create(pair.context, &stream), CS_NO_MEMORY);
    cs_memory_fail_after(0);
    assert_int_equal(cs_tls_stream_feed(pair.server, cs_bytes_of_text("x")), CS_NO_MEMORY);
    cs_memory_fail_after(-1);
    assert_null(stream);
    end(&pair);

    begin(&pair, SIZE_MAX);
    assert_true(shake_hands(&pair));
    cs_buffer_release(cs_tls_stream_output(pair.server));
    cs_memory_fail_after(0);
    assert_int_equal(cs_tls_stream_write(pair.server, cs_bytes_of_text("x")), CS_TLS_FAILED);
    cs_memory_fail_after(-1);
    end(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_pass_both_ways_in_any_pieces),
        cmocka_unit_test(goodbyes_are_told_from_failures),
        cmocka_unit_test(changed_records_are_refused_at_every_byte),
        cmocka_unit_test(only_the_listed_suites_are_spoken),
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
        cmocka_unit_test(both_versions_are_spoken),
#else
        cmocka_unit_test(old_versions_are_refused),
#endif
        cmocka_unit_test(renegotiation_is_refused),
        cmocka_unit_test(input_and_output_are_bounded),
        cmocka_unit_test(keys_that_do_not_fit_are_refused),
        cmocka_unit_test(failing_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
