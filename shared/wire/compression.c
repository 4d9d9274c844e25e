/* Compression, see compression.h. */
#include "shared/wire/compression.h"

#include <zstd.h>
#include <zstd_errors.h>

/* Chosen by measurement, see PROTOCOL.md, chapter "Compression". Any level decodes the same. */
#define LEVEL 9

/* First bytes of a zstd frame, RFC 8878 §3.1.1; skippable frames have others. */
static bool is_frame(struct cs_bytes frame)
{
    static const uint8_t magic[4] = {0x28, 0xb5, 0x2f, 0xfd};
    return frame.size >= sizeof magic &&
           cs_bytes_equal(cs_bytes_make(frame.data, sizeof magic), cs_bytes_of_array(magic));
}

enum cs_status cs_compress(struct cs_bytes plain, struct cs_buffer *out)
{
    if (out->status != CS_OK) {
        return out->status;
    }
    size_t size_before = out->size;
    size_t room = out->limit - out->size;
    size_t bound = ZSTD_compressBound(plain.size);
    size_t capacity = bound < room ? bound : room;
    uint8_t *place = cs_buffer_extend(out, capacity);
    if (place == NULL) {
        return out->status;
    }
    size_t size = ZSTD_compress(place, capacity, plain.data, plain.size, LEVEL);
    if (ZSTD_isError(size)) {
        out->size = size_before;
        out->status =
            ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation ? CS_NO_MEMORY : CS_LIMIT;
        return out->status;
    }
    out->size = size_before + size;
    return CS_OK;
}

/* Size that the frame claims its content has, at most `size_max`. */
static enum cs_status content_size(struct cs_bytes frame, size_t size_max, size_t *out)
{
    if (!is_frame(frame) || ZSTD_findFrameCompressedSize(frame.data, frame.size) != frame.size ||
        ZSTD_getDictID_fromFrame(frame.data, frame.size) != 0) {
        return CS_MALFORMED;
    }
    unsigned long long size = ZSTD_getFrameContentSize(frame.data, frame.size);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) {
        return CS_MALFORMED;
    }
    if (size > size_max) {
        return CS_LIMIT;
    }
    *out = (size_t)size;
    return CS_OK;
}

/* Content that is more or less than the frame claims is a lie, not a limit. */
static enum cs_status decompress_exactly(struct cs_bytes frame, uint8_t *place, size_t size)
{
    size_t written = ZSTD_decompress(place, size, frame.data, frame.size);
    if (ZSTD_isError(written) && ZSTD_getErrorCode(written) == ZSTD_error_memory_allocation) {
        return CS_NO_MEMORY;
    }
    return written == size ? CS_OK : CS_MALFORMED;
}

enum cs_status cs_decompress(struct cs_bytes frame, size_t size_max, struct cs_buffer *out)
{
    if (out->status != CS_OK) {
        return out->status;
    }
    size_t room = out->limit - out->size;
    size_t size = 0;
    enum cs_status status = content_size(frame, size_max < room ? size_max : room, &size);
    if (status != CS_OK) {
        return status;
    }
    size_t size_before = out->size;
    uint8_t *place = size == 0 ? NULL : cs_buffer_extend(out, size);
    if (place == NULL && out->status != CS_OK) {
        return out->status;
    }
    status = decompress_exactly(frame, place, size);
    if (status != CS_OK) {
        out->size = size_before;
    }
    return status;
}

enum cs_status cs_decompress_to_arena(struct cs_bytes frame, size_t size_max,
                                      struct cs_arena *arena, struct cs_bytes *out)
{
    size_t size = 0;
    enum cs_status status = content_size(frame, size_max, &size);
    if (status != CS_OK) {
        return status;
    }
    uint8_t *place = cs_arena_take(arena, size);
    if (place == NULL) {
        return CS_NO_MEMORY;
    }
    status = decompress_exactly(frame, place, size);
    if (status == CS_OK) {
        *out = cs_bytes_make(place, size);
    }
    return status;
}
