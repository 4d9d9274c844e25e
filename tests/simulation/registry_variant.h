/*
 * Another version of a registry: a copy whose entities and fields a test changes before anybody uses it. So programs of several
 * versions live in one test.
 */
#ifndef TESTS_SIMULATION_REGISTRY_VARIANT_H
#define TESTS_SIMULATION_REGISTRY_VARIANT_H

#include "shared/domain/descriptor.h"

#define VARIANT_ENTITIES_MAX 128
#define VARIANT_CHANGED_MAX 8
#define VARIANT_FIELDS_MAX 64

struct registry_variant {
    struct cs_registry registry;
    const struct cs_entity *entities[VARIANT_ENTITIES_MAX];
    struct cs_entity changed[VARIANT_CHANGED_MAX];
    struct cs_field fields[VARIANT_CHANGED_MAX][VARIANT_FIELDS_MAX];
    size_t changed_count;
};

/* Nothing is freed: everything stands in the struct, which must not move. `base` is borrowed. */
void variant_init(struct registry_variant *variant, const struct cs_registry *base);
/* The entity as this version has it, to be changed; its fields are writable copies. */
struct cs_entity *variant_entity(struct registry_variant *variant, const char *entity);
/* A field of it, to be changed. */
struct cs_field *variant_field(struct registry_variant *variant, const char *entity,
                               const char *field);
/* Appends a text field that everybody may write; it may be changed further. */
struct cs_field *variant_add_field(struct registry_variant *variant, const char *entity,
                                   const char *field);
/* A further entity that everybody sees and may make, with one required text field, "name". */
struct cs_entity *variant_add_entity(struct registry_variant *variant, const char *name);
/* Asserts that the registry may be used. */
const struct cs_registry *variant_done(struct registry_variant *variant);

#endif
