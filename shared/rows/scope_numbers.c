/* Packed scope numbers, see row_table.h: varints, ascending, no doubles. */
#include "shared/rows/row_table.h"

bool cs_scope_numbers_contain(struct cs_bytes packed, uint64_t number)
{
    struct cs_reader reader;
    cs_reader_init(&reader, packed);
    while (reader.rest.size > 0 && reader.status == CS_OK) {
        uint64_t next = cs_read_varint(&reader);
        if (reader.status == CS_OK && next == number) {
            return true;
        }
    }
    return false;
}

enum change { ADD, REMOVE };

/* Rewrites the list with one number more or less. What is not such a list is damage. */
static enum cs_status rewrite(struct cs_bytes packed, uint64_t number, enum change change,
                              struct cs_arena *arena, struct cs_bytes *out)
{
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, packed.size + 10);
    struct cs_reader reader;
    cs_reader_init(&reader, packed);
    bool placed = change == REMOVE;
    bool ascending = true;
    uint64_t previous = 0;
    for (size_t i = 0; reader.rest.size > 0 && reader.status == CS_OK; i++) {
        uint64_t next = cs_read_varint(&reader);
        ascending = ascending && (i == 0 || next > previous);
        previous = next;
        if (!placed && number <= next) {
            cs_buffer_append_varint(&buffer, number);
            placed = true;
        }
        if (next != number) {
            cs_buffer_append_varint(&buffer, next);
        }
    }
    if (!placed) {
        cs_buffer_append_varint(&buffer, number);
    }
    enum cs_status status = reader.status == CS_OK && ascending ? buffer.status : CS_CORRUPT;
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_buffer_bytes(&buffer), out);
    }
    cs_buffer_release(&buffer);
    return status;
}

enum cs_status cs_scope_numbers_with(struct cs_bytes packed, uint64_t number,
                                     struct cs_arena *arena, struct cs_bytes *out)
{
    return rewrite(packed, number, ADD, arena, out);
}

enum cs_status cs_scope_numbers_without(struct cs_bytes packed, uint64_t number,
                                        struct cs_arena *arena, struct cs_bytes *out)
{
    return rewrite(packed, number, REMOVE, arena, out);
}
