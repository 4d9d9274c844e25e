/*
 * The state of an encrypted database in memory: which version of each page counts, and the sum over them (FORMAT.md, "Anchor").
 *
 * The main file and the log's frames are noted as they are written; commits can be undone down to any earlier one of the same
 * generation. Nothing but arithmetic and memory; indexes and page numbers count from 1.
 */
#ifndef CS_ENCRYPTED_STATE_H
#define CS_ENCRYPTED_STATE_H

#include "shared/storage/encrypted/slot.h"

/* Names all versions in the log up to a frame. */
#define CS_CHAIN_SIZE 16

struct cs_state_frame {
    uint32_t page;
    uint32_t previous;     /* the frame that counted for this page before; 0: the main file */
    uint32_t pages_before; /* of a commit: pages of the state before it */
    bool commit;
    uint8_t nonce[CS_PAGE_NONCE_SIZE];
    uint8_t chain[CS_CHAIN_SIZE];
};

struct cs_state_page {
    uint32_t frame;                    /* that counts for this page; 0: the main file */
    uint8_t nonce[CS_PAGE_NONCE_SIZE]; /* in the main file; zeroes: a hole */
};

struct cs_state {
    const struct cs_secret *key;
    struct cs_state_page *page; /* [0] is page 1 */
    uint32_t page_capacity;
    uint32_t main_pages;
    struct cs_multiset main_sum;
    struct cs_state_frame *frame; /* [0] is frame 1 */
    uint32_t frame_capacity;
    uint32_t frame_count; /* frames whose content is known */
    uint32_t applied;     /* the last commit: frames up to it count */
    uint32_t pages;       /* of the state */
    struct cs_multiset sum;
    uint64_t commit; /* number of commits since the file was made */
};

/* `key` (the anchor key) is borrowed. */
void cs_state_init(struct cs_state *state, const struct cs_secret *key);
void cs_state_release(struct cs_state *state);

/* Room for these numbers, so that nothing below can fail. CS_NO_MEMORY. */
enum cs_status cs_state_reserve(struct cs_state *state, uint32_t page, uint32_t frame) CS_MUST_USE;

/* The main file holds this version of the page now. A NULL nonce makes a hole. */
void cs_state_main_set(struct cs_state *state, uint32_t page, const uint8_t *nonce);
void cs_state_main_truncate(struct cs_state *state, uint32_t pages);
/* NULL: a hole, or behind the end. */
const uint8_t *cs_state_main_nonce(const struct cs_state *state, uint32_t page);

/* The main file is the state from here on; no frame counts. */
void cs_state_begin_generation(struct cs_state *state);
/* Frame `index` ≤ frame_count + 1 was written. Undoes commits down to before it. */
void cs_state_frame_set(struct cs_state *state, uint32_t index, uint32_t page,
                        const uint8_t nonce[static CS_PAGE_NONCE_SIZE]);
/* The chain up to the frame before `index`; zeroes for the first. */
const uint8_t *cs_state_chain_before(const struct cs_state *state, uint32_t index);
/* The transaction that ends with frame `index` > applied counts from here on, in a database of so many pages. */
void cs_state_commit(struct cs_state *state, uint32_t index, uint32_t pages);
/* Back to the last commit before frame `index`. */
void cs_state_undo(struct cs_state *state, uint32_t index);

#endif
