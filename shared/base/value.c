/* Values, see value.h. */
#include "shared/base/value.h"

struct cs_value cs_value_integer(int64_t integer)
{
    return (struct cs_value){CS_VALUE_INTEGER, integer, CS_BYTES_NONE};
}

struct cs_value cs_value_text(struct cs_bytes text)
{
    return (struct cs_value){CS_VALUE_TEXT, 0, text};
}

struct cs_value cs_value_bytes(struct cs_bytes bytes)
{
    return (struct cs_value){CS_VALUE_BYTES, 0, bytes};
}

bool cs_value_equal(const struct cs_value *a, const struct cs_value *b)
{
    return a->kind == b->kind && a->integer == b->integer && cs_bytes_equal(a->bytes, b->bytes);
}
