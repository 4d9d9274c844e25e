/* What the simulations of a server that went back in time share: an organisation of three that sees everything, and a copy of its
 * server's folder. */
#ifndef TESTS_SIMULATION_WENT_BACK_SCENE_H
#define TESTS_SIMULATION_WENT_BACK_SCENE_H

#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include "field-client/replica/doctor.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/reconcile/recovery.h"

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct laptop *office;
    struct laptop *field;
    struct cs_id known; /* a part that everyone and the old copy have */
};

static inline void sync_all(struct scene *scene)
{
    struct laptop *const laptops[] = {scene->owner, scene->office, scene->field};
    for (size_t i = 0; i < CS_COUNT(laptops); i++) {
        laptop_sync_equal(laptops[i]);
    }
}

static inline void open_scene(struct scene *scene, uint64_t seed)
{
    universe_open(&scene->universe, cs_registry_core(), seed);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->office = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(OFFICE));
    scene->field = universe_join(&scene->universe, scene->owner, "赵敏", CS_ROLE(OFFICE));
    sync_all(scene);
    scene->known = laptop_new(scene->office, "part", "code=K-1", "name=电源", NULL);
    sync_all(scene);
    sync_all(scene);
    universe_save_server(&scene->universe, "yesterday");
}

static inline void check_equal(struct scene *scene)
{
    struct cs_multiset first;
    struct laptop *const laptops[] = {scene->owner, scene->office, scene->field};
    for (int round = 0; round < 3; round++) {
        sync_all(scene);
    }
    laptop_fingerprint(scene->owner, &first);
    for (size_t i = 0; i < CS_COUNT(laptops); i++) {
        struct cs_multiset other;
        struct cs_doctor_report report;
        laptop_fingerprint(laptops[i], &other);
        assert_memory_equal(&first, &other, sizeof first);
        assert_ok(cs_doctor_run(laptops[i]->replica, NULL, NULL, &report));
        assert_int_equal(report.findings, 0);
    }
}

/* What the command `restore` does with a copy. */
static inline void restore(struct scene *scene, const char *name)
{
    struct universe *universe = &scene->universe;
    struct cs_arena arena;
    uint8_t incarnation[16];
    const struct cs_witness administrator = {.device = NULL};
    const struct cs_push_clock clock = {.now_ms = universe->fake.wall_ms};
    universe_set_server_back(universe, name);
    struct cs_store *store = cs_server_store(universe->server);
    universe->fake.world.random(universe->fake.world.context, incarnation, sizeof incarnation);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_store_begin(store));
    assert_ok(cs_recovery_begin(store, &clock, &arena, incarnation, &administrator));
    assert_ok(cs_store_commit(store));
    cs_arena_release(&arena);
}

static inline bool awaits_any(struct scene *scene)
{
    bool awaits = false;
    assert_ok(cs_store_awaits_any(cs_server_store(scene->universe.server), &awaits));
    return awaits;
}

#endif
