/* Checkpoint and proofs of a sync response, see sync_proofs.h. What they prove is for others. */
#include "shared/wire/sync_proofs.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"
#include "shared/wire/message_frame.h"

/* row, leaf, path */
#define ROW_PROOF_ITEMS 3
/* size, path */
#define EARLIER_ITEMS 2
#define OWN_PROOF_ITEMS 2

static enum cs_status check_path(struct cs_bytes path)
{
    if (path.size > CS_LOG_PROOF_MAX) {
        return CS_LIMIT;
    }
    return path.size % CS_HASH_SIZE == 0 ? CS_OK : CS_MALFORMED;
}

static enum cs_status check_row_proofs(const struct cs_sync_response *response)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < response->row_proof_count; i++) {
        const struct cs_row_proof *proof = &response->row_proofs[i];
        bool ascends = i == 0 || proof->row > response->row_proofs[i - 1].row;
        status = ascends && proof->row < response->row_count && proof->leaf <= INT64_MAX
                     ? check_path(proof->path)
                     : CS_MALFORMED;
    }
    return status;
}

static enum cs_status check_earlier(const struct cs_sync_response *response)
{
    enum cs_status status = response->earlier_count > CS_PAGE_ROWS_MAX ? CS_LIMIT : CS_OK;
    for (size_t i = 0; status == CS_OK && i < response->earlier_count; i++) {
        const struct cs_growth_proof *proof = &response->earlier[i];
        uint64_t before = i == 0 ? 0 : response->earlier[i - 1].size;
        status = proof->size > before && proof->size <= INT64_MAX ? check_path(proof->path)
                                                                  : CS_MALFORMED;
    }
    return status;
}

enum cs_status cs_sync_proofs_check(const struct cs_sync_response *response)
{
    enum cs_status status = response->checkpoint.size > CS_CHECKPOINT_MAX ? CS_LIMIT : CS_OK;
    if (status == CS_OK) {
        status = check_path(response->consistency);
    }
    if (status == CS_OK) {
        status = check_row_proofs(response);
    }
    if (status == CS_OK) {
        status = response->own_leaf > INT64_MAX ? CS_MALFORMED : check_path(response->own_path);
    }
    return status == CS_OK ? check_earlier(response) : status;
}

void cs_sync_proofs_put(struct cs_buffer *out, const struct cs_sync_response *response)
{
    cs_cbor_put_bytes(out, response->checkpoint);
    cs_cbor_put_bytes(out, response->consistency);
    cs_cbor_put_array(out, ROW_PROOF_ITEMS * response->row_proof_count);
    for (size_t i = 0; i < response->row_proof_count; i++) {
        cs_cbor_put_unsigned(out, response->row_proofs[i].row);
        cs_cbor_put_unsigned(out, response->row_proofs[i].leaf);
        cs_cbor_put_bytes(out, response->row_proofs[i].path);
    }
    cs_cbor_put_array(out, response->own_proved ? OWN_PROOF_ITEMS : 0);
    if (response->own_proved) {
        cs_cbor_put_unsigned(out, response->own_leaf);
        cs_cbor_put_bytes(out, response->own_path);
    }
    cs_cbor_put_array(out, EARLIER_ITEMS * response->earlier_count);
    for (size_t i = 0; i < response->earlier_count; i++) {
        cs_cbor_put_unsigned(out, response->earlier[i].size);
        cs_cbor_put_bytes(out, response->earlier[i].path);
    }
}

/* Enters an array of groups of `item_count`; gives the number of groups. */
static size_t enter_groups(struct cs_cbor_reader *reader, size_t item_count)
{
    size_t size = cs_cbor_enter_array(reader, item_count * CS_PAGE_ROWS_MAX);
    if (size % item_count != 0) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    return reader->status == CS_OK ? size / item_count : 0;
}

static void take_row_proofs(struct cs_cbor_reader *reader, struct cs_arena *arena,
                            struct cs_sync_response *response)
{
    size_t count = enter_groups(reader, ROW_PROOF_ITEMS);
    response->row_proofs = cs_message_array(reader, arena, count, sizeof *response->row_proofs);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        response->row_proofs[i].row = (uint32_t)cs_message_take_bounded(reader, UINT32_MAX);
        response->row_proofs[i].leaf = cs_cbor_take_unsigned(reader);
        response->row_proofs[i].path = cs_cbor_take_bytes(reader);
    }
    response->row_proof_count = count;
    cs_cbor_leave(reader);
}

static void take_own_proof(struct cs_cbor_reader *reader, struct cs_sync_response *response)
{
    size_t size = cs_cbor_enter_array(reader, OWN_PROOF_ITEMS);
    if (size != 0 && size != OWN_PROOF_ITEMS) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    response->own_proved = reader->status == CS_OK && size != 0;
    if (response->own_proved) {
        response->own_leaf = cs_cbor_take_unsigned(reader);
        response->own_path = cs_cbor_take_bytes(reader);
    }
    cs_cbor_leave(reader);
}

static void take_earlier(struct cs_cbor_reader *reader, struct cs_arena *arena,
                         struct cs_sync_response *response)
{
    size_t count = enter_groups(reader, EARLIER_ITEMS);
    response->earlier = cs_message_array(reader, arena, count, sizeof *response->earlier);
    for (size_t i = 0; i < count && reader->status == CS_OK; i++) {
        response->earlier[i].size = cs_cbor_take_unsigned(reader);
        response->earlier[i].path = cs_cbor_take_bytes(reader);
    }
    response->earlier_count = count;
    cs_cbor_leave(reader);
}

void cs_sync_proofs_take(struct cs_cbor_reader *reader, struct cs_arena *arena,
                         struct cs_sync_response *response)
{
    response->checkpoint = cs_cbor_take_bytes(reader);
    response->consistency = cs_cbor_take_bytes(reader);
    take_row_proofs(reader, arena, response);
    take_own_proof(reader, response);
    take_earlier(reader, arena, response);
}
