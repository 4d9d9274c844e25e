/* The recovery key and its shares: printed, typed in again, and everything that can go wrong then. */
#include "field-client/vault/shares.h"

#include "tests/unit/shared_vault/vault_fixture.h"

#define SHARES 5
#define THRESHOLD 3

static struct scene scene;
static struct cs_vault_recovery recovery;
static struct cs_secret *shares[SHARES];
static struct cs_secret *others[SHARES]; /* of another set */
static struct cs_vault_gathering *gathering;

static void make(uint8_t set, struct cs_vault_recovery *out, struct cs_secret **out_shares)
{
    const struct cs_vault_recovery_terms terms = {.organisation = scene.organisation,
                                                  .number = 2,
                                                  .set = scene_id(set),
                                                  .threshold = THRESHOLD,
                                                  .count = SHARES};
    cs_buffer_clear(&scene.bytes);
    assert_ok(cs_vault_recovery_make(&scene.fake.world, scene.root, &terms, &scene.bytes,
                                     out_shares, &scene.problem));
    assert_ok(cs_vault_recovery_verify(cs_buffer_bytes(&scene.bytes), scene.root_key, out));
}

static int setup(void **state)
{
    (void)state;
    struct cs_vault_recovery other;
    scene_init(&scene);
    make(1, &recovery, shares);
    make(2, &other, others);
    assert_ok(cs_vault_gathering_create(&recovery, &gathering));
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

static void add(struct cs_bytes text, enum cs_status expected, const char *saying)
{
    scene.problem.text[0] = '\0';
    assert_status(cs_vault_gathering_add(gathering, text, &scene.problem), expected);
    if (strstr(scene.problem.text, saying) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", scene.problem.text, saying);
    }
}

static void test_any_threshold_of_shares(void **state)
{
    (void)state;
    for (unsigned first = 0; first < SHARES; first++) {
        struct cs_seal_key *key = NULL;
        uint8_t found[CS_SEAL_KEY_SIZE];
        cs_vault_gathering_destroy(gathering);
        assert_ok(cs_vault_gathering_create(&recovery, &gathering));
        for (unsigned i = 0; i < THRESHOLD; i++) {
            assert_int_equal(cs_vault_gathering_missing(gathering), THRESHOLD - i);
            add(cs_secret_bytes(shares[(first + 2 * i) % SHARES]), CS_OK, "");
        }
        assert_int_equal(cs_vault_gathering_missing(gathering), 0);
        assert_ok(cs_vault_gathering_finish(gathering, &key, &scene.problem));
        cs_seal_key_public(key, found);
        assert_memory_equal(found, recovery.key, sizeof found);
        cs_seal_key_destroy(key);
        add(cs_secret_bytes(shares[(first + 1) % SHARES]), CS_OK, ""); /* more do no harm */
        assert_ok(cs_vault_gathering_finish(gathering, &key, &scene.problem));
        cs_seal_key_destroy(key);
    }
}

static void test_too_few(void **state)
{
    (void)state;
    struct cs_seal_key *key = NULL;
    for (unsigned i = 0; i < THRESHOLD; i++) {
        static const char *const saying[] = {"0 of 3 shares are there: 3 more", "1 of 3", "2 of 3"};
        assert_status(cs_vault_gathering_finish(gathering, &key, &scene.problem), CS_LOCKED);
        assert_non_null(strstr(scene.problem.text, saying[i]));
        assert_null(key);
        add(cs_secret_bytes(shares[i]), CS_OK, "");
    }
    assert_ok(cs_vault_gathering_finish(gathering, &key, &scene.problem));
    cs_seal_key_destroy(key);
}

static void test_repeated_and_foreign_shares(void **state)
{
    (void)state;
    struct cs_seal_key *key = NULL;
    add(cs_secret_bytes(shares[1]), CS_OK, "");
    add(cs_secret_bytes(shares[1]), CS_EXISTS, "share 2 was entered already");
    add(cs_secret_bytes(others[0]), CS_NOT_FOUND, "belongs to another set");
    assert_int_equal(cs_vault_gathering_missing(gathering), 2);
    add(cs_secret_bytes(shares[0]), CS_OK, "");
    add(cs_secret_bytes(shares[0]), CS_EXISTS, "share 1 was entered already");
    assert_status(cs_vault_gathering_finish(gathering, &key, &scene.problem), CS_LOCKED);
}

/* A share that somebody made up for this set: well printed, but not the one that was made. */
static void test_false_shares(void **state)
{
    (void)state;
    struct cs_vault_share share;
    struct cs_secret *text = NULL;
    assert_ok(cs_vault_share_parse(cs_secret_bytes(shares[2]), &share, NULL));
    assert_int_equal(share.index, 3);
    assert_int_equal(share.threshold, THRESHOLD);
    assert_int_equal(share.count, SHARES);
    assert_true(cs_id_equal(&share.set, &recovery.set));
    for (unsigned i = 0; i < 4; i++) {
        struct cs_vault_share false_share = share;
        cs_secret_data(share.value)[31] ^= i == 0 ? 1 : 0;
        false_share.index = i == 1 ? 4 : false_share.index;
        false_share.threshold = i == 2 ? 2 : false_share.threshold;
        false_share.count = i == 3 ? 6 : false_share.count;
        assert_ok(cs_vault_share_print(&false_share, &text));
        add(cs_secret_bytes(text), CS_FORGED, "not a share as it was made");
        cs_secret_data(share.value)[31] ^= i == 0 ? 1 : 0;
        cs_secret_destroy(text);
    }
    assert_ok(cs_vault_share_print(&share, &text));
    assert_true(cs_bytes_equal(cs_secret_bytes(text), cs_secret_bytes(shares[2])));
    cs_secret_destroy(text);
    cs_secret_destroy(share.value);
    assert_int_equal(cs_vault_gathering_missing(gathering), THRESHOLD);
}

/* ---- typing ---- */

static void test_the_form_of_the_text(void **state)
{
    (void)state;
    struct cs_bytes text = cs_secret_bytes(shares[0]);
    assert_int_equal(text.size, CS_VAULT_SHARE_TEXT_SIZE);
    assert_memory_equal(text.data, "CSR1-", 5);
    for (size_t i = 4; i < text.size; i++) {
        assert_true((text.data[i] == '-') == (i % 6 == 4));
        assert_null(strchr("ILOU", text.data[i]));
    }
}

static void test_what_people_type_is_understood(void **state)
{
    (void)state;
    char typed[3 * CS_VAULT_SHARE_TEXT_SIZE];
    struct cs_bytes text = cs_secret_bytes(shares[0]);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char character = (char)text.data[i];
        character = character == '0' ? (i % 2 == 0 ? 'o' : 'O') : character;
        character = character == '1' && i > 4 ? (i % 2 == 0 ? 'l' : 'I') : character;
        typed[size++] = character >= 'A' && character <= 'Z' && i % 3 == 0
                            ? (char)(character - 'A' + 'a')
                            : character;
        if (i % 7 == 0) {
            typed[size++] = " \n\t\r"[i / 7 % 4];
        }
    }
    add(cs_bytes_make(typed, size), CS_OK, "");
    add(cs_bytes_make(typed, size), CS_EXISTS, "share 1");
}

static void test_every_typing_error_is_found(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t typed[CS_VAULT_SHARE_TEXT_SIZE];
    struct cs_bytes text = cs_secret_bytes(shares[0]);
    for (size_t i = 5; i < text.size; i++) {
        if (text.data[i] == '-') {
            continue;
        }
        for (const char *wrong = alphabet; *wrong != '\0'; wrong++) {
            memcpy(typed, text.data, text.size);
            typed[i] = (uint8_t)*wrong;
            if (typed[i] != text.data[i]) {
                add(cs_bytes_of_array(typed), CS_INVALID, "typing error");
            }
        }
        memcpy(typed, text.data, text.size);
        typed[i] = 'U'; /* in no share */
        add(cs_bytes_of_array(typed), CS_INVALID, "typing error");
        if (i + 1 < text.size && text.data[i + 1] != '-' && text.data[i] != text.data[i + 1]) {
            memcpy(typed, text.data, text.size);
            typed[i] = text.data[i + 1]; /* two changed places */
            typed[i + 1] = text.data[i];
            add(cs_bytes_of_array(typed), CS_INVALID, "typing error");
        }
    }
    for (size_t size = 0; size < text.size; size++) {
        add(cs_bytes_make(text.data, size), CS_INVALID, "typing error");
    }
    uint8_t longer[CS_VAULT_SHARE_TEXT_SIZE + 1];
    memcpy(longer, text.data, text.size);
    longer[text.size] = '0';
    add(cs_bytes_of_array(longer), CS_INVALID, "typing error");
    longer[3] = '2';
    add(cs_bytes_make(longer, text.size), CS_UNSUPPORTED, "newer version");
    longer[0] = 'X';
    add(cs_bytes_make(longer, text.size), CS_INVALID, "typing error");
    assert_int_equal(cs_vault_gathering_missing(gathering), THRESHOLD);
}

static void test_impossible_numbers(void **state)
{
    (void)state;
    struct cs_vault_share share;
    struct cs_vault_share found;
    struct cs_secret *text = NULL;
    assert_ok(cs_vault_share_parse(cs_secret_bytes(shares[2]), &share, NULL));
    static const unsigned cases[][3] = {{1, 5, 1}, {6, 5, 1}, {3, 17, 1}, {3, 5, 0}, {3, 5, 6}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        share.threshold = cases[i][0];
        share.count = cases[i][1];
        share.index = cases[i][2];
        assert_ok(cs_vault_share_print(&share, &text));
        assert_status(cs_vault_share_parse(cs_secret_bytes(text), &found, &scene.problem),
                      CS_INVALID);
        cs_secret_destroy(text);
    }
    cs_secret_destroy(share.value);
}

/* Signed by the root, yet the public key is not that of the shares: whoever made it, it is found before anything is opened. */
static void test_shares_of_another_key(void **state)
{
    (void)state;
    struct cs_seal_key *key = NULL;
    struct cs_vault_recovery false_recovery = recovery;
    cs_vault_gathering_destroy(gathering);
    false_recovery.key[0] ^= 1;
    assert_ok(cs_vault_gathering_create(&false_recovery, &gathering));
    for (unsigned i = 0; i < THRESHOLD; i++) {
        add(cs_secret_bytes(shares[i]), CS_OK, "");
    }
    assert_status(cs_vault_gathering_finish(gathering, &key, &scene.problem), CS_FORGED);
    assert_non_null(strstr(scene.problem.text, "do not give the recovery key"));
    assert_null(key);
}

/* ---- making ---- */

static void test_terms(void **state)
{
    (void)state;
    static const unsigned cases[][2] = {{1, 3}, {0, 0}, {4, 3}, {2, 17}};
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_secret *made[CS_VAULT_SHARES_MAX + 1] = {NULL};
        const struct cs_vault_recovery_terms terms = {
            .organisation = scene.organisation, .threshold = cases[i][0], .count = cases[i][1]};
        cs_buffer_clear(&scene.bytes);
        assert_status(cs_vault_recovery_make(&scene.fake.world, scene.root, &terms, &scene.bytes,
                                             made, &scene.problem),
                      CS_INVALID);
        assert_non_null(strstr(scene.problem.text, "at least 2 shares"));
        assert_int_equal(scene.bytes.size, 0);
    }
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    const struct cs_vault_recovery_terms terms = {
        .organisation = scene.organisation, .set = scene_id(9), .threshold = 2, .count = 2};
    long failing = 0;
    for (;; failing++) {
        struct cs_secret *made[2] = {NULL, NULL};
        struct cs_vault_recovery found;
        struct cs_vault_gathering *again = NULL;
        struct cs_seal_key *key = NULL;
        cs_buffer_release(&scene.bytes);
        cs_memory_fail_after(failing);
        enum cs_status status = cs_vault_recovery_make(&scene.fake.world, scene.root, &terms,
                                                       &scene.bytes, made, &scene.problem);
        if (status == CS_OK) {
            status = cs_vault_recovery_decode(cs_buffer_bytes(&scene.bytes), &found);
        } else {
            assert_null(made[0]);
            assert_null(made[1]);
        }
        if (status == CS_OK) {
            status = cs_vault_gathering_create(&found, &again);
        }
        for (size_t i = 0; i < 2 && status == CS_OK; i++) {
            status = cs_vault_gathering_add(again, cs_secret_bytes(made[i]), &scene.problem);
        }
        if (status == CS_OK) {
            status = cs_vault_gathering_finish(again, &key, &scene.problem);
        }
        cs_memory_fail_after(-1);
        cs_secret_destroy(made[0]);
        cs_secret_destroy(made[1]);
        cs_vault_gathering_destroy(again);
        cs_seal_key_destroy(key);
        if (status == CS_OK) {
            break;
        }
        assert_status(status, CS_NO_MEMORY);
    }
    assert_true(failing > 12);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_any_threshold_of_shares),     CASE(test_too_few),
        CASE(test_repeated_and_foreign_shares), CASE(test_false_shares),
        CASE(test_the_form_of_the_text),        CASE(test_what_people_type_is_understood),
        CASE(test_every_typing_error_is_found), CASE(test_impossible_numbers),
        CASE(test_shares_of_another_key),       CASE(test_terms),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
