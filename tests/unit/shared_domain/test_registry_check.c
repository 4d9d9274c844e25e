/* Tests of the registry check: the toy registry passes, and one breach of every rule is named. */
#include "tests/unit/shared_domain/toy.h"

static void assert_breach(struct toy *toy, const char *text)
{
    struct cs_problem problem = {""};
    assert_int_equal(cs_registry_check(&toy->registry, &problem), CS_INVALID);
    assert_problem(&problem, text);
    /* The problem is optional. */
    assert_int_equal(cs_registry_check(&toy->registry, NULL), CS_INVALID);
}

static void the_toy_registry_passes(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    struct cs_problem problem = {""};
    assert_int_equal(cs_registry_check(&toy.registry, &problem), CS_OK);
    assert_string_equal(problem.text, "");
}

static void an_empty_registry_passes(void **state)
{
    (void)state;
    const struct cs_registry empty = {NULL, 0};
    assert_int_equal(cs_registry_check(&empty, NULL), CS_OK);
}

static void too_many_entities(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.registry.entity_count = 257;
    assert_breach(&toy, "the registry has more than 256 entities");
}

static void names_of_entities(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "Item", "1item", "_item", "it em", "it-em", "物品",
        /* 65 bytes */
        "a2345678901234567890123456789012345678901234567890123456789012345"};
    struct toy toy;
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        toy_init(&toy);
        toy.entities[TOY_ALERT].name = wrong[i];
        assert_breach(&toy, "the name is not lower_case of at most 64 bytes");
    }
    toy.entities[TOY_ALERT].name = NULL;
    assert_breach(&toy, "(no name): the name is not lower_case");
    toy.entities[TOY_ALERT].name =
        "a234567890123456789012345678901234567890123456789012345678901234";
    assert_int_equal(cs_registry_check(&toy.registry, NULL), CS_OK);
}

static void names_of_fields(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "Name", "9lives", "a b", "a.b", "名"};
    struct toy toy;
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        toy_init(&toy);
        toy.item[TOY_COUNT].name = wrong[i];
        assert_breach(&toy, "the name is not lower_case of at most 64 bytes");
    }
    toy.item[TOY_COUNT].name = NULL;
    assert_breach(&toy, "item.(no name): the name is not lower_case");
    toy.item[TOY_COUNT].name = "id";
    assert_breach(&toy, "item.id: the name is taken by the row's own id");
}

static void names_are_unique(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.entities[TOY_ALERT].name = "proof";
    assert_breach(&toy, "proof: the name is there twice");
    toy_init(&toy);
    toy.item[TOY_FIRST].name = "count";
    assert_breach(&toy, "item.count: the name is there twice");
}

static void labels_in_both_languages(void **state)
{
    (void)state;
    struct toy toy;
    const char *const wrong[] = {NULL, "", "\xff"};
    for (size_t i = 0; i < CS_COUNT(wrong); i++) {
        toy_init(&toy);
        toy.entities[TOY_PROOF].label_zh = wrong[i];
        assert_breach(&toy, "proof: a label is missing");
        toy_init(&toy);
        toy.entities[TOY_PROOF].label_en = wrong[i];
        assert_breach(&toy, "proof: a label is missing");
        toy_init(&toy);
        toy.item[TOY_DAY].label_zh = wrong[i];
        assert_breach(&toy, "item.day: a label is missing");
        toy_init(&toy);
        toy.item[TOY_DAY].label_en = wrong[i];
        assert_breach(&toy, "item.day: a label is missing");
    }
}

static void unknown_enumerators_of_fields(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_DIGEST].type = (enum cs_field_type)(CS_FIELD_BYTES + 1);
    assert_breach(&toy, "item.digest: type, policy, flags or writers are unknown");
    toy_init(&toy);
    toy.item[TOY_DIGEST].policy = (enum cs_merge_policy)(CS_MERGE_COMPUTED + 1);
    assert_breach(&toy, "item.digest: type, policy");
    toy_init(&toy);
    toy.item[TOY_DIGEST].flags = 1U << 10;
    assert_breach(&toy, "item.digest: type, policy");
    toy_init(&toy);
    toy.item[TOY_DIGEST].writers = (cs_roles)1 << CS_ROLE_COUNT;
    assert_breach(&toy, "item.digest: type, policy");
}

static void only_a_required_field_is_required_later(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_DIGEST].flags = CS_FIELD_LATER;
    assert_breach(&toy, "item.digest: required later is said of a field that is not required");
    toy.item[TOY_DIGEST].flags |= CS_FIELD_REQUIRED;
    assert_int_equal(cs_registry_check(&toy.registry, NULL), CS_OK);
}

static void unknown_enumerators_of_entities(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.entities[TOY_ITEM].kind = (enum cs_entity_kind)(CS_ENTITY_COMPUTED + 1);
    assert_breach(&toy, "item: kind, scope, creators or deleters are unknown");
    toy_init(&toy);
    toy.entities[TOY_ITEM].scope = (enum cs_entity_scope)(CS_SCOPE_RULE_EVERYONE + 1);
    assert_breach(&toy, "item: kind, scope");
    toy_init(&toy);
    toy.entities[TOY_ITEM].creators = (cs_roles)1 << CS_ROLE_COUNT;
    assert_breach(&toy, "item: kind, scope");
    toy_init(&toy);
    toy.entities[TOY_ITEM].deleters = (cs_roles)1 << CS_ROLE_COUNT;
    assert_breach(&toy, "item: kind, scope");
}

static void number_of_fields(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.entities[TOY_PROOF].field_count = 0;
    assert_breach(&toy, "proof: no fields, or more than 128");
    toy_init(&toy);
    toy.entities[TOY_PROOF].field_count = CS_FIELDS_PER_ENTITY_MAX + 1;
    assert_breach(&toy, "proof: no fields, or more than 128");
    toy_init(&toy);
    toy.entities[TOY_PROOF].fields = NULL;
    assert_breach(&toy, "proof: no fields, or more than 128");
}

static void limits_of_fields(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_DIGEST].size_max = CS_VALUE_MAX;
    assert_int_equal(cs_registry_check(&toy.registry, NULL), CS_OK);
    toy.item[TOY_DIGEST].size_max = CS_VALUE_MAX + 1;
    assert_breach(&toy, "item.digest: size_max is more than a value may have");
    toy_init(&toy);
    toy.item[TOY_COUNT].minimum = 21;
    assert_breach(&toy, "item.count: minimum is greater than maximum");
}

static void somebody_writes_every_field(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_DONE].writers = CS_ROLES_NONE;
    assert_breach(&toy, "item.done: nobody may write it");
    toy_init(&toy);
    toy.item[TOY_TOTAL].flags = CS_FIELD_REQUIRED;
    assert_breach(&toy, "item.total: required, but people cannot write it");
    toy_init(&toy);
    toy.alert[0].flags = CS_FIELD_REQUIRED;
    assert_int_equal(cs_registry_check(&toy.registry, NULL), CS_OK);
}

static void choices_of_both_languages_match(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_STATUS].choices_zh = "草稿";
    assert_breach(&toy, "item.status: choices and choices_zh differ in number");
    toy.item[TOY_STATUS].choices_zh = NULL;
    assert_breach(&toy, "item.status: choices and choices_zh differ in number");
    toy.item[TOY_STATUS].choices = NULL;
    assert_breach(&toy, "item.status: no choices");
    toy_init(&toy);
    toy.item[TOY_STATUS].choices_en = "draft";
    assert_breach(&toy, "item.status: choices and choices_en differ in number");
    toy.item[TOY_STATUS].choices_en = "draft|draft";
    assert_breach(&toy, "item.status: a choice is there twice");
    toy_init(&toy);
    toy.item[TOY_NAME].choices = "a|b";
    toy.item[TOY_NAME].choices_zh = "甲|乙";
    assert_breach(&toy, "item.name: choices, but not of type choice");
}

static void choices_are_names(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_STATUS].choices = "draft|";
    assert_breach(&toy, "item.status: a choice is empty or too long");
    toy.item[TOY_STATUS].choices =
        "draft|a2345678901234567890123456789012345678901234567890123456789012345";
    assert_breach(&toy, "item.status: a choice is empty or too long");
    toy.item[TOY_STATUS].choices = "draft|Sent";
    assert_breach(&toy, "item.status: a choice is not lower_case");
    toy.item[TOY_STATUS].choices = "draft|draft";
    assert_breach(&toy, "item.status: a choice is there twice");
    toy_init(&toy);
    toy.item[TOY_STATUS].choices_zh = "草稿|草稿";
    assert_breach(&toy, "item.status: a choice is there twice");
    toy.item[TOY_STATUS].choices_zh = "|草稿";
    assert_breach(&toy, "item.status: a choice is empty or too long");
}

static void references_lead_somewhere(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_PARENT].references = "nothing";
    assert_breach(&toy, "item.parent: the entity referred to does not exist");
    toy.item[TOY_PARENT].references = NULL;
    assert_breach(&toy, "item.parent: the entity referred to does not exist");
    toy_init(&toy);
    toy.item[TOY_NAME].references = "item";
    assert_breach(&toy, "item.name: references, but not of type reference");
}

static void scope_flags_belong_to_references(void **state)
{
    (void)state;
    static const unsigned flags[] = {CS_FIELD_FOLLOWS, CS_FIELD_CARRIES, CS_FIELD_OWNER,
                                     CS_FIELD_PROJECT};
    struct toy toy;
    for (size_t i = 0; i < CS_COUNT(flags); i++) {
        toy_init(&toy);
        toy.item[TOY_COUNT].flags = flags[i];
        assert_breach(&toy, "item.count: a scope flag on a field that is no reference");
    }
}

static void owners_are_persons_and_projects_open_scopes(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_PARENT].flags = CS_FIELD_OWNER;
    assert_breach(&toy, "item.parent: the owner is not a person");
    toy_init(&toy);
    toy.item[TOY_PARENT].flags = CS_FIELD_PROJECT;
    assert_breach(&toy, "item.parent: the entity referred to opens no project scope");
    toy_init(&toy);
    toy.entities[TOY_PROJECT_ENTITY].opens_project_scope = false;
    assert_breach(&toy, "item.project: the entity referred to opens no project scope");
}

static void groups_are_contiguous_and_of_one_policy(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_LONGITUDE].policy = CS_MERGE_FACT_OVER_PLAN;
    assert_breach(&toy, "item.longitude: another policy than the rest of its group");
    toy_init(&toy);
    toy.item[TOY_COUNT].group = 1;
    assert_breach(&toy, "item.latitude: its group is not contiguous");
    toy_init(&toy);
    toy.item[TOY_FIRST].group = 1;
    toy.item[TOY_FIRST].policy = CS_MERGE_LATEST;
    assert_int_equal(cs_registry_check(&toy.registry, NULL), CS_OK);
}

static void one_label(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_FIRST].flags = CS_FIELD_LABEL;
    assert_breach(&toy, "item.first: a second label");
}

static void evidence_and_computed_rows_are_not_peoples(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.entities[TOY_PROOF].deleters = TOY_OFFICE;
    assert_breach(&toy, "proof: evidence is never deleted, but has deleters");
    toy_init(&toy);
    toy.entities[TOY_ALERT].creators = TOY_OFFICE;
    assert_breach(&toy, "alert: computed, but has creators or deleters");
    toy_init(&toy);
    toy.entities[TOY_ALERT].deleters = TOY_OFFICE;
    assert_breach(&toy, "alert: computed, but has creators or deleters");
}

static void natural_keys_are_text_fields(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.entities[TOY_ITEM].natural_key = "nothing";
    assert_breach(&toy, "item: the natural key is no field");
    toy.entities[TOY_ITEM].natural_key = "count";
    assert_breach(&toy, "item: the natural key is not text");
}

static void rows_are_closed_by_a_choice(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    struct cs_entity *item = &toy.entities[TOY_ITEM];
    item->closing_choices = "sent";
    assert_breach(&toy, "item: closing choices without their field");
    item->closing_field = "nothing";
    assert_breach(&toy, "item: the closing field is no choice field");
    item->closing_field = "name";
    assert_breach(&toy, "item: the closing field is no choice field");
    item->closing_field = "status";
    item->closing_choices = "sent|lost";
    assert_breach(&toy, "item: a closing choice is none of the field's choices");
    item->closing_choices = NULL;
    assert_breach(&toy, "item: no closing choices");
    item->closing_choices = "sent|draft";
    assert_int_equal(cs_registry_check(&toy.registry, NULL), CS_OK);
    item->closing_choices = "sent";
    assert_int_equal(cs_registry_check(&toy.registry, NULL), CS_OK);
    struct cs_value values[TOY_FIELDS] = {0};
    assert_false(cs_entity_is_closed(item, values));
    values[TOY_STATUS] = cs_value_text(cs_bytes_of_text("draft"));
    assert_false(cs_entity_is_closed(item, values));
    values[TOY_STATUS] = cs_value_text(cs_bytes_of_text("sent"));
    assert_true(cs_entity_is_closed(item, values));
    assert_false(cs_entity_is_closed(&toy.entities[TOY_PERSON], values));
}

static void order_rules_compare_like_with_like(void **state)
{
    (void)state;
    static const struct cs_order_rule absent[] = {
        {"started", "nothing"}, {"nothing", "ended"}, {NULL, "ended"}, {"started", NULL}};
    static const struct cs_order_rule unlike[] = {
        {"started", "started"}, {"started", "day"}, {"name", "first"}, {"done", "done"}};
    struct toy toy;
    toy_init(&toy);
    for (size_t i = 0; i < CS_COUNT(absent); i++) {
        toy.rules[0] = absent[i];
        assert_breach(&toy, "item: an order rule names no field");
    }
    for (size_t i = 0; i < CS_COUNT(unlike); i++) {
        toy.rules[0] = unlike[i];
        assert_breach(&toy, "item: an order rule needs two numbers or times of one type");
    }
}

static void scopes_do_not_go_round(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_PARENT].flags = CS_FIELD_CARRIES;
    assert_breach(&toy, "item: scopes go round in a circle");
    toy_init(&toy);
    toy.item[TOY_PARENT].flags = CS_FIELD_FOLLOWS;
    assert_breach(&toy, "item: scopes go round in a circle");
    /* Carried by the item, and carrying it. */
    toy_init(&toy);
    toy.name[0].type = CS_FIELD_REFERENCE;
    toy.name[0].references = "item";
    toy.name[0].flags = CS_FIELD_CARRIES;
    assert_breach(&toy, "scopes go round in a circle");
    /* The proof follows the item; should it carry it too, scopes would come back. */
    toy_init(&toy);
    toy.proof[0].flags = CS_FIELD_FOLLOWS | CS_FIELD_CARRIES;
    assert_breach(&toy, "scopes go round in a circle");
}

static void scopes_may_meet_again(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    /*
     * The item carries the person and the project; the proof follows the item and carries the
     * person too.
     */
    toy.item[TOY_KEEPER].flags = CS_FIELD_OWNER | CS_FIELD_CARRIES;
    struct cs_field proof[2] = {toy.proof[0], toy.item[TOY_KEEPER]};
    toy.entities[TOY_PROOF].fields = proof;
    toy.entities[TOY_PROOF].field_count = 2;
    assert_int_equal(cs_registry_check(&toy.registry, NULL), CS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_toy_registry_passes),
        cmocka_unit_test(an_empty_registry_passes),
        cmocka_unit_test(too_many_entities),
        cmocka_unit_test(names_of_entities),
        cmocka_unit_test(names_of_fields),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(labels_in_both_languages),
        cmocka_unit_test(unknown_enumerators_of_fields),
        cmocka_unit_test(only_a_required_field_is_required_later),
        cmocka_unit_test(unknown_enumerators_of_entities),
        cmocka_unit_test(number_of_fields),
        cmocka_unit_test(limits_of_fields),
        cmocka_unit_test(somebody_writes_every_field),
        cmocka_unit_test(choices_of_both_languages_match),
        cmocka_unit_test(choices_are_names),
        cmocka_unit_test(references_lead_somewhere),
        cmocka_unit_test(scope_flags_belong_to_references),
        cmocka_unit_test(owners_are_persons_and_projects_open_scopes),
        cmocka_unit_test(groups_are_contiguous_and_of_one_policy),
        cmocka_unit_test(one_label),
        cmocka_unit_test(evidence_and_computed_rows_are_not_peoples),
        cmocka_unit_test(natural_keys_are_text_fields),
        cmocka_unit_test(rows_are_closed_by_a_choice),
        cmocka_unit_test(order_rules_compare_like_with_like),
        cmocka_unit_test(scopes_do_not_go_round),
        cmocka_unit_test(scopes_may_meet_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
