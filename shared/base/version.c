/* Versions, see version.h. */
#include "shared/base/version.h"

int cs_version_compare(const struct cs_version *a, const struct cs_version *b)
{
    if (a->log != b->log) {
        return a->log < b->log ? -1 : 1;
    }
    return (a->counter > b->counter) - (a->counter < b->counter);
}

bool cs_version_equal(const struct cs_version *a, const struct cs_version *b)
{
    return a->log == b->log && a->counter == b->counter;
}

bool cs_versions_contain(struct cs_versions versions, const struct cs_version *version)
{
    for (size_t i = 0; i < versions.count; i++) {
        if (cs_version_equal(&versions.items[i], version)) {
            return true;
        }
    }
    return false;
}

bool cs_versions_equal(struct cs_versions a, struct cs_versions b)
{
    if (a.count != b.count) {
        return false;
    }
    for (size_t i = 0; i < a.count; i++) {
        if (!cs_version_equal(&a.items[i], &b.items[i])) {
            return false;
        }
    }
    return true;
}
