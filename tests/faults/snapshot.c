/* Snapshots of a universe, see snapshot.h. */
#include "tests/faults/snapshot.h"

#include "tests/support/faulty_vfs.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DATABASE_MAX (64 * CS_MEBI)

static void path_of(const char *folder, const char *name, const char *end, char out[static 512])
{
    int size = snprintf(out, 512, "%s/%s%s", folder, name, end);
    assert_true(size > 0 && size < 512);
}

/* Empty if there is none. */
static void read_database(const char *folder, const char *name, struct cs_buffer *out)
{
    char path[512];
    uint8_t block[8192];
    size_t size;
    path_of(folder, name, "", path);
    cs_buffer_init(out, DATABASE_MAX);
    FILE *file = fopen(path, "rb");
    while (file != NULL && (size = fread(block, 1, sizeof block, file)) > 0) {
        cs_buffer_append(out, block, size);
    }
    assert_ok(out->status);
    if (file != NULL) {
        assert_int_equal(fclose(file), 0);
    }
}

static void write_database(const char *folder, const char *name, const struct cs_buffer *content)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char path[512];
    for (size_t i = 0; i < CS_COUNT(ends); i++) {
        path_of(folder, name, ends[i], path);
        (void)unlink(path);
    }
    if (content->size > 0) {
        path_of(folder, name, "", path);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(content->data, 1, content->size, file), content->size);
        assert_int_equal(fclose(file), 0);
    }
}

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
    fake->world.sqlite_vfs = FAULTY_VFS_NAME;
    for (size_t i = 0; i < place->fake.file_count; i++) {
        assert_ok(fake->world.file_replace(fake->world.context, place->fake.files[i].path,
                                           cs_buffer_bytes(&place->files[i])));
    }
}

void snapshot_take(struct snapshot *snapshot, struct universe *universe)
{
    memset(snapshot, 0, sizeof *snapshot);
    snapshot->laptop_count = universe->laptop_count;
    for (size_t i = 0; i < universe->laptop_count; i++) {
        struct laptop *laptop = &universe->laptops[i];
        struct snapshot_place *place = &snapshot->laptops[i];
        place->open = laptop->replica != NULL;
        place->damaged = laptop->damaged;
        place->registry = laptop->registry;
        cs_replica_close(laptop->replica);
        laptop->replica = NULL;
        keep_world(place, &laptop->fake);
        read_database(laptop->home, CS_REPLICA_FILE, &place->database);
    }
    snapshot->server.open = universe->server != NULL;
    snapshot->server.registry = universe->registry;
    cs_server_close(universe->server);
    universe->server = NULL;
    keep_world(&snapshot->server, &universe->fake);
    read_database(universe->server_folder, CS_SERVER_DATABASE_FILE, &snapshot->server.database);
}

static void restore_laptop(const struct snapshot_place *place, struct laptop *laptop)
{
    cs_replica_close(laptop->replica);
    laptop->replica = NULL;
    laptop->fault = NETWORK_FINE;
    laptop->damaged = place->damaged;
    laptop->registry = place->registry;
    put_world(place, &laptop->fake);
    write_database(laptop->home, CS_REPLICA_FILE, &place->database);
    if (place->open) {
        assert_ok(cs_replica_open(&laptop->fake.world, laptop->home, laptop->registry,
                                  laptop->identity, &laptop->replica, NULL));
    } else if (place->database.size == 0) {
        cs_identity_destroy(laptop->identity);
        laptop->identity = NULL;
    }
}

void snapshot_restore(const struct snapshot *snapshot, struct universe *universe)
{
    for (size_t i = 0; i < snapshot->laptop_count; i++) {
        restore_laptop(&snapshot->laptops[i], &universe->laptops[i]);
    }
    cs_server_close(universe->server);
    universe->server = NULL;
    universe->registry = snapshot->server.registry;
    put_world(&snapshot->server, &universe->fake);
    write_database(universe->server_folder, CS_SERVER_DATABASE_FILE, &snapshot->server.database);
    if (snapshot->server.open) {
        universe_restart_server(universe);
    }
}

static void release_place(struct snapshot_place *place)
{
    cs_buffer_release(&place->database);
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
