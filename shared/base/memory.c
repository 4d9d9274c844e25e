/* Memory, see memory.h. */
#include "shared/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local long successes_left = -1;
static _Thread_local bool fails_on; /* not only once */
static _Thread_local long allocations;
static _Thread_local enum cs_memory_unit counted = CS_MEMORY_BLOCKS;

void cs_memory_fail_after(long successes)
{
    successes_left = successes;
    fails_on = false;
    allocations = 0;
}

void cs_memory_fail_from(long successes)
{
    cs_memory_fail_after(successes);
    fails_on = true;
}

long cs_memory_count(void)
{
    return allocations;
}

void cs_memory_count_in(enum cs_memory_unit unit)
{
    counted = unit;
}

static bool fails_now(void)
{
    allocations++;
    if (successes_left > 0) {
        successes_left--;
        return false;
    }
    bool fails = successes_left == 0;
    successes_left = fails && fails_on ? 0 : -1;
    return fails;
}

void *cs_alloc(size_t size)
{
    return fails_now() ? NULL : malloc(size == 0 ? 1 : size);
}

void *cs_alloc_zero(size_t count, size_t size)
{
    bool overflows = size != 0 && count > SIZE_MAX / size;
    if (fails_now() || overflows) {
        return NULL;
    }
    return calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
}

void *cs_resize(void *block, size_t size)
{
    return fails_now() ? NULL : realloc(block, size == 0 ? 1 : size);
}

void cs_free(void *block)
{
    free(block);
}

void cs_wipe(void *data, size_t size)
{
    if (size > 0) {
        explicit_bzero(data, size);
    }
}

struct cs_arena_block {
    struct cs_arena_block *next;
    size_t size;
    size_t used;
    _Alignas(max_align_t) uint8_t data[];
};

/* Blocks grow from this size, bytes. */
#define BLOCK_SIZE_MIN ((size_t)4096)
#define BLOCK_SIZE_MAX ((size_t)1 << 20)

void cs_arena_init(struct cs_arena *arena, size_t limit)
{
    *arena = (struct cs_arena){.limit = limit};
}

void cs_arena_release(struct cs_arena *arena)
{
    struct cs_arena_block *block = arena->blocks;
    while (block != NULL) {
        struct cs_arena_block *next = block->next;
        cs_free(block);
        block = next;
    }
    cs_arena_init(arena, arena->limit);
}

void cs_arena_release_wiped(struct cs_arena *arena)
{
    for (struct cs_arena_block *block = arena->blocks; block != NULL; block = block->next) {
        cs_wipe(block->data, block->used);
    }
    cs_arena_release(arena);
}

static struct cs_arena_block *add_block(struct cs_arena *arena, size_t size)
{
    size_t block_size = arena->blocks == NULL ? BLOCK_SIZE_MIN : arena->blocks->size * 2;
    block_size = block_size > BLOCK_SIZE_MAX ? BLOCK_SIZE_MAX : block_size;
    block_size = block_size < size ? size : block_size;
    struct cs_arena_block *block = cs_alloc(sizeof *block + block_size);
    if (block != NULL) {
        block->used = 0;
        block->size = block_size;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

/* As cs_arena_take, with whatever stands there: for what is written over at once. */
static void *take(struct cs_arena *arena, size_t size)
{
    const size_t alignment = _Alignof(max_align_t);
    if (size > SIZE_MAX / 2 || size > arena->limit || arena->used > arena->limit - size) {
        return NULL;
    }
    if (counted == CS_MEMORY_PIECES && fails_now()) {
        return NULL;
    }
    size_t rounded = (size + alignment - 1) / alignment * alignment;
    struct cs_arena_block *block = arena->blocks;
    if (block == NULL || rounded > block->size - block->used) {
        block = add_block(arena, rounded);
        if (block == NULL) {
            return NULL;
        }
    }
    void *place = block->data + block->used;
    block->used += rounded;
    /* Counted with its rounding, so that many tiny pieces cannot take many times the limit. */
    arena->used += rounded;
    return place;
}

void *cs_arena_take(struct cs_arena *arena, size_t size)
{
    void *place = take(arena, size);
    if (place != NULL && size > 0) {
        memset(place, 0, size);
    }
    return place;
}

void *cs_arena_take_array(struct cs_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    return cs_arena_take(arena, count * size);
}

void *cs_arena_grow(struct cs_arena *arena, void *items, size_t count, size_t *capacity,
                    size_t item_size)
{
    if (count < *capacity) {
        return items;
    }
    size_t grown_capacity = *capacity == 0 ? 16 : *capacity * 2;
    void *grown = cs_arena_take_array(arena, grown_capacity, item_size);
    if (grown != NULL) {
        if (count > 0) {
            memcpy(grown, items, count * item_size);
        }
        *capacity = grown_capacity;
    }
    return grown;
}

enum cs_status cs_arena_copy(struct cs_arena *arena, struct cs_bytes bytes, struct cs_bytes *out)
{
    uint8_t *place = take(arena, bytes.size);
    if (place == NULL) {
        return CS_NO_MEMORY;
    }
    if (bytes.size > 0) {
        memcpy(place, bytes.data, bytes.size);
    }
    *out = cs_bytes_make(place, bytes.size);
    return CS_OK;
}

char *cs_arena_text(struct cs_arena *arena, struct cs_bytes bytes)
{
    char *text = bytes.size == SIZE_MAX ? NULL : take(arena, bytes.size + 1);
    if (text != NULL) {
        if (bytes.size > 0) {
            memcpy(text, bytes.data, bytes.size);
        }
        text[bytes.size] = '\0';
    }
    return text;
}
