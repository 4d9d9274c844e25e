/*
 * Heap blocks that are overwritten when they are freed: for libraries that let us say where their memory comes from and that handle
 * passwords on the way (the XML and JSON parsers, zlib, Argon2). A block knows its size; a null pointer may be freed.
 */
#ifndef CS_BASE_WIPED_H
#define CS_BASE_WIPED_H

#include <stddef.h>

/* As cs_alloc. */
void *cs_wiped_alloc(size_t size);
/* As realloc, always into a new block; the old one is overwritten. On failure it stays. */
void *cs_wiped_resize(void *block, size_t size);
void cs_wiped_free(void *block);

#endif
