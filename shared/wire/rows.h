/*
 * Rows as the server sends them: confirmed state, columnar (PROTOCOL.md, chapter "Rows"). Pure.
 */
#ifndef CS_WIRE_ROWS_H
#define CS_WIRE_ROWS_H

#include "shared/base/id.h"
#include "shared/base/memory.h"
#include "shared/base/value.h"

struct cs_row {
    struct cs_bytes entity; /* name */
    struct cs_id id;
    bool deleted;
    uint32_t scope_set;            /* index in the response's list of scope sets */
    struct cs_bytes versions;      /* packed, see merge/row_versions.h */
    struct cs_named_value *fields; /* non-NULL ones, any order, names unique */
    size_t field_count;
};

/* Appends uncompressed CBOR. Order of rows is kept. */
enum cs_status cs_rows_encode(const struct cs_row *rows, size_t count,
                              struct cs_buffer *out) CS_MUST_USE;
enum cs_status cs_rows_decode(struct cs_bytes bytes, struct cs_arena *arena,
                              struct cs_row **out_rows, size_t *out_count) CS_MUST_USE;
/* The same without copying: names, texts and bytes are views of `bytes`, which must live as long as the arena. */
enum cs_status cs_rows_decode_borrowing(struct cs_bytes bytes, struct cs_arena *arena,
                                        struct cs_row **out_rows, size_t *out_count) CS_MUST_USE;

#endif
