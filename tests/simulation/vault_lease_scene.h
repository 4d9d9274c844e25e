/* Leases in the scene of vaults: taken, answered, looked at. */
#ifndef TESTS_SIMULATION_VAULT_LEASE_SCENE_H
#define TESTS_SIMULATION_VAULT_LEASE_SCENE_H

#include "field-client/replica/kept_leases.h"
#include "field-client/vault/lease.h"
#include "tests/simulation/vault_scene.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

/* As try_lease, for three days; scene->version alone. */
static inline enum cs_status try_lease_until(struct vault_scene *scene, struct laptop *laptop,
                                             int64_t expires_ms, uint8_t *out_id)
{
    struct cs_vault_book *book = NULL;
    const struct cs_vault_lease_wish wish = {.vault = scene->vault,
                                             .work_order = scene->work_order,
                                             .versions = cs_id_bytes(&scene->version),
                                             .reason = cs_bytes_of_text("下周现场检修"),
                                             .expires_ms = expires_ms};
    scene->universe.problem.text[0] = '\0';
    enum cs_status status = cs_vault_book_open(laptop->replica, &book);
    if (status == CS_OK) {
        status = cs_vault_lease_take(book, &wish, out_id, &scene->universe.problem);
    }
    cs_vault_book_close(book);
    return status;
}

static inline enum cs_status try_lease(struct vault_scene *scene, struct laptop *laptop,
                                       uint8_t *out_id)
{
    return try_lease_until(scene, laptop, laptop->fake.wall_ms + 3 * DAY_MS, out_id);
}

/* Taken and answered. */
static inline void lease(struct vault_scene *scene, struct laptop *laptop, uint8_t *out_id)
{
    vault_sync(scene, laptop);
    assert_ok(try_lease(scene, laptop, out_id));
    vault_sync(scene, laptop);
    assert_int_equal(scene->last.refused, 0);
}

static inline enum cs_status try_reveal(struct vault_scene *scene, struct laptop *laptop,
                                        struct cs_secret **out)
{
    struct cs_vault_book *book = NULL;
    const struct cs_vault_lease_view view = {
        .vault = scene->vault, .version = scene->version, .reason = cs_bytes_of_text("更换电源")};
    scene->universe.problem.text[0] = '\0';
    *out = NULL;
    enum cs_status status = cs_vault_book_open(laptop->replica, &book);
    if (status == CS_OK) {
        status = cs_vault_lease_reveal(book, &view, out, &scene->universe.problem);
    }
    cs_vault_book_close(book);
    return status;
}

/* Refused so, with nothing shown and no reveal queued. */
static inline void assert_not_shown(struct vault_scene *scene, struct laptop *laptop,
                                    enum cs_status expected, const char *text)
{
    struct cs_secret *secret = NULL;
    assert_says(scene, try_reveal(scene, laptop, &secret), expected, text);
    assert_null(secret);
}

static inline struct cs_vault_settled settle(struct laptop *laptop)
{
    struct cs_vault_settled settled;
    assert_ok(cs_vault_leases_settle(laptop->replica, &settled));
    return settled;
}

/* Records of this kind that wait to be sent. */
static inline int64_t queued_count(struct laptop *laptop, enum cs_vault_kind kind)
{
    struct cs_arena arena;
    struct cs_queued_record *list = NULL;
    size_t count = 0;
    int64_t found = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_queued_records(laptop->replica, false, 1000, &arena, &list, &count));
    for (size_t i = 0; i < count; i++) {
        struct cs_vault_record record;
        assert_ok(cs_vault_record_decode(list[i].record, &record));
        found += record.kind == kind ? 1 : 0;
    }
    cs_arena_release(&arena);
    return found;
}

/* The newest lease of this laptop, as its list tells it. */
static inline void assert_lease(struct laptop *laptop, size_t count,
                                enum cs_vault_lease_state state, enum cs_vault_lease_end end)
{
    struct cs_arena arena;
    struct cs_vault_lease *list = NULL;
    size_t found = 0;
    struct cs_vault_book *book = open_book(laptop);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_vault_leases(book, &arena, &list, &found));
    assert_int_equal(found, count);
    assert_int_equal(list[found - 1].state, state);
    assert_int_equal(list[found - 1].end, end);
    cs_arena_release(&arena);
    cs_vault_book_close(book);
}

#endif
