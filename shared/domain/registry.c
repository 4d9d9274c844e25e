/* Finding entities and fields, see descriptor.h. */
#include "shared/domain/choices.h"
#include "shared/domain/descriptor.h"

#include <string.h>

#define TEXT_SIZE_DEFAULT 255
#define BYTES_SIZE_DEFAULT 64

/*
 * Registries have some fifty entities of some twenty fields: comparing first letters and sizes first makes a linear search fast.
 */
static bool is_name(const char *name, struct cs_bytes wanted)
{
    return wanted.size > 0 && name[0] == (char)wanted.data[0] && strlen(name) == wanted.size &&
           memcmp(name, wanted.data, wanted.size) == 0;
}

const struct cs_entity *cs_registry_find(const struct cs_registry *registry, struct cs_bytes name)
{
    for (size_t i = 0; i < registry->entity_count; i++) {
        if (is_name(registry->entities[i]->name, name)) {
            return registry->entities[i];
        }
    }
    return NULL;
}

int cs_entity_field_index(const struct cs_entity *entity, struct cs_bytes name)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        if (is_name(entity->fields[i].name, name)) {
            return (int)i;
        }
    }
    return -1;
}

size_t cs_entity_unit(const struct cs_entity *entity, size_t field_index)
{
    cs_require(field_index < entity->field_count);
    uint8_t group = entity->fields[field_index].group;
    if (group == 0) {
        return field_index;
    }
    size_t first = 0;
    while (entity->fields[first].group != group) {
        first++;
    }
    return first;
}

bool cs_entity_is_closed(const struct cs_entity *entity, const struct cs_value *values)
{
    int index = entity->closing_field == NULL
                    ? -1
                    : cs_entity_field_index(entity, cs_bytes_of_text(entity->closing_field));
    return index >= 0 && values[index].kind == CS_VALUE_TEXT &&
           cs_choices_find(entity->closing_choices, values[index].bytes) >= 0;
}

size_t cs_entity_label_field(const struct cs_entity *entity)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        if ((entity->fields[i].flags & CS_FIELD_LABEL) != 0) {
            return i;
        }
    }
    if (entity->natural_key != NULL) {
        int key = cs_entity_field_index(entity, cs_bytes_of_text(entity->natural_key));
        if (key >= 0) {
            return (size_t)key;
        }
    }
    for (size_t i = 0; i < entity->field_count; i++) {
        if (entity->fields[i].type == CS_FIELD_TEXT) {
            return i;
        }
    }
    return 0;
}

bool cs_field_is_listed(const struct cs_field *field)
{
    return (field->flags & CS_FIELD_HIDDEN) == 0 && field->type != CS_FIELD_BYTES;
}

size_t cs_field_size_max(const struct cs_field *field)
{
    if (field->type == CS_FIELD_REFERENCE) {
        return CS_ID_SIZE;
    }
    if (field->size_max != 0) {
        return field->size_max;
    }
    return field->type == CS_FIELD_BYTES ? BYTES_SIZE_DEFAULT : TEXT_SIZE_DEFAULT;
}
