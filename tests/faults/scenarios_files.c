/* Files of visits, and bundles on a stick, see sweep.h and scenarios.h. */
#include "tests/faults/scenarios.h"

#include "field-client/attachments/attachment_sync.h"
#include "tests/faults/scenario_steps.h"
#include "tests/simulation/bundle_scene.h"

#include <unistd.h>

/* ids: the visit, and the attachment once it is added. */
#define VISIT 0
#define PHOTO 1
#define PHOTO_SIZE ((size_t)10000) /* three chunks */
#define CHUNK_SIZE CS_ATTACHMENT_CHUNK_MIN

static const char *path_beside(struct sweep *sweep, const char *name)
{
    static char paths[2][256];
    static size_t next;
    char *path = paths[next++ % 2];
    (void)snprintf(path, sizeof paths[0], "%s/%s", sweep->scene.universe.folder, name);
    return path;
}

/* Bytes that no compression makes smaller. */
static uint8_t photo_byte(size_t i)
{
    uint64_t z = (i + 1) * 0xbf58476d1ce4e5b9u;
    return (uint8_t)((z ^ (z >> 29)) >> 17);
}

static void prepare_attachment(struct sweep *sweep)
{
    sweep_prepare_two(sweep);
    FILE *file = fopen(path_beside(sweep, "photo.jpg"), "wb");
    assert_non_null(file);
    for (size_t i = 0; i < PHOTO_SIZE; i++) {
        assert_int_not_equal(putc(photo_byte(i), file), EOF);
    }
    assert_int_equal(fclose(file), 0);
    struct cs_id request =
        laptop_new(sweep->laptops[0], "service_request", "reported_fault=停机", NULL);
    struct cs_id order = laptop_new(sweep->laptops[0], "work_order", "number=W-1",
                                    field_of_id("request", &request), NULL);
    sweep->ids[VISIT] =
        laptop_new(sweep->laptops[0], "visit", field_of_id("work_order", &order), NULL);
    sweep_sync_both(sweep);
}

static enum cs_status add_photo(struct sweep *sweep)
{
    struct laptop *laptop = sweep->laptops[0];
    struct cs_attachment_added added;
    const struct cs_attachment_new what = {.visit = sweep->ids[VISIT],
                                           .path = path_beside(sweep, "photo.jpg"),
                                           .chunk_size = CHUNK_SIZE};
    int64_t there = 0;
    enum cs_status status =
        cs_query_count(laptop->replica, "attachment", "file_name", "photo.jpg", &there);
    if (status != CS_OK || there > 0) {
        return status;
    }
    return cs_attachment_add(laptop->replica, &what, &added, &sweep->scene.universe.problem);
}

static enum cs_status find_photo(struct sweep *sweep, struct laptop *laptop,
                                 struct cs_attachment_found *out)
{
    struct cs_arena arena;
    struct cs_value name = cs_value_text(cs_bytes_of_text("photo.jpg"));
    struct cs_id *ids = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status =
        cs_query_find(laptop->replica, cs_bytes_of_text("attachment"),
                      cs_bytes_of_text("file_name"), &name, 2, &arena, &ids, &count, NULL);
    if (status == CS_OK) {
        assert_int_equal(count, 1);
        status = cs_attachment_find(laptop->replica, cs_bytes_of_text(id_text(ids[0])), &arena, out,
                                    &sweep->scene.universe.problem);
        out->row.file_name = out->row.media_type = CS_BYTES_NONE; /* they lived in the arena */
    }
    cs_arena_release(&arena);
    return status;
}

/* What could not be sent or fetched now is tried again; people see that it waits. */
static enum cs_status exchange_files(struct sweep *sweep, struct laptop *laptop)
{
    struct cs_attachment_sync_result result;
    enum cs_status status =
        cs_attachment_sync_run(laptop->replica, NULL, &result, &sweep->scene.universe.problem);
    return status == CS_OK && result.waiting > 0 ? CS_UNAVAILABLE : status;
}

static enum cs_status send_photo(struct sweep *sweep)
{
    return exchange_files(sweep, sweep->laptops[0]);
}

static enum cs_status fetch_photo(struct sweep *sweep)
{
    struct cs_attachment_found found;
    enum cs_status status = find_photo(sweep, sweep->laptops[1], &found);
    if (status == CS_OK) {
        status = cs_attachment_want(sweep->laptops[1]->replica, &found);
    }
    return status != CS_OK ? status : exchange_files(sweep, sweep->laptops[1]);
}

static void assert_photo(struct sweep *sweep, struct laptop *laptop)
{
    struct cs_attachment_found found;
    const char *path = path_beside(sweep, "saved.jpg");
    assert_ok(find_photo(sweep, laptop, &found));
    enum cs_status status =
        cs_attachment_save(laptop->replica, &found, path, &sweep->scene.universe.problem);
    if (status != CS_OK) {
        fail_msg("%s: %s", cs_status_name(status), sweep->scene.universe.problem.text);
    }
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t i = 0; i < PHOTO_SIZE; i++) {
        assert_int_equal(fgetc(file), photo_byte(i));
    }
    assert_int_equal(fgetc(file), EOF);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(unlink(path), 0);
}

/* A file whose row was recorded is there, all of it. */
static void whole_photo(struct sweep *sweep)
{
    if (laptop_count(sweep->laptops[0], "attachment", "file_name", "photo.jpg") > 0) {
        assert_photo(sweep, sweep->laptops[0]);
    }
}

static void finish_attachment(struct sweep *sweep)
{
    sweep_sync_both(sweep);
    for (size_t i = 0; i < 2; i++) {
        sweep_assert_pending(sweep->laptops[i], 0, 0);
        assert_int_equal(laptop_count(sweep->laptops[i], "attachment", "file_name", "photo.jpg"),
                         1);
        assert_photo(sweep, sweep->laptops[i]);
    }
    sweep_assert_never_back(sweep);
}

const struct sweep_scenario scenario_attachment = {
    .name = "a photo, sent and fetched",
    .prepare = prepare_attachment,
    .steps = {add_photo, sweep_sync_first, send_photo, sweep_sync_second, fetch_photo},
    .finish = finish_attachment,
    .whole = whole_photo,
};

/* ---- A bundle to the server and back; the stick is no part of a machine that fails ---- */

static void prepare_bundle(struct sweep *sweep)
{
    sweep_prepare_two(sweep);
    (void)laptop_new(sweep->laptops[0], "part", "code=N-1", "name=硬盘", NULL);
    laptop_sync_equal(sweep->laptops[0]);
    (void)laptop_new(sweep->laptops[1], "part", "code=B-1", "name=电池", NULL);
    assert_ok(laptop_set(sweep->laptops[1], "part", sweep->ids[0], "unit=个", NULL));
}

static enum cs_status export_work(struct sweep *sweep)
{
    struct cs_bundle_made made;
    return cs_bundle_export(sweep->laptops[1]->replica, stick_path(&sweep->scene.universe, "up"),
                            true, &made, &sweep->scene.universe.problem);
}

/* What the server says of each part is a status of its own. */
static enum cs_status take_parts(struct sweep *sweep, struct cs_bundle_reader *reader)
{
    struct cs_buffer part;
    enum cs_status status = CS_OK;
    bool more = true;
    cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
    while (status == CS_OK && more) {
        struct cs_bundle_taken taken = {.status = CS_OK};
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        cs_buffer_clear(&part);
        status = cs_bundle_reader_next(reader, &part, &more);
        if (status == CS_OK && more) {
            status = cs_server_take_bundle_part(sweep->scene.universe.server,
                                                cs_buffer_bytes(&part), &arena, &taken);
        }
        status = status == CS_OK ? taken.status : status;
        cs_arena_release(&arena);
    }
    cs_buffer_release(&part);
    return status;
}

static enum cs_status take_work(struct sweep *sweep)
{
    struct cs_bundle_reader reader;
    const struct cs_bundle_expected any = {CS_BUNDLE_TO_SERVER, NULL, NULL, NULL};
    enum cs_status status = cs_bundle_reader_open(stick_path(&sweep->scene.universe, "up"), &any,
                                                  &reader, &sweep->scene.universe.problem);
    if (status == CS_OK) {
        status = take_parts(sweep, &reader);
        cs_bundle_reader_close(&reader);
    }
    return status;
}

static enum cs_status write_parts(struct sweep *sweep, struct cs_bundle_export *bundle,
                                  struct cs_bundle_writer *writer)
{
    struct cs_buffer part;
    uint64_t size;
    bool more = true;
    enum cs_status status = CS_OK;
    cs_buffer_init(&part, CS_BUNDLE_PART_MAX);
    while (status == CS_OK && more) {
        cs_buffer_clear(&part);
        status = cs_server_export_next(bundle, &part, &more);
        if (status == CS_OK && more) {
            status = cs_bundle_writer_add(writer, cs_buffer_bytes(&part));
        }
    }
    cs_buffer_release(&part);
    return status != CS_OK ? status
                           : cs_bundle_writer_finish(writer, &size, &sweep->scene.universe.problem);
}

static enum cs_status export_news(struct sweep *sweep)
{
    struct universe *universe = &sweep->scene.universe;
    struct cs_bundle_header header = {.direction = CS_BUNDLE_TO_DEVICE, .made_ms = 1};
    struct cs_bundle_export *bundle = NULL;
    struct cs_bundle_writer *writer = NULL;
    memcpy(header.recipient, certificate_of(sweep->laptops[1]), CS_HASH_SIZE);
    enum cs_status status =
        cs_server_export_begin(universe->server, header.recipient, &bundle, &universe->problem);
    if (status == CS_OK) {
        status = cs_server_bundle_names(universe->server, header.organisation, header.sender);
    }
    if (status == CS_OK) {
        status = cs_bundle_writer_begin(stick_path(universe, "down"), &header, true, &writer,
                                        &universe->problem);
    }
    if (status == CS_OK) {
        status = write_parts(sweep, bundle, writer);
    }
    cs_bundle_writer_end(writer);
    cs_server_export_end(bundle);
    return status;
}

static enum cs_status import_news(struct sweep *sweep)
{
    struct cs_bundle_imported imported;
    cs_bundle_imported_init(&imported);
    enum cs_status status =
        cs_bundle_import(sweep->laptops[1]->replica, stick_path(&sweep->scene.universe, "down"),
                         &imported, &sweep->scene.universe.problem);
    if (status == CS_OK && !imported.already) {
        assert_int_equal(imported.sync.digest, CS_SYNC_DIGEST_EQUAL);
    }
    cs_bundle_imported_release(&imported);
    return status;
}

static void whole_bundle(struct sweep *sweep)
{
    struct laptop *laptop = sweep->laptops[1];
    struct cs_pending_counts counts;
    int64_t news = laptop_count(laptop, "part", "code", "N-1");
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    assert_int_equal(counts.waiting + counts.packed, news == 0 ? 2 : 0);
    assert_int_equal(laptop_count(laptop, "part", "code", "B-1"), 1);
    assert_string_equal(laptop_text(laptop, "part", sweep->ids[0], "unit"), "个");
}

static void finish_bundle(struct sweep *sweep)
{
    sweep_assert_pending(sweep->laptops[1], 0, 0);
    assert_int_equal(laptop_count(sweep->laptops[1], "part", "code", "N-1"), 1);
    sweep_sync_both(sweep);
    assert_int_equal(laptop_count(sweep->laptops[0], "part", "code", "B-1"), 1);
    assert_string_equal(laptop_text(sweep->laptops[0], "part", sweep->ids[0], "unit"), "个");
    sweep_assert_never_back(sweep);
}

const struct sweep_scenario scenario_bundle = {
    .name = "a bundle and its answer",
    .prepare = prepare_bundle,
    .steps = {export_work, take_work, export_news, import_news},
    .finish = finish_bundle,
    .whole = whole_bundle,
};
