/*
 * What the department files of this folder share: their lists of entities, and the sets of roles
 * most fields use.
 *
 * Each department ends its list with NULL; core.c puts the lists together. Adding an entity touches
 * its department's file alone. Only files of this folder include this.
 */
#ifndef CS_DOMAIN_DEPARTMENTS_H
#define CS_DOMAIN_DEPARTMENTS_H

#include "shared/domain/descriptor.h"

extern const struct cs_entity *const cs_department_people[];
extern const struct cs_entity *const cs_department_devices[];
extern const struct cs_entity *const cs_department_customers[];
extern const struct cs_entity *const cs_department_projects[];
extern const struct cs_entity *const cs_department_service[];
extern const struct cs_entity *const cs_department_stock[];
extern const struct cs_entity *const cs_department_office[];
extern const struct cs_entity *const cs_department_attachments[];

/* Dispatchers and those above them: all business records. */
#define CS_ROLES_DESK (CS_ROLE(OWNER) | CS_ROLE(OFFICE) | CS_ROLE(MANAGER))
/* What is also recorded on site. */
#define CS_ROLES_SITE (CS_ROLES_DESK | CS_ROLE(TECHNICIAN))
/* The catalogue and the store. */
#define CS_ROLES_STORE (CS_ROLES_DESK | CS_ROLE(WAREHOUSE))
/* Takings from and returns to a store. */
#define CS_ROLES_LEDGER (CS_ROLES_STORE | CS_ROLE(TECHNICIAN))
/* Who keeps the list of persons. */
#define CS_ROLES_STAFF (CS_ROLES_DESK | CS_ROLE(SECURITY))
/* Who keeps any of the lists that have a natural key. */
#define CS_ROLES_LISTS (CS_ROLES_DESK | CS_ROLE(WAREHOUSE) | CS_ROLE(SECURITY))

/* Sizes of texts that are more than a line, bytes. */
#define CS_ADDRESS_MAX ((size_t)512)
#define CS_PARAGRAPH_MAX ((size_t)4096)

#endif
