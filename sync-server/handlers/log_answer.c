/* Checkpoint and proofs of a sync response, see log_answer.h. */
#include "sync-server/handlers/log_answer.h"

#include "shared/evidence/checkpoint.h"
#include "shared/evidence/record.h"
#include "shared/evidence/server_statement.h"
#include "sync-server/reconcile/evidence_log.h"

#include <stdlib.h>
#include <string.h>

/* Of a log of some million leaves; a row of evidence may need two. */
#define PROOF_BYTES ((size_t)24 * CS_HASH_SIZE)
#define DEVICE "device"

struct log_answer {
    struct cs_server *server;
    const struct cs_server_request *request;
    struct cs_store *reader;
    struct cs_arena *arena;
    struct cs_sync_response *response;
    struct cs_checkpoint now;
    uint64_t known; /* size of the device's last checkpoint in this incarnation */
    bool moved; /* something has happened since: even a log of the same size may be another one */
};

size_t cs_log_answer_size(const struct cs_entity *entity)
{
    if (cs_leaf_is_evidence(entity)) {
        return 2 * PROOF_BYTES;
    }
    return entity != NULL && strcmp(entity->name, DEVICE) == 0 ? PROOF_BYTES : 0;
}

static void drop_known_statement(struct log_answer *answer)
{
    uint8_t mark[CS_SERVER_STATEMENT_MARK_SIZE];
    cs_server_statement_mark(answer->response->server_statement, mark);
    if (cs_bytes_equal(answer->request->sync.statement_mark, cs_bytes_of_array(mark))) {
        answer->response->server_statement = CS_BYTES_NONE;
    }
}

static enum cs_status copy_proof(struct log_answer *answer, const struct cs_merkle_proof *proof,
                                 struct cs_bytes *out)
{
    return cs_arena_copy(answer->arena, cs_merkle_proof_bytes(proof), out);
}

/* *out stays empty where nothing has to be proved or can be. */
static enum cs_status prove_growth(struct log_answer *answer, uint64_t size, struct cs_bytes *out)
{
    struct cs_merkle_proof proof;
    if (size == 0 || size >= answer->now.size) {
        return CS_OK;
    }
    enum cs_status status = cs_merkle_prove_consistency(
        size, answer->now.size, cs_evidence_log_node, answer->reader, &proof);
    return status != CS_OK ? status : copy_proof(answer, &proof, out);
}

/* A device that knows more than there is gets the checkpoint too, to see for itself. */
static enum cs_status put_checkpoint(struct log_answer *answer)
{
    struct cs_sync_response *response = answer->response;
    struct cs_buffer note;
    if (answer->known == answer->now.size && answer->known > 0 && !answer->moved) {
        return CS_OK;
    }
    cs_buffer_init(&note, CS_CHECKPOINT_MAX);
    enum cs_status status =
        cs_checkpoint_encode(&answer->now, answer->request->opened.header.organisation,
                             cs_server_keys_identity(answer->server->keys), &note);
    if (status == CS_OK) {
        status = cs_arena_copy(answer->arena, cs_buffer_bytes(&note), &response->checkpoint);
    }
    cs_buffer_release(&note);
    return status != CS_OK ? status : prove_growth(answer, answer->known, &response->consistency);
}

static struct cs_bytes field_of(const struct cs_row *row, const char *name)
{
    for (size_t i = 0; i < row->field_count; i++) {
        if (cs_bytes_equal_text(row->fields[i].name, name)) {
            return row->fields[i].value.bytes;
        }
    }
    return CS_BYTES_NONE;
}

static bool is_evidence(const struct log_answer *answer, const struct cs_row *row)
{
    return cs_leaf_is_evidence(cs_registry_find(answer->server->registry, row->entity));
}

/* false: a row without a leaf. */
static bool leaf_of(const struct log_answer *answer, const struct cs_row *row, struct cs_leaf *out)
{
    uint8_t id[CS_HASH_SIZE];
    if (is_evidence(answer, row)) {
        cs_leaf_row(row->entity, &row->id, field_of(row, CS_LEAF_RECORD_FIELD), out);
        return true;
    }
    if (!cs_bytes_equal_text(row->entity, DEVICE) ||
        cs_chain_leaf_id(field_of(row, "chain"), id) != CS_OK) {
        return false;
    }
    cs_leaf_certificate(id, out);
    return true;
}

/* CS_NOT_FOUND: it is not in the log. */
static enum cs_status prove_leaf(struct log_answer *answer, const struct cs_leaf *leaf,
                                 uint64_t *out_number, struct cs_bytes *out_path)
{
    struct cs_merkle_proof proof;
    enum cs_status status =
        cs_evidence_log_prove(answer->reader, leaf, answer->now.size, out_number, &proof);
    if (status == CS_OK) {
        status = copy_proof(answer, &proof, out_path);
    }
    if (status == CS_NOT_FOUND) {
        cs_log_event(answer->server->log, CS_LOG_ERROR, "leaf_missing",
                     CS_LOG_NUMBER("size", answer->now.size));
    }
    return status;
}

static enum cs_status put_row_proofs(struct log_answer *answer)
{
    struct cs_sync_response *response = answer->response;
    response->row_proofs =
        cs_arena_take_array(answer->arena, response->row_count, sizeof *response->row_proofs);
    if (response->row_proofs == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < response->row_count; i++) {
        struct cs_leaf leaf;
        struct cs_row_proof proof = {.row = (uint32_t)i};
        if (!leaf_of(answer, &response->rows[i], &leaf)) {
            continue;
        }
        enum cs_status status = prove_leaf(answer, &leaf, &proof.leaf, &proof.path);
        if (status == CS_OK) {
            response->row_proofs[response->row_proof_count++] = proof;
        } else if (status != CS_NOT_FOUND) {
            return status;
        }
    }
    return CS_OK;
}

static enum cs_status put_own_proof(struct log_answer *answer)
{
    struct cs_sync_response *response = answer->response;
    struct cs_leaf leaf;
    if (response->outcome_count == 0) {
        return CS_OK;
    }
    cs_leaf_change_set(answer->request->device.log, response->log_sequence, response->log_head,
                       &leaf);
    enum cs_status status = prove_leaf(answer, &leaf, &response->own_leaf, &response->own_path);
    response->own_proved = status == CS_OK;
    return status == CS_NOT_FOUND ? CS_OK : status;
}

static int by_size(const void *a, const void *b)
{
    const struct cs_growth_proof *one = a;
    const struct cs_growth_proof *other = b;
    return one->size < other->size ? -1 : one->size > other->size;
}

/* The size of the checkpoint that the signer of a record was shown; 0: none that needs a proof. */
static enum cs_status shown_size(struct log_answer *answer, const struct cs_row *row,
                                 uint64_t *out_size)
{
    struct cs_record record;
    struct cs_checkpoint shown;
    *out_size = 0;
    if (!is_evidence(answer, row)) {
        return CS_OK;
    }
    enum cs_status status =
        cs_record_decode(field_of(row, CS_LEAF_RECORD_FIELD), answer->arena, &record);
    if (status == CS_OK) {
        status = cs_checkpoint_read(record.checkpoint, &shown);
    }
    if (status == CS_OK && shown.size < answer->now.size &&
        memcmp(shown.incarnation, answer->now.incarnation, sizeof shown.incarnation) == 0) {
        *out_size = shown.size;
    }
    /* What a device has signed may be anything. */
    return status == CS_NO_MEMORY ? status : CS_OK;
}

static enum cs_status put_earlier(struct log_answer *answer)
{
    struct cs_sync_response *response = answer->response;
    struct cs_growth_proof *sizes =
        cs_arena_take_array(answer->arena, response->row_count, sizeof *sizes);
    size_t count = 0;
    enum cs_status status = sizes == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < response->row_count; i++) {
        status = shown_size(answer, &response->rows[i], &sizes[count].size);
        count += status == CS_OK && sizes[count].size > 0 ? 1 : 0;
    }
    if (status != CS_OK || count == 0) {
        return status;
    }
    qsort(sizes, count, sizeof *sizes, by_size);
    response->earlier = sizes;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (i == 0 || sizes[i].size != sizes[response->earlier_count - 1].size) {
            struct cs_growth_proof *proof = &sizes[response->earlier_count++];
            proof->size = sizes[i].size;
            status = prove_growth(answer, proof->size, &proof->path);
        }
    }
    return status;
}

enum cs_status cs_log_answer(struct cs_server *server, struct cs_server_request *request,
                             struct cs_store *reader, struct cs_sync_response *response)
{
    struct log_answer answer = {.server = server,
                                .request = request,
                                .reader = reader,
                                .arena = &request->arena,
                                .response = response,
                                .now = {.position = response->position}};
    response->without_log = request->sync.without_log;
    if (response->without_log) {
        return CS_OK;
    }
    drop_known_statement(&answer);
    memcpy(answer.now.incarnation, response->incarnation, sizeof answer.now.incarnation);
    if (memcmp(request->sync.incarnation, response->incarnation, sizeof response->incarnation) ==
        0) {
        answer.known = request->sync.log_size;
        answer.moved = request->sync.position != response->position;
    }
    enum cs_status status = cs_evidence_log_root(reader, &answer.now.size, answer.now.root);
    if (status == CS_OK) {
        status = put_checkpoint(&answer);
    }
    if (status == CS_OK) {
        status = put_row_proofs(&answer);
    }
    if (status == CS_OK) {
        status = put_own_proof(&answer);
    }
    return status != CS_OK ? status : put_earlier(&answer);
}

enum cs_status cs_log_answer_growth(struct cs_server *server, struct cs_server_request *request,
                                    struct cs_store *reader, const struct cs_log_growth *known,
                                    struct cs_sync_response *out, uint64_t *out_size)
{
    struct log_answer answer = {.server = server,
                                .request = request,
                                .reader = reader,
                                .arena = &request->arena,
                                .response = out};
    memcpy(answer.now.incarnation, known->incarnation, sizeof answer.now.incarnation);
    answer.known = known->size;
    enum cs_status status = cs_store_position(reader, &answer.now.position);
    if (status == CS_OK) {
        status = cs_evidence_log_root(reader, &answer.now.size, answer.now.root);
    }
    if (status == CS_OK) {
        status = put_checkpoint(&answer);
    }
    if (status == CS_OK) {
        *out_size = answer.now.size;
    }
    return status;
}
