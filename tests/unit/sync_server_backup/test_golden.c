/*
 * The golden repository: two backups as format 1 wrote them (tests/golden/README.md), which every later program has to restore.
 *
 * An organisation may need a backup years after the program that wrote it. With the environment variable CS_GOLDEN_WRITE set the files are
 * written instead: only for a format that has none yet.
 */
#include "tests/unit/sync_server_backup/backup_fixture.h"

#include <dirent.h>

#define FIRST_SIZE ((size_t)9000) /* two blocks and a part of one */
#define CHANGED_BLOCK 1

static const char folder[] = CS_TEST_SOURCE_DIR "/tests/golden/backup/v1";

static void make_content(bool changed)
{
    fixture.size = FIRST_SIZE;
    for (size_t i = 0; i < FIRST_SIZE; i++) {
        bool other = changed && i / 4096 == CHANGED_BLOCK;
        fixture.content[i] = (uint8_t)(31 * i + (i >> 8) + (other ? 99 : 0));
    }
}

static const char *path_of(const char *name)
{
    static char path[1024];
    int size = snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(size > 0 && (size_t)size < sizeof path);
    return path;
}

static void write_files(void)
{
    for (size_t i = 0; i < fixture.memory.count; i++) {
        const struct disk_file *kept = &fixture.memory.files[i];
        FILE *file = fopen(path_of(kept->name), "wbx");
        assert_non_null(file);
        assert_int_equal(fwrite(kept->data, 1, kept->size, file), kept->size);
        assert_int_equal(fclose(file), 0);
    }
}

static void write_golden(void)
{
    make_repository();
    make_content(false);
    (void)save();
    make_content(true);
    (void)save();
    mark_verified(1);
    write_files();
    while (fixture.memory.count > 0) {
        drop_file(fixture.memory.files[0].name);
    }
}

static void read_golden(void)
{
    static uint8_t bytes[FILE_SIZE_MAX];
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        FILE *file = fopen(path_of(entry->d_name), "rb");
        assert_non_null(file);
        size_t size = fread(bytes, 1, sizeof bytes, file);
        assert_int_equal(fclose(file), 0);
        put_file(entry->d_name, bytes, size);
    }
    assert_int_equal(closedir(listing), 0);
    assert_int_equal(fixture.memory.count, 8); /* header, two of pack, index and backup, one mark */
}

static void assert_manifest(struct cs_repository *repository, uint64_t sequence)
{
    static const uint8_t incarnation[16] = {1, 2, 3};
    static const uint8_t organisation[CS_HASH_SIZE] = {4, 5, 6};
    struct cs_manifest manifest;
    assert_ok(cs_repository_manifest(repository, sequence, &manifest, NULL));
    assert_int_equal(manifest.sequence, sequence);
    assert_memory_equal(manifest.facts.incarnation, incarnation, sizeof incarnation);
    assert_memory_equal(manifest.facts.organisation, organisation, sizeof organisation);
    assert_int_equal(manifest.facts.position, 77);
    assert_int_equal(manifest.facts.leaves, 9);
    assert_int_equal(manifest.file_count, 3);
    assert_int_equal(cs_manifest_file(&manifest, "server.db")->size, FIRST_SIZE);
    assert_int_equal(cs_manifest_file(&manifest, "devices")->size, 0);
}

static void assert_keys(struct cs_repository *repository)
{
    struct cs_manifest manifest;
    uint8_t bytes[64];
    struct taken taken = {.data = bytes};
    assert_ok(cs_repository_manifest(repository, 2, &manifest, NULL));
    assert_ok(cs_repository_restore(repository, &manifest, "keys", take_part, &taken, NULL));
    assert_int_equal(taken.size, sizeof keys_text - 1);
    assert_memory_equal(bytes, keys_text, taken.size);
}

static void it_is_restored(void **state)
{
    (void)state;
    uint64_t verified = 0;
    if (getenv("CS_GOLDEN_WRITE") != NULL) {
        write_golden();
    }
    read_golden();
    struct cs_repository *repository = open_repository();
    assert_int_equal(cs_repository_count(repository), 2);
    assert_ok(cs_repository_check_chain(repository, NULL));
    assert_ok(cs_repository_last_verified(repository, &verified, NULL));
    assert_int_equal(verified, 1);
    assert_manifest(repository, 1);
    assert_manifest(repository, 2);
    assert_keys(repository);
    cs_repository_close(repository);
    make_content(false);
    assert_restores(1, fixture.content, fixture.size);
    make_content(true);
    assert_restores(2, fixture.content, fixture.size);
}

/* And gone on with: what stands in it is found again by its content. */
static void it_is_gone_on_with(void **state)
{
    (void)state;
    read_golden();
    make_content(true);
    struct cs_backup_saved saved = save();
    assert_int_equal(saved.manifest.sequence, 3);
    assert_int_equal(saved.new_blocks, 0);
    assert_restores(3, fixture.content, fixture.size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_restored, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_gone_on_with, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
