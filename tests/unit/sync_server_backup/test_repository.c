/* Backups made, listed, restored and pruned; what is written for what changed. */
#include "tests/unit/sync_server_backup/backup_fixture.h"

static void test_create_and_open(void **state)
{
    (void)state;
    bool exists = true;
    struct cs_repository *repository = NULL;
    struct cs_bytes key = cs_bytes_of_array(fixture.key);
    assert_ok(cs_repository_exists(&fixture.disk, &exists));
    assert_false(exists);
    assert_status(
        cs_repository_open(&fixture.disk, &fixture.fake.world, key, &repository, &fixture.problem),
        CS_NOT_FOUND);
    assert_problem("no backup repository");
    make_repository();
    assert_ok(cs_repository_exists(&fixture.disk, &exists));
    assert_true(exists);
    assert_status(cs_repository_create(&fixture.disk, &fixture.fake.world, key, &fixture.problem),
                  CS_EXISTS);
    repository = open_repository();
    assert_int_equal(cs_repository_count(repository), 0);
    assert_int_equal(cs_repository_newest(repository), 0);
    struct cs_manifest manifest;
    assert_status(cs_repository_manifest(repository, 1, &manifest, &fixture.problem), CS_NOT_FOUND);
    assert_problem("has no backup 1");
    cs_repository_close(repository);
}

static void test_other_files_are_left_alone(void **state)
{
    (void)state;
    put_file("photo.jpg", "x", 1);
    assert_status(cs_repository_create(&fixture.disk, &fixture.fake.world,
                                       cs_bytes_of_array(fixture.key), &fixture.problem),
                  CS_INVALID);
    assert_problem("holds other files");
    /* The lock is taken before the repository is made. */
    drop_file("photo.jpg");
    put_file("lock", "", 0);
    make_repository();
}

/* Sizes around a block, a node and a second level of nodes. */
static void test_every_size_comes_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,          1,          4095,           4096,           4097,
                                   4096 * 127, 4096 * 128, 4096 * 128 + 1, 4096 * 130 - 1, 1000000};
    make_repository();
    for (size_t i = 0; i < CS_COUNT(sizes); i++) {
        fill_content(sizes[i]);
        struct cs_backup_saved saved = save();
        assert_int_equal(saved.manifest.sequence, i + 1);
        assert_restores(i + 1, fixture.content, fixture.size);
    }
}

static void test_only_what_changed_is_written(void **state)
{
    (void)state;
    make_repository();
    fill_content(100 * 4096);
    struct cs_backup_saved first = save();
    assert_int_equal(first.new_blocks, first.blocks);
    assert_int_equal(first.blocks, 100 + 1 + 1);
    struct cs_backup_saved same = save();
    assert_int_equal(same.new_blocks, 0);
    assert_in_range(same.bytes_written, 1, 1000);
    change_block(3);
    change_block(77);
    struct cs_backup_saved second = save();
    /* Two blocks and the node over them. */
    assert_int_equal(second.new_blocks, 3);
    assert_in_range(second.bytes_written, 2 * 4096, 3 * 4300 + 1500);
    assert_int_equal(second.resumed_blocks, 0);
}

/* Each kept backup is that moment. */
static void test_each_backup_is_its_moment(void **state)
{
    (void)state;
    static uint8_t moments[4][20 * 4096];
    make_repository();
    fill_content(20 * 4096);
    for (size_t i = 0; i < CS_COUNT(moments); i++) {
        change_block(i);
        memcpy(moments[i], fixture.content, sizeof moments[i]);
        (void)save();
    }
    for (size_t i = 0; i < CS_COUNT(moments); i++) {
        assert_restores(i + 1, moments[i], sizeof moments[i]);
    }
}

static void test_facts_and_chain(void **state)
{
    (void)state;
    make_repository();
    fill_content(5000);
    struct cs_backup_saved first = save();
    struct cs_backup_saved second = save();
    struct cs_repository *repository = open_repository();
    struct cs_manifest manifest;
    assert_ok(cs_repository_manifest(repository, 2, &manifest, NULL));
    assert_int_equal(manifest.facts.position, 77);
    assert_int_equal(manifest.facts.leaves, 9);
    assert_int_equal(manifest.facts.made_ms, fixture.fake.wall_ms);
    assert_memory_equal(manifest.previous, first.manifest.id, CS_HASH_SIZE);
    assert_memory_equal(manifest.id, second.manifest.id, CS_HASH_SIZE);
    assert_ok(cs_repository_check_chain(repository, NULL));
    cs_repository_close(repository);
}

static void test_no_such_file(void **state)
{
    (void)state;
    make_repository();
    fill_content(100);
    struct cs_backup_saved saved = save();
    struct cs_repository *repository = open_repository();
    struct taken taken = {.data = NULL};
    assert_status(cs_repository_restore(repository, &saved.manifest, "master.key", take_part,
                                        &taken, &fixture.problem),
                  CS_NOT_FOUND);
    assert_problem("has no file master.key");
    cs_repository_close(repository);
}

static void test_verified_marks(void **state)
{
    (void)state;
    make_repository();
    fill_content(5000);
    (void)save();
    (void)save();
    struct cs_repository *repository = open_repository();
    uint64_t last = 9;
    int64_t ms = 9;
    struct cs_manifest manifest;
    assert_ok(cs_repository_last_verified(repository, &last, NULL));
    assert_int_equal(last, 0);
    assert_ok(cs_repository_manifest(repository, 1, &manifest, NULL));
    assert_ok(cs_repository_verified(repository, &manifest, &ms, NULL));
    assert_int_equal(ms, 0);
    assert_ok(cs_repository_mark_verified(repository, &manifest, NULL));
    assert_ok(cs_repository_verified(repository, &manifest, &ms, NULL));
    assert_int_equal(ms, fixture.fake.wall_ms);
    assert_ok(cs_repository_last_verified(repository, &last, NULL));
    assert_int_equal(last, 1);
    cs_repository_close(repository);
}

static struct cs_backup_pruned prune(size_t keep)
{
    struct cs_backup_pruned pruned;
    struct cs_repository *repository = open_repository();
    if (cs_repository_prune(repository, keep, &pruned, &fixture.problem) != CS_OK) {
        fail_msg("%s", fixture.problem.text);
    }
    cs_repository_close(repository);
    return pruned;
}

static size_t disk_bytes(void)
{
    size_t bytes = 0;
    for (size_t i = 0; i < fixture.memory.count; i++) {
        bytes += fixture.memory.files[i].size;
    }
    return bytes;
}

static void test_prune_keeps_what_is_needed(void **state)
{
    (void)state;
    static uint8_t moments[6][60 * 4096];
    make_repository();
    fill_content(60 * 4096);
    for (size_t i = 0; i < CS_COUNT(moments); i++) {
        for (size_t block = 0; block < 60; block += 2) {
            change_block(block);
        }
        memcpy(moments[i], fixture.content, sizeof moments[i]);
        (void)save();
    }
    size_t before = disk_bytes();
    struct cs_backup_pruned pruned = prune(2);
    assert_int_equal(pruned.backups, 4);
    assert_true(pruned.packs > 0);
    assert_true(disk_bytes() < before - pruned.bytes_freed / 2);
    /* Two moments of 60 blocks that share half of them, and nothing of the others but what stands in packs still half needed. */
    assert_true(disk_bytes() < 2 * 90 * 4300);
    assert_restores(5, moments[4], sizeof moments[4]);
    assert_restores(6, moments[5], sizeof moments[5]);
    assert_int_equal(prune(2).backups, 0);
    (void)save();
    assert_restores(7, moments[5], sizeof moments[5]);
}

static void test_prune_never_removes_the_last_verified(void **state)
{
    (void)state;
    static uint8_t moment[20 * 4096];
    make_repository();
    fill_content(20 * 4096);
    (void)save();
    memcpy(moment, fixture.content, sizeof moment);
    mark_verified(1);
    for (size_t i = 0; i < 4; i++) {
        fill_content(20 * 4096);
        (void)save();
    }
    (void)prune(1);
    struct cs_repository *repository = open_repository();
    assert_int_equal(cs_repository_count(repository), 2);
    assert_int_equal(cs_repository_sequence_at(repository, 0), 1);
    assert_int_equal(cs_repository_sequence_at(repository, 1), 5);
    assert_ok(cs_repository_check_chain(repository, NULL));
    cs_repository_close(repository);
    assert_restores(1, moment, sizeof moment);
    assert_restores(5, fixture.content, fixture.size);
    /* Once another is verified it goes too. */
    mark_verified(5);
    (void)prune(1);
    repository = open_repository();
    assert_int_equal(cs_repository_count(repository), 1);
    cs_repository_close(repository);
    assert_restores(5, fixture.content, fixture.size);
}

/* Nonces are never used twice, though the same content is sealed again. */
static void test_anew_writes_everything_with_fresh_nonces(void **state)
{
    (void)state;
    make_repository();
    fill_content(3 * 4096);
    (void)save();
    struct cs_repository *repository = open_repository();
    struct cs_backup_saved saved;
    assert_ok(save_with(repository, CS_BACKUP_ANEW, &saved));
    cs_repository_close(repository);
    assert_int_equal(saved.new_blocks, saved.blocks);
    const struct disk_file *first = file_there("pack-0000000001");
    const struct disk_file *second = file_there("pack-0000000002");
    assert_non_null(first);
    assert_non_null(second);
    assert_memory_not_equal(first->data, second->data, 24);
    assert_restores(2, fixture.content, fixture.size);
}

static void test_plaintext_is_nowhere(void **state)
{
    (void)state;
    make_repository();
    fill_content(2 * 4096);
    memcpy(fixture.content + 4090, "CANARY-CUSTOMER-NAME", 20);
    memcpy(fixture.content + 100, "CANARY-CUSTOMER-NAME", 20);
    (void)save();
    for (size_t i = 0; i < fixture.memory.count; i++) {
        const struct disk_file *file = &fixture.memory.files[i];
        for (size_t at = 0; at + 6 <= file->size; at++) {
            assert_memory_not_equal(file->data + at, "CANARY", 6);
        }
        for (size_t at = 0; at + sizeof fixture.key <= file->size; at++) {
            assert_memory_not_equal(file->data + at, fixture.key, sizeof fixture.key);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create_and_open),
        TEST(test_other_files_are_left_alone),
        TEST(test_every_size_comes_back),
        TEST(test_only_what_changed_is_written),
        TEST(test_each_backup_is_its_moment),
        TEST(test_facts_and_chain),
        TEST(test_no_such_file),
        TEST(test_verified_marks),
        TEST(test_prune_keeps_what_is_needed),
        TEST(test_prune_never_removes_the_last_verified),
        TEST(test_anew_writes_everything_with_fresh_nonces),
        TEST(test_plaintext_is_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
