/* import and import_rows; export, which must give back what was imported. */
#include "tests/unit/field_client_commands/commands_fixture.h"

#define ROWS_MANY 10000

static const char *write_csv(const char *text)
{
    write_text(in_home("rows.csv"), text);
    return in_home("rows.csv");
}

static void assert_tally(int64_t rows, int64_t inserted, int64_t updated, int64_t unchanged)
{
    assert_int_equal(json_integer(commands.json, "rows"), rows);
    assert_int_equal(json_integer(commands.json, "inserted"), inserted);
    assert_int_equal(json_integer(commands.json, "updated"), updated);
    assert_int_equal(json_integer(commands.json, "unchanged"), unchanged);
}

static void assert_waiting(int64_t expected)
{
    assert_int_equal(run_json("status"), 0);
    assert_int_equal(json_integer(commands.json, "waiting"), expected);
}

static void test_import_by_natural_key(void **state)
{
    (void)state;
    const char *file = write_csv("code,name,price_cents\nA1,pump,100\nA2,\"hose, long\",\n");
    assert_int_equal(run_json("import", "part", file), 0);
    assert_tally(2, 2, 0, 0);
    assert_waiting(2);
    /* the same file again changes nothing */
    assert_int_equal(run_json("import", "part", in_home("rows.csv")), 0);
    assert_tally(2, 0, 0, 2);
    assert_waiting(2);
    file = write_csv("code,name,price_cents\nA1,pump,\nA2,\"hose, long\",\nA3,valve,5\n");
    assert_int_equal(run("import", "part", file), 0);
    assert_string_equal(commands.out, "3 rows: 1 new, 1 changed, 1 unchanged\n");
    assert_waiting(4);
    assert_int_equal(run_json("get", "part", "A1"), 0);
    assert_has(commands.out, "\"price_cents\": null");
    assert_int_equal(run_json("get", "part", "A2"), 0);
    assert_string_equal(json_text(commands.json, "name"), "hose, long");
}

static void test_import_labels(void **state)
{
    (void)state;
    const char *file = write_csv("\xef\xbb\xbf客户编号, 客户名称 ,电话\r\nK1,华润,123\r\n");
    assert_int_equal(run_json("import", "customer", file), 0);
    assert_tally(1, 1, 0, 0);
    assert_int_equal(run_json("get", "customer", "K1"), 0);
    assert_string_equal(json_text(commands.json, "name"), "华润");
    assert_string_equal(json_text(commands.json, "phone"), "123");
}

static void test_import_references(void **state)
{
    (void)state;
    (void)id_of(run("new", "customer", "code=K1", "name=ACME"));
    const char *file = write_csv("customer,name\nK1,north\nK1,south\nK9,west\n");
    assert_int_equal(run_json("import", "site", file), 1);
    assert_error("INVALID", "1 of 3 rows");
    assert_int_equal(json_integer(commands.json, "bad_count"), 1);
    const struct cs_json *bad = cs_json_at(cs_json_get(commands.json, "bad"), 0);
    assert_int_equal(json_integer(bad, "line"), 4);
    assert_has(json_text(bad, "text"), "K9");
    assert_waiting(1);
    assert_int_equal(run_json("import", "site", in_home("rows.csv"), "--skip-bad"), 0);
    assert_tally(3, 2, 0, 0);
    assert_has(commands.err, "line 4");
    /* no natural key: found again by content */
    assert_int_equal(run_json("import", "site", in_home("rows.csv"), "--skip-bad"), 0);
    assert_tally(3, 0, 0, 2);
    assert_waiting(3);
}

/* Two equal rows are two rows, and the same two the next time. */
static void test_import_equal_rows(void **state)
{
    (void)state;
    const char *file = write_csv("name,post\nLi,tech\nLi,tech\n");
    assert_int_equal(run_json("import", "person", file), 0);
    assert_tally(2, 2, 0, 0);
    file = write_csv("name,post\nLi,tech\nLi,tech\nLi,tech\n");
    assert_int_equal(run_json("import", "person", file), 0);
    assert_tally(3, 1, 0, 2);
}

static void test_import_by_id(void **state)
{
    (void)state;
    char *id = id_of(run("new", "person", "name=Li", "post=tech"));
    char text[256];
    (void)snprintf(text, sizeof text,
                   "id,name,post\n%s,Li,lead\n01900000-0000-7000-8000-000000000001,Han,\n,Wu,\n",
                   id);
    assert_int_equal(run_json("import", "person", write_csv(text)), 0);
    assert_tally(3, 2, 1, 0);
    assert_int_equal(run_json("get", "person", id), 0);
    assert_string_equal(json_text(commands.json, "post"), "lead");
    assert_int_equal(run_json("get", "person", "01900000-0000-7000-8000-000000000001"), 0);
    assert_string_equal(json_text(commands.json, "name"), "Han");
    assert_int_equal(run("delete", "person", id), 0);
    assert_int_equal(run_json("import", "person", in_home("rows.csv")), 1);
    assert_has(commands.err, "deleted");
    assert_int_equal(run_json("import", "person", write_csv("id,name\nxyz,Li\n")), 1);
    assert_has(commands.err, "is not an id");
}

static void test_import_bad_rows(void **state)
{
    (void)state;
    const char *file = write_csv("code,name,price_cents\n"
                                 "A1,pump,x\n"
                                 "A2,pump\n"
                                 "A3,,5\n"
                                 "A4,pu\"mp,5\n"
                                 "A5,pump,5\n");
    assert_int_equal(run("import", "part", file), 1);
    assert_has(commands.err, "line 2: part.price_cents");
    assert_has(commands.err, "line 3: 2 columns");
    assert_has(commands.err, "line 4: ");
    assert_has(commands.err, "line 5: a quote");
    assert_has(commands.err, "4 of 5 rows cannot be imported");
    assert_string_equal(commands.out, "");
    assert_waiting(0);
    assert_int_equal(run("import", "part", in_home("rows.csv"), "--skip-bad"), 0);
    assert_string_equal(commands.out, "5 rows: 1 new, 0 changed, 0 unchanged, 4 skipped\n");
    assert_waiting(1);
}

static void test_import_shows_twenty_bad_rows(void **state)
{
    (void)state;
    char text[1024] = "code,name,price_cents\n";
    for (int i = 0; i < 25; i++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "A,pump,x\n");
    }
    assert_int_equal(run("import", "part", write_csv(text)), 1);
    assert_has(commands.err, "line 21: ");
    assert_null(strstr(commands.err, "line 22: "));
    assert_has(commands.err, "and 5 more");
}

static void test_import_refuses_files(void **state)
{
    (void)state;
    assert_int_equal(run_json("import", "part", in_home("nothing.csv")), 1);
    assert_error("NOT_FOUND", "no such file");
    assert_int_equal(run_json("import", "part", write_csv("")), 1);
    assert_error("INVALID", "empty");
    assert_int_equal(run_json("import", "part", write_csv("code,namme\n")), 2);
    assert_error("NOT_FOUND", "name");
    assert_int_equal(run_json("import", "part", write_csv("code,code\n")), 2);
    assert_error("INVALID", "same field");
    assert_int_equal(run_json("import", "parts", write_csv("code\n")), 2);
    assert_error("NOT_FOUND", "part");
    assert_int_equal(run_json("import", "part"), 2);
    assert_error("USAGE", "FILE.csv");
    assert_int_equal(run_json("import", "part", write_csv("code\nA1\n"), "--skip"), 2);
    assert_error("USAGE", "--skip");
}

static void test_export_round_trip(void **state)
{
    (void)state;
    (void)id_of(run("new", "customer", "code=K1", "name=华润, \"east\"", "note=two\nlines"));
    (void)id_of(run("new", "customer", "name=no code"));
    (void)id_of(run("new", "site", "customer=K1", "name=north"));
    assert_int_equal(run("export", "site"), 0);
    assert_has(commands.out, "id,customer,name,address,contact,phone\r\n");
    assert_has(commands.out, ",K1,north,,,\r\n");
    assert_int_equal(run_json("export", "site", in_home("site.csv")), 0);
    assert_int_equal(json_integer(commands.json, "rows"), 1);
    assert_int_equal(run("export", "customer", in_home("customer.csv")), 0);
    assert_string_equal(commands.out, "2 rows\n");
    assert_waiting(3);
    assert_int_equal(run_json("import", "customer", in_home("customer.csv")), 0);
    assert_tally(2, 0, 0, 2);
    assert_int_equal(run_json("import", "site", in_home("site.csv")), 0);
    assert_tally(1, 0, 0, 1);
    assert_waiting(3);
    assert_int_equal(run_json("export", "part"), 0);
    assert_has(json_text(commands.json, "csv"), "id,code,name");
    assert_int_equal(run_json("export", "site", in_home("no/such/file.csv")), 1);
    assert_int_equal(run_json("export", "sites"), 2);
}

/* What could be mistaken for an id or another row's key is written as the id. */
static void test_export_doubtful_keys(void **state)
{
    (void)state;
    char *customer =
        id_of(run("new", "customer", "code=01900000000070008000000000000009", "name=odd"));
    char reference[64];
    (void)snprintf(reference, sizeof reference, "customer=%s", customer);
    (void)id_of(run("new", "site", reference));
    assert_int_equal(run("export", "site"), 0);
    assert_has(commands.out, customer);
}

static void test_import_many(void **state)
{
    (void)state;
    char path[CS_HOME_PATH_MAX + 300];
    (void)snprintf(path, sizeof path, "%s", in_home("many.csv"));
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    (void)fputs("code,name,unit,price_cents\n", file);
    for (int i = 0; i < ROWS_MANY; i++) {
        (void)fprintf(file, "P%05d,part number %d,piece,%d\n", i, i, i * 7);
    }
    assert_int_equal(fclose(file), 0);
    int64_t start_ms = commands.world.monotonic_ms(commands.world.context);
    assert_int_equal(run_json("import", "part", path), 0);
    print_message("%d rows, passphrase included: %lld ms\n", ROWS_MANY,
                  (long long)(commands.world.monotonic_ms(commands.world.context) - start_ms));
    assert_tally(ROWS_MANY, ROWS_MANY, 0, 0);
    assert_int_equal(run_json("import", "part", path), 0);
    assert_tally(ROWS_MANY, 0, 0, ROWS_MANY);
    assert_waiting(ROWS_MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_import_by_natural_key),
        COMMAND_TEST(test_import_labels),
        COMMAND_TEST(test_import_references),
        COMMAND_TEST(test_import_equal_rows),
        COMMAND_TEST(test_import_by_id),
        COMMAND_TEST(test_import_bad_rows),
        COMMAND_TEST(test_import_shows_twenty_bad_rows),
        COMMAND_TEST(test_import_refuses_files),
        COMMAND_TEST(test_export_round_trip),
        COMMAND_TEST(test_export_doubtful_keys),
        COMMAND_TEST(test_import_many),
    };
    return RUN_COMMAND_TESTS(tests);
}
