/* The server's TLS identity, see tls_identity.h. */
#include "sync-server/listener/tls_identity.h"

#include "shared/base/memory.h"
#include "sync-server/listener/tls_random.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>
#include <mbedtls/x509_crt.h>
#include <string.h>

/* Far above a P-256 key (121 bytes) and its certificate (about 350). */
#define KEY_SIZE_MAX 256
#define CERTIFICATE_SIZE_MAX 1024

static int set_serial(mbedtls_x509write_cert *writer, struct cs_tls_random *random)
{
    unsigned char serial[16];
    int code = mbedtls_ctr_drbg_random(&random->generator, serial, sizeof serial);
    if (code != 0) {
        return code;
    }
    /* A positive number with a fixed length: RFC 5280 §4.1.2.2. */
    serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40);
#if MBEDTLS_VERSION_NUMBER >= 0x03040000
    return mbedtls_x509write_crt_set_serial_raw(writer, serial, sizeof serial);
#else
    mbedtls_mpi number;
    mbedtls_mpi_init(&number);
    code = mbedtls_mpi_read_binary(&number, serial, sizeof serial);
    if (code == 0) {
        code = mbedtls_x509write_crt_set_serial(writer, &number);
    }
    mbedtls_mpi_free(&number);
    return code;
#endif
}

/* Like all of mbedTLS's writers: the size, or a negative code; the bytes stand at the end of `out`. */
static int write_certificate(mbedtls_pk_context *key, struct cs_tls_random *random,
                             unsigned char out[static CERTIFICATE_SIZE_MAX])
{
    mbedtls_x509write_cert writer;
    mbedtls_x509write_crt_init(&writer);
    mbedtls_x509write_crt_set_version(&writer, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&writer, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&writer, key);
    mbedtls_x509write_crt_set_issuer_key(&writer, key);
    int code = set_serial(&writer, random);
    if (code == 0) {
        code = mbedtls_x509write_crt_set_subject_name(&writer, "CN=countersign");
    }
    if (code == 0) {
        code = mbedtls_x509write_crt_set_issuer_name(&writer, "CN=countersign");
    }
    if (code == 0) {
        code = mbedtls_x509write_crt_set_validity(&writer, "20200101000000", "20400101000000");
    }
    if (code == 0) {
        code = mbedtls_x509write_crt_set_basic_constraints(&writer, 0, -1);
    }
    if (code == 0) {
        code = mbedtls_x509write_crt_der(&writer, out, CERTIFICATE_SIZE_MAX,
                                         mbedtls_ctr_drbg_random, &random->generator);
    }
    mbedtls_x509write_crt_free(&writer);
    return code;
}

/* Makes the key and writes it; the result is as of write_certificate. */
static int write_new_key(mbedtls_pk_context *key, struct cs_tls_random *random,
                         unsigned char out[static KEY_SIZE_MAX])
{
    int code = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (code == 0) {
        code = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key),
                                   mbedtls_ctr_drbg_random, &random->generator);
    }
    return code == 0 ? mbedtls_pk_write_key_der(key, out, KEY_SIZE_MAX) : code;
}

/* Appends both or neither. */
static enum cs_status append_both(struct cs_buffer *out_key, struct cs_bytes key,
                                  struct cs_buffer *out_certificate, struct cs_bytes certificate)
{
    size_t key_size = out_key->size;
    enum cs_status key_status = out_key->status;
    size_t certificate_size = out_certificate->size;
    enum cs_status certificate_status = out_certificate->status;
    cs_buffer_append_bytes(out_key, key);
    cs_buffer_append_bytes(out_certificate, certificate);
    enum cs_status status = out_key->status != CS_OK ? out_key->status : out_certificate->status;
    if (status != CS_OK) {
        if (out_key->size > key_size) {
            cs_wipe(out_key->data + key_size, out_key->size - key_size);
        }
        out_key->size = key_size;
        out_key->status = key_status;
        out_certificate->size = certificate_size;
        out_certificate->status = certificate_status;
    }
    return status;
}

enum cs_status cs_tls_identity_create(struct cs_buffer *out_key, struct cs_buffer *out_certificate)
{
    unsigned char key_der[KEY_SIZE_MAX];
    unsigned char certificate_der[CERTIFICATE_SIZE_MAX];
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    struct cs_tls_random random;
    int key_size = 0;
    int certificate_size = 0;
    enum cs_status status = cs_tls_random_init(&random);
    if (status != CS_OK) {
        goto out;
    }
    key_size = write_new_key(&key, &random, key_der);
    certificate_size = key_size > 0 ? write_certificate(&key, &random, certificate_der) : key_size;
    if (certificate_size <= 0) {
        status = cs_tls_status(certificate_size, CS_IO);
        goto out;
    }
    status = append_both(
        out_key, cs_bytes_make(key_der + sizeof key_der - (size_t)key_size, (size_t)key_size),
        out_certificate,
        cs_bytes_make(certificate_der + sizeof certificate_der - (size_t)certificate_size,
                      (size_t)certificate_size));
out:
    cs_wipe(key_der, sizeof key_der);
    mbedtls_pk_free(&key);
    cs_tls_random_release(&random);
    return status;
}

enum cs_status cs_tls_identity_pin(struct cs_bytes certificate,
                                   uint8_t out_pin[static CS_TLS_PIN_SIZE])
{
    mbedtls_x509_crt parsed;
    mbedtls_x509_crt_init(&parsed);
    uint8_t pin[CS_TLS_PIN_SIZE];
    int code = mbedtls_x509_crt_parse_der(&parsed, certificate.data, certificate.size);
    /* The parser stops at the end of the certificate; bytes after it belong to nothing. */
    enum cs_status status = code == 0 && parsed.raw.len != certificate.size
                                ? CS_MALFORMED
                                : cs_tls_status(code, CS_MALFORMED);
    if (status == CS_OK) {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
        code = mbedtls_sha256(parsed.pk_raw.p, parsed.pk_raw.len, pin, 0);
#else
        code = mbedtls_sha256_ret(parsed.pk_raw.p, parsed.pk_raw.len, pin, 0);
#endif
        status = cs_tls_status(code, CS_IO);
    }
    mbedtls_x509_crt_free(&parsed);
    if (status == CS_OK) {
        memcpy(out_pin, pin, sizeof pin);
    }
    return status;
}
