/*
 * Heads: the versions of one unit that nothing has replaced yet, and which of them is shown (design §6). Pure.
 *
 * The set of heads after any set of operations is the same whatever order they arrive in (operations reach here
 * only after everything they name as base). Heads with equal values are one alternative; alternatives other than
 * the shown one are conflicts waiting for a person.
 */
#ifndef CS_MERGE_HEADS_H
#define CS_MERGE_HEADS_H

#include "shared/base/memory.h"
#include "shared/base/version.h"
#include "shared/domain/descriptor.h"

struct cs_head {
    struct cs_version version;
    struct cs_bytes
        value; /* canonical encoding of the unit's values; see cs_unit_value_encode in row_digest.h */
    int64_t effective_ms; /* min(claimed, received), fixed at intake */
    bool fact;            /* recorded on site (by a technician) */
};

struct cs_heads {
    struct cs_head *items; /* ascending by version, no doubles */
    size_t count;
};

/*
 * heads := heads \ base ∪ {edit}. A version already there is not added twice: what its own change says of it replaces what others
 * said (after a server went back in time they may bring its value before it comes, and know nothing else of it). The result lives in
 * the arena; values borrowed.
 */
enum cs_status cs_heads_apply(struct cs_heads heads, const struct cs_head *edit,
                              struct cs_versions base, struct cs_arena *arena,
                              struct cs_heads *out) CS_MUST_USE;

/* Index of the head that is shown under the policy; count must be > 0. COMPUTED counts as LATEST. */
size_t cs_heads_shown(struct cs_heads heads, enum cs_merge_policy policy);

/* A losing alternative: all heads with one value that differs from the shown one. */
struct cs_alternative {
    struct cs_version name; /* its greatest version: with row and unit it names the conflict */
    struct cs_bytes value;
    struct cs_versions versions; /* all its heads */
};

struct cs_resolution {
    size_t shown;                        /* index in heads */
    struct cs_versions shown_versions;   /* all heads with the shown value */
    struct cs_alternative *alternatives; /* ascending by name */
    size_t alternative_count;
};

enum cs_status cs_heads_resolve(struct cs_heads heads, enum cs_merge_policy policy,
                                struct cs_arena *arena, struct cs_resolution *out) CS_MUST_USE;

#endif
