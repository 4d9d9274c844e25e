/* Growth of the evidence log in a bundle, see bundle_growth.h. */
#include "field-client/sync/bundle_growth.h"

#include "field-client/sync/evidence_check.h"
#include "shared/base/limits.h"
#include "shared/evidence/merkle.h"

#include <string.h>

#define EXPORT_AGAIN "export again at the server, after importing a new bundle of this laptop there"

static enum cs_status other_history(const struct cs_log_state *known, struct cs_problem *problem)
{
    return cs_problem_set(
        problem, CS_OTHER_HISTORY,
        "the bundle shows this device another history than before: its evidence log does "
        "not go on from the %llu entries known; nothing was applied, tell the office",
        (unsigned long long)known->checkpoint.size);
}

/* The tree before the leaves, as the bundle has it. */
static enum cs_status begin_range(const struct cs_bundle_answer *answer,
                                  struct cs_merkle_range *out)
{
    size_t count = 0;
    for (uint64_t rest = answer->log_size; rest > 0; rest >>= 1) {
        count += rest & 1;
    }
    if (answer->peaks.size != count * CS_HASH_SIZE) {
        return CS_MALFORMED;
    }
    *out = (struct cs_merkle_range){.size = answer->log_size, .count = count};
    if (count > 0) {
        memcpy(out->peaks, answer->peaks.data, answer->peaks.size);
    }
    return CS_OK;
}

static enum cs_status append_to(struct cs_merkle_range *range,
                                const struct cs_bundle_answer *answer, uint64_t size)
{
    enum cs_status status = CS_OK;
    while (status == CS_OK && range->size < size) {
        size_t at = (size_t)(range->size - answer->log_size) * CS_HASH_SIZE;
        status = cs_merkle_range_append(range, answer->leaves.data + at, NULL, NULL);
    }
    return status;
}

/* `*out_before`: what the page's own proof is from; root_now: of all leaves. */
static enum cs_status follow_leaves(const struct cs_log_state *known,
                                    const struct cs_bundle_answer *answer,
                                    struct cs_log_state *out_before,
                                    uint8_t root_now[static CS_HASH_SIZE],
                                    struct cs_problem *problem)
{
    struct cs_merkle_range range;
    uint8_t root[CS_HASH_SIZE];
    uint64_t end = answer->log_size + answer->leaves.size / CS_HASH_SIZE;
    enum cs_status status = begin_range(answer, &range);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "the evidence log in this bundle cannot be read");
    }
    *out_before = *known;
    out_before->any = answer->log_size > 0;
    out_before->checkpoint.size = answer->log_size;
    cs_merkle_range_root(&range, out_before->checkpoint.root);
    status = append_to(&range, answer, known->checkpoint.size);
    if (status == CS_OK) {
        cs_merkle_range_root(&range, root);
        status = memcmp(root, known->checkpoint.root, sizeof root) == 0
                     ? append_to(&range, answer, end)
                     : other_history(known, problem);
    }
    if (status == CS_OK) {
        cs_merkle_range_root(&range, root_now);
    }
    return status;
}

enum cs_status cs_bundle_check_growth(struct cs_replica *replica, const struct cs_log_state *known,
                                      const struct cs_bundle_answer *answer,
                                      const struct cs_sync_response *page, struct cs_log_state *out,
                                      struct cs_problem *problem)
{
    uint64_t size = cs_evidence_known_size(known, page->incarnation);
    uint64_t end = answer->log_size + answer->leaves.size / CS_HASH_SIZE;
    if (size == answer->log_size) {
        return cs_evidence_check(replica, known, page, out, problem);
    }
    if (size < answer->log_size || size > end) {
        return cs_problem_set(
            problem, CS_GAP,
            "this bundle does not fit what this laptop has of the server's evidence "
            "log: " EXPORT_AGAIN);
    }
    struct cs_log_state before;
    struct cs_log_state log;
    uint8_t root[CS_HASH_SIZE];
    enum cs_status status = follow_leaves(known, answer, &before, root, problem);
    if (status == CS_OK) {
        status = cs_evidence_check(replica, &before, page, &log, problem);
    }
    if (status == CS_OK &&
        (log.checkpoint.size != end || memcmp(log.checkpoint.root, root, sizeof root) != 0)) {
        status = other_history(known, problem);
    }
    if (status == CS_OK) {
        *out = log;
    }
    return status;
}
