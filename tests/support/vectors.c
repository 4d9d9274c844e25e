/* Reader of published test vectors, see vectors.h. */
#include "tests/support/vectors.h"

#include "shared/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text ends with a NUL, which no case below accepts, so nothing runs past it. */
static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Returns the place after the closing quote. */
static const char *skip_string(const char *at)
{
    cs_require(*at == '"');
    for (at++; *at != '"'; at++) {
        cs_require(*at != '\0');
        if (*at == '\\') {
            at++;
            cs_require(*at != '\0');
        }
    }
    return at + 1;
}

/* Brackets inside strings do not count. */
static const char *skip_value(const char *at)
{
    if (*at == '"') {
        return skip_string(at);
    }
    if (*at != '{' && *at != '[') {
        return at + strcspn(at, ",]} \t\r\n");
    }
    int depth = 0;
    do {
        cs_require(*at != '\0');
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        at++;
    } while (depth > 0);
    return at;
}

/* The first element of an array, or the next one; NULL at the end. */
static const char *next_element(const char *array, const char *element)
{
    cs_require(*array == '[');
    const char *at = skip_space(element == NULL ? array + 1 : skip_value(element));
    if (*at == ',') {
        at = skip_space(at + 1);
    }
    return *at == ']' ? NULL : at;
}

static bool string_is(const char *value, const char *text, size_t size)
{
    return value[0] == '"' && strncmp(value + 1, text, size) == 0 && value[1 + size] == '"';
}

static const char *member(const char *object, const char *name, size_t name_size)
{
    if (*object != '{') {
        return NULL;
    }
    const char *at = skip_space(object + 1);
    while (*at == '"') {
        const char *value = skip_space(skip_string(at));
        cs_require(*value == ':');
        value = skip_space(value + 1);
        if (string_is(at, name, name_size)) {
            return value;
        }
        at = skip_space(skip_value(value));
        at = *at == ',' ? skip_space(at + 1) : at;
    }
    return NULL;
}

static const char *member_by_path(const char *object, const char *path)
{
    while (object != NULL) {
        size_t size = strcspn(path, ".");
        object = member(object, path, size);
        if (path[size] == '\0') {
            break;
        }
        path += size + 1;
    }
    return object;
}

static const char *find(const struct vector_case *vector, const char *name)
{
    const char *value = member_by_path(vector->test, name);
    return value != NULL ? value : member_by_path(vector->group, name);
}

static const char *root(const struct vectors *vectors)
{
    return skip_space((const char *)vectors->text.data);
}

static FILE *open_file(const char *source_folder, const char *name)
{
    char path[1024];
    const char *folder = getenv("CS_TESTDATA");
    if (folder != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    } else {
        (void)snprintf(path, sizeof path, "%s/../shared/testdata/%s", source_folder, name);
    }
    return fopen(path, "rb");
}

bool vectors_load(struct vectors *vectors, const char *source_folder, const char *name)
{
    FILE *file = open_file(source_folder, name);
    if (file == NULL) {
        return false;
    }
    cs_buffer_init(&vectors->text, (size_t)64 << 20);
    char chunk[8192];
    size_t size = 0;
    while ((size = fread(chunk, 1, sizeof chunk, file)) > 0) {
        cs_buffer_append(&vectors->text, chunk, size);
    }
    (void)fclose(file);
    cs_require(cs_buffer_text(&vectors->text) != NULL);
    return true;
}

void vectors_release(struct vectors *vectors)
{
    cs_buffer_release(&vectors->text);
}

size_t vectors_announced(const struct vectors *vectors)
{
    struct vector_case whole = {root(vectors), root(vectors)};
    return (size_t)vector_number(&whole, "numberOfTests");
}

size_t vectors_each(const struct vectors *vectors, vector_function *function, void *context)
{
    size_t count = 0;
    const char *groups = member_by_path(root(vectors), "testGroups");
    cs_require(groups != NULL);
    for (const char *group = next_element(groups, NULL); group != NULL;
         group = next_element(groups, group)) {
        const char *tests = member_by_path(group, "tests");
        cs_require(tests != NULL);
        for (const char *test = next_element(tests, NULL); test != NULL;
             test = next_element(tests, test)) {
            function(&(struct vector_case){test, group}, context);
            count++;
        }
    }
    return count;
}

int64_t vector_number(const struct vector_case *vector, const char *name)
{
    const char *value = find(vector, name);
    cs_require(value != NULL);
    char *end = NULL;
    long long number = strtoll(value, &end, 10);
    cs_require(end == skip_value(value));
    return number;
}

bool vector_text_is(const struct vector_case *vector, const char *name, const char *text)
{
    const char *value = find(vector, name);
    cs_require(value != NULL);
    return string_is(value, text, strlen(text));
}

bool vector_has_flag(const struct vector_case *vector, const char *flag)
{
    const char *flags = find(vector, "flags");
    cs_require(flags != NULL);
    for (const char *at = next_element(flags, NULL); at != NULL; at = next_element(flags, at)) {
        if (string_is(at, flag, strlen(flag))) {
            return true;
        }
    }
    return false;
}

struct cs_bytes vector_bytes(const struct vector_case *vector, const char *name,
                             struct cs_buffer *storage)
{
    const char *value = find(vector, name);
    cs_require(value != NULL && *value == '"');
    size_t digits = (size_t)(skip_string(value) - value) - 2;
    cs_buffer_clear(storage);
    uint8_t *place = cs_buffer_extend(storage, digits / 2);
    cs_require(place != NULL &&
               cs_hex_decode(cs_bytes_make(value + 1, digits), place, digits / 2) == CS_OK);
    return cs_buffer_bytes(storage);
}
