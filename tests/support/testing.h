/*
 * What every cmocka test includes: cmocka with its prerequisites, and assertions in the project's
 * terms.
 */
#ifndef TESTS_SUPPORT_TESTING_H
#define TESTS_SUPPORT_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/base/bytes.h"

#define assert_status(actual, expected)                                                            \
    assert_string_equal(cs_status_name(actual), cs_status_name(expected))
#define assert_ok(actual) assert_status(actual, CS_OK)

/* `bytes` are those of the hexadecimal text. */
void testing_assert_hex(struct cs_bytes bytes, const char *hex, const char *file, int line);
#define assert_hex(bytes, hex) testing_assert_hex(bytes, hex, __FILE__, __LINE__)

#endif
