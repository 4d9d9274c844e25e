/*
 * A pull that is interrupted goes on where it was (design §7, §8): nothing of it is seen before it is complete, no page that arrived
 * is fetched again, and what the server, the subscriptions or the person did meanwhile ends up right.
 */
#include "tests/simulation/scope_oracle.h"
#include "tests/simulation/scopes_fixture.h"

#include <string.h>

#define PAGES 50
#define ROWS_PER_PAGE 3
/* Three devices and three people come with them; the last page is not full. */
#define ROWS (PAGES * ROWS_PER_PAGE - 1)
#define PARTS (ROWS - 6)

static void make_parts(struct laptop *laptop, int count)
{
    struct cs_edit *edit;
    assert_ok(cs_edit_begin(laptop->replica, &edit));
    for (int i = 0; i < count; i++) {
        char code[32];
        (void)snprintf(code, sizeof code, "P-%04d", i);
        const struct cs_named_value values[] = {
            {cs_bytes_of_text("code"), cs_value_text(cs_bytes_of_text(code))},
            {cs_bytes_of_text("name"), cs_value_text(cs_bytes_of_text("继电器"))},
        };
        assert_ok(cs_edit_insert(edit, cs_bytes_of_text("part"), NULL, values, CS_COUNT(values),
                                 NULL, NULL));
        assert_ok(cs_edit_next_transaction(edit));
    }
    assert_ok(cs_edit_commit(edit));
}

static void small_pages(struct universe *universe)
{
    universe->page_rows_max = ROWS_PER_PAGE;
    universe_restart_server(universe);
}

/* An owner with so many parts that a first sync takes fifty pages, and two laptops that have joined. */
static void open_parts(struct universe *universe, struct laptop **owner, struct laptop **a,
                       struct laptop **b)
{
    universe_open(universe, cs_registry_core(), 71);
    *owner = universe_found(universe, "王芳");
    laptop_sync_equal(*owner);
    *a = universe_join(universe, *owner, "李强", CS_ROLE(TECHNICIAN));
    *b = universe_join(universe, *owner, "赵敏", CS_ROLE(TECHNICIAN));
    make_parts(*owner, PARTS);
    laptop_sync_equal(*owner);
    small_pages(universe);
}

/* One exchange, then the connection is gone or the program is. */
static bool sync_one_page(struct laptop *laptop, bool restart)
{
    laptop->exchanges_left = 1;
    enum cs_status status = laptop_sync(laptop);
    laptop->exchanges_left = -1;
    if (restart) {
        laptop_restart(laptop);
    }
    if (status != CS_OK) {
        assert_status(status, CS_UNREACHABLE);
        return true;
    }
    assert_int_equal(laptop->last.digest, CS_SYNC_DIGEST_EQUAL);
    return false;
}

static void a_first_sync_cut_after_each_page(void **state)
{
    (void)state;
    struct universe universe;
    struct laptop *owner;
    struct laptop *whole;
    struct laptop *cut;
    open_parts(&universe, &owner, &whole, &cut);
    uint64_t answers = whole->answers;
    uint64_t size = whole->answers_size;
    laptop_sync_equal(whole);
    answers = whole->answers - answers;
    size = whole->answers_size - size;
    assert_int_equal(answers, PAGES);
    uint64_t cut_answers = cut->answers;
    uint64_t cut_size = cut->answers_size;
    uint64_t sessions = 0;
    for (bool more = true; more; sessions++) {
        struct cs_first_sync first;
        assert_ok(cs_query_first_sync(cut->replica, &first));
        assert_false(first.done);
        assert_int_equal(first.pages, sessions);
        assert_int_equal(first.rows, sessions * ROWS_PER_PAGE);
        assert_int_equal(count_all(cut, "part"), 0);
        more = sync_one_page(cut, sessions % 2 == 0);
    }
    struct cs_first_sync first;
    assert_ok(cs_query_first_sync(cut->replica, &first));
    assert_true(first.done);
    assert_int_equal(first.pages, 0);
    assert_int_equal(count_all(cut, "part"), PARTS);
    cut_answers = cut->answers - cut_answers;
    cut_size = cut->answers_size - cut_size;
    print_message("%llu pages: %llu bytes at once, %llu bytes over %llu sessions\n",
                  (unsigned long long)answers, (unsigned long long)size,
                  (unsigned long long)cut_size, (unsigned long long)sessions);
    assert_int_equal(sessions, PAGES);
    assert_int_equal(cut_answers, PAGES);
    assert_true(cut_size < size + size / PAGES);
    universe_close(&universe);
}

/* An answer that is lost on its way is the only thing that is sent twice. */
static void a_lost_answer_is_one_page_twice(void **state)
{
    (void)state;
    struct universe universe;
    struct laptop *owner;
    struct laptop *technician;
    struct laptop *other;
    open_parts(&universe, &owner, &technician, &other);
    uint64_t answers = technician->answers;
    uint64_t lost = 0;
    for (bool more = true; more;) {
        if (lost < 7) {
            technician->fault = NETWORK_RESPONSE_LOST;
            assert_status(laptop_sync(technician), CS_TIMEOUT);
            technician->fault = NETWORK_FINE;
            lost++;
        }
        more = sync_one_page(technician, false);
    }
    assert_int_equal(technician->answers - answers, PAGES + lost);
    universe_close(&universe);
}

/* Rows only move forward: whatever is changed, added and deleted while pages come, the end is what the server has. */
static void the_server_moves_on_meanwhile(void **state)
{
    (void)state;
    struct universe universe;
    struct laptop *owner;
    struct laptop *technician;
    struct laptop *other;
    open_parts(&universe, &owner, &technician, &other);
    char code[32];
    unsigned sessions = 0;
    for (bool more = true; more; sessions++) {
        more = sync_one_page(technician, sessions % 5 == 0);
        if (sessions > 0 && sessions < 40) {
            (void)snprintf(code, sizeof code, "P-%04u", (sessions * 37) % PARTS);
            struct cs_id part = laptop_find(owner, "part", "code", code);
            assert_ok(
                laptop_set(owner, "part", part, sessions % 2 == 0 ? "unit=箱" : "unit=件", NULL));
            (void)snprintf(code, sizeof code, "code=N-%04u", sessions);
            struct cs_id added = laptop_new(owner, "part", code, "name=新品", NULL);
            laptop_sync_equal(owner);
            if (sessions % 4 == 0) {
                assert_ok(laptop_delete(owner, "part", added));
                laptop_sync_equal(owner);
            }
        }
    }
    laptop_sync_equal(other);
    struct cs_multiset mine;
    struct cs_multiset theirs;
    laptop_fingerprint(technician, &mine);
    laptop_fingerprint(other, &theirs);
    assert_memory_equal(mine.sum, theirs.sum, sizeof mine.sum);
    assert_true(sessions > PAGES);
    universe_close(&universe);
}

/* What the person changes while pages wait is sent with the next page, answered on a staged one, and stands at the end. */
static void edits_between_the_pages(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    make_parts(scene.office, 60);
    laptop_sync_equal(scene.office);
    small_pages(&scene.universe);
    char phone[32];
    unsigned sessions = 0;
    for (bool more = true; more; sessions++) {
        (void)snprintf(phone, sizeof phone, "phone=%u", sessions);
        if (sessions == 3) {
            assert_ok(
                laptop_set(scene.office, "customer", scene.customer_a, "address=八一大道", NULL));
            laptop_sync_equal(scene.office);
        }
        if (sessions < 10) {
            assert_ok(laptop_set(scene.li, "customer", scene.customer_a, phone, NULL));
        }
        more = sync_one_page(scene.li, sessions % 3 == 0);
        if (more) {
            assert_string_equal(laptop_text(scene.li, "customer", scene.customer_a, "address"), "");
        }
    }
    assert_true(sessions >= 20);
    assert_string_equal(laptop_text(scene.li, "customer", scene.customer_a, "phone"), "9");
    assert_string_equal(laptop_text(scene.li, "customer", scene.customer_a, "address"), "八一大道");
    laptop_sync_equal(scene.office);
    assert_string_equal(laptop_text(scene.office, "customer", scene.customer_a, "phone"), "9");
    assert_int_equal(laptop_count(scene.office, "conflict", "state", "open"), 0);
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(scene.li->replica, &counts));
    assert_int_equal(counts.packed + counts.waiting + counts.refused + counts.held, 0);
    universe_close(&scene.universe);
}

/* A project that is gained takes many pages; between them it is lost, gained again, and another one comes. */
static void subscriptions_change_meanwhile(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene);
    for (int i = 0; i < 40; i++) {
        (void)new_with(scene.office, "system", "project", scene.project_a, "终端");
    }
    laptop_sync_equal(scene.office);
    laptop_sync_equal(scene.li);
    small_pages(&scene.universe);
    static const char *const people[] = {"赵敏", "李强", "赵敏", "赵敏", "李强", "赵敏"};
    assert_ok(laptop_set(scene.office, "work_order", scene.order_a,
                         technician_is(scene.office, "赵敏"), NULL));
    laptop_sync_equal(scene.office);
    unsigned cut = 0;
    for (unsigned sessions = 0; sessions < 40; sessions++) {
        cut += sync_one_page(scene.zhao, sessions % 2 == 0) ? 1 : 0;
        if (sessions % 2 == 1 && sessions / 2 < CS_COUNT(people)) {
            assert_ok(laptop_set(scene.office, "work_order", scene.order_a,
                                 technician_is(scene.office, people[sessions / 2]), NULL));
            laptop_sync_equal(scene.office);
        }
    }
    assert_true(cut > 15);
    laptop_sync_equal(scene.zhao);
    struct scope_oracle oracle;
    scope_oracle_open(&oracle, &scene.universe);
    scope_oracle_check_laptop(&oracle, scene.zhao);
    laptop_sync_equal(scene.li);
    scope_oracle_check_laptop(&oracle, scene.li);
    scope_oracle_close(&oracle);
    assert_int_equal(count_all(scene.zhao, "system"), 43);
    universe_close(&scene.universe);
}

static void set_incarnation(struct universe *universe, const uint8_t *incarnation)
{
    struct cs_store *store = cs_server_store(universe->server);
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_put(store, "incarnation", cs_bytes_make(incarnation, 16)));
    assert_ok(cs_store_commit(store));
    universe_restart_server(universe);
}

static int64_t staged_pages(struct laptop *laptop)
{
    struct cs_first_sync first;
    assert_ok(cs_query_first_sync(laptop->replica, &first));
    return first.pages;
}

/* Pages of a server that is another one now are worth nothing: whatever becomes of it, they are not kept. */
static void staged_pages_of_another_incarnation_are_thrown_away(void **state)
{
    (void)state;
    struct universe universe;
    struct laptop *owner;
    struct laptop *technician;
    struct laptop *other;
    open_parts(&universe, &owner, &technician, &other);
    for (int i = 0; i < 10; i++) {
        assert_true(sync_one_page(technician, false));
    }
    assert_int_equal(staged_pages(technician), 10);
    uint8_t before[16];
    struct cs_arena arena;
    struct cs_bytes incarnation;
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_store_get(cs_server_store(universe.server), "incarnation", &arena, &incarnation));
    memcpy(before, incarnation.data, sizeof before);
    cs_arena_release(&arena);
    set_incarnation(&universe, (const uint8_t *)"0123456789abcdef");
    technician->exchanges_left = 1;
    assert_true(laptop_sync(technician) != CS_OK);
    technician->exchanges_left = -1;
    assert_int_equal(staged_pages(technician), 0);
    set_incarnation(&universe, before);
    uint64_t answers = technician->answers;
    laptop_sync_equal(technician);
    assert_int_equal(technician->answers - answers, PAGES);
    assert_int_equal(count_all(technician, "part"), PARTS);
    universe_close(&universe);
}

/* The figures people see grow, never pass what is expected, and end with it. */
struct watched {
    struct cs_sync_progress last;
    unsigned count;
};

static void watch(void *context, const struct cs_sync_progress *progress)
{
    struct watched *watched = context;
    assert_true(progress->pages == watched->last.pages + 1);
    assert_true(progress->rows >= watched->last.rows);
    assert_true(progress->bytes > watched->last.bytes || watched->count == 0);
    assert_true(progress->rows_expected >= progress->rows);
    assert_true(progress->rows_expected <= 4L * PAGES * ROWS_PER_PAGE);
    watched->last = *progress;
    watched->count++;
}

static void progress_is_told(void **state)
{
    (void)state;
    struct universe universe;
    struct laptop *owner;
    struct laptop *technician;
    struct laptop *other;
    open_parts(&universe, &owner, &technician, &other);
    for (int i = 0; i < 5; i++) {
        assert_true(sync_one_page(technician, false));
    }
    struct watched watched = {.last.pages = 5};
    const struct cs_sync_watch how = {watch, &watched};
    struct cs_sync_session *session;
    assert_ok(cs_sync_run_watched(technician->replica, &how, &session, &universe.problem));
    cs_sync_end(session);
    assert_int_equal(watched.count, PAGES - 5);
    assert_int_equal(watched.last.rows, ROWS);
    assert_int_equal(watched.last.rows_expected, ROWS);
    universe_close(&universe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_sync_cut_after_each_page),
        cmocka_unit_test(a_lost_answer_is_one_page_twice),
        cmocka_unit_test(the_server_moves_on_meanwhile),
        cmocka_unit_test(edits_between_the_pages),
        cmocka_unit_test(subscriptions_change_meanwhile),
        cmocka_unit_test(staged_pages_of_another_incarnation_are_thrown_away),
        cmocka_unit_test(progress_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
