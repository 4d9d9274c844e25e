/* went_back_scene.h with verified backups, of which the server tells its devices. */
#ifndef TESTS_SIMULATION_BACKUP_SCENE_H
#define TESTS_SIMULATION_BACKUP_SCENE_H

#include "tests/simulation/went_back_scene.h"

#include "field-client/replica/outbox.h"

#include <stdio.h>
#include <string.h>

static inline void horizon_path(struct scene *scene, char out[static 512])
{
    (void)snprintf(out, 512, "%s/%s", scene->universe.server_folder, CS_SERVER_HORIZON_FILE);
}

/* What the command `backup` leaves of a verified backup: a copy, and the horizon beside the running server. */
static inline void backup(struct scene *scene, const char *name)
{
    struct universe *universe = &scene->universe;
    char path[512];
    struct cs_arena arena;
    struct cs_device *devices = NULL;
    struct cs_horizon_entry entries[UNIVERSE_LAPTOPS_MAX];
    struct cs_horizon horizon = {.backup = 1, .entries = entries};
    universe_save_server(universe, name);
    struct cs_store *store = cs_server_store(universe->server);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(
        cs_fact_fixed(store, CS_FACT_INCARNATION, horizon.incarnation, sizeof horizon.incarnation));
    assert_ok(cs_store_devices(store, &arena, &devices, &horizon.count));
    assert_true(horizon.count <= UNIVERSE_LAPTOPS_MAX);
    for (size_t i = 0; i < horizon.count; i++) {
        entries[i] = (struct cs_horizon_entry){devices[i].log, devices[i].sequence};
    }
    horizon_path(scene, path);
    assert_ok(cs_horizon_write(&universe->fake.world, path, &horizon));
    cs_arena_release(&arena);
    /* The running server looks again after a while. */
    universe_advance(universe, CS_HORIZON_AGE_MS_MAX + 1);
}

static inline uint64_t removed(struct laptop *laptop)
{
    uint64_t sequence = 0;
    assert_ok(cs_outbox_removed(laptop->replica, &sequence));
    return sequence;
}

static inline uint64_t acknowledged(struct laptop *laptop)
{
    uint64_t sequence = 0;
    assert_ok(cs_outbox_acknowledged(laptop->replica, &sequence));
    return sequence;
}

static inline int64_t kept(struct laptop *laptop)
{
    struct cs_outbox_kept counts;
    assert_ok(cs_outbox_kept(laptop->replica, &counts));
    return counts.change_sets;
}

static inline void make(struct laptop *laptop, const char *code)
{
    char field[64];
    (void)snprintf(field, sizeof field, "code=%s", code);
    (void)laptop_new(laptop, "part", field, "name=风扇", NULL);
}

#endif
