/* root split, rehearse, forget: the key stays until its shares were tried, and is nowhere on the laptop afterwards. */
#include "field-client/commands/vault/root_session.h"
#include "field-client/replica/identity.h"
#include "field-client/vault/root_shares.h"
#include "tests/unit/field_client_commands/commands_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#define FOLDER_SIZE (CS_HOME_PATH_MAX + 300)

static char folder[FOLDER_SIZE];
static char made_folders[4][FOLDER_SIZE];
static size_t made_count;

/* The next commands read these shares, one a line; 0 ends the list. */
static void type_in(const int *indexes)
{
    char path[FOLDER_SIZE + 64];
    FILE *input = fopen(in_home("typed"), "wb");
    assert_non_null(input);
    for (; *indexes != 0; indexes++) {
        char line[256];
        (void)snprintf(path, sizeof path, "%s/share-%d.txt", folder, *indexes);
        FILE *share = fopen(path, "rb");
        assert_non_null(share);
        assert_non_null(fgets(line, sizeof line, share));
        assert_int_equal(fclose(share), 0);
        assert_true(fputs(line, input) >= 0);
    }
    assert_int_equal(fclose(input), 0);
    int file = open(in_home("typed"), O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(dup2(file, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(close(file), 0);
}
#define TYPE_IN(...) type_in((const int[]){__VA_ARGS__, 0})

static void make_folder(const char *name)
{
    (void)snprintf(folder, sizeof folder, "%s", in_home(name));
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_true(made_count < CS_COUNT(made_folders));
    memcpy(made_folders[made_count++], folder, sizeof folder);
}

static int teardown(void **state)
{
    static const char *const names[] = {"share-1.txt", "share-2.txt", "share-3.txt",
                                        "root-shares.statement"};
    for (size_t i = 0; i < made_count; i++) {
        for (size_t name = 0; name < CS_COUNT(names); name++) {
            char path[FOLDER_SIZE + 64];
            (void)snprintf(path, sizeof path, "%.1200s/%s", made_folders[i], names[name]);
            (void)unlink(path);
        }
        (void)rmdir(made_folders[i]);
    }
    made_count = 0;
    return commands_teardown(state);
}

static void split(const char *name)
{
    make_folder(name);
    assert_int_equal(
        run_json("root", "split", "--shares", "3", "--needed", "2", "--output", folder), 0);
}

static struct cs_identity *identity(const char *file)
{
    struct cs_identity *found = NULL;
    assert_ok(cs_identity_unlock(&commands.world, commands.home, file, T(FIXTURE_PASSPHRASE),
                                 &found, NULL));
    return found;
}

static bool has_root(const char *file)
{
    struct cs_identity *found = identity(file);
    bool has = cs_identity_root_key(found) != NULL;
    cs_identity_destroy(found);
    return has;
}

static void assert_root_key(const char *wanted, bool set_up)
{
    assert_int_equal(run_json("status"), 0);
    assert_string_equal(json_text(commands.json, "root_key"), wanted);
    assert_int_equal(json_boolean(commands.json, "recovery_is_set_up"), set_up);
}

static void test_from_one_laptop_into_shares(void **state)
{
    (void)state;
    assert_root_key("never_split", false);
    split("shares");
    assert_int_equal(json_integer(commands.json, "shares"), 3);
    assert_int_equal(json_integer(commands.json, "needed"), 2);
    assert_true(json_boolean(commands.json, "root_key_is_here"));
    assert_root_key("split", false);
    assert_int_equal(run("status"), 0);
    assert_has(commands.out, "still on this laptop too: countersign root forget");
    TYPE_IN(3, 1);
    assert_int_equal(run_json("root", "rehearse"), 0);
    assert_true(json_boolean(commands.json, "works"));
    assert_int_equal(json_integer(commands.json, "shares"), 3);
    assert_true(has_root("identity"));
    TYPE_IN(2, 3);
    assert_int_equal(run_json("root", "forget"), 0);
    assert_true(json_boolean(commands.json, "forgotten"));
    assert_int_equal(json_integer(commands.json, "files"), 1);
    assert_false(has_root("identity"));
    assert_root_key("in_shares", true);
    assert_int_equal(run("status"), 0);
    assert_null(strstr(commands.out, "recovery is not set up"));
    TYPE_IN(1, 2);
    assert_int_equal(run("root", "rehearse"), 0);
    TYPE_IN(1, 2);
    assert_int_equal(run_json("root", "forget"), 1);
    assert_error("DENIED", "not on this laptop");
}

static void test_what_is_refused(void **state)
{
    (void)state;
    assert_int_equal(run("root"), 2);
    assert_int_equal(run("root", "split"), 2);
    assert_has(commands.err, "shown on a terminal only");
    assert_int_equal(run("root", "split", "--needed", "3", "--shares", "2", "--output", "x"), 2);
    assert_int_equal(run("root", "forget", "x"), 2);
    assert_int_equal(run_json("root", "forget"), 1);
    assert_error("DENIED", "never split");
    make_folder("shares");
    assert_int_equal(run("root", "split", "--output", in_home("nowhere")), 1);
    assert_root_key("never_split", false); /* shares that did not come out are not counted on */
    split("first");
    TYPE_IN(2);
    assert_int_equal(run_json("root", "forget"), 1);
    assert_error("NOT_FOUND", "standard input ended before the next share: 1 more");
    TYPE_IN(2, 2);
    assert_int_equal(run_json("root", "forget"), 1);
    assert_error("EXISTS", "share 2 was entered already");
    char old[FOLDER_SIZE];
    memcpy(old, folder, sizeof old);
    split("newer");
    memcpy(folder, old, sizeof old);
    TYPE_IN(1, 2);
    assert_int_equal(run_json("root", "forget"), 1);
    assert_error("NOT_FOUND", "another set");
    write_text(in_home("identity.joining"), "x");
    (void)snprintf(folder, sizeof folder, "%s", in_home("newer"));
    TYPE_IN(1, 2);
    assert_int_equal(run_json("root", "forget"), 1);
    assert_error("DENIED", "not finished");
    assert_int_equal(unlink(in_home("identity.joining")), 0);
    assert_true(has_root("identity"));
}

/* The bytes that held it are overwritten, and the identities before a new join are no hiding place. */
static void test_nothing_is_left(void **state)
{
    (void)state;
    static const char former[] = "identity.former-0011223344556677";
    char other[CS_HOME_PATH_MAX + 64];
    uint8_t bytes[4096];
    struct cs_identity *own = identity("identity");
    assert_ok(cs_identity_save(&commands.world, own, commands.home, former));
    /* Its passphrase is one of before. */
    assert_ok(
        cs_identity_change_passphrase(&commands.world, own, T("before"), 0, commands.home, former));
    cs_identity_destroy(own);
    (void)snprintf(other, sizeof other, "%s/linked", commands.home);
    assert_int_equal(link(in_home("identity"), other), 0);
    split("shares");
    assert_int_equal(setenv("COUNTERSIGN_FORMER_PASSPHRASE_FILE", in_home("before"), 1), 0);
    write_text(in_home("before"), "neither");
    TYPE_IN(1, 3);
    assert_int_equal(run_json("root", "forget"), 3);
    assert_error("WRONG_PASSPHRASE", "the root key may still be in it");
    assert_true(has_root("identity"));
    write_text(in_home("before"), "before");
    TYPE_IN(1, 3);
    assert_int_equal(run_json("root", "forget"), 0);
    assert_int_equal(json_integer(commands.json, "files"), 2);
    assert_int_equal(unsetenv("COUNTERSIGN_FORMER_PASSPHRASE_FILE"), 0);
    assert_false(has_root("identity"));
    assert_int_equal(
        cs_identity_unlock(&commands.world, commands.home, former, T("before"), &own, NULL), CS_OK);
    assert_null(cs_identity_root_key(own));
    cs_identity_destroy(own);
    FILE *file = fopen(other, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    assert_true(size > 100);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(bytes[i], 0);
    }
}

/* What needs the key afterwards says what to type, and takes shares of this organisation only. */
static void test_the_key_for_one_command(void **state)
{
    (void)state;
    split("shares");
    TYPE_IN(1, 3);
    assert_int_equal(run("root", "forget"), 0);
    char first[FOLDER_SIZE];
    memcpy(first, folder, sizeof first);
    make_folder("again");
    char again[FOLDER_SIZE];
    memcpy(again, folder, sizeof again);
    assert_int_equal(run_json("root", "split", "--output", again), 1);
    assert_error("DENIED", "--root-shares");
    assert_int_equal(run_json("vault", "recovery", "make", "--output", again), 1);
    assert_error("DENIED", "--root-shares");
    memcpy(folder, first, sizeof first);
    TYPE_IN(1, 2);
    assert_int_equal(run_json("root", "split", "--root-shares", "--output", again), 0);
    assert_false(json_boolean(commands.json, "root_key_is_here"));
    memcpy(folder, again, sizeof again);
    TYPE_IN(1, 2);
    assert_int_equal(run("root", "rehearse"), 0);
    assert_false(has_root("identity"));
    /* Of another organisation: the root key of this one is another. */
    struct cs_sign_key *foreign = NULL;
    struct cs_secret *shares[2] = {NULL};
    struct cs_root_split made;
    assert_ok(cs_sign_key_create_random(&commands.world, &foreign));
    assert_ok(cs_root_split_make(&commands.world, foreign, 2, 2, &made, shares, NULL));
    make_folder("foreign");
    for (int i = 0; i < 2; i++) {
        char path[FOLDER_SIZE + 64];
        char text[CS_VAULT_SHARE_TEXT_SIZE + 2];
        (void)snprintf(path, sizeof path, "%s/share-%d.txt", folder, i + 1);
        (void)snprintf(text, sizeof text, "%.*s\n", (int)CS_VAULT_SHARE_TEXT_SIZE,
                       (const char *)cs_secret_bytes(shares[i]).data);
        write_text(path, text);
        cs_secret_destroy(shares[i]);
    }
    cs_sign_key_destroy(foreign);
    TYPE_IN(1, 2);
    assert_int_equal(run_json("root", "split", "--root-shares", "--output", again), 1);
    assert_error("WRONG_ORGANISATION", "another organisation's root key");
}

/* In an agent one command may forget the key while another one, which has it, is on the network. */
static void test_forgotten_while_another_command_has_it(void **state)
{
    (void)state;
    struct cs_command command = {.world = &commands.world, .home = commands.home};
    struct cs_root_session session;
    struct cs_identity *identity = NULL;
    struct cs_replica *replica = NULL;
    struct cs_secret *before = NULL;
    assert_ok(cs_identity_unlock(&commands.world, commands.home, CS_IDENTITY_FILE,
                                 T(FIXTURE_PASSPHRASE), &identity, NULL));
    assert_ok(cs_replica_open(&commands.world, commands.home, cs_registry_core(), identity,
                              &replica, NULL));
    assert_ok(cs_root_session_open(&command, replica, false, &session));
    assert_ok(cs_secret_create_copy(cs_sign_key_seed(cs_identity_root_key(identity)), &before));
    cs_identity_forget_root(identity);
    assert_true(cs_secret_equal(cs_sign_key_seed(session.key), cs_secret_bytes(before)));
    cs_root_session_close(&session);
    assert_status(cs_root_session_open(&command, replica, false, &session), CS_DENIED);
    cs_secret_destroy(before);
    cs_replica_close(replica);
    cs_identity_destroy(identity);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, commands_setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_from_one_laptop_into_shares),
        CASE(test_what_is_refused),
        CASE(test_nothing_is_left),
        CASE(test_the_key_for_one_command),
        CASE(test_forgotten_while_another_command_has_it),
    };
    return RUN_COMMAND_TESTS(tests);
}
