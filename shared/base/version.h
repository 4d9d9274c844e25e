/*
 * Versions are names, not clocks: (device log, that log's transaction counter).
 *
 * A log id is the first 64 bits of the id of the device's certificate. Counters start at 1. The order below is
 * only a tie-break; whether one version had seen another is said by `base` alone.
 */
#ifndef CS_BASE_VERSION_H
#define CS_BASE_VERSION_H

#include "shared/base/bytes.h"

struct cs_version {
    uint64_t log;
    uint64_t counter;
};

/* The log that names what the server itself computed (conflicts, exceptions). */
#define CS_LOG_SERVER ((uint64_t)0)

/* By log, then by counter. */
int cs_version_compare(const struct cs_version *a, const struct cs_version *b);
bool cs_version_equal(const struct cs_version *a, const struct cs_version *b);

/* A borrowed list; sorted ascending and without doubles wherever it is stored or sent. */
struct cs_versions {
    const struct cs_version *items;
    size_t count;
};

bool cs_versions_contain(struct cs_versions versions, const struct cs_version *version);
bool cs_versions_equal(struct cs_versions a, struct cs_versions b);

#endif
