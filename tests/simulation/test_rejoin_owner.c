/*
 * The owner's laptop is copied or set back, and it is the only one that could invite it again: the server's operator and the root key
 * together let it come back (sync-server/handlers/owner_return.c). Nothing else does.
 */
#include "tests/simulation/rejoin_scene.h"

#include "field-client/replica/revocation.h"
#include "field-client/sync/join.h"
#include "sync-server/handlers/owner_return.h"

static enum cs_status invite_owner(struct scene *scene, struct cs_buffer *out)
{
    struct universe *universe = &scene->universe;
    struct cs_server_options options = {
        .world = &universe->fake.world,
        .folder = universe->server_folder,
        .registry = universe->registry,
        .master_key = cs_secret_bytes(universe->master_key),
    };
    cs_server_close(universe->server);
    universe->server = NULL;
    universe->problem.text[0] = '\0';
    enum cs_status status = cs_server_invite_owner(&options, out, &universe->problem);
    struct cs_problem problem = universe->problem;
    universe_restart_server(universe);
    universe->problem = problem;
    return status;
}

static void assert_no_invite(struct scene *scene, const char *words)
{
    struct cs_buffer invite;
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    assert_status(invite_owner(scene, &invite), CS_DENIED);
    assert_int_equal(invite.size, 0);
    assert_non_null(strstr(scene->universe.problem.text, words));
    cs_buffer_release(&invite);
}

static enum cs_status join_with(struct laptop *laptop, const struct cs_buffer *invite)
{
    cs_replica_close(laptop->replica);
    laptop->replica = NULL;
    laptop->universe->problem.text[0] = '\0';
    enum cs_status status = laptop_join(laptop, cs_buffer_bytes(invite), "");
    if (status != CS_OK) {
        struct cs_problem problem = laptop->universe->problem;
        laptop_restart(laptop);
        laptop->universe->problem = problem;
    }
    return status;
}

/* The owner's disk is copied, both sides go on; the owner's own is the first to sync, and both have been told. */
static void open_copied_owner(struct scene *scene, uint64_t seed)
{
    open_scene(scene, seed);
    scene->copy = universe_clone(scene->owner);
    (void)laptop_new(scene->owner, "part", "code=OWNER", "name=电源", NULL);
    laptop_sync_equal(scene->owner);
    (void)laptop_new(scene->copy, "part", "code=COPY", "name=电源", NULL);
    check_told(scene->copy);
    (void)laptop_new(scene->owner, "part", "code=LATER", "name=电源", NULL);
    check_told(scene->owner);
}

static void the_only_owner_comes_back_with_all_its_work(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer invite;
    open_copied_owner(&scene, 81);
    /* Nobody else may invite an owner. */
    assert_int_equal(cs_roles_may_invite(CS_ROLE(OFFICE)) & CS_ROLE(OWNER), 0);
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    assert_ok(invite_owner(&scene, &invite));
    /* A lost answer first: the same keys are used again, though the token is used up. */
    scene.owner->fault = NETWORK_RESPONSE_LOST;
    assert_status(join_with(scene.owner, &invite), CS_TIMEOUT);
    scene.owner->fault = NETWORK_FINE;
    assert_ok(join_with(scene.owner, &invite));
    assert_int_equal(cs_identity_chain_parsed(scene.owner->identity)->length, 1);
    assert_non_null(cs_identity_root_key(scene.owner->identity));
    laptop_sync_equal(scene.owner);
    check_healthy(scene.owner);
    /* Once is once: the copy has the same root key, and stays outside until the owner lets it in. */
    assert_status(join_with(scene.copy, &invite), CS_USED);
    assert_no_invite(&scene, "let it make the invite");
    rejoin(&scene, scene.copy, 1);
    check_all_equal(&scene);
    assert_int_equal(parts(&scene, "OWNER"), 1);
    assert_int_equal(parts(&scene, "COPY"), 1);
    assert_int_equal(parts(&scene, "LATER"), 1);
    struct laptop *invited =
        universe_join(&scene.universe, scene.owner, "赵敏", CS_ROLE(TECHNICIAN));
    laptop_sync_equal(invited);
    cs_buffer_release(&invite);
    universe_close(&scene.universe);
}

/* Whose token is not the last one made, whose root key it is not, and what was not copied, comes back by nothing. */
static void nothing_else_brings_a_root_device_back(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer old;
    struct cs_buffer invite;
    open_scene(&scene, 82);
    cs_buffer_init(&old, CS_INVITE_TEXT_MAX);
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    assert_no_invite(&scene, "let it make the invite");
    scene.copy = universe_clone(scene.owner);
    (void)laptop_new(scene.owner, "part", "code=OWNER", "name=电源", NULL);
    laptop_sync_equal(scene.owner);
    check_told(scene.copy);
    check_told(scene.owner);
    assert_ok(invite_owner(&scene, &old));
    assert_ok(invite_owner(&scene, &invite));
    assert_status(join_with(scene.owner, &old), CS_USED);
    /* Another person's laptop, copied too, has no root key. */
    laptop_save(scene.office, "image");
    (void)laptop_new(scene.office, "part", "code=SENT", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    laptop_set_back(scene.office, "image");
    (void)laptop_new(scene.office, "part", "code=NEW", "name=电源", NULL);
    check_told(scene.office);
    assert_status(join_with(scene.office, &invite), CS_EXISTS);
    /* In an empty folder it would make another organisation. */
    struct laptop *stranger = universe_new_laptop(&scene.universe);
    assert_status(laptop_join(stranger, cs_buffer_bytes(&invite), "王芳"), CS_USED);
    assert_ok(join_with(scene.owner, &invite));
    laptop_sync_equal(scene.owner);
    cs_buffer_release(&old);
    cs_buffer_release(&invite);
    universe_close(&scene.universe);
}

/* Another owner was there when it was made, or revoked it: it does not come back past them. */
static void other_owners_come_first(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_id device;
    struct cs_id made;
    open_scene(&scene, 83);
    struct laptop *second = universe_join(&scene.universe, scene.owner, "赵敏", CS_ROLE(OWNER));
    laptop_sync_equal(second);
    scene.copy = universe_clone(scene.owner);
    (void)laptop_new(scene.owner, "part", "code=OWNER", "name=电源", NULL);
    laptop_sync_equal(scene.owner);
    check_told(scene.copy);
    check_told(scene.owner);
    assert_no_invite(&scene, "赵敏");
    laptop_sync_equal(second);
    cs_certificate_row_id(cs_identity_certificate_id(scene.owner->identity), &device);
    assert_ok(cs_revocation_make(second->replica, &device, cs_bytes_of_text("丢失"), &made,
                                 &scene.universe.problem));
    laptop_sync_equal(second);
    /* Then the other owner's laptop is copied as well. */
    struct laptop *third = universe_clone(second);
    (void)laptop_new(second, "part", "code=SECOND", "name=电源", NULL);
    laptop_sync_equal(second);
    check_told(third);
    assert_no_invite(&scene, "never comes");
    universe_close(&scene.universe);
}

static enum cs_status join_with_root(struct laptop *laptop, const struct cs_buffer *invite,
                                     const struct cs_sign_key *root)
{
    const struct cs_join_input input = {
        .world = &laptop->fake.world,
        .home = laptop->home,
        .registry = laptop->registry,
        .invite_text = cs_buffer_bytes(invite),
        .device_name = cs_bytes_of_text("laptop"),
        .passphrase = cs_bytes_of_text(UNIVERSE_PASSPHRASE),
        .kdf_memory_mib = 64,
        .root_key = root,
    };
    struct cs_join_result result;
    struct cs_problem problem = {""};
    cs_replica_close(laptop->replica);
    laptop->replica = NULL;
    enum cs_status status = cs_join_run(&input, &result, &problem);
    assert_true(status != CS_OK || (result.again && !result.first && !result.returned));
    laptop_restart(laptop);
    laptop->universe->problem = problem;
    return status;
}

/* Its root key is in shares, so nothing on it can certify it anew: the shares can, those of this organisation. */
static void the_root_key_is_in_shares(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_buffer invite;
    struct cs_sign_key *root = NULL;
    struct cs_sign_key *foreign = NULL;
    open_scene(&scene, 84);
    assert_ok(
        cs_sign_key_create(cs_sign_key_seed(cs_identity_root_key(scene.owner->identity)), &root));
    assert_ok(cs_sign_key_create_random(&scene.owner->fake.world, &foreign));
    cs_identity_forget_root(scene.owner->identity);
    assert_ok(cs_identity_save(&scene.owner->fake.world, scene.owner->identity, scene.owner->home,
                               CS_IDENTITY_FILE));
    laptop_restart(scene.owner);
    assert_null(cs_identity_root_key(scene.owner->identity));
    scene.copy = universe_clone(scene.owner);
    (void)laptop_new(scene.owner, "part", "code=OWNER", "name=电源", NULL);
    laptop_sync_equal(scene.owner);
    check_told(scene.copy);
    (void)laptop_new(scene.owner, "part", "code=LATER", "name=电源", NULL);
    check_told(scene.owner);
    cs_buffer_init(&invite, CS_INVITE_TEXT_MAX);
    assert_ok(invite_owner(&scene, &invite));
    assert_status(join_with(scene.owner, &invite), CS_EXISTS);
    assert_status(join_with_root(scene.owner, &invite, foreign), CS_WRONG_ORGANISATION);
    assert_ok(join_with_root(scene.owner, &invite, root));
    assert_null(cs_identity_root_key(scene.owner->identity));
    laptop_sync_equal(scene.owner);
    check_healthy(scene.owner);
    rejoin(&scene, scene.copy, 0);
    /* One that a device invited is not certified by the root key. */
    struct laptop *twin = universe_clone(scene.office);
    (void)laptop_new(scene.office, "part", "code=SENT", "name=电源", NULL);
    laptop_sync_equal(scene.office);
    check_told(twin);
    assert_status(join_with_root(twin, &invite, root), CS_DENIED);
    assert_non_null(strstr(scene.universe.problem.text, "was invited by a device"));
    assert_int_equal(parts(&scene, "LATER"), 1);
    cs_sign_key_destroy(foreign);
    cs_sign_key_destroy(root);
    cs_buffer_release(&invite);
    universe_close(&scene.universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_only_owner_comes_back_with_all_its_work),
        cmocka_unit_test(nothing_else_brings_a_root_device_back),
        cmocka_unit_test(other_owners_come_first),
        cmocka_unit_test(the_root_key_is_in_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
