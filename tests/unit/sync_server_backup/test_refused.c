/* What is no backup: manifests that no program writes, files that cannot be read or are too large. */
#include "sync-server/backup/manifest.h"
#include "tests/unit/sync_server_backup/backup_fixture.h"

#define BLOCK ((uint64_t)4096)

/* Of one file, "server.db". */
static void encode(struct cs_buffer *out)
{
    struct cs_manifest manifest = {.sequence = 3, .last_pack = 7, .file_count = 1};
    memcpy(manifest.files[0].name, "server.db", sizeof "server.db");
    manifest.files[0].size = 4096;
    cs_buffer_clear(out);
    assert_ok(cs_manifest_encode(&manifest, out));
}

static enum cs_status decode(const struct cs_buffer *buffer)
{
    struct cs_manifest manifest = {.sequence = 77};
    enum cs_status status = cs_manifest_decode(cs_buffer_bytes(buffer), &manifest);
    assert_true(status == CS_OK || manifest.sequence == 77);
    return status;
}

/* Offsets as FORMAT.md has them. */
enum {
    AT_FORMAT = 0,
    AT_SEQUENCE = 1,
    AT_FILE_COUNT = 1 + 8 + 32 + 8 + 8 + 16 + 32 + 8 + 8 + 32,
    AT_NAME_SIZE = AT_FILE_COUNT + 1,
    AT_NAME = AT_NAME_SIZE + 4
};

static void test_malformed_manifests(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
        enum cs_status status;
    } changes[] = {{AT_FORMAT, 2, CS_UNSUPPORTED},
                   {AT_SEQUENCE + 7, 0, CS_MALFORMED}, /* number 0 */
                   {AT_FILE_COUNT, CS_BACKUP_FILES_MAX + 1, CS_MALFORMED},
                   {AT_FILE_COUNT, 2, CS_MALFORMED}, /* one that is not there */
                   {AT_FILE_COUNT, 0, CS_MALFORMED}, /* one that is too much */
                   {AT_NAME_SIZE + 3, 0, CS_MALFORMED},
                   {AT_NAME_SIZE, 1, CS_MALFORMED}, /* 16 MiB of a name */
                   {AT_NAME, '.', CS_MALFORMED},
                   {AT_NAME, '/', CS_MALFORMED},
                   {AT_NAME, 'S', CS_MALFORMED},
                   {AT_NAME, 0, CS_MALFORMED}};
    struct cs_buffer buffer;
    (void)state;
    cs_buffer_init(&buffer, CS_MANIFEST_MAX);
    encode(&buffer);
    assert_ok(decode(&buffer));
    for (size_t i = 0; i < CS_COUNT(changes); i++) {
        encode(&buffer);
        buffer.data[changes[i].at] = changes[i].byte;
        if (decode(&buffer) != changes[i].status) {
            fail_msg("change %zu: %s", i, cs_status_name(decode(&buffer)));
        }
    }
    cs_buffer_release(&buffer);
}

static void test_manifests_of_another_length(void **state)
{
    struct cs_buffer buffer;
    (void)state;
    cs_buffer_init(&buffer, CS_MANIFEST_MAX);
    encode(&buffer);
    size_t whole = buffer.size;
    for (buffer.size = 0; buffer.size < whole; buffer.size++) {
        assert_status(decode(&buffer), CS_MALFORMED);
    }
    cs_buffer_append_u8(&buffer, 0);
    assert_status(decode(&buffer), CS_MALFORMED);
    cs_buffer_release(&buffer);
}

/* ---- what is to be saved ---- */

static enum cs_status fail_in_the_middle(void *context, uint64_t offset, uint8_t *out, size_t size)
{
    (void)context;
    memset(out, 1, size);
    return offset >= (uint64_t)30 * BLOCK ? CS_IO : CS_OK;
}

static enum cs_status save_one(struct cs_repository *repository, uint64_t size)
{
    const struct cs_backup_source source = {"server.db", size, NULL, fail_in_the_middle};
    const struct cs_backup_facts facts = {.position = 1};
    struct cs_backup_saved saved;
    fixture.problem.text[0] = '\0';
    return cs_repository_save(repository, &facts, &source, 1, CS_BACKUP_REUSE, &saved,
                              &fixture.problem);
}

/* No backup comes of it, and the one before and the one after are whole. */
static void refuse(uint64_t size, enum cs_status expected, const char *words)
{
    make_repository();
    fill_content((size_t)20 * BLOCK);
    (void)save();
    struct cs_repository *repository = open_repository();
    assert_status(save_one(repository, size), expected);
    assert_problem(words);
    assert_problem("server.db");
    assert_int_equal(cs_repository_newest(repository), 1);
    cs_repository_close(repository);
    assert_null(find_file("backup-0000000002"));
    assert_restores(1, fixture.content, fixture.size);
    assert_int_equal(save().manifest.sequence, 2);
    assert_restores(2, fixture.content, fixture.size);
}

static void test_a_source_that_cannot_be_read(void **state)
{
    (void)state;
    refuse((uint64_t)40 * BLOCK, CS_IO, "cannot be read");
}

static void test_a_tree_that_is_too_large(void **state)
{
    (void)state;
    refuse(UINT64_MAX, CS_LIMIT, cs_status_text(CS_LIMIT));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_malformed_manifests),
        TEST(test_manifests_of_another_length),
        TEST(test_a_source_that_cannot_be_read),
        TEST(test_a_tree_that_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
