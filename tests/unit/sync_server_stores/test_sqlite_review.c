/* The store: work held for review is counted, kept out of what is tried again, and its rows are found. */
#include "tests/unit/sync_server_stores/store_fixture.h"

static struct cs_logged_transaction held(uint64_t log, uint64_t counter, enum cs_status status)
{
    struct cs_logged_transaction transaction = {
        .version = {log, counter},
        .received_ms = 1000,
        .outcome = CS_OUTCOME_HELD,
        .status = status,
        .body = T("twelve bytes"),
    };
    memset(transaction.id, (int)(16 * log + counter), sizeof transaction.id);
    return transaction;
}

static void put(struct store_fixture *f, uint64_t log, uint64_t counter, enum cs_status status)
{
    struct cs_logged_transaction transaction = held(log, counter, status);
    assert_ok(cs_store_put_transaction(f->store, &transaction));
}

static void it_is_counted_by_device(void **state)
{
    struct store_fixture *f = *state;
    struct cs_store_review review;
    assert_ok(cs_store_review_load(f->store, 1, &review));
    assert_int_equal(review.count, 0);
    assert_int_equal(review.bytes, 0);
    put(f, 1, 1, CS_REVOKED);
    put(f, 1, 2, CS_REVOKED);
    put(f, 1, 3, CS_GAP);
    put(f, UINT64_MAX, 1, CS_REVOKED);
    assert_ok(cs_store_review_load(f->store, 1, &review));
    assert_int_equal(review.count, 2);
    assert_int_equal(review.bytes, 24);
    assert_ok(cs_store_review_load(f->store, UINT64_MAX, &review));
    assert_int_equal(review.count, 1);
}

static void it_is_never_tried_again_by_itself(void **state)
{
    struct store_fixture *f = *state;
    struct cs_logged_transaction *list;
    size_t count;
    bool known;
    put(f, 1, 1, CS_REVOKED);
    put(f, 1, 2, CS_GAP);
    put(f, 2, 1, CS_UNSUPPORTED);
    assert_ok(cs_store_held(f->store, &f->arena, &list, &count));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].status, CS_GAP);
    assert_int_equal(list[1].status, CS_UNSUPPORTED);
    /* But known by its id: sent again by another log it is a duplicate. */
    struct cs_logged_transaction transaction = held(1, 1, CS_REVOKED);
    assert_ok(cs_store_transaction_known(f->store, transaction.id, &known));
    assert_true(known);
}

static void its_rows_are_found_until_it_is_decided(void **state)
{
    struct store_fixture *f = *state;
    const struct cs_id first = {{1}};
    const struct cs_id second = {{2}};
    const struct cs_version one = {UINT64_MAX, 1};
    const struct cs_version two = {UINT64_MAX, 2};
    bool found;
    assert_ok(cs_store_put_review_row(f->store, &first, &one));
    assert_ok(cs_store_put_review_row(f->store, &first, &one));
    assert_ok(cs_store_put_review_row(f->store, &first, &two));
    assert_ok(cs_store_put_review_row(f->store, &second, &two));
    assert_ok(cs_store_remove_review_rows(f->store, &two));
    assert_ok(cs_store_review_row(f->store, &second, &found));
    assert_false(found);
    assert_ok(cs_store_review_row(f->store, &first, &found));
    assert_true(found);
    assert_ok(cs_store_remove_review_rows(f->store, &one));
    assert_ok(cs_store_review_row(f->store, &first, &found));
    assert_false(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(it_is_counted_by_device),
        STORE_TEST(it_is_never_tried_again_by_itself),
        STORE_TEST(its_rows_are_found_until_it_is_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
