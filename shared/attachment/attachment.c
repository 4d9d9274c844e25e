/* Chunks of attachments, see attachment.h and FORMAT.md. */
#include "shared/attachment/attachment.h"

#include "shared/base/limits.h"

#include <string.h>

#define LABEL "countersign attachment 1"
/* organisation, size, chunk size, index, last */
#define ASSOCIATED_SIZE (CS_HASH_SIZE + 8 + 8 + 4 + 1)

enum cs_status cs_attachment_form_check(const struct cs_attachment_form *form)
{
    if (form->chunk_size < CS_ATTACHMENT_CHUNK_MIN || form->chunk_size > CS_ATTACHMENT_CHUNK_MAX) {
        return CS_INVALID;
    }
    if (form->size > CS_ATTACHMENT_SIZE_MAX ||
        form->size > form->chunk_size * CS_ATTACHMENT_CHUNKS_MAX) {
        return CS_TOO_LARGE;
    }
    return CS_OK;
}

size_t cs_attachment_chunk_count(const struct cs_attachment_form *form)
{
    return form->size == 0 ? 1 : (size_t)((form->size - 1) / form->chunk_size) + 1;
}

size_t cs_attachment_chunk_plain_size(const struct cs_attachment_form *form, size_t index)
{
    size_t count = cs_attachment_chunk_count(form);
    cs_require(index < count);
    return index + 1 < count ? (size_t)form->chunk_size
                             : (size_t)(form->size - (uint64_t)index * form->chunk_size);
}

size_t cs_attachment_chunk_size(const struct cs_attachment_form *form, size_t index)
{
    return cs_attachment_chunk_plain_size(form, index) + CS_AEAD_OVERHEAD;
}

size_t cs_attachment_list_size(const struct cs_attachment_form *form)
{
    return cs_attachment_chunk_count(form) * CS_HASH_SIZE;
}

uint64_t cs_attachment_stored_size(const struct cs_attachment_form *form)
{
    uint64_t count = cs_attachment_chunk_count(form);
    return form->size + count * (CS_HASH_SIZE + CS_AEAD_OVERHEAD);
}

uint64_t cs_attachment_chunk_offset(const struct cs_attachment_form *form, size_t index)
{
    return cs_attachment_list_size(form) + (uint64_t)index * (form->chunk_size + CS_AEAD_OVERHEAD);
}

/* Fixed order and sizes, so nothing in it needs a length. */
static enum cs_status associated_data(const struct cs_attachment_place *place,
                                      struct cs_buffer *out)
{
    bool last = place->index + 1 == cs_attachment_chunk_count(&place->form);
    cs_buffer_init(out, ASSOCIATED_SIZE);
    cs_buffer_append(out, place->organisation, CS_HASH_SIZE);
    cs_buffer_append_u64(out, place->form.size);
    cs_buffer_append_u64(out, place->form.chunk_size);
    cs_buffer_append_u32(out, (uint32_t)place->index);
    cs_buffer_append_u8(out, last ? 1 : 0);
    return out->status;
}

enum cs_status cs_attachment_chunk_seal(struct cs_bytes key,
                                        const struct cs_attachment_place *place,
                                        struct cs_bytes plain,
                                        const uint8_t nonce[static CS_AEAD_NONCE_SIZE],
                                        struct cs_buffer *out)
{
    struct cs_buffer associated;
    if (plain.size != cs_attachment_chunk_plain_size(&place->form, place->index)) {
        return CS_INVALID;
    }
    enum cs_status status = associated_data(place, &associated);
    if (status == CS_OK) {
        status = cs_aead_encrypt(key, LABEL, cs_buffer_bytes(&associated), plain, nonce, out);
    }
    cs_buffer_release(&associated);
    return status;
}

enum cs_status cs_attachment_chunk_open(struct cs_bytes key,
                                        const struct cs_attachment_place *place,
                                        struct cs_bytes chunk, struct cs_buffer *out)
{
    struct cs_buffer associated;
    if (place->index >= cs_attachment_chunk_count(&place->form) ||
        chunk.size != cs_attachment_chunk_size(&place->form, place->index)) {
        return CS_MALFORMED;
    }
    enum cs_status status = associated_data(place, &associated);
    if (status == CS_OK) {
        status = cs_aead_decrypt(key, LABEL, cs_buffer_bytes(&associated), chunk, out);
    }
    cs_buffer_release(&associated);
    return status;
}

void cs_attachment_chunk_hash(struct cs_bytes chunk, uint8_t out[static CS_HASH_SIZE])
{
    cs_hash("countersign attachment chunk", chunk, out);
}

void cs_attachment_address(const struct cs_attachment_form *form, struct cs_bytes list,
                           uint8_t out[static CS_HASH_SIZE])
{
    uint8_t numbers[16];
    for (size_t i = 0; i < 8; i++) {
        numbers[i] = (uint8_t)(form->size >> (56 - 8 * i));
        numbers[8 + i] = (uint8_t)(form->chunk_size >> (56 - 8 * i));
    }
    const struct cs_bytes parts[] = {cs_bytes_of_array(numbers), list};
    cs_hash_parts("countersign attachment", parts, CS_COUNT(parts), out);
}

enum cs_status cs_attachment_list_check(const struct cs_attachment_form *form,
                                        const uint8_t address[static CS_HASH_SIZE],
                                        struct cs_bytes list)
{
    uint8_t own[CS_HASH_SIZE];
    if (list.size != cs_attachment_list_size(form)) {
        return CS_MALFORMED;
    }
    cs_attachment_address(form, list, own);
    return memcmp(own, address, sizeof own) == 0 ? CS_OK : CS_FORGED;
}

enum cs_status cs_attachment_chunk_check(const struct cs_attachment_form *form,
                                         struct cs_bytes list, size_t index, struct cs_bytes chunk)
{
    uint8_t hash[CS_HASH_SIZE];
    if (index >= cs_attachment_chunk_count(form) || list.size != cs_attachment_list_size(form) ||
        chunk.size != cs_attachment_chunk_size(form, index)) {
        return CS_MALFORMED;
    }
    cs_attachment_chunk_hash(chunk, hash);
    return memcmp(hash, list.data + index * CS_HASH_SIZE, sizeof hash) == 0 ? CS_OK : CS_FORGED;
}
