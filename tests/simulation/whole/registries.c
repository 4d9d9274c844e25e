/* Other registries, see registries.h. */
#include "tests/simulation/whole/registries.h"

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

const struct cs_registry *sim_registry_lax(void)
{
    static struct cs_entity copies[ENTITIES_MAX];
    static const struct cs_entity *entities[ENTITIES_MAX];
    static struct cs_registry registry;
    if (registry.entities != NULL) {
        return &registry;
    }
    const struct cs_registry *core = cs_registry_core();
    cs_require(core->entity_count <= ENTITIES_MAX);
    for (size_t i = 0; i < core->entity_count; i++) {
        copies[i] = *core->entities[i];
        loosen(&copies[i]);
        entities[i] = &copies[i];
    }
    registry = (struct cs_registry){entities, core->entity_count};
    return &registry;
}
