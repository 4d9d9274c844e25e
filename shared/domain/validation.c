/* Validation, see validation.h. */
#include "shared/domain/validation.h"

#include "shared/base/text.h"
#include "shared/domain/choices.h"
#include "shared/domain/phrase.h"
#include "shared/domain/value_problem.h"

#include <inttypes.h>
#include <stdio.h>

/* How a value of the type is stored. */
static enum cs_value_kind kind_of(enum cs_field_type type)
{
    switch (type) {
    case CS_FIELD_TEXT:
    case CS_FIELD_CHOICE:
        return CS_VALUE_TEXT;
    case CS_FIELD_INTEGER:
    case CS_FIELD_MONEY:
    case CS_FIELD_BOOLEAN:
    case CS_FIELD_DATE:
    case CS_FIELD_INSTANT:
        return CS_VALUE_INTEGER;
    case CS_FIELD_REFERENCE:
    case CS_FIELD_BYTES:
        return CS_VALUE_BYTES;
    }
    return CS_VALUE_NULL;
}

static bool in_range(const struct cs_field *field, int64_t integer)
{
    bool bounded = field->minimum != 0 || field->maximum != 0;
    return !bounded || (integer >= field->minimum && integer <= field->maximum);
}

static bool content_valid(const struct cs_field *field, const struct cs_value *value)
{
    switch (field->type) {
    case CS_FIELD_TEXT:
        return cs_utf8_valid(value->bytes);
    case CS_FIELD_CHOICE:
        return cs_choices_find(field->choices, value->bytes) >= 0;
    case CS_FIELD_INTEGER:
    case CS_FIELD_MONEY:
        return in_range(field, value->integer);
    case CS_FIELD_BOOLEAN:
        return value->integer == 0 || value->integer == 1;
    case CS_FIELD_DATE:
        return cs_date_valid(value->integer);
    case CS_FIELD_INSTANT:
        return cs_instant_valid(value->integer);
    case CS_FIELD_REFERENCE:
        return value->bytes.size == CS_ID_SIZE;
    case CS_FIELD_BYTES:
        return true;
    }
    return false;
}

enum cs_status cs_value_check(const struct cs_entity *entity, const struct cs_field *field,
                              const struct cs_value *value, struct cs_problem *problem)
{
    if (value->kind == CS_VALUE_NULL) {
        return CS_OK;
    }
    if (value->kind != kind_of(field->type)) {
        return cs_value_refuse(entity, field, value, problem);
    }
    bool sized = field->type == CS_FIELD_TEXT || field->type == CS_FIELD_BYTES;
    if (sized && value->bytes.size > cs_field_size_max(field)) {
        return cs_value_refuse_size(entity, field, value->bytes.size, problem);
    }
    if (!content_valid(field, value)) {
        return cs_value_refuse(entity, field, value, problem);
    }
    return CS_OK;
}

/* The owner may do whatever the office may. */
static bool holds(cs_roles roles, cs_roles allowed)
{
    if ((roles & CS_ROLE(OWNER)) != 0) {
        roles |= CS_ROLE(OFFICE);
    }
    return (roles & allowed) != 0;
}

static enum cs_status deny(const struct cs_entity *entity, const struct cs_field *field,
                           const char *act, cs_roles allowed, struct cs_problem *problem)
{
    struct cs_phrase what = CS_PHRASE_EMPTY;
    struct cs_phrase who = CS_PHRASE_EMPTY;
    cs_phrase_add(&what, entity->name);
    if (field != NULL) {
        cs_phrase_add(&what, ".");
        cs_phrase_add(&what, field->name);
    }
    cs_phrase_add_roles(&who, allowed);
    return cs_problem_set(problem, CS_DENIED, "%s may be %s by %s%s", what.text, act, who.text,
                          allowed != CS_ROLES_NONE ? " only" : "");
}

/*
 * Rows that only ever grow in number: evidence, and ledgers, where every field is written once and
 * nothing is deleted.
 */
static bool append_only(const struct cs_entity *entity)
{
    if (entity->kind == CS_ENTITY_EVIDENCE) {
        return true;
    }
    bool once = entity->deleters == CS_ROLES_NONE;
    for (size_t i = 0; once && i < entity->field_count; i++) {
        once = entity->fields[i].policy == CS_MERGE_ONCE;
    }
    return once;
}

static enum cs_status row_change_possible(const struct cs_entity *entity, enum cs_write_kind kind,
                                          struct cs_problem *problem)
{
    if (kind != CS_WRITE_INSERT && append_only(entity)) {
        return cs_problem_set(problem, CS_DENIED,
                              "%s is append-only: a row cannot be changed or deleted, add another",
                              entity->name);
    }
    if (kind != CS_WRITE_UPDATE && entity->kind == CS_ENTITY_COMPUTED) {
        return cs_problem_set(problem, CS_DENIED, "%s is made and deleted by the server only",
                              entity->name);
    }
    return CS_OK;
}

/* Everyone who may write at least one field. */
static cs_roles writers_of_any(const struct cs_entity *entity)
{
    cs_roles writers = CS_ROLES_NONE;
    for (size_t i = 0; i < entity->field_count; i++) {
        if (entity->fields[i].policy != CS_MERGE_COMPUTED) {
            writers |= entity->fields[i].writers;
        }
    }
    return writers;
}

static enum cs_status row_permitted(const struct cs_entity *entity, enum cs_write_kind kind,
                                    cs_roles roles, struct cs_problem *problem)
{
    static const char *const acts[] = {
        [CS_WRITE_INSERT] = "created",
        [CS_WRITE_UPDATE] = "changed",
        [CS_WRITE_DELETE] = "deleted",
    };
    cs_roles allowed = kind == CS_WRITE_INSERT   ? entity->creators
                       : kind == CS_WRITE_DELETE ? entity->deleters
                                                 : writers_of_any(entity);
    return holds(roles, allowed) ? CS_OK : deny(entity, NULL, acts[kind], allowed, problem);
}

static enum cs_status refuse_second_write(const struct cs_entity *entity,
                                          const struct cs_field *field, struct cs_problem *problem)
{
    return cs_problem_set(problem, CS_DENIED, "%s.%s is written once and cannot be changed",
                          entity->name, field->name);
}

static enum cs_status field_permitted(const struct cs_entity *entity, const struct cs_field *field,
                                      enum cs_write_kind kind, cs_roles roles,
                                      struct cs_problem *problem)
{
    if (field->policy == CS_MERGE_COMPUTED) {
        return cs_problem_set(problem, CS_DENIED, "%s.%s is written by the server only",
                              entity->name, field->name);
    }
    /* A required field has its first value since the row was made. */
    bool first = kind == CS_WRITE_INSERT || (field->flags & CS_FIELD_REQUIRED) == 0;
    if (field->policy == CS_MERGE_ONCE && !first) {
        return refuse_second_write(entity, field, problem);
    }
    if (!holds(roles, field->writers)) {
        return deny(entity, field, "written", field->writers, problem);
    }
    return CS_OK;
}

enum cs_status cs_write_permitted(const struct cs_entity *entity, const struct cs_field *field,
                                  enum cs_write_kind kind, cs_roles roles,
                                  struct cs_problem *problem)
{
    enum cs_status status = row_change_possible(entity, kind, problem);
    if (status != CS_OK) {
        return status;
    }
    if (field == NULL || kind == CS_WRITE_DELETE) {
        return row_permitted(entity, kind, roles, problem);
    }
    return field_permitted(entity, field, kind, roles, problem);
}

enum cs_status cs_write_once_kept(const struct cs_entity *entity, const struct cs_field *field,
                                  const struct cs_value *before, const struct cs_value *after,
                                  struct cs_problem *problem)
{
    if (field->policy != CS_MERGE_ONCE || before->kind == CS_VALUE_NULL ||
        cs_value_equal(before, after)) {
        return CS_OK;
    }
    return refuse_second_write(entity, field, problem);
}

bool cs_value_is_newer_choice(const struct cs_field *field, const struct cs_value *value)
{
    if (field->type != CS_FIELD_CHOICE || value->kind != CS_VALUE_TEXT || value->bytes.size == 0 ||
        value->bytes.size > CS_NAME_MAX || cs_choices_find(field->choices, value->bytes) >= 0) {
        return false;
    }
    bool name = true;
    for (size_t i = 0; name && i < value->bytes.size; i++) {
        uint8_t byte = value->bytes.data[i];
        name = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
    }
    return name;
}

static bool is_missing(const struct cs_value *value)
{
    bool sized = value->kind == CS_VALUE_TEXT || value->kind == CS_VALUE_BYTES;
    return value->kind == CS_VALUE_NULL || (sized && value->bytes.size == 0);
}

/* `exempt`: required fields with one of these flags may be missing. */
static enum cs_status complete(const struct cs_entity *entity, const struct cs_value *values,
                               unsigned exempt, struct cs_problem *problem)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct cs_field *field = &entity->fields[i];
        if ((field->flags & CS_FIELD_REQUIRED) != 0 && (field->flags & exempt) == 0 &&
            is_missing(&values[i])) {
            return cs_problem_set(problem, CS_INVALID, "%s.%s is required (%s)", entity->name,
                                  field->name, field->label_zh);
        }
    }
    return CS_OK;
}

enum cs_status cs_row_complete(const struct cs_entity *entity, const struct cs_value *values,
                               struct cs_problem *problem)
{
    return complete(entity, values, 0, problem);
}

enum cs_status cs_row_complete_for_older(const struct cs_entity *entity,
                                         const struct cs_value *values, struct cs_problem *problem)
{
    return complete(entity, values, CS_FIELD_LATER, problem);
}

/* What two values of a field are compared by: instants by their time, whatever their offset. */
static int64_t order_of(const struct cs_field *field, const struct cs_value *value)
{
    return field->type == CS_FIELD_INSTANT ? cs_instant_utc_ms(value->integer) : value->integer;
}

static void add_time(struct cs_phrase *phrase, const struct cs_field *field,
                     const struct cs_value *value)
{
    char text[CS_TIME_TEXT_MAX];
    if (field->type == CS_FIELD_INSTANT && cs_instant_valid(value->integer)) {
        cs_instant_format(value->integer, text);
    } else if (field->type == CS_FIELD_DATE && cs_date_valid(value->integer)) {
        cs_date_format(value->integer, text);
    } else {
        snprintf(text, sizeof text, "%" PRId64, value->integer);
    }
    cs_phrase_add(phrase, text);
}

static enum cs_status refuse_order(const struct cs_entity *entity, size_t before, size_t after,
                                   const struct cs_value *values, struct cs_problem *problem)
{
    struct cs_phrase first = CS_PHRASE_EMPTY;
    struct cs_phrase second = CS_PHRASE_EMPTY;
    add_time(&first, &entity->fields[before], &values[before]);
    add_time(&second, &entity->fields[after], &values[after]);
    return cs_problem_set(problem, CS_INVALID, "%s.%s (%s) is after %s.%s (%s)", entity->name,
                          entity->fields[before].name, first.text, entity->name,
                          entity->fields[after].name, second.text);
}

enum cs_status cs_row_consistent(const struct cs_entity *entity, const struct cs_value *values,
                                 struct cs_problem *problem)
{
    for (size_t i = 0; i < entity->order_rule_count; i++) {
        const struct cs_order_rule *rule = &entity->order_rules[i];
        int before = cs_entity_field_index(entity, cs_bytes_of_text(rule->before));
        int after = cs_entity_field_index(entity, cs_bytes_of_text(rule->after));
        cs_require(before >= 0 && after >= 0);
        const struct cs_value *first = &values[before];
        const struct cs_value *second = &values[after];
        if (first->kind == CS_VALUE_INTEGER && second->kind == CS_VALUE_INTEGER &&
            order_of(&entity->fields[before], first) > order_of(&entity->fields[after], second)) {
            return refuse_order(entity, (size_t)before, (size_t)after, values, problem);
        }
    }
    return CS_OK;
}
