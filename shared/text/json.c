/*
 * JSON, see json.h.
 *
 * The tree is our own: building must survive memory running out anywhere, which jansson's reference-counted values
 * have no place to note, and large answers are written without a second tree. jansson parses, and renders the
 * fractions that only a parsed tree can hold.
 */
#include "shared/text/json.h"

#include "shared/base/text.h"
#include "shared/base/wiped.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <string.h>

#define DEPTH_MAX 32

enum json_kind {
    KIND_OBJECT,
    KIND_ARRAY,
    KIND_TEXT,
    KIND_INTEGER,
    KIND_FRACTION,
    KIND_BOOLEAN,
    KIND_NULL,
};

struct json_member {
    char *key; /* NULL in arrays */
    struct cs_json *value;
};

struct cs_json {
    enum json_kind kind;
    enum cs_status status; /* what failed while this value was built */
    int64_t integer;       /* also of booleans */
    double fraction;
    struct json_member *members;
    size_t count;
    size_t capacity;
    size_t text_size;
    char text[]; /* with an end mark that is not counted */
};

static struct cs_json *make(enum json_kind kind, size_t text_size)
{
    struct cs_json *json = cs_alloc_zero(1, sizeof *json + text_size + 1);
    if (json != NULL) {
        json->kind = kind;
        json->text_size = text_size;
    }
    return json;
}

struct cs_json *cs_json_object(void)
{
    return make(KIND_OBJECT, 0);
}

struct cs_json *cs_json_array(void)
{
    return make(KIND_ARRAY, 0);
}

struct cs_json *cs_json_text(struct cs_bytes text)
{
    struct cs_json *json = make(KIND_TEXT, text.size);
    if (json != NULL && text.size > 0) {
        memcpy(json->text, text.data, text.size);
        json->status = cs_utf8_valid(text) ? CS_OK : CS_INVALID;
    }
    return json;
}

struct cs_json *cs_json_integer(int64_t value)
{
    struct cs_json *json = make(KIND_INTEGER, 0);
    if (json != NULL) {
        json->integer = value;
    }
    return json;
}

struct cs_json *cs_json_boolean(bool value)
{
    struct cs_json *json = make(KIND_BOOLEAN, 0);
    if (json != NULL) {
        json->integer = value ? 1 : 0;
    }
    return json;
}

struct cs_json *cs_json_null(void)
{
    return make(KIND_NULL, 0);
}

void cs_json_destroy(struct cs_json *json)
{
    if (json == NULL) {
        return;
    }
    for (size_t i = 0; i < json->count; i++) {
        cs_free(json->members[i].key);
        cs_json_destroy(json->members[i].value);
    }
    cs_free(json->members);
    /* An answer may carry a disclosed password. */
    cs_wipe(json->text, json->text_size);
    cs_free(json);
}

static bool reserve_member(struct cs_json *json)
{
    if (json->count < json->capacity) {
        return true;
    }
    size_t capacity = json->capacity == 0 ? 4 : json->capacity * 2;
    struct json_member *members = cs_resize(json->members, capacity * sizeof *members);
    if (members == NULL) {
        return false;
    }
    json->members = members;
    json->capacity = capacity;
    return true;
}

/* Takes `owned`, also on failure, which is noted in the container. */
static void add_member(struct cs_json *json, const char *key, struct cs_json *owned)
{
    size_t key_size = key == NULL ? 0 : strlen(key) + 1;
    char *key_copy = key == NULL ? NULL : cs_alloc(key_size);
    if (owned == NULL || (key != NULL && key_copy == NULL) || !reserve_member(json)) {
        json->status = json->status == CS_OK ? CS_NO_MEMORY : json->status;
        cs_free(key_copy);
        cs_json_destroy(owned);
        return;
    }
    if (key != NULL) {
        memcpy(key_copy, key, key_size);
    }
    json->members[json->count++] = (struct json_member){key_copy, owned};
}

static struct json_member *find(const struct cs_json *object, const char *key)
{
    for (size_t i = 0; i < object->count; i++) {
        if (strcmp(object->members[i].key, key) == 0) {
            return &object->members[i];
        }
    }
    return NULL;
}

void cs_json_set(struct cs_json *object, const char *key, struct cs_json *owned)
{
    if (object == NULL) {
        cs_json_destroy(owned);
        return;
    }
    cs_require(object->kind == KIND_OBJECT);
    if (!cs_utf8_valid(cs_bytes_of_text(key))) {
        object->status = object->status == CS_OK ? CS_INVALID : object->status;
    }
    struct json_member *member = owned == NULL ? NULL : find(object, key);
    if (member == NULL) {
        add_member(object, key, owned);
        return;
    }
    cs_json_destroy(member->value);
    member->value = owned;
}

void cs_json_append(struct cs_json *array, struct cs_json *owned)
{
    if (array == NULL) {
        cs_json_destroy(owned);
        return;
    }
    cs_require(array->kind == KIND_ARRAY);
    add_member(array, NULL, owned);
}

/* The first failure of the tree. */
static enum cs_status tree_status(const struct cs_json *json, size_t depth)
{
    bool nests = json->kind == KIND_OBJECT || json->kind == KIND_ARRAY;
    enum cs_status status = nests && depth >= DEPTH_MAX ? CS_LIMIT : json->status;
    for (size_t i = 0; status == CS_OK && i < json->count; i++) {
        status = tree_status(json->members[i].value, depth + 1);
    }
    return status;
}

static void write_escaped(struct cs_buffer *out, uint8_t byte)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *found = strchr(from, byte);
    if (found != NULL) {
        cs_buffer_append_u8(out, '\\');
        cs_buffer_append_u8(out, (uint8_t)to[found - from]);
    } else {
        cs_buffer_append_format(out, "\\u%04x", byte);
    }
}

static void write_text(struct cs_buffer *out, const char *text, size_t size)
{
    cs_buffer_append_u8(out, '"');
    size_t start = 0;
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)text[i];
        if (byte < 0x20 || byte == '"' || byte == '\\') {
            cs_buffer_append(out, text + start, i - start);
            write_escaped(out, byte);
            start = i + 1;
        }
    }
    cs_buffer_append(out, text + start, size - start);
    cs_buffer_append_u8(out, '"');
}

/* By jansson, whose output does not depend on the locale. */
static void write_fraction(struct cs_buffer *out, double fraction)
{
    json_t *real = json_real(fraction);
    char text[64];
    size_t size = real == NULL ? 0 : json_dumpb(real, text, sizeof text, JSON_ENCODE_ANY);
    json_decref(real);
    if (size == 0 || size > sizeof text) {
        out->status = out->status == CS_OK ? CS_NO_MEMORY : out->status;
        return;
    }
    cs_buffer_append(out, text, size);
}

static void write_break(struct cs_buffer *out, size_t indent, size_t depth)
{
    if (indent == 0) {
        return;
    }
    cs_buffer_append_u8(out, '\n');
    uint8_t *blanks = cs_buffer_extend(out, indent * depth);
    if (blanks != NULL) {
        memset(blanks, ' ', indent * depth);
    }
}

static void write_value(struct cs_buffer *out, const struct cs_json *json, size_t indent,
                        size_t depth);

static void write_members(struct cs_buffer *out, const struct cs_json *json, size_t indent,
                          size_t depth)
{
    for (size_t i = 0; i < json->count; i++) {
        const struct json_member *member = &json->members[i];
        if (i > 0) {
            cs_buffer_append_u8(out, ',');
        }
        write_break(out, indent, depth + 1);
        if (member->key != NULL) {
            write_text(out, member->key, strlen(member->key));
            cs_buffer_append_text(out, indent == 0 ? ":" : ": ");
        }
        write_value(out, member->value, indent, depth + 1);
    }
    if (json->count > 0) {
        write_break(out, indent, depth);
    }
}

static void write_value(struct cs_buffer *out, const struct cs_json *json, size_t indent,
                        size_t depth)
{
    switch (json->kind) {
    case KIND_OBJECT:
    case KIND_ARRAY:
        cs_buffer_append_u8(out, json->kind == KIND_OBJECT ? '{' : '[');
        write_members(out, json, indent, depth);
        cs_buffer_append_u8(out, json->kind == KIND_OBJECT ? '}' : ']');
        break;
    case KIND_TEXT:
        write_text(out, json->text, json->text_size);
        break;
    case KIND_INTEGER:
        cs_buffer_append_format(out, "%" PRId64, json->integer);
        break;
    case KIND_FRACTION:
        write_fraction(out, json->fraction);
        break;
    case KIND_BOOLEAN:
        cs_buffer_append_text(out, json->integer != 0 ? "true" : "false");
        break;
    case KIND_NULL:
        cs_buffer_append_text(out, "null");
        break;
    }
}

enum cs_status cs_json_write(const struct cs_json *json, int indent, struct cs_buffer *out)
{
    cs_require(indent >= 0 && indent <= 16);
    enum cs_status status = json == NULL ? CS_NO_MEMORY : tree_status(json, 0);
    if (status != CS_OK) {
        return status;
    }
    size_t size_before = out->size;
    write_value(out, json, (size_t)indent, 0);
    if (out->status != CS_OK) {
        out->size = size_before;
    }
    return out->status;
}

static struct cs_json *convert(json_t *parsed, size_t depth);

static void convert_members(struct cs_json *json, json_t *parsed, size_t depth)
{
    const char *key = NULL;
    json_t *value = NULL;
    if (json->kind == KIND_OBJECT) {
        json_object_foreach(parsed, key, value)
        {
            add_member(json, key, convert(value, depth + 1));
        }
    } else {
        size_t index = 0;
        json_array_foreach(parsed, index, value)
        {
            add_member(json, NULL, convert(value, depth + 1));
        }
    }
}

static struct cs_json *convert_number(json_t *parsed)
{
    if (json_is_integer(parsed)) {
        return cs_json_integer(json_integer_value(parsed));
    }
    struct cs_json *json = make(KIND_FRACTION, 0);
    if (json != NULL) {
        json->fraction = json_real_value(parsed);
    }
    return json;
}

/* Below the limit of depth nothing is converted: tree_status refuses such a tree before anyone reads it. */
static struct cs_json *convert(json_t *parsed, size_t depth)
{
    struct cs_json *json = NULL;
    switch (json_typeof(parsed)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        json = make(json_is_object(parsed) ? KIND_OBJECT : KIND_ARRAY, 0);
        if (json != NULL && depth < DEPTH_MAX) {
            convert_members(json, parsed, depth);
        }
        return json;
    case JSON_STRING:
        return cs_json_text(cs_bytes_make(json_string_value(parsed), json_string_length(parsed)));
    case JSON_INTEGER:
    case JSON_REAL:
        return convert_number(parsed);
    case JSON_TRUE:
    case JSON_FALSE:
        return cs_json_boolean(json_is_true(parsed));
    case JSON_NULL:
        break;
    }
    return cs_json_null();
}

/*
 * jansson reports running out of memory in several ways, among them as bad syntax, so its allocations are watched. They
 * are set once for the process, as jansson has it; no one else uses it. They are wiped when freed: a document may hold passwords.
 */
static _Thread_local bool memory_ran_out;
static pthread_once_t allocation_set = PTHREAD_ONCE_INIT;

static void *watched_alloc(size_t size)
{
    void *block = cs_wiped_alloc(size);
    memory_ran_out = memory_ran_out || block == NULL;
    return block;
}

static void set_allocation(void)
{
    json_set_alloc_funcs(watched_alloc, cs_wiped_free);
}

enum cs_status cs_json_parse(struct cs_bytes text, struct cs_json **out)
{
    *out = NULL;
    /* jansson takes a NUL behind the value for the end of the text. */
    if (text.size == 0 || !cs_utf8_valid(text)) {
        return CS_MALFORMED;
    }
    (void)pthread_once(&allocation_set, set_allocation);
    memory_ran_out = false;
    json_t *parsed = json_loadb((const char *)text.data, text.size,
                                JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    if (memory_ran_out) {
        /* Its lexer drops a character that it has no room for and goes on: what it parsed may be another document. */
        json_decref(parsed);
        return CS_NO_MEMORY;
    }
    if (parsed == NULL) {
        return CS_MALFORMED;
    }
    struct cs_json *json = convert(parsed, 0);
    json_decref(parsed);
    enum cs_status status = json == NULL ? CS_NO_MEMORY : tree_status(json, 0);
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status == CS_NO_MEMORY ? CS_NO_MEMORY : CS_MALFORMED;
    }
    *out = json;
    return CS_OK;
}

const struct cs_json *cs_json_get(const struct cs_json *object, const char *key)
{
    if (object == NULL || object->kind != KIND_OBJECT) {
        return NULL;
    }
    const struct json_member *member = find(object, key);
    return member == NULL ? NULL : member->value;
}

size_t cs_json_count(const struct cs_json *array_or_object)
{
    return array_or_object == NULL ? 0 : array_or_object->count;
}

const struct cs_json *cs_json_at(const struct cs_json *array, size_t index)
{
    if (array == NULL || array->kind != KIND_ARRAY || index >= array->count) {
        return NULL;
    }
    return array->members[index].value;
}

const char *cs_json_key_at(const struct cs_json *object, size_t index)
{
    if (object == NULL || object->kind != KIND_OBJECT || index >= object->count) {
        return NULL;
    }
    return object->members[index].key;
}

bool cs_json_get_integer(const struct cs_json *json, int64_t *out)
{
    if (json == NULL || json->kind != KIND_INTEGER) {
        return false;
    }
    *out = json->integer;
    return true;
}

bool cs_json_get_text(const struct cs_json *json, struct cs_bytes *out)
{
    if (json == NULL || json->kind != KIND_TEXT) {
        return false;
    }
    *out = cs_bytes_make(json->text, json->text_size);
    return true;
}

bool cs_json_get_boolean(const struct cs_json *json, bool *out)
{
    if (json == NULL || json->kind != KIND_BOOLEAN) {
        return false;
    }
    *out = json->integer != 0;
    return true;
}
