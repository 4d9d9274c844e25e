/* Golden replicas on disk, see replica.h. */
#include "tests/golden/replica.h"

#include "tests/golden/vacuum.h"
#include "tests/support/testing.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (16 * CS_MEBI)
#define MASTER_KEY_FILE "master.key"
#define EXPECTED_FILE "expected.txt"

void golden_newer(struct registry_variant *out)
{
    variant_init(out, cs_registry_core());
    (void)variant_add_entity(out, "golden_tool");
    variant_add_field(out, "golden_tool", "manual")->size_max = GOLDEN_MANUAL_MAX;
    struct cs_field *part = variant_add_field(out, "golden_tool", "part");
    part->type = CS_FIELD_REFERENCE;
    part->references = "part";
    (void)variant_add_field(out, "part", "golden_origin");
    (void)variant_done(out);
}

void golden_newest(struct registry_variant *out)
{
    golden_newer(out);
    (void)variant_add_entity(out, "golden_gadget");
    (void)variant_add_field(out, "part", "golden_colour");
    (void)variant_done(out);
}

static void path_of(const char *folder, const char *name, char out[static 512])
{
    int size = snprintf(out, 512, "%s/%s", folder, name);
    assert_true(size > 0 && size < 512);
}

void golden_read(const char *folder, const char *name, struct cs_buffer *out)
{
    char path[512];
    path_of(folder, name, path);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s cannot be read", path);
        return;
    }
    uint8_t block[4096];
    size_t size;
    while ((size = fread(block, 1, sizeof block, file)) > 0) {
        cs_buffer_append(out, block, size);
    }
    assert_int_equal(ferror(file), 0);
    assert_int_equal(fclose(file), 0);
    assert_ok(out->status);
}

static void write_file(const char *folder, const char *name, struct cs_bytes content)
{
    char path[512];
    path_of(folder, name, path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content.data, 1, content.size, file), content.size);
    assert_int_equal(fclose(file), 0);
}

static void copy_file(const char *from, const char *to, const char *name)
{
    struct cs_buffer content;
    cs_buffer_init(&content, FILE_MAX);
    golden_read(from, name, &content);
    write_file(to, name, cs_buffer_bytes(&content));
    cs_buffer_release(&content);
}

static void vacuum(const char *folder, const char *name)
{
    char path[512];
    path_of(folder, name, path);
    golden_vacuum(path);
}

/* The files that a fake world keeps in memory for a folder, to the disk. */
static void save_files(const struct fake_world *fake, const char *home, const char *folder)
{
    size_t length = strlen(home);
    for (size_t i = 0; i < fake->file_count; i++) {
        const char *path = fake->files[i].path;
        if (strncmp(path, home, length) == 0 && path[length] == '/' &&
            fake->files[i].content.size > 0) {
            write_file(folder, path + length + 1, cs_buffer_bytes(&fake->files[i].content));
        }
    }
}

/* And back into memory. */
static void load_file(struct fake_world *fake, const char *home, const char *folder,
                      const char *name)
{
    char path[512];
    struct cs_buffer content;
    cs_buffer_init(&content, FILE_MAX);
    golden_read(folder, name, &content);
    path_of(home, name, path);
    assert_ok(fake->world.file_replace(fake->world.context, path, cs_buffer_bytes(&content)));
    cs_buffer_release(&content);
}

void golden_save_laptop(struct laptop *laptop, const char *folder)
{
    struct cs_buffer dump;
    cs_buffer_init(&dump, FILE_MAX);
    golden_dump_laptop(laptop, &dump);
    assert_ok(dump.status);
    write_file(folder, EXPECTED_FILE, cs_buffer_bytes(&dump));
    cs_buffer_release(&dump);
    cs_replica_close(laptop->replica);
    laptop->replica = NULL;
    copy_file(laptop->home, folder, CS_REPLICA_FILE);
    save_files(&laptop->fake, laptop->home, folder);
}

void golden_save_server(struct universe *universe, const char *folder)
{
    struct cs_buffer dump;
    cs_buffer_init(&dump, FILE_MAX);
    golden_dump_server(universe, &dump);
    assert_ok(dump.status);
    write_file(folder, EXPECTED_FILE, cs_buffer_bytes(&dump));
    cs_buffer_release(&dump);
    cs_server_close(universe->server);
    universe->server = NULL;
    copy_file(universe->server_folder, folder, CS_SERVER_DATABASE_FILE);
    vacuum(folder, CS_SERVER_DATABASE_FILE);
    save_files(&universe->fake, universe->server_folder, folder);
    write_file(folder, MASTER_KEY_FILE, cs_secret_bytes(universe->master_key));
}

void golden_load_server(struct universe *universe, const struct cs_registry *registry,
                        const char *folder)
{
    struct cs_buffer key;
    cs_buffer_init(&key, CS_KIBI);
    golden_read(folder, MASTER_KEY_FILE, &key);
    cs_secret_destroy(universe->master_key);
    assert_ok(cs_secret_create_copy(cs_buffer_bytes(&key), &universe->master_key));
    cs_buffer_release(&key);
    copy_file(folder, universe->server_folder, CS_SERVER_DATABASE_FILE);
    load_file(&universe->fake, universe->server_folder, folder, CS_SERVER_KEYS_FILE);
    universe->registry = registry;
    universe_restart_server(universe);
}

struct laptop *golden_load_laptop(struct universe *universe, const struct cs_registry *registry,
                                  const char *folder)
{
    struct laptop *laptop = universe_new_laptop(universe);
    copy_file(folder, laptop->home, CS_REPLICA_FILE);
    load_file(&laptop->fake, laptop->home, folder, CS_IDENTITY_FILE);
    laptop->registry = registry;
    laptop_restart(laptop);
    return laptop;
}

void golden_copy_database(struct laptop *laptop, const char *folder)
{
    copy_file(folder, laptop->home, CS_REPLICA_FILE);
}
