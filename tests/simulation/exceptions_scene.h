/* What the tests of exceptions share: an owner, an office and a technician, and counting what is open. */
#ifndef TESTS_SIMULATION_EXCEPTIONS_SCENE_H
#define TESTS_SIMULATION_EXCEPTIONS_SCENE_H

#include "shared/rows/signed_content.h"
#include "tests/simulation/hostile.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define LAPTOPS 3

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct laptop *office;
    struct laptop *technician;
    struct cs_id worker; /* the technician as a person */
    char person[80];     /* "technician=…" */
};

static inline void sync_all(struct scene *scene)
{
    for (int round = 0; round < 2; round++) {
        laptop_sync_equal(scene->owner);
        laptop_sync_equal(scene->technician);
        laptop_sync_equal(scene->office);
        universe_advance(&scene->universe, 1000);
    }
}

static inline void scene_open(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 73);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->office = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(OFFICE));
    scene->technician = universe_join(&scene->universe, scene->owner, "张伟", CS_ROLE(TECHNICIAN));
    sync_all(scene);
    scene->worker = laptop_find(scene->owner, "person", "name", "张伟");
    (void)snprintf(scene->person, sizeof scene->person, "technician=%s", id_text(scene->worker));
}

/* All six orders in which three laptops can sync; then everybody hears of it. */
static inline void sync_in_order(struct scene *scene, int order)
{
    static const unsigned char orders[6][LAPTOPS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    struct laptop *laptops[LAPTOPS] = {scene->owner, scene->office, scene->technician};
    for (size_t i = 0; i < LAPTOPS; i++) {
        laptop_sync_equal(laptops[orders[order][i]]);
        universe_advance(&scene->universe, 1000);
    }
    sync_all(scene);
}

static inline enum cs_status count_row(void *context, const struct cs_stored_row *row)
{
    (void)row;
    ++*(int64_t *)context;
    return CS_OK;
}

/* Exceptions of a kind in a state, at the office. */
static inline int64_t count_in_state(struct scene *scene, const char *kind, const char *state)
{
    int64_t count = 0;
    const struct cs_query_filter filters[] = {
        {cs_bytes_of_text("kind"), cs_bytes_of_text(kind)},
        {cs_bytes_of_text("state"), cs_bytes_of_text(state)},
    };
    assert_ok(cs_query_list(scene->office->replica, cs_bytes_of_text("exception"), filters,
                            CS_COUNT(filters), count_row, &count, &scene->universe.problem));
    return count;
}

static inline int64_t open_of(struct scene *scene, const char *kind)
{
    return count_in_state(scene, kind, "open");
}

static inline int64_t episodes_of(struct scene *scene, const char *kind)
{
    return laptop_count(scene->office, "exception", "kind", kind);
}

static inline struct cs_id first_open(struct scene *scene, const char *kind)
{
    struct cs_arena arena;
    struct cs_id *ids;
    size_t count = 0;
    struct cs_id found = {{0}};
    struct cs_value value = cs_value_text(cs_bytes_of_text(kind));
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_query_find(scene->office->replica, cs_bytes_of_text("exception"),
                            cs_bytes_of_text("kind"), &value, 1000, &arena, &ids, &count, NULL));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(laptop_text(scene->office, "exception", ids[i], "state"), "open") == 0) {
            found = ids[i];
        }
    }
    assert_false(cs_id_is_zero(&found));
    cs_arena_release(&arena);
    return found;
}

static inline const char *field(const char *name, struct cs_id id)
{
    static char texts[4][96];
    static size_t next;
    char *text = texts[next++ % 4];
    (void)snprintf(text, sizeof texts[0], "%s=%s", name, id_text(id));
    return text;
}

/* "name=text-N": keys that differ from one order to the next. */
static inline const char *numbered(const char *start, int number)
{
    static char texts[4][96];
    static size_t next;
    char *text = texts[next++ % 4];
    (void)snprintf(text, sizeof texts[0], "%s-%d", start, number);
    return text;
}

static inline struct cs_id new_order(struct scene *scene, int number)
{
    return laptop_new(scene->office, "work_order", numbered("number=W", number), scene->person,
                      "status=assigned", NULL);
}

/* A receipt as the laptop would sign it now, with any number. */
static inline struct cs_id new_receipt(struct laptop *laptop, struct cs_id visit,
                                       const char *number)
{
    uint8_t digest[CS_HASH_SIZE];
    assert_ok(cs_signed_content_hash(
        cs_replica_tables(laptop->replica),
        cs_registry_find(cs_registry_core(), cs_bytes_of_text("visit")), &visit, digest));
    char hex[160] = "visit_digest=";
    for (size_t i = 0; i < sizeof digest; i++) {
        (void)snprintf(hex + strlen(hex), 3, "%02x", digest[i]);
    }
    return laptop_new(laptop, "receipt", number, field("visit", visit), "signer=陈主任",
                      "signed_at=2026-03-02T10:00:00+08:00", "record=00", hex, NULL);
}

static inline struct cs_id new_void(struct laptop *laptop, const char *number, const char *about)
{
    return laptop_new(laptop, "receipt_void", number, "reason=写错",
                      "voided_at=2026-03-02T11:00:00+08:00", "record=00", about, NULL);
}

#endif
