/* What the simulations of revocations share: an organisation of four, and revoking and reviewing in one line. */
#ifndef TESTS_SIMULATION_REVOCATION_SCENE_H
#define TESTS_SIMULATION_REVOCATION_SCENE_H

#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include "field-client/replica/revocation.h"
#include "shared/evidence/revocation.h"

#include <stdio.h>
#include <string.h>

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct laptop *security;
    struct laptop *office;
    struct laptop *technician; /* let in by the office */
};

static inline void sync_all(struct scene *scene)
{
    struct laptop *const all[] = {scene->owner, scene->security, scene->office, scene->technician};
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < CS_COUNT(all); i++) {
            laptop_sync_equal(all[i]);
        }
    }
}

static inline void open_scene(struct scene *scene)
{
    universe_open(&scene->universe, cs_registry_core(), 71);
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->security = universe_join(&scene->universe, scene->owner, "赵敏", CS_ROLE(SECURITY));
    scene->office = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(OFFICE));
    laptop_sync_equal(scene->office);
    scene->technician = universe_join(&scene->universe, scene->office, "陈杰", CS_ROLE(TECHNICIAN));
    sync_all(scene);
}

static inline struct cs_id row_of(const struct laptop *laptop)
{
    struct cs_id id;
    cs_certificate_row_id(cs_identity_certificate_id(laptop->identity), &id);
    return id;
}

static inline enum cs_status revoke(struct laptop *by, const struct laptop *laptop,
                                    const char *reason)
{
    struct cs_id device = row_of(laptop);
    struct cs_id made;
    by->universe->problem.text[0] = '\0';
    return cs_revocation_make(by->replica, &device, cs_bytes_of_text(reason), &made,
                              &by->universe->problem);
}

static inline void revoke_now(struct laptop *by, const struct laptop *laptop)
{
    assert_ok(revoke(by, laptop, "笔记本丢失"));
    laptop_sync_equal(by);
}

static inline void assert_problem(const struct scene *scene, const char *part)
{
    if (strstr(scene->universe.problem.text, part) == NULL) {
        print_error("\"%s\" is not in \"%s\"\n", part, scene->universe.problem.text);
    }
    assert_non_null(strstr(scene->universe.problem.text, part));
}

static inline void assert_revoked(struct scene *scene, struct laptop *laptop)
{
    assert_status(laptop_sync(laptop), CS_REVOKED);
    assert_problem(scene, "revoked");
}

/* A visit of the technician's own: it comes back to him. */
static inline struct cs_id new_visit(struct laptop *laptop, const char *note)
{
    char text[64];
    char person[64];
    (void)snprintf(text, sizeof text, "note=%s", note);
    (void)snprintf(person, sizeof person, "technician=%s",
                   id_text(cs_identity_certificate(laptop->identity)->person));
    return laptop_new(laptop, "visit", person, text, NULL);
}

static inline int64_t held(struct laptop *laptop)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    return counts.held;
}

static inline int64_t waiting(struct laptop *laptop)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(laptop->replica, &counts));
    return counts.waiting + counts.packed;
}

/* Decides about all open work that `reviewer` sees, in the order in which it was made. */
static inline size_t list_open(struct laptop *reviewer, struct cs_id *out, size_t capacity)
{
    struct cs_value open = cs_value_text(cs_bytes_of_text("open"));
    struct cs_arena arena;
    struct cs_id *ids;
    size_t count;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_query_find(reviewer->replica, cs_bytes_of_text("held_work"),
                            cs_bytes_of_text("state"), &open, capacity, &arena, &ids, &count,
                            NULL));
    memcpy(out, ids, count * sizeof *ids);
    cs_arena_release(&arena);
    return count;
}

static inline enum cs_status review(struct laptop *reviewer, const struct cs_id *works,
                                    size_t count, const char *decision)
{
    return cs_review_make(reviewer->replica, works, count, decision, cs_bytes_of_text("已核对"),
                          &reviewer->universe->problem);
}

static inline struct cs_id work_with(struct laptop *reviewer, const char *summary)
{
    return laptop_find(reviewer, "held_work", "summary", summary);
}

#endif
