/*
 * Columns: how the values of many operations or rows stand one after another (PROTOCOL.md, chapter "Columns").
 *
 * Used only inside shared/wire, by body and rows. Each column is a small state that writer and reader carry from entry
 * to entry; an entry is one CBOR item. Readers report through the CBOR reader's sticky status.
 */
#ifndef CS_WIRE_COLUMNS_H
#define CS_WIRE_COLUMNS_H

#include "shared/base/id.h"
#include "shared/base/memory.h"
#include "shared/base/version.h"
#include "shared/wire/cbor.h"

/* Ids in the layout of base/id.h. Zero-initialise. */
struct cs_id_column {
    struct cs_id previous;
};
void cs_id_column_put(struct cs_id_column *column, struct cs_buffer *out, const struct cs_id *id);
struct cs_id cs_id_column_take(struct cs_id_column *column, struct cs_cbor_reader *reader);

/* Transaction ids: twelve bytes that stay within a batch, then a counter. Zero-initialise. */
struct cs_transaction_id_column {
    uint8_t previous[16];
};
void cs_transaction_id_column_put(struct cs_transaction_id_column *column, struct cs_buffer *out,
                                  const uint8_t id[static 16]);
void cs_transaction_id_column_take(struct cs_transaction_id_column *column,
                                   struct cs_cbor_reader *reader, uint8_t out[static 16]);

/* Integers as differences, mod 2^64. Zero-initialise. */
struct cs_delta_column {
    int64_t previous;
};
void cs_delta_column_put(struct cs_delta_column *column, struct cs_buffer *out, int64_t value);
int64_t cs_delta_column_take(struct cs_delta_column *column, struct cs_cbor_reader *reader);

/* Lists of versions over a dictionary of logs, which is ascending and borrowed. */
struct cs_base_column {
    const uint64_t *logs;
    size_t log_count;
    struct cs_version previous; /* log: index in the dictionary */
};
/* Every log must be in the dictionary. */
void cs_base_column_put(struct cs_base_column *column, struct cs_buffer *out,
                        struct cs_versions base);
struct cs_versions cs_base_column_take(struct cs_base_column *column, struct cs_cbor_reader *reader,
                                       struct cs_arena *arena);

/* Packed row versions (merge/row_versions.h). Zero-initialise. */
struct cs_row_version_column {
    bool started;
    struct cs_version previous;
};
void cs_row_version_column_put(struct cs_row_version_column *column, struct cs_buffer *out,
                               struct cs_bytes packed);
/* A view into the input or bytes in the arena. */
struct cs_bytes cs_row_version_column_take(struct cs_row_version_column *column,
                                           struct cs_cbor_reader *reader, struct cs_arena *arena);

/* A whole column of values: [form, [value …]]. A missing value (NULL pointer) counts as CS_VALUE_NULL. */
void cs_value_column_put(struct cs_buffer *out, const struct cs_value *const *values, size_t count);

struct cs_value_column {
    bool of_ids;
    struct cs_id_column ids;
    struct cs_id *id_storage; /* in the arena; what id values point to */
};
/* enter, take exactly `count` times, leave. */
void cs_value_column_enter(struct cs_value_column *column, struct cs_cbor_reader *reader,
                           size_t count, struct cs_arena *arena);
struct cs_value cs_value_column_take(struct cs_value_column *column, struct cs_cbor_reader *reader);
void cs_value_column_leave(struct cs_value_column *column, struct cs_cbor_reader *reader);

/* Sets the reader's status unless it has failed already. */
void cs_cbor_fail(struct cs_cbor_reader *reader, enum cs_status status);
/* A name: text of 1 to CS_NAME_MAX bytes. */
struct cs_bytes cs_cbor_take_name(struct cs_cbor_reader *reader);
bool cs_name_valid(struct cs_bytes name);
/* Ascending without doubles, counters within int64, at most CS_BASES_PER_FIELD_MAX. */
enum cs_status cs_base_check(struct cs_versions base) CS_MUST_USE;

#endif
