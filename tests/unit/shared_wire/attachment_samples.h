/* Samples of messages about attachments, and their comparison: for tests and fuzzing. */
#ifndef TESTS_UNIT_SHARED_WIRE_ATTACHMENT_SAMPLES_H
#define TESTS_UNIT_SHARED_WIRE_ATTACHMENT_SAMPLES_H

#include "shared/wire/attachment_message.h"
#include "tests/unit/shared_wire/samples.h"

static inline struct cs_attachment_request sample_attachment_request(struct sample_random *random,
                                                                     struct cs_arena *arena,
                                                                     enum cs_attachment_step step)
{
    struct cs_attachment_request request = {.step = step};
    sample_fill(random, request.incarnation, sizeof request.incarnation);
    request.name_count = step == CS_ATTACHMENT_ASK ? 1 + sample_below(random, 9) : 1;
    request.names = sample_take(arena, request.name_count, sizeof *request.names);
    for (size_t i = 0; i < request.name_count; i++) {
        sample_fill(random, request.names[i].row.bytes, CS_ID_SIZE);
        sample_fill(random, request.names[i].address, CS_HASH_SIZE);
    }
    request.index = step == CS_ATTACHMENT_ASK ? 0 : sample_below(random, CS_ATTACHMENT_CHUNKS_MAX);
    request.with_list = step == CS_ATTACHMENT_FETCH && sample_below(random, 2) == 0;
    if (step == CS_ATTACHMENT_SEND) {
        request.list = sample_bytes(random, arena, CS_HASH_SIZE * sample_below(random, 4));
        request.chunk = sample_bytes(random, arena, 1 + sample_below(random, 400));
    }
    return request;
}

static inline bool sample_attachment_requests_equal(const struct cs_attachment_request *a,
                                                    const struct cs_attachment_request *b)
{
    bool equal = a->step == b->step && a->name_count == b->name_count && a->index == b->index &&
                 a->with_list == b->with_list && cs_bytes_equal(a->list, b->list) &&
                 cs_bytes_equal(a->chunk, b->chunk) &&
                 memcmp(a->incarnation, b->incarnation, sizeof a->incarnation) == 0;
    for (size_t i = 0; equal && i < a->name_count; i++) {
        equal = cs_id_equal(&a->names[i].row, &b->names[i].row) &&
                memcmp(a->names[i].address, b->names[i].address, CS_HASH_SIZE) == 0;
    }
    return equal;
}

static inline struct cs_attachment_response sample_attachment_response(struct sample_random *random,
                                                                       struct cs_arena *arena)
{
    struct cs_attachment_response response = {.position = sample_below(random, 100000)};
    sample_fill(random, response.incarnation, sizeof response.incarnation);
    response.stored_count = sample_below(random, 9);
    response.stored = sample_take(arena, response.stored_count, sizeof *response.stored);
    for (size_t i = 0; i < response.stored_count; i++) {
        response.stored[i] = sample_below(random, CS_ATTACHMENT_CHUNKS_MAX + 2);
    }
    response.list = sample_bytes(random, arena, CS_HASH_SIZE * sample_below(random, 4));
    response.chunk = sample_bytes(random, arena, sample_below(random, 400));
    return response;
}

static inline bool sample_attachment_responses_equal(const struct cs_attachment_response *a,
                                                     const struct cs_attachment_response *b)
{
    bool equal = a->position == b->position && a->stored_count == b->stored_count &&
                 cs_bytes_equal(a->list, b->list) && cs_bytes_equal(a->chunk, b->chunk) &&
                 memcmp(a->incarnation, b->incarnation, sizeof a->incarnation) == 0;
    for (size_t i = 0; equal && i < a->stored_count; i++) {
        equal = a->stored[i] == b->stored[i];
    }
    return equal;
}

#endif
