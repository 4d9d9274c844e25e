/* Scenarios in which something had gone wrong before, see sweep.h and scenarios.h. */
#include "tests/faults/scenarios.h"

#include "tests/faults/scenario_steps.h"

/* ---- A server that went back ---- */

static void prepare_went_back(struct sweep *sweep)
{
    sweep_prepare_two(sweep);
    universe_save_server(&sweep->scene.universe, "yesterday");
    (void)laptop_new(sweep->laptops[0], "part", "code=T-1", "name=硬盘", NULL);
    assert_ok(laptop_set(sweep->laptops[1], "part", sweep->ids[0], "unit=个", NULL));
    sweep_sync_both(sweep);
    universe_set_server_back(&sweep->scene.universe, "yesterday");
}

static void finish_went_back(struct sweep *sweep)
{
    sweep_sync_both(sweep);
    for (size_t i = 0; i < 2; i++) {
        sweep_assert_pending(sweep->laptops[i], 0, 0);
        assert_int_equal(laptop_count(sweep->laptops[i], "part", "code", "T-1"), 1);
        assert_string_equal(laptop_text(sweep->laptops[i], "part", sweep->ids[0], "unit"), "个");
    }
    assert_true(laptop_count(sweep->laptops[0], "exception", "kind", "server_went_back") > 0);
}

const struct sweep_scenario scenario_went_back = {
    .name = "a server that went back",
    .prepare = prepare_went_back,
    .steps = {sweep_sync_first, sweep_sync_second, sweep_sync_first},
    .finish = finish_went_back,
};

/* ---- Rows of a replica that are otherwise than the server's are found and put right ---- */

static void prepare_repair(struct sweep *sweep)
{
    sweep_prepare_two(sweep);
    struct laptop *laptop = sweep->laptops[1];
    laptop->damaged = true;
    assert_ok(cs_database_execute(cs_replica_database(laptop->replica),
                                  "UPDATE part SET name = '别的' WHERE code = 'P-0';"
                                  "DELETE FROM part WHERE code = 'P-1';"
                                  "UPDATE _scope SET digest = zeroblob(32)"));
}

/* Where a side cannot compare, the sync ends without failure and says that both differ: people see that it is not done. */
static enum cs_status sync_damaged(struct sweep *sweep)
{
    struct laptop *laptop = sweep->laptops[1];
    enum cs_status status = laptop_sync(laptop);
    if (status != CS_OK) {
        return status;
    }
    laptop->damaged = laptop->last.digest != CS_SYNC_DIGEST_EQUAL;
    return laptop->damaged ? CS_UNAVAILABLE : CS_OK;
}

static void finish_repair(struct sweep *sweep)
{
    assert_string_equal(laptop_text(sweep->laptops[1], "part", sweep->ids[0], "name"), "电源");
    assert_string_equal(laptop_text(sweep->laptops[1], "part", sweep->ids[1], "name"), "网线");
    laptop_sync_equal(sweep->laptops[0]);
    assert_int_equal(laptop_count(sweep->laptops[0], "exception", "kind", "replica_differed"), 1);
}

const struct sweep_scenario scenario_repair = {
    .name = "a damaged replica that is put right",
    .prepare = prepare_repair,
    .steps = {sync_damaged, sweep_sync_second},
    .finish = finish_repair,
};
