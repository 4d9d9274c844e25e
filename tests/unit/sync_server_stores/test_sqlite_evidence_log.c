/* Leaves and nodes of the evidence log in the SQLite store. */
#include "tests/unit/sync_server_stores/store_fixture.h"

static struct cs_store *store_of(void **state)
{
    struct store_fixture *f = *state;
    return f->store;
}

static void leaves_are_numbered_and_found_again(void **state)
{
    struct cs_store *store = store_of(state);
    uint64_t number = 77;
    struct cs_buffer leaf;
    cs_buffer_init(&leaf, 64);
    assert_ok(cs_store_log_size(store, &number));
    assert_int_equal(number, 0);
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_put_leaf(store, 0, T("zero")));
    assert_ok(cs_store_put_leaf(store, 1, T("one")));
    assert_ok(cs_store_commit(store));
    assert_ok(cs_store_log_size(store, &number));
    assert_int_equal(number, 2);
    assert_ok(cs_store_leaf_number(store, T("one"), &number));
    assert_int_equal(number, 1);
    assert_status(cs_store_leaf_number(store, T("two"), &number), CS_NOT_FOUND);
    assert_int_equal(number, 1);
    assert_ok(cs_store_leaf(store, 0, &leaf));
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&leaf), "zero"));
    assert_status(cs_store_leaf(store, 2, &leaf), CS_NOT_FOUND);
    assert_int_equal(leaf.size, 4);
    cs_buffer_release(&leaf);
}

static void nothing_is_entered_twice_or_replaced(void **state)
{
    struct cs_store *store = store_of(state);
    uint8_t hash[CS_HASH_SIZE] = {1};
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_put_leaf(store, 0, T("zero")));
    assert_status(cs_store_put_leaf(store, 0, T("other")), CS_EXISTS);
    assert_status(cs_store_put_leaf(store, 1, T("zero")), CS_EXISTS);
    assert_ok(cs_store_put_log_node(store, 1, 0, hash));
    hash[0] = 2;
    assert_status(cs_store_put_log_node(store, 1, 0, hash), CS_EXISTS);
    assert_ok(cs_store_log_node(store, 1, 0, hash));
    assert_int_equal(hash[0], 1);
    assert_ok(cs_store_commit(store));
}

static void nodes_are_found_by_level_and_number(void **state)
{
    struct cs_store *store = store_of(state);
    uint8_t hash[CS_HASH_SIZE] = {9};
    uint64_t count = 0;
    assert_ok(cs_store_begin(store));
    assert_ok(cs_store_put_log_node(store, 1, 5, hash));
    hash[0] = 8;
    assert_ok(cs_store_put_log_node(store, 5, 1, hash));
    assert_ok(cs_store_commit(store));
    assert_ok(cs_store_log_node(store, 1, 5, hash));
    assert_int_equal(hash[0], 9);
    assert_status(cs_store_log_node(store, 1, 1, hash), CS_NOT_FOUND);
    assert_ok(cs_store_log_node_count(store, &count));
    assert_int_equal(count, 2);
}

static enum cs_status count_leaf(void *context, uint64_t number, struct cs_bytes leaf)
{
    uint64_t *next = context;
    assert_int_equal(number, *next);
    assert_int_equal(leaf.size, number + 1);
    ++*next;
    return number == 2 ? CS_EXISTS : CS_OK;
}

static void leaves_are_visited_in_order_until_told_otherwise(void **state)
{
    struct cs_store *store = store_of(state);
    uint64_t next = 0;
    assert_ok(cs_store_begin(store));
    for (uint64_t i = 4; i > 0; i--) {
        assert_ok(cs_store_put_leaf(store, i - 1, cs_bytes_make("abcdef", i)));
    }
    assert_ok(cs_store_commit(store));
    assert_status(cs_store_leaves(store, count_leaf, &next), CS_EXISTS);
    assert_int_equal(next, 3);
}

static void a_node_of_another_size_is_corrupt(void **state)
{
    struct cs_store *store = store_of(state);
    uint8_t hash[CS_HASH_SIZE];
    assert_ok(cs_database_execute(store->database, "INSERT INTO _log_node VALUES (1, 0, x'00')"));
    assert_status(cs_store_log_node(store, 1, 0, hash), CS_CORRUPT);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(leaves_are_numbered_and_found_again),
        CASE(nothing_is_entered_twice_or_replaced),
        CASE(nodes_are_found_by_level_and_number),
        CASE(leaves_are_visited_in_order_until_told_otherwise),
        CASE(a_node_of_another_size_is_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
