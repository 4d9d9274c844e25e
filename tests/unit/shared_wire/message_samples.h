/* Samples of sync messages and their comparison: see samples.h. */
#ifndef TESTS_UNIT_SHARED_WIRE_MESSAGE_SAMPLES_H
#define TESTS_UNIT_SHARED_WIRE_MESSAGE_SAMPLES_H

#include "tests/unit/shared_wire/samples.h"

#include "shared/wire/messages.h"

static inline struct cs_scope_cursor *sample_cursors(struct sample_random *random,
                                                     struct cs_arena *arena, size_t count)
{
    struct cs_scope_cursor *cursors = sample_take(arena, count, sizeof *cursors);
    for (size_t i = 0; i < count; i++) {
        cursors[i].scope.kind = (uint8_t)(i % 6);
        cursors[i].position = sample_number(random) & INT64_MAX;
        if (i >= 3) {
            sample_fill(random, cursors[i].scope.id.bytes, CS_ID_SIZE);
        }
    }
    return cursors;
}

static inline bool sample_cursors_equal(const struct cs_scope_cursor *a, size_t a_count,
                                        const struct cs_scope_cursor *b, size_t b_count)
{
    bool equal = a_count == b_count;
    for (size_t i = 0; equal && i < a_count; i++) {
        equal =
            a[i].position == b[i].position && cs_scope_name_compare(&a[i].scope, &b[i].scope) == 0;
    }
    return equal;
}

static inline struct cs_sync_request sample_sync_request(struct sample_random *random,
                                                         struct cs_arena *arena)
{
    struct cs_sync_request request = {.position = sample_number(random) & INT64_MAX};
    sample_fill(random, request.incarnation, sizeof request.incarnation);
    request.cursor_count = sample_below(random, 6);
    request.cursors = sample_cursors(random, arena, request.cursor_count);
    request.inner_count = sample_below(random, 4);
    request.inners = sample_take(arena, request.inner_count, sizeof *request.inners);
    for (size_t i = 0; i < request.inner_count; i++) {
        request.inners[i] = sample_bytes(random, arena, sample_below(random, 300));
    }
    request.log_size = (request.position * 7) & INT64_MAX;
    request.statement_mark = cs_bytes_make("8 octets", request.inner_count % 2 == 0 ? 8 : 0);
    return request;
}

static inline bool sample_sync_requests_equal(const struct cs_sync_request *a,
                                              const struct cs_sync_request *b)
{
    bool equal = memcmp(a->incarnation, b->incarnation, sizeof a->incarnation) == 0 &&
                 a->position == b->position && a->inner_count == b->inner_count &&
                 a->without_log == b->without_log && a->with_vaults == b->with_vaults &&
                 a->with_horizon == b->with_horizon && a->log_size == b->log_size &&
                 cs_bytes_equal(a->statement_mark, b->statement_mark) &&
                 cs_bytes_equal(a->log_mark, b->log_mark) &&
                 sample_cursors_equal(a->cursors, a->cursor_count, b->cursors, b->cursor_count);
    for (size_t i = 0; equal && i < a->inner_count; i++) {
        equal = cs_bytes_equal(a->inners[i], b->inners[i]);
    }
    return equal;
}

static inline void sample_response_lists(struct sample_random *random, struct cs_arena *arena,
                                         struct cs_sync_response *response)
{
    response->outcome_count = sample_below(random, 5);
    response->outcomes = sample_take(arena, response->outcome_count, sizeof *response->outcomes);
    for (size_t i = 0; i < response->outcome_count; i++) {
        response->outcomes[i].outcome =
            (enum cs_outcome)(CS_OUTCOME_APPLIED + sample_below(random, 4));
        response->outcomes[i].count = 1 + sample_below(random, 1000);
    }
    response->refusal_count = sample_below(random, 3);
    response->refusals = sample_take(arena, response->refusal_count, sizeof *response->refusals);
    for (size_t i = 0; i < response->refusal_count; i++) {
        struct cs_refusal *refusal = &response->refusals[i];
        refusal->counter = sample_number(random) >> 1;
        refusal->status = (enum cs_status)(1 + sample_below(random, CS_STATUS_COUNT - 1));
        refusal->operation = (uint32_t)sample_next(random);
        refusal->field = sample_below(random, 2) == 0 ? CS_BYTES_NONE : sample_word(random);
        refusal->text = sample_word(random);
    }
    response->echo_count = sample_below(random, 5);
    response->echoes = sample_take(arena, response->echo_count, sizeof *response->echoes);
    for (size_t i = 0; i < response->echo_count; i++) {
        response->echoes[i].scope_set_plus_one = (uint32_t)sample_below(random, 4);
        response->echoes[i].count = 1 + sample_below(random, 1000);
    }
    response->departure_count = sample_below(random, 4);
    response->departures =
        sample_take(arena, response->departure_count, sizeof *response->departures);
    for (size_t i = 0; i < response->departure_count; i++) {
        response->departures[i].entity = sample_word(random);
        sample_fill(random, response->departures[i].row.bytes, CS_ID_SIZE);
    }
}

/* As format 1 has them. */
static inline void sample_drop_log(struct cs_sync_request *request,
                                   struct cs_sync_response *response)
{
    request->without_log = true;
    request->log_size = 0;
    request->statement_mark = CS_BYTES_NONE;
    response->without_log = true;
    response->checkpoint = CS_BYTES_NONE;
    response->consistency = CS_BYTES_NONE;
    response->row_proof_count = 0;
    response->own_proved = false;
    response->own_leaf = 0;
    response->own_path = CS_BYTES_NONE;
    response->earlier_count = 0;
}

/* What format 2 has beyond format 1, drawn apart so that the samples of format 1 stay as they were. */
static inline void sample_response_proofs(uint64_t seed, struct cs_arena *arena,
                                          struct cs_sync_response *response)
{
    struct sample_random random = {seed | 1};
    response->checkpoint = sample_bytes(&random, arena, sample_below(&random, 400));
    response->consistency = sample_bytes(&random, arena, 32 * sample_below(&random, 10));
    response->row_proof_count = response->row_count / 2;
    response->row_proofs =
        sample_take(arena, response->row_proof_count, sizeof *response->row_proofs);
    for (size_t i = 0; i < response->row_proof_count; i++) {
        response->row_proofs[i].row = (uint32_t)(2 * i);
        response->row_proofs[i].leaf = sample_number(&random) >> 1;
        response->row_proofs[i].path = sample_bytes(&random, arena, 32 * sample_below(&random, 9));
    }
    response->own_proved = sample_below(&random, 2) == 0;
    if (response->own_proved) {
        response->own_leaf = sample_number(&random) >> 1;
        response->own_path = sample_bytes(&random, arena, 32 * sample_below(&random, 9));
    }
    response->earlier_count = sample_below(&random, 4);
    response->earlier = sample_take(arena, response->earlier_count, sizeof *response->earlier);
    for (size_t i = 0; i < response->earlier_count; i++) {
        response->earlier[i].size = 1 + 10 * i + sample_below(&random, 10);
        response->earlier[i].path = sample_bytes(&random, arena, 32 * sample_below(&random, 9));
    }
}

static inline bool sample_proofs_equal(const struct cs_sync_response *a,
                                       const struct cs_sync_response *b)
{
    bool equal = a->without_log == b->without_log && a->with_vaults == b->with_vaults &&
                 a->with_horizon == b->with_horizon && a->horizon == b->horizon &&
                 a->vault_news == b->vault_news && a->own_proved == b->own_proved &&
                 a->own_leaf == b->own_leaf && cs_bytes_equal(a->own_path, b->own_path) &&
                 cs_bytes_equal(a->checkpoint, b->checkpoint) &&
                 cs_bytes_equal(a->consistency, b->consistency) &&
                 a->row_proof_count == b->row_proof_count && a->earlier_count == b->earlier_count;
    for (size_t i = 0; equal && i < a->row_proof_count; i++) {
        equal = a->row_proofs[i].row == b->row_proofs[i].row &&
                a->row_proofs[i].leaf == b->row_proofs[i].leaf &&
                cs_bytes_equal(a->row_proofs[i].path, b->row_proofs[i].path);
    }
    for (size_t i = 0; equal && i < a->earlier_count; i++) {
        equal = a->earlier[i].size == b->earlier[i].size &&
                cs_bytes_equal(a->earlier[i].path, b->earlier[i].path);
    }
    return equal;
}

/* Three scope sets: none, the first scope, two scopes. */
static inline struct cs_sync_response sample_sync_response(struct sample_random *random,
                                                           struct cs_arena *arena)
{
    struct cs_sync_response response = {.position = sample_number(random) & INT64_MAX};
    sample_fill(random, response.incarnation, sizeof response.incarnation);
    sample_fill(random, response.log_head, sizeof response.log_head);
    sample_fill(random, response.digest, sizeof response.digest);
    response.server_time_ms = (int64_t)(sample_number(random) >> 1);
    response.log_sequence = sample_number(random) >> 1;
    response.first_counter = sample_number(random) >> 2;
    response.cursor_count = 2 + sample_below(random, 4);
    response.cursors = sample_cursors(random, arena, response.cursor_count);
    response.scope_set_count = 3;
    response.scope_sets = sample_take(arena, 3, sizeof *response.scope_sets);
    for (uint32_t i = 0; i < 3; i++) {
        response.scope_sets[i].count = i;
        response.scope_sets[i].scopes = sample_take(arena, i, sizeof(uint32_t));
        for (uint32_t j = 0; j < i; j++) {
            response.scope_sets[i].scopes[j] = j;
        }
    }
    sample_response_lists(random, arena, &response);
    response.row_count = sample_below(random, 20);
    response.rows = sample_rows(random, arena, response.row_count);
    response.last = sample_below(random, 2) == 0;
    response.server_statement = sample_bytes(random, arena, sample_below(random, 200));
    sample_response_proofs(response.position, arena, &response);
    return response;
}

static inline bool sample_response_lists_equal(const struct cs_sync_response *a,
                                               const struct cs_sync_response *b)
{
    bool equal = a->outcome_count == b->outcome_count && a->refusal_count == b->refusal_count &&
                 a->echo_count == b->echo_count && a->scope_set_count == b->scope_set_count &&
                 a->departure_count == b->departure_count;
    for (size_t i = 0; equal && i < a->outcome_count; i++) {
        equal = a->outcomes[i].outcome == b->outcomes[i].outcome &&
                a->outcomes[i].count == b->outcomes[i].count;
    }
    for (size_t i = 0; equal && i < a->refusal_count; i++) {
        const struct cs_refusal *x = &a->refusals[i];
        const struct cs_refusal *y = &b->refusals[i];
        equal = x->counter == y->counter && x->status == y->status &&
                x->operation == y->operation && cs_bytes_equal(x->field, y->field) &&
                cs_bytes_equal(x->text, y->text);
    }
    for (size_t i = 0; equal && i < a->echo_count; i++) {
        equal = a->echoes[i].scope_set_plus_one == b->echoes[i].scope_set_plus_one &&
                a->echoes[i].count == b->echoes[i].count;
    }
    for (size_t i = 0; equal && i < a->scope_set_count; i++) {
        size_t count = a->scope_sets[i].count;
        equal = count == b->scope_sets[i].count &&
                (count == 0 || memcmp(a->scope_sets[i].scopes, b->scope_sets[i].scopes,
                                      count * sizeof(uint32_t)) == 0);
    }
    for (size_t i = 0; equal && i < a->departure_count; i++) {
        equal = cs_bytes_equal(a->departures[i].entity, b->departures[i].entity) &&
                cs_id_equal(&a->departures[i].row, &b->departures[i].row);
    }
    return equal;
}

static inline bool sample_sync_responses_equal(const struct cs_sync_response *a,
                                               const struct cs_sync_response *b)
{
    return memcmp(a->incarnation, b->incarnation, sizeof a->incarnation) == 0 &&
           memcmp(a->log_head, b->log_head, sizeof a->log_head) == 0 &&
           memcmp(a->digest, b->digest, sizeof a->digest) == 0 && a->position == b->position &&
           a->server_time_ms == b->server_time_ms && a->log_sequence == b->log_sequence &&
           a->first_counter == b->first_counter && a->last == b->last &&
           cs_bytes_equal(a->server_statement, b->server_statement) &&
           sample_cursors_equal(a->cursors, a->cursor_count, b->cursors, b->cursor_count) &&
           sample_rows_equal(a->rows, a->row_count, b->rows, b->row_count) &&
           sample_response_lists_equal(a, b) && sample_proofs_equal(a, b);
}

#endif
