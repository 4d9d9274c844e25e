/* Shares of the root key: put together with and without the statement, apart from those of the recovery key, and every false one. */
#include "field-client/vault/root_shares.h"

#include "tests/unit/shared_vault/vault_fixture.h"

#define SHARES 5
#define THRESHOLD 3

static struct scene scene;
static struct cs_root_split split;
static struct cs_secret *shares[SHARES];
static struct cs_secret *others[SHARES]; /* of another splitting of the same key */
static struct cs_vault_gathering *gathering;

static int setup(void **state)
{
    (void)state;
    struct cs_root_split other;
    scene_init(&scene);
    assert_ok(cs_root_split_make(&scene.fake.world, scene.root, THRESHOLD, SHARES, &split, shares,
                                 &scene.problem));
    assert_ok(cs_root_split_make(&scene.fake.world, scene.root, THRESHOLD, SHARES, &other, others,
                                 &scene.problem));
    assert_false(cs_id_equal(&split.set, &other.set));
    gathering = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_vault_gathering_destroy(gathering);
    for (size_t i = 0; i < SHARES; i++) {
        cs_secret_destroy(shares[i]);
        cs_secret_destroy(others[i]);
    }
    scene_release(&scene);
    return 0;
}

static void begin(const struct cs_root_split *statement)
{
    cs_vault_gathering_destroy(gathering);
    assert_ok(cs_root_gathering_create(statement, &gathering));
}

static void add(const struct cs_secret *text, enum cs_status expected, const char *saying)
{
    scene.problem.text[0] = '\0';
    assert_status(cs_vault_gathering_add(gathering, cs_secret_bytes(text), &scene.problem),
                  expected);
    if (strstr(scene.problem.text, saying) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", scene.problem.text, saying);
    }
}

static void assert_finishes(void)
{
    struct cs_sign_key *key = NULL;
    struct cs_root_split found;
    assert_ok(cs_root_gathering_finish(gathering, &key, &found, &scene.problem));
    assert_true(cs_bytes_equal(cs_sign_key_seed(key), cs_sign_key_seed(scene.root)));
    assert_memory_equal(&found, &split, sizeof found);
    cs_sign_key_destroy(key);
}

static void assert_does_not_finish(enum cs_status expected, const char *saying)
{
    struct cs_sign_key *key = NULL;
    struct cs_root_split found;
    assert_status(cs_root_gathering_finish(gathering, &key, &found, &scene.problem), expected);
    assert_null(key);
    if (strstr(scene.problem.text, saying) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", scene.problem.text, saying);
    }
}

/* Without the statement the shares say it all, and it can be signed again to the same bytes. */
static void test_any_threshold_of_shares(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 2 * SHARES; first++) {
        begin(first < SHARES ? NULL : &split);
        for (unsigned i = 0; i < THRESHOLD; i++) {
            add(shares[(first + 2 * i) % SHARES], CS_OK, "");
            assert_int_equal(cs_vault_gathering_missing(gathering), THRESHOLD - 1 - i);
        }
        assert_finishes();
        add(shares[(first + 1) % SHARES], CS_OK, "");
        assert_finishes();
    }
}

static void test_too_few(void **state)
{
    (void)state;
    begin(NULL);
    assert_int_equal(cs_vault_gathering_missing(gathering), CS_VAULT_SHARES_MIN);
    assert_does_not_finish(CS_LOCKED, "no share is there");
    add(shares[0], CS_OK, "");
    assert_does_not_finish(CS_LOCKED, "1 of 3 shares are there: 2 more");
    add(shares[4], CS_OK, "");
    assert_does_not_finish(CS_LOCKED, "2 of 3");
    add(shares[2], CS_OK, "");
    assert_finishes();
}

static void test_repeated_and_foreign_shares(void **state)
{
    (void)state;
    for (int stated = 0; stated < 2; stated++) {
        begin(stated == 1 ? &split : NULL);
        add(shares[1], CS_OK, "");
        add(shares[1], CS_EXISTS, "share 2 was entered already");
        add(others[0], CS_NOT_FOUND, "belongs to another set");
        add(shares[0], CS_OK, "");
        add(shares[3], CS_OK, "");
        assert_finishes();
    }
    begin(&split);
    add(others[0], CS_NOT_FOUND, "of an earlier splitting, or another organisation");
}

/* Each of the two keys has its own kind: neither is taken for the other, however it is typed. */
static void test_the_two_keys_are_apart(void **state)
{
    (void)state;
    struct cs_secret *recovery_shares[2] = {NULL};
    struct cs_vault_recovery recovery;
    const struct cs_vault_recovery_terms terms = {.organisation = scene.organisation,
                                                  .number = 2,
                                                  .set = split.set,
                                                  .threshold = 2,
                                                  .count = 2};
    cs_buffer_clear(&scene.bytes);
    assert_ok(cs_vault_recovery_make(&scene.fake.world, scene.root, &terms, &scene.bytes,
                                     recovery_shares, &scene.problem));
    assert_ok(cs_vault_recovery_decode(cs_buffer_bytes(&scene.bytes), &recovery));
    begin(NULL);
    add(recovery_shares[0], CS_INVALID, "share of the recovery key");
    assert_memory_equal(cs_secret_bytes(shares[0]).data, "CSK1-", 5);
    assert_memory_equal(cs_secret_bytes(recovery_shares[0]).data, "CSR1-", 5);
    cs_secret_data(recovery_shares[0])[2] = 'K'; /* the checksum is of the other kind */
    add(recovery_shares[0], CS_INVALID, "typing error");
    cs_vault_gathering_destroy(gathering);
    assert_ok(cs_vault_gathering_create(&recovery, &gathering));
    add(shares[0], CS_INVALID, "share of the root key");
    cs_secret_data(shares[0])[2] = 'R';
    add(shares[0], CS_INVALID, "typing error");
    cs_secret_data(shares[0])[2] = 'K';
    cs_secret_data(shares[0])[3] = '2';
    add(shares[0], CS_UNSUPPORTED, "newer version");
    cs_secret_destroy(recovery_shares[0]);
    cs_secret_destroy(recovery_shares[1]);
}

/* Well printed, but not the share that was made: with the statement it is found at once, without it at the end. */
static void test_false_shares(void **state)
{
    (void)state;
    struct cs_vault_share share;
    struct cs_secret *text = NULL;
    assert_ok(cs_vault_share_parse(cs_secret_bytes(shares[2]), &share, NULL));
    assert_int_equal(share.kind, CS_VAULT_SHARE_ROOT);
    for (unsigned i = 0; i < 4; i++) {
        struct cs_vault_share false_share = share;
        cs_secret_data(share.value)[31] ^= i == 0 ? 1 : 0;
        false_share.index = i == 1 ? 4 : false_share.index;
        false_share.threshold = i == 2 ? 2 : false_share.threshold;
        false_share.count = i == 3 ? 6 : false_share.count;
        assert_ok(cs_vault_share_print(&false_share, &text));
        begin(&split);
        add(text, CS_FORGED, "not a share as it was made");
        begin(NULL);
        add(text, CS_OK, "");
        enum cs_status second = i < 2 ? CS_OK : CS_FORGED;
        add(shares[0], second, second == CS_OK ? "" : "not a share as it was made");
        if (i < 2) {
            add(shares[1], CS_OK, "");
            assert_does_not_finish(CS_FORGED, "one of them is not as it was made");
        }
        cs_secret_data(share.value)[31] ^= i == 0 ? 1 : 0;
        cs_secret_destroy(text);
    }
    cs_secret_destroy(share.value);
}

/* All of them claim that two are enough: the polynomial of two is another one. */
static void test_a_lowered_threshold(void **state)
{
    (void)state;
    begin(NULL);
    for (size_t i = 0; i < 2; i++) {
        struct cs_vault_share share;
        struct cs_secret *text = NULL;
        assert_ok(cs_vault_share_parse(cs_secret_bytes(shares[i]), &share, NULL));
        share.threshold = 2;
        assert_ok(cs_vault_share_print(&share, &text));
        add(text, CS_OK, "");
        cs_secret_destroy(text);
        cs_secret_destroy(share.value);
    }
    assert_does_not_finish(CS_FORGED, "one of them is not as it was made");
}

static void test_terms(void **state)
{
    (void)state;
    static const unsigned cases[][2] = {{1, 3}, {0, 0}, {4, 3}, {2, 17}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_secret *made[CS_VAULT_SHARES_MAX + 1] = {NULL};
        struct cs_root_split found;
        assert_status(cs_root_split_make(&scene.fake.world, scene.root, cases[i][0], cases[i][1],
                                         &found, made, &scene.problem),
                      CS_INVALID);
        assert_non_null(strstr(scene.problem.text, "at least 2 shares"));
        assert_null(made[0]);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    long failing = 0;
    for (;; failing++) {
        struct cs_secret *made[2] = {NULL, NULL};
        struct cs_root_split found;
        struct cs_vault_gathering *again = NULL;
        struct cs_sign_key *key = NULL;
        cs_memory_fail_after(failing);
        enum cs_status status =
            cs_root_split_make(&scene.fake.world, scene.root, 2, 2, &found, made, &scene.problem);
        if (status != CS_OK) {
            assert_null(made[0]);
            assert_null(made[1]);
        } else {
            status = cs_root_gathering_create(NULL, &again);
        }
        for (size_t i = 0; i < 2 && status == CS_OK; i++) {
            status = cs_vault_gathering_add(again, cs_secret_bytes(made[i]), &scene.problem);
        }
        if (status == CS_OK) {
            status = cs_root_gathering_finish(again, &key, &found, &scene.problem);
        }
        cs_memory_fail_after(-1);
        cs_secret_destroy(made[0]);
        cs_secret_destroy(made[1]);
        cs_vault_gathering_destroy(again);
        cs_sign_key_destroy(key);
        if (status == CS_OK) {
            break;
        }
        assert_status(status, CS_NO_MEMORY);
        assert_null(key);
    }
    assert_true(failing > 12);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_any_threshold_of_shares),
        CASE(test_too_few),
        CASE(test_repeated_and_foreign_shares),
        CASE(test_the_two_keys_are_apart),
        CASE(test_false_shares),
        CASE(test_a_lowered_threshold),
        CASE(test_terms),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
