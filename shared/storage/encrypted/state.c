/* The state in memory, see state.h. */
#include "shared/storage/encrypted/state.h"

#include "shared/base/memory.h"

#include <string.h>

void cs_state_init(struct cs_state *state, const struct cs_secret *key)
{
    *state = (struct cs_state){.key = key};
}

void cs_state_release(struct cs_state *state)
{
    cs_free(state->page);
    cs_free(state->frame);
    cs_state_init(state, NULL);
}

static uint32_t larger_capacity(uint32_t wanted)
{
    return wanted + wanted / 2 + 64;
}

static enum cs_status reserve_pages(struct cs_state *state, uint32_t page)
{
    if (page <= state->page_capacity) {
        return CS_OK;
    }
    uint32_t capacity = larger_capacity(page);
    struct cs_state_page *pages = cs_resize(state->page, capacity * sizeof *pages);
    if (pages == NULL) {
        return CS_NO_MEMORY;
    }
    memset(pages + state->page_capacity, 0, (capacity - state->page_capacity) * sizeof *pages);
    state->page = pages;
    state->page_capacity = capacity;
    return CS_OK;
}

enum cs_status cs_state_reserve(struct cs_state *state, uint32_t page, uint32_t frame)
{
    enum cs_status status = reserve_pages(state, page);
    if (status != CS_OK || frame <= state->frame_capacity) {
        return status;
    }
    uint32_t capacity = larger_capacity(frame);
    struct cs_state_frame *frames = cs_resize(state->frame, capacity * sizeof *frames);
    if (frames == NULL) {
        return CS_NO_MEMORY;
    }
    state->frame = frames;
    state->frame_capacity = capacity;
    return CS_OK;
}

static void element(const struct cs_state *state, uint32_t page, const uint8_t *nonce,
                    uint8_t out[static CS_HASH_SIZE])
{
    uint8_t number[4];
    cs_put_u32(number, page);
    const struct cs_bytes parts[] = {cs_bytes_of_array(number),
                                     cs_bytes_make(nonce, CS_PAGE_NONCE_SIZE)};
    cs_hash_keyed("countersign page version 1", cs_secret_bytes(state->key), parts, CS_COUNT(parts),
                  out);
}

static void add(const struct cs_state *state, struct cs_multiset *sum, uint32_t page,
                const uint8_t *nonce)
{
    uint8_t hash[CS_HASH_SIZE];
    if (nonce != NULL) {
        element(state, page, nonce, hash);
        cs_multiset_add(sum, hash);
    }
}

static void subtract(const struct cs_state *state, struct cs_multiset *sum, uint32_t page,
                     const uint8_t *nonce)
{
    uint8_t hash[CS_HASH_SIZE];
    if (nonce != NULL) {
        element(state, page, nonce, hash);
        cs_multiset_subtract(sum, hash);
    }
}

const uint8_t *cs_state_main_nonce(const struct cs_state *state, uint32_t page)
{
    if (page > state->main_pages ||
        cs_is_zero(state->page[page - 1].nonce, sizeof state->page[page - 1].nonce)) {
        return NULL;
    }
    return state->page[page - 1].nonce;
}

void cs_state_main_set(struct cs_state *state, uint32_t page, const uint8_t *nonce)
{
    cs_require(state->page != NULL && page >= 1 && page <= state->page_capacity);
    subtract(state, &state->main_sum, page, cs_state_main_nonce(state, page));
    state->main_pages = page > state->main_pages ? page : state->main_pages;
    if (nonce == NULL) {
        memset(state->page[page - 1].nonce, 0, CS_PAGE_NONCE_SIZE);
    } else {
        memcpy(state->page[page - 1].nonce, nonce, CS_PAGE_NONCE_SIZE);
    }
    add(state, &state->main_sum, page, cs_state_main_nonce(state, page));
}

void cs_state_main_truncate(struct cs_state *state, uint32_t pages)
{
    while (state->main_pages > pages) {
        uint32_t page = state->main_pages;
        cs_require(state->page != NULL);
        subtract(state, &state->main_sum, page, cs_state_main_nonce(state, page));
        memset(state->page[page - 1].nonce, 0, CS_PAGE_NONCE_SIZE);
        state->main_pages--;
    }
}

/* What counts for a page now; NULL: a hole. */
static const uint8_t *version(const struct cs_state *state, uint32_t page)
{
    uint32_t frame = state->page[page - 1].frame;
    return frame != 0 ? state->frame[frame - 1].nonce : cs_state_main_nonce(state, page);
}

void cs_state_begin_generation(struct cs_state *state)
{
    for (uint32_t i = 0; i < state->page_capacity; i++) {
        state->page[i].frame = 0;
    }
    state->frame_count = 0;
    state->applied = 0;
    state->pages = state->main_pages;
    state->sum = state->main_sum;
}

static void set_pages(struct cs_state *state, uint32_t pages)
{
    while (state->pages > pages) {
        subtract(state, &state->sum, state->pages, version(state, state->pages));
        state->pages--;
    }
    while (state->pages < pages) {
        state->pages++;
        add(state, &state->sum, state->pages, version(state, state->pages));
    }
}

static void let_count(struct cs_state *state, uint32_t page, uint32_t frame)
{
    if (page <= state->pages) {
        subtract(state, &state->sum, page, version(state, page));
    }
    state->page[page - 1].frame = frame;
    if (page <= state->pages) {
        add(state, &state->sum, page, version(state, page));
    }
}

static void undo_last(struct cs_state *state)
{
    const struct cs_state_frame *frame = &state->frame[state->applied - 1];
    if (frame->commit) {
        set_pages(state, frame->pages_before);
        state->commit--;
    }
    let_count(state, frame->page, frame->previous);
    state->applied--;
}

void cs_state_undo(struct cs_state *state, uint32_t index)
{
    while (state->applied >= index) {
        undo_last(state);
    }
    while (state->applied > 0 && !state->frame[state->applied - 1].commit) {
        undo_last(state);
    }
}

const uint8_t *cs_state_chain_before(const struct cs_state *state, uint32_t index)
{
    static const uint8_t none[CS_CHAIN_SIZE];
    return index == 1 ? none : state->frame[index - 2].chain;
}

static void go_on_chain(struct cs_state *state, uint32_t index)
{
    uint8_t hash[CS_HASH_SIZE];
    const struct cs_bytes parts[] = {
        cs_bytes_make(cs_state_chain_before(state, index), CS_CHAIN_SIZE),
        cs_bytes_of_array(state->frame[index - 1].nonce)};
    cs_hash_keyed("countersign log chain 1", cs_secret_bytes(state->key), parts, CS_COUNT(parts),
                  hash);
    memcpy(state->frame[index - 1].chain, hash, CS_CHAIN_SIZE);
}

void cs_state_frame_set(struct cs_state *state, uint32_t index, uint32_t page,
                        const uint8_t nonce[static CS_PAGE_NONCE_SIZE])
{
    cs_require(index >= 1 && index <= state->frame_count + 1 && index <= state->frame_capacity);
    cs_require(page >= 1 && page <= state->page_capacity);
    if (index <= state->applied) {
        cs_state_undo(state, index);
    }
    struct cs_state_frame *frame = &state->frame[index - 1];
    *frame = (struct cs_state_frame){.page = page};
    memcpy(frame->nonce, nonce, CS_PAGE_NONCE_SIZE);
    go_on_chain(state, index);
    state->frame_count = index > state->frame_count ? index : state->frame_count;
}

void cs_state_commit(struct cs_state *state, uint32_t index, uint32_t pages)
{
    cs_require(index > state->applied && index <= state->frame_count);
    cs_require(pages >= 1 && pages <= state->page_capacity);
    for (uint32_t i = state->applied + 1; i <= index; i++) {
        struct cs_state_frame *frame = &state->frame[i - 1];
        frame->commit = false;
        frame->previous = state->page[frame->page - 1].frame;
        let_count(state, frame->page, i);
    }
    state->applied = index;
    state->frame[index - 1].commit = true;
    state->frame[index - 1].pages_before = state->pages;
    set_pages(state, pages);
    state->commit++;
}
