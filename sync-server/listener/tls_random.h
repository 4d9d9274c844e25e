/*
 * Randomness for mbedTLS: its own generator, seeded by the system. Not thread-safe: one per loop or call.
 */
#ifndef CS_LISTENER_TLS_RANDOM_H
#define CS_LISTENER_TLS_RANDOM_H

#include "shared/base/status.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/version.h>

struct cs_tls_random {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context generator;
};

/* CS_IO if the system gives no randomness. Release in any case. */
enum cs_status cs_tls_random_init(struct cs_tls_random *random) CS_MUST_USE;
void cs_tls_random_release(struct cs_tls_random *random);

/* A code of mbedTLS in our terms: CS_NO_MEMORY, or `other`. */
enum cs_status cs_tls_status(int code, enum cs_status other);

#endif
