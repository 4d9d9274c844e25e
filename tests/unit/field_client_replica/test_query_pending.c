/* What has not been sent, is held or was refused: counts, lists and words for a refusal. */
#include "tests/unit/field_client_replica/client_fixture.h"

struct list {
    size_t count;
    uint64_t counters[8];
    enum cs_pending_state states[8];
    uint64_t change_sets[8];
    enum cs_status statuses[8];
    uint32_t operations[8];
    char texts[8][32];
    char fields[8][32];
};

static void copy(char out[static 32], struct cs_bytes bytes)
{
    (void)snprintf(out, 32, "%.*s", (int)bytes.size,
                   bytes.size == 0 ? "" : (const char *)bytes.data);
}

static enum cs_status see(void *context, const struct cs_pending *pending)
{
    struct list *list = context;
    size_t i = list->count++;
    assert_true(i < CS_COUNT(list->counters));
    assert_int_equal(pending->transaction.counter, pending->counter);
    assert_int_equal(pending->transaction.operation_count, 1);
    list->counters[i] = pending->counter;
    list->states[i] = pending->state;
    list->change_sets[i] = pending->change_set;
    list->statuses[i] = pending->refusal_status;
    list->operations[i] = pending->refusal_operation;
    copy(list->texts[i], pending->refusal_text);
    copy(list->fields[i], pending->refusal_field);
    return CS_OK;
}

static struct list list_of(struct fixture *f, int state)
{
    struct list list = {.count = 0};
    assert_ok(cs_query_pending(f->replica, state, see, &list));
    return list;
}

static void run(struct fixture *f, const char *sql)
{
    assert_ok(cs_database_execute(cs_replica_database(f->replica), sql));
}

/* Five transactions: waiting, packed, refused, held, refused. */
static void fill(struct fixture *f)
{
    for (int i = 1; i <= 5; i++) {
        char code[8];
        (void)snprintf(code, sizeof code, "P-%d", i);
        (void)fixture_part(f, code, "a");
    }
    run(f, "UPDATE _pending SET state = 2, change_set = 7 WHERE counter = 2");
    run(f, "UPDATE _pending SET state = 3, change_set = 7, refusal_status = 'DENIED', "
           "refusal_text = 'not you', refusal_operation = 4, refusal_field = 'name' "
           "WHERE counter = 3");
    run(f, "UPDATE _pending SET state = 4, change_set = 8 WHERE counter = 4");
    run(f, "UPDATE _pending SET state = 3, refusal_status = 'OUT_OF_SPIRITS' WHERE counter = 5");
}

static void counts_are_by_state(void **state)
{
    struct fixture *f = *state;
    struct cs_pending_counts counts = {9, 9, 9, 9};
    assert_ok(cs_query_pending_counts(f->replica, &counts));
    assert_int_equal(counts.waiting + counts.packed + counts.refused + counts.held, 0);
    fill(f);
    assert_ok(cs_query_pending_counts(f->replica, &counts));
    assert_int_equal(counts.waiting, 1);
    assert_int_equal(counts.packed, 1);
    assert_int_equal(counts.refused, 2);
    assert_int_equal(counts.held, 1);
    run(f, "UPDATE _pending SET state = 99 WHERE counter = 1"); /* of no state that is known */
    assert_ok(cs_query_pending_counts(f->replica, &counts));
    assert_int_equal(counts.waiting, 0);
    assert_int_equal(counts.packed + counts.refused + counts.held, 4);
}

static void lists_are_by_state_in_counter_order(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct list all = list_of(f, 0);
    assert_int_equal(all.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(all.counters[i], i + 1);
    }
    assert_int_equal(all.states[0], CS_PENDING_WAITING);
    assert_int_equal(all.states[1], CS_PENDING_PACKED);
    assert_int_equal(all.change_sets[0], 0);
    assert_int_equal(all.change_sets[1], 7);
    assert_int_equal(all.statuses[1], CS_OK); /* only refusals have a status */
    assert_int_equal(list_of(f, CS_PENDING_HELD).counters[0], 4);
    assert_int_equal(list_of(f, CS_PENDING_WAITING).count, 1);
    assert_int_equal(list_of(f, 77).count, 0);
}

static void refusals_say_why(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct list refused = list_of(f, CS_PENDING_REFUSED);
    assert_int_equal(refused.count, 2);
    assert_int_equal(refused.statuses[0], CS_DENIED);
    assert_int_equal(refused.operations[0], 4);
    assert_string_equal(refused.texts[0], "not you");
    assert_string_equal(refused.fields[0], "name");
    /* A reason that this version does not know is a refusal all the same. */
    assert_int_equal(refused.statuses[1], CS_REFUSED);
    assert_string_equal(refused.texts[1], "");
    run(f, "UPDATE _pending SET refusal_status = NULL WHERE counter = 3");
    assert_int_equal(list_of(f, CS_PENDING_REFUSED).statuses[0], CS_REFUSED);
    run(f, "UPDATE _pending SET refusal_status = hex(zeroblob(200)) WHERE counter = 3");
    assert_int_equal(list_of(f, CS_PENDING_REFUSED).statuses[0], CS_REFUSED);
}

static void memory_may_run_out_anywhere(void **state)
{
    struct fixture *f = *state;
    fill(f);
    bool completed = false;
    for (long n = 0; !completed && n < 300; n++) {
        struct list list = {.count = 0};
        struct cs_pending_counts counts = {-1, -1, -1, -1};
        cs_memory_fail_after(n);
        enum cs_status status = cs_query_pending_counts(f->replica, &counts);
        if (status == CS_OK) {
            status = cs_query_pending(f->replica, 0, see, &list);
        } else {
            assert_int_equal(counts.waiting, -1);
        }
        cs_memory_fail_after(-1);
        completed = status == CS_OK;
        assert_true(completed || status == CS_NO_MEMORY);
        assert_true(completed == (list.count == 5));
    }
    assert_true(completed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        replica_test(counts_are_by_state),
        replica_test(lists_are_by_state_in_counter_order),
        replica_test(refusals_say_why),
        replica_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
