/* Change-sets and what became of transactions. */
#include "tests/unit/sync_server_stores/store_fixture.h"

/* Log ids of both halves of 64 bits. */
#define LOW_LOG ((uint64_t)5)
#define HIGH_LOG (UINT64_MAX - 4)

static void fill(uint8_t hash[static CS_HASH_SIZE], uint64_t log, uint64_t sequence)
{
    memset(hash, (int)(log + sequence), CS_HASH_SIZE);
}

static enum cs_status append(struct store_fixture *f, uint64_t log, uint64_t sequence,
                             struct cs_bytes inner)
{
    uint8_t hash[CS_HASH_SIZE];
    fill(hash, log, sequence);
    return cs_store_append_change_set(f->store, log, sequence, hash, inner);
}

static void change_sets_are_kept_verbatim_by_log_and_sequence(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(append(f, LOW_LOG, 1, T("inner")));
    assert_ok(append(f, HIGH_LOG, 1, CS_BYTES_NONE));
    uint8_t hash[CS_HASH_SIZE];
    uint8_t expected[CS_HASH_SIZE];
    assert_ok(cs_store_change_set_hash(f->store, HIGH_LOG, 1, hash));
    fill(expected, HIGH_LOG, 1);
    assert_memory_equal(hash, expected, CS_HASH_SIZE);
    memset(hash, 7, sizeof hash);
    assert_status(cs_store_change_set_hash(f->store, LOW_LOG, 2, hash), CS_NOT_FOUND);
    assert_status(cs_store_change_set_hash(f->store, 6, 1, hash), CS_NOT_FOUND);
    assert_int_equal(hash[0], 7);
}

static void a_change_set_is_never_replaced(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(append(f, LOW_LOG, 1, T("first")));
    assert_status(append(f, LOW_LOG, 1, T("second")), CS_EXISTS);
    assert_int_equal(query(f, "SELECT inner_bytes = CAST('first' AS BLOB) FROM _change_set"), 1);
}

struct seen {
    uint64_t sequences[16];
    size_t count;
    size_t stop_after;
};

static enum cs_status see(void *context, uint64_t log, uint64_t sequence,
                          const uint8_t hash[static CS_HASH_SIZE], struct cs_bytes inner)
{
    struct seen *seen = context;
    uint8_t expected[CS_HASH_SIZE];
    fill(expected, log, sequence);
    assert_memory_equal(hash, expected, CS_HASH_SIZE);
    assert_bytes(inner, T("inner"));
    assert_true(seen->count < CS_COUNT(seen->sequences));
    seen->sequences[seen->count++] = sequence;
    return seen->count == seen->stop_after ? CS_REFUSED : CS_OK;
}

static void all_change_sets_are_visited_in_order_until_told_to_stop(void **state)
{
    struct store_fixture *f = *state;
    struct seen seen = {.count = 0};
    assert_ok(cs_store_change_sets(f->store, see, &seen));
    assert_int_equal(seen.count, 0);
    for (uint64_t i = 5; i > 0; i--) {
        assert_ok(append(f, LOW_LOG, i, T("inner")));
    }
    assert_ok(append(f, LOW_LOG + 1, 9, T("inner")));
    assert_ok(cs_store_change_sets(f->store, see, &seen));
    assert_int_equal(seen.count, 6);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(seen.sequences[i], i + 1);
    }
    assert_int_equal(seen.sequences[5], 9);
    for (int i = 0; i < 2; i++) {
        seen = (struct seen){.stop_after = 2};
        assert_status(cs_store_change_sets(f->store, see, &seen), CS_REFUSED);
        assert_int_equal(seen.count, 2);
    }
}

static void damaged_change_sets_are_told(void **state)
{
    struct store_fixture *f = *state;
    assert_ok(append(f, LOW_LOG, 1, T("inner")));
    execute(f, "UPDATE _change_set SET hash = zeroblob(31)");
    struct seen seen = {.count = 0};
    uint8_t hash[CS_HASH_SIZE] = {7};
    assert_status(cs_store_change_set_hash(f->store, LOW_LOG, 1, hash), CS_CORRUPT);
    assert_status(cs_store_change_sets(f->store, see, &seen), CS_CORRUPT);
    assert_int_equal(seen.count, 0);
    assert_int_equal(hash[0], 7);
}

/* ---- Transactions ---- */

static struct cs_logged_transaction transaction_of(uint64_t log, uint64_t counter,
                                                   enum cs_outcome outcome)
{
    struct cs_logged_transaction transaction = {
        .version = {log, counter},
        .claimed = -5,
        .received_ms = 1000,
        .effective_ms = 900,
        .fact = true,
        .outcome = outcome,
        .status = outcome == CS_OUTCOME_APPLIED ? CS_OK : CS_MISSING_REFERENCE,
        .operation = UINT32_MAX,
        .field = T("quantity"),
        .text = T("缺少"),
        .body = T("body"),
    };
    memset(transaction.id, (int)(log * 16 + counter), sizeof transaction.id);
    return transaction;
}

static void assert_transaction(const struct cs_logged_transaction *got,
                               const struct cs_logged_transaction *expected)
{
    assert_true(cs_version_equal(&got->version, &expected->version));
    assert_memory_equal(got->id, expected->id, sizeof got->id);
    assert_int_equal(got->claimed, expected->claimed);
    assert_int_equal(got->received_ms, expected->received_ms);
    assert_int_equal(got->effective_ms, expected->effective_ms);
    assert_int_equal(got->fact, expected->fact);
    assert_int_equal(got->outcome, expected->outcome);
    assert_status(got->status, expected->status);
    assert_int_equal(got->operation, expected->operation);
    assert_bytes(got->field, expected->field);
    assert_bytes(got->text, expected->text);
    assert_bytes(got->body, expected->body);
}

static void put(struct store_fixture *f, uint64_t log, uint64_t counter, enum cs_outcome outcome)
{
    struct cs_logged_transaction transaction = transaction_of(log, counter, outcome);
    assert_ok(cs_store_put_transaction(f->store, &transaction));
}

static void a_transaction_comes_back_as_it_was(void **state)
{
    struct store_fixture *f = *state;
    for (int outcome = CS_OUTCOME_APPLIED; outcome <= CS_OUTCOME_DUPLICATE; outcome++) {
        struct cs_logged_transaction transaction =
            transaction_of(HIGH_LOG, (uint64_t)outcome, (enum cs_outcome)outcome);
        assert_ok(cs_store_put_transaction(f->store, &transaction));
        struct cs_logged_transaction got;
        assert_ok(cs_store_transaction(f->store, &transaction.version, &f->arena, &got));
        assert_transaction(&got, &transaction);
    }
    struct cs_logged_transaction bare = {
        .version = {LOW_LOG, 1}, .outcome = CS_OUTCOME_APPLIED, .status = CS_OK};
    assert_ok(cs_store_put_transaction(f->store, &bare));
    struct cs_logged_transaction got;
    assert_ok(cs_store_transaction(f->store, &bare.version, &f->arena, &got));
    assert_transaction(&got, &bare);
}

static void an_unknown_transaction_is_not_found(void **state)
{
    struct store_fixture *f = *state;
    put(f, LOW_LOG, 1, CS_OUTCOME_APPLIED);
    const struct cs_version others[] = {{LOW_LOG, 2}, {HIGH_LOG, 1}};
    struct cs_logged_transaction got = {.operation = 3};
    for (size_t i = 0; i < CS_COUNT(others); i++) {
        assert_status(cs_store_transaction(f->store, &others[i], &f->arena, &got), CS_NOT_FOUND);
    }
    assert_int_equal(got.operation, 3);
}

static void a_held_transaction_is_replaced_by_its_outcome(void **state)
{
    struct store_fixture *f = *state;
    put(f, LOW_LOG, 1, CS_OUTCOME_HELD);
    put(f, LOW_LOG, 1, CS_OUTCOME_APPLIED);
    struct cs_logged_transaction *held;
    size_t count;
    assert_ok(cs_store_held(f->store, &f->arena, &held, &count));
    assert_int_equal(count, 0);
    assert_int_equal(query(f, "SELECT count(*) FROM _transaction"), 1);
}

static void known_are_the_applied_and_the_held(void **state)
{
    struct store_fixture *f = *state;
    for (int outcome = CS_OUTCOME_APPLIED; outcome <= CS_OUTCOME_DUPLICATE; outcome++) {
        struct cs_logged_transaction transaction =
            transaction_of(LOW_LOG, (uint64_t)outcome, (enum cs_outcome)outcome);
        bool known = true;
        assert_ok(cs_store_transaction_known(f->store, transaction.id, &known));
        assert_false(known);
        assert_ok(cs_store_put_transaction(f->store, &transaction));
        assert_ok(cs_store_transaction_known(f->store, transaction.id, &known));
        assert_int_equal(known, outcome == CS_OUTCOME_APPLIED || outcome == CS_OUTCOME_HELD);
    }
}

/* One id under many versions: those that were applied or are duplicates name it, in the order of versions. */
static void a_transaction_is_found_under_all_its_names(void **state)
{
    struct store_fixture *f = *state;
    static const struct {
        uint64_t log;
        uint64_t counter;
        enum cs_outcome outcome;
    } puts[] = {{HIGH_LOG, 4, CS_OUTCOME_APPLIED},
                {LOW_LOG, 9, CS_OUTCOME_DUPLICATE},
                {HIGH_LOG, 2, CS_OUTCOME_DUPLICATE},
                {LOW_LOG, 1, CS_OUTCOME_REFUSED},
                {LOW_LOG, 2, CS_OUTCOME_HELD}};
    struct cs_logged_transaction transaction = transaction_of(LOW_LOG, 7, CS_OUTCOME_APPLIED);
    for (size_t i = 0; i < CS_COUNT(puts); i++) {
        transaction.version = (struct cs_version){puts[i].log, puts[i].counter};
        transaction.outcome = puts[i].outcome;
        assert_ok(cs_store_put_transaction(f->store, &transaction));
    }
    put(f, LOW_LOG, 20, CS_OUTCOME_APPLIED); /* of another id */
    static const struct cs_version expected[] = {{LOW_LOG, 9}, {HIGH_LOG, 2}, {HIGH_LOG, 4}};
    struct cs_version *names;
    size_t count;
    for (size_t limit = 0; limit <= 5; limit++) {
        assert_ok(
            cs_store_transaction_names(f->store, transaction.id, limit, &f->arena, &names, &count));
        assert_int_equal(count, limit < CS_COUNT(expected) ? limit : CS_COUNT(expected));
        for (size_t i = 0; i < count; i++) {
            assert_true(cs_version_equal(&names[i], &expected[i]));
        }
    }
    const uint8_t other[16] = {0};
    assert_ok(cs_store_transaction_names(f->store, other, 5, &f->arena, &names, &count));
    assert_int_equal(count, 0);
}

/* By its id: the one that was applied or is held; or one that was refused, the last of several. */
static void a_transaction_is_found_by_its_id(void **state)
{
    struct store_fixture *f = *state;
    struct cs_logged_transaction transaction = transaction_of(LOW_LOG, 7, CS_OUTCOME_DUPLICATE);
    struct cs_logged_transaction got = {.operation = 3};
    assert_ok(cs_store_put_transaction(f->store, &transaction));
    assert_status(cs_store_transaction_taken(f->store, transaction.id, &f->arena, &got),
                  CS_NOT_FOUND);
    assert_status(cs_store_transaction_refused(f->store, transaction.id, &f->arena, &got),
                  CS_NOT_FOUND);
    assert_int_equal(got.operation, 3);
    static const uint64_t counters[] = {8, 9, 10};
    for (size_t i = 0; i < CS_COUNT(counters); i++) {
        transaction.version.counter = counters[i];
        transaction.outcome = CS_OUTCOME_REFUSED;
        transaction.received_ms = i == 1 ? 2000 : 1000;
        assert_ok(cs_store_put_transaction(f->store, &transaction));
    }
    assert_status(cs_store_transaction_taken(f->store, transaction.id, &f->arena, &got),
                  CS_NOT_FOUND);
    assert_ok(cs_store_transaction_refused(f->store, transaction.id, &f->arena, &got));
    assert_int_equal(got.version.counter, 9);
    assert_int_equal(got.outcome, CS_OUTCOME_REFUSED);
    transaction.version = (struct cs_version){HIGH_LOG, 1};
    transaction.outcome = CS_OUTCOME_HELD;
    assert_ok(cs_store_put_transaction(f->store, &transaction));
    assert_ok(cs_store_transaction_taken(f->store, transaction.id, &f->arena, &got));
    assert_transaction(&got, &transaction);
}

static void held_ones_come_in_order_of_arrival(void **state)
{
    struct store_fixture *f = *state;
    for (uint64_t i = 40; i > 0; i--) {
        struct cs_logged_transaction transaction = transaction_of(LOW_LOG, i, CS_OUTCOME_HELD);
        transaction.received_ms = 1000 - (int64_t)i % 2; /* the odd ones came first */
        assert_ok(cs_store_put_transaction(f->store, &transaction));
    }
    put(f, LOW_LOG, 41, CS_OUTCOME_APPLIED);
    put(f, LOW_LOG, 42, CS_OUTCOME_REFUSED);
    struct cs_logged_transaction *held;
    size_t count;
    assert_ok(cs_store_held(f->store, &f->arena, &held, &count));
    assert_int_equal(count, 40);
    for (uint64_t i = 0; i < 20; i++) {
        assert_int_equal(held[i].version.counter, 2 * i + 1);
        assert_int_equal(held[20 + i].version.counter, 2 * i + 2);
        assert_bytes(held[i].body, T("body"));
    }
}

static void damaged_transactions_are_told(void **state)
{
    struct store_fixture *f = *state;
    static const char *const damages[] = {
        "id = x'00'",
        "status = 'NO SUCH STATUS'",
        "status = ''",
        "status = x''",
        "outcome = 0",
        "outcome = 5",
        "status = 'AN EXCEEDINGLY LONG NAME THAT NO STATUS HAS EVER HAD AND NONE WILL EVER HAVE'",
    };
    const struct cs_version version = {LOW_LOG, 1};
    for (size_t i = 0; i < CS_COUNT(damages); i++) {
        put(f, LOW_LOG, 1, CS_OUTCOME_HELD);
        char sql[192];
        (void)snprintf(sql, sizeof sql, "UPDATE _transaction SET %s", damages[i]);
        execute(f, sql);
        struct cs_logged_transaction got = {.operation = 3};
        assert_status(cs_store_transaction(f->store, &version, &f->arena, &got), CS_CORRUPT);
        assert_int_equal(got.operation, 3);
    }
    put(f, LOW_LOG, 1, CS_OUTCOME_HELD);
    execute(f, "UPDATE _transaction SET id = x'00'");
    struct cs_logged_transaction *held = NULL;
    size_t count = 9;
    assert_status(cs_store_held(f->store, &f->arena, &held, &count), CS_CORRUPT);
    assert_null(held);
    assert_int_equal(count, 9);
}

/* ---- Failing memory and disks ---- */

static enum cs_status use_log(struct store_fixture *f, struct cs_arena *arena)
{
    enum cs_status status = append(f, LOW_LOG, 1, T("inner"));
    status = status == CS_EXISTS ? CS_OK : status; /* of an attempt that failed later */
    uint8_t hash[CS_HASH_SIZE];
    if (status == CS_OK) {
        status = cs_store_change_set_hash(f->store, LOW_LOG, 1, hash);
    }
    struct seen seen = {.count = 0};
    if (status == CS_OK) {
        status = cs_store_change_sets(f->store, see, &seen);
    }
    struct cs_logged_transaction transaction = transaction_of(LOW_LOG, 1, CS_OUTCOME_HELD);
    if (status == CS_OK) {
        status = cs_store_put_transaction(f->store, &transaction);
    }
    struct cs_logged_transaction got;
    if (status == CS_OK) {
        status = cs_store_transaction(f->store, &transaction.version, arena, &got);
    }
    bool known;
    if (status == CS_OK) {
        status = cs_store_transaction_known(f->store, transaction.id, &known);
    }
    struct cs_version *names;
    size_t count;
    if (status == CS_OK) {
        status = cs_store_transaction_names(f->store, transaction.id, 8, arena, &names, &count);
    }
    struct cs_logged_transaction *held;
    return status == CS_OK ? cs_store_held(f->store, arena, &held, &count) : status;
}

static void the_log_survives_failing_memory_and_disks(void **state)
{
    struct store_fixture *f = *state;
    assert_true(sweep_allocations(f, use_log) >= 8);
    execute(f, "DELETE FROM _change_set; DELETE FROM _transaction");
    fail_writes(f, use_log,
                "SELECT (SELECT count(*) FROM _change_set) + (SELECT count(*) FROM _transaction)");
}

static enum cs_status list_held(struct store_fixture *f, struct cs_arena *arena)
{
    struct cs_logged_transaction *held = NULL;
    size_t count = 0;
    enum cs_status status = cs_store_held(f->store, arena, &held, &count);
    assert_int_equal(count, status == CS_OK ? 100 : 0);
    return status;
}

static void a_failing_read_is_no_damage(void **state)
{
    struct store_fixture *f = *state;
    for (uint64_t i = 1; i <= 100; i++) {
        put(f, LOW_LOG, i, CS_OUTCOME_HELD);
    }
    assert_true(sweep_reads(f, list_held) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(change_sets_are_kept_verbatim_by_log_and_sequence),
        STORE_TEST(a_change_set_is_never_replaced),
        STORE_TEST(all_change_sets_are_visited_in_order_until_told_to_stop),
        STORE_TEST(damaged_change_sets_are_told),
        STORE_TEST(a_transaction_comes_back_as_it_was),
        STORE_TEST(an_unknown_transaction_is_not_found),
        STORE_TEST(a_held_transaction_is_replaced_by_its_outcome),
        STORE_TEST(known_are_the_applied_and_the_held),
        STORE_TEST(a_transaction_is_found_under_all_its_names),
        STORE_TEST(a_transaction_is_found_by_its_id),
        STORE_TEST(held_ones_come_in_order_of_arrival),
        STORE_TEST(damaged_transactions_are_told),
        STORE_TEST(the_log_survives_failing_memory_and_disks),
        STORE_TEST(a_failing_read_is_no_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
