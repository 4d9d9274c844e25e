/* summary and today: figures of rows whose times are near now. */
#include "shared/base/text.h"
#include "tests/unit/field_client_commands/visit_commands_fixture.h"

#define HOUR_MS INT64_C(3600000)

/* field=TIME, so many hours from now. */
static const char *at(const char *field, int hours)
{
    static char texts[4][CS_TIME_TEXT_MAX + CS_NAME_MAX];
    static size_t next;
    const struct cs_world *world = &commands.world;
    char time[CS_TIME_TEXT_MAX];
    cs_instant_format(cs_instant_make(world->wall_ms(world->context) + hours * HOUR_MS,
                                      world->offset_minutes(world->context)),
                      time);
    char *out = texts[next++ % 4];
    (void)snprintf(out, sizeof texts[0], "%s=%s", field, time);
    return out;
}

static const char *refer(const char *field, const char *id)
{
    static char texts[4][CS_ID_TEXT_SIZE + CS_NAME_MAX];
    static size_t next;
    char *out = texts[next++ % 4];
    (void)snprintf(out, sizeof texts[0], "%s=%s", field, id);
    return out;
}

static const char *me(void)
{
    static char text[CS_ID_TEXT_SIZE];
    cs_id_format(&commands.organisation->person, text);
    return text;
}

/* A request received, an order for it, and a visit that arrived, so many hours ago; 0 arrived: nobody did. */
static void add_case(const char *number, int received, int arrived, const char *result)
{
    char request[CS_ID_TEXT_SIZE];
    char order[CS_ID_TEXT_SIZE];
    (void)snprintf(request, sizeof request, "%s",
                   id_of(run("new", "service_request", "reported_fault=x", "status=responded",
                             at("received_at", -received))));
    char named[80];
    (void)snprintf(named, sizeof named, "number=%s", number);
    (void)snprintf(
        order, sizeof order, "%s",
        id_of(run("new", "work_order", named, refer("request", request), "status=on_site")));
    if (arrived > 0) {
        char outcome[80];
        (void)snprintf(outcome, sizeof outcome, "result=%s", result);
        (void)id_of(
            run("new", "visit", refer("work_order", order), at("arrived_at", -arrived), outcome));
    }
}

static int64_t figure(const char *report, const char *name)
{
    return json_integer(cs_json_get(commands.json, report), name);
}

static void response_counts_from_receipt_to_arrival(void **state)
{
    (void)state;
    add_case("R-1", 50, 30, "solved");           /* after 20 hours */
    add_case("R-2", 60, 30, "not_solved");       /* after 30 */
    add_case("R-3", 30, 0, NULL);                /* nobody, overdue */
    add_case("R-4", 10, 0, NULL);                /* nobody, in time */
    add_case("R-5", 24 * 40, 24 * 39, "solved"); /* long ago */
    assert_int_equal(run_json("summary"), 0);
    assert_int_equal(figure("response", "requests"), 4);
    assert_int_equal(figure("response", "within"), 1);
    assert_int_equal(figure("response", "late"), 2);
    assert_int_equal(figure("response", "waiting"), 1);
    assert_int_equal(figure("first_time_fix", "work_orders"), 2);
    assert_int_equal(figure("first_time_fix", "solved"), 1);
}

/* What is solved only by a later visit was not fixed the first time. */
static void the_first_visit_counts(void **state)
{
    (void)state;
    add_case("F-1", 20, 5, "follow_up");
    assert_int_equal(run("new", "visit", "work_order=F-1", at("arrived_at", -2), "result=solved"),
                     0);
    assert_int_equal(run_json("summary"), 0);
    assert_int_equal(figure("first_time_fix", "work_orders"), 1);
    assert_int_equal(figure("first_time_fix", "solved"), 0);
    /* A still earlier one, recorded later, is the first. */
    assert_int_equal(run("new", "visit", "work_order=F-1", at("arrived_at", -9), "result=solved"),
                     0);
    assert_int_equal(run_json("summary"), 0);
    assert_int_equal(figure("first_time_fix", "solved"), 1);
}

static void days_and_ages(void **state)
{
    (void)state;
    add_case("D-1", 24 * 5, 1, "solved");
    add_case("D-2", 24 * 2, 1, "solved");
    assert_int_equal(run_json("summary"), 0);
    const struct cs_json *days = cs_json_get(commands.json, "visits_per_day");
    assert_int_equal(cs_json_count(days), 30);
    int64_t visits =
        json_integer(cs_json_at(days, 29), "visits") + json_integer(cs_json_at(days, 28), "visits");
    assert_int_equal(visits, 2); /* an hour ago may be yesterday */
    assert_int_equal(json_integer(cs_json_at(days, 0), "visits"), 0);
    const struct cs_json *ages = cs_json_get(commands.json, "open_by_age");
    assert_int_equal(cs_json_count(ages), 5);
    assert_string_equal(json_text(cs_json_at(ages, 0), "age"), "under_1_day");
    assert_int_equal(json_integer(cs_json_at(ages, 0), "work_orders"), 2); /* made just now */
    assert_int_equal(json_integer(cs_json_at(ages, 0), "requests"), 1);    /* the fixture's */
    assert_int_equal(json_integer(cs_json_at(ages, 1), "requests"), 1);
    assert_int_equal(json_integer(cs_json_at(ages, 2), "requests"), 1);
    assert_int_equal(json_integer(cs_json_at(ages, 4), "requests"), 0);
}

static void parts_are_counted(void **state)
{
    (void)state;
    add_van();
    (void)id_of(run("new", "part", "code=P-002", "name=读卡器", "unit=台"));
    (void)id_of(run("new", "stock_movement", "part=P-001", "quantity=2", "reason=used",
                    "from=VAN-1", at("moved_at", -1)));
    (void)id_of(run("new", "stock_movement", "part=P-002", "quantity=5", "reason=used",
                    "from=VAN-1", at("moved_at", -1)));
    (void)id_of(run("new", "stock_movement", "part=P-001", "quantity=9", "reason=purchase",
                    "to=VAN-1", at("moved_at", -1)));
    (void)id_of(run("new", "stock_movement", "part=P-001", "quantity=9", "reason=used",
                    "from=VAN-1", at("moved_at", -24 * 31)));
    assert_int_equal(run_json("summary"), 0);
    const struct cs_json *parts = cs_json_get(commands.json, "parts_used");
    assert_int_equal(cs_json_count(parts), 2);
    assert_string_equal(json_text(cs_json_at(parts, 0), "code"), "P-002");
    assert_int_equal(json_integer(cs_json_at(parts, 0), "quantity"), 5);
    assert_int_equal(json_integer(cs_json_at(parts, 1), "quantity"), 2);
    assert_int_equal(strlen(json_text(cs_json_at(parts, 1), "part")), CS_ID_TEXT_SIZE - 1);
    assert_int_equal(run("summary"), 0);
    assert_has(commands.out, "读卡器");
    assert_has(commands.out, "under_1_day");
}

static void today_has_what_is_to_be_done(void **state)
{
    (void)state;
    (void)id_of(
        run("new", "site", "name=门诊楼", "customer=K-1", "address=人民路1号", "phone=555"));
    assert_int_equal(run_json("list", "site"), 0);
    char site[CS_ID_TEXT_SIZE];
    (void)snprintf(site, sizeof site, "%s",
                   json_text(cs_json_at(cs_json_get(commands.json, "rows"), 0), "id"));
    char request[CS_ID_TEXT_SIZE];
    (void)snprintf(request, sizeof request, "%s",
                   id_of(run("new", "service_request", "reported_fault=门禁失灵", "priority=urgent",
                             refer("site", site))));
    const char *mine = refer("technician", me());
    (void)id_of(run("new", "work_order", "number=T-3", mine, "status=assigned"));
    (void)id_of(
        run("new", "work_order", "number=T-2", mine, "status=accepted", at("planned_start", 5)));
    (void)id_of(run("new", "work_order", "number=T-1", mine, "status=assigned",
                    at("planned_start", 1), refer("request", request)));
    (void)id_of(run("new", "work_order", "number=T-4", mine, "status=finished"));
    (void)id_of(run("new", "work_order", "number=T-5", "status=assigned"));
    assert_int_equal(run_json("today"), 0);
    const struct cs_json *orders = cs_json_get(commands.json, "work_orders");
    assert_int_equal(cs_json_count(orders), 3);
    const struct cs_json *first = cs_json_at(orders, 0);
    assert_string_equal(json_text(first, "number"), "T-1");
    assert_string_equal(json_text(first, "customer_name"), "东方医院");
    assert_string_equal(json_text(first, "site_name"), "门诊楼");
    assert_string_equal(json_text(first, "address"), "人民路1号");
    assert_string_equal(json_text(first, "phone"), "555");
    assert_string_equal(json_text(first, "priority"), "urgent");
    assert_string_equal(json_text(first, "reported_fault"), "门禁失灵");
    assert_string_equal(json_text(cs_json_at(orders, 1), "number"), "T-2");
    assert_string_equal(json_text(cs_json_at(orders, 2), "number"), "T-3");
    assert_int_equal(json_integer(commands.json, "refused"), 0);
    assert_true(json_integer(commands.json, "waiting") > 5);
}

static void visits_stay_until_they_are_finished(void **state)
{
    (void)state;
    work();
    assert_int_equal(run_json("today"), 0);
    const struct cs_json *visits = cs_json_get(commands.json, "visits");
    assert_int_equal(cs_json_count(visits), 1);
    assert_string_equal(json_text(cs_json_at(visits, 0), "number"), "WO-1");
    assert_string_equal(json_text(cs_json_at(visits, 0), "customer_name"), "东方医院");
    assert_false(json_boolean(cs_json_at(visits, 0), "signed"));
    (void)sign();
    assert_int_equal(run_json("today"), 0);
    visits = cs_json_get(commands.json, "visits");
    assert_true(json_boolean(cs_json_at(visits, 0), "signed"));
    assert_int_equal(run("today"), 0);
    assert_has(commands.out, "visits that are not finished");
    assert_has(commands.out, "to be sent: ");
    assert_int_equal(run("visit", "finish", "WO-1"), 0);
    assert_int_equal(run_json("today"), 0);
    assert_int_equal(cs_json_count(cs_json_get(commands.json, "visits")), 0);
    assert_int_equal(run_json("today", "x"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_COMMAND_TEST(response_counts_from_receipt_to_arrival),
        VISIT_COMMAND_TEST(the_first_visit_counts),
        VISIT_COMMAND_TEST(days_and_ages),
        VISIT_COMMAND_TEST(parts_are_counted),
        VISIT_COMMAND_TEST(today_has_what_is_to_be_done),
        VISIT_COMMAND_TEST(visits_stay_until_they_are_finished),
    };
    return RUN_COMMAND_TESTS(tests);
}
