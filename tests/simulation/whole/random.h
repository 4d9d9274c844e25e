/*
 * The one source of chance: splitmix64, small enough to give every part of a run a stream of its own, so that a change in one
 * part does not shift the others.
 */
#ifndef TESTS_SIMULATION_WHOLE_RANDOM_H
#define TESTS_SIMULATION_WHOLE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_random {
    uint64_t state;
};

static inline uint64_t sim_next(struct sim_random *random)
{
    uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A stream of its own for the part with this number. */
static inline struct sim_random sim_random_of(uint64_t seed, uint64_t part)
{
    struct sim_random random = {seed * 0xd1342543de82ef95u + part};
    (void)sim_next(&random);
    return random;
}

/* 0 … count - 1; count > 0. */
static inline size_t sim_below(struct sim_random *random, size_t count)
{
    return (size_t)(sim_next(random) % count);
}

/* minimum … maximum, both included. */
static inline int64_t sim_between(struct sim_random *random, int64_t minimum, int64_t maximum)
{
    return minimum + (int64_t)sim_below(random, (size_t)(maximum - minimum) + 1);
}

/* True so many times in a thousand. */
static inline bool sim_permille(struct sim_random *random, unsigned permille)
{
    return sim_below(random, 1000) < permille;
}

#endif
