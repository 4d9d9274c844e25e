/* A visit, from its start to the office, see sweep.h and scenarios.h. Every step is one local transaction, and looks first whether it was done. */
#include "tests/faults/scenarios.h"

#include "field-client/visit/visit.h"
#include "tests/faults/scenario_steps.h"

/* ids: the visit once it is started, and its order. */
#define VISIT 0
#define ORDER 1

static struct laptop *technician_of(struct sweep *sweep)
{
    return sweep->laptops[1];
}

static void prepare_visit(struct sweep *sweep)
{
    struct laptop *office = universe_found(&sweep->scene.universe, "王芳");
    sweep->laptops[0] = office;
    laptop_sync_equal(office);
    sweep->laptops[1] = universe_join(&sweep->scene.universe, office, "李强", CS_ROLE(TECHNICIAN));
    laptop_sync_equal(office);
    struct cs_id technician = laptop_find(office, "person", "name", "李强");
    struct cs_id customer = laptop_new(office, "customer", "code=K-1", "name=第一医院", NULL);
    (void)laptop_new(office, "part", "code=P-0", "name=继电器", NULL);
    (void)laptop_new(office, "stock_location", "code=VAN", "name=车", "kind=van",
                     field_of_id("owner", &technician), NULL);
    struct cs_id request = laptop_new(office, "service_request", "reported_fault=停机",
                                      field_of_id("customer", &customer), NULL);
    sweep->ids[ORDER] =
        laptop_new(office, "work_order", "number=W-1", "status=assigned",
                   field_of_id("request", &request), field_of_id("technician", &technician), NULL);
    laptop_sync_equal(office);
    laptop_sync_equal(technician_of(sweep));
}

static bool is_set(struct sweep *sweep, const char *field)
{
    return laptop_text(technician_of(sweep), "visit", sweep->ids[VISIT], field)[0] != '\0';
}

static enum cs_status start(struct sweep *sweep)
{
    const struct cs_visit_start wish = {.work_order = cs_bytes_of_text("W-1")};
    struct cs_visit_started started;
    enum cs_status status = cs_visit_start(technician_of(sweep)->replica, &wish, NULL, &started,
                                           &sweep->scene.universe.problem);
    if (status == CS_OK) {
        sweep->ids[VISIT] = started.visit;
    }
    return status;
}

static enum cs_status record(struct sweep *sweep, const char *field, const char *text)
{
    return is_set(sweep, field) ? CS_OK
                                : cs_visit_record(technician_of(sweep)->replica, &sweep->ids[VISIT],
                                                  cs_bytes_of_text(field), cs_bytes_of_text(text),
                                                  NULL, &sweep->scene.universe.problem);
}

static enum cs_status tell_work(struct sweep *sweep)
{
    return record(sweep, "work_done", "更换继电器");
}

static enum cs_status tell_result(struct sweep *sweep)
{
    return record(sweep, "result", "solved");
}

/* Movements of the visit on this laptop. */
static int64_t parts_of(struct sweep *sweep, struct laptop *laptop)
{
    struct cs_arena arena;
    struct cs_id *ids;
    size_t count = 0;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_visit_list_parts(laptop->replica, &sweep->ids[VISIT], &arena, &ids, &count));
    cs_arena_release(&arena);
    return (int64_t)count;
}

static bool is_signed(struct sweep *sweep, struct laptop *laptop)
{
    struct cs_id receipt;
    bool found = false;
    assert_ok(cs_visit_receipt(laptop->replica, &sweep->ids[VISIT], &receipt, &found));
    return found;
}

static enum cs_status use_part(struct sweep *sweep)
{
    const struct cs_visit_part use = {.part = cs_bytes_of_text("P-0"), .quantity = 1};
    struct cs_visit_parted parted;
    return parts_of(sweep, technician_of(sweep)) > 0
               ? CS_OK
               : cs_visit_use_part(technician_of(sweep)->replica, &sweep->ids[VISIT], &use, NULL,
                                   &parted, &sweep->scene.universe.problem);
}

static enum cs_status sign(struct sweep *sweep)
{
    const struct cs_visit_sign wish = {
        .signer = cs_bytes_of_text("周主任"),
        .strokes = cs_bytes_of_text("[[[10,10],[40,32],[80,20]],[[20,50],[60,48]]]")};
    struct cs_visit_signed made;
    return is_signed(sweep, technician_of(sweep))
               ? CS_OK
               : cs_visit_sign(technician_of(sweep)->replica, &sweep->ids[VISIT], &wish, &made,
                               &sweep->scene.universe.problem);
}

static enum cs_status leave(struct sweep *sweep)
{
    const struct cs_visit_finish wish = {.left = {.given = false}};
    return is_set(sweep, "left_at")
               ? CS_OK
               : cs_visit_finish(technician_of(sweep)->replica, &sweep->ids[VISIT], &wish, NULL,
                                 &sweep->scene.universe.problem);
}

/* A start, a signature and an end are rows of two entities each. */
static void whole_visit(struct sweep *sweep)
{
    struct laptop *laptop = technician_of(sweep);
    const char *order = laptop_text(laptop, "work_order", sweep->ids[ORDER], "status");
    bool assigned = strcmp(order, "assigned") == 0;
    bool finished = strcmp(order, "finished") == 0;
    struct cs_arena arena;
    struct cs_id *ids;
    size_t open = 0;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_visit_list_open(laptop->replica, &arena, &ids, &open));
    cs_arena_release(&arena);
    assert_int_equal(open, !assigned && !finished ? 1 : 0);
    if (cs_id_is_zero(&sweep->ids[VISIT])) {
        return;
    }
    assert_false(assigned); /* it was acknowledged */
    bool is_draft = strcmp(laptop_text(laptop, "visit", sweep->ids[VISIT], "status"), "draft") == 0;
    assert_true(is_signed(sweep, laptop) == !is_draft);
    assert_true(is_set(sweep, "left_at") == finished);
    assert_true(parts_of(sweep, laptop) <= 1);
}

static void finish_visit(struct sweep *sweep)
{
    laptop_sync_equal(technician_of(sweep));
    laptop_sync_equal(sweep->laptops[0]);
    for (size_t i = 0; i < 2; i++) {
        struct laptop *laptop = sweep->laptops[i];
        assert_int_equal(laptop_count(laptop, "visit", "work_done", "更换继电器"), 1);
        assert_int_equal(laptop_count(laptop, "receipt", "signer", "周主任"), 1);
        assert_true(is_signed(sweep, laptop));
        assert_int_equal(parts_of(sweep, laptop), 1);
        assert_string_equal(laptop_text(laptop, "work_order", sweep->ids[ORDER], "status"),
                            "finished");
    }
    sweep_assert_pending(technician_of(sweep), 0, 0);
    sweep_assert_never_back(sweep);
    memset(&sweep->ids[VISIT], 0, sizeof sweep->ids[VISIT]);
}

const struct sweep_scenario scenario_visit = {
    .name = "a visit",
    .prepare = prepare_visit,
    .steps = {start, tell_work, tell_result, use_part, sign, leave, sweep_sync_second,
              sweep_sync_first},
    .finish = finish_visit,
    .whole = whole_visit,
};
