/*
 * Names as people type them: entities, fields, values and rows, and what is near when there is
 * none.
 */
#include "field-client/replica/edit.h"
#include "field-client/replica/query.h"
#include "field-client/replica/replica_internal.h"
#include "shared/base/text.h"
#include "shared/domain/value_text.h"

#define SHOWN_MAX 4
/* Edits (Levenshtein) within which a name counts as near. */
#define NEAR_DISTANCE_MAX 2

static size_t minimum(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein distance; names over CS_NAME_MAX are far from everything. */
static size_t distance(struct cs_bytes a, struct cs_bytes b)
{
    size_t row[CS_NAME_MAX + 1];
    if (a.size > CS_NAME_MAX || b.size > CS_NAME_MAX) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= b.size; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < a.size; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.size; j++) {
            size_t change = diagonal + (a.data[i] == b.data[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = minimum(minimum(row[j], row[j + 1]) + 1, change);
        }
    }
    return row[b.size];
}

static bool is_near(struct cs_bytes typed, struct cs_bytes name)
{
    size_t common = minimum(typed.size, name.size);
    bool prefix = common >= 2 && cs_bytes_equal(cs_bytes_make(typed.data, common),
                                                cs_bytes_make(name.data, common));
    return prefix || distance(typed, name) <= NEAR_DISTANCE_MAX;
}

/* Appends one name of a comma-separated list. */
static void put_name(struct cs_buffer *out, struct cs_bytes name, size_t *count)
{
    cs_buffer_append_text(out, *count == 0 ? "" : ", ");
    cs_buffer_append_bytes(out, name);
    (*count)++;
}

typedef struct cs_bytes name_at(const void *list, size_t index);

static void put_near(name_at *at, const void *list, size_t count, struct cs_bytes typed,
                     struct cs_buffer *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < count && shown < SHOWN_MAX; i++) {
        if (is_near(typed, at(list, i))) {
            put_name(out, at(list, i), &shown);
        }
    }
    for (size_t i = 0; shown == 0 && i < count; i++) {
        size_t all = i;
        put_name(out, at(list, i), &all);
    }
}

static struct cs_bytes entity_at(const void *list, size_t index)
{
    const struct cs_registry *registry = list;
    return cs_bytes_of_text(registry->entities[index]->name);
}

static struct cs_bytes field_at(const void *list, size_t index)
{
    const struct cs_entity *entity = list;
    return cs_bytes_of_text(entity->fields[index].name);
}

void cs_query_near_entities(const struct cs_registry *registry, struct cs_bytes name,
                            struct cs_buffer *out)
{
    put_near(entity_at, registry, registry->entity_count, name, out);
}

void cs_query_near_fields(const struct cs_entity *entity, struct cs_bytes name,
                          struct cs_buffer *out)
{
    put_near(field_at, entity, entity->field_count, name, out);
}

/* A typed name as it may stand in a message: cut between characters, never trusted to be short. */
static int shown_size(struct cs_bytes name)
{
    return (int)(name.size <= CS_NAME_MAX ? name.size
                                          : cs_utf8_cut((const char *)name.data, CS_NAME_MAX));
}

enum cs_status cs_edit_entity(const struct cs_replica *replica, struct cs_bytes name,
                              const struct cs_entity **out, struct cs_problem *problem)
{
    const struct cs_entity *entity = cs_registry_find(replica->registry, name);
    if (entity != NULL) {
        *out = entity;
        return CS_OK;
    }
    struct cs_buffer near;
    cs_buffer_init(&near, 4 * CS_KIBI);
    cs_query_near_entities(replica->registry, name, &near);
    const char *text = cs_buffer_text(&near);
    enum cs_status status = cs_problem_set(
        problem, CS_NOT_FOUND, "there is nothing called \"%.*s\"; there are: %s", shown_size(name),
        name.size == 0 ? "" : (const char *)name.data, text == NULL ? "" : text);
    cs_buffer_release(&near);
    return status;
}

/* An id, or what people use in its place. */
static enum cs_status parse_reference(struct cs_replica *replica, const struct cs_field *field,
                                      struct cs_bytes text, struct cs_arena *arena,
                                      struct cs_value *out, struct cs_problem *problem)
{
    struct cs_id id;
    struct cs_bytes bytes;
    enum cs_status status = cs_id_parse(text, &id);
    if (status != CS_OK) {
        status = cs_query_resolve(replica, cs_bytes_of_text(field->references), text, &id, problem);
        status = status == CS_NOT_FOUND ? CS_MISSING_REFERENCE : status;
    }
    if (status == CS_OK) {
        status = cs_arena_copy(arena, cs_id_bytes(&id), &bytes);
    }
    if (status == CS_OK) {
        *out = cs_value_bytes(bytes);
    }
    return status;
}

enum cs_status cs_edit_field(const struct cs_entity *entity, struct cs_bytes name,
                             size_t *out_index, struct cs_problem *problem)
{
    int index = cs_entity_field_index(entity, name);
    if (index >= 0) {
        *out_index = (size_t)index;
        return CS_OK;
    }
    struct cs_buffer near;
    cs_buffer_init(&near, 16 * CS_KIBI);
    cs_query_near_fields(entity, name, &near);
    const char *text = cs_buffer_text(&near);
    enum cs_status status = cs_problem_set(
        problem, CS_NOT_FOUND, "%s has no field \"%.*s\"; there are: %s", entity->name,
        shown_size(name), name.size == 0 ? "" : (const char *)name.data, text == NULL ? "" : text);
    cs_buffer_release(&near);
    return status;
}

enum cs_status cs_edit_parse(struct cs_replica *replica, struct cs_bytes entity,
                             struct cs_bytes field, struct cs_bytes text, struct cs_arena *arena,
                             struct cs_named_value *out, struct cs_problem *problem)
{
    const struct cs_entity *known;
    enum cs_status status = cs_edit_entity(replica, entity, &known, problem);
    if (status != CS_OK) {
        return status;
    }
    size_t index = 0;
    status = cs_edit_field(known, field, &index, problem);
    if (status != CS_OK) {
        return status;
    }
    const struct cs_field *described = &known->fields[index];
    struct cs_named_value value = {.name = cs_bytes_of_text(described->name)};
    if (described->type == CS_FIELD_REFERENCE && described->references != NULL && text.size > 0) {
        status = parse_reference(replica, described, text, arena, &value.value, problem);
    } else {
        int offset = replica->world->offset_minutes(replica->world->context);
        status = cs_value_parse(known, described, text, offset, arena, &value.value, problem);
    }
    if (status == CS_OK) {
        *out = value;
    }
    return status;
}
