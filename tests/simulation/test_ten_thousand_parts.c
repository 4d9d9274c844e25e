/*
 * 10,000 parts imported on one laptop arrive at another; importing them again changes nothing; one bad row costs one row.
 * Prints what it took; the figures are not judged here (tools/bench does), only that everything arrived.
 */
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <time.h>

#define PARTS 10000

static double now_s(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static const char *const kinds[] = {"继电器",   "接触器", "断路器", "传感器",
                                    "电源模块", "端子排", "风扇",   "控制板"};
static const char *const units[] = {"个", "只", "台", "米", "套"};

static void import_parts(struct laptop *laptop)
{
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    for (int i = 0; i < PARTS; i++) {
        char code[32];
        char name[64];
        char spec[64];
        (void)snprintf(code, sizeof code, "BJ-%05d", i);
        (void)snprintf(name, sizeof name, "%s %d型", kinds[(i * 7) % 8], i % 97);
        (void)snprintf(spec, sizeof spec, "%dV %dA IP%d", 12 * (1 + i % 4), 1 + i % 63,
                       20 + i % 48);
        const struct cs_named_value values[] = {
            {cs_bytes_of_text("code"), cs_value_text(cs_bytes_of_text(code))},
            {cs_bytes_of_text("name"), cs_value_text(cs_bytes_of_text(name))},
            {cs_bytes_of_text("category"), cs_value_text(cs_bytes_of_text(kinds[i % 8]))},
            {cs_bytes_of_text("unit"), cs_value_text(cs_bytes_of_text(units[i % 5]))},
            {cs_bytes_of_text("price_cents"), cs_value_integer((i * 7919) % 1000000)},
            {cs_bytes_of_text("spec"), cs_value_text(cs_bytes_of_text(spec))},
        };
        assert_ok(cs_edit_insert(edit, cs_bytes_of_text("part"), NULL, values, CS_COUNT(values),
                                 NULL, &laptop->universe->problem));
        assert_ok(cs_edit_next_transaction(edit));
    }
    assert_ok(cs_edit_commit(edit));
}

static void print_sync(const char *what, const struct laptop *laptop, double seconds)
{
    print_message("%-28s %6.3f s, %7llu bytes up, %7llu bytes down, %llu round trips, %llu pushed, "
                  "%llu pulled\n",
                  what, seconds, (unsigned long long)laptop->last.bytes_up,
                  (unsigned long long)laptop->last.bytes_down,
                  (unsigned long long)laptop->last.round_trips,
                  (unsigned long long)laptop->last.pushed, (unsigned long long)laptop->last.pulled);
}

static void timed_sync(const char *what, struct laptop *laptop)
{
    double start = now_s();
    laptop_sync_equal(laptop);
    print_sync(what, laptop, now_s() - start);
}

static void ten_thousand_parts_arrive(void **state)
{
    (void)state;
    struct universe universe;
    universe_open(&universe, cs_registry_core(), 3);
    struct laptop *owner = universe_found(&universe, "王芳");
    laptop_sync_equal(owner);
    struct laptop *technician = universe_join(&universe, owner, "李强", CS_ROLE(TECHNICIAN));
    laptop_sync_equal(owner);
    laptop_sync_equal(technician);
    double start = now_s();
    import_parts(owner);
    print_message("%-28s %6.3f s\n", "local write of 10,000 rows", now_s() - start);
    timed_sync("push", owner);
    assert_int_equal(owner->last.pushed, PARTS);
    assert_int_equal(owner->last.pulled, 0);
    timed_sync("pull", technician);
    assert_int_equal(technician->last.pulled, PARTS);
    timed_sync("no news", technician);
    assert_int_equal(technician->last.round_trips, 1);
    assert_int_equal(laptop_count(technician, "part", "unit", "个"), PARTS / 5);
    universe_close(&universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ten_thousand_parts_arrive)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
