/*
 * Who may become a device (design §9): invites are good for one device, until they expire, from a device that is active, for
 * roles its maker may give; the server pins one root; nobody is taken in by another server.
 */
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include "field-client/replica/invite.h"
#include "shared/evidence/invite_text.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct cs_buffer invite;
};

static void open_scene_of(struct scene *scene, uint64_t seed)
{
    universe_open(&scene->universe, cs_registry_core(), seed);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    cs_buffer_init(&scene->invite, CS_INVITE_TEXT_MAX);
}

static void open_scene(struct scene *scene)
{
    open_scene_of(scene, 31);
}

static void close_scene(struct scene *scene)
{
    cs_buffer_release(&scene->invite);
    universe_close(&scene->universe);
}

static void invite(struct scene *scene, struct laptop *inviter, cs_roles roles)
{
    cs_buffer_clear(&scene->invite);
    universe_invite(inviter, "李强", roles, scene->universe.fake.wall_ms + DAY_MS, &scene->invite);
}

static enum cs_status join(struct scene *scene, struct laptop **out)
{
    *out = universe_new_laptop(&scene->universe);
    return laptop_join(*out, cs_buffer_bytes(&scene->invite), "");
}

static void an_invite_makes_one_device(void **state)
{
    (void)state;
    struct scene scene;
    struct laptop *first;
    struct laptop *second;
    struct server_state before;
    struct server_state after;
    open_scene(&scene);
    invite(&scene, scene.owner, CS_ROLE(OFFICE));
    assert_ok(join(&scene, &first));
    laptop_sync_equal(first);
    universe_server_state(&scene.universe, &before);
    assert_status(join(&scene, &second), CS_USED);
    universe_server_state(&scene.universe, &after);
    assert_memory_equal(&before, &after, sizeof before);
    (void)laptop_new(first, "part", "code=P-1", "name=电源", NULL);
    laptop_sync_equal(first);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "part", "code", "P-1"), 1);
    assert_int_equal(laptop_count(scene.owner, "device", "state", "active"), 2);
    close_scene(&scene);
}

/* By the server's clock: the joining laptop's may be wrong either way. */
static void an_invite_expires_by_the_servers_clock(void **state)
{
    (void)state;
    struct scene scene;
    struct laptop *late;
    open_scene(&scene);
    invite(&scene, scene.owner, CS_ROLE(OFFICE));
    universe_advance(&scene.universe, DAY_MS);
    late = universe_new_laptop(&scene.universe);
    late->fake.wall_ms -= 2 * DAY_MS;
    assert_status(laptop_join(late, cs_buffer_bytes(&scene.invite), ""), CS_EXPIRED);
    cs_buffer_clear(&scene.invite);
    universe_invite(scene.owner, "赵敏", CS_ROLE(OFFICE), scene.universe.fake.wall_ms + 1,
                    &scene.invite);
    struct laptop *early = universe_new_laptop(&scene.universe);
    early->fake.wall_ms += 10 * DAY_MS;
    assert_ok(laptop_join(early, cs_buffer_bytes(&scene.invite), ""));
    close_scene(&scene);
}

/* Every character in turn, of the prefix, of the content, of the check sum: never a device, never a change. */
static void a_tampered_invite_is_refused(void **state)
{
    (void)state;
    struct scene scene;
    struct server_state before;
    struct server_state after;
    open_scene(&scene);
    invite(&scene, scene.owner, CS_ROLE(OFFICE));
    universe_server_state(&scene.universe, &before);
    struct laptop *laptop = universe_new_laptop(&scene.universe);
    size_t length = scene.invite.size - 1;
    for (size_t at = 0; at < length; at++) {
        uint8_t original = scene.invite.data[at];
        scene.invite.data[at] = original == 'A' ? 'B' : 'A';
        enum cs_status status = laptop_join(laptop, cs_buffer_bytes(&scene.invite), "");
        assert_true(status == CS_MALFORMED || status == CS_UNSUPPORTED);
        scene.invite.data[at] = original;
    }
    struct cs_bytes cut = cs_buffer_bytes(&scene.invite);
    for (size_t size = 0; size + 1 < length; size += 7) {
        cut.size = size;
        assert_status(laptop_join(laptop, cut, ""), CS_MALFORMED);
    }
    universe_server_state(&scene.universe, &after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_ok(laptop_join(laptop, cs_buffer_bytes(&scene.invite), ""));
    close_scene(&scene);
}

/* With the check sum made right again: whoever changes a signed part or mixes parts of two invites is found out. */
static void a_forged_invite_is_refused(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_invite_package package;
    struct cs_invite_package other;
    invite(&scene, scene.owner, CS_ROLE(OFFICE));
    assert_ok(cs_invite_package_decode(cs_buffer_bytes(&scene.invite), &arena, &package, NULL));
    invite(&scene, scene.owner, CS_ROLE(TECHNICIAN));
    assert_ok(cs_invite_package_decode(cs_buffer_bytes(&scene.invite), &arena, &other, NULL));
    struct cs_invite_package forged[6];
    for (size_t i = 0; i < CS_COUNT(forged); i++) {
        forged[i] = package;
    }
    forged[0].token[0] ^= 1;
    memcpy(forged[1].token, other.token, sizeof other.token);
    forged[2].invite = other.invite;
    struct cs_bytes *parts[] = {&forged[3].invite, &forged[4].chain, &forged[5].server_identity};
    for (size_t i = 0; i < CS_COUNT(parts); i++) {
        struct cs_bytes copy;
        assert_ok(cs_arena_copy(&arena, *parts[i], &copy));
        uint8_t *last = (uint8_t *)(uintptr_t)copy.data + copy.size - 1;
        *last ^= 1;
        *parts[i] = copy;
    }
    struct laptop *laptop = universe_new_laptop(&scene.universe);
    for (size_t i = 0; i < CS_COUNT(forged); i++) {
        cs_buffer_clear(&scene.invite);
        assert_ok(cs_invite_package_encode(&forged[i], &scene.invite));
        assert_int_not_equal(laptop_join(laptop, cs_buffer_bytes(&scene.invite), ""), CS_OK);
    }
    assert_int_equal(scene.universe.laptop_count, 2);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "device", "state", "active"), 1);
    cs_arena_release(&arena);
    close_scene(&scene);
}

static void set_state(struct scene *scene, const struct laptop *laptop,
                      enum cs_device_state device_state)
{
    struct cs_store *store = cs_server_store(scene->universe.server);
    struct cs_arena arena;
    struct cs_device device;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_store_begin(store));
    assert_ok(
        cs_store_device(store, cs_identity_certificate_id(laptop->identity), &arena, &device));
    device.state = device_state;
    assert_ok(cs_store_put_device(store, &device));
    assert_ok(cs_store_commit(store));
    cs_arena_release(&arena);
}

/* Unredeemed invites die with their maker, and a suspended device keeps its work. */
static void a_suspended_device_neither_invites_nor_syncs(void **state)
{
    (void)state;
    struct scene scene;
    struct laptop *office;
    struct laptop *guest;
    open_scene(&scene);
    invite(&scene, scene.owner, CS_ROLE(OFFICE));
    assert_ok(join(&scene, &office));
    laptop_sync_equal(office);
    (void)laptop_new(office, "part", "code=P-1", "name=电源", NULL);
    invite(&scene, office, CS_ROLE(TECHNICIAN));
    set_state(&scene, office, CS_DEVICE_SUSPENDED);
    assert_status(join(&scene, &guest), CS_DENIED);
    assert_status(laptop_sync(office), CS_SUSPENDED);
    set_state(&scene, office, CS_DEVICE_ACTIVE);
    assert_ok(laptop_join(guest, cs_buffer_bytes(&scene.invite), ""));
    laptop_sync_equal(office);
    assert_int_equal(laptop_count(office, "part", "code", "P-1"), 1);
    close_scene(&scene);
}

/* The client says no; and who signs an invite all the same is refused by everyone who reads the chain. */
static void nobody_invites_above_his_roles(void **state)
{
    (void)state;
    struct scene scene;
    struct laptop *technician;
    struct cs_invite_made made;
    open_scene(&scene);
    invite(&scene, scene.owner, CS_ROLE(TECHNICIAN));
    assert_ok(join(&scene, &technician));
    cs_buffer_clear(&scene.invite);
    assert_status(cs_invite_make(technician->replica, cs_bytes_of_text("李强"), CS_ROLE(OFFICE),
                                 scene.universe.fake.wall_ms + DAY_MS, &scene.invite, &made,
                                 &scene.universe.problem),
                  CS_DENIED);
    struct cs_sign_key *one_time;
    struct cs_buffer signed_invite;
    cs_buffer_init(&signed_invite, CS_CHAIN_BYTES_MAX);
    assert_ok(cs_sign_key_create_random(&scene.universe.fake.world, &one_time));
    struct cs_invite content = {.person = cs_identity_certificate(technician->identity)->person,
                                .person_name = cs_bytes_of_text("李强"),
                                .roles = CS_ROLE(OFFICE),
                                .expires_ms = scene.universe.fake.wall_ms + DAY_MS};
    memcpy(content.organisation, cs_identity_organisation(technician->identity), CS_HASH_SIZE);
    memcpy(content.inviter, cs_identity_certificate_id(technician->identity), CS_HASH_SIZE);
    cs_sign_key_public(one_time, content.invite_key);
    assert_ok(
        cs_invite_encode(&content, cs_identity_sign_key(technician->identity), &signed_invite));
    struct cs_invite_package package = {
        .address = cs_bytes_of_text("127.0.0.1:1"),
        .server_statement = cs_identity_server_statement_bytes(technician->identity),
        .server_identity = cs_identity_server_identity(technician->identity),
        .chain = cs_identity_chain(technician->identity),
        .invite = cs_buffer_bytes(&signed_invite),
    };
    memcpy(package.server, cs_identity_server(technician->identity), sizeof package.server);
    memcpy(package.token, cs_sign_key_seed(one_time).data, sizeof package.token);
    cs_buffer_clear(&scene.invite);
    assert_ok(cs_invite_package_encode(&package, &scene.invite));
    struct laptop *guest;
    assert_int_not_equal(join(&scene, &guest), CS_OK);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "device", "state", "active"), 2);
    cs_sign_key_destroy(one_time);
    cs_buffer_release(&signed_invite);
    close_scene(&scene);
}

/* The server's own invite pins a root once; the second who shows it is told so. */
static void the_first_device_joins_once(void **state)
{
    (void)state;
    struct scene scene;
    struct cs_tls_material tls = {.key = {(const uint8_t *)"k", 1},
                                  .certificate = {(const uint8_t *)"c", 1}};
    universe_open(&scene.universe, cs_registry_core(), 32);
    cs_buffer_init(&scene.invite, CS_INVITE_TEXT_MAX);
    struct cs_server_options options = {.world = &scene.universe.fake.world,
                                        .folder = scene.universe.server_folder,
                                        .registry = scene.universe.registry,
                                        .master_key = cs_secret_bytes(scene.universe.master_key)};
    assert_ok(
        cs_server_init(&options, &tls, "127.0.0.1:1", &scene.invite, &scene.universe.problem));
    assert_status(
        cs_server_init(&options, &tls, "127.0.0.1:1", &scene.invite, &scene.universe.problem),
        CS_EXISTS);
    assert_ok(cs_server_open(&options, &scene.universe.server, &scene.universe.problem));
    struct cs_arena arena;
    struct cs_invite_package package;
    struct cs_buffer wrong;
    cs_arena_init(&arena, CS_MEBI);
    cs_buffer_init(&wrong, CS_INVITE_TEXT_MAX);
    assert_ok(cs_invite_package_decode(cs_buffer_bytes(&scene.invite), &arena, &package, NULL));
    package.token[31] ^= 1;
    assert_ok(cs_invite_package_encode(&package, &wrong));
    struct laptop *guesser = universe_new_laptop(&scene.universe);
    assert_status(laptop_join(guesser, cs_buffer_bytes(&wrong), "赵敏"), CS_DENIED);
    scene.owner = universe_new_laptop(&scene.universe);
    assert_ok(laptop_join(scene.owner, cs_buffer_bytes(&scene.invite), "王芳"));
    struct laptop *second = universe_new_laptop(&scene.universe);
    assert_status(laptop_join(second, cs_buffer_bytes(&scene.invite), "李强"), CS_USED);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "device", "state", "active"), 1);
    cs_buffer_release(&wrong);
    cs_arena_release(&arena);
    close_scene(&scene);
}

/* Another server answers at the same address. */
static void another_server_is_not_believed(void **state)
{
    (void)state;
    struct scene scene;
    struct scene other;
    open_scene(&scene);
    open_scene_of(&other, 33);
    (void)laptop_new(scene.owner, "part", "code=P-1", "name=电源", NULL);
    scene.owner->universe = &other.universe;
    assert_int_not_equal(laptop_sync(scene.owner), CS_OK);
    scene.owner->universe = &scene.universe;
    assert_string_equal(
        laptop_text(scene.owner, "part", laptop_find(scene.owner, "part", "code", "P-1"), "name"),
        "电源");
    laptop_sync_equal(scene.owner);
    assert_int_equal(scene.owner->last.pushed, 1);
    close_scene(&other);
    close_scene(&scene);
}

/* The server has committed, the laptop heard nothing: it goes on with the same keys and is the same device. */
static void a_join_goes_on_after_a_lost_answer(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    invite(&scene, scene.owner, CS_ROLE(OFFICE));
    struct laptop *laptop = universe_new_laptop(&scene.universe);
    laptop->fault = NETWORK_RESPONSE_LOST;
    assert_status(laptop_join(laptop, cs_buffer_bytes(&scene.invite), ""), CS_TIMEOUT);
    laptop->fault = NETWORK_FINE;
    universe_restart_server(&scene.universe);
    universe_advance(&scene.universe, 2 * DAY_MS);
    assert_ok(laptop_join(laptop, cs_buffer_bytes(&scene.invite), ""));
    laptop_sync_equal(laptop);
    laptop_sync_equal(scene.owner);
    assert_int_equal(laptop_count(scene.owner, "device", "state", "active"), 2);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invite_makes_one_device),
        cmocka_unit_test(an_invite_expires_by_the_servers_clock),
        cmocka_unit_test(a_tampered_invite_is_refused),
        cmocka_unit_test(a_forged_invite_is_refused),
        cmocka_unit_test(a_suspended_device_neither_invites_nor_syncs),
        cmocka_unit_test(nobody_invites_above_his_roles),
        cmocka_unit_test(the_first_device_joins_once),
        cmocka_unit_test(another_server_is_not_believed),
        cmocka_unit_test(a_join_goes_on_after_a_lost_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
