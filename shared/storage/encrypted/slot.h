/*
 * Slots and the header of an encrypted database, as bytes: FORMAT.md, "Keys" and "Main file". No file is touched here.
 */
#ifndef CS_ENCRYPTED_SLOT_H
#define CS_ENCRYPTED_SLOT_H

#include "shared/crypto/hash.h"
#include "shared/crypto/page.h"

#define CS_SLOT_PAGE_SIZE 4096u
/* Nonce and tag, at the end of every slot. */
#define CS_SLOT_TRAILER_SIZE 40u
/* What is encrypted of a page. */
#define CS_SLOT_CONTENT_SIZE (CS_SLOT_PAGE_SIZE - CS_SLOT_TRAILER_SIZE)
/* Below 1 GiB: the page that SQLite locks bytes in is never reached. */
#define CS_SLOT_PAGES_MAX 262143u
#define CS_SLOT_ID_SIZE 16
#define CS_GENERATION_SIZE 24

enum cs_slot_kind {
    CS_SLOT_PAGE = 1,
    CS_SLOT_ANCHOR = 2,
    CS_SLOT_LOG_HEADER = 3,
    CS_SLOT_LOG_FRAME = 4,
};

struct cs_slot_keys {
    struct cs_secret *page;
    struct cs_secret *anchor;
    uint8_t id[CS_SLOT_ID_SIZE];
    uint32_t epoch;
};

/* From the file key (32 bytes) and the id in `keys`; epoch and id must be set. CS_NO_MEMORY. */
enum cs_status cs_slot_keys_derive(struct cs_bytes file_key, struct cs_slot_keys *keys) CS_MUST_USE;
void cs_slot_keys_release(struct cs_slot_keys *keys);

/* `slot` is content, then room for the trailer. */
void cs_slot_seal(const struct cs_slot_keys *keys, enum cs_slot_kind kind, uint32_t number,
                  const uint8_t nonce[static CS_PAGE_NONCE_SIZE], uint8_t *slot,
                  size_t content_size);
/* Decrypts in place; false (and the content wiped) if it is not what was sealed as this. */
bool cs_slot_open(const struct cs_slot_keys *keys, enum cs_slot_kind kind, uint32_t number,
                  uint8_t *slot, size_t content_size) CS_MUST_USE;

/* The header of a main file, 4,096 bytes. */
void cs_slot_header_make(struct cs_bytes file_key, const uint8_t id[static CS_SLOT_ID_SIZE],
                         uint32_t epoch, uint8_t out[static CS_SLOT_PAGE_SIZE]);
/* false if it is none, was changed, or was made with another file key or epoch. */
bool cs_slot_header_check(struct cs_bytes file_key, uint32_t epoch,
                          const uint8_t header[static CS_SLOT_PAGE_SIZE],
                          uint8_t out_id[static CS_SLOT_ID_SIZE]) CS_MUST_USE;
/* Does it begin like one, or with nothing, as one does of which not all was written? */
bool cs_slot_header_may_be_torn(const uint8_t header[static CS_SLOT_PAGE_SIZE]) CS_MUST_USE;

void cs_put_u32(uint8_t *to, uint32_t value);
void cs_put_u64(uint8_t *to, uint64_t value);
uint32_t cs_get_u32(const uint8_t *from);
uint64_t cs_get_u64(const uint8_t *from);
bool cs_is_zero(const uint8_t *bytes, size_t size);

#endif
