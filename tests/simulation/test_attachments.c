/* Files of attachments between laptops and the server: sent once, fetched by who may read the row and by nobody else, put right when damaged. */
#include "tests/simulation/attachments_scene.h"

#include "shared/base/text.h"
#include "sync-server/stores/blob_store.h"

#define CHUNK ((uint64_t)4096)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static void sync_both(void)
{
    laptop_sync_equal(scene.li);
    laptop_sync_equal(scene.office);
}

static void test_sent_and_fetched(void **state)
{
    static const size_t sizes[] = {0, 1, 4096, 100000};
    struct cs_attachment_added added[CS_COUNT(sizes)];
    (void)state;
    for (size_t i = 0; i < CS_COUNT(sizes); i++) {
        added[i] = add(scene.li, i, sizes[i], CHUNK);
    }
    sync_both();
    struct cs_attachment_sync_result result = run(scene.li);
    assert_int_equal(result.sent, CS_COUNT(sizes));
    assert_int_equal(result.chunks_sent, 1 + 1 + 1 + 25);
    assert_int_equal(result.waiting, 0);
    for (size_t i = 0; i < CS_COUNT(sizes); i++) {
        assert_false(find(scene.office, &added[i].row).kept.held);
        want(scene.office, &added[i].row);
        assert_true(find(scene.li, &added[i].row).kept.confirmed);
    }
    result = run(scene.office);
    assert_int_equal(result.received, CS_COUNT(sizes));
    assert_int_equal(result.chunks_received, 1 + 1 + 1 + 25);
    for (size_t i = 0; i < CS_COUNT(sizes); i++) {
        assert_saved(scene.office, &added[i].row, i, sizes[i]);
        assert_saved(scene.li, &added[i].row, i, sizes[i]);
    }
}

/* Nothing waits: nothing is asked, whatever stands here. */
static void test_no_news_costs_nothing(void **state)
{
    (void)state;
    (void)add(scene.li, 1, 10000, CHUNK);
    sync_both();
    (void)run(scene.li);
    uint64_t before = scene.li->answers;
    struct cs_attachment_sync_result result = run(scene.li);
    assert_int_equal(result.round_trips + result.bytes_up + result.bytes_down, 0);
    assert_int_equal(scene.li->answers, before);
}

/* Records go first: a file whose row is not with the server is not even asked about. */
static void test_the_row_goes_first(void **state)
{
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    struct cs_attachment_sync_result result = run(scene.li);
    assert_int_equal(result.round_trips, 0);
    assert_int_equal(result.waiting, 1);
    sync_both();
    assert_int_equal(run(scene.li).sent, 1);
    assert_true(find(scene.li, &added.row).kept.confirmed);
}

static void test_a_row_that_was_deleted(void **state)
{
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    sync_both();
    assert_ok(laptop_delete(scene.office, "attachment", added.row));
    laptop_sync_equal(scene.office);
    struct cs_attachment_sync_result result = run(scene.li);
    assert_int_equal(result.sent + result.chunks_sent, 0);
    assert_int_equal(result.troubled, 1);
    assert_status(find(scene.li, &added.row).kept.trouble, CS_NOT_FOUND);
    laptop_sync_equal(scene.li);
    result = run(scene.li);
    assert_int_equal(result.round_trips, 0);
    assert_int_equal(result.waiting, 1); /* and it stays on this laptop */
}

/* Whoever may not have the row gets neither the file nor word of it, and puts nothing in its place. */
static void test_another_device(void **state)
{
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    sync_both();
    laptop_sync_equal(scene.zhao);
    assert_int_equal(run(scene.li).sent, 1);
    struct cs_attachment_name names[2] = {{.row = added.row}, {.row = added.row}};
    names[1].row.bytes[15] ^= 1; /* there is no such row */
    uint8_t chunk[100] = {0};
    for (size_t i = 0; i < 2; i++) {
        memcpy(names[i].address, added.address, sizeof names[i].address);
        struct cs_attachment_request requests[] = {
            {.step = CS_ATTACHMENT_FETCH, .with_list = true},
            {.step = CS_ATTACHMENT_DAMAGED},
            {.step = CS_ATTACHMENT_SEND, .chunk = cs_bytes_of_array(chunk)},
        };
        for (size_t j = 0; j < CS_COUNT(requests); j++) {
            struct cs_attachment_answer answer;
            struct cs_arena arena;
            cs_arena_init(&arena, CS_MEBI);
            requests[j].names = &names[i];
            requests[j].name_count = 1;
            assert_ok(ask_by_hand(scene.zhao, &requests[j], &arena, &answer));
            assert_status(answer.refusal, CS_NOT_FOUND);
            assert_string_equal(problem.text,
                                "the server answered: there is no such attachment for this device");
            cs_arena_release(&arena);
        }
    }
    struct cs_attachment_request ask = {.step = CS_ATTACHMENT_ASK, .names = names, .name_count = 2};
    struct cs_attachment_answer answer;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(ask_by_hand(scene.zhao, &ask, &arena, &answer));
    assert_int_equal(answer.response.stored[0] + answer.response.stored[1], 0);
    assert_ok(ask_by_hand(scene.li, &ask, &arena, &answer));
    assert_int_equal(answer.response.stored[0], 3 + 1);
    assert_int_equal(answer.response.stored[1], 0);
    names[0].address[3] ^= 1; /* the row names another file */
    assert_ok(ask_by_hand(scene.li, &ask, &arena, &answer));
    assert_int_equal(answer.response.stored[0], 0);
    cs_arena_release(&arena);
}

/* What the server is given that is not the file. */
static void test_chunks_that_are_not_the_files(void **state)
{
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    sync_both();
    struct cs_attachment_found found = find(scene.li, &added.row);
    struct cs_attachment_file file;
    struct cs_buffer chunk;
    struct cs_arena arena;
    struct cs_attachment_answer answer;
    struct cs_attachment_name name = {.row = added.row};
    memcpy(name.address, added.address, sizeof name.address);
    cs_arena_init(&arena, CS_MEBI);
    cs_buffer_init(&chunk, CS_MEBI);
    assert_ok(cs_attachment_file_open(scene.li->replica, &found.row, CS_ATTACHMENT_WHOLE, &file));
    assert_ok(cs_attachment_file_read(&file, 0, &chunk));
    struct cs_attachment_request request = {.step = CS_ATTACHMENT_SEND,
                                            .names = &name,
                                            .name_count = 1,
                                            .list = cs_buffer_bytes(&file.list),
                                            .chunk = cs_buffer_bytes(&chunk)};
    file.list.data[0] ^= 1;
    assert_ok(ask_by_hand(scene.li, &request, &arena, &answer));
    assert_status(answer.refusal, CS_FORGED);
    file.list.data[0] ^= 1;
    request.list = CS_BYTES_NONE;
    assert_ok(ask_by_hand(scene.li, &request, &arena, &answer));
    assert_status(answer.refusal, CS_MALFORMED);
    request.list = cs_buffer_bytes(&file.list);
    chunk.data[9] ^= 1;
    assert_ok(ask_by_hand(scene.li, &request, &arena, &answer));
    assert_status(answer.refusal, CS_FORGED);
    chunk.data[9] ^= 1;
    request.index = 1; /* a gap: nothing is taken, the answer says where to go on */
    assert_ok(ask_by_hand(scene.li, &request, &arena, &answer));
    assert_status(answer.refusal, CS_OK);
    assert_int_equal(answer.response.stored[0], 0 + 1);
    request.index = 0;
    for (int i = 0; i < 2; i++) { /* the second time it is there already */
        assert_ok(ask_by_hand(scene.li, &request, &arena, &answer));
        assert_status(answer.refusal, CS_OK);
        assert_int_equal(answer.response.stored[0], 1 + 1);
    }
    cs_attachment_file_release(&file);
    cs_buffer_release(&chunk);
    cs_arena_release(&arena);
    assert_int_equal(run(scene.li).chunks_sent, 2);
}

static void test_the_room_of_a_device(void **state)
{
    (void)state;
    scene.universe.attachment_bytes_max = 25000;
    universe_restart_server(&scene.universe);
    struct cs_attachment_added added[3];
    for (size_t i = 0; i < 3; i++) {
        added[i] = add(scene.li, i, 10000, CHUNK);
    }
    sync_both();
    struct cs_attachment_sync_result result = run(scene.li);
    assert_int_equal(result.sent, 2);
    assert_int_equal(result.waiting, 1);
    size_t limited = 0;
    for (size_t i = 0; i < 3; i++) {
        const struct cs_kept_attachment kept = find(scene.li, &added[i].row).kept;
        assert_true(kept.held);
        limited += kept.trouble == CS_LIMIT ? 1 : 0;
    }
    assert_int_equal(limited, 1);
    (void)add(scene.office, 7, 10000, CHUNK); /* another device has its own */
    laptop_sync_equal(scene.office);
    assert_int_equal(run(scene.office).sent, 1);
    scene.universe.attachment_bytes_max = 100000;
    universe_restart_server(&scene.universe);
    assert_int_equal(run(scene.li).sent, 1);
}

/* The list of a file takes room too: otherwise any number of lists could be left without a chunk. */
static void test_lists_take_room(void **state)
{
    static const size_t size = 20 * CHUNK;
    (void)state;
    struct cs_store *store = cs_server_store(scene.universe.server);
    struct cs_attachment_added added = add(scene.li, 1, size, CHUNK);
    uint64_t log = cs_identity_log(scene.li->identity);
    uint64_t bytes = 0;
    sync_both();
    assert_int_equal(run(scene.li).sent, 1);
    assert_ok(cs_store_blob_bytes(store, log, &bytes));
    assert_int_equal(bytes, size + 20 * (CS_AEAD_OVERHEAD + CS_HASH_SIZE));
    struct cs_arena arena;
    struct cs_stored_blob blob;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_blob(store, added.address, &arena, &blob));
    assert_ok(cs_store_cut_blob(store, &blob, 1));
    assert_ok(cs_store_blob_bytes(store, log, &bytes));
    assert_int_equal(bytes, CHUNK + CS_AEAD_OVERHEAD + 20 * CS_HASH_SIZE);
    assert_ok(cs_store_cut_blob(store, &blob, 0));
    assert_ok(cs_store_blob_bytes(store, log, &bytes));
    assert_int_equal(bytes, 0);
    assert_ok(cs_store_commit(store));
    cs_arena_release(&arena);
    scene.universe.attachment_bytes_max = 10 * CS_HASH_SIZE; /* less than its list takes */
    universe_restart_server(&scene.universe);
    universe_advance(&scene.universe, 8 * DAY_MS);
    assert_int_equal(run(scene.li).chunks_sent, 0);
    assert_status(find(scene.li, &added.row).kept.trouble, CS_LIMIT);
    cs_arena_init(&arena, CS_MEBI);
    assert_status(
        cs_store_blob(cs_server_store(scene.universe.server), added.address, &arena, &blob),
        CS_NOT_FOUND);
    cs_arena_release(&arena);
}

/* A server that is set back has lost files too: they are asked about again, and only what it lost is sent. */
static void test_a_server_that_went_back(void **state)
{
    (void)state;
    struct cs_attachment_added first = add(scene.li, 1, 10000, CHUNK);
    struct cs_attachment_added second = add(scene.li, 2, 10000, CHUNK);
    sync_both();
    assert_int_equal(run(scene.li).sent, 2);
    universe_save_server(&scene.universe, "before");
    struct cs_attachment_added third = add(scene.li, 3, 20000, CHUNK);
    sync_both();
    assert_int_equal(run(scene.li).sent, 1);
    universe_set_server_back(&scene.universe, "before");
    struct cs_attachment_sync_result result;
    assert_int_equal(laptop_sync(scene.li), CS_OK);
    assert_ok(laptop_sync(scene.li));
    result = run(scene.li);
    assert_int_equal(result.chunks_sent, 5);
    assert_int_equal(result.waiting, 0);
    assert_ok(laptop_sync(scene.office));
    assert_ok(laptop_sync(scene.office));
    want(scene.office, &first.row);
    want(scene.office, &second.row);
    want(scene.office, &third.row);
    assert_int_equal(run(scene.office).received, 3);
    assert_saved(scene.office, &third.row, 3, 20000);
}

/* One chunk on the server's disk becomes another one. */
static void damage_server(const struct cs_attachment_added *added, uint64_t index)
{
    static uint8_t wrong[CHUNK + CS_AEAD_OVERHEAD];
    struct cs_store *store = cs_server_store(scene.universe.server);
    struct cs_arena arena;
    struct cs_stored_blob blob;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_blob(store, added->address, &arena, &blob));
    struct cs_bytes kept[8];
    uint64_t count = blob.stored;
    for (uint64_t i = index; i < count; i++) {
        assert_ok(cs_store_chunk(store, blob.number, i, &arena, &kept[i]));
    }
    assert_ok(cs_store_cut_blob(store, &blob, index));
    assert_ok(cs_store_add_chunk(store, &blob, cs_bytes_make(wrong, kept[index].size)));
    for (uint64_t i = index + 1; i < count; i++) {
        assert_ok(cs_store_add_chunk(store, &blob, kept[i]));
    }
    assert_ok(cs_store_commit(store));
    cs_arena_release(&arena);
}

static void test_damage_on_the_servers_disk(void **state)
{
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 20000, CHUNK);
    sync_both();
    assert_int_equal(run(scene.li).sent, 1);
    damage_server(&added, 3);
    want(scene.office, &added.row);
    struct cs_attachment_sync_result result = run(scene.office);
    assert_int_equal(result.received, 0);
    assert_int_equal(result.chunks_received, 3);
    assert_status(find(scene.office, &added.row).kept.trouble, CS_CORRUPT);
    assert_int_equal(run(scene.li).round_trips, 0); /* it was confirmed not long ago */
    universe_advance(&scene.universe, 8 * DAY_MS);
    result = run(scene.li);
    assert_int_equal(result.chunks_sent, 2);
    result = run(scene.office);
    assert_int_equal(result.received, 1);
    assert_int_equal(result.chunks_received, 2); /* the others are here already */
    assert_saved(scene.office, &added.row, 1, 20000);
}

/* A device says that a chunk is damaged which is not: nothing goes. */
static void test_damage_that_is_none(void **state)
{
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    sync_both();
    assert_int_equal(run(scene.li).sent, 1);
    for (uint64_t index = 0; index < 5; index++) {
        struct cs_attachment_name name = {.row = added.row};
        struct cs_attachment_request request = {
            .step = CS_ATTACHMENT_DAMAGED, .names = &name, .name_count = 1, .index = index};
        struct cs_attachment_answer answer;
        struct cs_arena arena;
        memcpy(name.address, added.address, sizeof name.address);
        cs_arena_init(&arena, CS_MEBI);
        assert_ok(ask_by_hand(scene.office, &request, &arena, &answer));
        assert_status(answer.refusal, CS_OK);
        assert_int_equal(answer.response.stored[0], 3 + 1);
        cs_arena_release(&arena);
    }
}

/* A row that names the address of another row's file and another size than it was made of. */
static struct cs_id add_false_row(struct laptop *laptop, const struct cs_attachment_added *added,
                                  uint64_t size)
{
    char address[80] = "address=";
    char key[80] = "key=";
    char visit_field[80];
    char size_field[40];
    uint8_t zero[CS_ATTACHMENT_KEY_SIZE] = {0};
    cs_hex_encode(cs_bytes_of_array(added->address), address + strlen(address));
    cs_hex_encode(cs_bytes_of_array(zero), key + strlen(key));
    (void)snprintf(visit_field, sizeof visit_field, "visit=%s", id_text(visit));
    (void)snprintf(size_field, sizeof size_field, "size=%llu", (unsigned long long)size);
    struct cs_id row = laptop_new(laptop, "attachment", visit_field, "file_name=photo.jpg", address,
                                  key, size_field, "chunk_size=4096", NULL);
    laptop_sync_equal(laptop);
    return row;
}

/* Whoever may see a file could have it removed by saying that it is not what a row of his own says. */
static void test_a_row_that_lies_about_a_file(void **state)
{
    static const uint64_t sizes[] = {9999, 20000, 1};
    static const enum cs_attachment_step steps[] = {CS_ATTACHMENT_DAMAGED, CS_ATTACHMENT_FETCH};
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    sync_both();
    assert_int_equal(run(scene.li).sent, 1);
    for (size_t i = 0; i < CS_COUNT(sizes) * CS_COUNT(steps); i++) {
        struct cs_attachment_name name = {
            .row = add_false_row(scene.office, &added, sizes[i / CS_COUNT(steps)])};
        struct cs_attachment_request request = {
            .step = steps[i % CS_COUNT(steps)], .names = &name, .name_count = 1};
        struct cs_attachment_answer answer;
        struct cs_arena arena;
        memcpy(name.address, added.address, sizeof name.address);
        cs_arena_init(&arena, CS_MEBI);
        assert_ok(ask_by_hand(scene.office, &request, &arena, &answer));
        assert_status(answer.refusal, CS_NOT_FOUND);
        cs_arena_release(&arena);
    }
    want(scene.office, &added.row);
    assert_int_equal(run(scene.office).received, 1);
    assert_saved(scene.office, &added.row, 1, 10000);
}

static void test_damage_on_the_laptops_disk(void **state)
{
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    struct cs_attachment_added other = add(scene.li, 2, 10000, CHUNK);
    char path[CS_ATTACHMENT_PATH_MAX];
    sync_both();
    assert_ok(cs_attachment_path(scene.li->replica, added.address, CS_ATTACHMENT_WHOLE, path));
    assert_int_equal(truncate(path, 5000), 0);
    struct cs_attachment_sync_result result = run(scene.li);
    assert_int_equal(result.sent, 1); /* the damaged one holds up no other */
    assert_int_equal(result.troubled, 1);
    assert_status(find(scene.li, &added.row).kept.trouble, CS_CORRUPT);
    assert_true(find(scene.li, &other.row).kept.confirmed);
    assert_ok(cs_attachment_path(scene.li->replica, other.address, CS_ATTACHMENT_WHOLE, path));
    assert_int_equal(truncate(path, 5000), 0);
    struct cs_attachment_found found = find(scene.li, &other.row);
    assert_status(cs_attachment_save(scene.li->replica, &found, scratch("saved.jpg"), &problem),
                  CS_CORRUPT);
    assert_int_equal(run(scene.li).received, 1);
    assert_saved(scene.li, &other.row, 2, 10000);
}

/* A part that was fetched and then damaged is fetched again from there on, and no further. */
static void test_damage_in_a_part(void **state)
{
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 40000, CHUNK);
    struct cs_attachment_sync_result result;
    char path[CS_ATTACHMENT_PATH_MAX];
    sync_both();
    assert_int_equal(run(scene.li).sent, 1);
    want(scene.office, &added.row);
    scene.office->exchanges_left = 6;
    assert_status(try_run(scene.office, &result), CS_UNREACHABLE);
    scene.office->exchanges_left = -1;
    assert_int_equal(result.chunks_received, 6);
    assert_ok(cs_attachment_path(scene.office->replica, added.address, CS_ATTACHMENT_PART, path));
    assert_int_equal(truncate(path, 10 * CS_HASH_SIZE + 4 * (4096 + CS_AEAD_OVERHEAD) + 100), 0);
    result = run(scene.office);
    assert_int_equal(result.received, 1);
    assert_int_equal(result.chunks_received, 10 - 4);
    assert_saved(scene.office, &added.row, 1, 40000);
}

static void test_a_file_that_is_not_there_yet(void **state)
{
    (void)state;
    struct cs_attachment_added added = add(scene.li, 1, 10000, CHUNK);
    sync_both();
    want(scene.office, &added.row);
    struct cs_attachment_sync_result result = run(scene.office);
    assert_int_equal(result.received, 0);
    assert_int_equal(result.waiting, 1);
    assert_status(find(scene.office, &added.row).kept.trouble, CS_UNAVAILABLE);
    assert_int_equal(run(scene.li).sent, 1);
    assert_int_equal(run(scene.office).received, 1);
}

static void test_the_time_that_is_left(void **state)
{
    (void)state;
    struct cs_attachment_sync_result result;
    universe_advance(&scene.universe, 1000);
    const struct cs_attachment_watch late = {.until_ms = 1};
    (void)add(scene.li, 1, 10000, CHUNK);
    sync_both();
    assert_ok(cs_attachment_sync_run(scene.li->replica, &late, &result, &problem));
    assert_int_equal(result.round_trips, 0);
    assert_int_equal(result.waiting, 1);
}

static void test_the_quota_of_who_fetches(void **state)
{
    (void)state;
    struct cs_attachment_added first = add(scene.li, 1, 10000, CHUNK);
    struct cs_attachment_added second = add(scene.li, 2, 10000, CHUNK);
    sync_both();
    assert_int_equal(run(scene.li).sent, 2);
    assert_ok(cs_replica_meta_set_number(scene.office->replica, "attachments.quota_bytes", 15000));
    want(scene.office, &first.row);
    assert_int_equal(run(scene.office).received, 1);
    want(scene.office, &second.row);
    assert_int_equal(run(scene.office).received, 1);
    assert_false(find(scene.office, &first.row).kept.held);
    assert_ok(cs_replica_meta_set_number(scene.office->replica, "attachments.quota_bytes", 5000));
    want(scene.office, &first.row);
    assert_int_equal(run(scene.office).received, 0);
    assert_status(find(scene.office, &first.row).kept.trouble, CS_DISK_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTACHMENT_TEST(test_sent_and_fetched),
        ATTACHMENT_TEST(test_no_news_costs_nothing),
        ATTACHMENT_TEST(test_the_row_goes_first),
        ATTACHMENT_TEST(test_a_row_that_was_deleted),
        ATTACHMENT_TEST(test_another_device),
        ATTACHMENT_TEST(test_chunks_that_are_not_the_files),
        ATTACHMENT_TEST(test_the_room_of_a_device),
        ATTACHMENT_TEST(test_lists_take_room),
        ATTACHMENT_TEST(test_a_server_that_went_back),
        ATTACHMENT_TEST(test_damage_on_the_servers_disk),
        ATTACHMENT_TEST(test_damage_that_is_none),
        ATTACHMENT_TEST(test_a_row_that_lies_about_a_file),
        ATTACHMENT_TEST(test_damage_on_the_laptops_disk),
        ATTACHMENT_TEST(test_damage_in_a_part),
        ATTACHMENT_TEST(test_a_file_that_is_not_there_yet),
        ATTACHMENT_TEST(test_the_time_that_is_left),
        ATTACHMENT_TEST(test_the_quota_of_who_fetches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
