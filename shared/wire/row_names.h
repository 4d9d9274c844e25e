/* Lists of rows by name, [[entity × n], [row id × n]] with ids as a column. Private to shared/wire. */
#ifndef CS_WIRE_ROW_NAMES_H
#define CS_WIRE_ROW_NAMES_H

#include "shared/wire/cbor.h"
#include "shared/wire/messages.h"

/* CS_LIMIT for more than `count_max`, CS_MALFORMED for an entity that is no name. */
enum cs_status cs_row_names_check(const struct cs_departure *names, size_t count,
                                  size_t count_max) CS_MUST_USE;
void cs_row_names_put(struct cs_buffer *out, const struct cs_departure *names, size_t count);
struct cs_departure *cs_row_names_take(struct cs_cbor_reader *reader, struct cs_arena *arena,
                                       size_t count_max, size_t *out_count);

#endif
