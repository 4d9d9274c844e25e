/* Assertions of tests, see testing.h. */
#include "tests/support/testing.h"

#include "shared/base/memory.h"
#include "shared/base/text.h"

void testing_assert_hex(struct cs_bytes bytes, const char *hex, const char *file, int line)
{
    char *text = cs_alloc(2 * bytes.size + 1);
    cs_require(text != NULL);
    cs_hex_encode(bytes, text);
    _assert_string_equal(text, hex, file, line);
    cs_free(text);
}
