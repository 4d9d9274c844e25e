/* Tests of finding entities and fields. */
#include "tests/unit/shared_domain/toy.h"

static void finds_entities_by_whole_name(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    assert_ptr_equal(cs_registry_find(&toy.registry, cs_bytes_of_text("item")),
                     &toy.entities[TOY_ITEM]);
    assert_ptr_equal(cs_registry_find(&toy.registry, cs_bytes_of_text("alert")),
                     &toy.entities[TOY_ALERT]);
    assert_null(cs_registry_find(&toy.registry, cs_bytes_of_text("ite")));
    assert_null(cs_registry_find(&toy.registry, cs_bytes_of_text("items")));
    assert_null(cs_registry_find(&toy.registry, cs_bytes_of_text("ITEM")));
    assert_null(cs_registry_find(&toy.registry, CS_BYTES_NONE));
}

static void names_with_nul_are_not_found(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    assert_null(cs_registry_find(&toy.registry, cs_bytes_make("item\0x", 6)));
    assert_null(cs_registry_find(&toy.registry, cs_bytes_make("item", 5)));
    assert_int_equal(cs_entity_field_index(&toy.entities[TOY_ITEM], cs_bytes_make("name", 5)), -1);
}

static void an_empty_registry_finds_nothing(void **state)
{
    (void)state;
    const struct cs_registry empty = {NULL, 0};
    assert_null(cs_registry_find(&empty, cs_bytes_of_text("item")));
}

static void finds_fields_by_whole_name(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    const struct cs_entity *item = &toy.entities[TOY_ITEM];
    for (size_t i = 0; i < item->field_count; i++) {
        assert_int_equal(cs_entity_field_index(item, cs_bytes_of_text(item->fields[i].name)), i);
    }
    assert_int_equal(cs_entity_field_index(item, cs_bytes_of_text("nam")), -1);
    assert_int_equal(cs_entity_field_index(item, cs_bytes_of_text("names")), -1);
    assert_int_equal(cs_entity_field_index(item, CS_BYTES_NONE), -1);
}

static void fields_alone_are_their_own_unit(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    assert_int_equal(cs_entity_unit(&toy.entities[TOY_ITEM], TOY_NAME), TOY_NAME);
    assert_int_equal(cs_entity_unit(&toy.entities[TOY_ITEM], TOY_TOTAL), TOY_TOTAL);
}

static void grouped_fields_share_the_unit_of_the_first(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    const struct cs_entity *item = &toy.entities[TOY_ITEM];
    assert_int_equal(cs_entity_unit(item, TOY_LATITUDE), TOY_LATITUDE);
    assert_int_equal(cs_entity_unit(item, TOY_LONGITUDE), TOY_LATITUDE);
    toy.item[TOY_FIRST].group = 2;
    assert_int_equal(cs_entity_unit(item, TOY_FIRST), TOY_FIRST);
}

static void the_label_is_chosen_in_order(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    struct cs_entity *item = &toy.entities[TOY_ITEM];
    toy.item[TOY_NAME].flags = CS_FIELD_REQUIRED;
    toy.item[TOY_FIRST].flags = CS_FIELD_LABEL;
    assert_int_equal(cs_entity_label_field(item), TOY_FIRST);
    toy.item[TOY_FIRST].flags = 0;
    item->natural_key = "first";
    assert_int_equal(cs_entity_label_field(item), TOY_FIRST);
    item->natural_key = NULL;
    assert_int_equal(cs_entity_label_field(item), TOY_NAME);
    toy.item[TOY_NAME].type = CS_FIELD_INTEGER;
    assert_int_equal(cs_entity_label_field(item), TOY_FIRST);
    toy.item[TOY_FIRST].type = CS_FIELD_INTEGER;
    assert_int_equal(cs_entity_label_field(item), 0);
}

static void a_missing_natural_key_is_passed_over(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_NAME].flags = 0;
    toy.entities[TOY_ITEM].natural_key = "nothing";
    assert_int_equal(cs_entity_label_field(&toy.entities[TOY_ITEM]), TOY_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_entities_by_whole_name),
        cmocka_unit_test(names_with_nul_are_not_found),
        cmocka_unit_test(an_empty_registry_finds_nothing),
        cmocka_unit_test(finds_fields_by_whole_name),
        cmocka_unit_test(fields_alone_are_their_own_unit),
        cmocka_unit_test(grouped_fields_share_the_unit_of_the_first),
        cmocka_unit_test(the_label_is_chosen_in_order),
        cmocka_unit_test(a_missing_natural_key_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
