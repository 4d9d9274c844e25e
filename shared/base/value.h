/*
 * A value of one field: nothing, an integer, text or bytes.
 *
 * These four are all that is stored and sent; what an integer means (a date, an instant, cents, a boolean) is
 * said by the field's descriptor. Text is UTF-8 and not NUL-terminated.
 */
#ifndef CS_BASE_VALUE_H
#define CS_BASE_VALUE_H

#include "shared/base/bytes.h"

enum cs_value_kind {
    CS_VALUE_NULL,
    CS_VALUE_INTEGER,
    CS_VALUE_TEXT,
    CS_VALUE_BYTES,
};

struct cs_value {
    enum cs_value_kind kind;
    int64_t integer;
    struct cs_bytes bytes; /* of text and bytes; borrowed */
};

#define CS_NULL ((struct cs_value){CS_VALUE_NULL, 0, {NULL, 0}})
struct cs_value cs_value_integer(int64_t integer);
struct cs_value cs_value_text(struct cs_bytes text);
struct cs_value cs_value_bytes(struct cs_bytes bytes);
bool cs_value_equal(const struct cs_value *a, const struct cs_value *b);

/* A field by its name: how rows travel. */
struct cs_named_value {
    struct cs_bytes name;
    struct cs_value value;
};

#endif
