/* Another version of a registry, see registry_variant.h. */
#include "tests/simulation/registry_variant.h"

#include "tests/support/testing.h"

#include <string.h>

void variant_init(struct registry_variant *variant, const struct cs_registry *base)
{
    memset(variant, 0, sizeof *variant);
    assert_true(base->entity_count <= VARIANT_ENTITIES_MAX);
    memcpy(variant->entities, base->entities, base->entity_count * sizeof *base->entities);
    variant->registry = (struct cs_registry){variant->entities, base->entity_count};
}

/* A writable copy in place of entity number `at`. */
static struct cs_entity *change(struct registry_variant *variant, size_t at,
                                const struct cs_entity *from)
{
    assert_true(variant->changed_count < VARIANT_CHANGED_MAX);
    assert_true(from->field_count < VARIANT_FIELDS_MAX);
    size_t place = variant->changed_count++;
    struct cs_entity *entity = &variant->changed[place];
    *entity = *from;
    memcpy(variant->fields[place], from->fields, from->field_count * sizeof *from->fields);
    entity->fields = variant->fields[place];
    variant->entities[at] = entity;
    return entity;
}

struct cs_entity *variant_entity(struct registry_variant *variant, const char *entity)
{
    size_t at = 0;
    while (at < variant->registry.entity_count &&
           strcmp(variant->entities[at]->name, entity) != 0) {
        at++;
    }
    assert_true(at < variant->registry.entity_count);
    for (size_t i = 0; i < variant->changed_count; i++) {
        if (variant->entities[at] == &variant->changed[i]) {
            return &variant->changed[i];
        }
    }
    return change(variant, at, variant->entities[at]);
}

/* The writable fields of a changed entity. */
static struct cs_field *fields_of(struct registry_variant *variant, const struct cs_entity *entity)
{
    return variant->fields[entity - variant->changed];
}

struct cs_field *variant_field(struct registry_variant *variant, const char *entity,
                               const char *field)
{
    struct cs_entity *changed = variant_entity(variant, entity);
    int index = cs_entity_field_index(changed, cs_bytes_of_text(field));
    assert_true(index >= 0);
    return &fields_of(variant, changed)[index];
}

struct cs_field *variant_add_field(struct registry_variant *variant, const char *entity,
                                   const char *field)
{
    struct cs_entity *changed = variant_entity(variant, entity);
    assert_true(changed->field_count < VARIANT_FIELDS_MAX);
    struct cs_field *added = &fields_of(variant, changed)[changed->field_count++];
    *added = (struct cs_field){.name = field,
                               .label_zh = field,
                               .label_en = field,
                               .type = CS_FIELD_TEXT,
                               .writers = CS_ROLES_ALL};
    return added;
}

struct cs_entity *variant_add_entity(struct registry_variant *variant, const char *name)
{
    assert_true(variant->registry.entity_count < VARIANT_ENTITIES_MAX);
    struct cs_entity entity = {.name = name,
                               .label_zh = name,
                               .label_en = name,
                               .scope = CS_SCOPE_RULE_EVERYONE,
                               .creators = CS_ROLES_ALL,
                               .deleters = CS_ROLES_ALL,
                               .fields = variant->fields[0]};
    struct cs_entity *added = change(variant, variant->registry.entity_count++, &entity);
    struct cs_field *label = variant_add_field(variant, name, "name");
    label->flags = CS_FIELD_REQUIRED | CS_FIELD_LABEL;
    return added;
}

const struct cs_registry *variant_done(struct registry_variant *variant)
{
    struct cs_problem problem = {""};
    if (cs_registry_check(&variant->registry, &problem) != CS_OK) {
        fail_msg("%s", problem.text);
    }
    return &variant->registry;
}
