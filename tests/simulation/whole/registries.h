/* Other registries than the product's: of a client that does not check what people may do. */
#ifndef TESTS_SIMULATION_WHOLE_REGISTRIES_H
#define TESTS_SIMULATION_WHOLE_REGISTRIES_H

#include "shared/domain/descriptor.h"

/* The core registry without permissions, ranges, sizes and required fields. */
const struct cs_registry *sim_registry_lax(void);

#endif
