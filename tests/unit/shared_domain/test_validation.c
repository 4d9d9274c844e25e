/* Tests of validation: values, rights, whole rows. */
#include "shared/domain/validation.h"

#include "shared/base/text.h"
#include "tests/unit/shared_domain/toy.h"

static struct cs_value text_value(const char *text)
{
    return cs_value_text(cs_bytes_of_text(text));
}

static void assert_fine(enum toy_field field, struct cs_value value)
{
    struct toy toy;
    toy_init(&toy);
    struct cs_problem problem = {""};
    assert_int_equal(cs_value_check(&toy.entities[TOY_ITEM], &toy.item[field], &value, &problem),
                     CS_OK);
    assert_string_equal(problem.text, "");
}

static void assert_wrong(enum toy_field field, struct cs_value value, enum cs_status status,
                         const char *text)
{
    struct toy toy;
    toy_init(&toy);
    struct cs_problem problem = {""};
    const struct cs_entity *item = &toy.entities[TOY_ITEM];
    assert_int_equal(cs_value_check(item, &toy.item[field], &value, &problem), status);
    assert_string_equal(problem.text, text);
    assert_int_equal(cs_value_check(item, &toy.item[field], &value, NULL), status);
}

/* ---- Values ---- */

static void nothing_is_always_fine(void **state)
{
    (void)state;
    for (int field = 0; field < TOY_FIELDS; field++) {
        assert_fine((enum toy_field)field, CS_NULL);
    }
}

static void texts(void **state)
{
    (void)state;
    assert_fine(TOY_NAME, text_value(""));
    assert_fine(TOY_NAME, text_value("0123456789"));
    assert_fine(TOY_NAME, text_value("阀门x\n\t"));
    assert_wrong(TOY_NAME, text_value("0123456789a"), CS_TOO_LARGE,
                 "item.name: 11 bytes are more than the 10 allowed");
    assert_wrong(TOY_NAME, text_value("\xff"), CS_INVALID,
                 "item.name: \"?\" is not text in UTF-8 without NUL");
    assert_wrong(TOY_NAME, cs_value_text(cs_bytes_make("a\0b", 3)), CS_INVALID,
                 "item.name: \"a?b\" is not text in UTF-8 without NUL");
}

static void texts_without_a_size_have_255_bytes(void **state)
{
    (void)state;
    char text[257];
    memset(text, 'x', sizeof text);
    assert_fine(TOY_FIRST, cs_value_text(cs_bytes_make(text, 255)));
    assert_wrong(TOY_FIRST, cs_value_text(cs_bytes_make(text, 256)), CS_TOO_LARGE,
                 "item.first: 256 bytes are more than the 255 allowed");
}

static void integers(void **state)
{
    (void)state;
    assert_fine(TOY_COUNT, cs_value_integer(-5));
    assert_fine(TOY_COUNT, cs_value_integer(20));
    assert_wrong(TOY_COUNT, cs_value_integer(-6), CS_INVALID,
                 "item.count: -6 is not a whole number from -5 to 20");
    assert_wrong(TOY_COUNT, cs_value_integer(21), CS_INVALID,
                 "item.count: 21 is not a whole number from -5 to 20");
    assert_wrong(TOY_COUNT, text_value("7"), CS_INVALID,
                 "item.count: \"7\" is not a whole number from -5 to 20");
}

static void integers_without_limits(void **state)
{
    (void)state;
    assert_fine(TOY_LATITUDE, cs_value_integer(INT64_MIN));
    assert_fine(TOY_LATITUDE, cs_value_integer(INT64_MAX));
    assert_fine(TOY_PRICE, cs_value_integer(-1));
    assert_wrong(TOY_PRICE, text_value("12a"), CS_INVALID,
                 "item.price: \"12a\" is not a whole number of cents");
}

static void booleans(void **state)
{
    (void)state;
    assert_fine(TOY_DONE, cs_value_integer(0));
    assert_fine(TOY_DONE, cs_value_integer(1));
    assert_wrong(TOY_DONE, cs_value_integer(2), CS_INVALID, "item.done: 2 is not true or false");
    assert_wrong(TOY_DONE, cs_value_integer(-1), CS_INVALID, "item.done: -1 is not true or false");
}

static void dates_and_instants(void **state)
{
    (void)state;
    assert_fine(TOY_DAY, cs_value_integer(0));
    assert_fine(TOY_DAY, cs_value_integer(20000));
    assert_wrong(TOY_DAY, cs_value_integer(INT64_MAX), CS_INVALID,
                 "item.day: 9223372036854775807 is not a date such as 2026-11-23");
    assert_fine(TOY_STARTED, cs_value_integer(cs_instant_make(1000, 480)));
    assert_wrong(TOY_STARTED, cs_value_integer(0), CS_INVALID,
                 "item.started: 0 is not a time such as 2026-11-23T09:05:07+08:00");
}

static void choices(void **state)
{
    (void)state;
    assert_fine(TOY_STATUS, text_value("draft"));
    assert_fine(TOY_STATUS, text_value("sent"));
    assert_wrong(TOY_STATUS, text_value("done"), CS_INVALID,
                 "item.status: \"done\" is not one of draft, sent");
    /* Stored values are names, never labels. */
    assert_wrong(TOY_STATUS, text_value("草稿"), CS_INVALID,
                 "item.status: \"草稿\" is not one of draft, sent");
    assert_wrong(TOY_STATUS, text_value(""), CS_INVALID,
                 "item.status: \"\" is not one of draft, sent");
    assert_wrong(TOY_STATUS, cs_value_integer(0), CS_INVALID,
                 "item.status: 0 is not one of draft, sent");
}

static void references(void **state)
{
    (void)state;
    static const uint8_t bytes[17];
    assert_fine(TOY_KEEPER, cs_value_bytes(cs_bytes_make(bytes, 16)));
    assert_wrong(TOY_KEEPER, cs_value_bytes(cs_bytes_make(bytes, 15)), CS_INVALID,
                 "item.keeper: a value of 15 bytes is not the id of a person");
    assert_wrong(TOY_KEEPER, cs_value_bytes(cs_bytes_make(bytes, 17)), CS_INVALID,
                 "item.keeper: a value of 17 bytes is not the id of a person");
    assert_wrong(TOY_KEEPER, text_value("0123456789abcdef"), CS_INVALID,
                 "item.keeper: \"0123456789abcdef\" is not the id of a person");
}

static void bytes_have_64_unless_said(void **state)
{
    (void)state;
    static const uint8_t bytes[65];
    assert_fine(TOY_DIGEST, cs_value_bytes(cs_bytes_make(bytes, 64)));
    assert_fine(TOY_DIGEST, cs_value_bytes(CS_BYTES_NONE));
    assert_wrong(TOY_DIGEST, cs_value_bytes(cs_bytes_make(bytes, 65)), CS_TOO_LARGE,
                 "item.digest: 65 bytes are more than the 64 allowed");
    assert_wrong(TOY_DIGEST, text_value("abc"), CS_INVALID,
                 "item.digest: \"abc\" is not bytes in hexadecimal");
}

static void every_type_refuses_other_kinds(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    const struct cs_value kinds[] = {cs_value_integer(1), text_value("x"),
                                     cs_value_bytes(cs_bytes_make("0123456789abcdef", 16))};
    for (size_t i = 0; i < TOY_FIELDS; i++) {
        size_t refused = 0;
        for (size_t k = 0; k < CS_COUNT(kinds); k++) {
            enum cs_status status =
                cs_value_check(&toy.entities[TOY_ITEM], &toy.item[i], &kinds[k], NULL);
            refused += status == CS_INVALID;
        }
        assert_true(refused >= 2);
    }
}

/* ---- Rights ---- */

static enum cs_status may(struct toy *toy, enum toy_entity entity, const struct cs_field *field,
                          enum cs_write_kind kind, cs_roles roles, const char *expected)
{
    struct cs_problem problem = {""};
    enum cs_status status =
        cs_write_permitted(&toy->entities[entity], field, kind, roles, &problem);
    assert_string_equal(problem.text, expected);
    assert_int_equal(cs_write_permitted(&toy->entities[entity], field, kind, roles, NULL), status);
    return status;
}

static void rows_of_ordinary_entities(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    assert_int_equal(may(&toy, TOY_ITEM, NULL, CS_WRITE_INSERT, CS_ROLE(TECHNICIAN), ""), CS_OK);
    assert_int_equal(may(&toy, TOY_ITEM, NULL, CS_WRITE_INSERT, CS_ROLE(AUDITOR),
                         "item may be created by office, technician only"),
                     CS_DENIED);
    assert_int_equal(may(&toy, TOY_ITEM, NULL, CS_WRITE_UPDATE, CS_ROLE(TECHNICIAN), ""), CS_OK);
    assert_int_equal(may(&toy, TOY_ITEM, NULL, CS_WRITE_UPDATE, CS_ROLE(AUDITOR),
                         "item may be changed by office, technician only"),
                     CS_DENIED);
    assert_int_equal(may(&toy, TOY_ITEM, NULL, CS_WRITE_DELETE, CS_ROLE(OFFICE), ""), CS_OK);
    assert_int_equal(may(&toy, TOY_ITEM, NULL, CS_WRITE_DELETE, CS_ROLE(TECHNICIAN),
                         "item may be deleted by office only"),
                     CS_DENIED);
    assert_int_equal(may(&toy, TOY_PERSON, NULL, CS_WRITE_DELETE, CS_ROLES_ALL,
                         "person may be deleted by nobody"),
                     CS_DENIED);
}

static void fields_name_their_writers(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    const struct cs_field *price = &toy.item[TOY_PRICE];
    const enum cs_write_kind kinds[] = {CS_WRITE_INSERT, CS_WRITE_UPDATE};
    for (size_t i = 0; i < CS_COUNT(kinds); i++) {
        assert_int_equal(may(&toy, TOY_ITEM, price, kinds[i], CS_ROLE(OFFICE), ""), CS_OK);
        assert_int_equal(may(&toy, TOY_ITEM, price, kinds[i], CS_ROLE(TECHNICIAN),
                             "item.price may be written by office only"),
                         CS_DENIED);
        assert_int_equal(may(&toy, TOY_ITEM, price, kinds[i], CS_ROLES_NONE,
                             "item.price may be written by office only"),
                         CS_DENIED);
    }
}

static void one_of_several_roles_is_enough(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    assert_int_equal(may(&toy, TOY_ITEM, &toy.item[TOY_PRICE], CS_WRITE_UPDATE,
                         CS_ROLE(TECHNICIAN) | CS_ROLE(OFFICE), ""),
                     CS_OK);
}

static void the_owner_may_what_the_office_may(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    const cs_roles owner = CS_ROLE(OWNER);
    assert_int_equal(may(&toy, TOY_ITEM, &toy.item[TOY_PRICE], CS_WRITE_UPDATE, owner, ""), CS_OK);
    assert_int_equal(may(&toy, TOY_ITEM, NULL, CS_WRITE_DELETE, owner, ""), CS_OK);
    toy.item[TOY_PRICE].writers = CS_ROLE(FINANCE);
    assert_int_equal(may(&toy, TOY_ITEM, &toy.item[TOY_PRICE], CS_WRITE_UPDATE, owner,
                         "item.price may be written by finance only"),
                     CS_DENIED);
}

static void deleting_asks_for_the_row_whatever_the_field(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    assert_int_equal(may(&toy, TOY_ITEM, &toy.item[TOY_NAME], CS_WRITE_DELETE, CS_ROLE(TECHNICIAN),
                         "item may be deleted by office only"),
                     CS_DENIED);
}

static void computed_fields_are_the_servers(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.item[TOY_TOTAL].writers = CS_ROLES_ALL;
    assert_int_equal(may(&toy, TOY_ITEM, &toy.item[TOY_TOTAL], CS_WRITE_INSERT, CS_ROLES_ALL,
                         "item.total is written by the server only"),
                     CS_DENIED);
    assert_int_equal(may(&toy, TOY_ITEM, &toy.item[TOY_TOTAL], CS_WRITE_UPDATE, CS_ROLES_ALL,
                         "item.total is written by the server only"),
                     CS_DENIED);
}

static void evidence_is_only_added(void **state)
{
    (void)state;
    static const char text[] =
        "proof is append-only: a row cannot be changed or deleted, add another";
    struct toy toy;
    toy_init(&toy);
    assert_int_equal(may(&toy, TOY_PROOF, NULL, CS_WRITE_INSERT, CS_ROLE(TECHNICIAN), ""), CS_OK);
    assert_int_equal(may(&toy, TOY_PROOF, &toy.proof[0], CS_WRITE_INSERT, CS_ROLE(TECHNICIAN), ""),
                     CS_OK);
    assert_int_equal(may(&toy, TOY_PROOF, NULL, CS_WRITE_UPDATE, CS_ROLES_ALL, text), CS_DENIED);
    assert_int_equal(may(&toy, TOY_PROOF, &toy.proof[0], CS_WRITE_UPDATE, CS_ROLES_ALL, text),
                     CS_DENIED);
    assert_int_equal(may(&toy, TOY_PROOF, NULL, CS_WRITE_DELETE, CS_ROLES_ALL, text), CS_DENIED);
}

static void ledgers_are_only_added(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    toy.entities[TOY_PROOF].kind = CS_ENTITY_ORDINARY;
    assert_int_equal(cs_write_permitted(&toy.entities[TOY_PROOF], &toy.proof[0], CS_WRITE_UPDATE,
                                        CS_ROLES_ALL, NULL),
                     CS_DENIED);
    /* With deleters, or with a field that changes, it is no ledger. */
    toy.entities[TOY_PROOF].deleters = TOY_OFFICE;
    assert_int_equal(may(&toy, TOY_PROOF, &toy.proof[0], CS_WRITE_UPDATE, CS_ROLES_ALL, ""), CS_OK);
    toy.entities[TOY_PROOF].deleters = CS_ROLES_NONE;
    toy.proof[0].policy = CS_MERGE_LATEST;
    assert_int_equal(may(&toy, TOY_PROOF, &toy.proof[0], CS_WRITE_UPDATE, CS_ROLES_ALL, ""), CS_OK);
}

static void computed_rows_are_only_annotated(void **state)
{
    (void)state;
    static const char text[] = "alert is made and deleted by the server only";
    struct toy toy;
    toy_init(&toy);
    assert_int_equal(may(&toy, TOY_ALERT, NULL, CS_WRITE_INSERT, CS_ROLES_ALL, text), CS_DENIED);
    assert_int_equal(may(&toy, TOY_ALERT, &toy.alert[1], CS_WRITE_INSERT, CS_ROLES_ALL, text),
                     CS_DENIED);
    assert_int_equal(may(&toy, TOY_ALERT, NULL, CS_WRITE_DELETE, CS_ROLES_ALL, text), CS_DENIED);
    assert_int_equal(may(&toy, TOY_ALERT, NULL, CS_WRITE_UPDATE, CS_ROLE(OFFICE), ""), CS_OK);
    assert_int_equal(may(&toy, TOY_ALERT, &toy.alert[1], CS_WRITE_UPDATE, CS_ROLE(OFFICE), ""),
                     CS_OK);
    assert_int_equal(may(&toy, TOY_ALERT, &toy.alert[0], CS_WRITE_UPDATE, CS_ROLE(OFFICE),
                         "alert.kind is written by the server only"),
                     CS_DENIED);
    assert_int_equal(may(&toy, TOY_ALERT, NULL, CS_WRITE_UPDATE, CS_ROLE(TECHNICIAN),
                         "alert may be changed by office only"),
                     CS_DENIED);
}

static void required_once_fields_have_had_their_write(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    struct cs_field *first = &toy.item[TOY_FIRST];
    assert_int_equal(may(&toy, TOY_ITEM, first, CS_WRITE_UPDATE, CS_ROLE(OFFICE), ""), CS_OK);
    first->flags = CS_FIELD_REQUIRED;
    assert_int_equal(may(&toy, TOY_ITEM, first, CS_WRITE_INSERT, CS_ROLE(OFFICE), ""), CS_OK);
    assert_int_equal(may(&toy, TOY_ITEM, first, CS_WRITE_UPDATE, CS_ROLE(OFFICE),
                         "item.first is written once and cannot be changed"),
                     CS_DENIED);
}

static void a_value_written_once_is_kept(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    const struct cs_entity *item = &toy.entities[TOY_ITEM];
    const struct cs_field *first = &toy.item[TOY_FIRST];
    const struct cs_value nothing = CS_NULL;
    const struct cs_value one = text_value("one");
    const struct cs_value two = text_value("two");
    struct cs_problem problem = {""};
    assert_int_equal(cs_write_once_kept(item, first, &nothing, &one, &problem), CS_OK);
    assert_int_equal(cs_write_once_kept(item, first, &one, &one, &problem), CS_OK);
    assert_int_equal(cs_write_once_kept(item, &toy.item[TOY_NAME], &one, &two, &problem), CS_OK);
    assert_string_equal(problem.text, "");
    assert_int_equal(cs_write_once_kept(item, first, &one, &two, &problem), CS_DENIED);
    assert_string_equal(problem.text, "item.first is written once and cannot be changed");
    assert_int_equal(cs_write_once_kept(item, first, &one, &nothing, NULL), CS_DENIED);
}

/* ---- Whole rows ---- */

static void complete_rows(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    const struct cs_entity *item = &toy.entities[TOY_ITEM];
    struct cs_value values[TOY_FIELDS] = {{0}};
    struct cs_problem problem = {""};
    assert_int_equal(cs_row_complete(item, values, &problem), CS_INVALID);
    assert_string_equal(problem.text, "item.name is required (字段)");
    values[TOY_NAME] = text_value("");
    assert_int_equal(cs_row_complete(item, values, NULL), CS_INVALID);
    values[TOY_NAME] = text_value("valve");
    assert_int_equal(cs_row_complete(item, values, NULL), CS_OK);
    toy.item[TOY_COUNT].flags = CS_FIELD_REQUIRED;
    problem.text[0] = '\0';
    assert_int_equal(cs_row_complete(item, values, &problem), CS_INVALID);
    assert_problem(&problem, "item.count is required");
    values[TOY_COUNT] = cs_value_integer(0);
    assert_int_equal(cs_row_complete(item, values, NULL), CS_OK);
    toy.item[TOY_DIGEST].flags = CS_FIELD_REQUIRED;
    values[TOY_DIGEST] = cs_value_bytes(CS_BYTES_NONE);
    assert_int_equal(cs_row_complete(item, values, NULL), CS_INVALID);
}

static void what_became_required_later_may_be_missing_in_older_rows(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    const struct cs_entity *item = &toy.entities[TOY_ITEM];
    struct cs_value values[TOY_FIELDS] = {{0}};
    values[TOY_NAME] = text_value("valve");
    toy.item[TOY_COUNT].flags = CS_FIELD_REQUIRED | CS_FIELD_LATER;
    struct cs_problem problem = {""};
    assert_int_equal(cs_row_complete(item, values, &problem), CS_INVALID);
    assert_problem(&problem, "item.count is required");
    assert_int_equal(cs_row_complete_for_older(item, values, &problem), CS_OK);
    values[TOY_NAME] = CS_NULL;
    problem.text[0] = '\0';
    assert_int_equal(cs_row_complete_for_older(item, values, &problem), CS_INVALID);
    assert_problem(&problem, "item.name is required");
}

static void a_newer_choice_is_a_name_that_is_not_listed(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    const struct cs_field *status = &toy.item[TOY_STATUS];
    char longest[CS_NAME_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[CS_NAME_MAX + 1] = '\0';
    const struct {
        struct cs_value value;
        bool newer;
    } cases[] = {
        {text_value("draft"), false},    {text_value("sent_2"), true},
        {text_value("Sent"), false},     {text_value("two words"), false},
        {text_value(""), false},         {CS_NULL, false},
        {cs_value_integer(1), false},    {text_value(longest), false},
        {text_value(longest + 1), true},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        assert_int_equal(cs_value_is_newer_choice(status, &cases[i].value), cases[i].newer);
    }
    struct cs_value name = text_value("valve");
    assert_false(cs_value_is_newer_choice(&toy.item[TOY_NAME], &name));
}

static void ordered_rows(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    const struct cs_entity *item = &toy.entities[TOY_ITEM];
    struct cs_value values[TOY_FIELDS] = {{0}};
    struct cs_problem problem = {""};
    assert_int_equal(cs_row_consistent(item, values, &problem), CS_OK);
    values[TOY_STARTED] = cs_value_integer(cs_instant_make(7200000, 0));
    assert_int_equal(cs_row_consistent(item, values, &problem), CS_OK);
    values[TOY_ENDED] = cs_value_integer(cs_instant_make(7200001, 0));
    assert_int_equal(cs_row_consistent(item, values, &problem), CS_OK);
    values[TOY_ENDED] = cs_value_integer(cs_instant_make(3600000, 60));
    assert_int_equal(cs_row_consistent(item, values, &problem), CS_INVALID);
    assert_string_equal(problem.text, "item.started (1970-01-01T02:00:00Z) is after "
                                      "item.ended (1970-01-01T02:00:00+01:00)");
    assert_int_equal(cs_row_consistent(item, values, NULL), CS_INVALID);
    values[TOY_STARTED] = CS_NULL;
    assert_int_equal(cs_row_consistent(item, values, NULL), CS_OK);
}

static void one_moment_in_two_zones_is_in_order(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    struct cs_value values[TOY_FIELDS] = {{0}};
    values[TOY_STARTED] = cs_value_integer(cs_instant_make(7200000, 480));
    values[TOY_ENDED] = cs_value_integer(cs_instant_make(7200000, 0));
    assert_int_equal(cs_row_consistent(&toy.entities[TOY_ITEM], values, NULL), CS_OK);
}

static void numbers_and_dates_are_ordered_too(void **state)
{
    (void)state;
    struct toy toy;
    toy_init(&toy);
    struct cs_value values[TOY_FIELDS] = {{0}};
    struct cs_problem problem = {""};
    toy.rules[0] = (struct cs_order_rule){"latitude", "longitude"};
    values[TOY_LATITUDE] = cs_value_integer(2);
    values[TOY_LONGITUDE] = cs_value_integer(2);
    assert_int_equal(cs_row_consistent(&toy.entities[TOY_ITEM], values, &problem), CS_OK);
    values[TOY_LONGITUDE] = cs_value_integer(-3);
    assert_int_equal(cs_row_consistent(&toy.entities[TOY_ITEM], values, &problem), CS_INVALID);
    assert_string_equal(problem.text, "item.latitude (2) is after item.longitude (-3)");
    toy.item[TOY_LATITUDE].type = CS_FIELD_DATE;
    toy.item[TOY_LONGITUDE].type = CS_FIELD_DATE;
    assert_int_equal(cs_row_consistent(&toy.entities[TOY_ITEM], values, &problem), CS_INVALID);
    assert_string_equal(problem.text,
                        "item.latitude (1970-01-03) is after item.longitude (1969-12-29)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_always_fine),
        cmocka_unit_test(texts),
        cmocka_unit_test(texts_without_a_size_have_255_bytes),
        cmocka_unit_test(integers),
        cmocka_unit_test(integers_without_limits),
        cmocka_unit_test(booleans),
        cmocka_unit_test(dates_and_instants),
        cmocka_unit_test(choices),
        cmocka_unit_test(references),
        cmocka_unit_test(bytes_have_64_unless_said),
        cmocka_unit_test(every_type_refuses_other_kinds),
        cmocka_unit_test(rows_of_ordinary_entities),
        cmocka_unit_test(fields_name_their_writers),
        cmocka_unit_test(one_of_several_roles_is_enough),
        cmocka_unit_test(the_owner_may_what_the_office_may),
        cmocka_unit_test(deleting_asks_for_the_row_whatever_the_field),
        cmocka_unit_test(computed_fields_are_the_servers),
        cmocka_unit_test(evidence_is_only_added),
        cmocka_unit_test(ledgers_are_only_added),
        cmocka_unit_test(computed_rows_are_only_annotated),
        cmocka_unit_test(required_once_fields_have_had_their_write),
        cmocka_unit_test(a_value_written_once_is_kept),
        cmocka_unit_test(complete_rows),
        cmocka_unit_test(what_became_required_later_may_be_missing_in_older_rows),
        cmocka_unit_test(a_newer_choice_is_a_name_that_is_not_listed),
        cmocka_unit_test(ordered_rows),
        cmocka_unit_test(one_moment_in_two_zones_is_in_order),
        cmocka_unit_test(numbers_and_dates_are_ordered_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
