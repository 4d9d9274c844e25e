/* Whether an edit may be made: names, doubles, groups, ONCE fields, rules, references and keys. */
#include "tests/unit/field_client_replica/client_fixture.h"

static const struct cs_field owner_fields[] = {
    {.name = "key",
     .type = CS_FIELD_TEXT,
     .writers = CS_ROLES_ALL,
     .flags = CS_FIELD_LABEL | CS_FIELD_REQUIRED,
     .size_max = 20},
};
static const struct cs_field item_fields[] = {
    {.name = "key", .type = CS_FIELD_TEXT, .writers = CS_ROLES_ALL, .flags = CS_FIELD_REQUIRED},
    {.name = "once", .type = CS_FIELD_TEXT, .policy = CS_MERGE_ONCE, .writers = CS_ROLES_ALL},
    {.name = "north", .type = CS_FIELD_INTEGER, .writers = CS_ROLES_ALL, .group = 1},
    {.name = "east", .type = CS_FIELD_INTEGER, .writers = CS_ROLES_ALL, .group = 1},
    {.name = "from", .type = CS_FIELD_INTEGER, .writers = CS_ROLES_ALL},
    {.name = "to", .type = CS_FIELD_INTEGER, .writers = CS_ROLES_ALL},
    {.name = "sum", .type = CS_FIELD_INTEGER, .policy = CS_MERGE_COMPUTED},
    {.name = "owner", .type = CS_FIELD_REFERENCE, .writers = CS_ROLES_ALL, .references = "owner"},
    {.name = "stranger",
     .type = CS_FIELD_REFERENCE,
     .writers = CS_ROLES_ALL,
     .references = "stranger"},
    {.name = "label", .type = CS_FIELD_TEXT, .writers = CS_ROLES_ALL, .flags = CS_FIELD_LABEL},
};
static const struct cs_order_rule item_rules[] = {{"from", "to"}};
static const struct cs_entity owner_entity = {.name = "owner",
                                              .label_en = "owner",
                                              .label_zh = "主",
                                              .natural_key = "key",
                                              .creators = CS_ROLES_ALL,
                                              .deleters = CS_ROLES_ALL,
                                              .fields = owner_fields,
                                              .field_count = CS_COUNT(owner_fields)};
static const struct cs_entity item_entity = {.name = "item",
                                             .label_en = "item",
                                             .label_zh = "件",
                                             .creators = CS_ROLES_ALL,
                                             .deleters = CS_ROLES_ALL,
                                             .fields = item_fields,
                                             .field_count = CS_COUNT(item_fields),
                                             .order_rules = item_rules,
                                             .order_rule_count = 1};
static const struct cs_entity *const entities[] = {&item_entity, &owner_entity};
static const struct cs_registry registry = {entities, 2};

static int setup(void **state)
{
    struct fixture *f = *state;
    fixture_new_home(f);
    assert_ok(cs_replica_open(&f->fake.world, f->home, &registry, f->identity, &f->replica, NULL));
    return 0;
}

static struct cs_problem said;

static enum cs_status update(struct fixture *f, const char *entity, const struct cs_id *id,
                             const struct cs_named_value *values, size_t count)
{
    struct cs_edit *edit = NULL;
    said = (struct cs_problem){""};
    assert_ok(cs_edit_begin(f->replica, &edit));
    enum cs_status status = cs_edit_update(edit, T(entity), id, values, count, &said);
    assert_ok(cs_edit_commit(edit));
    return status;
}

static enum cs_status insert(struct fixture *f, const char *entity,
                             const struct cs_named_value *values, size_t count)
{
    struct cs_edit *edit = NULL;
    said = (struct cs_problem){""};
    assert_ok(cs_edit_begin(f->replica, &edit));
    enum cs_status status = cs_edit_insert(edit, T(entity), NULL, values, count, NULL, &said);
    assert_ok(cs_edit_commit(edit));
    return status;
}

static size_t last_count; /* fields of the last transaction seen */
static char last_fields[128];

static enum cs_status see(void *context, const struct cs_pending *pending)
{
    (void)context;
    const struct cs_operation *operation = &pending->transaction.operations[0];
    last_count = operation->change_count;
    last_fields[0] = '\0';
    for (size_t i = 0; i < operation->change_count; i++) {
        size_t used = strlen(last_fields);
        (void)snprintf(last_fields + used, sizeof last_fields - used, "%.*s ",
                       (int)operation->changes[i].field.size,
                       (const char *)operation->changes[i].field.data);
    }
    return CS_OK;
}

static const char *sent_fields(struct fixture *f)
{
    assert_ok(cs_query_pending(f->replica, 0, see, NULL));
    return last_fields;
}

static struct cs_id item(struct fixture *f)
{
    struct cs_named_value values[] = {TEXT_VALUE("key", "K"), NUMBER_VALUE("north", 1),
                                      NUMBER_VALUE("east", 2), NUMBER_VALUE("from", 1)};
    return fixture_insert(f, "item", values, 4);
}

static void doubles_and_unknown_names(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = item(f);
    struct cs_named_value twice[] = {TEXT_VALUE("label", "a"), TEXT_VALUE("label", "a")};
    assert_status(update(f, "item", &id, twice, 2), CS_INVALID);
    assert_non_null(strstr(said.text, "item.label is named twice"));
    struct cs_named_value unknown = TEXT_VALUE("lable", "a");
    assert_status(update(f, "item", &id, &unknown, 1), CS_NOT_FOUND);
    assert_non_null(strstr(said.text, "label"));
    struct cs_named_value wrong = NUMBER_VALUE("label", 4);
    assert_status(update(f, "item", &id, &wrong, 1), CS_INVALID);
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 1);
}

static void groups_are_sent_whole_but_only_when_they_change(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = item(f);
    struct cs_named_value east = NUMBER_VALUE("east", 2);
    assert_ok(update(f, "item", &id, &east, 1)); /* what it is already */
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 1);
    east = NUMBER_VALUE("east", 3);
    assert_ok(update(f, "item", &id, &east, 1));
    assert_string_equal(sent_fields(f), "north east ");
    struct cs_named_value both[] = {NUMBER_VALUE("north", 9), NUMBER_VALUE("from", 1)};
    assert_ok(update(f, "item", &id, both, 2));
    assert_string_equal(sent_fields(f), "north east "); /* `from` did not change */
}

static void once_is_once(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = item(f);
    struct cs_named_value once = TEXT_VALUE("once", "a");
    assert_ok(update(f, "item", &id, &once, 1)); /* was not set yet */
    assert_ok(update(f, "item", &id, &once, 1)); /* is what it is */
    assert_int_equal(fixture_count_sql(f, "SELECT count(*) FROM _pending"), 2);
    once = TEXT_VALUE("once", "b");
    assert_status(update(f, "item", &id, &once, 1), CS_DENIED);
    once.value = CS_NULL;
    assert_status(update(f, "item", &id, &once, 1), CS_DENIED);
    assert_string_equal(fixture_text(f, "item", &id, "once"), "a");
    /* A resolution may settle it. */
    struct cs_edit *edit = NULL;
    struct cs_version other = {5, 5};
    once = TEXT_VALUE("once", "b");
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_update_seeing(edit, T("item"), &id, &once, 1, (struct cs_versions){&other, 1},
                                    NULL));
    assert_ok(cs_edit_commit(edit));
    assert_string_equal(fixture_text(f, "item", &id, "once"), "b");
    struct cs_named_value sum = NUMBER_VALUE("sum", 1);
    assert_status(update(f, "item", &id, &sum, 1), CS_DENIED);
    struct cs_named_value made[] = {TEXT_VALUE("key", "L"), NUMBER_VALUE("sum", 1)};
    assert_status(insert(f, "item", made, 2), CS_DENIED);
}

static void rules_and_required_fields(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = item(f);
    struct cs_named_value to = NUMBER_VALUE("to", 0);
    struct cs_named_value label = TEXT_VALUE("label", "x");
    struct cs_named_value cleared = {T("key"), CS_NULL};
    assert_status(update(f, "item", &id, &to, 1), CS_INVALID);
    assert_status(update(f, "item", &id, &cleared, 1), CS_INVALID);
    assert_status(insert(f, "item", &label, 1), CS_INVALID);
    assert_non_null(strstr(said.text, "key"));
    /* A row that merging left without it, and against the rule, stays editable elsewhere. */
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "UPDATE item SET key = NULL, \"to\" = 0"));
    assert_ok(update(f, "item", &id, &label, 1));
    struct cs_named_value from = NUMBER_VALUE("from", 7);
    assert_ok(update(f, "item", &id, &from, 1));
    to = NUMBER_VALUE("to", 8);
    assert_ok(update(f, "item", &id, &to, 1));
    to = NUMBER_VALUE("to", 6); /* and is held to the rule once it is right again */
    assert_status(update(f, "item", &id, &to, 1), CS_INVALID);
}

static void references_are_checked_where_they_change(void **state)
{
    struct fixture *f = *state;
    struct cs_id id = item(f);
    struct cs_named_value key = TEXT_VALUE("key", "O");
    struct cs_id owner = fixture_insert(f, "owner", &key, 1);
    struct cs_id nobody = {{9}};
    struct cs_named_value reference = {T("owner"), cs_value_bytes(cs_id_bytes(&nobody))};
    assert_status(update(f, "item", &id, &reference, 1), CS_MISSING_REFERENCE);
    assert_non_null(strstr(said.text, "item.owner: there is no owner 09"));
    reference.value = cs_value_bytes(cs_id_bytes(&owner));
    assert_ok(update(f, "item", &id, &reference, 1));
    fixture_delete(f, "owner", &owner);
    struct cs_named_value label = TEXT_VALUE("label", "x");
    assert_ok(update(f, "item", &id, &label, 1)); /* dangling, and not touched */
    reference.value = CS_NULL;
    assert_ok(update(f, "item", &id, &reference, 1));
    reference.value = cs_value_bytes(cs_id_bytes(&owner));
    assert_status(update(f, "item", &id, &reference, 1), CS_MISSING_REFERENCE);
    /* To an entity that this program does not know: nothing can be alive there. */
    struct cs_named_value strange = {T("stranger"), cs_value_bytes(cs_id_bytes(&owner))};
    assert_status(update(f, "item", &id, &strange, 1), CS_MISSING_REFERENCE);
    strange.value = cs_value_bytes(T("short"));
    assert_status(update(f, "item", &id, &strange, 1), CS_INVALID);
}

static void natural_keys_are_free_or_ones_own(void **state)
{
    struct fixture *f = *state;
    struct cs_named_value key = TEXT_VALUE("key", "O");
    struct cs_id first = fixture_insert(f, "owner", &key, 1);
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(&first, text);
    assert_status(insert(f, "owner", &key, 1), CS_EXISTS);
    assert_non_null(strstr(said.text, text));
    struct cs_named_value other = TEXT_VALUE("key", "P");
    struct cs_id second = fixture_insert(f, "owner", &other, 1);
    assert_status(update(f, "owner", &second, &key, 1), CS_EXISTS);
    assert_ok(update(f, "owner", &second, &other, 1)); /* its own */
    fixture_delete(f, "owner", &first);
    assert_ok(update(f, "owner", &second, &key, 1)); /* a deleted row keeps no key */
    assert_string_equal(fixture_text(f, "owner", &second, "key"), "O");
}

#define check_test(function) cmocka_unit_test_setup_teardown(function, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        check_test(doubles_and_unknown_names),
        check_test(groups_are_sent_whole_but_only_when_they_change),
        check_test(once_is_once),
        check_test(rules_and_required_fields),
        check_test(references_are_checked_where_they_change),
        check_test(natural_keys_are_free_or_ones_own),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
