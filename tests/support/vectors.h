/*
 * Reader of published test vectors (Wycheproof files): just enough JSON to walk
 * testGroups[].tests[].
 *
 * For tests only: the files are trusted, and a file that cannot be read as expected aborts the
 * test.
 */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include "shared/base/bytes.h"

struct vectors {
    struct cs_buffer text;
};

/* Two JSON objects in the text of the file. */
struct vector_case {
    const char *test;
    const char *group; /* members missing in the test are looked up here */
};

typedef void vector_function(const struct vector_case *vector, void *context);

/* `name` is relative to the test data folder. false (and nothing to release) where the file is
 * absent. */
bool vectors_load(struct vectors *vectors, const char *source_folder, const char *name);
void vectors_release(struct vectors *vectors);
/* What the file announces. */
size_t vectors_announced(const struct vectors *vectors);
/* Calls `function` for every test; returns how many. */
size_t vectors_each(const struct vectors *vectors, vector_function *function, void *context);

/* Names may be paths ("publicKey.pk"). A missing member aborts. */
int64_t vector_number(const struct vector_case *vector, const char *name);
bool vector_text_is(const struct vector_case *vector, const char *name, const char *text);
bool vector_has_flag(const struct vector_case *vector, const char *flag);
/* Decodes a hexadecimal member into `storage`, whose former content is dropped. */
struct cs_bytes vector_bytes(const struct vector_case *vector, const char *name,
                             struct cs_buffer *storage);

#endif
