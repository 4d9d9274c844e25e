/* A text that must be nowhere, and all the forms in which it is looked for. */
#ifndef TESTS_SUPPORT_CANARY_H
#define TESTS_SUPPORT_CANARY_H

#include "shared/base/bytes.h"

/* `hay` does not hold `canary`: as it is, in hexadecimal of both cases, as UTF-16 of both orders, in base64 of both alphabets at
 * each offset. `where` is for the message. */
void canary_assert_none(struct cs_bytes hay, const char *canary, const char *where);

/* The same of every file in a folder, those below it left out. Returns how many files were not empty. */
size_t canary_assert_folder(const char *folder, const char *canary);

#endif
