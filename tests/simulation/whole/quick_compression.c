/*
 * Compression at the quickest level and with one context, and unpacking with one: how small messages get is measured elsewhere, and
 * making contexts anew for each is a twentieth of a run. Any level decodes the same.
 *
 * Replaces ZSTD_compress and ZSTD_decompress at link time.
 */
#include <stddef.h>
#include <zstd.h>

size_t __wrap_ZSTD_compress(void *target, size_t capacity, const void *source, size_t size,
                            int level);
size_t __wrap_ZSTD_decompress(void *target, size_t capacity, const void *source, size_t size);

size_t __wrap_ZSTD_compress(void *target, size_t capacity, const void *source, size_t size,
                            int level)
{
    static _Thread_local ZSTD_CCtx *context;
    (void)level;
    if (context == NULL) {
        context = ZSTD_createCCtx();
    }
    return ZSTD_compressCCtx(context, target, capacity, source, size, 1);
}

size_t __wrap_ZSTD_decompress(void *target, size_t capacity, const void *source, size_t size)
{
    static _Thread_local ZSTD_DCtx *context;
    if (context == NULL) {
        context = ZSTD_createDCtx();
    }
    return ZSTD_decompressDCtx(context, target, capacity, source, size);
}
