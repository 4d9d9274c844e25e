/* Values to and from text, see value_text.h. */
#include "shared/domain/value_text.h"

#include "shared/base/text.h"
#include "shared/domain/choices.h"
#include "shared/domain/validation.h"
#include "shared/domain/value_problem.h"

#include <inttypes.h>

static enum cs_status parse_boolean(struct cs_bytes text, int64_t *out)
{
    static const struct {
        const char *text;
        int64_t value;
    } words[] = {{"true", 1}, {"false", 0}, {"1", 1}, {"0", 0}, {"是", 1}, {"否", 0}};
    for (size_t i = 0; i < CS_COUNT(words); i++) {
        if (cs_bytes_equal_text(text, words[i].text)) {
            *out = words[i].value;
            return CS_OK;
        }
    }
    return CS_INVALID;
}

static enum cs_status parse_integer(const struct cs_field *field, struct cs_bytes text,
                                    int default_offset_minutes, struct cs_value *out)
{
    int64_t integer = 0;
    enum cs_status status = CS_INVALID;
    if (field->type == CS_FIELD_BOOLEAN) {
        status = parse_boolean(text, &integer);
    } else if (field->type == CS_FIELD_DATE) {
        status = cs_date_parse(text, &integer);
    } else if (field->type == CS_FIELD_INSTANT) {
        status = cs_instant_parse(text, default_offset_minutes, &integer);
    } else {
        status = cs_integer_parse(text, &integer);
    }
    *out = cs_value_integer(integer);
    return status;
}

/* By its name or its Chinese name. The value is a view into the descriptor. */
static enum cs_status parse_choice(const struct cs_field *field, struct cs_bytes text,
                                   struct cs_value *out)
{
    int index = cs_choices_find(field->choices, text);
    if (index < 0) {
        index = cs_choices_find(field->choices_zh, text);
    }
    if (index < 0) {
        return CS_INVALID;
    }
    *out = cs_value_text(cs_choices_at(field->choices, (size_t)index));
    return CS_OK;
}

static enum cs_status parse_reference(struct cs_bytes text, struct cs_arena *arena,
                                      struct cs_value *out)
{
    struct cs_id id;
    enum cs_status status = cs_id_parse(text, &id);
    struct cs_bytes bytes = CS_BYTES_NONE;
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_id_bytes(&id), &bytes);
    }
    *out = cs_value_bytes(bytes);
    return status;
}

static enum cs_status parse_bytes(struct cs_bytes text, struct cs_arena *arena,
                                  struct cs_value *out)
{
    if (text.size % 2 != 0) {
        return CS_INVALID;
    }
    size_t size = text.size / 2;
    uint8_t *bytes = cs_arena_take(arena, size);
    if (bytes == NULL) {
        return CS_NO_MEMORY;
    }
    *out = cs_value_bytes(cs_bytes_make(bytes, size));
    return cs_hex_decode(text, bytes, size) == CS_OK ? CS_OK : CS_INVALID;
}

static enum cs_status parse_by_type(const struct cs_field *field, struct cs_bytes text,
                                    int default_offset_minutes, struct cs_arena *arena,
                                    struct cs_value *out)
{
    switch (field->type) {
    case CS_FIELD_TEXT:
        *out = cs_value_text(text);
        return CS_OK;
    case CS_FIELD_CHOICE:
        return parse_choice(field, text, out);
    case CS_FIELD_INTEGER:
    case CS_FIELD_MONEY:
    case CS_FIELD_BOOLEAN:
    case CS_FIELD_DATE:
    case CS_FIELD_INSTANT:
        return parse_integer(field, text, default_offset_minutes, out);
    case CS_FIELD_REFERENCE:
        return parse_reference(text, arena, out);
    case CS_FIELD_BYTES:
        return parse_bytes(text, arena, out);
    }
    return CS_INVALID;
}

enum cs_status cs_value_parse(const struct cs_entity *entity, const struct cs_field *field,
                              struct cs_bytes text, int default_offset_minutes,
                              struct cs_arena *arena, struct cs_value *out,
                              struct cs_problem *problem)
{
    if (text.size == 0) {
        *out = CS_NULL;
        return CS_OK;
    }
    /* Before room is taken for it. */
    if (field->type == CS_FIELD_BYTES && text.size / 2 > cs_field_size_max(field)) {
        return cs_value_refuse_size(entity, field, text.size / 2, problem);
    }
    struct cs_value value = CS_NULL;
    enum cs_status status = parse_by_type(field, text, default_offset_minutes, arena, &value);
    if (status == CS_NO_MEMORY) {
        return cs_problem_set(problem, status, "%s.%s: %s", entity->name, field->name,
                              cs_status_text(status));
    }
    if (status != CS_OK) {
        struct cs_value typed = cs_value_text(text);
        return cs_value_refuse(entity, field, &typed, problem);
    }
    status = cs_value_check(entity, field, &value, problem);
    if (status == CS_OK) {
        *out = value;
    }
    return status;
}

static void format_integer(const struct cs_field *field, int64_t integer, struct cs_buffer *out)
{
    char text[CS_TIME_TEXT_MAX];
    if (field->type == CS_FIELD_BOOLEAN && (integer == 0 || integer == 1)) {
        cs_buffer_append_text(out, integer == 1 ? "true" : "false");
    } else if (field->type == CS_FIELD_DATE && cs_date_valid(integer)) {
        cs_date_format(integer, text);
        cs_buffer_append_text(out, text);
    } else if (field->type == CS_FIELD_INSTANT && cs_instant_valid(integer)) {
        cs_instant_format(integer, text);
        cs_buffer_append_text(out, text);
    } else {
        cs_buffer_append_format(out, "%" PRId64, integer);
    }
}

static void format_hex(struct cs_bytes bytes, struct cs_buffer *out)
{
    char digits[2 * 32 + 1];
    for (size_t at = 0; at < bytes.size; at += 32) {
        size_t size = bytes.size - at < 32 ? bytes.size - at : 32;
        cs_hex_encode(cs_bytes_make(bytes.data + at, size), digits);
        cs_buffer_append(out, digits, 2 * size);
    }
}

static void format_bytes(const struct cs_field *field, struct cs_bytes bytes, struct cs_buffer *out)
{
    struct cs_id id;
    char text[CS_ID_TEXT_SIZE];
    if (field->type == CS_FIELD_REFERENCE && cs_id_from_bytes(bytes, &id)) {
        cs_id_format(&id, text);
        cs_buffer_append_text(out, text);
        return;
    }
    format_hex(bytes, out);
}

/*
 * By the kind of the value first: one kept from a newer schema is shown too, whatever this schema
 * says.
 */
void cs_value_format(const struct cs_field *field, const struct cs_value *value,
                     struct cs_buffer *out)
{
    switch (value->kind) {
    case CS_VALUE_NULL:
        break;
    case CS_VALUE_INTEGER:
        format_integer(field, value->integer, out);
        break;
    case CS_VALUE_TEXT:
        cs_buffer_append_bytes(out, value->bytes);
        break;
    case CS_VALUE_BYTES:
        format_bytes(field, value->bytes, out);
        break;
    }
}
