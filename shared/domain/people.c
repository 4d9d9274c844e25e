/*
 * People: whoever works for the organisation. Rights come from device certificates, never from
 * these rows.
 */
#include "shared/domain/departments.h"

static const struct cs_field person_fields[] = {
    {.name = "name",
     .label_zh = "姓名",
     .label_en = "name",
     .type = CS_FIELD_TEXT,
     .writers = CS_ROLES_STAFF,
     .flags = CS_FIELD_REQUIRED | CS_FIELD_LABEL | CS_FIELD_SEARCH,
     .size_max = CS_PERSON_NAME_MAX},
    {.name = "phone",
     .label_zh = "电话",
     .label_en = "phone",
     .type = CS_FIELD_TEXT,
     .writers = CS_ROLES_STAFF,
     .flags = CS_FIELD_SEARCH,
     .clause = "B16"},
    {.name = "post",
     .label_zh = "岗位",
     .label_en = "post",
     .type = CS_FIELD_TEXT,
     .writers = CS_ROLES_STAFF},
    {.name = "territory",
     .label_zh = "辖区",
     .label_en = "territory",
     .type = CS_FIELD_TEXT,
     .writers = CS_ROLES_STAFF,
     .clause = "D9"},
};

static const struct cs_entity person = {
    .name = "person",
    .label_zh = "人员",
    .label_en = "person",
    .kind = CS_ENTITY_ORDINARY,
    .scope = CS_SCOPE_RULE_EVERYONE,
    .creators = CS_ROLES_STAFF,
    .deleters = CS_ROLES_STAFF,
    .fields = person_fields,
    .field_count = CS_COUNT(person_fields),
    .clause = "D3",
};

const struct cs_entity *const cs_department_people[] = {&person, NULL};
