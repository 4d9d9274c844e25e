/* How a wrong value is reported, see value_problem.h. */
#include "shared/domain/value_problem.h"

#include "shared/domain/phrase.h"

#include <inttypes.h>
#include <stdio.h>

static void add_integer(struct cs_phrase *phrase, int64_t integer)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, integer);
    cs_phrase_add(phrase, digits);
}

static void add_value(struct cs_phrase *phrase, const struct cs_value *value)
{
    char size[40];
    switch (value->kind) {
    case CS_VALUE_NULL:
        cs_phrase_add(phrase, "no value");
        break;
    case CS_VALUE_INTEGER:
        add_integer(phrase, value->integer);
        break;
    case CS_VALUE_TEXT:
        cs_phrase_add_quoted(phrase, value->bytes);
        break;
    case CS_VALUE_BYTES:
        snprintf(size, sizeof size, "a value of %zu bytes", value->bytes.size);
        cs_phrase_add(phrase, size);
        break;
    }
}

static void add_number(struct cs_phrase *phrase, const struct cs_field *field)
{
    cs_phrase_add(phrase, "a whole number");
    if (field->type == CS_FIELD_MONEY) {
        cs_phrase_add(phrase, " of cents");
    }
    if (field->minimum != 0 || field->maximum != 0) {
        cs_phrase_add(phrase, " from ");
        add_integer(phrase, field->minimum);
        cs_phrase_add(phrase, " to ");
        add_integer(phrase, field->maximum);
    }
}

/* What follows "is not". */
static void add_expected(struct cs_phrase *phrase, const struct cs_field *field)
{
    switch (field->type) {
    case CS_FIELD_TEXT:
        cs_phrase_add(phrase, "text in UTF-8 without NUL");
        break;
    case CS_FIELD_INTEGER:
    case CS_FIELD_MONEY:
        add_number(phrase, field);
        break;
    case CS_FIELD_BOOLEAN:
        cs_phrase_add(phrase, "true or false");
        break;
    case CS_FIELD_DATE:
        cs_phrase_add(phrase, "a date such as 2026-11-23");
        break;
    case CS_FIELD_INSTANT:
        cs_phrase_add(phrase, "a time such as 2026-11-23T09:05:07+08:00");
        break;
    case CS_FIELD_CHOICE:
        cs_phrase_add(phrase, "one of ");
        cs_phrase_add_choices(phrase, field->choices);
        break;
    case CS_FIELD_REFERENCE:
        cs_phrase_add(phrase, "the id of a ");
        cs_phrase_add(phrase, field->references);
        break;
    case CS_FIELD_BYTES:
        cs_phrase_add(phrase, "bytes in hexadecimal");
        break;
    }
}

enum cs_status cs_value_refuse(const struct cs_entity *entity, const struct cs_field *field,
                               const struct cs_value *value, struct cs_problem *problem)
{
    struct cs_phrase shown = CS_PHRASE_EMPTY;
    struct cs_phrase expected = CS_PHRASE_EMPTY;
    add_value(&shown, value);
    add_expected(&expected, field);
    return cs_problem_set(problem, CS_INVALID, "%s.%s: %s is not %s", entity->name, field->name,
                          shown.text, expected.text);
}

enum cs_status cs_value_refuse_size(const struct cs_entity *entity, const struct cs_field *field,
                                    size_t size, struct cs_problem *problem)
{
    return cs_problem_set(problem, CS_TOO_LARGE, "%s.%s: %zu bytes are more than the %zu allowed",
                          entity->name, field->name, size, cs_field_size_max(field));
}
