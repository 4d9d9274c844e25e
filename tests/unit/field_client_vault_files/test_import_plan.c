/* What an import would store: names, secrets, ids that a second run finds again, and what is refused. */
#include "field-client/vault_files/import_plan.h"

#include "tests/support/testing.h"

#include <string.h>

#define TEXT(text) cs_bytes_of_text(text)
#define LONG_SIZE ((size_t)CS_VAULT_SECRET_MAX)

static struct cs_password_list list;
static struct cs_arena arena;
static const struct cs_id vault = {{0x0f}};
static const uint8_t key[32] = {7};

static int setup(void **state)
{
    (void)state;
    cs_password_list_init(&list);
    cs_arena_init(&arena, 64 * CS_MEBI);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_password_list_release(&list);
    cs_arena_release(&arena);
    return 0;
}

static void add(struct cs_password_entry entry)
{
    struct cs_problem problem = {""};
    entry.created_ms = entry.modified_ms = entry.expires_ms = CS_PASSWORD_TIME_NONE;
    assert_ok(cs_password_list_add(&list, &entry, &problem));
}

static struct cs_import_item *plan(void)
{
    struct cs_import_item *items = NULL;
    assert_ok(cs_import_plan(&list, &vault, cs_bytes_of_array(key), &arena, &items));
    return items;
}

static void assert_text(struct cs_bytes bytes, const char *expected)
{
    if (!cs_bytes_equal_text(bytes, expected)) {
        fail_msg("\"%.*s\", not \"%s\"", (int)bytes.size, (const char *)bytes.data, expected);
    }
}

static void test_what_becomes_what(void **state)
{
    const struct cs_password_field fields[] = {{TEXT("PIN"), TEXT("0000"), true},
                                               {TEXT("nothing"), TEXT(""), false},
                                               {TEXT("password"), TEXT("older"), false}};
    (void)state;
    add((struct cs_password_entry){.title = TEXT("核心交换机"),
                                   .user_name = TEXT("admin"),
                                   .password = TEXT("secret"),
                                   .url = TEXT("ssh://10.0.0.1"),
                                   .notes = TEXT("two\nlines"),
                                   .totp = TEXT("GEZDGNBVGY3TQOJQ"),
                                   .fields = fields,
                                   .field_count = CS_COUNT(fields)});
    struct cs_import_item *item = plan();
    assert_null(item->refusal);
    assert_text(item->listing.name, "核心交换机");
    assert_text(item->listing.user, "admin");
    assert_text(item->listing.address, "ssh://10.0.0.1");
    static const char *const names[] = {"password", "notes", "totp", "PIN", "password (2)"};
    static const char *const values[] = {"secret", "two\nlines", "GEZDGNBVGY3TQOJQ", "0000",
                                         "older"};
    assert_int_equal(item->field_count, CS_COUNT(names));
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        assert_text(item->fields[i].name, names[i]);
        assert_text(item->fields[i].value, values[i]);
    }
    assert_int_equal(item->remarks, CS_IMPORT_FIELD_RENAMED);
}

static void test_names(void **state)
{
    const struct cs_bytes berlin[] = {TEXT("Servers"), TEXT("Berlin")};
    char title[200];
    (void)state;
    memset(title, 'x', sizeof title);
    memcpy(title + 126, "交", 3); /* would be cut in the middle */
    add((struct cs_password_entry){.title = TEXT("root"), .groups = berlin, .group_count = 2});
    add((struct cs_password_entry){.title = TEXT("root"), .groups = berlin, .group_count = 1});
    add((struct cs_password_entry){.title = TEXT("own"), .groups = berlin, .group_count = 2});
    add((struct cs_password_entry){.user_name = TEXT("only a user")});
    add((struct cs_password_entry){.url = TEXT("https://user:secret@host/")});
    add((struct cs_password_entry){.title = cs_bytes_make(title, sizeof title)});
    add((struct cs_password_entry){.title = TEXT("two\nlines\x7f and \xc2\x9b"
                                                 "31m")});
    struct cs_import_item *items = plan();
    assert_text(items[0].listing.name, "Servers/Berlin/root");
    assert_text(items[1].listing.name, "Servers/root");
    assert_text(items[2].listing.name, "own");
    assert_text(items[3].listing.name, "only a user");
    assert_text(items[4].listing.name, "(untitled)");
    assert_int_equal(items[5].listing.name.size, 126);
    assert_int_equal(items[5].remarks, CS_IMPORT_NAME_CHANGED);
    assert_text(items[6].listing.name, "two lines  and   31m");
    assert_int_equal(items[6].remarks, CS_IMPORT_NAME_CHANGED);
    assert_int_equal(items[0].remarks, 0);
}

/* A password in the address is not listed. */
static void test_an_address_with_a_password(void **state)
{
    (void)state;
    add((struct cs_password_entry){.title = TEXT("web"), .url = TEXT("https://user:secret@host/")});
    struct cs_import_item *item = plan();
    assert_null(item->refusal);
    assert_int_equal(item->listing.address.size, 0);
    assert_int_equal(item->remarks, CS_IMPORT_ADDRESS_SECRET);
    assert_int_equal(item->field_count, 1);
    assert_text(item->fields[0].name, "address");
    assert_text(item->fields[0].value, "https://user:secret@host/");
}

static void test_what_is_refused(void **state)
{
    static char large[LONG_SIZE];
    char address[1200];
    (void)state;
    memset(large, 'x', sizeof large);
    memset(address, 'x', sizeof address);
    add((struct cs_password_entry){.title = TEXT("too long"),
                                   .notes = cs_bytes_make(large, LONG_SIZE - 3)});
    add((struct cs_password_entry){.title = TEXT("just fits"),
                                   .notes = cs_bytes_make(large, LONG_SIZE - 4)});
    struct cs_import_item *items = plan();
    assert_non_null(strstr(items[0].refusal, "longer than a vault holds"));
    assert_null(items[1].refusal);
    add((struct cs_password_entry){.title = TEXT("a long address"),
                                   .url = cs_bytes_make(address, sizeof address)});
    items = plan();
    assert_null(items[2].refusal); /* kept as a secret, which may be long */
    assert_int_equal(items[2].remarks, CS_IMPORT_ADDRESS_SECRET);
}

static void test_ids_are_found_again(void **state)
{
    static const uint8_t other_key[32] = {8};
    static const struct cs_id other_vault = {{0x10}};
    struct cs_import_item *others = NULL;
    (void)state;
    add((struct cs_password_entry){.id = {{1}}, .title = TEXT("with an id")});
    add((struct cs_password_entry){.title = TEXT("without"), .password = TEXT("a")});
    add((struct cs_password_entry){.title = TEXT("without"), .password = TEXT("b")});
    add((struct cs_password_entry){.title = TEXT("without"), .user_name = TEXT("c")});
    struct cs_import_item *first = plan();
    struct cs_import_item *second = plan();
    for (size_t i = 0; i < list.count; i++) {
        assert_true(cs_id_equal(&first[i].id, &second[i].id));
        for (size_t j = 0; j < i; j++) {
            assert_false(cs_id_equal(&first[i].id, &first[j].id));
        }
    }
    assert_ok(cs_import_plan(&list, &vault, cs_bytes_of_array(other_key), &arena, &others));
    assert_false(cs_id_equal(&first[0].id, &others[0].id));
    assert_ok(cs_import_plan(&list, &other_vault, cs_bytes_of_array(key), &arena, &others));
    assert_false(cs_id_equal(&first[0].id, &others[0].id));
    /* A title that changed in the file does not make another item of it where there is an id. */
    cs_password_list_release(&list);
    cs_password_list_init(&list);
    add((struct cs_password_entry){.id = {{1}}, .title = TEXT("with another title")});
    assert_true(cs_id_equal(&plan()->id, &first[0].id));
}

static void test_nothing(void **state)
{
    (void)state;
    assert_non_null(plan());
    add(CS_PASSWORD_ENTRY_NONE);
    assert_int_equal(plan()->field_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_becomes_what, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_address_with_a_password, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ids_are_found_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
    };
    assert_ok(cs_crypto_start());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
