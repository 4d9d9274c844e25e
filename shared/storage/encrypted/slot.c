/* Slots and header, see slot.h. */
#include "shared/storage/encrypted/slot.h"

#include <string.h>

#define MAGIC "CSDB"
#define FORMAT 1u
#define COMMITMENT_OFFSET (CS_SLOT_PAGE_SIZE - CS_HASH_SIZE)
#define ASSOCIATED_LABEL "countersign page 1"
#define ASSOCIATED_LABEL_SIZE (sizeof ASSOCIATED_LABEL - 1)
#define ASSOCIATED_SIZE (1 + ASSOCIATED_LABEL_SIZE + CS_SLOT_ID_SIZE + 4 + 1 + 4)

void cs_put_u32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

void cs_put_u64(uint8_t *to, uint64_t value)
{
    cs_put_u32(to, (uint32_t)(value >> 32));
    cs_put_u32(to + 4, (uint32_t)value);
}

uint32_t cs_get_u32(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

uint64_t cs_get_u64(const uint8_t *from)
{
    return (uint64_t)cs_get_u32(from) << 32 | cs_get_u32(from + 4);
}

bool cs_is_zero(const uint8_t *bytes, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

static enum cs_status derive(const char *label, struct cs_bytes file_key,
                             const struct cs_slot_keys *keys, struct cs_secret **out)
{
    uint8_t epoch[4];
    cs_put_u32(epoch, keys->epoch);
    const struct cs_bytes parts[] = {cs_bytes_of_array(keys->id), cs_bytes_of_array(epoch)};
    enum cs_status status = cs_secret_create(CS_HASH_SIZE, out);
    if (status == CS_OK) {
        cs_hash_keyed(label, file_key, parts, CS_COUNT(parts), cs_secret_data(*out));
    }
    return status;
}

enum cs_status cs_slot_keys_derive(struct cs_bytes file_key, struct cs_slot_keys *keys)
{
    struct cs_secret *page = NULL;
    struct cs_secret *anchor = NULL;
    enum cs_status status = derive("countersign database pages 1", file_key, keys, &page);
    if (status == CS_OK) {
        status = derive("countersign database anchor 1", file_key, keys, &anchor);
    }
    if (status != CS_OK) {
        cs_secret_destroy(page);
        return status;
    }
    cs_slot_keys_release(keys);
    keys->page = page;
    keys->anchor = anchor;
    return CS_OK;
}

void cs_slot_keys_release(struct cs_slot_keys *keys)
{
    cs_secret_destroy(keys->page);
    cs_secret_destroy(keys->anchor);
    keys->page = keys->anchor = NULL;
}

static void make_associated(const struct cs_slot_keys *keys, enum cs_slot_kind kind,
                            uint32_t number, uint8_t out[static ASSOCIATED_SIZE])
{
    uint8_t *at = out;
    *at++ = ASSOCIATED_LABEL_SIZE;
    memcpy(at, ASSOCIATED_LABEL, ASSOCIATED_LABEL_SIZE);
    at += ASSOCIATED_LABEL_SIZE;
    memcpy(at, keys->id, CS_SLOT_ID_SIZE);
    at += CS_SLOT_ID_SIZE;
    cs_put_u32(at, keys->epoch);
    at[4] = (uint8_t)kind;
    cs_put_u32(at + 5, number);
}

void cs_slot_seal(const struct cs_slot_keys *keys, enum cs_slot_kind kind, uint32_t number,
                  const uint8_t nonce[static CS_PAGE_NONCE_SIZE], uint8_t *slot,
                  size_t content_size)
{
    uint8_t associated[ASSOCIATED_SIZE];
    make_associated(keys, kind, number, associated);
    memcpy(slot + content_size, nonce, CS_PAGE_NONCE_SIZE);
    cs_page_encrypt(cs_secret_bytes(keys->page), nonce, cs_bytes_of_array(associated), slot,
                    content_size, slot + content_size + CS_PAGE_NONCE_SIZE);
}

bool cs_slot_open(const struct cs_slot_keys *keys, enum cs_slot_kind kind, uint32_t number,
                  uint8_t *slot, size_t content_size)
{
    uint8_t associated[ASSOCIATED_SIZE];
    make_associated(keys, kind, number, associated);
    return cs_page_decrypt(cs_secret_bytes(keys->page), slot + content_size,
                           cs_bytes_of_array(associated), slot, content_size,
                           slot + content_size + CS_PAGE_NONCE_SIZE) == CS_OK;
}

static void commit(struct cs_bytes file_key, const uint8_t *header,
                   uint8_t out[static CS_HASH_SIZE])
{
    const struct cs_bytes part = cs_bytes_make(header, COMMITMENT_OFFSET);
    cs_hash_keyed("countersign database header 1", file_key, &part, 1, out);
}

void cs_slot_header_make(struct cs_bytes file_key, const uint8_t id[static CS_SLOT_ID_SIZE],
                         uint32_t epoch, uint8_t out[static CS_SLOT_PAGE_SIZE])
{
    memset(out, 0, CS_SLOT_PAGE_SIZE);
    memcpy(out, MAGIC, 4);
    cs_put_u32(out + 4, FORMAT);
    memcpy(out + 8, id, CS_SLOT_ID_SIZE);
    cs_put_u32(out + 8 + CS_SLOT_ID_SIZE, epoch);
    commit(file_key, out, out + COMMITMENT_OFFSET);
}

bool cs_slot_header_check(struct cs_bytes file_key, uint32_t epoch,
                          const uint8_t header[static CS_SLOT_PAGE_SIZE],
                          uint8_t out_id[static CS_SLOT_ID_SIZE])
{
    uint8_t commitment[CS_HASH_SIZE];
    commit(file_key, header, commitment);
    if (!cs_secret_equal(cs_bytes_of_array(commitment),
                         cs_bytes_make(header + COMMITMENT_OFFSET, CS_HASH_SIZE)) ||
        memcmp(header, MAGIC, 4) != 0 || cs_get_u32(header + 4) != FORMAT ||
        cs_get_u32(header + 8 + CS_SLOT_ID_SIZE) != epoch) {
        return false;
    }
    memcpy(out_id, header + 8, CS_SLOT_ID_SIZE);
    return true;
}

bool cs_slot_header_may_be_torn(const uint8_t header[static CS_SLOT_PAGE_SIZE])
{
    return memcmp(header, MAGIC, 4) == 0 || cs_is_zero(header, 4);
}
