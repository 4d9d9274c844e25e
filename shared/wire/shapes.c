/* Shapes, see shapes.h. */
#include "shared/wire/shapes.h"

#include "shared/base/limits.h"
#include "shared/wire/columns.h"

/* FNV-1a, 64 bits; collisions only cost a comparison. */
#define FNV_PRIME UINT64_C(0x100000001b3)

uint64_t cs_shape_hash_name(uint64_t hash, struct cs_bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        hash = (hash ^ name.data[i]) * FNV_PRIME;
    }
    return (hash ^ 0xff) * FNV_PRIME; /* a byte that no UTF-8 name has: ends the name */
}

size_t cs_shapes_size(const struct cs_shapes *shapes, size_t shape)
{
    return shapes->starts[shape + 1] - shapes->starts[shape];
}

/* Fills starts and order from shape_of (counting sort, stable). */
static enum cs_status sort_by_shape(struct cs_shapes *shapes, struct cs_arena *arena)
{
    size_t count = shapes->shape_count;
    shapes->starts = cs_arena_take_array(arena, count + 1, sizeof *shapes->starts);
    shapes->order = cs_arena_take_array(arena, shapes->item_count, sizeof *shapes->order);
    uint32_t *next = cs_arena_take_array(arena, count + 1, sizeof *next);
    if (shapes->starts == NULL || shapes->order == NULL || next == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < shapes->item_count; i++) {
        shapes->starts[shapes->shape_of[i] + 1]++;
    }
    for (size_t shape = 0; shape < count; shape++) {
        shapes->starts[shape + 1] += shapes->starts[shape];
        next[shape] = shapes->starts[shape];
    }
    for (size_t i = 0; i < shapes->item_count; i++) {
        shapes->order[next[shapes->shape_of[i]]++] = (uint32_t)i;
    }
    return CS_OK;
}

/* The shapes found so far: hash and first item of each. */
struct found {
    uint64_t *hashes;
    size_t *items;
    size_t count;
    size_t capacity;
};

/* The shape of an item, a new one if need be. false when there is no room for a new one. */
static bool find_shape(const struct cs_shape_rules *rules, size_t item, struct found *found,
                       uint32_t *out)
{
    uint64_t hash = rules->hash(rules->items, item);
    size_t shape = 0;
    while (shape < found->count && (found->hashes[shape] != hash ||
                                    !rules->same(rules->items, found->items[shape], item))) {
        shape++;
    }
    if (shape == found->count) {
        if (found->count == found->capacity) {
            return false;
        }
        found->hashes[shape] = hash;
        found->items[shape] = item;
        found->count++;
    }
    *out = (uint32_t)shape;
    return true;
}

enum cs_status cs_shapes_assign(const struct cs_shape_rules *rules, size_t item_count,
                                struct cs_arena *arena, struct cs_shapes *out)
{
    struct cs_shapes shapes = {.item_count = item_count};
    struct found found = {0};
    found.capacity = item_count < CS_SHAPES_PER_BATCH_MAX ? item_count : CS_SHAPES_PER_BATCH_MAX;
    found.hashes = cs_arena_take_array(arena, found.capacity, sizeof *found.hashes);
    found.items = cs_arena_take_array(arena, found.capacity, sizeof *found.items);
    shapes.shape_of = cs_arena_take_array(arena, item_count, sizeof *shapes.shape_of);
    if (found.hashes == NULL || found.items == NULL || shapes.shape_of == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < item_count; i++) {
        if (i > 0 && rules->same(rules->items, i - 1, i)) {
            shapes.shape_of[i] = shapes.shape_of[i - 1];
        } else if (!find_shape(rules, i, &found, &shapes.shape_of[i])) {
            return CS_TOO_LARGE;
        }
    }
    shapes.shape_count = found.count;
    enum cs_status status = sort_by_shape(&shapes, arena);
    if (status == CS_OK) {
        *out = shapes;
    }
    return status;
}

/* Items from `from` on that share its shape. */
static size_t run_length(const struct cs_shapes *shapes, size_t from)
{
    size_t end = from + 1;
    while (end < shapes->item_count && shapes->shape_of[end] == shapes->shape_of[from]) {
        end++;
    }
    return end - from;
}

void cs_shapes_put(const struct cs_shapes *shapes, struct cs_buffer *out)
{
    size_t run_count = 0;
    for (size_t i = 0; i < shapes->item_count; i += run_length(shapes, i)) {
        run_count++;
    }
    cs_cbor_put_array(out, 2 * run_count);
    for (size_t i = 0; i < shapes->item_count;) {
        size_t length = run_length(shapes, i);
        cs_cbor_put_unsigned(out, shapes->shape_of[i]);
        cs_cbor_put_unsigned(out, length);
        i += length;
    }
}

/* Reads one run and fills in the shape of its items; false after a failure. */
static bool take_run(struct cs_cbor_reader *reader, struct cs_shapes *shapes, size_t *position)
{
    uint64_t shape = cs_cbor_take_unsigned(reader);
    uint64_t length = cs_cbor_take_unsigned(reader);
    if (shape > shapes->shape_count || length == 0 || length > shapes->item_count - *position) {
        cs_cbor_fail(reader, CS_MALFORMED);
    } else if (shape >= CS_SHAPES_PER_BATCH_MAX) {
        cs_cbor_fail(reader, CS_LIMIT);
    }
    if (reader->status != CS_OK) {
        return false;
    }
    if (shape == shapes->shape_count) {
        shapes->shape_count++;
    }
    for (uint64_t i = 0; i < length; i++) {
        shapes->shape_of[(*position)++] = (uint32_t)shape;
    }
    return true;
}

void cs_shapes_take(struct cs_cbor_reader *reader, size_t item_count, struct cs_arena *arena,
                    struct cs_shapes *out)
{
    struct cs_shapes shapes = {.item_count = item_count};
    size_t size = cs_cbor_enter_array(reader, SIZE_MAX);
    if (size > 2 * item_count) {
        cs_cbor_fail(reader, CS_MALFORMED);
    }
    if (reader->status != CS_OK) {
        return;
    }
    shapes.shape_of = cs_arena_take_array(arena, item_count, sizeof *shapes.shape_of);
    if (shapes.shape_of == NULL) {
        cs_cbor_fail(reader, CS_NO_MEMORY);
        return;
    }
    size_t position = 0;
    for (size_t i = 0; i < size / 2; i++) {
        if (!take_run(reader, &shapes, &position)) {
            return;
        }
    }
    if (size % 2 != 0 || position != item_count) {
        cs_cbor_fail(reader, CS_MALFORMED);
        return;
    }
    cs_cbor_leave(reader);
    if (sort_by_shape(&shapes, arena) != CS_OK) {
        cs_cbor_fail(reader, CS_NO_MEMORY);
        return;
    }
    *out = shapes;
}
