/*
 * Shapes: what lets a mixed list of operations or rows stand in columns (PROTOCOL.md, chapter "Shapes").
 *
 * Used only inside shared/wire, by body and rows. Items of one shape have the same columns. Shapes are numbered in the
 * order in which they first appear, so the sequence of shapes alone tells how many there are.
 */
#ifndef CS_WIRE_SHAPES_H
#define CS_WIRE_SHAPES_H

#include "shared/base/memory.h"
#include "shared/wire/cbor.h"

struct cs_shapes {
    size_t item_count;
    uint32_t *shape_of; /* per item */
    size_t shape_count;
    uint32_t *starts; /* per shape, and one more: where its items begin in `order` */
    uint32_t *order;  /* items by shape, each shape's in their original order */
};

/* Items as the caller has them: equality decides, the hash (equal for equals) only makes it fast. */
struct cs_shape_rules {
    const void *items;
    uint64_t (*hash)(const void *items, size_t index);
    bool (*same)(const void *items, size_t a, size_t b);
};

/* Everything lives in the arena. CS_TOO_LARGE over CS_SHAPES_PER_BATCH_MAX. */
enum cs_status cs_shapes_assign(const struct cs_shape_rules *rules, size_t item_count,
                                struct cs_arena *arena, struct cs_shapes *out) CS_MUST_USE;
/* Starts a hash of names; the empty list of names. */
#define CS_SHAPE_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t cs_shape_hash_name(uint64_t hash, struct cs_bytes name);

/* [shape, length, shape, length …] */
void cs_shapes_put(const struct cs_shapes *shapes, struct cs_buffer *out);
/* Exactly `item_count` items, which the caller has bounded by its input. */
void cs_shapes_take(struct cs_cbor_reader *reader, size_t item_count, struct cs_arena *arena,
                    struct cs_shapes *out);
/* Items of one shape. */
size_t cs_shapes_size(const struct cs_shapes *shapes, size_t shape);

#endif
