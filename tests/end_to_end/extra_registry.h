/*
 * The product's entities and one that the product does not have: `tool_loan`. Used by extra_client.c and extra_server.c.
 *
 * What must stay true: nothing but this table knows the entity, so whatever works with it works by descriptor alone.
 */
#ifndef CS_TESTS_EXTRA_REGISTRY_H
#define CS_TESTS_EXTRA_REGISTRY_H

#include "shared/domain/descriptor.h"

/* Static storage; made at the first call, which must be made before there are threads. */
const struct cs_registry *extra_registry(void);

#endif
