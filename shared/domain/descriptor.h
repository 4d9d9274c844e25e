/*
 * Entity descriptors: one static table per entity says everything about it.
 *
 * From a descriptor come the SQL table, validation, CSV, JSON, permissions, scopes, forms and documentation. Adding an
 * entity is adding one table to its department's file; nothing else changes. Fields are only ever appended, and names
 * never change: they are part of the formats. Pure.
 */
#ifndef CS_DOMAIN_DESCRIPTOR_H
#define CS_DOMAIN_DESCRIPTOR_H

#include "shared/base/id.h"
#include "shared/base/limits.h"
#include "shared/base/value.h"

/* Roles (requirements §4); a person may hold several. */
#define CS_ROLE_TABLE(X)                                                                           \
    X(OWNER, "owner", "负责人")                                                                    \
    X(SECURITY, "security", "安全员")                                                              \
    X(OFFICE, "office", "内勤")                                                                    \
    X(MANAGER, "manager", "经理")                                                                  \
    X(DIRECTOR, "director", "总监")                                                                \
    X(COMMITTEE, "committee", "管理委员会")                                                        \
    X(FINANCE, "finance", "财务")                                                                  \
    X(WAREHOUSE, "warehouse", "仓库")                                                              \
    X(TECHNICIAN, "technician", "技术员")                                                          \
    X(AUDITOR, "auditor", "审计")

enum cs_role_index {
#define CS_ROLE_ENUM(name, text, label_zh) CS_ROLE_INDEX_##name,
    CS_ROLE_TABLE(CS_ROLE_ENUM)
#undef CS_ROLE_ENUM
        CS_ROLE_COUNT
};
/* A set of roles: bit i is role i of the table. */
typedef uint32_t cs_roles;
#define CS_ROLE(name) ((cs_roles)1 << CS_ROLE_INDEX_##name)
#define CS_ROLES_NONE ((cs_roles)0)
#define CS_ROLES_ALL (((cs_roles)1 << CS_ROLE_COUNT) - 1)
/* Those who answer for the vaults (design §10). */
#define CS_ROLES_OFFICER (CS_ROLE(OWNER) | CS_ROLE(SECURITY))
/* Those who see all business records. */
#define CS_ROLES_OFFICE_SCOPE                                                                      \
    (CS_ROLE(OWNER) | CS_ROLE(OFFICE) | CS_ROLE(MANAGER) | CS_ROLE(DIRECTOR) |                     \
     CS_ROLE(COMMITTEE) | CS_ROLE(FINANCE) | CS_ROLE(WAREHOUSE) | CS_ROLE(AUDITOR) |               \
     CS_ROLE(SECURITY))

enum cs_field_type {
    CS_FIELD_TEXT,      /* text of at most size_max bytes */
    CS_FIELD_INTEGER,   /* minimum … maximum */
    CS_FIELD_MONEY,     /* integer, cents */
    CS_FIELD_BOOLEAN,   /* integer 0 or 1 */
    CS_FIELD_DATE,      /* integer, days since 1970-01-01 */
    CS_FIELD_INSTANT,   /* integer, see cs_instant_make */
    CS_FIELD_CHOICE,    /* text, one of `choices` */
    CS_FIELD_REFERENCE, /* bytes, 16: the id of a row of `references` */
    CS_FIELD_BYTES,     /* bytes of at most size_max; hexadecimal on the command line */
};

/* Which of concurrent values is shown (design §4); the others become conflicts. */
enum cs_merge_policy {
    CS_MERGE_LATEST,         /* greater (effective time, version) */
    CS_MERGE_FACT_OVER_PLAN, /* recorded by a technician beats planned by the office; then as LATEST */
    CS_MERGE_ONCE,           /* immutable; two first writes are a conflict, the earlier is shown */
    CS_MERGE_COMPUTED,       /* written by the server only */
};

enum cs_field_flags {
    CS_FIELD_REQUIRED = 1 << 0,
    CS_FIELD_SEARCH = 1 << 1, /* full-text index, later */
    CS_FIELD_LABEL = 1 << 2,  /* what people see in place of the id */
    CS_FIELD_SIGNED = 1 << 3, /* part of what the customer signs (D7) */
    /* Scopes (design §7). FOLLOWS: this row is in the scopes of the row referred to. CARRIES: the row referred to is in
     * the scopes of this row. OWNER: reference to a person; this row is in that person's scope. ROOT: this row is in the
     * scope of the project referred to. */
    CS_FIELD_FOLLOWS = 1 << 4,
    CS_FIELD_CARRIES = 1 << 5,
    CS_FIELD_OWNER = 1 << 6,
    CS_FIELD_PROJECT = 1 << 7,
    CS_FIELD_HIDDEN = 1 << 8, /* not shown in lists */
    /* Required since a later version of the program: the server takes rows that older programs make without it. Every
     * required field that is appended to an entity in use has it. */
    CS_FIELD_LATER = 1 << 9,
};

struct cs_field {
    const char *name; /* lower_case, ≤ CS_NAME_MAX */
    const char *label_zh;
    const char *label_en;
    enum cs_field_type type;
    enum cs_merge_policy policy;
    cs_roles writers; /* who may write it */
    unsigned flags;   /* of enum cs_field_flags */
    uint8_t group;    /* 0: alone; fields of one non-zero group move together */
    size_t size_max;  /* bytes; 0 = 255 for text, 64 for bytes */
    int64_t minimum;  /* integers; minimum = maximum = 0 means unbounded */
    int64_t maximum;
    const char *choices;    /* "draft|assigned|…" */
    const char *choices_zh; /* same order */
    const char *choices_en; /* the same, for people; NULL: their names do */
    const char *references; /* entity name */
    const char *clause;     /* requirement it comes from, or NULL */
};

enum cs_entity_scope {
    CS_SCOPE_RULE_OFFICE,   /* the office, and whatever the field flags add */
    CS_SCOPE_RULE_EVERYONE, /* everyone */
};

enum cs_entity_kind {
    CS_ENTITY_ORDINARY,
    CS_ENTITY_EVIDENCE, /* append-only and signed: no updates, no deletes */
    CS_ENTITY_COMPUTED, /* rows made by the server; people may write only fields whose policy is not COMPUTED */
};

/* A rule over one row: instant or integer field `before` must not be greater than `after` when both are set. */
struct cs_order_rule {
    const char *before;
    const char *after;
};

struct cs_entity {
    const char *name; /* lower_case, ≤ CS_NAME_MAX */
    const char *label_zh;
    const char *label_en;
    enum cs_entity_kind kind;
    enum cs_entity_scope scope;
    cs_roles creators;
    cs_roles deleters;
    const char *natural_key; /* field whose value names the row for people and imports, or NULL */
    bool
        opens_project_scope; /* a person who sees this row (a project) subscribes to its project scope */
    const struct cs_field *fields;
    size_t field_count;
    const struct cs_order_rule *order_rules;
    size_t order_rule_count;
    const char *clause;
    /* A choice field and those of its choices that close the row ("cancelled|reconciled"); NULL: rows of it are never closed. A
     * closed row carries nothing (CS_FIELD_CARRIES): what came to people with it goes. */
    const char *closing_field;
    const char *closing_choices;
};

/* The entities a process knows. Passed in everywhere, so that two schema versions live in one process. */
struct cs_registry {
    const struct cs_entity *const *entities;
    size_t entity_count;
};

/* The product's own registry (core.c); static storage. */
const struct cs_registry *cs_registry_core(void);

const struct cs_entity *cs_registry_find(const struct cs_registry *registry, struct cs_bytes name);
/* Index in entity->fields, or -1. */
int cs_entity_field_index(const struct cs_entity *entity, struct cs_bytes name);
/* The unit of merging a field belongs to: index of the first field of its group, or its own index. */
size_t cs_entity_unit(const struct cs_entity *entity, size_t field_index);
/* Does the row's closing field have one of the closing choices? `values` has field_count items. */
bool cs_entity_is_closed(const struct cs_entity *entity, const struct cs_value *values);
/* Index of the field flagged LABEL, else the natural key, else the first text field, else 0. */
size_t cs_entity_label_field(const struct cs_entity *entity);
/* Bytes a value of this field may have: size_max or the default of its type. */
size_t cs_field_size_max(const struct cs_field *field);
/* Has a column in lists: not hidden, no bytes. */
bool cs_field_is_listed(const struct cs_field *field);

/* A registry that cannot work is a defect: every rule of this header checked, the first breach named. For tests and start. */
enum cs_status cs_registry_check(const struct cs_registry *registry,
                                 struct cs_problem *problem) CS_MUST_USE;

/* "owner", …; NULL-terminated static texts. */
const char *cs_role_name(enum cs_role_index role);
/* "technician" or "office,manager". CS_INVALID and the unknown word in `problem`. */
enum cs_status cs_roles_parse(struct cs_bytes text, cs_roles *out,
                              struct cs_problem *problem) CS_MUST_USE;
/* "office,manager"; appends. */
void cs_roles_format(cs_roles roles, struct cs_buffer *out);
/* Which roles a device with `inviter` roles may give (design §9): fixed table. */
cs_roles cs_roles_may_invite(cs_roles inviter);

/* How the device to be revoked stands to the one that revokes it. */
enum cs_revoke_relation {
    CS_REVOKE_ANYONE,
    CS_REVOKE_INVITED, /* the revoker's certificate is in its chain: let in by it, or by someone it let in */
};
/* The roles of devices that a device with `revoker` roles may revoke (design §9): fixed table. */
cs_roles cs_roles_may_revoke(cs_roles revoker, enum cs_revoke_relation relation);

#endif
