/* gzip, see gzip.h. */
#include "field-client/password_files/gzip.h"

#include "shared/base/memory.h"
#include "shared/base/wiped.h"

#include <limits.h>
#include <string.h>
#define ZLIB_CONST 1
#include <zlib.h>

/* zlib's way to say "with gzip's header and trailer". */
#define GZIP_WINDOW_BITS (15 + 16)
#define MEMORY_LEVEL 8

static void *take(void *context, unsigned count, unsigned size)
{
    (void)context;
    return size != 0 && count > SIZE_MAX / size ? NULL : cs_wiped_alloc((size_t)count * size);
}

static void give_back(void *context, void *block)
{
    (void)context;
    cs_wiped_free(block);
}

static enum cs_status status_of(int code)
{
    switch (code) {
    case Z_OK:
    case Z_STREAM_END:
        return CS_OK;
    case Z_MEM_ERROR:
        return CS_NO_MEMORY;
    default:
        return CS_MALFORMED;
    }
}

typedef int step_function(z_streamp stream, int flush);

/* Runs inflate or deflate to its end, appending to `out` by pieces. */
static enum cs_status run(z_stream *stream, step_function *step, struct cs_buffer *out)
{
    uint8_t piece[4096];
    int code = Z_OK;
    while (code == Z_OK && out->status == CS_OK) {
        stream->next_out = piece;
        stream->avail_out = sizeof piece;
        code = step(stream, Z_FINISH);
        /* With room left and no end in sight the input is too short. */
        bool is_full = stream->avail_out == 0;
        cs_buffer_append(out, piece, sizeof piece - stream->avail_out);
        code = code == Z_BUF_ERROR && is_full ? Z_OK : code;
    }
    cs_wipe(piece, sizeof piece);
    return out->status != CS_OK ? out->status : status_of(code);
}

/* zlib does not write through its input; its type says so only from a macro on. */
static void set_input(z_stream *stream, struct cs_bytes bytes)
{
    stream->next_in = bytes.data;
    stream->avail_in = (unsigned)bytes.size;
    stream->zalloc = take;
    stream->zfree = give_back;
}

static void undo(struct cs_buffer *out, size_t size_before)
{
    if (out->size > size_before) {
        cs_wipe(out->data + size_before, out->size - size_before);
        out->size = size_before;
    }
}

enum cs_status cs_gunzip(struct cs_bytes packed, struct cs_buffer *out)
{
    z_stream stream = {0};
    size_t size_before = out->size;
    if (packed.size > UINT_MAX) {
        return CS_LIMIT;
    }
    set_input(&stream, packed);
    enum cs_status status = status_of(inflateInit2(&stream, GZIP_WINDOW_BITS));
    if (status != CS_OK) {
        return status;
    }
    status = run(&stream, inflate, out);
    status = status == CS_OK && stream.avail_in > 0 ? CS_MALFORMED : status;
    (void)inflateEnd(&stream);
    if (status != CS_OK) {
        undo(out, size_before);
    }
    return status;
}

enum cs_status cs_gzip(struct cs_bytes bytes, struct cs_buffer *out)
{
    z_stream stream = {0};
    size_t size_before = out->size;
    if (bytes.size > UINT_MAX) {
        return CS_LIMIT;
    }
    set_input(&stream, bytes);
    enum cs_status status =
        status_of(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS,
                               MEMORY_LEVEL, Z_DEFAULT_STRATEGY));
    if (status != CS_OK) {
        return status;
    }
    status = run(&stream, deflate, out);
    (void)deflateEnd(&stream);
    if (status != CS_OK) {
        undo(out, size_before);
    }
    return status;
}
