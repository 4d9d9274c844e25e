/* Other registries than the product's: of two versions of the program, and of a client that does not check what people may do. */
#ifndef TESTS_SIMULATION_WHOLE_REGISTRIES_H
#define TESTS_SIMULATION_WHOLE_REGISTRIES_H

#include "shared/domain/descriptor.h"

/* A kind of record that only the newer version knows. */
#define SIM_NEWER_ENTITY "hint"

/* The newer version, which everybody starts with and ends with: the core registry with further fields, a choice and a kind of
 * record. */
const struct cs_registry *sim_registry(void);
/* The version before it: the core registry. */
const struct cs_registry *sim_registry_older(void);
/* The newer one without permissions, ranges, sizes and required fields. */
const struct cs_registry *sim_registry_lax(void);

#endif
