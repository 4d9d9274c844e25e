/* Heap blocks that are overwritten when freed, see wiped.h. */
#include "shared/base/wiped.h"

#include "shared/base/memory.h"

#include <string.h>

struct wiped_block {
    size_t size;
    _Alignas(max_align_t) uint8_t data[];
};

static struct wiped_block *block_of(void *data)
{
    return (struct wiped_block *)(void *)((uint8_t *)data - offsetof(struct wiped_block, data));
}

void *cs_wiped_alloc(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct wiped_block)) {
        return NULL;
    }
    struct wiped_block *block = cs_alloc(sizeof *block + size);
    if (block == NULL) {
        return NULL;
    }
    block->size = size;
    return block->data;
}

void *cs_wiped_resize(void *block, size_t size)
{
    void *grown = cs_wiped_alloc(size);
    if (grown != NULL && block != NULL) {
        size_t kept = block_of(block)->size;
        memcpy(grown, block, kept < size ? kept : size);
        cs_wiped_free(block);
    }
    return grown;
}

void cs_wiped_free(void *block)
{
    if (block != NULL) {
        cs_wipe(block, block_of(block)->size);
        cs_free(block_of(block));
    }
}
