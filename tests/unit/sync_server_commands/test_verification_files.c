/* `verify` over the files of attachments: chunks against their hashes, lists against the addresses in records. */
#include "shared/attachment/attachment_row.h"
#include "sync-server/commands/verification.h"
#include "sync-server/stores/blob_store.h"
#include "sync-server/stores/sqlite_store.h"
#include "tests/unit/sync_server_commands/commands_fixture.h"

#define CHUNK_SIZE ((uint64_t)4096)
#define FILE_SIZE ((uint64_t)9000)
#define CHUNKS 3

static struct cs_store *store;
static struct cs_arena arena;
static struct cs_stored_blob blob;
static struct cs_bytes chunks[CHUNKS];
static const struct cs_attachment_form form = {FILE_SIZE, CHUNK_SIZE};

static void begin(void)
{
    store = open_writer(fixture.server);
    assert_ok(cs_store_begin(store));
}

static void end(void)
{
    assert_ok(cs_store_commit(store));
    cs_store_close(store);
}

/* Chunks of the sizes that this form has; what is in them no server knows. */
static void make_file(uint8_t seed)
{
    struct cs_buffer list;
    cs_buffer_init(&list, CS_MEBI);
    for (size_t i = 0; i < CHUNKS; i++) {
        uint8_t hash[CS_HASH_SIZE];
        size_t size = cs_attachment_chunk_size(&form, i);
        uint8_t *bytes = cs_arena_take(&arena, size);
        assert_non_null(bytes);
        memset(bytes, seed + (int)i, size);
        chunks[i] = cs_bytes_make(bytes, size);
        cs_attachment_chunk_hash(chunks[i], hash);
        cs_buffer_append(&list, hash, sizeof hash);
    }
    blob = (struct cs_stored_blob){
        .log = fixture.device.log, .size = form.size, .chunk_size = form.chunk_size};
    cs_attachment_address(&form, cs_buffer_bytes(&list), blob.address);
    assert_ok(cs_arena_copy(&arena, cs_buffer_bytes(&list), &blob.list));
    cs_buffer_release(&list);
}

static void store_chunks(size_t count)
{
    assert_ok(cs_store_add_blob(store, &blob));
    for (size_t i = 0; i < count; i++) {
        assert_ok(cs_store_add_chunk(store, &blob, chunks[i]));
    }
}

/* In no scope, so that no digest changes. */
static void store_record_of(uint64_t size)
{
    const struct cs_entity *entity =
        cs_registry_find(cs_store_registry(store), cs_bytes_of_text(CS_ATTACHMENT_ENTITY));
    static const uint8_t key[CS_ATTACHMENT_KEY_SIZE] = {1};
    assert_non_null(entity);
    struct cs_stored_row row = {.entity = entity,
                                .name = cs_bytes_of_text(CS_ATTACHMENT_ENTITY),
                                .id = cs_id_next(&fixture.ids, 1767229200000),
                                .exists = true,
                                .position = 1};
    row.values = cs_arena_take_array(&arena, entity->field_count, sizeof *row.values);
    assert_non_null(row.values);
    const struct {
        const char *name;
        struct cs_value value;
    } fields[] = {{"size", cs_value_integer((int64_t)size)},
                  {"chunk_size", cs_value_integer((int64_t)form.chunk_size)},
                  {"address", cs_value_bytes(cs_bytes_of_array(blob.address))},
                  {"key", cs_value_bytes(cs_bytes_of_array(key))}};
    for (size_t i = 0; i < CS_COUNT(fields); i++) {
        int field = cs_entity_field_index(entity, cs_bytes_of_text(fields[i].name));
        assert_true(field >= 0);
        row.values[field] = fields[i].value;
    }
    assert_ok(cs_row_store(cs_store_rows(store), &row));
}

static void store_record(void)
{
    store_record_of(form.size);
}

static int64_t findings(void)
{
    int code = run("verify", fixture.server, "--json");
    struct cs_json *json = answer_json();
    int64_t count = json_number(json, "finding_count");
    assert_int_equal(code, count == 0 ? 0 : 1);
    cs_json_destroy(json);
    return count;
}

static void assert_found(int64_t more, const char *saying)
{
    assert_int_equal(findings(), more);
    assert_int_equal(run("verify", fixture.server), 1);
    assert_says(fixture.out, saying);
}

static int files_setup(void **state)
{
    (void)setup(state);
    cs_arena_init(&arena, CS_MEBI);
    (void)make_filled_server();
    return 0;
}

static int files_teardown(void **state)
{
    cs_arena_release(&arena);
    return teardown(state);
}

static void good_files_are_counted(void **state)
{
    (void)state;
    begin();
    make_file(1);
    store_chunks(CHUNKS);
    store_record();
    make_file(9);
    store_chunks(1); /* the rest is still to come, and its record was deleted */
    end();
    assert_int_equal(findings(), 0);
    assert_int_equal(run("verify", fixture.server), 0);
    assert_says(fixture.out, "2 files in 4 chunks; 0 findings");
}

static void another_chunk_is_found(void **state)
{
    (void)state;
    begin();
    make_file(1);
    uint8_t *wrong = cs_arena_take(&arena, chunks[1].size);
    assert_non_null(wrong);
    memcpy(wrong, chunks[1].data, chunks[1].size);
    wrong[chunks[1].size - 1] ^= 1;
    chunks[1].data = wrong;
    store_chunks(CHUNKS);
    end();
    assert_found(1, ", chunk 1: it is not the one that its file's address names");
}

/* More than its list has, and less than is counted. */
static void counts_that_are_wrong_are_found(void **state)
{
    (void)state;
    begin();
    make_file(1);
    struct cs_bytes whole = blob.list;
    blob.list.size -= CS_HASH_SIZE;
    store_chunks(CHUNKS);
    blob.list = whole;
    end();
    assert_found(1, "it has more chunks than its list");
}

static void a_missing_chunk_is_found(void **state)
{
    (void)state;
    begin();
    make_file(1);
    store_chunks(CHUNKS);
    struct cs_statement *statement;
    assert_ok(
        cs_statement_get(store->database, "DELETE FROM _blob_chunk WHERE number = 2", &statement));
    assert_ok(cs_statement_run(statement));
    end();
    assert_found(2, ", chunk 2: it is missing");
    assert_says(fixture.out, "bytes are counted, it has");
}

static void a_list_of_another_file_is_found(void **state)
{
    (void)state;
    begin();
    make_file(1);
    blob.address[0] ^= 1;
    store_chunks(CHUNKS);
    store_record();
    end();
    assert_found(1, "the list of its file's chunks is not that of its address");
}

/* It would keep every backup from being verified, and anybody can make it. */
static void a_record_that_lies_about_a_file_is_no_damage(void **state)
{
    (void)state;
    begin();
    make_file(1);
    store_chunks(CHUNKS);
    store_record();
    store_record_of(FILE_SIZE + 1);
    end();
    assert_int_equal(findings(), 0);
}

#define FILES_TEST(function) cmocka_unit_test_setup_teardown(function, files_setup, files_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILES_TEST(good_files_are_counted),
        FILES_TEST(another_chunk_is_found),
        FILES_TEST(counts_that_are_wrong_are_found),
        FILES_TEST(a_missing_chunk_is_found),
        FILES_TEST(a_list_of_another_file_is_found),
        FILES_TEST(a_record_that_lies_about_a_file_is_no_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
