/* Other registries, see registries.h. */
#include "tests/simulation/whole/registries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTITIES_MAX 96

static void loosen(struct cs_entity *entity)
{
    struct cs_field *fields = calloc(entity->field_count, sizeof *fields);
    cs_require(fields != NULL);
    for (size_t i = 0; i < entity->field_count; i++) {
        fields[i] = entity->fields[i];
        bool computed = fields[i].policy == CS_MERGE_COMPUTED;
        fields[i].writers = computed ? fields[i].writers : CS_ROLES_ALL;
        fields[i].minimum = fields[i].maximum = 0;
        if (fields[i].type == CS_FIELD_TEXT) {
            fields[i].size_max = CS_VALUE_MAX;
        }
        fields[i].flags &= ~(unsigned)CS_FIELD_REQUIRED;
    }
    entity->fields = fields;
    entity->creators = entity->kind == CS_ENTITY_COMPUTED ? CS_ROLES_NONE : CS_ROLES_ALL;
    entity->deleters = entity->kind == CS_ENTITY_ORDINARY ? CS_ROLES_ALL : CS_ROLES_NONE;
    entity->order_rules = NULL;
    entity->order_rule_count = 0;
}

#define FIELDS_MAX 64
#define CHANGED_MAX 4

/* A writable copy of an entity, with room for more fields. */
static struct cs_entity *copy_of(const char *name)
{
    static struct cs_entity copies[CHANGED_MAX];
    static struct cs_field fields[CHANGED_MAX][FIELDS_MAX];
    static size_t count;
    const struct cs_entity *from = cs_registry_find(cs_registry_core(), cs_bytes_of_text(name));
    cs_require(from != NULL && count < CHANGED_MAX && from->field_count < FIELDS_MAX);
    copies[count] = *from;
    memcpy(fields[count], from->fields, from->field_count * sizeof *from->fields);
    copies[count].fields = fields[count];
    return &copies[count++];
}

static void add_text(struct cs_entity *entity, const char *name)
{
    struct cs_field *fields = (struct cs_field *)(uintptr_t)entity->fields;
    fields[entity->field_count++] = (struct cs_field){.name = name,
                                                      .label_zh = name,
                                                      .label_en = name,
                                                      .type = CS_FIELD_TEXT,
                                                      .writers = CS_ROLES_ALL};
}

static void add_choice(struct cs_entity *entity, const char *name)
{
    static char choices[256];
    static char choices_zh[256];
    struct cs_field *fields = (struct cs_field *)(uintptr_t)entity->fields;
    struct cs_field *field = &fields[cs_entity_field_index(entity, cs_bytes_of_text(name))];
    (void)snprintf(choices, sizeof choices, "%s|locker", field->choices);
    (void)snprintf(choices_zh, sizeof choices_zh, "%s|寄存柜", field->choices_zh);
    field->choices = choices;
    field->choices_zh = choices_zh;
    field->choices_en = NULL;
}

/* What a later version knows and the core does not: fields, a choice and a kind of record. */
static void grow(const struct cs_entity **entities, size_t *count)
{
    static const struct cs_field hint_fields[] = {
        {.name = "name",
         .label_zh = "标题",
         .label_en = "title",
         .type = CS_FIELD_TEXT,
         .writers = CS_ROLES_ALL,
         .flags = CS_FIELD_REQUIRED | CS_FIELD_LABEL},
        {.name = "text",
         .label_zh = "内容",
         .label_en = "text",
         .type = CS_FIELD_TEXT,
         .writers = CS_ROLES_ALL},
        {.name = "part",
         .label_zh = "配件",
         .label_en = "part",
         .type = CS_FIELD_REFERENCE,
         .writers = CS_ROLES_ALL,
         .references = "part"},
    };
    static const struct cs_entity hint = {.name = SIM_NEWER_ENTITY,
                                          .label_zh = "提示",
                                          .label_en = "hint",
                                          .scope = CS_SCOPE_RULE_EVERYONE,
                                          .creators = CS_ROLES_ALL,
                                          .deleters = CS_ROLES_ALL,
                                          .fields = hint_fields,
                                          .field_count = CS_COUNT(hint_fields)};
    struct cs_entity *part = copy_of("part");
    struct cs_entity *visit = copy_of("visit");
    struct cs_entity *location = copy_of("stock_location");
    const struct cs_entity *const changed[] = {part, visit, location};
    add_text(part, "shelf");
    add_text(visit, "weather");
    add_choice(location, "kind");
    for (size_t i = 0; i < *count; i++) {
        for (size_t j = 0; j < CS_COUNT(changed); j++) {
            if (strcmp(entities[i]->name, changed[j]->name) == 0) {
                entities[i] = changed[j];
            }
        }
    }
    entities[(*count)++] = &hint;
}

const struct cs_registry *sim_registry(void)
{
    static const struct cs_entity *entities[ENTITIES_MAX];
    static struct cs_registry registry;
    const struct cs_registry *core = cs_registry_core();
    if (registry.entities == NULL) {
        struct cs_problem problem = {""};
        size_t count = core->entity_count;
        cs_require(count < ENTITIES_MAX);
        memcpy(entities, core->entities, count * sizeof(const struct cs_entity *));
        grow(entities, &count);
        registry = (struct cs_registry){entities, count};
        cs_require(cs_registry_check(&registry, &problem) == CS_OK);
    }
    return &registry;
}

const struct cs_registry *sim_registry_older(void)
{
    return cs_registry_core();
}

const struct cs_registry *sim_registry_lax(void)
{
    static struct cs_entity copies[ENTITIES_MAX];
    static const struct cs_entity *entities[ENTITIES_MAX];
    static struct cs_registry registry;
    if (registry.entities != NULL) {
        return &registry;
    }
    const struct cs_registry *core = sim_registry();
    cs_require(core->entity_count <= ENTITIES_MAX);
    for (size_t i = 0; i < core->entity_count; i++) {
        copies[i] = *core->entities[i];
        loosen(&copies[i]);
        entities[i] = &copies[i];
    }
    registry = (struct cs_registry){entities, core->entity_count};
    return &registry;
}
