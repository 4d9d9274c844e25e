/* TLS as bytes in, bytes out, see tls_stream.h. */
#include "sync-server/listener/tls_stream.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "sync-server/listener/tls_random.h"

#include <limits.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <string.h>

#define INPUT_SIZE_MAX (256 * CS_KIBI)
#define OUTPUT_SIZE_MAX (CS_MEBI)

struct cs_tls_context {
    struct cs_tls_random random;
    mbedtls_pk_context key;
    mbedtls_x509_crt certificate;
    mbedtls_ssl_config config;
};

struct cs_tls_stream {
    mbedtls_ssl_context ssl;
    struct cs_buffer input; /* from the peer, [input_used, size) not yet read by mbedTLS */
    size_t input_used;
    struct cs_buffer output;
};

static const int cipher_suites[] = {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000 && defined(MBEDTLS_SSL_PROTO_TLS1_3)
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
#endif
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    0,
};

static void configure_versions(mbedtls_ssl_config *config)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_3);
#else
    mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
#else
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_max_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#endif
}

static void configure_curves(mbedtls_ssl_config *config)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03010000
    static const uint16_t groups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
                                      MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
                                      MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
    mbedtls_ssl_conf_groups(config, groups);
#else
    static const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_CURVE25519,
                                                  MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_NONE};
    mbedtls_ssl_conf_curves(config, curves);
#endif
}

static int configure(struct cs_tls_context *context)
{
    mbedtls_ssl_config *config = &context->config;
    int code = mbedtls_ssl_config_defaults(
        config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (code != 0) {
        return code;
    }
    configure_versions(config);
    configure_curves(config);
    mbedtls_ssl_conf_ciphersuites(config, cipher_suites);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &context->random.generator);
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    mbedtls_ssl_conf_renegotiation(config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
#endif
    /* Tickets and the session cache are off as long as no callbacks are set for them. */
    return mbedtls_ssl_conf_own_cert(config, &context->certificate, &context->key);
}

static int parse_key(struct cs_tls_context *context, struct cs_bytes key)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_parse_key(&context->key, key.data, key.size, NULL, 0, mbedtls_ctr_drbg_random,
                                &context->random.generator);
#else
    return mbedtls_pk_parse_key(&context->key, key.data, key.size, NULL, 0);
#endif
}

static int check_pair(struct cs_tls_context *context)
{
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    return mbedtls_pk_check_pair(&context->certificate.pk, &context->key, mbedtls_ctr_drbg_random,
                                 &context->random.generator);
#else
    return mbedtls_pk_check_pair(&context->certificate.pk, &context->key);
#endif
}

static enum cs_status load(struct cs_tls_context *context, struct cs_bytes key,
                           struct cs_bytes certificate, struct cs_problem *problem)
{
    enum cs_status status = cs_tls_random_init(&context->random);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "the system gives no randomness for TLS");
    }
    int code = parse_key(context, key);
    if (code != 0) {
        return cs_problem_set(problem, cs_tls_status(code, CS_INVALID),
                              "the TLS key cannot be read");
    }
    code = mbedtls_x509_crt_parse(&context->certificate, certificate.data, certificate.size);
    if (code != 0) {
        return cs_problem_set(problem, cs_tls_status(code, CS_INVALID),
                              "the TLS certificate cannot be read");
    }
    if (!mbedtls_pk_can_do(&context->key, MBEDTLS_PK_ECDSA)) {
        return cs_problem_set(problem, CS_INVALID,
                              "the TLS key is not an ECDSA key; make an EC key");
    }
    if (check_pair(context) != 0) {
        return cs_problem_set(problem, CS_INVALID,
                              "the TLS key does not belong to the TLS certificate");
    }
    code = configure(context);
    if (code != 0) {
        return cs_problem_set(problem, cs_tls_status(code, CS_INVALID), "TLS cannot be set up");
    }
    return CS_OK;
}

enum cs_status cs_tls_context_create(struct cs_bytes key, struct cs_bytes certificate,
                                     struct cs_tls_context **out_context,
                                     struct cs_problem *problem)
{
    struct cs_tls_context *context = cs_alloc_zero(1, sizeof *context);
    if (context == NULL) {
        return cs_problem_set(problem, CS_NO_MEMORY, "out of memory");
    }
    mbedtls_pk_init(&context->key);
    mbedtls_x509_crt_init(&context->certificate);
    mbedtls_ssl_config_init(&context->config);
    enum cs_status status = load(context, key, certificate, problem);
    if (status != CS_OK) {
        cs_tls_context_destroy(context);
        return status;
    }
    *out_context = context;
    return CS_OK;
}

void cs_tls_context_destroy(struct cs_tls_context *context)
{
    if (context == NULL) {
        return;
    }
    mbedtls_ssl_config_free(&context->config);
    mbedtls_x509_crt_free(&context->certificate);
    mbedtls_pk_free(&context->key);
    cs_tls_random_release(&context->random);
    cs_free(context);
}

static int take_input(void *opaque, unsigned char *out, size_t size)
{
    struct cs_tls_stream *stream = opaque;
    size_t waiting = stream->input.size - stream->input_used;
    if (waiting == 0) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    size_t taken = waiting < size ? waiting : size;
    taken = taken > INT_MAX ? INT_MAX : taken;
    memcpy(out, stream->input.data + stream->input_used, taken);
    stream->input_used += taken;
    if (stream->input_used == stream->input.size) {
        cs_buffer_clear(&stream->input);
        stream->input_used = 0;
    }
    return (int)taken;
}

static int give_output(void *opaque, const unsigned char *data, size_t size)
{
    struct cs_tls_stream *stream = opaque;
    size = size > INT_MAX ? INT_MAX : size;
    cs_buffer_append(&stream->output, data, size);
    return stream->output.status == CS_OK ? (int)size : MBEDTLS_ERR_SSL_ALLOC_FAILED;
}

enum cs_status cs_tls_stream_create(struct cs_tls_context *context,
                                    struct cs_tls_stream **out_stream)
{
    struct cs_tls_stream *stream = cs_alloc_zero(1, sizeof *stream);
    if (stream == NULL) {
        return CS_NO_MEMORY;
    }
    cs_buffer_init(&stream->input, INPUT_SIZE_MAX);
    cs_buffer_init(&stream->output, OUTPUT_SIZE_MAX);
    mbedtls_ssl_init(&stream->ssl);
    int code = mbedtls_ssl_setup(&stream->ssl, &context->config);
    if (code != 0) {
        cs_tls_stream_destroy(stream);
        return cs_tls_status(code, CS_NO_MEMORY);
    }
    mbedtls_ssl_set_bio(&stream->ssl, stream, give_output, take_input, NULL);
    *out_stream = stream;
    return CS_OK;
}

void cs_tls_stream_destroy(struct cs_tls_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    mbedtls_ssl_free(&stream->ssl);
    cs_buffer_release(&stream->input);
    cs_buffer_release(&stream->output);
    cs_free(stream);
}

enum cs_status cs_tls_stream_feed(struct cs_tls_stream *stream, struct cs_bytes bytes)
{
    struct cs_buffer *input = &stream->input;
    if (stream->input_used > 0) {
        size_t waiting = input->size - stream->input_used;
        memmove(input->data, input->data + stream->input_used, waiting);
        input->size = waiting;
        stream->input_used = 0;
    }
    cs_buffer_append_bytes(input, bytes);
    return input->status;
}

static enum cs_tls_progress progress_of(int code)
{
    switch (code) {
    case 0:
        return CS_TLS_DONE;
    case MBEDTLS_ERR_SSL_WANT_READ:
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return CS_TLS_WANT;
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        return CS_TLS_CLOSED;
    default:
        return CS_TLS_FAILED;
    }
}

enum cs_tls_progress cs_tls_stream_handshake(struct cs_tls_stream *stream)
{
    return progress_of(mbedtls_ssl_handshake(&stream->ssl));
}

enum cs_tls_progress cs_tls_stream_read(struct cs_tls_stream *stream, uint8_t *out, size_t size,
                                        size_t *out_size)
{
    *out_size = 0;
    int code = mbedtls_ssl_read(&stream->ssl, out, size);
    if (code > 0) {
        *out_size = (size_t)code;
        return CS_TLS_DONE;
    }
    /* 0 is an end without close_notify; our input never ends by itself, so it does not occur with a sound peer. */
    return code == 0 ? CS_TLS_FAILED : progress_of(code);
}

enum cs_tls_progress cs_tls_stream_write(struct cs_tls_stream *stream, struct cs_bytes bytes)
{
    while (bytes.size > 0) {
        int code = mbedtls_ssl_write(&stream->ssl, bytes.data, bytes.size);
        if (code <= 0) {
            return CS_TLS_FAILED;
        }
        bytes.data += code;
        bytes.size -= (size_t)code;
    }
    return CS_TLS_DONE;
}

void cs_tls_stream_close(struct cs_tls_stream *stream)
{
    (void)mbedtls_ssl_close_notify(&stream->ssl);
}

struct cs_buffer *cs_tls_stream_output(struct cs_tls_stream *stream)
{
    return &stream->output;
}

void cs_tls_stream_trim(struct cs_tls_stream *stream)
{
    if (stream->input.size == 0) {
        cs_buffer_release(&stream->input);
    }
}
