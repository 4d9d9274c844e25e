/*
 * Values to and from the text people type and read. Pure.
 *
 * Text: itself. Integer: digits. Money: cents as digits. Boolean: true/false (also 1/0, 是/否). Date: YYYY-MM-DD. Instant: RFC 3339.
 * Choice: its name (the Chinese name is accepted too). Reference: the id. Bytes: hexadecimal. Empty text is NULL.
 */
#ifndef CS_DOMAIN_VALUE_TEXT_H
#define CS_DOMAIN_VALUE_TEXT_H

#include "shared/base/memory.h"
#include "shared/domain/descriptor.h"

/* The value may borrow `text` or live in the arena. Checks it with cs_value_check as well. */
enum cs_status cs_value_parse(const struct cs_entity *entity, const struct cs_field *field,
                              struct cs_bytes text, int default_offset_minutes,
                              struct cs_arena *arena, struct cs_value *out,
                              struct cs_problem *problem) CS_MUST_USE;
/* Appends; NULL appends nothing. */
void cs_value_format(const struct cs_field *field, const struct cs_value *value,
                     struct cs_buffer *out);

#endif
