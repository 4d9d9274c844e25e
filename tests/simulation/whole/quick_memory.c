/*
 * Memory for SQLite: blocks of fixed sizes, of which released ones are kept for the next request of their size. A run takes and gives
 * back a million of them, and the C library joins and splits its own again and again. One thread; nothing is given back to the system.
 * In a build with sanitizers SQLite keeps theirs, which notices a block that is used after it was released.
 */
#include "tests/simulation/whole/quick_memory.h"

#include "shared/base/status.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Multiples of 16 bytes up to a kilobyte, then four sizes to each power of two; what is larger comes from the C library. */
#define STEP ((size_t)16)
#define SMALL_MAX ((size_t)1024)
#define SMALL_SIZES (SMALL_MAX / STEP)
#define SIZES (SMALL_SIZES + 4 * 9)
#define LARGEST (SMALL_MAX << 9)
#define SLAB_SIZE ((size_t)1 << 20)

/* Its head is written once: a block stays of one size. */
struct block {
    uint32_t size;  /* of `data` */
    uint32_t index; /* of its size; SIZES: of none */
    uint8_t data[];
};

/* Beside the blocks, not within: to look into one that has not been used for long costs more than all the rest. */
static struct spare {
    struct block **blocks;
    size_t count;
    size_t capacity;
} spare[SIZES];

static uint8_t *slab;
static size_t slab_left;

/* Which of the sizes holds so many bytes, and how many it holds. */
static size_t size_index(size_t size, size_t *out_rounded)
{
    if (size <= SMALL_MAX) {
        size_t steps = size == 0 ? 1 : (size + STEP - 1) / STEP;
        *out_rounded = steps * STEP;
        return steps - 1;
    }
    unsigned doublings = 63 - (unsigned)__builtin_clzll(size - 1) - 10;
    size_t quarter = (SMALL_MAX / 4) << doublings;
    size_t quarters = (size + quarter - 1) / quarter; /* 5 … 8 */
    *out_rounded = quarters * quarter;
    return SMALL_SIZES + (size_t)4 * doublings + quarters - 5;
}

static void *must(void *memory)
{
    cs_require(memory != NULL);
    return memory;
}

static struct block *cut_from_slab(size_t index, size_t size)
{
    size_t whole = sizeof(struct block) + size;
    if (slab_left < whole) {
        slab = must(malloc(SLAB_SIZE));
        slab_left = SLAB_SIZE;
    }
    struct block *block = (struct block *)(void *)slab;
    *block = (struct block){.size = (uint32_t)size, .index = (uint32_t)index};
    slab += whole;
    slab_left -= whole;
    return block;
}

static void *take(int wanted)
{
    size_t size = (size_t)wanted;
    if (size > LARGEST) {
        struct block *large = must(malloc(sizeof *large + size));
        *large = (struct block){.size = (uint32_t)size, .index = SIZES};
        return large->data;
    }
    size_t index = size_index(size, &size);
    struct spare *of_size = &spare[index];
    return (of_size->count > 0 ? of_size->blocks[--of_size->count] : cut_from_slab(index, size))
        ->data;
}

static struct block *block_of(void *data)
{
    return (struct block *)(void *)((uint8_t *)data - offsetof(struct block, data));
}

static void give(void *data)
{
    struct block *block = block_of(data);
    if (block->index == SIZES) {
        free(block);
        return;
    }
    struct spare *of_size = &spare[block->index];
    if (of_size->count == of_size->capacity) {
        of_size->capacity = of_size->capacity * 2 + 64;
        of_size->blocks =
            must(realloc(of_size->blocks, of_size->capacity * sizeof(struct block *)));
    }
    of_size->blocks[of_size->count++] = block;
}

static int size_of(void *data)
{
    return data == NULL ? 0 : (int)block_of(data)->size;
}

static void *resize(void *data, int wanted)
{
    size_t size = block_of(data)->size;
    if ((size_t)wanted <= size) {
        return data;
    }
    void *moved = take(wanted);
    memcpy(moved, data, size < (size_t)wanted ? size : (size_t)wanted);
    give(data);
    return moved;
}

static int round_up(int wanted)
{
    size_t size = (size_t)wanted;
    if (size <= LARGEST) {
        (void)size_index(size, &size);
    }
    return (int)size;
}

static int start(void *context)
{
    (void)context;
    return SQLITE_OK;
}

static void stop(void *context)
{
    (void)context;
}

/* gcc says it one way, clang the other. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

void sim_memory_start(void)
{
    static const sqlite3_mem_methods methods = {
        .xMalloc = take,
        .xFree = give,
        .xRealloc = resize,
        .xSize = size_of,
        .xRoundup = round_up,
        .xInit = start,
        .xShutdown = stop,
    };
    cs_require(SANITIZED || sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
}
