/* Short words for tests about the product's own entities. */
#ifndef TESTS_UNIT_SHARED_DOMAIN_CORE_ENTITIES_H
#define TESTS_UNIT_SHARED_DOMAIN_CORE_ENTITIES_H

#include "shared/domain/validation.h"
#include "tests/unit/shared_domain/toy.h"

static inline const struct cs_entity *core_entity(const char *name)
{
    const struct cs_entity *entity = cs_registry_find(cs_registry_core(), cs_bytes_of_text(name));
    assert_non_null(entity);
    return entity;
}

static inline const struct cs_field *core_field(const char *entity_name, const char *name)
{
    const struct cs_entity *entity = core_entity(entity_name);
    int index = cs_entity_field_index(entity, cs_bytes_of_text(name));
    if (index < 0) {
        fail_msg("no field %s.%s", entity_name, name);
    }
    return &entity->fields[index];
}

/* Field NULL: the row. */
static inline bool core_may(const char *entity, const char *field, enum cs_write_kind kind,
                            cs_roles roles)
{
    const struct cs_field *descriptor = field != NULL ? core_field(entity, field) : NULL;
    enum cs_status status = cs_write_permitted(core_entity(entity), descriptor, kind, roles, NULL);
    assert_true(status == CS_OK || status == CS_DENIED);
    return status == CS_OK;
}

static inline void assert_core_denied(const char *entity, const char *field,
                                      enum cs_write_kind kind, cs_roles roles, const char *text)
{
    struct cs_problem problem = {""};
    const struct cs_field *descriptor = field != NULL ? core_field(entity, field) : NULL;
    assert_int_equal(cs_write_permitted(core_entity(entity), descriptor, kind, roles, &problem),
                     CS_DENIED);
    assert_string_equal(problem.text, text);
}

static inline enum cs_status core_check(const char *entity, const char *field,
                                        struct cs_value value)
{
    return cs_value_check(core_entity(entity), core_field(entity, field), &value, NULL);
}

static inline struct cs_value core_text(const char *text)
{
    return cs_value_text(cs_bytes_of_text(text));
}

/* The roles that may do it, one bit each. */
static inline cs_roles core_who_may(const char *entity, const char *field, enum cs_write_kind kind)
{
    cs_roles who = CS_ROLES_NONE;
    for (size_t i = 0; i < CS_ROLE_COUNT; i++) {
        if (core_may(entity, field, kind, (cs_roles)1 << i)) {
            who |= (cs_roles)1 << i;
        }
    }
    return who;
}

/* Roles that stand for most columns of the matrix. */
#define DESK (CS_ROLE(OWNER) | CS_ROLE(OFFICE) | CS_ROLE(MANAGER))
#define SITE (DESK | CS_ROLE(TECHNICIAN))
#define STORE (DESK | CS_ROLE(WAREHOUSE))

#endif
