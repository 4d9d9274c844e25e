/* Snapshots of a universe, see snapshot.h. */
#include "tests/faults/snapshot.h"

#include "tests/support/testing.h"

#include <string.h>
#include <unistd.h>

static void keep_world(struct snapshot_place *place, const struct fake_world *fake)
{
    place->fake = *fake;
    for (size_t i = 0; i < fake->file_count; i++) {
        cs_buffer_init(&place->files[i], SIZE_MAX / 2);
        cs_buffer_append_bytes(&place->files[i], cs_buffer_bytes(&fake->files[i].content));
        assert_ok(place->files[i].status);
    }
}

/* Clocks, randomness and files; what else is in the world (the network) stays. */
static void put_world(const struct snapshot_place *place, struct fake_world *fake)
{
    fake_world_release(fake);
    fake->wall_ms = place->fake.wall_ms;
    fake->monotonic_ms = place->fake.monotonic_ms;
    fake->random_state = place->fake.random_state;
    for (size_t i = 0; i < place->fake.file_count; i++) {
        assert_ok(fake->world.file_replace(fake->world.context, place->fake.files[i].path,
                                           cs_buffer_bytes(&place->files[i])));
    }
}

static void keep_place(struct snapshot_place *place, const struct fake_world *fake,
                       const char *folder, const char *database)
{
    keep_world(place, fake);
    folder_keep(&place->folder, folder);
    for (size_t i = 0; i < place->folder.count; i++) {
        place->has_database =
            place->has_database || strcmp(place->folder.files[i].name, database) == 0;
    }
}

void snapshot_take(struct snapshot *snapshot, struct universe *universe, const char *vfs)
{
    memset(snapshot, 0, sizeof *snapshot);
    snapshot->vfs = vfs;
    snapshot->laptop_count = universe->laptop_count;
    for (size_t i = 0; i < universe->laptop_count; i++) {
        struct laptop *laptop = &universe->laptops[i];
        struct snapshot_place *place = &snapshot->laptops[i];
        place->open = laptop->replica != NULL;
        place->damaged = laptop->damaged;
        place->registry = laptop->registry;
        cs_replica_close(laptop->replica);
        laptop->replica = NULL;
        keep_place(place, &laptop->fake, laptop->home, CS_REPLICA_FILE);
    }
    snapshot->server.open = universe->server != NULL;
    snapshot->server.registry = universe->registry;
    cs_server_close(universe->server);
    universe->server = NULL;
    keep_place(&snapshot->server, &universe->fake, universe->server_folder,
               CS_SERVER_DATABASE_FILE);
}

static void put_laptop(const struct snapshot_place *place, struct laptop *laptop, const char *vfs)
{
    cs_replica_close(laptop->replica);
    laptop->replica = NULL;
    laptop->fault = NETWORK_FINE;
    laptop->exchanges_left = -1;
    laptop->damaged = place->damaged;
    laptop->registry = place->registry;
    laptop->fake.world.sqlite_vfs = vfs;
    put_world(place, &laptop->fake);
    folder_put(&place->folder, laptop->home);
    if (!place->open && !place->has_database) {
        cs_identity_destroy(laptop->identity);
        laptop->identity = NULL;
    }
}

void snapshot_put(const struct snapshot *snapshot, struct universe *universe)
{
    for (size_t i = 0; i < snapshot->laptop_count; i++) {
        put_laptop(&snapshot->laptops[i], &universe->laptops[i], snapshot->vfs);
    }
    cs_server_close(universe->server);
    universe->server = NULL;
    universe->registry = snapshot->server.registry;
    universe->fake.world.sqlite_vfs = snapshot->vfs;
    put_world(&snapshot->server, &universe->fake);
    folder_put(&snapshot->server.folder, universe->server_folder);
}

void snapshot_open(const struct snapshot *snapshot, struct universe *universe)
{
    for (size_t i = 0; i < snapshot->laptop_count; i++) {
        struct laptop *laptop = &universe->laptops[i];
        if (snapshot->laptops[i].open) {
            assert_ok(cs_replica_open(&laptop->fake.world, laptop->home, laptop->registry,
                                      laptop->identity, &laptop->replica, NULL));
        }
    }
    if (snapshot->server.open) {
        universe_restart_server(universe);
    }
}

void snapshot_restore(const struct snapshot *snapshot, struct universe *universe)
{
    snapshot_put(snapshot, universe);
    snapshot_open(snapshot, universe);
}

static void release_place(struct snapshot_place *place)
{
    folder_release(&place->folder);
    for (size_t i = 0; i < place->fake.file_count; i++) {
        cs_buffer_release(&place->files[i]);
    }
}

void snapshot_release(struct snapshot *snapshot)
{
    release_place(&snapshot->server);
    for (size_t i = 0; i < snapshot->laptop_count; i++) {
        release_place(&snapshot->laptops[i]);
    }
}
