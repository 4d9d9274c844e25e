/*
 * Every laptop of the organisation is lost, and only the server's data, the shares of the root key and those of the recovery key are left.
 * Together they bring everything back; no two of the three do.
 */
#include "tests/simulation/laptop_commands.h"
#include "tests/simulation/vault_scene.h"

#include "field-client/replica/revocation.h"
#include "field-client/sync/join.h"
#include "field-client/vault/root_shares.h"
#include "sync-server/handlers/owner_return.h"

#include <fcntl.h>
#include <unistd.h>

#define SHARES 3

static struct vault_scene scene;
static struct cs_secret *root_shares[SHARES];
static struct cs_secret *recovery_shares[SHARES];
static struct cs_multiset rows; /* of the owner's laptop before the loss */
static struct cs_id wang;       /* the owner as a person */
static struct cs_buffer invite;

static void make_recovery_shares(void)
{
    struct cs_id set;
    memset(&set, 0x67, sizeof set);
    const struct cs_vault_recovery_terms terms = {
        .organisation = cs_identity_organisation(scene.wang->identity),
        .number = 2,
        .set = set,
        .threshold = 2,
        .count = SHARES};
    cs_buffer_clear(&scene.recovery);
    assert_ok(cs_vault_recovery_make(&scene.wang->fake.world,
                                     cs_identity_root_key(scene.wang->identity), &terms,
                                     &scene.recovery, recovery_shares, &scene.universe.problem));
    assert_ok(cs_vault_send_recovery(scene.wang->replica, cs_buffer_bytes(&scene.recovery),
                                     &scene.universe.problem));
}

/* A vault that only security officers manage, with a password sealed to the newest recovery key. */
static void fill(void)
{
    struct cs_root_split split;
    vault_scene_open(&scene, 611, false);
    make_recovery_shares();
    vault_sync(&scene, scene.li);
    struct cs_secret *key = epoch(&scene, scene.li, false);
    grant(&scene, scene.li, scene.han, CS_VAULT_RIGHTS_ALL, key);
    cs_secret_destroy(key);
    store_version(&scene, scene.li);
    (void)laptop_new(scene.wang, "part", "code=K-1", "name=电源", NULL);
    (void)laptop_new(scene.wang, "project", "code=P-1", "name=交通局", NULL);
    for (size_t i = 0; i < scene.universe.laptop_count; i++) {
        laptop_sync_equal(&scene.universe.laptops[i]);
    }
    laptop_sync_equal(scene.wang);
    assert_ok(cs_root_split_make(&scene.wang->fake.world,
                                 cs_identity_root_key(scene.wang->identity), 2, SHARES, &split,
                                 root_shares, &scene.universe.problem));
    laptop_fingerprint(scene.wang, &rows);
    wang = cs_identity_certificate(scene.wang->identity)->person;
}

static void lose_every_laptop(void)
{
    for (size_t i = 0; i < scene.universe.laptop_count; i++) {
        struct laptop *laptop = &scene.universe.laptops[i];
        char command[320];
        laptop_close(laptop);
        assert_true(canary_assert_folder(laptop->home, CANARY) > 0);
        (void)snprintf(command, sizeof command, "rm -rf -- '%s'/*", laptop->home);
        assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own folder */
    }
}

static int setup(void **state)
{
    (void)state;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    fill();
    lose_every_laptop();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHARES; i++) {
        cs_secret_destroy(root_shares[i]);
        cs_secret_destroy(recovery_shares[i]);
        root_shares[i] = NULL;
        recovery_shares[i] = NULL;
    }
    cs_buffer_release(&invite);
    printed_forget();
    /* As vault_scene_close, but that there is nothing in the homes that were lost. */
    assert_true(canary_assert_folder(scene.universe.server_folder, CANARY) > 0);
    for (size_t i = 0; i < scene.universe.laptop_count; i++) {
        (void)canary_assert_folder(scene.universe.laptops[i].home, CANARY);
    }
    cs_buffer_release(&scene.recovery);
    universe_close(&scene.universe);
    return 0;
}

/* ---- the operator ---- */

typedef enum cs_status invite_function(const struct cs_server_options *options,
                                       struct cs_buffer *out_invite, struct cs_problem *problem);

static enum cs_status invite_by(invite_function *function)
{
    struct universe *universe = &scene.universe;
    const struct cs_server_options options = {
        .world = &universe->fake.world,
        .folder = universe->server_folder,
        .registry = universe->registry,
        .master_key = cs_secret_bytes(universe->master_key),
    };
    cs_server_close(universe->server);
    universe->server = NULL;
    cs_buffer_clear(&invite);
    enum cs_status status = function(&options, &invite, &universe->problem);
    struct cs_problem problem = universe->problem;
    universe_restart_server(universe);
    universe->problem = problem;
    return status;
}

/* ---- the holders of shares ---- */

static enum cs_status gather(struct cs_secret *const *shares, size_t first, size_t count,
                             struct cs_sign_key **out)
{
    struct cs_root_split split;
    struct cs_vault_gathering *gathering = NULL;
    assert_ok(cs_root_gathering_create(NULL, &gathering));
    for (size_t i = 0; i < count; i++) {
        assert_ok(cs_vault_gathering_add(gathering, cs_secret_bytes(shares[first + i]),
                                         &scene.universe.problem));
    }
    enum cs_status status =
        cs_root_gathering_finish(gathering, out, &split, &scene.universe.problem);
    cs_vault_gathering_destroy(gathering);
    return status;
}

static enum cs_status come_back(struct laptop *laptop, const struct cs_sign_key *root)
{
    const struct cs_join_input input = {
        .world = &laptop->fake.world,
        .home = laptop->home,
        .registry = laptop->registry,
        .invite_text = cs_buffer_bytes(&invite),
        .person_name = cs_bytes_of_text("王芳"),
        .device_name = cs_bytes_of_text("new laptop"),
        .passphrase = cs_bytes_of_text(UNIVERSE_PASSPHRASE),
        .kdf_memory_mib = 64,
        .root_key = root,
        .person = &wang,
    };
    struct cs_join_result result;
    scene.universe.problem.text[0] = '\0';
    enum cs_status status = cs_join_run(&input, &result, &scene.universe.problem);
    if (status == CS_OK) {
        assert_true(result.returned);
        assert_false(result.first);
        laptop_open(laptop);
    }
    return status;
}

static struct laptop *owner_again(void)
{
    struct cs_sign_key *root = NULL;
    struct laptop *laptop = universe_new_laptop(&scene.universe);
    assert_ok(invite_by(cs_server_invite_lost_owner));
    assert_ok(gather(root_shares, 1, 2, &root));
    assert_ok(come_back(laptop, root));
    cs_sign_key_destroy(root);
    laptop_sync_equal(laptop);
    return laptop;
}

/* Nothing is there but what was, and the new device. */
static void assert_rows_are_the_same(struct laptop *laptop)
{
    struct cs_id own;
    struct cs_multiset found;
    struct cs_arena arena;
    struct cs_stored_row row;
    uint8_t hash[CS_HASH_SIZE];
    cs_certificate_row_id(cs_identity_certificate_id(laptop->identity), &own);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    laptop_fingerprint(laptop, &found);
    assert_ok(cs_row_load(cs_replica_tables(laptop->replica), cs_bytes_of_text("device"), &own,
                          &arena, &row));
    assert_true(row.exists);
    assert_ok(cs_stored_row_hash(&row, hash));
    cs_multiset_subtract(&found, hash);
    cs_arena_release(&arena);
    assert_memory_equal(&found, &rows, sizeof found);
}

static void revoke_all_but(struct laptop *owner)
{
    struct cs_arena arena;
    struct cs_id *devices = NULL;
    struct cs_id own;
    struct cs_id made;
    size_t count = 0;
    const struct cs_value active = cs_value_text(cs_bytes_of_text("active"));
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_query_find(owner->replica, cs_bytes_of_text("device"), cs_bytes_of_text("state"),
                            &active, 16, &arena, &devices, &count, &scene.universe.problem));
    cs_certificate_row_id(cs_identity_certificate_id(owner->identity), &own);
    assert_int_equal(count, 7);
    for (size_t i = 0; i < count; i++) {
        if (!cs_id_equal(&devices[i], &own)) {
            assert_ok(cs_revocation_make(owner->replica, &devices[i], cs_bytes_of_text("丢失"),
                                         &made, &scene.universe.problem));
        }
    }
    cs_arena_release(&arena);
    laptop_sync_equal(owner);
    assert_int_equal(laptop_count(owner, "device", "state", "revoked"), 6);
}

/* The next command reads these shares. */
static void type_in(struct cs_secret *const *shares, size_t count)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/typed", scene.universe.folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        struct cs_bytes text = cs_secret_bytes(shares[i]);
        assert_int_equal(fwrite(text.data, 1, text.size, file), text.size);
        assert_int_equal(fputc('\n', file), '\n');
    }
    assert_int_equal(fclose(file), 0);
    int input = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(input >= 0);
    assert_int_equal(dup2(input, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(close(input), 0);
}

/* ---- ---- */

static void test_everything_comes_back(void **state)
{
    (void)state;
    char project[CS_ID_TEXT_SIZE];
    struct laptop *owner = owner_again();
    assert_rows_are_the_same(owner);
    assert_null(cs_identity_root_key(owner->identity));
    revoke_all_but(owner);
    struct laptop *li =
        universe_join(&scene.universe, owner, "Li Lei", CS_ROLE(SECURITY)); /* who managed */
    laptop_sync_equal(li);
    vault_sync(&scene, li);
    commands_begin(&scene.universe);
    cs_id_format(&scene.project, project);
    assert_code(laptop_run(li, "vault", "reveal", "核心交换机", "--reason", "x"), CS_EXIT_USAGE);
    type_in(recovery_shares, 1);
    assert_code(laptop_run(li, "vault", "recovery", "restore", project), CS_EXIT_FAILED);
    type_in(recovery_shares, 2);
    assert_code(laptop_run(li, "vault", "recovery", "restore", project), CS_EXIT_DONE);
    assert_code(laptop_run(li, "vault", "reveal", "核心交换机", "--reason", "x", "--version",
                           id_text(scene.version)),
                CS_EXIT_DONE);
    assert_string_equal(printed.out, CANARY "\n");
    laptop_sync_equal(owner);
    laptop_sync_equal(li);
}

/* The answer is lost on the way: the same shares and the same invite once more. */
static void test_a_lost_answer(void **state)
{
    (void)state;
    struct cs_sign_key *root = NULL;
    struct laptop *laptop = universe_new_laptop(&scene.universe);
    assert_ok(invite_by(cs_server_invite_lost_owner));
    assert_ok(gather(root_shares, 0, 2, &root));
    laptop->fault = NETWORK_RESPONSE_LOST;
    assert_status(come_back(laptop, root), CS_TIMEOUT);
    laptop->fault = NETWORK_FINE;
    assert_ok(come_back(laptop, root));
    laptop_sync_equal(laptop);
    assert_rows_are_the_same(laptop);
    cs_sign_key_destroy(root);
}

static void test_nothing_less_is_enough(void **state)
{
    (void)state;
    struct cs_sign_key *root = NULL;
    struct cs_sign_key *foreign = NULL;
    struct laptop *laptop = universe_new_laptop(&scene.universe);
    struct laptop *second = universe_new_laptop(&scene.universe);
    /* As far as the server knows the owner's laptop works: only the operator's word for its loss counts. */
    assert_status(invite_by(cs_server_invite_owner), CS_DENIED);
    assert_ok(invite_by(cs_server_invite_lost_owner));
    assert_status(gather(root_shares, 0, 1, &root), CS_LOCKED);
    assert_ok(gather(root_shares, 0, 2, &root));
    /* The token without the root key, and with another one. */
    assert_ok(cs_sign_key_create_random(&laptop->fake.world, &foreign));
    assert_status(come_back(second, foreign), CS_USED);
    assert_non_null(strstr(scene.universe.problem.text, "belongs to another organisation"));
    assert_status(come_back(second, NULL), CS_DENIED);
    /* The root key without the operator: with a token of its own, and with one that a newer one replaced. */
    struct cs_buffer newest = invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    assert_ok(invite_by(cs_server_invite_lost_owner));
    struct cs_buffer old = newest;
    newest = invite;
    invite = old;
    assert_status(come_back(laptop, root), CS_USED);
    assert_non_null(strstr(scene.universe.problem.text, "only the last one made"));
    /* None of that used up the newest. */
    old = invite;
    invite = newest;
    assert_ok(come_back(laptop, root));
    laptop_sync_equal(laptop);
    assert_rows_are_the_same(laptop);
    /* Once is once. */
    struct laptop *third = second;
    assert_status(come_back(third, root), CS_USED);
    cs_buffer_release(&old);
    cs_sign_key_destroy(foreign);
    cs_sign_key_destroy(root);
}

/* A server that nobody has joined is not the organisation's: it is not pinned by this way. */
static void test_an_empty_server_is_not_theirs(void **state)
{
    (void)state;
    struct universe empty;
    struct cs_sign_key *root = NULL;
    universe_open(&empty, cs_registry_core(), 612);
    struct laptop *laptop = universe_new_laptop(&empty);
    assert_ok(gather(root_shares, 0, 2, &root));
    const struct cs_join_input input = {
        .world = &laptop->fake.world,
        .home = laptop->home,
        .registry = laptop->registry,
        .person_name = cs_bytes_of_text("王芳"),
        .passphrase = cs_bytes_of_text(UNIVERSE_PASSPHRASE),
        .kdf_memory_mib = 64,
        .root_key = root,
    };
    struct cs_join_input with_invite = input;
    struct cs_join_result result;
    struct cs_buffer first;
    cs_buffer_init(&first, CS_INVITE_TEXT_MAX);
    universe_first_invite(&empty, &first);
    with_invite.invite_text = cs_buffer_bytes(&first);
    assert_status(cs_join_run(&with_invite, &result, &empty.problem), CS_WRONG_SERVER);
    assert_non_null(strstr(empty.problem.text, "no organisation is on this server"));
    cs_buffer_release(&first);
    cs_sign_key_destroy(root);
    universe_close(&empty);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_everything_comes_back),
        CASE(test_a_lost_answer),
        CASE(test_nothing_less_is_enough),
        CASE(test_an_empty_server_is_not_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
