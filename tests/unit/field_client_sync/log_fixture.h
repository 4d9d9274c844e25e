/*
 * The evidence log of a server made by hand: leaves in memory, proofs made naively. Everything that
 * must be in the log is entered when an answer is written, so that tests about other things need
 * not care; tests about the log change the answer afterwards.
 */
#ifndef TESTS_UNIT_FIELD_CLIENT_SYNC_LOG_FIXTURE_H
#define TESTS_UNIT_FIELD_CLIENT_SYNC_LOG_FIXTURE_H

#include "field-client/replica/identity.h"
#include "shared/evidence/checkpoint.h"
#include "shared/evidence/leaf.h"
#include "shared/wire/messages.h"

#include <string.h>

#define LOG_LEAVES_MAX 4096

struct log_fixture {
    uint8_t leaves[LOG_LEAVES_MAX][CS_HASH_SIZE];
    uint64_t size;
};

static inline enum cs_status log_node(void *context, unsigned level, uint64_t index,
                                      uint8_t out[static CS_HASH_SIZE])
{
    const struct log_fixture *log = context;
    if (level == 0) {
        memcpy(out, log->leaves[index], CS_HASH_SIZE);
        return CS_OK;
    }
    uint8_t left[CS_HASH_SIZE];
    uint8_t right[CS_HASH_SIZE];
    (void)log_node(context, level - 1, 2 * index, left);
    (void)log_node(context, level - 1, 2 * index + 1, right);
    cs_merkle_node(left, right, out);
    return CS_OK;
}

/* Number of the leaf, entered if it is new. */
static inline uint64_t log_enter(struct log_fixture *log, const struct cs_leaf *leaf)
{
    uint8_t hash[CS_HASH_SIZE];
    cs_leaf_hash(leaf, hash);
    for (uint64_t i = 0; i < log->size; i++) {
        if (memcmp(log->leaves[i], hash, sizeof hash) == 0) {
            return i;
        }
    }
    assert_true(log->size < LOG_LEAVES_MAX);
    memcpy(log->leaves[log->size], hash, sizeof hash);
    return log->size++;
}

static inline struct cs_bytes log_bytes(struct cs_arena *arena, struct cs_bytes bytes)
{
    struct cs_bytes copy;
    assert_ok(cs_arena_copy(arena, bytes, &copy));
    return copy;
}

static inline struct cs_bytes log_path(struct log_fixture *log, struct cs_arena *arena,
                                       uint64_t number)
{
    struct cs_merkle_proof proof;
    assert_ok(cs_merkle_prove_inclusion(number, log->size, log_node, log, &proof));
    return log_bytes(arena, cs_merkle_proof_bytes(&proof));
}

static inline struct cs_bytes log_growth(struct log_fixture *log, struct cs_arena *arena,
                                         uint64_t size)
{
    struct cs_merkle_proof proof;
    if (size > log->size) {
        return CS_BYTES_NONE;
    }
    assert_ok(cs_merkle_prove_consistency(size, log->size, log_node, log, &proof));
    return log_bytes(arena, cs_merkle_proof_bytes(&proof));
}

static inline struct cs_checkpoint log_checkpoint(struct log_fixture *log,
                                                  const struct cs_sync_response *response)
{
    struct cs_merkle_range range;
    struct cs_checkpoint checkpoint = {.size = log->size, .position = response->position};
    memcpy(checkpoint.incarnation, response->incarnation, sizeof checkpoint.incarnation);
    assert_ok(cs_merkle_range_load(&range, log->size, log_node, log));
    cs_merkle_range_root(&range, checkpoint.root);
    return checkpoint;
}

static inline struct cs_bytes log_note(const struct cs_checkpoint *checkpoint,
                                       const struct cs_identity *identity,
                                       const struct cs_sign_key *key, struct cs_arena *arena)
{
    struct cs_buffer note;
    cs_buffer_init(&note, CS_CHECKPOINT_MAX);
    assert_ok(cs_checkpoint_encode(checkpoint, cs_identity_organisation(identity), key, &note));
    struct cs_bytes copy = log_bytes(arena, cs_buffer_bytes(&note));
    cs_buffer_release(&note);
    return copy;
}

static inline bool log_leaf_of(const struct cs_row *row, struct cs_leaf *out)
{
    bool receipt = cs_bytes_equal_text(row->entity, "receipt");
    for (size_t i = 0; i < row->field_count; i++) {
        struct cs_bytes value = row->fields[i].value.bytes;
        uint8_t id[CS_HASH_SIZE];
        if (receipt && cs_bytes_equal_text(row->fields[i].name, CS_LEAF_RECORD_FIELD)) {
            cs_leaf_row(row->entity, &row->id, value, out);
            return true;
        }
        if (cs_bytes_equal_text(row->entity, "device") &&
            cs_bytes_equal_text(row->fields[i].name, "chain") &&
            cs_chain_leaf_id(value, id) == CS_OK) {
            cs_leaf_certificate(id, out);
            return true;
        }
    }
    if (receipt) {
        cs_leaf_row(row->entity, &row->id, CS_BYTES_NONE, out);
    }
    return receipt;
}

/* Enters what the response to `sync` needs and fills its checkpoint and proofs. */
static inline void log_answer(struct log_fixture *log, const struct cs_sync_request *sync,
                              struct cs_sync_response *response, const struct cs_identity *identity,
                              const struct cs_sign_key *key, struct cs_arena *arena)
{
    uint64_t known = sync->log_size;
    struct cs_leaf leaf;
    cs_leaf_certificate(cs_identity_certificate_id(identity), &leaf);
    (void)log_enter(log, &leaf);
    for (size_t i = 0; i < response->row_count; i++) {
        if (log_leaf_of(&response->rows[i], &leaf)) {
            (void)log_enter(log, &leaf);
        }
    }
    struct cs_leaf own;
    cs_leaf_change_set(cs_identity_log(identity), response->log_sequence, response->log_head, &own);
    response->own_proved = response->outcome_count > 0;
    if (response->own_proved) {
        response->own_leaf = log_enter(log, &own);
        response->own_path = log_path(log, arena, response->own_leaf);
    }
    response->row_proofs =
        cs_arena_take_array(arena, response->row_count, sizeof *response->row_proofs);
    response->row_proof_count = 0;
    for (size_t i = 0; i < response->row_count; i++) {
        if (log_leaf_of(&response->rows[i], &leaf)) {
            uint64_t number = log_enter(log, &leaf);
            response->row_proofs[response->row_proof_count++] =
                (struct cs_row_proof){(uint32_t)i, number, log_path(log, arena, number)};
        }
    }
    if (known != log->size || sync->position != response->position) {
        struct cs_checkpoint checkpoint = log_checkpoint(log, response);
        response->checkpoint = log_note(&checkpoint, identity, key, arena);
        response->consistency = known == 0 ? CS_BYTES_NONE : log_growth(log, arena, known);
    }
}

#endif
