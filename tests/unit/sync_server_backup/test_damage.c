/* A repository that was damaged, mixed, or put back: refused, with words, and never restored as something else. */
#include "tests/unit/sync_server_backup/backup_fixture.h"

static uint8_t first_moment[12 * 4096];

/* Two backups of twelve blocks, with more than one pack. */
static void fill(void)
{
    make_repository();
    fill_content(sizeof first_moment);
    memcpy(first_moment, fixture.content, sizeof first_moment);
    (void)save();
    mark_verified(1);
    change_block(5);
    (void)save();
    mark_verified(2);
}

/* Opens, checks the chain and the marks, restores all of one backup. What comes out is right, or a failure. */
static enum cs_status try_backup(uint64_t sequence, const uint8_t *content)
{
    struct cs_repository *repository = NULL;
    struct taken taken = {.data = NULL};
    uint64_t verified = 0;
    fixture.problem.text[0] = '\0';
    enum cs_status status =
        cs_repository_open(&fixture.disk, &fixture.fake.world, cs_bytes_of_array(fixture.key),
                           &repository, &fixture.problem);
    if (status == CS_OK) {
        status = cs_repository_check_chain(repository, &fixture.problem);
    }
    if (status == CS_OK) {
        status = cs_repository_last_verified(repository, &verified, &fixture.problem);
    }
    if (status == CS_OK) {
        status = take(repository, sequence, &taken);
        if (status == CS_OK) {
            assert_int_equal(taken.size, fixture.size);
            assert_memory_equal(taken.data, content, fixture.size);
        }
    }
    free(taken.data);
    cs_repository_close(repository);
    return status;
}

/* Packs hold what only the first backup has, and the keys; whether that one was verified nobody asks where a later one was. */
static bool may_pass(const char *name)
{
    return strncmp(name, "pack-", 5) == 0 || strcmp(name, "verified-0000000001") == 0;
}

static void assert_refused(uint64_t sequence, const char *words)
{
    assert_status(try_backup(sequence, fixture.content), CS_CORRUPT);
    assert_problem(words);
}

/* One bit anywhere: refused, or in something that this backup does not need. */
static void test_every_bit(void **state)
{
    (void)state;
    fill();
    size_t refused = 0;
    for (size_t i = 0; i < fixture.memory.count; i++) {
        struct disk_file *file = &fixture.memory.files[i];
        for (size_t at = 0; at<file->size; at += file->size> 1000 ? 211 : 7) {
            uint8_t bit = (uint8_t)(1u << (at % 8));
            file->data[at] ^= bit;
            enum cs_status status = try_backup(2, fixture.content);
            if (status != CS_OK) {
                refused++;
                assert_true(fixture.problem.text[0] != '\0');
                assert_true(status == CS_CORRUPT || status == CS_WRONG_PASSPHRASE ||
                            status == CS_UNSUPPORTED);
            } else {
                assert_true(may_pass(file->name));
            }
            file->data[at] ^= bit;
        }
    }
    assert_true(refused > 100);
    assert_ok(try_backup(2, fixture.content));
}

static void test_every_length(void **state)
{
    (void)state;
    fill();
    for (size_t i = 0; i < fixture.memory.count; i++) {
        struct disk_file *file = &fixture.memory.files[i];
        size_t size = file->size;
        for (size_t cut = 1; cut <= size; cut = cut * 3 + 1) {
            file->size = size - cut;
            enum cs_status status = try_backup(2, fixture.content);
            assert_true(status != CS_OK || may_pass(file->name));
            assert_true(status == CS_OK || fixture.problem.text[0] != '\0');
        }
        file->size = size;
    }
}

static void test_missing_files(void **state)
{
    (void)state;
    fill();
    drop_file("pack-0000000001");
    assert_refused(2, "pack-0000000001 is missing");
    /* The next backup writes again what is missing, and says nothing of the old ones being whole. */
    struct cs_backup_saved saved = save();
    assert_true(saved.new_blocks > 0);
    assert_restores(3, fixture.content, fixture.size);
    drop_file("index-0000000002");
    assert_refused(2, "in no pack");
}

static void test_missing_manifest(void **state)
{
    (void)state;
    fill();
    drop_file("backup-0000000002");
    assert_status(try_backup(2, fixture.content), CS_NOT_FOUND);
    assert_problem("has no backup 2");
}

static void test_swapped_packs(void **state)
{
    (void)state;
    fill();
    struct disk_file *a = file_there("pack-0000000001");
    struct disk_file *b = file_there("pack-0000000002");
    struct disk_file kept = *a;
    a->data = b->data;
    a->size = b->size;
    b->data = kept.data;
    b->size = kept.size;
    assert_refused(2, "is damaged at byte");
    /* With their indexes too: the number is part of what is authenticated. */
    a = file_there("index-0000000001");
    b = file_there("index-0000000002");
    kept = *a;
    a->data = b->data;
    a->size = b->size;
    b->data = kept.data;
    b->size = kept.size;
    assert_refused(2, "is damaged, or is that of another number");
}

/* Two blocks of one pack in each other's place. */
static void test_swapped_blocks(void **state)
{
    (void)state;
    fill();
    struct disk_file *pack = file_there("pack-0000000001");
    const size_t size = 4096 + 72;
    uint8_t block[4096 + 72];
    memcpy(block, pack->data, size);
    memcpy(pack->data, pack->data + size, size);
    memcpy(pack->data + size, block, size);
    assert_refused(2, "is damaged at byte 0");
}

static void copy_file(const char *from, const char *to)
{
    const struct disk_file *file = file_there(from);
    assert_non_null(file);
    uint8_t copy[2048];
    size_t size = file->size;
    assert_true(size <= sizeof copy);
    memcpy(copy, file->data, size);
    put_file(to, copy, size);
}

static void test_older_manifest_in_the_place_of_a_newer(void **state)
{
    (void)state;
    fill();
    copy_file("backup-0000000001", "backup-0000000002");
    assert_refused(2, "backup-0000000002 is damaged, or is that of another number");
    copy_file("verified-0000000001", "verified-0000000002");
    assert_refused(2, "");
}

/* An older state of the same number: the chain and the mark tell. */
static void test_other_manifest_of_the_same_number(void **state)
{
    (void)state;
    fill();
    uint8_t other[2048];
    /* Another second backup, made from the same first one. */
    const struct disk_file *manifest = file_there("backup-0000000002");
    size_t size = manifest->size;
    memcpy(other, manifest->data, size);
    drop_file("backup-0000000002");
    drop_file("verified-0000000002");
    change_block(7);
    (void)save();
    mark_verified(2);
    (void)save();
    assert_ok(try_backup(3, fixture.content));
    put_file("backup-0000000002", other, size);
    assert_status(try_backup(3, fixture.content), CS_CORRUPT);
    assert_problem("backup 3 was not made after the backup 2 that stands here");
    /* Without a later one the mark alone does not fit. */
    drop_file("backup-0000000003");
    assert_status(try_backup(2, fixture.content), CS_CORRUPT);
    assert_problem("was verified is of another backup");
}

static void test_files_of_another_repository(void **state)
{
    (void)state;
    fill();
    uint8_t manifest[2048];
    uint8_t index[4096];
    size_t manifest_size = file_there("backup-0000000002")->size;
    size_t index_size = file_there("index-0000000001")->size;
    memcpy(manifest, file_there("backup-0000000002")->data, manifest_size);
    assert_true(index_size <= sizeof index);
    memcpy(index, file_there("index-0000000001")->data, index_size);
    while (fixture.memory.count > 0) {
        drop_file(fixture.memory.files[0].name);
    }
    /* The same key, the same content, another repository. */
    make_repository();
    (void)save();
    (void)save();
    assert_ok(try_backup(2, fixture.content));
    uint8_t own[4096];
    size_t own_size = file_there("index-0000000001")->size;
    memcpy(own, file_there("index-0000000001")->data, own_size);
    put_file("index-0000000001", index, index_size);
    assert_refused(2, "or of another repository");
    put_file("index-0000000001", own, own_size);
    put_file("backup-0000000002", manifest, manifest_size);
    assert_refused(2, "or of another repository");
}

static void test_wrong_key(void **state)
{
    (void)state;
    fill();
    fixture.key[0] ^= 1;
    assert_status(try_backup(2, fixture.content), CS_WRONG_PASSPHRASE);
    assert_problem("another backup key");
}

static void test_newer_program(void **state)
{
    (void)state;
    fill();
    file_there("repository")->data[4] = 2;
    assert_status(try_backup(2, fixture.content), CS_UNSUPPORTED);
    assert_problem("newer program");
}

/* Damage in what is used again goes into no backup that was made anew. */
static void test_anew_after_damage(void **state)
{
    (void)state;
    fill();
    file_there("pack-0000000001")->data[100] ^= 1;
    assert_refused(2, "pack-0000000001 is damaged at byte 0");
    struct cs_repository *repository = open_repository();
    struct cs_backup_saved saved;
    assert_ok(save_with(repository, CS_BACKUP_ANEW, &saved));
    cs_repository_close(repository);
    assert_ok(try_backup(3, fixture.content));
}

/* The newest manifest tells of nothing any more: a backup made anew stands by itself, and pruning takes the damaged one away. */
static void test_anew_after_a_damaged_manifest(void **state)
{
    (void)state;
    fill();
    file_there("backup-0000000002")->data[100] ^= 1;
    struct cs_repository *repository = open_repository();
    struct cs_backup_saved saved;
    assert_status(save_with(repository, CS_BACKUP_REUSE, &saved), CS_CORRUPT);
    assert_problem("backup-0000000002");
    assert_ok(save_with(repository, CS_BACKUP_ANEW, &saved));
    assert_int_equal(saved.manifest.sequence, 3);
    cs_repository_close(repository);
    mark_verified(3);
    assert_ok(try_backup(3, fixture.content));
    struct cs_backup_pruned pruned;
    repository = open_repository();
    assert_ok(cs_repository_prune(repository, 1, &pruned, &fixture.problem));
    assert_int_equal(pruned.backups, 2);
    assert_ok(cs_repository_check_chain(repository, &fixture.problem));
    cs_repository_close(repository);
    assert_ok(try_backup(3, fixture.content));
}

/* What a kept backup needs is damaged: nothing is removed for which it would have to be read. */
static void test_prune_of_a_damaged_repository(void **state)
{
    (void)state;
    fill();
    (void)save();
    mark_verified(3);
    drop_file("pack-0000000001");
    size_t packs = 0;
    struct cs_repository *repository = open_repository();
    struct cs_backup_pruned pruned;
    assert_status(cs_repository_prune(repository, 2, &pruned, &fixture.problem), CS_CORRUPT);
    assert_problem("is missing");
    cs_repository_close(repository);
    for (size_t i = 0; i < fixture.memory.count; i++) {
        packs += strncmp(fixture.memory.files[i].name, "pack-", 5) == 0 ? 1 : 0;
    }
    assert_true(packs >= 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_bit),
        TEST(test_every_length),
        TEST(test_missing_files),
        TEST(test_missing_manifest),
        TEST(test_swapped_packs),
        TEST(test_swapped_blocks),
        TEST(test_older_manifest_in_the_place_of_a_newer),
        TEST(test_other_manifest_of_the_same_number),
        TEST(test_files_of_another_repository),
        TEST(test_wrong_key),
        TEST(test_newer_program),
        TEST(test_anew_after_damage),
        TEST(test_anew_after_a_damaged_manifest),
        TEST(test_prune_of_a_damaged_repository),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
