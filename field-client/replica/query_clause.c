/* A selection in SQL, see query_clause.h. */
#include "field-client/replica/query_clause.h"

#include "field-client/replica/edit.h"
#include "field-client/replica/replica_internal.h"
#include "shared/base/text.h"
#include "shared/domain/choices.h"

#include <string.h>

#define DAY_MS ((int64_t)86400000)

void cs_query_clause_init(struct cs_query_clause *clause, struct cs_replica *replica,
                          const struct cs_entity *entity, struct cs_arena *arena)
{
    *clause = (struct cs_query_clause){.replica = replica, .entity = entity, .arena = arena};
    cs_buffer_init(&clause->from, CS_QUERY_SQL_MAX);
    cs_buffer_init(&clause->order, CS_QUERY_SQL_MAX);
}

void cs_query_clause_release(struct cs_query_clause *clause)
{
    cs_buffer_release(&clause->from);
    cs_buffer_release(&clause->order);
}

/* ---- conditions ---- */

static bool has_order(enum cs_field_type type)
{
    return type == CS_FIELD_INTEGER || type == CS_FIELD_MONEY || type == CS_FIELD_DATE ||
           type == CS_FIELD_INSTANT;
}

/* Equal instants differ by the offset that stands in their low bits. */
static int64_t bound_of_instant(int64_t utc_ms, enum cs_query_relation relation)
{
    return cs_instant_make(utc_ms, relation == CS_QUERY_AT_LEAST ? CS_INSTANT_OFFSET_MIN
                                                                 : CS_INSTANT_OFFSET_MAX);
}

static enum cs_status parse_bound(struct cs_query_clause *clause, const struct cs_field *field,
                                  const struct cs_query_condition *condition, struct cs_value *out,
                                  struct cs_problem *problem)
{
    const struct cs_world *world = clause->replica->world;
    int64_t days;
    if (!has_order(field->type) || condition->text.size == 0) {
        return cs_problem_set(problem, CS_INVALID,
                              "%s %s: >= and <= need a number, a date or a time, and a field of "
                              "such",
                              clause->entity->name, field->name);
    }
    if (field->type == CS_FIELD_INSTANT && cs_date_parse(condition->text, &days) == CS_OK) {
        int64_t start_ms = days * DAY_MS - (int64_t)world->offset_minutes(world->context) * 60000;
        int64_t end_ms = condition->relation == CS_QUERY_AT_LEAST ? 0 : DAY_MS - 1;
        *out = cs_value_integer(bound_of_instant(start_ms + end_ms, condition->relation));
        return CS_OK;
    }
    struct cs_named_value value;
    enum cs_status status =
        cs_edit_parse(clause->replica, cs_bytes_of_text(clause->entity->name), condition->field,
                      condition->text, clause->arena, &value, problem);
    if (status != CS_OK) {
        return status;
    }
    *out = field->type != CS_FIELD_INSTANT
               ? value.value
               : cs_value_integer(
                     bound_of_instant(cs_instant_utc_ms(value.value.integer), condition->relation));
    return CS_OK;
}

static enum cs_status add_condition(struct cs_query_clause *clause,
                                    const struct cs_query_condition *condition,
                                    struct cs_problem *problem)
{
    static const char *const signs[] = {
        [CS_QUERY_EQUAL] = "IS", [CS_QUERY_AT_LEAST] = ">=", [CS_QUERY_AT_MOST] = "<="};
    size_t index = 0;
    struct cs_named_value value;
    enum cs_status status = cs_edit_field(clause->entity, condition->field, &index, problem);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_field *field = &clause->entity->fields[index];
    if (condition->relation == CS_QUERY_EQUAL) {
        status = cs_edit_parse(clause->replica, cs_bytes_of_text(clause->entity->name),
                               condition->field, condition->text, clause->arena, &value, problem);
    } else {
        status = parse_bound(clause, field, condition, &value.value, problem);
    }
    if (status == CS_OK) {
        clause->bound[clause->bound_count++] = value.value;
        cs_buffer_append_format(&clause->from, " AND _t.\"%s\" %s ?%zu", field->name,
                                signs[condition->relation], clause->bound_count);
    }
    return status;
}

/* ---- words ---- */

/* The entity a listed reference means, if its rows have a label that is their own; else NULL. */
static const struct cs_entity *labelled(const struct cs_query_clause *clause,
                                        const struct cs_field *field)
{
    if (field->type != CS_FIELD_REFERENCE || !cs_field_is_listed(field)) {
        return NULL;
    }
    const struct cs_entity *entity =
        cs_registry_find(clause->replica->registry, cs_bytes_of_text(field->references));
    bool own =
        entity != NULL && entity->fields[cs_entity_label_field(entity)].type != CS_FIELD_REFERENCE;
    return own ? entity : NULL;
}

static const char *label_of(const struct cs_entity *entity)
{
    return entity->fields[cs_entity_label_field(entity)].name;
}

/* One word, as the parameter that was bound last: somewhere in the row. */
static void add_word(struct cs_query_clause *clause)
{
    const struct cs_entity *entity = clause->entity;
    cs_buffer_append_text(&clause->from, " AND (0");
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct cs_field *field = &entity->fields[i];
        bool searched = (field->flags & CS_FIELD_SEARCH) != 0 || i == cs_entity_label_field(entity);
        const struct cs_entity *referred = labelled(clause, field);
        if (field->type == CS_FIELD_TEXT && searched) {
            cs_buffer_append_format(&clause->from, " OR _t.\"%s\" LIKE ?%zu ESCAPE '\\'",
                                    field->name, clause->bound_count);
        } else if (referred != NULL) {
            cs_buffer_append_format(
                &clause->from,
                " OR _t.\"%s\" IN (SELECT id FROM \"%s\" WHERE \"%s\" LIKE ?%zu ESCAPE '\\')",
                field->name, referred->name, label_of(referred), clause->bound_count);
        }
    }
    cs_buffer_append_text(&clause->from, ")");
}

static enum cs_status bind_word(struct cs_query_clause *clause, struct cs_bytes word)
{
    struct cs_buffer pattern;
    struct cs_bytes kept;
    cs_buffer_init(&pattern, 2 * CS_QUERY_SEARCH_MAX + 2);
    cs_buffer_append_text(&pattern, "%");
    for (size_t i = 0; i < word.size; i++) {
        bool special = word.data[i] == '%' || word.data[i] == '_' || word.data[i] == '\\';
        cs_buffer_append_text(&pattern, special ? "\\" : "");
        cs_buffer_append(&pattern, &word.data[i], 1);
    }
    cs_buffer_append_text(&pattern, "%");
    enum cs_status status = pattern.status;
    if (status == CS_OK) {
        status = cs_arena_copy(clause->arena, cs_buffer_bytes(&pattern), &kept);
    }
    if (status == CS_OK) {
        clause->bound[clause->bound_count++] = cs_value_text(kept);
    }
    cs_buffer_release(&pattern);
    return status;
}

/* Bytes of the blank at the beginning of the text: 0, 1, or 3 for the one of Chinese (U+3000). */
static size_t blank_size(struct cs_bytes text)
{
    static const uint8_t ideographic[] = {0xe3, 0x80, 0x80};
    if (text.size >= sizeof ideographic &&
        memcmp(text.data, ideographic, sizeof ideographic) == 0) {
        return sizeof ideographic;
    }
    return text.size > 0 && text.data[0] <= ' ' ? 1 : 0;
}

static struct cs_bytes after(struct cs_bytes text, size_t size)
{
    return (struct cs_bytes){text.data + size, text.size - size};
}

static struct cs_bytes next_word(struct cs_bytes *rest)
{
    while (blank_size(*rest) > 0) {
        *rest = after(*rest, blank_size(*rest));
    }
    struct cs_bytes word = {rest->data, 0};
    while (rest->size > 0 && blank_size(*rest) == 0) {
        *rest = after(*rest, 1);
        word.size++;
    }
    return word;
}

static enum cs_status add_search(struct cs_query_clause *clause, struct cs_bytes search,
                                 struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    size_t words = 0;
    bool fits = search.size <= CS_QUERY_SEARCH_MAX;
    for (struct cs_bytes word = next_word(&search); fits && status == CS_OK && word.size > 0;
         word = next_word(&search)) {
        fits = ++words <= CS_QUERY_WORDS_MAX;
        status = fits ? bind_word(clause, word) : CS_OK;
        if (fits && status == CS_OK) {
            add_word(clause);
        }
    }
    return fits ? status
                : cs_problem_set(problem, CS_LIMIT,
                                 "search for at most %zu words of together %zu bytes",
                                 CS_QUERY_WORDS_MAX, CS_QUERY_SEARCH_MAX);
}

/* ---- order ---- */

static void add_choices(struct cs_buffer *order, const struct cs_field *field)
{
    cs_buffer_append_format(order, "CASE _t.\"%s\"", field->name);
    for (size_t i = 0; i < cs_choices_count(field->choices); i++) {
        struct cs_bytes name = cs_choices_at(field->choices, i);
        cs_buffer_append_format(order, " WHEN '%.*s' THEN %zu", (int)name.size,
                                (const char *)name.data, i);
    }
    cs_buffer_append_text(order, " END");
}

static enum cs_status add_sort(struct cs_query_clause *clause, struct cs_bytes name,
                               const char *direction, struct cs_problem *problem)
{
    size_t index = 0;
    enum cs_status status = cs_edit_field(clause->entity, name, &index, problem);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_field *field = &clause->entity->fields[index];
    if (!cs_field_is_listed(field)) {
        return cs_problem_set(problem, CS_INVALID, "%s cannot be sorted by %s, which no list shows",
                              clause->entity->name, field->name);
    }
    const struct cs_entity *referred = labelled(clause, field);
    if (referred != NULL) {
        cs_buffer_append_format(&clause->order,
                                "(SELECT _r.\"%s\" FROM \"%s\" AS _r WHERE _r.id = _t.\"%s\")",
                                label_of(referred), referred->name, field->name);
    } else if (field->type == CS_FIELD_CHOICE) {
        add_choices(&clause->order, field);
    } else {
        cs_buffer_append_format(&clause->order, "_t.\"%s\"", field->name);
    }
    cs_buffer_append_format(&clause->order, " COLLATE NOCASE %s NULLS LAST, ", direction);
    return CS_OK;
}

enum cs_status cs_query_clause_make(struct cs_query_clause *clause,
                                    const struct cs_query_selection *selection,
                                    struct cs_problem *problem)
{
    const char *direction = selection->direction == CS_QUERY_DESCENDING ? "DESC" : "ASC";
    enum cs_status status = CS_OK;
    if (selection->condition_count > CS_QUERY_CONDITIONS_MAX) {
        return cs_problem_set(problem, CS_LIMIT, "give at most %zu conditions",
                              CS_QUERY_CONDITIONS_MAX);
    }
    cs_buffer_append_format(&clause->from, " FROM \"%s\" AS _t WHERE _t._deleted = 0",
                            clause->entity->name);
    for (size_t i = 0; status == CS_OK && i < selection->condition_count; i++) {
        status = add_condition(clause, &selection->conditions[i], problem);
    }
    if (status == CS_OK) {
        status = add_search(clause, selection->search, problem);
    }
    cs_buffer_append_text(&clause->order, " ORDER BY ");
    if (status == CS_OK && selection->sort.size > 0) {
        status = add_sort(clause, selection->sort, direction, problem);
    }
    cs_buffer_append_format(&clause->order, "_t.id %s", direction);
    status = status != CS_OK ? status : clause->from.status;
    return status != CS_OK ? status : clause->order.status;
}
