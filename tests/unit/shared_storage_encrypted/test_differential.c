/* Chance SQL on an encrypted and on a plain database: always the same answers, and the same content. */
#include "tests/unit/shared_storage_encrypted/encrypted_fixture.h"

#define PLAIN "/d/plain.db"
#define SEEDS 6
#define STEPS 400

struct pair {
    struct encrypted_fixture encrypted;
    struct encrypted_fixture plain; /* its own database; world and disk are those of `encrypted` */
};

static void open_both(struct pair *pair)
{
    assert_int_equal(fixture_open(&pair->encrypted), CS_OK);
    assert_int_equal(cs_database_open(&pair->encrypted.below, PLAIN, CS_DATABASE_REPLICA,
                                      &pair->plain.database, &pair->plain.problem),
                     CS_OK);
}

static void close_both(struct pair *pair)
{
    fixture_close(&pair->encrypted);
    fixture_close(&pair->plain);
}

static void both(struct pair *pair, const char *sql)
{
    enum cs_status one = fixture_try(&pair->encrypted, sql);
    enum cs_status other = fixture_try(&pair->plain, sql);
    if (one != other) {
        fail_msg("%s: %s, plain %s", sql, cs_status_name(one), cs_status_name(other));
    }
}

static void same_content(struct pair *pair)
{
    uint8_t one[CS_HASH_SIZE];
    uint8_t other[CS_HASH_SIZE];
    assert_int_equal(fixture_digest(&pair->encrypted, one), CS_OK);
    assert_int_equal(fixture_digest(&pair->plain, other), CS_OK);
    assert_memory_equal(one, other, sizeof one);
}

/* One of the things that happen to a database; `a` and `b` are chance. */
static void step(struct pair *pair, unsigned kind, unsigned a, unsigned b)
{
    static const char *const forms[] = {
        "INSERT INTO t(id, k, v) VALUES(%u, %u, zeroblob(%u))",
        "INSERT OR REPLACE INTO t(id, k, v) VALUES(%u %% 500, %u, hex(zeroblob(%u %% 9000)))",
        "UPDATE t SET k = k + %u WHERE id %% 9 = %u %% 9",
        "UPDATE t SET v = CAST(k AS TEXT) || hex(zeroblob(%u %% 3000)) WHERE id < %u",
        "DELETE FROM t WHERE id %% 11 = %u %% 11 AND k > %u",
        ("BEGIN; INSERT INTO t(k, v) SELECT k + %u, v FROM t WHERE id < 60; "
         "UPDATE t SET v = hex(zeroblob(%u %% 5000)) WHERE k %% 3 = 1; ROLLBACK"),
        ("BEGIN; INSERT INTO t(k, v) SELECT k, v FROM t WHERE id %% 31 = %u %% 31; SAVEPOINT x; "
         "DELETE FROM t WHERE k < %u; ROLLBACK TO x; COMMIT"),
        "CREATE INDEX IF NOT EXISTS i%u ON t(k, id); DROP INDEX IF EXISTS i%u",
        "CREATE TABLE IF NOT EXISTS u AS SELECT * FROM t WHERE id < %u; DELETE FROM u WHERE k < %u",
        "DROP TABLE IF EXISTS u; PRAGMA cache_size=%u; SELECT %u",
    };
    char sql[512];
    switch (kind) {
    case 10:
        assert_int_equal(cs_database_cut_log(pair->encrypted.database), CS_OK);
        assert_int_equal(cs_database_cut_log(pair->plain.database), CS_OK);
        break;
    case 11:
        close_both(pair);
        open_both(pair);
        both(pair, "PRAGMA cache_size=12; PRAGMA wal_autocheckpoint=25");
        break;
    default:
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(sql, sizeof sql, forms[kind], a, b, a % 7000);
#pragma GCC diagnostic pop
        both(pair, sql);
        break;
    }
}

static void test_same_as_plain(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct pair pair;
        fixture_start(&pair.encrypted, seed);
        memset(&pair.plain, 0, sizeof pair.plain);
        open_both(&pair);
        both(&pair, "CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v BLOB);"
                    "CREATE INDEX t_k ON t(k); PRAGMA cache_size=12; PRAGMA wal_autocheckpoint=25");
        for (int i = 0; i < STEPS; i++) {
            unsigned kind = (unsigned)small_disk_random(12);
            kind = kind == 11 && small_disk_random(3) > 0 ? 1 : kind;
            step(&pair, kind, (unsigned)small_disk_random(1000),
                 2 + (unsigned)small_disk_random(500));
            if (i % 20 == 0) {
                same_content(&pair);
            }
        }
        same_content(&pair);
        close_both(&pair);
        fixture_end(&pair.encrypted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
