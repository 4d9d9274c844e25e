/*
 * Passwords by a policy, see password_generator.h.
 *
 * Characters are drawn uniformly, and a whole password that lacks a required class is drawn again: so no place and no
 * character is preferred, as it would be if the missing one were put somewhere afterwards.
 */
#include "field-client/vault/password_generator.h"

#include "shared/base/memory.h"

#include <string.h>

static const char *const characters[] = {
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0123456789",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
};
static const char look_alikes[] = "0Oo1Il|5S2Z8B`'\",.;:";

struct alphabet {
    uint8_t characters[128];
    uint8_t classes[128]; /* of the character at the same place */
    size_t count;
};

static void make_alphabet(const struct cs_password_policy *policy, struct alphabet *out)
{
    out->count = 0;
    for (unsigned i = 0; i < CS_COUNT(characters); i++) {
        if ((policy->allowed & (1u << i)) == 0) {
            continue;
        }
        for (const char *at = characters[i]; *at != '\0'; at++) {
            if (!policy->no_look_alikes || strchr(look_alikes, *at) == NULL) {
                out->characters[out->count] = (uint8_t)*at;
                out->classes[out->count++] = (uint8_t)(1u << i);
            }
        }
    }
}

/* Uniform below `count`: bytes beyond the last whole multiple of it are drawn again. */
static size_t draw(const struct cs_world *world, size_t count)
{
    size_t ceiling = 256 - 256 % count;
    uint8_t byte = 0;
    do {
        world->random(world->context, &byte, 1);
    } while (byte >= ceiling);
    size_t result = byte % count;
    cs_wipe(&byte, sizeof byte);
    return result;
}

/* Returns the classes that are in it. */
static unsigned fill(const struct cs_world *world, const struct alphabet *alphabet, uint8_t *out,
                     size_t size)
{
    unsigned classes = 0;
    for (size_t i = 0; i < size; i++) {
        size_t chosen = draw(world, alphabet->count);
        out[i] = alphabet->characters[chosen];
        classes |= alphabet->classes[chosen];
    }
    return classes;
}

static bool fits(const struct cs_password_policy *policy)
{
    return policy->size >= CS_PASSWORD_SIZE_MIN && policy->size <= CS_PASSWORD_SIZE_MAX &&
           policy->allowed != 0 && (policy->allowed & ~CS_PASSWORD_CLASSES_ALL) == 0 &&
           (policy->required & ~policy->allowed) == 0;
}

enum cs_status cs_password_generate(const struct cs_world *world,
                                    const struct cs_password_policy *policy, struct cs_secret **out)
{
    struct alphabet alphabet;
    unsigned classes = 0;
    *out = NULL;
    if (!fits(policy)) {
        return CS_INVALID;
    }
    make_alphabet(policy, &alphabet);
    enum cs_status status = cs_secret_create(policy->size, out);
    while (status == CS_OK && (classes == 0 || (policy->required & ~classes) != 0)) {
        classes = fill(world, &alphabet, cs_secret_data(*out), policy->size);
    }
    return status;
}
