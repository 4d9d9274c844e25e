/* "-": what comes from standard input and goes to standard output in place of a file; and callers who may name no files. */
#include "tests/unit/field_client_commands/visit_commands_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#define PHOTO_SIZE ((size_t)300000)

/* The next command's standard input. */
static void type_bytes(const char *bytes, size_t size)
{
    FILE *input = fopen(in_home("typed"), "wb");
    assert_non_null(input);
    assert_int_equal(fwrite(bytes, 1, size, input), size);
    assert_int_equal(fclose(input), 0);
    int file = open(in_home("typed"), O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(dup2(file, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(close(file), 0);
    assert_int_equal(unlink(in_home("typed")), 0);
}

static void type_text(const char *text)
{
    type_bytes(text, strlen(text));
}

static void photos_come_and_go(void **state)
{
    (void)state;
    char *photo = malloc(PHOTO_SIZE + 1);
    assert_non_null(photo);
    for (size_t i = 0; i < PHOTO_SIZE; i++) {
        photo[i] = (char)(1 + i * i % 255);
    }
    photo[PHOTO_SIZE] = '\0';
    work();
    type_bytes(photo, PHOTO_SIZE);
    assert_int_equal(run_json("visit", "attach", "WO-1", "-", "--name", "现场/照片.JPG"), 0);
    assert_int_equal(json_integer(commands.json, "size"), PHOTO_SIZE);
    char id[CS_ID_TEXT_SIZE];
    (void)snprintf(id, sizeof id, "%s", json_text(commands.json, "id"));
    assert_int_equal(run_json("attachment", "list", "WO-1"), 0);
    const struct cs_json *listed = cs_json_at(cs_json_get(commands.json, "rows"), 0);
    assert_string_equal(json_text(listed, "file_name"), "照片.JPG");
    assert_string_equal(json_text(listed, "media_type"), "image/jpeg");
    assert_int_equal(run("attachment", "open", id, "-"), 0);
    assert_true(strcmp(commands.out, photo) == 0);
    assert_int_equal(run("attachment", "open", id, "-", "--json"), 0);
    assert_true(strcmp(commands.out, photo) == 0);
    assert_int_equal(run_json("attachment", "drop", id, "--export", "-"), 2);
    assert_error("USAGE", "--export needs a file");
    free(photo);
}

static void an_empty_photo_too(void **state)
{
    (void)state;
    work();
    type_text("");
    assert_int_equal(run_json("visit", "attach", "WO-1", "-", "--name", "a.png"), 0);
    assert_int_equal(json_integer(commands.json, "size"), 0);
    char id[CS_ID_TEXT_SIZE];
    (void)snprintf(id, sizeof id, "%s", json_text(commands.json, "id"));
    assert_int_equal(run("attachment", "open", id, "-"), 0);
    assert_string_equal(commands.out, "");
}

static void a_photo_needs_a_name(void **state)
{
    (void)state;
    work();
    type_text("x");
    assert_int_equal(run_json("visit", "attach", "WO-1", "-"), 2);
    assert_error("USAGE", "--name FILE_NAME goes with -");
    assert_int_equal(run_json("visit", "attach", "WO-1", strokes_file, "--name", "a.png"), 2);
    assert_error("USAGE", "--name FILE_NAME goes with -");
    type_text("x");
    assert_int_equal(run_json("visit", "attach", "WO-1", "-", "--name", "a/"), 1);
    assert_error("INVALID", "1 to 255 bytes");
    type_text("x");
    assert_int_equal(run_json("visit", "attach", "WO-1", "-", "--name", "\xff"), 2);
    assert_error("USAGE", "UTF-8");
}

static void strokes_come(void **state)
{
    (void)state;
    work();
    type_text("[[[1,2],[3,4.5]]]");
    assert_int_equal(run_json("visit", "sign", "WO-1", "--signer", "李主任", "--strokes", "-"), 0);
    assert_string_equal(json_text(commands.json, "entity"), "receipt");
}

static void rows_come_and_go(void **state)
{
    (void)state;
    type_text("code,name\nS-1,阀门\nS-2,泵\n");
    assert_int_equal(run_json("import", "part", "-"), 0);
    assert_int_equal(json_integer(commands.json, "inserted"), 2);
    assert_int_equal(run("export", "part", "-"), 0);
    assert_has(commands.out, ",S-2,泵,");
    char *csv = strdup(commands.out);
    assert_non_null(csv);
    type_text(csv);
    assert_int_equal(run_json("import", "part", "-"), 0);
    assert_int_equal(json_integer(commands.json, "unchanged"), 3);
    assert_int_equal(run_json("export", "part", "-"), 0);
    assert_string_equal(json_text(commands.json, "csv"), csv);
    free(csv);
    assert_int_equal(run("refusals", "export", "-"), 0);
    assert_has(commands.out, "\"refusals\": []");
    assert_int_equal(
        run_json("invite", "--person", "李强", "--role", "technician", "--output", "-"), 0);
    assert_non_null(cs_json_get(commands.json, "invite"));
}

static void bundles_come_and_go(void **state)
{
    (void)state;
    size_t size = 0;
    assert_int_equal(run("bundle", "export", in_home("a.bundle")), 0);
    struct cs_buffer file;
    cs_buffer_init(&file, CS_MEBI);
    assert_ok(commands.world.file_read(commands.world.context, in_home("a.bundle"), &file));
    size = file.size;
    assert_int_equal(run("bundle", "export", "-", "--json"), 0);
    assert_memory_equal(commands.out, file.data, 8); /* what names the format */
    assert_int_not_equal(access(in_home("bundle.passing"), F_OK), 0);
    type_bytes((const char *)file.data, size);
    assert_int_equal(run_json("bundle", "import", "-"), 1);
    char from_input[256];
    (void)snprintf(from_input, sizeof from_input, "%s",
                   json_text(cs_json_get(commands.json, "error"), "status"));
    assert_int_equal(run_json("bundle", "import", in_home("a.bundle")), 1);
    assert_string_equal(json_text(cs_json_get(commands.json, "error"), "status"), from_input);
    type_text("");
    assert_int_equal(run_json("bundle", "import", "-"), 1);
    assert_error("MALFORMED", "standard input is empty");
    assert_int_equal(unlink(in_home("a.bundle")), 0);
    cs_buffer_release(&file);
}

/* A page can print them, and they work. */
static void shares_go(void **state)
{
    (void)state;
    char typed[2048] = "";
    struct cs_bytes text;
    assert_int_equal(run_json("root", "split", "--output", "-"), 0);
    assert_int_equal(json_integer(commands.json, "shares"), 3);
    assert_null(cs_json_get(commands.json, "folder"));
    const struct cs_json *texts = cs_json_get(commands.json, "texts");
    assert_int_equal(cs_json_count(texts), 3);
    for (size_t i = 0; i < 2; i++) {
        assert_true(cs_json_get_text(cs_json_at(texts, i), &text));
        assert_true(text.size > 20 && text.size < 1000);
        (void)snprintf(typed + strlen(typed), sizeof typed - strlen(typed), "%.*s\n",
                       (int)text.size, (const char *)text.data);
    }
    type_text(typed);
    assert_int_equal(run_json("root", "rehearse"), 0);
    assert_true(json_boolean(commands.json, "works"));
    assert_int_equal(run("root", "split", "--shares", "2", "--output", "-"), 0);
    char *end = strchr(commands.out, '\n');
    assert_non_null(end);
    assert_string_equal(strchr(end + 1, '\n'), "\n"); /* two lines */
    type_text(commands.out);
    assert_int_equal(run("root", "rehearse"), 0);
}

/* ---- callers who may name no files ---- */

static bool nothing_to_flush(void *context)
{
    (void)context;
    return true;
}

static int run_without_files(const char *const *texts)
{
    char copies[ARGUMENTS_MAX][CS_HOME_PATH_MAX];
    char *arguments[ARGUMENTS_MAX + 1] = {NULL};
    int count = 0;
    int ends[2];
    for (; texts[count] != NULL; count++) {
        arguments[count] = copies[count];
        (void)snprintf(copies[count], sizeof copies[0], "%s", texts[count]);
    }
    assert_int_equal(pipe(ends), 0);
    struct cs_console console = {.input = -1,
                                 .output = -1,
                                 .errors = -1,
                                 .terminal = -1,
                                 .passphrase_file =
                                     open(commands.passphrase_file, O_RDONLY | O_CLOEXEC),
                                 .caller = ends[0],
                                 .folder = commands.home,
                                 .no_files = true,
                                 .flush = nothing_to_flush};
    forget_output();
    size_t sizes[2];
    FILE *out = open_memstream(&commands.out, &sizes[0]);
    FILE *err = open_memstream(&commands.err, &sizes[1]);
    struct cs_client_setting setting = {.registry = cs_registry_core(),
                                        .world = &commands.world,
                                        .out = out,
                                        .err = err,
                                        .home = commands.home,
                                        .console = &console};
    int code = cs_client_run(count, arguments, &setting);
    assert_int_equal(fclose(out) + fclose(err), 0);
    (void)close(console.passphrase_file);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return code;
}

#define assert_no_files(...)                                                                       \
    do {                                                                                           \
        int code = run_without_files((const char *const[]){"countersign", __VA_ARGS__, NULL});     \
        assert_has(commands.err, "files cannot be named here: use -");                             \
        assert_int_equal(code, 2);                                                                 \
        assert_string_equal(commands.out, "");                                                     \
    } while (0)

static void no_file_can_be_named(void **state)
{
    (void)state;
    work();
    type_text("x");
    assert_int_equal(run_json("visit", "attach", "WO-1", "-", "--name", "a.txt"), 0);
    char id[CS_ID_TEXT_SIZE];
    (void)snprintf(id, sizeof id, "%s", json_text(commands.json, "id"));
    write_text(in_home("a.csv"), "code,name\nS-1,x\n");
    assert_no_files("import", "part", in_home("a.csv"));
    assert_no_files("import", "part", "a.csv");
    assert_no_files("export", "part", "b.csv");
    assert_no_files("refusals", "export", "b.json");
    assert_no_files("invite", "--person", "x", "--role", "technician", "--output", "b");
    assert_no_files("visit", "attach", "WO-1", "a.csv");
    assert_no_files("visit", "sign", "WO-1", "--signer", "x", "--strokes", "strokes.json");
    assert_no_files("attachment", "open", id, "b.txt");
    assert_no_files("attachment", "drop", id, "--export", "b.txt");
    assert_no_files("bundle", "export", "b");
    assert_no_files("bundle", "import", "a.csv");
    assert_no_files("root", "split", "--output", "b");
    assert_no_files("vault", "import", "a.csv", "--project", "P-1");
    assert_no_files("vault", "export", "b.csv", "--request", "12345678");
    assert_int_equal(unlink(in_home("a.csv")), 0);
    assert_int_equal(run_without_files((const char *const[]){"countersign", "list", "part", NULL}),
                     0);
    assert_has(commands.out, "P-001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_COMMAND_TEST(photos_come_and_go),
        VISIT_COMMAND_TEST(an_empty_photo_too),
        VISIT_COMMAND_TEST(a_photo_needs_a_name),
        VISIT_COMMAND_TEST(strokes_come),
        VISIT_COMMAND_TEST(rows_come_and_go),
        VISIT_COMMAND_TEST(bundles_come_and_go),
        VISIT_COMMAND_TEST(shares_go),
        VISIT_COMMAND_TEST(no_file_can_be_named),
    };
    return RUN_COMMAND_TESTS(tests);
}
