/*
 * JSON out and in. The only file pair that includes <jansson.h>.
 *
 * Values are built, written once and destroyed. Building functions return NULL when memory is out, and take NULL for
 * values (a tree with a failure inside fails as a whole when it is written), so that callers check once, at the end.
 * Text must be UTF-8; where it is not, the tree fails with CS_INVALID.
 */
#ifndef CS_TEXT_JSON_H
#define CS_TEXT_JSON_H

#include "shared/base/memory.h"

struct cs_json;

struct cs_json *cs_json_object(void);
struct cs_json *cs_json_array(void);
struct cs_json *cs_json_text(struct cs_bytes text);
struct cs_json *cs_json_integer(int64_t value);
struct cs_json *cs_json_boolean(bool value);
struct cs_json *cs_json_null(void);
/* Take ownership of `owned`, also on failure. Object keys keep their order. */
void cs_json_set(struct cs_json *object, const char *key, struct cs_json *owned);
void cs_json_append(struct cs_json *array, struct cs_json *owned);
void cs_json_destroy(struct cs_json *json);
/* Appends text without newline; `indent` spaces per level, 0 = one line. */
enum cs_status cs_json_write(const struct cs_json *json, int indent,
                             struct cs_buffer *out) CS_MUST_USE;

/* Parses one value; duplicates of a key, anything after it and depth over 32 are CS_MALFORMED. */
enum cs_status cs_json_parse(struct cs_bytes text, struct cs_json **out) CS_MUST_USE;
/* Borrowed; NULL if absent or not of that shape. */
const struct cs_json *cs_json_get(const struct cs_json *object, const char *key);
size_t cs_json_count(const struct cs_json *array_or_object);
const struct cs_json *cs_json_at(const struct cs_json *array, size_t index);
/* Key of the index-th member in order; NULL beyond. */
const char *cs_json_key_at(const struct cs_json *object, size_t index);
bool cs_json_get_integer(const struct cs_json *json, int64_t *out);
bool cs_json_get_text(const struct cs_json *json, struct cs_bytes *out);
bool cs_json_get_boolean(const struct cs_json *json, bool *out);

#endif
