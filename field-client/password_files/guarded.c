/* Guarded memory by blocks, see guarded.h. */
#include "field-client/password_files/guarded.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"

#include <string.h>

/* The first block is small, for lists of a few entries; a block is never larger than the largest text asks for. */
#define BLOCK_SIZE_MIN (16 * CS_KIBI)
#define BLOCK_SIZE_MAX CS_PASSWORD_TEXT_MAX

struct cs_guarded_block {
    struct cs_guarded_block *next;
    struct cs_secret *memory;
    size_t size;
    size_t used;
};

void cs_guarded_init(struct cs_guarded *guarded)
{
    *guarded = (struct cs_guarded){0};
}

void cs_guarded_release(struct cs_guarded *guarded)
{
    struct cs_guarded_block *block = guarded->blocks;
    while (block != NULL) {
        struct cs_guarded_block *next = block->next;
        cs_secret_destroy(block->memory);
        cs_free(block);
        block = next;
    }
    cs_guarded_init(guarded);
}

static enum cs_status add_block(struct cs_guarded *guarded, size_t needed)
{
    size_t size = guarded->blocks == NULL ? BLOCK_SIZE_MIN : guarded->blocks->size * 2;
    size = size > BLOCK_SIZE_MAX ? BLOCK_SIZE_MAX : size;
    size = size < needed ? needed : size;
    struct cs_guarded_block *block = cs_alloc_zero(1, sizeof *block);
    if (block == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = cs_secret_create(size, &block->memory);
    if (status != CS_OK) {
        cs_free(block);
        return status;
    }
    block->size = size;
    block->next = guarded->blocks;
    guarded->blocks = block;
    return CS_OK;
}

enum cs_status cs_guarded_copy(struct cs_guarded *guarded, struct cs_bytes bytes,
                               struct cs_bytes *out)
{
    struct cs_guarded_block *block = guarded->blocks;
    if (bytes.size == 0) {
        *out = CS_BYTES_NONE;
        return CS_OK;
    }
    if (bytes.size > CS_PASSWORD_TEXT_MAX) {
        return CS_TOO_LARGE;
    }
    if (block == NULL || bytes.size > block->size - block->used) {
        enum cs_status status = add_block(guarded, bytes.size);
        if (status != CS_OK) {
            return status;
        }
        block = guarded->blocks;
    }
    uint8_t *place = cs_secret_data(block->memory) + block->used;
    memcpy(place, bytes.data, bytes.size);
    block->used += bytes.size;
    guarded->used += bytes.size;
    *out = cs_bytes_make(place, bytes.size);
    return CS_OK;
}
