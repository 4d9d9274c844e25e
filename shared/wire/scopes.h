/* Scope names and cursors inside messages. Private to shared/wire. */
#ifndef CS_WIRE_SCOPES_H
#define CS_WIRE_SCOPES_H

#include "shared/wire/cbor.h"
#include "shared/wire/messages.h"

/* At most CS_SCOPES_PER_DEVICE_MAX (CS_LIMIT), no name twice (CS_MALFORMED), positions within int64. */
enum cs_status cs_scope_cursors_check(const struct cs_scope_cursor *cursors, size_t count,
                                      struct cs_arena *scratch) CS_MUST_USE;
/* [kind, id, position, kind, id, position …]; an id of zeroes is an empty byte string. */
void cs_scope_cursors_put(struct cs_buffer *out, const struct cs_scope_cursor *cursors,
                          size_t count);
struct cs_scope_cursor *cs_scope_cursors_take(struct cs_cbor_reader *reader, struct cs_arena *arena,
                                              size_t *out_count);

#endif
