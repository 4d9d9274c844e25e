/* Randomness for mbedTLS and the translation of its codes, see tls_random.h. */
#include "sync-server/listener/tls_random.h"

#include <mbedtls/asn1.h>
#include <mbedtls/bignum.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509.h>

#if MBEDTLS_VERSION_NUMBER >= 0x03000000 && defined(MBEDTLS_PSA_CRYPTO_C)
#include <psa/crypto.h>
#endif

enum cs_status cs_tls_status(int code, enum cs_status other)
{
    /* mbedTLS sums a high-level code (multiples of 0x80) and a low-level one; allocation is mostly high. */
    static const int no_memory[] = {
        MBEDTLS_ERR_ASN1_ALLOC_FAILED, MBEDTLS_ERR_MPI_ALLOC_FAILED, MBEDTLS_ERR_ECP_ALLOC_FAILED,
        MBEDTLS_ERR_PEM_ALLOC_FAILED,  MBEDTLS_ERR_PK_ALLOC_FAILED,  MBEDTLS_ERR_SSL_ALLOC_FAILED,
        MBEDTLS_ERR_X509_ALLOC_FAILED,
    };
    if (code == 0) {
        return CS_OK;
    }
    int high = -((-code) & ~0x7f);
    int low = -((-code) & 0x7f);
    for (size_t i = 0; i < CS_COUNT(no_memory); i++) {
        if (no_memory[i] == code || no_memory[i] == high || no_memory[i] == low) {
            return CS_NO_MEMORY;
        }
    }
    return other;
}

enum cs_status cs_tls_random_init(struct cs_tls_random *random)
{
    mbedtls_entropy_init(&random->entropy);
    mbedtls_ctr_drbg_init(&random->generator);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000 && defined(MBEDTLS_PSA_CRYPTO_C)
    /* TLS 1.3 of mbedTLS 3 computes through PSA; the call is idempotent. */
    if (psa_crypto_init() != PSA_SUCCESS) {
        return CS_IO;
    }
#endif
    int code = mbedtls_ctr_drbg_seed(&random->generator, mbedtls_entropy_func, &random->entropy,
                                     (const unsigned char *)"countersign", 11);
    return cs_tls_status(code, CS_IO);
}

void cs_tls_random_release(struct cs_tls_random *random)
{
    mbedtls_ctr_drbg_free(&random->generator);
    mbedtls_entropy_free(&random->entropy);
}
