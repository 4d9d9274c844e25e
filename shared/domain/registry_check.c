/*
 * Is a registry fit for use, see cs_registry_check in descriptor.h.
 *
 * Called by tests and at start. A rule is a function that names its breach or returns NULL; the
 * tables below list them, and the first breach is reported with its entity and field, so that
 * whoever added a descriptor sees at once what is wrong.
 */
#include "shared/base/text.h"
#include "shared/domain/choices.h"
#include "shared/domain/descriptor.h"

#include <string.h>

#define ENTITIES_MAX ((size_t)256)
#define FLAGS_KNOWN ((unsigned)(CS_FIELD_LATER << 1) - 1)
/* Flags that speak about the row referred to. */
#define FLAGS_OF_REFERENCES                                                                        \
    ((unsigned)(CS_FIELD_FOLLOWS | CS_FIELD_CARRIES | CS_FIELD_OWNER | CS_FIELD_PROJECT))

/* What a rule looks at; `field` is meaningless for rules over entities. */
struct subject {
    const struct cs_registry *registry;
    const struct cs_entity *entity;
    const struct cs_field *field;
};

/* The breach, or NULL. */
typedef const char *rule_function(const struct subject *subject);

static bool is_lower_case_name(const char *name)
{
    if (name == NULL || name[0] < 'a' || name[0] > 'z') {
        return false;
    }
    return strlen(name) <= CS_NAME_MAX &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool is_label(const char *label)
{
    return label != NULL && label[0] != '\0' && cs_utf8_valid(cs_bytes_of_text(label));
}

static bool has_flag(const struct cs_field *field, unsigned flag)
{
    return (field->flags & flag) != 0;
}

static bool is_number(enum cs_field_type type)
{
    return type == CS_FIELD_INTEGER || type == CS_FIELD_MONEY || type == CS_FIELD_DATE ||
           type == CS_FIELD_INSTANT;
}

static const struct cs_entity *target_of(const struct subject *subject)
{
    return cs_registry_find(subject->registry, cs_bytes_of_text(subject->field->references));
}

/* ---- One field by itself ---- */

static const char *field_name(const struct subject *subject)
{
    if (!is_lower_case_name(subject->field->name)) {
        return "the name is not lower_case of at most 64 bytes";
    }
    return strcmp(subject->field->name, "id") == 0 ? "the name is taken by the row's own id" : NULL;
}

static const char *field_labels(const struct subject *subject)
{
    return is_label(subject->field->label_zh) && is_label(subject->field->label_en)
               ? NULL
               : "a label is missing";
}

static const char *field_enumerations(const struct subject *subject)
{
    const struct cs_field *field = subject->field;
    bool known = (unsigned)field->type <= CS_FIELD_BYTES &&
                 (unsigned)field->policy <= CS_MERGE_COMPUTED &&
                 (field->flags & ~FLAGS_KNOWN) == 0 && (field->writers & ~CS_ROLES_ALL) == 0;
    if (!known) {
        return "type, policy, flags or writers are unknown";
    }
    return (field->flags & CS_FIELD_LATER) != 0 && (field->flags & CS_FIELD_REQUIRED) == 0
               ? "required later is said of a field that is not required"
               : NULL;
}

static const char *field_limits(const struct subject *subject)
{
    const struct cs_field *field = subject->field;
    if (field->size_max > CS_VALUE_MAX) {
        return "size_max is more than a value may have";
    }
    return field->minimum > field->maximum ? "minimum is greater than maximum" : NULL;
}

static const char *field_writers(const struct subject *subject)
{
    const struct cs_field *field = subject->field;
    if (field->policy != CS_MERGE_COMPUTED) {
        return field->writers == CS_ROLES_NONE ? "nobody may write it" : NULL;
    }
    return has_flag(field, CS_FIELD_REQUIRED) && subject->entity->kind != CS_ENTITY_COMPUTED
               ? "required, but people cannot write it"
               : NULL;
}

static const char *choice_list(const char *choices, bool names)
{
    for (size_t i = 0; i < cs_choices_count(choices); i++) {
        struct cs_bytes choice = cs_choices_at(choices, i);
        char name[CS_NAME_MAX + 1];
        if (choice.size == 0 || choice.size > CS_NAME_MAX) {
            return "a choice is empty or too long";
        }
        memcpy(name, choice.data, choice.size);
        name[choice.size] = '\0';
        if (names && !is_lower_case_name(name)) {
            return "a choice is not lower_case";
        }
        if (cs_choices_find(choices, choice) != (int)i) {
            return "a choice is there twice";
        }
    }
    return NULL;
}

static const char *field_choices(const struct subject *subject)
{
    const struct cs_field *field = subject->field;
    size_t count = cs_choices_count(field->choices);
    if (cs_choices_count(field->choices_zh) != count) {
        return "choices and choices_zh differ in number";
    }
    if (field->choices_en != NULL && cs_choices_count(field->choices_en) != count) {
        return "choices and choices_en differ in number";
    }
    if ((field->type == CS_FIELD_CHOICE) != (count > 0)) {
        return count > 0 ? "choices, but not of type choice" : "no choices";
    }
    const char *breach = choice_list(field->choices, true);
    if (breach == NULL) {
        breach = choice_list(field->choices_zh, false);
    }
    return breach != NULL ? breach : choice_list(field->choices_en, false);
}

static const char *field_reference(const struct subject *subject)
{
    const struct cs_field *field = subject->field;
    if (field->type != CS_FIELD_REFERENCE) {
        if (has_flag(field, FLAGS_OF_REFERENCES)) {
            return "a scope flag on a field that is no reference";
        }
        return field->references != NULL ? "references, but not of type reference" : NULL;
    }
    const struct cs_entity *target = field->references != NULL ? target_of(subject) : NULL;
    if (target == NULL) {
        return "the entity referred to does not exist";
    }
    if (has_flag(field, CS_FIELD_OWNER) && strcmp(target->name, "person") != 0) {
        return "the owner is not a person";
    }
    return has_flag(field, CS_FIELD_PROJECT) && !target->opens_project_scope
               ? "the entity referred to opens no project scope"
               : NULL;
}

/* ---- One field among the others ---- */

static const char *field_unique(const struct subject *subject)
{
    const struct cs_entity *entity = subject->entity;
    int first = cs_entity_field_index(entity, cs_bytes_of_text(subject->field->name));
    return &entity->fields[first] == subject->field ? NULL : "the name is there twice";
}

/* Fields of a group stand side by side and merge in one way. */
static const char *field_group(const struct subject *subject)
{
    const struct cs_entity *entity = subject->entity;
    size_t index = (size_t)(subject->field - entity->fields);
    size_t first = cs_entity_unit(entity, index);
    if (entity->fields[first].policy != subject->field->policy) {
        return "another policy than the rest of its group";
    }
    return index > first && entity->fields[index - 1].group != subject->field->group
               ? "its group is not contiguous"
               : NULL;
}

static const char *field_label(const struct subject *subject)
{
    const struct cs_entity *entity = subject->entity;
    size_t index = (size_t)(subject->field - entity->fields);
    return has_flag(subject->field, CS_FIELD_LABEL) && cs_entity_label_field(entity) != index
               ? "a second label"
               : NULL;
}

/* ---- Entities ---- */

static const char *entity_name(const struct subject *subject)
{
    return is_lower_case_name(subject->entity->name)
               ? NULL
               : "the name is not lower_case of at most 64 bytes";
}

static const char *entity_unique(const struct subject *subject)
{
    struct cs_bytes name = cs_bytes_of_text(subject->entity->name);
    return cs_registry_find(subject->registry, name) == subject->entity ? NULL
                                                                        : "the name is there twice";
}

static const char *entity_labels(const struct subject *subject)
{
    return is_label(subject->entity->label_zh) && is_label(subject->entity->label_en)
               ? NULL
               : "a label is missing";
}

static const char *entity_enumerations(const struct subject *subject)
{
    const struct cs_entity *entity = subject->entity;
    bool known = (unsigned)entity->kind <= CS_ENTITY_COMPUTED &&
                 (unsigned)entity->scope <= CS_SCOPE_RULE_EVERYONE &&
                 ((entity->creators | entity->deleters) & ~CS_ROLES_ALL) == 0;
    return known ? NULL : "kind, scope, creators or deleters are unknown";
}

static const char *entity_people(const struct subject *subject)
{
    const struct cs_entity *entity = subject->entity;
    if (entity->kind == CS_ENTITY_EVIDENCE && entity->deleters != CS_ROLES_NONE) {
        return "evidence is never deleted, but has deleters";
    }
    bool by_people = entity->creators != CS_ROLES_NONE || entity->deleters != CS_ROLES_NONE;
    return entity->kind == CS_ENTITY_COMPUTED && by_people
               ? "computed, but has creators or deleters"
               : NULL;
}

static const char *entity_field_count(const struct subject *subject)
{
    const struct cs_entity *entity = subject->entity;
    bool fits = entity->fields != NULL && entity->field_count > 0 &&
                entity->field_count <= CS_FIELDS_PER_ENTITY_MAX;
    return fits ? NULL : "no fields, or more than 128";
}

static const char *entity_natural_key(const struct subject *subject)
{
    const struct cs_entity *entity = subject->entity;
    if (entity->natural_key == NULL) {
        return NULL;
    }
    int key = cs_entity_field_index(entity, cs_bytes_of_text(entity->natural_key));
    if (key < 0) {
        return "the natural key is no field";
    }
    return entity->fields[key].type == CS_FIELD_TEXT ? NULL : "the natural key is not text";
}

static const char *entity_order_rules(const struct subject *subject)
{
    const struct cs_entity *entity = subject->entity;
    for (size_t i = 0; i < entity->order_rule_count; i++) {
        const struct cs_order_rule *rule = &entity->order_rules[i];
        if (rule->before == NULL || rule->after == NULL) {
            return "an order rule names no field";
        }
        int before = cs_entity_field_index(entity, cs_bytes_of_text(rule->before));
        int after = cs_entity_field_index(entity, cs_bytes_of_text(rule->after));
        if (before < 0 || after < 0) {
            return "an order rule names no field";
        }
        enum cs_field_type type = entity->fields[before].type;
        if (before == after || type != entity->fields[after].type || !is_number(type)) {
            return "an order rule needs two numbers or times of one type";
        }
    }
    return NULL;
}

static const char *entity_closing(const struct subject *subject)
{
    const struct cs_entity *entity = subject->entity;
    if (entity->closing_field == NULL) {
        return entity->closing_choices == NULL ? NULL : "closing choices without their field";
    }
    int index = cs_entity_field_index(entity, cs_bytes_of_text(entity->closing_field));
    if (index < 0 || entity->fields[index].type != CS_FIELD_CHOICE) {
        return "the closing field is no choice field";
    }
    size_t count = cs_choices_count(entity->closing_choices);
    for (size_t i = 0; i < count; i++) {
        struct cs_bytes choice = cs_choices_at(entity->closing_choices, i);
        if (cs_choices_find(entity->fields[index].choices, choice) < 0) {
            return "a closing choice is none of the field's choices";
        }
    }
    return count > 0 ? NULL : "no closing choices";
}

/* ---- Scopes ---- */

/*
 * Scopes flow from a row to the rows it carries, and from a row to those that follow it. `from`
 * gives to `to` through any field of either.
 */
static bool gives_scopes(const struct cs_entity *from, const struct cs_entity *to)
{
    for (size_t i = 0; i < from->field_count; i++) {
        const struct cs_field *field = &from->fields[i];
        if (has_flag(field, CS_FIELD_CARRIES) && strcmp(field->references, to->name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < to->field_count; i++) {
        const struct cs_field *field = &to->fields[i];
        if (has_flag(field, CS_FIELD_FOLLOWS) && strcmp(field->references, from->name) == 0) {
            return true;
        }
    }
    return false;
}

/* Does everything that `entity` gives its scopes to have `done` set already? */
static bool gives_only_to_done(const struct cs_registry *registry, const struct cs_entity *entity,
                               const bool *done)
{
    for (size_t i = 0; i < registry->entity_count; i++) {
        if (!done[i] && gives_scopes(entity, registry->entities[i])) {
            return false;
        }
    }
    return true;
}

/* Takes away entities that give to no other, until none are left (or a circle is). */
static enum cs_status check_scope_flow(const struct cs_registry *registry,
                                       struct cs_problem *problem)
{
    bool done[ENTITIES_MAX] = {false};
    bool progress = true;
    while (progress) {
        progress = false;
        for (size_t i = 0; i < registry->entity_count; i++) {
            if (!done[i] && gives_only_to_done(registry, registry->entities[i], done)) {
                done[i] = true;
                progress = true;
            }
        }
    }
    for (size_t i = 0; i < registry->entity_count; i++) {
        if (!done[i]) {
            return cs_problem_set(problem, CS_INVALID,
                                  "%s: scopes go round in a circle (CARRIES, FOLLOWS)",
                                  registry->entities[i]->name);
        }
    }
    return CS_OK;
}

/* ---- All of it ---- */

struct rules {
    rule_function *const *of_entities;
    size_t entity_rule_count;
    rule_function *const *of_fields;
    size_t field_rule_count;
};

/* These come first, over the whole registry: the others look things up by name. */
static rule_function *const name_entity_rules[] = {entity_name, entity_field_count};
static rule_function *const name_field_rules[] = {field_name};
static rule_function *const other_entity_rules[] = {
    entity_unique,      entity_labels,      entity_enumerations, entity_people,
    entity_natural_key, entity_order_rules, entity_closing,
};
static rule_function *const other_field_rules[] = {
    field_unique,  field_labels,    field_enumerations, field_limits, field_writers,
    field_choices, field_reference, field_group,        field_label,
};
static const struct rules passes[] = {
    {name_entity_rules, CS_COUNT(name_entity_rules), name_field_rules, CS_COUNT(name_field_rules)},
    {other_entity_rules, CS_COUNT(other_entity_rules), other_field_rules,
     CS_COUNT(other_field_rules)},
};

/* The first of the rules that the subject breaks, or NULL. */
static const char *first_breach(const struct subject *subject, rule_function *const *rules,
                                size_t count)
{
    const char *breach = NULL;
    for (size_t i = 0; breach == NULL && i < count; i++) {
        breach = rules[i](subject);
    }
    return breach;
}

static const char *or_nameless(const char *name)
{
    return name != NULL ? name : "(no name)";
}

static enum cs_status check_entity(const struct cs_registry *registry,
                                   const struct cs_entity *entity, const struct rules *rules,
                                   struct cs_problem *problem)
{
    struct subject subject = {registry, entity, NULL};
    const char *breach = first_breach(&subject, rules->of_entities, rules->entity_rule_count);
    if (breach != NULL) {
        return cs_problem_set(problem, CS_INVALID, "%s: %s", or_nameless(entity->name), breach);
    }
    for (size_t i = 0; i < entity->field_count; i++) {
        subject.field = &entity->fields[i];
        breach = first_breach(&subject, rules->of_fields, rules->field_rule_count);
        if (breach != NULL) {
            return cs_problem_set(problem, CS_INVALID, "%s.%s: %s", entity->name,
                                  or_nameless(subject.field->name), breach);
        }
    }
    return CS_OK;
}

enum cs_status cs_registry_check(const struct cs_registry *registry, struct cs_problem *problem)
{
    if (registry->entity_count > ENTITIES_MAX) {
        return cs_problem_set(problem, CS_INVALID, "the registry has more than %zu entities",
                              ENTITIES_MAX);
    }
    for (size_t pass = 0; pass < CS_COUNT(passes); pass++) {
        for (size_t i = 0; i < registry->entity_count; i++) {
            enum cs_status status =
                check_entity(registry, registry->entities[i], &passes[pass], problem);
            if (status != CS_OK) {
                return status;
            }
        }
    }
    return check_scope_flow(registry, problem);
}
