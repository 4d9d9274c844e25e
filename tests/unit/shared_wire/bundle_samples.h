/* Samples of what the parts of bundles say, and their comparison: for tests and fuzzing. */
#ifndef TESTS_UNIT_SHARED_WIRE_BUNDLE_SAMPLES_H
#define TESTS_UNIT_SHARED_WIRE_BUNDLE_SAMPLES_H

#include "tests/unit/shared_wire/message_samples.h"

#include "shared/wire/bundle.h"

static inline struct cs_bundle_request sample_bundle_request(struct sample_random *random,
                                                             struct cs_arena *arena)
{
    struct cs_bundle_request request = {.first_counter = 1 + sample_below(random, 5000)};
    request.sync = sample_bytes(random, arena, sample_below(random, 400));
    return request;
}

static inline bool sample_bundle_requests_equal(const struct cs_bundle_request *a,
                                                const struct cs_bundle_request *b)
{
    return a->first_counter == b->first_counter && cs_bytes_equal(a->sync, b->sync);
}

/* Part 1 with rows, which says where the bundle begins, if `number` is 1. */
static inline struct cs_bundle_answer sample_bundle_answer(struct sample_random *random,
                                                           struct cs_arena *arena, uint64_t number)
{
    struct cs_bundle_answer answer = {.number = number, .kind = CS_MESSAGE_SYNC};
    sample_fill(random, answer.bundle, sizeof answer.bundle);
    answer.last = sample_below(random, 2) == 0;
    answer.body = sample_bytes(random, arena, sample_below(random, 400));
    if (number == 1) {
        answer.from_count = sample_below(random, 6);
        answer.from = sample_cursors(random, arena, answer.from_count);
        answer.log_size = sample_below(random, 100000);
        answer.peaks = sample_bytes(random, arena, CS_HASH_SIZE * sample_below(random, 5));
        answer.leaves = sample_bytes(random, arena, CS_HASH_SIZE * sample_below(random, 9));
    }
    return answer;
}

static inline bool sample_bundle_answers_equal(const struct cs_bundle_answer *a,
                                               const struct cs_bundle_answer *b)
{
    return memcmp(a->bundle, b->bundle, sizeof a->bundle) == 0 && a->number == b->number &&
           a->last == b->last && a->kind == b->kind && cs_bytes_equal(a->body, b->body) &&
           sample_cursors_equal(a->from, a->from_count, b->from, b->from_count) &&
           a->log_size == b->log_size && cs_bytes_equal(a->peaks, b->peaks) &&
           cs_bytes_equal(a->leaves, b->leaves);
}

#endif
