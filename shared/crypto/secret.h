/*
 * Secrets: key material that is guarded, locked where the system allows, and wiped.
 *
 * A secret is created, lent as a view, and destroyed; it is never copied by assignment, resized or formatted.
 */
#ifndef CS_CRYPTO_SECRET_H
#define CS_CRYPTO_SECRET_H

#include "shared/base/bytes.h"
#include "shared/base/world.h"

struct cs_secret; /* opaque; sodium_malloc storage */

/* Must be called once before anything else of shared/crypto; CS_IO if libsodium cannot start. Thread-safe. */
enum cs_status cs_crypto_start(void) CS_MUST_USE;

/* Zero-filled. size ≤ 1 MiB. */
enum cs_status cs_secret_create(size_t size, struct cs_secret **out) CS_MUST_USE;
/* Takes a copy; the caller still wipes its own. */
enum cs_status cs_secret_create_copy(struct cs_bytes bytes, struct cs_secret **out) CS_MUST_USE;
enum cs_status cs_secret_create_random(const struct cs_world *world, size_t size,
                                       struct cs_secret **out) CS_MUST_USE;
/* Wipes and frees; NULL is accepted. */
void cs_secret_destroy(struct cs_secret *secret);
/* Borrowed; valid until destroyed. */
struct cs_bytes cs_secret_bytes(const struct cs_secret *secret);
uint8_t *cs_secret_data(struct cs_secret *secret);
/* An empty buffer over the secret's storage, so that what is decrypted goes there and nowhere else. Its limit is the secret's size,
 * so it never grows; it is never released. */
struct cs_buffer cs_secret_buffer(struct cs_secret *secret);
/* false when the system refused to lock its pages (RLIMIT_MEMLOCK): it could be swapped out. */
bool cs_secret_is_locked(const struct cs_secret *secret);
/* Constant time for equal sizes. */
bool cs_secret_equal(struct cs_bytes a, struct cs_bytes b);

#endif
