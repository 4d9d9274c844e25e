/* Secret sharing, see shamir.h. */
#include "field-client/vault/shamir.h"

#include <string.h>

#define COEFFICIENTS_MAX 255u

uint8_t cs_shamir_multiply(uint8_t a, uint8_t b)
{
    unsigned product = 0;
    unsigned factor = a;
    for (unsigned bit = 0; bit < 8; bit++) {
        product ^= factor & (0u - ((unsigned)(b >> bit) & 1u));
        factor = (factor << 1) ^ (0x11bu & (0u - (factor >> 7)));
    }
    return (uint8_t)product;
}

/* a^254: the inverse; of 0, which is nobody's index, 0. */
static uint8_t invert(uint8_t a)
{
    uint8_t power = a;
    uint8_t result = 1;
    for (unsigned i = 0; i < 7; i++) {
        power = cs_shamir_multiply(power, power);
        result = cs_shamir_multiply(result, power);
    }
    return result;
}

enum cs_status cs_shamir_split(const struct cs_world *world, struct cs_bytes secret,
                               unsigned threshold, unsigned count, uint8_t *out)
{
    struct cs_secret *random = NULL;
    cs_require(secret.size == CS_SHAMIR_SIZE && threshold >= 2 && threshold <= count &&
               count <= COEFFICIENTS_MAX);
    enum cs_status status =
        cs_secret_create_random(world, CS_SHAMIR_SIZE * (threshold - 1), &random);
    if (status != CS_OK) {
        return status;
    }
    const uint8_t *coefficients = cs_secret_bytes(random).data;
    for (unsigned index = 1; index <= count; index++) {
        uint8_t *share = out + (size_t)(index - 1) * CS_SHAMIR_SIZE;
        memset(share, 0, CS_SHAMIR_SIZE);
        for (unsigned degree = threshold - 1; degree > 0; degree--) {
            for (size_t i = 0; i < CS_SHAMIR_SIZE; i++) {
                share[i] ^= coefficients[(degree - 1) * CS_SHAMIR_SIZE + i];
                share[i] = cs_shamir_multiply(share[i], (uint8_t)index);
            }
        }
        for (size_t i = 0; i < CS_SHAMIR_SIZE; i++) {
            share[i] ^= secret.data[i];
        }
    }
    cs_secret_destroy(random);
    return CS_OK;
}

/* Lagrange's polynomial of share `own` at `place`. Indexes and places are no secret. */
static uint8_t weight(const uint8_t *indexes, size_t count, size_t own, uint8_t place)
{
    uint8_t result = 1;
    for (size_t i = 0; i < count; i++) {
        if (i != own) {
            uint8_t difference = (uint8_t)(indexes[i] ^ indexes[own]);
            cs_require(difference != 0);
            result = cs_shamir_multiply(
                result, cs_shamir_multiply((uint8_t)(indexes[i] ^ place), invert(difference)));
        }
    }
    return result;
}

void cs_shamir_combine(struct cs_bytes shares, const uint8_t *indexes, size_t count,
                       uint8_t out[static CS_SHAMIR_SIZE])
{
    cs_shamir_at(shares, indexes, count, 0, out);
}

void cs_shamir_at(struct cs_bytes shares, const uint8_t *indexes, size_t count, uint8_t place,
                  uint8_t out[static CS_SHAMIR_SIZE])
{
    cs_require(shares.size == count * CS_SHAMIR_SIZE);
    memset(out, 0, CS_SHAMIR_SIZE);
    for (size_t share = 0; share < count; share++) {
        uint8_t factor = weight(indexes, count, share, place);
        for (size_t i = 0; i < CS_SHAMIR_SIZE; i++) {
            out[i] ^= cs_shamir_multiply(shares.data[share * CS_SHAMIR_SIZE + i], factor);
        }
    }
}
