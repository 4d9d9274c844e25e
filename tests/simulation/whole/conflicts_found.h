/* The server's open conflicts, to be ticked off one by one. */
#ifndef TESTS_SIMULATION_WHOLE_CONFLICTS_FOUND_H
#define TESTS_SIMULATION_WHOLE_CONFLICTS_FOUND_H

#include "tests/simulation/whole/sim.h"

struct conflict_found {
    struct cs_id row;
    char unit[CS_NAME_MAX + 1];
    struct cs_version version;
    bool taken;
};

struct conflicts_found {
    struct conflict_found *items;
    size_t count;
    size_t capacity;
    size_t taken;
};

void conflicts_load(struct sim *sim, struct conflicts_found *out);
void conflicts_release(struct conflicts_found *conflicts);
/* Is this conflict open? Each can be taken once. */
bool conflicts_take(struct conflicts_found *conflicts, const struct cs_id *row, const char *unit,
                    const struct cs_version *version);

#endif
