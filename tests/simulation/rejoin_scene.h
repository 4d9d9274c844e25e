/* What the simulations of joining again share: an organisation of two, one of whose disks is copied or set back. */
#ifndef TESTS_SIMULATION_REJOIN_SCENE_H
#define TESTS_SIMULATION_REJOIN_SCENE_H

#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include "field-client/replica/doctor.h"
#include "field-client/replica/rejoin.h"

#include <string.h>

struct scene {
    struct universe universe;
    struct laptop *owner;
    struct laptop *office;
    struct laptop *copy; /* of the office's */
    struct cs_id known;  /* a part that everyone has */
};

static inline void open_scene(struct scene *scene, uint64_t seed)
{
    universe_open(&scene->universe, cs_registry_core(), seed);
    scene->copy = NULL;
    scene->owner = universe_found(&scene->universe, "王芳");
    laptop_sync_equal(scene->owner);
    scene->office = universe_join(&scene->universe, scene->owner, "李强", CS_ROLE(OFFICE));
    laptop_sync_equal(scene->office);
    scene->known = laptop_new(scene->office, "part", "code=K-1", "name=电源", NULL);
    laptop_sync_equal(scene->office);
    laptop_sync_equal(scene->owner);
}

static inline void check_healthy(struct laptop *laptop)
{
    struct cs_doctor_report report;
    assert_ok(cs_doctor_run(laptop->replica, NULL, NULL, &report));
    assert_int_equal(report.findings, 0);
}

/* All laptops sync until nothing moves; then they must be the same. */
static inline void check_all_equal(struct scene *scene)
{
    struct cs_multiset first;
    struct cs_multiset other;
    struct laptop *const laptops[] = {scene->owner, scene->office, scene->copy};
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < CS_COUNT(laptops); i++) {
            if (laptops[i] != NULL) {
                laptop_sync_equal(laptops[i]);
                check_healthy(laptops[i]);
            }
        }
    }
    laptop_sync_equal(scene->owner);
    laptop_sync_equal(scene->office);
    laptop_fingerprint(scene->owner, &first);
    laptop_fingerprint(scene->office, &other);
    assert_memory_equal(&first, &other, sizeof first);
    if (scene->copy != NULL) {
        laptop_sync_equal(scene->copy);
        laptop_fingerprint(scene->copy, &other);
        assert_memory_equal(&first, &other, sizeof first);
    }
}

static inline int64_t parts(struct scene *scene, const char *code)
{
    return laptop_count(scene->owner, "part", "code", code);
}

/* Told in plain words, and noted for good. */
static inline void check_told(struct laptop *laptop)
{
    enum cs_status reason = CS_OK;
    assert_status(laptop_sync(laptop), CS_FORKED);
    assert_non_null(strstr(laptop->universe->problem.text, "copied or restored"));
    assert_ok(cs_rejoin_reason(laptop->replica, &reason));
    assert_int_equal(reason, CS_FORKED);
    laptop_restart(laptop);
    assert_ok(cs_rejoin_reason(laptop->replica, &reason));
    assert_int_equal(reason, CS_FORKED);
}

static inline void rejoin(struct scene *scene, struct laptop *laptop, uint64_t carried)
{
    uint64_t count = 0;
    enum cs_status reason = CS_OK;
    enum cs_status status = laptop_join_again(laptop, scene->owner);
    if (status != CS_OK) {
        print_error("%s\n", scene->universe.problem.text);
    }
    assert_ok(status);
    assert_ok(cs_rejoin_carried(laptop->replica, &count));
    assert_int_equal(count, carried);
    assert_ok(cs_rejoin_reason(laptop->replica, &reason));
    assert_int_equal(reason, CS_OK);
    check_healthy(laptop);
}

#endif
