/*
 * The client run in this process: a home with an identity, a passphrase file, and what a command line printed.
 */
#ifndef TESTS_UNIT_FIELD_CLIENT_COMMANDS_FIXTURE_H
#define TESTS_UNIT_FIELD_CLIENT_COMMANDS_FIXTURE_H

#include "field-client/commands/client_main.h"
#include "field-client/console/command.h"
#include "tests/unit/field_client_replica/client_fixture.h"

#include <dirent.h>
#include <sys/stat.h>

#define ARGUMENTS_MAX 24

struct commands {
    struct fixture *organisation;
    struct cs_world world; /* the system's, with an exchange that fails */
    char home[CS_HOME_PATH_MAX];
    char passphrase_file[CS_HOME_PATH_MAX + 16];
    char *out; /* of the last run */
    char *err;
    struct cs_json *json; /* of the last run_json */
};

static struct commands commands;

static inline enum cs_status no_network(void *context, const struct cs_peer *peer,
                                        struct cs_bytes request, struct cs_buffer *response,
                                        struct cs_problem *problem)
{
    (void)context;
    (void)peer;
    (void)request;
    (void)response;
    return cs_problem_set(problem, CS_UNREACHABLE, "server.example does not answer");
}

static inline void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* HOME/name */
static inline const char *in_home(const char *name)
{
    static char path[CS_HOME_PATH_MAX + 300];
    (void)snprintf(path, sizeof path, "%s/%s", commands.home, name);
    return path;
}

static inline void forget_output(void)
{
    free(commands.out);
    free(commands.err);
    cs_json_destroy(commands.json);
    commands.out = NULL;
    commands.err = NULL;
    commands.json = NULL;
}

/* The client may not change its arguments, but main's are not const. */
static inline int run_texts(const char *const *texts)
{
    char copies[ARGUMENTS_MAX][2 * CS_HOME_PATH_MAX];
    char *arguments[ARGUMENTS_MAX + 1] = {NULL};
    int count = 0;
    while (texts[count] != NULL) {
        assert_true(count < ARGUMENTS_MAX);
        arguments[count] = copies[count];
        (void)snprintf(copies[count], sizeof copies[0], "%s", texts[count]);
        count++;
    }
    forget_output();
    size_t out_size;
    size_t err_size;
    FILE *out = open_memstream(&commands.out, &out_size);
    FILE *err = open_memstream(&commands.err, &err_size);
    assert_non_null(out);
    assert_non_null(err);
    struct cs_client_setting setting = {
        .registry = cs_registry_core(), .world = &commands.world, .out = out, .err = err};
    int code = cs_client_run(count, arguments, &setting);
    (void)fclose(out);
    (void)fclose(err);
    return code;
}

/* run("new", "part", "code=A1"): the exit code; what it printed is in commands.out and commands.err. */
#define run(...) run_texts((const char *const[]){"countersign", __VA_ARGS__, NULL})

/* With --json; the answer is in commands.json. */
static inline int parse_json(int code)
{
    assert_int_equal(cs_json_parse(T(commands.out), &commands.json), CS_OK);
    return code;
}
#define run_json(...) parse_json(run(__VA_ARGS__, "--json"))

static inline void assert_has(const char *text, const char *part)
{
    if (text == NULL || strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not hold \"%s\"", text == NULL ? "" : text, part);
    }
}

static inline const char *json_text(const struct cs_json *object, const char *key)
{
    static char texts[4][512];
    static size_t next;
    struct cs_bytes text;
    char *out = texts[next++ % 4];
    if (!cs_json_get_text(cs_json_get(object, key), &text)) {
        fail_msg("no text \"%s\" in %s", key, commands.out);
    }
    (void)snprintf(out, sizeof texts[0], "%.*s", (int)text.size,
                   text.size == 0 ? "" : (const char *)text.data);
    return out;
}

static inline int64_t json_integer(const struct cs_json *object, const char *key)
{
    int64_t number = -1;
    if (!cs_json_get_integer(cs_json_get(object, key), &number)) {
        fail_msg("no number \"%s\" in %s", key, commands.out);
    }
    return number;
}

static inline bool json_boolean(const struct cs_json *object, const char *key)
{
    bool value = false;
    if (!cs_json_get_boolean(cs_json_get(object, key), &value)) {
        fail_msg("no boolean \"%s\" in %s", key, commands.out);
    }
    return value;
}

/* status of the error object of the last run_json */
static inline void assert_error(const char *status, const char *saying)
{
    const struct cs_json *error = cs_json_get(commands.json, "error");
    assert_non_null(error);
    assert_string_equal(json_text(error, "status"), status);
    assert_has(json_text(error, "text"), saying);
    assert_has(commands.err, saying);
}

/* Runs `new` and returns the id, which stays valid for three further calls. */
static inline char *id_of(int code)
{
    static char ids[4][CS_ID_TEXT_SIZE + 1];
    static size_t next;
    if (code != 0) {
        fail_msg("new failed: %s", commands.err);
    }
    char *id = ids[next++ % 4];
    (void)snprintf(id, sizeof ids[0], "%s", commands.out);
    id[strcspn(id, "\n")] = '\0';
    assert_int_equal(strlen(id), CS_ID_TEXT_SIZE - 1);
    return id;
}

/* The replica itself, for what no command can bring about; close it before the next run. */
static inline struct cs_replica *open_directly(void)
{
    struct cs_replica *replica = NULL;
    assert_ok(cs_replica_open(&commands.world, commands.home, cs_registry_core(),
                              commands.organisation->identity, &replica, NULL));
    return replica;
}

static inline int commands_group_setup(void **state)
{
    if (fixture_group_setup(state) != 0) {
        return -1;
    }
    commands.organisation = *state;
    cs_world_system(&commands.world);
    commands.world.exchange = no_network;
    (void)unsetenv("LC_ALL");
    (void)unsetenv("LC_MESSAGES");
    (void)setenv("LANG", "C", 1);
    return 0;
}

static inline int commands_group_teardown(void **state)
{
    forget_output();
    return fixture_group_teardown(state);
}

/* An empty home: not joined. */
static inline int empty_setup(void **state)
{
    (void)state;
    (void)snprintf(commands.home, sizeof commands.home, "%s/commands-XXXXXX", CS_TEST_BINARY_DIR);
    assert_non_null(mkdtemp(commands.home));
    (void)snprintf(commands.passphrase_file, sizeof commands.passphrase_file, "%s/passphrase",
                   commands.home);
    write_text(commands.passphrase_file, FIXTURE_PASSPHRASE "\n");
    (void)setenv("COUNTERSIGN_PASSPHRASE_FILE", commands.passphrase_file, 1);
    (void)setenv("COUNTERSIGN_HOME", commands.home, 1);
    (void)setenv("LANG", "C", 1);
    return 0;
}

/* The owner's home. */
static inline int commands_setup(void **state)
{
    (void)empty_setup(state);
    assert_ok(cs_identity_save(&commands.world, commands.organisation->identity, commands.home,
                               CS_IDENTITY_FILE));
    return 0;
}

static inline int commands_teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    DIR *folder = opendir(commands.home);
    for (struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL;
         entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            (void)unlink(in_home(entry->d_name));
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    (void)rmdir(commands.home);
    return 0;
}

#define COMMAND_TEST(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, commands_setup, commands_teardown)
#define RUN_COMMAND_TESTS(tests)                                                                   \
    cmocka_run_group_tests(tests, commands_group_setup, commands_group_teardown)

#endif
