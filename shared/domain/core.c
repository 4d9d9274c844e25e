/*
 * The product's registry: the lists of all departments, one after the other.
 *
 * C cannot join arrays of several files before the program runs, so they are joined once, on first
 * use, and never change afterwards.
 */
#include "shared/domain/departments.h"

#include <pthread.h>

#define CORE_ENTITIES_MAX 96

static const struct cs_entity *const *const departments[] = {
    cs_department_people,   cs_department_devices,     cs_department_customers,
    cs_department_projects, cs_department_service,     cs_department_stock,
    cs_department_office,   cs_department_attachments,
};

static const struct cs_entity *entities[CORE_ENTITIES_MAX];
static struct cs_registry registry = {entities, 0};
static pthread_once_t joined = PTHREAD_ONCE_INIT;

static void join_departments(void)
{
    for (size_t i = 0; i < CS_COUNT(departments); i++) {
        for (const struct cs_entity *const *entity = departments[i]; *entity != NULL; entity++) {
            cs_require(registry.entity_count < CORE_ENTITIES_MAX);
            entities[registry.entity_count++] = *entity;
        }
    }
}

const struct cs_registry *cs_registry_core(void)
{
    cs_require(pthread_once(&joined, join_departments) == 0);
    return &registry;
}
