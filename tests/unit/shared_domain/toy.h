/*
 * A small registry for the tests of this folder: every type, policy, flag and kind once. Tests copy
 * it and break the copy.
 */
#ifndef TESTS_UNIT_SHARED_DOMAIN_TOY_H
#define TESTS_UNIT_SHARED_DOMAIN_TOY_H

#include "shared/domain/descriptor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum toy_field {
    TOY_NAME,
    TOY_COUNT,
    TOY_PRICE,
    TOY_DONE,
    TOY_DAY,
    TOY_STARTED,
    TOY_ENDED,
    TOY_STATUS,
    TOY_KEEPER,
    TOY_PROJECT,
    TOY_PARENT,
    TOY_DIGEST,
    TOY_LATITUDE,
    TOY_LONGITUDE,
    TOY_FIRST,
    TOY_TOTAL,
    TOY_FIELDS
};
enum toy_entity { TOY_PERSON, TOY_PROJECT_ENTITY, TOY_ITEM, TOY_PROOF, TOY_ALERT, TOY_ENTITIES };

#define TOY_OFFICE (CS_ROLE(OFFICE))
#define TOY_BOTH (CS_ROLE(OFFICE) | CS_ROLE(TECHNICIAN))

/* Everything here may be changed by a test. */
struct toy {
    struct cs_field name[1];
    struct cs_field proof[1];
    struct cs_field alert[2];
    struct cs_field item[TOY_FIELDS];
    struct cs_order_rule rules[1];
    struct cs_entity entities[TOY_ENTITIES];
    const struct cs_entity *list[TOY_ENTITIES];
    struct cs_registry registry;
};

static inline struct cs_field toy_field(const char *name, enum cs_field_type type)
{
    return (struct cs_field){
        .name = name, .label_zh = "字段", .label_en = "field", .type = type, .writers = TOY_BOTH};
}

static inline void toy_init_item(struct cs_field *item)
{
    item[TOY_NAME] = toy_field("name", CS_FIELD_TEXT);
    item[TOY_NAME].flags = CS_FIELD_REQUIRED | CS_FIELD_LABEL;
    item[TOY_NAME].size_max = 10;
    item[TOY_COUNT] = toy_field("count", CS_FIELD_INTEGER);
    item[TOY_COUNT].minimum = -5;
    item[TOY_COUNT].maximum = 20;
    item[TOY_PRICE] = toy_field("price", CS_FIELD_MONEY);
    item[TOY_PRICE].writers = TOY_OFFICE;
    item[TOY_DONE] = toy_field("done", CS_FIELD_BOOLEAN);
    item[TOY_DAY] = toy_field("day", CS_FIELD_DATE);
    item[TOY_STARTED] = toy_field("started", CS_FIELD_INSTANT);
    item[TOY_ENDED] = toy_field("ended", CS_FIELD_INSTANT);
    item[TOY_STATUS] = toy_field("status", CS_FIELD_CHOICE);
    item[TOY_STATUS].choices = "draft|sent";
    item[TOY_STATUS].choices_zh = "草稿|已发";
    item[TOY_KEEPER] = toy_field("keeper", CS_FIELD_REFERENCE);
    item[TOY_KEEPER].references = "person";
    item[TOY_KEEPER].flags = CS_FIELD_OWNER;
    item[TOY_PROJECT] = toy_field("project", CS_FIELD_REFERENCE);
    item[TOY_PROJECT].references = "project";
    item[TOY_PROJECT].flags = CS_FIELD_PROJECT | CS_FIELD_CARRIES;
    item[TOY_PARENT] = toy_field("parent", CS_FIELD_REFERENCE);
    item[TOY_PARENT].references = "item";
    item[TOY_DIGEST] = toy_field("digest", CS_FIELD_BYTES);
    item[TOY_LATITUDE] = toy_field("latitude", CS_FIELD_INTEGER);
    item[TOY_LATITUDE].group = 1;
    item[TOY_LONGITUDE] = toy_field("longitude", CS_FIELD_INTEGER);
    item[TOY_LONGITUDE].group = 1;
    item[TOY_FIRST] = toy_field("first", CS_FIELD_TEXT);
    item[TOY_FIRST].policy = CS_MERGE_ONCE;
    item[TOY_TOTAL] = toy_field("total", CS_FIELD_INTEGER);
    item[TOY_TOTAL].policy = CS_MERGE_COMPUTED;
    item[TOY_TOTAL].writers = CS_ROLES_NONE;
}

static inline void toy_init_entities(struct toy *toy)
{
    struct cs_entity *e = toy->entities;
    for (size_t i = 0; i < TOY_ENTITIES; i++) {
        e[i] = (struct cs_entity){.label_zh = "实体",
                                  .label_en = "entity",
                                  .creators = TOY_OFFICE,
                                  .fields = toy->name,
                                  .field_count = CS_COUNT(toy->name)};
        toy->list[i] = &e[i];
    }
    e[TOY_PERSON].name = "person";
    e[TOY_PROJECT_ENTITY].name = "project";
    e[TOY_PROJECT_ENTITY].opens_project_scope = true;
    e[TOY_ITEM].name = "item";
    e[TOY_ITEM].creators = TOY_BOTH;
    e[TOY_ITEM].deleters = TOY_OFFICE;
    e[TOY_ITEM].natural_key = "name";
    e[TOY_ITEM].fields = toy->item;
    e[TOY_ITEM].field_count = TOY_FIELDS;
    e[TOY_ITEM].order_rules = toy->rules;
    e[TOY_ITEM].order_rule_count = CS_COUNT(toy->rules);
    e[TOY_PROOF].name = "proof";
    e[TOY_PROOF].kind = CS_ENTITY_EVIDENCE;
    e[TOY_PROOF].creators = TOY_BOTH;
    e[TOY_PROOF].fields = toy->proof;
    e[TOY_ALERT].name = "alert";
    e[TOY_ALERT].kind = CS_ENTITY_COMPUTED;
    e[TOY_ALERT].creators = CS_ROLES_NONE;
    e[TOY_ALERT].fields = toy->alert;
    e[TOY_ALERT].field_count = CS_COUNT(toy->alert);
}

static inline void toy_init(struct toy *toy)
{
    memset(toy, 0, sizeof *toy);
    toy->name[0] = toy_field("name", CS_FIELD_TEXT);
    toy->proof[0] = toy_field("item", CS_FIELD_REFERENCE);
    toy->proof[0].policy = CS_MERGE_ONCE;
    toy->proof[0].references = "item";
    toy->proof[0].flags = CS_FIELD_FOLLOWS;
    toy->alert[0] = toy_field("kind", CS_FIELD_TEXT);
    toy->alert[0].policy = CS_MERGE_COMPUTED;
    toy->alert[0].writers = CS_ROLES_NONE;
    toy->alert[1] = toy_field("note", CS_FIELD_TEXT);
    toy->alert[1].writers = TOY_OFFICE;
    toy_init_item(toy->item);
    toy->rules[0] = (struct cs_order_rule){"started", "ended"};
    toy_init_entities(toy);
    toy->registry = (struct cs_registry){toy->list, TOY_ENTITIES};
}

/* The problem's text holds `part`; says what it was if not. */
static inline void assert_problem(const struct cs_problem *problem, const char *part)
{
    if (strstr(problem->text, part) == NULL) {
        fail_msg("expected \"%s\" in \"%s\"", part, problem->text);
    }
}

#endif
