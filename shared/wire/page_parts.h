/* What a page of a sync and an answer to a comparison have in common: rows and the scopes they are in. Private to shared/wire. */
#ifndef CS_WIRE_PAGE_PARTS_H
#define CS_WIRE_PAGE_PARTS_H

#include "shared/wire/cbor.h"
#include "shared/wire/messages.h"

/* [[number …] …]; numbers are places in the message's list of scopes. `max` bounds the sets. */
void cs_scope_sets_put(struct cs_buffer *out, const struct cs_scope_set *sets, size_t count);
struct cs_scope_set *cs_scope_sets_take(struct cs_cbor_reader *reader, struct cs_arena *arena,
                                        size_t max, size_t *out_count);
/* A byte string of at most CS_PAGE_BYTES_MAX (CS_LIMIT), as rows.h has it. What is taken borrows from the message. */
enum cs_status cs_page_rows_put(struct cs_buffer *out, const struct cs_row *rows,
                                size_t count) CS_MUST_USE;
struct cs_row *cs_page_rows_take(struct cs_cbor_reader *reader, struct cs_arena *arena,
                                 size_t *out_count);

#endif
