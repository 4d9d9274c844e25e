/*
 * Memory: allocation with a hook for tests, and an arena for decoded messages.
 *
 * All allocation of the project goes through here, so that a test can fail the nth one. Secrets do not live here
 * but in the secret memory of shared/crypto.
 */
#ifndef CS_BASE_MEMORY_H
#define CS_BASE_MEMORY_H

#include "shared/base/bytes.h"

#include <stddef.h>

/* NULL when memory is out. Size 0 gives a pointer that may be freed. */
void *cs_alloc(size_t size);
void *cs_alloc_zero(size_t count, size_t size);
/* As realloc; on failure the old block stays. Never for secrets. */
void *cs_resize(void *block, size_t size);
void cs_free(void *block);
/* Overwrites so that the compiler cannot drop it. */
void cs_wipe(void *data, size_t size);

/*
 * Test hook: the allocation after `successes` further ones fails once (0 = the next). A negative number switches
 * it off. Per thread. cs_memory_count returns the allocations made by this thread since the last set.
 */
void cs_memory_fail_after(long successes);
/* Likewise, but all that follow fail too. */
void cs_memory_fail_from(long successes);
long cs_memory_count(void);
/*
 * Test hook: whether what is taken from an arena counts as an allocation of its own, which may fail too, or only the blocks it
 * grows by (the default). Per thread.
 */
enum cs_memory_unit { CS_MEMORY_BLOCKS, CS_MEMORY_PIECES };
void cs_memory_count_in(enum cs_memory_unit unit);

/*
 * Arena: everything taken from it is freed at once. What is taken is zeroed and aligned for any type. `limit` bounds
 * what may be taken in sum, so that hostile input cannot exhaust memory.
 */
struct cs_arena {
    struct cs_arena_block *blocks;
    size_t used;  /* bytes taken in sum */
    size_t limit; /* bytes */
};

void cs_arena_init(struct cs_arena *arena, size_t limit);
void cs_arena_release(struct cs_arena *arena);
/* The same, overwriting what was taken: for arenas that passwords came into. */
void cs_arena_release_wiped(struct cs_arena *arena);
/* NULL when memory or the limit is out; both are reported to the caller as CS_NO_MEMORY. */
void *cs_arena_take(struct cs_arena *arena, size_t size);
/* count × size, with overflow refused (NULL). */
void *cs_arena_take_array(struct cs_arena *arena, size_t count, size_t size);
/* Room for one more item after `count`: the list itself, or a larger copy of it. NULL as above. `*capacity` is 0 at first. */
void *cs_arena_grow(struct cs_arena *arena, void *items, size_t count, size_t *capacity,
                    size_t item_size);
/* A copy that lives in the arena. *out is untouched on failure. */
enum cs_status cs_arena_copy(struct cs_arena *arena, struct cs_bytes bytes,
                             struct cs_bytes *out) CS_MUST_USE;
/* A NUL-terminated copy; NULL on failure. */
char *cs_arena_text(struct cs_arena *arena, struct cs_bytes bytes);

#endif
