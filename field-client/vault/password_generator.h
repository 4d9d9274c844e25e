/*
 * Passwords by a policy: every password that the policy allows is as likely as any other.
 */
#ifndef CS_FIELD_CLIENT_VAULT_PASSWORD_GENERATOR_H
#define CS_FIELD_CLIENT_VAULT_PASSWORD_GENERATOR_H

#include "shared/base/world.h"
#include "shared/crypto/secret.h"

enum cs_password_class {
    CS_PASSWORD_LOWER = 1 << 0,
    CS_PASSWORD_UPPER = 1 << 1,
    CS_PASSWORD_DIGIT = 1 << 2,
    CS_PASSWORD_SYMBOL = 1 << 3,
};
#define CS_PASSWORD_CLASSES_ALL 0xfu
#define CS_PASSWORD_SIZE_MIN ((size_t)8)
#define CS_PASSWORD_SIZE_MAX ((size_t)128)

struct cs_password_policy {
    size_t size;
    unsigned allowed;  /* classes it is made of */
    unsigned required; /* classes of which it has at least one character; among the allowed */
    bool
        no_look_alikes; /* without 0 O o 1 I l | 5 S 2 Z 8 B, and what is easily lost: ` ' " , . ; : */
    struct cs_bytes excluded; /* characters that the system it is for does not take */
};
/* 20 characters with one of every class, easy to tell apart. */
#define CS_PASSWORD_POLICY_USUAL                                                                   \
    ((struct cs_password_policy){20, CS_PASSWORD_CLASSES_ALL, CS_PASSWORD_CLASSES_ALL, true,       \
                                 CS_BYTES_NONE})

/*
 * What people type of a policy: words with commas between them, such as "24,lower,upper,digit,look_alikes". A number: how long; lower,
 * upper, digit, symbol: of these alone, and at least one of each named; look_alikes: with them. What is not said is as in
 * CS_PASSWORD_POLICY_USUAL. `excluded` is kept as a view. CS_INVALID says what is wrong, with the policy as a whole too.
 */
enum cs_status cs_password_policy_parse(struct cs_bytes text, struct cs_bytes excluded,
                                        struct cs_password_policy *out,
                                        struct cs_problem *problem) CS_MUST_USE;

/* CS_INVALID for a policy out of bounds, and for one that excludes all characters of a required class, or all; CS_NO_MEMORY. */
enum cs_status cs_password_generate(const struct cs_world *world,
                                    const struct cs_password_policy *policy,
                                    struct cs_secret **out) CS_MUST_USE;

#endif
