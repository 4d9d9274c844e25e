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
    unsigned present; /* classes that have a character in it */
};

static bool wanted(const struct cs_password_policy *policy, char character)
{
    return !(policy->no_look_alikes && strchr(look_alikes, character) != NULL) &&
           (policy->excluded.size == 0 ||
            memchr(policy->excluded.data, character, policy->excluded.size) == NULL);
}

static void make_alphabet(const struct cs_password_policy *policy, struct alphabet *out)
{
    out->count = 0;
    out->present = 0;
    for (unsigned i = 0; i < CS_COUNT(characters); i++) {
        if ((policy->allowed & (1u << i)) == 0) {
            continue;
        }
        for (const char *at = characters[i]; *at != '\0'; at++) {
            if (wanted(policy, *at)) {
                out->characters[out->count] = (uint8_t)*at;
                out->classes[out->count++] = (uint8_t)(1u << i);
                out->present |= 1u << i;
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

/* A class that is required and has no character left would be drawn for ever. */
static bool fits(const struct cs_password_policy *policy, struct alphabet *out)
{
    make_alphabet(policy, out);
    return policy->size >= CS_PASSWORD_SIZE_MIN && policy->size <= CS_PASSWORD_SIZE_MAX &&
           (policy->allowed & ~CS_PASSWORD_CLASSES_ALL) == 0 && out->count > 0 &&
           (policy->required & ~out->present) == 0;
}

enum cs_status cs_password_generate(const struct cs_world *world,
                                    const struct cs_password_policy *policy, struct cs_secret **out)
{
    struct alphabet alphabet;
    unsigned classes = 0;
    *out = NULL;
    if (!fits(policy, &alphabet)) {
        return CS_INVALID;
    }
    enum cs_status status = cs_secret_create(policy->size, out);
    while (status == CS_OK && (classes == 0 || (policy->required & ~classes) != 0)) {
        classes = fill(world, &alphabet, cs_secret_data(*out), policy->size);
    }
    return status;
}

/* ---- what people type ---- */

static const char *const class_names[] = {"lower", "upper", "digit", "symbol"};

static enum cs_status take_number(struct cs_bytes word, struct cs_password_policy *policy,
                                  struct cs_problem *problem)
{
    size_t size = 0;
    for (size_t i = 0; i < word.size && size <= CS_PASSWORD_SIZE_MAX; i++) {
        if (word.data[i] < '0' || word.data[i] > '9') {
            return cs_problem_set(problem, CS_INVALID, "\"%.*s\" is no number", (int)word.size,
                                  (const char *)word.data);
        }
        size = size * 10 + (size_t)(word.data[i] - '0');
    }
    policy->size = size;
    return size >= CS_PASSWORD_SIZE_MIN && size <= CS_PASSWORD_SIZE_MAX
               ? CS_OK
               : cs_problem_set(problem, CS_INVALID, "a password has %d to %d characters",
                                (int)CS_PASSWORD_SIZE_MIN, (int)CS_PASSWORD_SIZE_MAX);
}

static enum cs_status take_word(struct cs_bytes word, unsigned *classes,
                                struct cs_password_policy *policy, struct cs_problem *problem)
{
    if (word.size > 0 && word.data[0] >= '0' && word.data[0] <= '9') {
        return take_number(word, policy, problem);
    }
    if (cs_bytes_equal_text(word, "look_alikes")) {
        policy->no_look_alikes = false;
        return CS_OK;
    }
    for (unsigned i = 0; i < CS_COUNT(class_names); i++) {
        if (cs_bytes_equal_text(word, class_names[i])) {
            *classes |= 1u << i;
            return CS_OK;
        }
    }
    return cs_problem_set(problem, CS_INVALID,
                          "\"%.*s\" is no part of a policy: a number of characters, lower, upper, "
                          "digit, symbol, look_alikes, with commas between them",
                          (int)(word.size < 40 ? word.size : 40), (const char *)word.data);
}

static enum cs_status check_policy(const struct cs_password_policy *policy,
                                   struct cs_problem *problem)
{
    struct alphabet alphabet;
    return fits(policy, &alphabet)
               ? CS_OK
               : cs_problem_set(problem, CS_INVALID,
                                "the policy excludes every character of a class that it wants");
}

enum cs_status cs_password_policy_parse(struct cs_bytes text, struct cs_bytes excluded,
                                        struct cs_password_policy *out, struct cs_problem *problem)
{
    struct cs_password_policy policy = CS_PASSWORD_POLICY_USUAL;
    unsigned classes = 0;
    enum cs_status status = CS_OK;
    policy.excluded = excluded;
    for (size_t at = 0; status == CS_OK && at < text.size;) {
        const uint8_t *begin = text.data + at;
        const uint8_t *comma = memchr(begin, ',', text.size - at);
        size_t size = comma == NULL ? text.size - at : (size_t)(comma - begin);
        status = take_word(cs_bytes_make(begin, size), &classes, &policy, problem);
        at += size + 1;
    }
    if (classes != 0) {
        policy.allowed = classes;
        policy.required = classes;
    }
    if (status == CS_OK) {
        status = check_policy(&policy, problem);
    }
    if (status == CS_OK) {
        *out = policy;
    }
    return status;
}
