/* The log of a vault: who may write it, in which order, and every attack on it refused with its reason. */
#include "tests/unit/shared_vault/made_up.h"

static struct scene scene;

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scene_release(&scene);
    return 0;
}

static void refuses(const struct cs_vault_record *record, enum member signer,
                    enum cs_status expected, const char *saying)
{
    scene_refuses(&scene, scene_sign(&scene, record, signer), expected, saying);
}

static void assert_permits(enum member who, enum cs_vault_right right, uint64_t position,
                           int64_t ms, enum cs_status expected)
{
    struct cs_problem problem = {""};
    assert_status(cs_vault_log_permits(scene.log, scene_certificate(&scene, who), right, position,
                                       ms, &problem),
                  expected);
    assert_true(expected == CS_OK || strstr(problem.text, "this vault") != NULL);
}

static void test_rights_follow_the_log(void **state)
{
    (void)state;
    made_vault(&scene, 1);
    assert_int_equal(cs_vault_log_position(scene.log), 7);
    assert_permits(LI, CS_VAULT_MAY_MANAGE, 1, START_MS, CS_OK);
    assert_permits(LI, CS_VAULT_MAY_REVEAL, 1, START_MS, CS_DENIED);
    assert_permits(LI, CS_VAULT_MAY_REVEAL, 3, START_MS, CS_OK);
    assert_permits(HAN, CS_VAULT_MAY_MANAGE, 3, START_MS, CS_DENIED);
    assert_permits(HAN, CS_VAULT_MAY_MANAGE, 4, START_MS, CS_OK);
    assert_permits(ZHAO, CS_VAULT_MAY_LEASE, 7, START_MS, CS_OK);
    assert_permits(ZHAO, CS_VAULT_MAY_EDIT, 7, START_MS, CS_DENIED);
    assert_permits(SUN, CS_VAULT_MAY_APPROVE, 7, START_MS, CS_OK);
    assert_permits(WANG, CS_VAULT_MAY_LIST, 7, START_MS, CS_DENIED);
    assert_true(cs_vault_log_epoch(scene.log, 1)->four_eyes);
    assert_null(cs_vault_log_epoch(scene.log, 2));
    assert_null(cs_vault_log_epoch(scene.log, 0));
    assert_null(cs_vault_log_epoch_at(scene.log, 1));
    assert_int_equal(cs_vault_log_epoch_at(scene.log, 2)->number, 1);
}

static void test_a_new_grant_replaces_the_old_one(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    grant(&scene, HAN, ZHAO, CS_VAULT_MAY_LIST);
    assert_permits(ZHAO, CS_VAULT_MAY_REVEAL, 7, START_MS, CS_OK);
    assert_permits(ZHAO, CS_VAULT_MAY_REVEAL, 8, START_MS, CS_DENIED);
    assert_permits(ZHAO, CS_VAULT_MAY_LIST, 8, START_MS, CS_OK);
}

static void test_expiry(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record record = made_grant(&scene, LI, WU, CS_VAULT_MAY_REVEAL);
    record.expires_ms = START_MS + DAY;
    assert_ok(scene_append(&scene, &record, LI));
    assert_permits(WU, CS_VAULT_MAY_REVEAL, 8, START_MS + DAY - 1, CS_OK);
    assert_permits(WU, CS_VAULT_MAY_REVEAL, 8, START_MS + DAY, CS_EXPIRED);
    record = made_grant(&scene, LI, LI_TOO, CS_VAULT_MAY_MANAGE);
    record.expires_ms = START_MS + DAY;
    assert_ok(scene_append(&scene, &record, LI));
    /* Its clock set back does not help: the server's counts too. */
    record = made_grant(&scene, LI_TOO, WU, CS_VAULT_MAY_REVEAL);
    scene.now_ms = START_MS + DAY;
    refuses(&record, LI_TOO, CS_EXPIRED, "the grant to manage this vault has expired");
    scene.now_ms = START_MS;
    record.expires_ms = START_MS;
    refuses(&record, LI_TOO, CS_EXPIRED, "had expired when it came");
}

static void test_only_officers_begin_and_manage(void **state)
{
    (void)state;
    struct cs_vault_record record = made_creation(&scene, ZHAO);
    refuses(&record, ZHAO, CS_DENIED, "赵强 is no officer");
    record = made_epoch(&scene, LI, 1);
    refuses(&record, LI, CS_INVALID, "begins with its creation");
    made_vault(&scene, 0);
    record = made_creation(&scene, LI);
    refuses(&record, LI, CS_INVALID, "begins with its creation");
    record = made_grant(&scene, ZHAO, WU, CS_VAULT_MAY_REVEAL);
    refuses(&record, ZHAO, CS_DENIED, "no officer");
    record = made_grant(&scene, WANG, WANG, CS_VAULT_MAY_REVEAL);
    refuses(&record, WANG, CS_DENIED, "no grant lets this device manage this vault");
    record = made_grant(&scene, LI, ZHAO, CS_VAULT_MAY_MANAGE);
    refuses(&record, LI, CS_DENIED, "赵强 is no officer");
    record = made_version(&scene, LI);
    refuses(&record, LI, CS_INVALID, "a vault version does not belong in a vault's log");
    record = made_grant(&scene, LI, WU, CS_VAULT_MAY_LIST);
    record.vault = scene_id(0x78);
    refuses(&record, LI, CS_FORGED, "another vault");
}

static void test_forged_and_unsigned_keys(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    /* Signed by another than it names. */
    struct cs_vault_record record = made_grant(&scene, LI, WU, CS_VAULT_MAY_REVEAL);
    refuses(&record, HAN, CS_FORGED, "not signed by the one it names");
    refuses(&record, OUTSIDER, CS_FORGED, "not signed by the one it names");
    /* By, and to, a device that no chain leads to. */
    memcpy(record.author, scene_certificate(&scene, OUTSIDER), CS_HASH_SIZE);
    refuses(&record, OUTSIDER, CS_UNKNOWN_DEVICE, "nobody certified");
    record = made_grant(&scene, LI, OUTSIDER, CS_VAULT_MAY_REVEAL);
    refuses(&record, LI, CS_UNKNOWN_DEVICE, "to a device that nobody certified");
    /* By, and to, a revoked one. */
    scene.devices[WU].revoked = true;
    record = made_grant(&scene, LI, WU, CS_VAULT_MAY_REVEAL);
    refuses(&record, LI, CS_REVOKED, "to a device that was revoked");
    scene.devices[LI].revoked = true;
    refuses(&record, LI, CS_REVOKED, "by a device that was revoked");
    scene.devices[LI].revoked = false;
    scene.devices[WU].revoked = false;
    record.organisation[0] ^= 1;
    refuses(&record, LI, CS_WRONG_ORGANISATION, "another organisation");
    record.organisation[0] ^= 1;
    assert_ok(scene_append(&scene, &record, LI));
}

/* A server that hands out its own key as a colleague's cannot make the chain that a grant's recipient is looked up by. */
static void test_a_substituted_public_key_has_no_chain(void **state)
{
    (void)state;
    struct cs_buffer *chain = &scene.devices[ZHAO].chain_bytes;
    uint8_t seal_key[CS_SEAL_KEY_SIZE];
    struct cs_chain parsed;
    struct cs_problem problem = {""};
    size_t at = 0;
    cs_seal_key_public(scene.devices[ZHAO].seal_key, seal_key);
    while (memcmp(chain->data + at, seal_key, sizeof seal_key) != 0) {
        at++;
        assert_true(at + sizeof seal_key <= chain->size);
    }
    cs_seal_key_public(scene.devices[OUTSIDER].seal_key, chain->data + at);
    assert_status(cs_chain_verify(cs_buffer_bytes(chain), scene.organisation, &parsed, &problem),
                  CS_FORGED);
    assert_non_null(strstr(problem.text, "signature"));
}

static void test_compare_and_swap(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record first = made_grant(&scene, LI, WU, CS_VAULT_MAY_REVEAL);
    struct cs_vault_record second = made_grant(&scene, HAN, WANG, CS_VAULT_MAY_REVEAL);
    assert_ok(scene_append(&scene, &first, LI));
    refuses(&second, HAN, CS_OUTDATED, "another officer changed the vault first");
    refuses(&first, LI, CS_EXISTS, "already");
    second = made_grant(&scene, HAN, WANG, CS_VAULT_MAY_REVEAL);
    assert_ok(scene_append(&scene, &second, HAN));
    refuses(&first, LI, CS_EXISTS, "already"); /* replayed later */
}

static void test_gaps_and_other_histories(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record record = made_grant(&scene, LI, WU, CS_VAULT_MAY_REVEAL);
    record.position++;
    refuses(&record, LI, CS_GAP, "are missing");
    record.position--;
    record.head[5] ^= 1;
    refuses(&record, LI, CS_OTHER_HISTORY, "follows another record");
    memset(record.head, 0, sizeof record.head);
    refuses(&record, LI, CS_OTHER_HISTORY, "follows another record");
}

/* ---- the log as a whole ---- */

#define RECORDS 7
static struct cs_buffer kept[RECORDS];

/* The same as made_vault, with the bytes of its records kept. */
static void keep_records(void)
{
    struct cs_vault_record record = made_creation(&scene, LI);
    for (size_t i = 0; i < RECORDS; i++) {
        static const enum member whom[RECORDS] = {[2] = LI, HAN, ZHAO, CHEN, SUN};
        record = i == 0   ? record
                 : i == 1 ? made_epoch(&scene, LI, 1)
                          : made_grant(&scene, LI, whom[i],
                                       i < 4 ? CS_VAULT_RIGHTS_ALL : CS_VAULT_MAY_LIST);
        cs_buffer_init(&kept[i], CS_MEBI);
        assert_ok(scene_append(&scene, &record, LI));
        cs_buffer_append_bytes(&kept[i], cs_buffer_bytes(&scene.bytes));
    }
}

static void forget_records(void)
{
    for (size_t i = 0; i < RECORDS; i++) {
        cs_buffer_release(&kept[i]);
    }
}

static void begin_again(void)
{
    cs_vault_log_destroy(scene.log);
    assert_ok(cs_vault_log_create(&scene.vault, &scene.log));
}

static void test_reordered_left_out_and_truncated(void **state)
{
    (void)state;
    uint8_t head[CS_HASH_SIZE];
    keep_records();
    cs_vault_log_head(scene.log, RECORDS, head);
    for (size_t missing = 0; missing < RECORDS; missing++) {
        begin_again();
        for (size_t i = 0; i < missing; i++) {
            assert_ok(scene_append_bytes(&scene, cs_buffer_bytes(&kept[i])));
        }
        for (size_t later = missing + 1; later < RECORDS; later++) {
            scene_refuses(&scene, cs_buffer_bytes(&kept[later]), CS_GAP, "missing");
        }
        assert_status(cs_vault_log_expect(scene.log, RECORDS, head, &scene.problem),
                      CS_ROLLED_BACK);
        assert_non_null(strstr(scene.problem.text, "had 7 records"));
        for (size_t i = missing; i < RECORDS; i++) {
            assert_ok(scene_append_bytes(&scene, cs_buffer_bytes(&kept[i])));
            scene_refuses(&scene, cs_buffer_bytes(&kept[i]), CS_EXISTS, "already");
        }
        assert_ok(cs_vault_log_expect(scene.log, RECORDS, head, NULL));
    }
    head[0] ^= 1;
    assert_status(cs_vault_log_expect(scene.log, RECORDS, head, &scene.problem), CS_OTHER_HISTORY);
    assert_non_null(strstr(scene.problem.text, "another one than was shown before"));
    forget_records();
}

/* Every bit of a record counts: altered, it is refused, whatever it says then. */
static void test_every_flipped_bit_is_found(void **state)
{
    (void)state;
    keep_records();
    begin_again();
    for (size_t i = 0; i < RECORDS; i++) {
        for (size_t bit = i; bit < 8 * kept[i].size; bit += 7) {
            kept[i].data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            assert_int_not_equal(scene_append_bytes(&scene, cs_buffer_bytes(&kept[i])), CS_OK);
            assert_int_equal(cs_vault_log_position(scene.log), i);
            kept[i].data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
        assert_ok(scene_append_bytes(&scene, cs_buffer_bytes(&kept[i])));
    }
    forget_records();
}

/* ---- epochs ---- */

static void test_epochs_only_rise(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record record = made_epoch(&scene, LI, 2);
    record.epoch = 3;
    refuses(&record, LI, CS_GAP, "left out");
    record = made_epoch(&scene, LI, 1);
    refuses(&record, LI, CS_ROLLED_BACK, "an old epoch");
    record = made_epoch(&scene, LI, 2);
    memset(record.commitment, 0x21, CS_HASH_SIZE);
    refuses(&record, LI, CS_ROLLED_BACK, "the key of an earlier epoch");
    record = made_epoch(&scene, LI, 2);
    memset(record.listing_commitment, 0x41, CS_HASH_SIZE);
    refuses(&record, LI, CS_ROLLED_BACK, "the key of an earlier epoch");
    record = made_epoch(&scene, LI, 2);
    record.recovery[0] ^= 1;
    refuses(&record, LI, CS_FORGED, "a recovery key that is not the organisation's");
    record.recovery[0] ^= 1;
    struct cs_vault_record old_grant = made_grant(&scene, LI, WU, CS_VAULT_MAY_REVEAL);
    assert_ok(scene_append(&scene, &record, LI));
    assert_int_equal(cs_vault_log_epoch_at(scene.log, 7)->number, 1);
    assert_int_equal(cs_vault_log_epoch_at(scene.log, 8)->number, 2);
    old_grant.position = 8;
    cs_vault_log_head(scene.log, 8, old_grant.head);
    refuses(&old_grant, LI, CS_ROLLED_BACK, "of an earlier epoch");
    old_grant.epoch = 2; /* the new number with the old key */
    refuses(&old_grant, LI, CS_FORGED, "of another key");
    old_grant.epoch = 3;
    refuses(&old_grant, LI, CS_FORGED, "of another key");
}

static void test_grants_need_an_epoch(void **state)
{
    (void)state;
    struct cs_vault_record record = made_creation(&scene, LI);
    assert_status(cs_vault_log_may_encrypt(scene.log, 0, &scene.problem), CS_NOT_FOUND);
    assert_ok(scene_append(&scene, &record, LI));
    record = made_grant(&scene, LI, LI, CS_VAULT_RIGHTS_ALL);
    refuses(&record, LI, CS_NOT_FOUND, "no key yet");
    record = made_withdrawal(&scene, LI, LI);
    refuses(&record, LI, CS_DENIED, "nobody could manage the vault any more");
}

static void test_withdrawal_ends_rights_and_wants_an_epoch(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    assert_ok(cs_vault_log_may_encrypt(scene.log, 7, NULL));
    struct cs_vault_record record = made_withdrawal(&scene, HAN, WU);
    refuses(&record, HAN, CS_NOT_FOUND, "no grant that could be withdrawn");
    record = made_withdrawal(&scene, HAN, ZHAO);
    assert_ok(scene_append(&scene, &record, HAN));
    assert_permits(ZHAO, CS_VAULT_MAY_REVEAL, 7, START_MS, CS_OK);
    assert_permits(ZHAO, CS_VAULT_MAY_REVEAL, 8, START_MS, CS_DENIED);
    assert_ok(cs_vault_log_may_encrypt(scene.log, 7, NULL));
    assert_status(cs_vault_log_may_encrypt(scene.log, 8, &scene.problem), CS_OUTDATED);
    assert_non_null(strstr(scene.problem.text, "needs a new key first"));
    record = made_withdrawal(&scene, LI, CHEN);
    assert_ok(scene_append(&scene, &record, LI));
    assert_status(cs_vault_log_may_encrypt(scene.log, 8, NULL), CS_OUTDATED);
    record = made_epoch(&scene, LI, 2);
    assert_ok(scene_append(&scene, &record, LI));
    assert_ok(cs_vault_log_may_encrypt(scene.log, 10, NULL));
    assert_status(cs_vault_log_may_encrypt(scene.log, 9, NULL), CS_OUTDATED);
}

static void test_somebody_always_manages(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    struct cs_vault_record record = made_withdrawal(&scene, LI, HAN);
    assert_ok(scene_append(&scene, &record, LI));
    record = made_withdrawal(&scene, LI, LI);
    refuses(&record, LI, CS_DENIED, "nobody could manage the vault any more");
    record = made_grant(&scene, LI, LI, CS_VAULT_MAY_REVEAL);
    refuses(&record, LI, CS_DENIED, "nobody could manage the vault any more");
    record = made_grant(&scene, LI, LI, CS_VAULT_RIGHTS_ALL);
    record.expires_ms = START_MS + DAY;
    refuses(&record, LI, CS_DENIED, "nobody could manage the vault any more");
    record = made_grant(&scene, HAN, WU, CS_VAULT_MAY_LIST);
    refuses(&record, HAN, CS_DENIED, "no grant lets this device manage");
}

/* LI's second laptop takes the place of the first, once nobody manages; nobody else does, and not in another way. */
static void test_nobody_left(void **state)
{
    (void)state;
    made_vault(&scene, 0);
    const struct cs_vault_record grant = made_grant(&scene, LI_TOO, LI_TOO, CS_VAULT_RIGHTS_ALL);
    refuses(&grant, LI_TOO, CS_UNKNOWN_DEVICE, "not known to be revoked");
    scene.devices[LI].revoked = true;
    refuses(&grant, LI_TOO, CS_UNKNOWN_DEVICE, "not known to be revoked"); /* HAN's */
    scene.devices[LI].revoked = false;
    scene.devices[HAN].revoked = true;
    refuses(&grant, LI_TOO, CS_UNKNOWN_DEVICE, "not known to be revoked");
    scene.devices[LI].revoked = true;
    struct cs_vault_record record = made_grant(&scene, WANG, WANG, CS_VAULT_RIGHTS_ALL);
    refuses(&record, WANG, CS_DENIED, "no grant lets this device manage");
    record = made_grant(&scene, LI_TOO, WANG, CS_VAULT_RIGHTS_ALL);
    refuses(&record, LI_TOO, CS_DENIED, "no grant lets this device manage");
    record = made_epoch(&scene, LI_TOO, 2);
    refuses(&record, LI_TOO, CS_DENIED, "no grant lets this device manage");
    record = made_withdrawal(&scene, LI_TOO, ZHAO);
    refuses(&record, LI_TOO, CS_DENIED, "no grant lets this device manage");
    assert_ok(scene_append(&scene, &grant, LI_TOO));
    record = made_withdrawal(&scene, LI_TOO, LI);
    assert_ok(scene_append(&scene, &record, LI_TOO));
    record = made_epoch(&scene, LI_TOO, 2);
    assert_ok(scene_append(&scene, &record, LI_TOO));
}

struct counted {
    size_t members;
    int64_t rights;
};

static void count(void *context, const struct cs_vault_grant *found)
{
    struct counted *counted = context;
    counted->members++;
    counted->rights |= found->rights;
}

/* What was verified before goes in by its form and place alone, and nothing else does. */
static void test_adding_again_looks_at_form_and_place(void **state)
{
    struct cs_vault_log *again = NULL;
    struct cs_problem problem = {""};
    (void)state;
    struct cs_vault_record creation = made_creation(&scene, LI);
    assert_ok(scene_append(&scene, &creation, LI));
    assert_ok(cs_vault_log_create(cs_vault_log_vault(scene.log), &again));
    struct cs_vault_record entry = made_entry(&scene, LI);
    struct cs_bytes bytes = scene_sign(&scene, &entry, LI);
    assert_status(cs_vault_log_append_again(again, bytes, &problem), CS_INVALID);
    bytes = scene_sign(&scene, &creation, LI);
    assert_status(
        cs_vault_log_append_again(again, cs_bytes_make(bytes.data, bytes.size - 1), &problem),
        CS_MALFORMED);
    creation.vault.bytes[0] ^= 1;
    assert_status(cs_vault_log_append_again(again, scene_sign(&scene, &creation, LI), &problem),
                  CS_FORGED);
    creation.vault.bytes[0] ^= 1;
    creation.position = 1;
    assert_status(cs_vault_log_append_again(again, scene_sign(&scene, &creation, LI), &problem),
                  CS_GAP);
    creation.position = 0;
    assert_int_equal(cs_vault_log_position(again), 0);
    assert_ok(cs_vault_log_append_again(again, scene_sign(&scene, &creation, LI), &problem));
    assert_status(cs_vault_log_append_again(again, scene_sign(&scene, &creation, LI), &problem),
                  CS_EXISTS);
    assert_int_equal(cs_vault_log_position(again), 1);
    assert_non_null(cs_vault_log_grant(again, scene_certificate(&scene, LI), 1));
    cs_vault_log_destroy(again);
}

static void test_members_are_those_in_force(void **state)
{
    (void)state;
    struct counted counted = {0, 0};
    made_vault(&scene, 0);
    struct cs_vault_record record = made_withdrawal(&scene, LI, SUN);
    assert_ok(scene_append(&scene, &record, LI));
    cs_vault_log_members(scene.log, count, &counted);
    assert_int_equal(counted.members, 4);
    assert_int_equal(counted.rights, CS_VAULT_RIGHTS_ALL);
    assert_int_equal(cs_vault_log_grant(scene.log, scene_certificate(&scene, HAN), 8)->epoch, 1);
    assert_null(cs_vault_log_grant(scene.log, scene_certificate(&scene, SUN), 8));
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    keep_records();
    for (long failing = 0;; failing++) {
        enum cs_status status = CS_OK;
        begin_again();
        cs_memory_fail_after(failing);
        for (size_t i = 0; i < RECORDS && status == CS_OK; i++) {
            status = scene_append_bytes(&scene, cs_buffer_bytes(&kept[i]));
        }
        cs_memory_fail_after(-1);
        if (status == CS_OK) {
            assert_true(failing >= 4);
            break;
        }
        assert_status(status, CS_NO_MEMORY);
        for (size_t i = cs_vault_log_position(scene.log); i < RECORDS; i++) {
            assert_ok(scene_append_bytes(&scene, cs_buffer_bytes(&kept[i])));
        }
    }
    forget_records();
    struct cs_vault_log *log = NULL;
    cs_memory_fail_after(0);
    assert_status(cs_vault_log_create(&scene.vault, &log), CS_NO_MEMORY);
    assert_null(log);
    cs_vault_log_destroy(log);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_rights_follow_the_log),
        CASE(test_a_new_grant_replaces_the_old_one),
        CASE(test_expiry),
        CASE(test_only_officers_begin_and_manage),
        CASE(test_forged_and_unsigned_keys),
        CASE(test_a_substituted_public_key_has_no_chain),
        CASE(test_compare_and_swap),
        CASE(test_gaps_and_other_histories),
        CASE(test_reordered_left_out_and_truncated),
        CASE(test_every_flipped_bit_is_found),
        CASE(test_epochs_only_rise),
        CASE(test_grants_need_an_epoch),
        CASE(test_withdrawal_ends_rights_and_wants_an_epoch),
        CASE(test_somebody_always_manages),
        CASE(test_nobody_left),
        CASE(test_adding_again_looks_at_form_and_place),
        CASE(test_members_are_those_in_force),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
