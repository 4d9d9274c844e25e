/* Visits with files: added on one laptop, sent, fetched on another; and requests made by hand. */
#ifndef TESTS_SIMULATION_ATTACHMENTS_SCENE_H
#define TESTS_SIMULATION_ATTACHMENTS_SCENE_H

#include "field-client/attachments/sync_internal.h"
#include "tests/simulation/scopes_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct scene scene;
static struct cs_id visit; /* of li, which zhao may not see */
static struct cs_problem problem;

static int setup(void **state)
{
    char field[96];
    (void)state;
    memset(&scene, 0, sizeof scene);
    open_scene(&scene);
    (void)snprintf(field, sizeof field, "work_order=%s", id_text(scene.order_a));
    visit = laptop_new(scene.li, "visit", field, NULL);
    laptop_sync_equal(scene.li);
    laptop_sync_equal(scene.office);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    universe_close(&scene.universe);
    return 0;
}

/* Bytes that no compression makes smaller. */
static inline uint8_t content_byte(uint64_t seed, size_t i)
{
    uint64_t z = (seed * 0x9e3779b97f4a7c15u + i) * 0xbf58476d1ce4e5b9u;
    return (uint8_t)((z ^ (z >> 29)) >> 17);
}

static inline const char *scratch(const char *name)
{
    static char paths[4][256];
    static size_t next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", scene.universe.folder, name);
    return path;
}

static inline struct cs_attachment_added add(struct laptop *laptop, uint64_t seed, size_t size,
                                             uint64_t chunk_size)
{
    struct cs_attachment_added added;
    const struct cs_attachment_new what = {
        .visit = visit, .path = scratch("photo.jpg"), .chunk_size = chunk_size};
    FILE *file = fopen(what.path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++) {
        (void)putc_unlocked(content_byte(seed, i), file);
    }
    assert_int_equal(fclose(file), 0);
    problem = (struct cs_problem){""};
    enum cs_status status = cs_attachment_add(laptop->replica, &what, &added, &problem);
    if (status != CS_OK) {
        fail_msg("%s: %s", cs_status_name(status), problem.text);
    }
    return added;
}

static inline struct cs_attachment_found find(struct laptop *laptop, const struct cs_id *row)
{
    struct cs_attachment_found found;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_attachment_find(laptop->replica, cs_bytes_of_text(id_text(*row)), &arena, &found,
                                 &problem));
    found.row.file_name = found.row.media_type = CS_BYTES_NONE; /* they lived in the arena */
    cs_arena_release(&arena);
    return found;
}

static inline void want(struct laptop *laptop, const struct cs_id *row)
{
    struct cs_attachment_found found = find(laptop, row);
    assert_ok(cs_attachment_want(laptop->replica, &found));
}

static inline enum cs_status try_run(struct laptop *laptop, struct cs_attachment_sync_result *out)
{
    problem = (struct cs_problem){""};
    return cs_attachment_sync_run(laptop->replica, NULL, out, &problem);
}

static inline struct cs_attachment_sync_result run(struct laptop *laptop)
{
    struct cs_attachment_sync_result result;
    enum cs_status status = try_run(laptop, &result);
    if (status != CS_OK) {
        fail_msg("%s: %s", cs_status_name(status), problem.text);
    }
    return result;
}

static inline void assert_saved(struct laptop *laptop, const struct cs_id *row, uint64_t seed,
                                size_t size)
{
    const char *path = scratch("saved.jpg");
    struct cs_attachment_found found = find(laptop, row);
    enum cs_status status = cs_attachment_save(laptop->replica, &found, path, &problem);
    if (status != CS_OK) {
        fail_msg("%s: %s", cs_status_name(status), problem.text);
    }
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++) {
        if (getc_unlocked(file) != content_byte(seed, i)) {
            fail_msg("byte %zu is another one", i);
        }
    }
    assert_int_equal(fgetc(file), EOF);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(unlink(path), 0);
}

/* One request as the device could make it, whatever its program allows; the server's refusal is in `out`. */
static inline enum cs_status ask_by_hand(struct laptop *laptop,
                                         struct cs_attachment_request *request,
                                         struct cs_arena *arena, struct cs_attachment_answer *out)
{
    struct cs_attachment_sync_result result = {.sent = 0};
    struct cs_buffer bytes;
    struct cs_attachment_run by_hand = {
        .replica = laptop->replica, .result = &result, .problem = &problem};
    cs_buffer_init(&bytes, 16);
    assert_ok(cs_replica_meta_bytes(laptop->replica, "incarnation", &bytes));
    assert_int_equal(bytes.size, 16);
    memcpy(by_hand.incarnation, bytes.data, 16);
    cs_buffer_release(&bytes);
    return cs_attachment_exchange(&by_hand, request, arena, out);
}

#define ATTACHMENT_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
