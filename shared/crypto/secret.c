/* Secrets, see secret.h. The storage is sodium_malloc's: guard pages around it, wiped when freed.
 */
#include "shared/crypto/secret.h"

#include "shared/base/memory.h"

#include <sodium.h>
#include <string.h>

#define SECRET_SIZE_MAX ((size_t)1 << 20)

struct cs_secret {
    uint8_t *data;
    size_t size;
    bool locked;
};

enum cs_status cs_crypto_start(void)
{
    return sodium_init() < 0 ? CS_IO : CS_OK;
}

enum cs_status cs_secret_create(size_t size, struct cs_secret **out)
{
    *out = NULL;
    if (size > SECRET_SIZE_MAX) {
        return CS_TOO_LARGE;
    }
    struct cs_secret *secret = cs_alloc_zero(1, sizeof *secret);
    if (secret == NULL) {
        return CS_NO_MEMORY;
    }
    secret->data = sodium_malloc(size);
    if (secret->data == NULL) {
        cs_free(secret);
        return CS_NO_MEMORY;
    }
    sodium_memzero(secret->data, size);
    secret->size = size;
    /* sodium_malloc locks too but does not say whether it worked; locks do not add up, so asking
     * again is free. */
    secret->locked = size == 0 || sodium_mlock(secret->data, size) == 0;
    *out = secret;
    return CS_OK;
}

enum cs_status cs_secret_create_copy(struct cs_bytes bytes, struct cs_secret **out)
{
    enum cs_status status = cs_secret_create(bytes.size, out);
    if (status == CS_OK && bytes.size > 0) {
        memcpy((*out)->data, bytes.data, bytes.size);
    }
    return status;
}

enum cs_status cs_secret_create_random(const struct cs_world *world, size_t size,
                                       struct cs_secret **out)
{
    enum cs_status status = cs_secret_create(size, out);
    if (status == CS_OK) {
        world->random(world->context, (*out)->data, size);
    }
    return status;
}

void cs_secret_destroy(struct cs_secret *secret)
{
    if (secret != NULL) {
        sodium_free(secret->data);
        cs_free(secret);
    }
}

struct cs_bytes cs_secret_bytes(const struct cs_secret *secret)
{
    return cs_bytes_make(secret->data, secret->size);
}

uint8_t *cs_secret_data(struct cs_secret *secret)
{
    return secret->data;
}

struct cs_buffer cs_secret_buffer(struct cs_secret *secret)
{
    return (struct cs_buffer){secret->data, 0, secret->size, secret->size, CS_OK};
}

bool cs_secret_is_locked(const struct cs_secret *secret)
{
    return secret->locked;
}

bool cs_secret_equal(struct cs_bytes a, struct cs_bytes b)
{
    return a.size == b.size && (a.size == 0 || sodium_memcmp(a.data, b.data, a.size) == 0);
}
