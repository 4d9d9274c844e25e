/* The made-up entity, see extra_registry.h. One field of each type that people write most. */
#include "tests/end_to_end/extra_registry.h"

#define ENTITIES_MAX 128

#define WRITERS_DESK (CS_ROLE(OWNER) | CS_ROLE(OFFICE))
#define WRITERS_SITE (WRITERS_DESK | CS_ROLE(TECHNICIAN))

static const struct cs_field tool_loan_fields[] = {
    {.name = "person",
     .label_zh = "借用人",
     .label_en = "borrower",
     .type = CS_FIELD_REFERENCE,
     .writers = WRITERS_DESK,
     .flags = CS_FIELD_REQUIRED | CS_FIELD_OWNER,
     .references = "person"},
    {.name = "tool",
     .label_zh = "工具",
     .label_en = "tool",
     .type = CS_FIELD_TEXT,
     .writers = WRITERS_DESK,
     .flags = CS_FIELD_REQUIRED | CS_FIELD_LABEL,
     .size_max = 40},
    {.name = "borrowed_on",
     .label_zh = "借出日期",
     .label_en = "borrowed on",
     .type = CS_FIELD_DATE,
     .writers = WRITERS_DESK},
    {.name = "returned",
     .label_zh = "已归还",
     .label_en = "returned",
     .type = CS_FIELD_BOOLEAN,
     .writers = WRITERS_SITE},
    {.name = "deposit",
     .label_zh = "押金(分)",
     .label_en = "deposit in cents",
     .type = CS_FIELD_MONEY,
     .writers = WRITERS_DESK,
     .minimum = 0,
     .maximum = 10000000},
    {.name = "condition",
     .label_zh = "状况",
     .label_en = "condition",
     .type = CS_FIELD_CHOICE,
     .writers = WRITERS_SITE,
     .choices = "new|used|broken",
     .choices_zh = "全新|用过|损坏",
     .choices_en = "new|used|broken"},
    {.name = "part",
     .label_zh = "备件",
     .label_en = "part",
     .type = CS_FIELD_REFERENCE,
     .writers = WRITERS_DESK,
     .references = "part"},
};

static const struct cs_entity tool_loan = {
    .name = "tool_loan",
    .label_zh = "工具借用",
    .label_en = "tool loan",
    .kind = CS_ENTITY_ORDINARY,
    .scope = CS_SCOPE_RULE_OFFICE,
    .creators = WRITERS_DESK,
    .deleters = WRITERS_DESK,
    .fields = tool_loan_fields,
    .field_count = CS_COUNT(tool_loan_fields),
};

static const struct cs_entity *entities[ENTITIES_MAX];
static struct cs_registry registry = {entities, 0};

const struct cs_registry *extra_registry(void)
{
    const struct cs_registry *core = cs_registry_core();
    if (registry.entity_count == 0) {
        cs_require(core->entity_count < ENTITIES_MAX);
        for (size_t i = 0; i < core->entity_count; i++) {
            entities[i] = core->entities[i];
        }
        entities[core->entity_count] = &tool_loan;
        registry.entity_count = core->entity_count + 1;
    }
    return &registry;
}
