/* vault import and export as people type them: what a run says, a second run, and what is refused. */
#include "tests/simulation/laptop_commands.h"
#include "tests/simulation/vault_scene.h"

static struct vault_scene scene;
static char project[CS_ID_TEXT_SIZE];
static char path[256];

static int setup(void **state)
{
    (void)state;
    vault_scene_open(&scene, 471, false);
    commands_begin(&scene.universe);
    cs_id_format(&scene.project, project);
    (void)snprintf(path, sizeof path, "%s/passwords", scene.universe.folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    printed_forget();
    vault_scene_close(&scene);
    return 0;
}

/* Files are in the memory of the laptop's world. */
static void write_file(struct laptop *laptop, const char *content)
{
    const struct cs_world *world = &laptop->fake.world;
    assert_ok(world->file_replace(world->context, path, cs_bytes_of_text(content)));
}

static int64_t number(const char *name)
{
    int64_t value = -1;
    assert_true(cs_json_get_integer(cs_json_get(printed.json, name), &value));
    return value;
}

static const struct cs_json *item(size_t index)
{
    return cs_json_at(cs_json_get(printed.json, "items"), index);
}

static void test_an_import(void **state)
{
    static const char csv[] = "title,username,password,url,notes,colour\n"
                              "switch,admin," CANARY ",ssh://10.0.0.2,two words,blue\n"
                              "web,root," CANARY ",https://root:" CANARY "@web/,,\n";
    (void)state;
    write_file(scene.li, csv);
    assert_code(
        laptop_run_json(scene.li, "vault", "import", path, "--project", project, "--dry-run"),
        CS_EXIT_DONE);
    assert_int_equal(number("entries"), 2);
    assert_int_equal(number("stored"), 2);
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), 1);
    assert_null(strstr(printed.out, CANARY));
    assert_code(laptop_run_json(scene.li, "vault", "import", path, "--project", project),
                CS_EXIT_DONE);
    assert_null(strstr(printed.out, CANARY));
    assert_int_equal(number("stored"), 2);
    assert_int_equal(number("refused"), 0);
    assert_string_equal(printed_text(item(0), "outcome"), "stored");
    assert_string_equal(printed_text(item(1), "name"), "web");
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), 3);
    assert_code(laptop_run(scene.li, "vault", "reveal", "switch", "--reason", "x"), CS_EXIT_DONE);
    assert_string_equal(printed.out, CANARY "\n");
    assert_code(
        laptop_run(scene.li, "vault", "reveal", "web", "--reason", "x", "--field", "address"),
        CS_EXIT_DONE);
    assert_string_equal(printed.out, "https://root:" CANARY "@web/\n");
    assert_code(laptop_run(scene.li, "vault", "import", path, "--project", project), CS_EXIT_DONE);
    assert_prints(printed.out, "2 entries: 0 stored, 2 were here, 0 refused");
    assert_prints(printed.out, "is the secret \"address\"");
    assert_null(strstr(printed.out, CANARY));
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), 3);
}

/* One entry too large: told, and the others are stored. */
static void test_an_entry_that_does_not_fit(void **state)
{
    static char csv[CS_VAULT_SECRET_MAX + 256];
    (void)state;
    int size = snprintf(csv, sizeof csv, "title,password,notes\nsmall,a,\nlarge,b,");
    memset(csv + size, 'x', CS_VAULT_SECRET_MAX);
    (void)snprintf(csv + size + CS_VAULT_SECRET_MAX, 64, "\nlast,c,\n");
    write_file(scene.li, csv);
    assert_code(laptop_run_json(scene.li, "vault", "import", path, "--project", project),
                CS_EXIT_FAILED);
    assert_int_equal(number("stored"), 2);
    assert_int_equal(number("refused"), 1);
    assert_string_equal(printed_text(item(1), "outcome"), "refused");
    assert_prints(printed_text(item(1), "text"), "longer than a vault holds");
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), 3);
}

/* The network goes away in the middle; the same command goes on. */
static void test_an_interrupted_import(void **state)
{
    static char csv[16 * 1024];
    size_t size = 0;
    (void)state;
    size += (size_t)snprintf(csv, sizeof csv, "title,password\n");
    for (size_t i = 0; i < 150; i++) {
        size += (size_t)snprintf(csv + size, sizeof csv - size, "n%zu,%s\n", i, CANARY);
    }
    write_file(scene.li, csv);
    scene.li->exchanges_left = 4;
    assert_code(laptop_run(scene.li, "vault", "import", path, "--project", project),
                CS_EXIT_FAILED);
    assert_prints(printed.err, "goes on");
    scene.li->exchanges_left = -1;
    int64_t so_far = stored_count(&scene, CS_VAULT_ENTRY);
    assert_true(so_far > 1 && so_far < 151);
    assert_code(laptop_run_json(scene.li, "vault", "import", path, "--project", project),
                CS_EXIT_DONE);
    assert_true(number("stored") < 150);
    assert_int_equal(number("refused"), 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), 151);
    assert_int_equal(stored_count(&scene, CS_VAULT_VERSION), 151);
    assert_int_equal(stored_count(&scene, CS_VAULT_STATE), 150);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    write_file(scene.li, "title,password\na,b\n");
    assert_code(laptop_run(scene.li, "vault", "import", path), CS_EXIT_USAGE);
    assert_prints(printed.err, "--project");
    assert_code(laptop_run(scene.li, "vault", "import", "--project", project), CS_EXIT_USAGE);
    assert_code(
        laptop_run(scene.li, "vault", "import", path, "--project", project, "--format", "xls"),
        CS_EXIT_USAGE);
    assert_code(
        laptop_run(scene.li, "vault", "import", path, "--project", project, "--no-password"),
        CS_EXIT_USAGE);
    assert_code(laptop_run(scene.li, "vault", "import", "/nowhere/file", "--project", project),
                CS_EXIT_FAILED);
    assert_prints(printed.err, "/nowhere/file");
    assert_code(laptop_run(scene.li, "vault", "import", path, "--project", "no such"),
                CS_EXIT_USAGE);
    assert_code(laptop_run(scene.li, "vault", "import", path, "--project", project, "--format",
                           "bitwarden"),
                CS_EXIT_FAILED);
    vault_sync(&scene, scene.zhao);
    write_file(scene.zhao, "title,password\na,b\n");
    assert_code(laptop_run(scene.zhao, "vault", "import", path, "--project", project),
                CS_EXIT_FAILED);
    write_file(scene.li, "no,columns\na,b\n");
    assert_code(laptop_run(scene.li, "vault", "import", path, "--project", project),
                CS_EXIT_FAILED);
    scene.li->fault = NETWORK_DOWN;
    assert_code(laptop_run(scene.li, "vault", "import", path, "--project", project),
                CS_EXIT_FAILED);
    scene.li->fault = NETWORK_FINE;
    assert_int_equal(stored_count(&scene, CS_VAULT_ENTRY), 1);
}

/* ---- export ---- */

static struct cs_buffer exported;

static void read_file(struct laptop *laptop, const char *name)
{
    const struct cs_world *world = &laptop->fake.world;
    cs_buffer_release(&exported);
    cs_buffer_init(&exported, CS_MEBI);
    assert_ok(world->file_read(world->context, name, &exported));
    cs_buffer_append_u8(&exported, 0);
}

static const char *ask_for_export(char out[static 80])
{
    struct cs_bytes text;
    assert_code(
        laptop_run_json(scene.li, "vault", "export", "--project", project, "--reason", "移交客户"),
        CS_EXIT_DONE);
    assert_true(cs_json_get_text(cs_json_at(cs_json_get(printed.json, "requests"), 0), &text));
    (void)snprintf(out, 80, "%.*s", (int)text.size, (const char *)text.data);
    return out;
}

static void test_an_export(void **state)
{
    char request[80];
    char output[300];
    (void)state;
    cs_buffer_init(&exported, CS_MEBI);
    (void)snprintf(output, sizeof output, "%s/out.csv", scene.universe.folder);
    write_file(scene.li, "title,username,password,url,notes\nswitch,admin," CANARY
                         ",https://a:b@c/,rack 4\n");
    assert_code(laptop_run(scene.li, "vault", "import", path, "--project", project), CS_EXIT_DONE);
    (void)ask_for_export(request);
    assert_int_equal(number("versions"), 4);
    assert_code(
        laptop_run(scene.li, "vault", "export", output, "--request", request, "--format", "csv"),
        CS_EXIT_FAILED); /* nobody has approved it */
    assert_code(laptop_run(scene.li, "vault", "reveal", "--request", request), CS_EXIT_USAGE);
    assert_prints(printed.err, "vault export");
    assert_code(laptop_run(scene.han, "vault", "approve", request), CS_EXIT_DONE);
    assert_code(
        laptop_run(scene.li, "vault", "export", output, "--request", request, "--format", "csv"),
        CS_EXIT_DONE);
    assert_prints(printed.err, "due for rotation");
    assert_prints(printed.err, "plain text");
    assert_null(strstr(printed.out, CANARY));
    read_file(scene.li, output);
    assert_prints((const char *)exported.data, "switch");
    assert_prints((const char *)exported.data, CANARY);
    assert_prints((const char *)exported.data, "https://a:b@c/"); /* where it came from */
    assert_prints((const char *)exported.data, "rack 4");
    assert_prints((const char *)exported.data, "核心交换机");
    assert_code(laptop_run(scene.li, "vault", "export", "/nowhere/x", "--request", request),
                CS_EXIT_USAGE); /* once */
    assert_int_equal(stored_count(&scene, CS_VAULT_EXPORT), 1);
    cs_buffer_release(&exported);
}

/* Nothing of this writes a file, and only the first is in the log. */
static void test_exports_that_are_none(void **state)
{
    char request[80];
    (void)state;
    assert_code(laptop_run(scene.li, "vault", "export", "--project", project), CS_EXIT_USAGE);
    assert_code(
        laptop_run(scene.li, "vault", "export", path, "--project", project, "--reason", "x"),
        CS_EXIT_USAGE);
    assert_code(laptop_run(scene.li, "vault", "export", path, "--request", "abcdef"),
                CS_EXIT_USAGE);
    assert_code(laptop_run(scene.li, "vault", "export", "--request", "abcdef"), CS_EXIT_USAGE);
    assert_code(laptop_run(scene.li, "vault", "export", path, "--request", "abcdef", "--format",
                           "bitwarden"),
                CS_EXIT_USAGE);
    vault_sync(&scene, scene.zhao);
    assert_code(laptop_run(scene.zhao, "vault", "export", "--project", project, "--reason", "x"),
                CS_EXIT_FAILED);
    assert_prints(printed.err, "only owner and security");
    assert_code(laptop_run_json(scene.zhao, "vault", "waiting"), CS_EXIT_DONE);
    assert_int_equal(cs_json_count(cs_json_get(printed.json, "waiting")), 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_EXPORT), 0);
    (void)ask_for_export(request);
    assert_code(laptop_run(scene.li, "vault", "approve", request), CS_EXIT_USAGE);
    assert_code(laptop_run(scene.han, "vault", "export", path, "--request", request),
                CS_EXIT_USAGE);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_import, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_entry_that_does_not_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_interrupted_import, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_export, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exports_that_are_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
