/* Rows the server makes itself: conflicts, exceptions, refusals, devices. */
#ifndef CS_SERVER_RECONCILE_COMPUTED_H
#define CS_SERVER_RECONCILE_COMPUTED_H

#include "sync-server/reconcile/context.h"

/* An id that is the same whenever the server makes the row again: cs_hash_parts over the parts, in UUIDv8 form. */
void cs_computed_id(const char *label, const struct cs_bytes *parts, size_t part_count,
                    struct cs_id *out);

struct cs_computed_value {
    const char *field;
    struct cs_value value;
};

/* Makes the row, or changes the fields that differ; people's own fields (a note) stay. Values must live in the arena. */
enum cs_status cs_computed_put(struct cs_reconcile *reconcile, const char *entity,
                               const struct cs_id *id, const struct cs_computed_value *values,
                               size_t count) CS_MUST_USE;

/* A field's value in a working row; NULL value if the row or field is not there. */
struct cs_value cs_working_value(const struct cs_working_row *row, const char *field);
struct cs_value cs_stored_value(const struct cs_stored_row *row, const char *field);
/* What people call the row: its label field; in the arena. Falls back to the id. */
enum cs_status cs_row_label(struct cs_reconcile *reconcile, const struct cs_stored_row *row,
                            struct cs_bytes *out) CS_MUST_USE;
/* Text in the arena, printf-like, cut at 4,000 bytes. */
enum cs_status cs_computed_text(struct cs_arena *arena, struct cs_value *out, const char *format,
                                ...) CS_PRINTF(3, 4);

#endif
