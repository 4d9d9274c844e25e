/* Listing data: what members see without a disclosure, and what must not get in. */
#include "tests/unit/field_client_vault/real_vault.h"

#include "shared/wire/cbor.h"

static struct scene scene;
static struct kept entry;
static struct cs_buffer storage;

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    kept_init(&entry);
    cs_buffer_init(&storage, CS_MEBI);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kept_release(&entry);
    cs_buffer_release(&storage);
    scene_release(&scene);
    return 0;
}

static struct cs_vault_listing sample(void)
{
    return (struct cs_vault_listing){cs_bytes_of_text("生产数据库"), cs_bytes_of_text("postgres"),
                                     cs_bytes_of_text("postgresql://db1.example:5432/erp")};
}

static enum cs_status sign(enum member who, const struct cs_vault_listing *listing)
{
    struct cs_vault_keyring *keyring = real_keyring(&scene, who);
    struct cs_evidence_signer signer = real_signer(&scene, who);
    const struct cs_vault_item item = {scene_id(0x31), NULL};
    cs_buffer_clear(&entry.bytes);
    scene.problem.text[0] = '\0';
    enum cs_status status = cs_vault_entry_sign(&scene.fake.world, scene.log, &signer, keyring,
                                                &item, listing, &entry.bytes, &scene.problem);
    cs_vault_keyring_destroy(keyring);
    return status;
}

static enum cs_status open_as(enum member who, const struct cs_vault_record *record,
                              struct cs_vault_listing *out)
{
    struct cs_vault_keyring *keyring = real_keyring(&scene, who);
    enum cs_status status = cs_vault_entry_open(keyring, record, &storage, out);
    cs_vault_keyring_destroy(keyring);
    return status;
}

static void test_all_members_list(void **state)
{
    (void)state;
    static const enum member members[] = {LI, HAN, ZHAO, CHEN, SUN};
    struct cs_vault_listing listing = sample();
    struct cs_vault_listing found;
    struct cs_vault_moment moment;
    real_vault(&scene, true);
    assert_ok(sign(CHEN, &listing));
    kept_open(&scene, &entry);
    moment = (struct cs_vault_moment){scene.log, cs_vault_log_position(scene.log), START_MS};
    assert_ok(cs_vault_check_entry(&entry.record, &moment, NULL, &scene.problem));
    for (size_t i = 0; i < CS_COUNT(members); i++) {
        assert_ok(open_as(members[i], &entry.record, &found));
        assert_true(cs_bytes_equal(found.name, listing.name));
        assert_true(cs_bytes_equal(found.user, listing.user));
        assert_true(cs_bytes_equal(found.address, listing.address));
    }
}

/* ZHAO has the key and can encrypt another address; his signature gives him away. */
static void test_a_redirected_address(void **state)
{
    (void)state;
    struct cs_vault_listing listing = sample();
    real_vault(&scene, false);
    listing.address = cs_bytes_of_text("postgresql://attacker.example/erp");
    assert_ok(sign(ZHAO, &listing));
    kept_open(&scene, &entry);
    struct cs_vault_moment moment = {scene.log, cs_vault_log_position(scene.log), START_MS};
    assert_said(&scene, cs_vault_check_entry(&entry.record, &moment, NULL, &scene.problem),
                CS_DENIED, "no grant lets this device change this vault");
    /* In the name of one who may: not signed by him. */
    struct cs_vault_record forged = entry.record;
    const struct cs_chain *author = NULL;
    memcpy(forged.author, scene_certificate(&scene, CHEN), CS_HASH_SIZE);
    assert_said(&scene,
                cs_vault_record_open(scene_sign(&scene, &forged, ZHAO), &scene.directory, &forged,
                                     &author, &scene.problem),
                CS_FORGED, "not signed by the one it names");
}

static void test_moved_to_another_item_vault_or_epoch(void **state)
{
    (void)state;
    struct cs_vault_listing listing = sample();
    struct cs_vault_listing found;
    real_vault(&scene, false);
    assert_ok(sign(CHEN, &listing));
    kept_open(&scene, &entry);
    struct cs_vault_record moved = entry.record;
    moved.item = scene_id(0x32);
    assert_status(open_as(SUN, &moved, &found), CS_FORGED);
    moved = entry.record;
    moved.vault = scene_id(0x78);
    assert_status(open_as(SUN, &moved, &found), CS_FORGED);
    moved = entry.record;
    moved.epoch = 2;
    assert_status(open_as(SUN, &moved, &found), CS_LOCKED);
    moved = entry.record;
    moved.organisation[0] ^= 1;
    assert_status(open_as(SUN, &moved, &found), CS_FORGED);
    assert_int_equal(storage.size, 0);
}

static void test_a_password_in_the_address(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        enum cs_status expected;
    } cases[] = {
        {"", CS_OK},
        {"192.168.1.5:22", CS_OK},
        {"ssh://admin@host:22", CS_OK},
        {"https://host/path?mail=a:b@c", CS_OK},
        {"https://admin:geheim@host/", CS_INVALID},
        {"https://:geheim@host", CS_INVALID},
        {"admin:geheim@host", CS_INVALID},
        {"line\nbreak", CS_INVALID},
        {"\xff", CS_INVALID},
    };
    real_vault(&scene, false);
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        struct cs_vault_listing listing = sample();
        listing.address = cs_bytes_of_text(cases[i].address);
        assert_said(&scene, sign(CHEN, &listing), cases[i].expected,
                    cases[i].expected == CS_OK ? "" : "has a password in it");
        assert_null(strstr(scene.problem.text, "geheim"));
    }
}

static void test_limits(void **state)
{
    (void)state;
    static char text[CS_VAULT_LISTING_ADDRESS_MAX + 2];
    struct cs_buffer out;
    cs_buffer_init(&out, CS_MEBI);
    memset(text, 'x', sizeof text - 1);
    struct cs_vault_listing listing = {{(uint8_t *)text, CS_VAULT_LISTING_NAME_MAX},
                                       {(uint8_t *)text, CS_VAULT_LISTING_USER_MAX},
                                       {(uint8_t *)text, CS_VAULT_LISTING_ADDRESS_MAX}};
    assert_ok(cs_vault_listing_encode(&listing, &out));
    for (size_t i = 0; i < 4; i++) {
        struct cs_vault_listing wrong = listing;
        wrong.name.size += i == 0 ? 1 : 0;
        wrong.user.size += i == 1 ? 1 : 0;
        wrong.address.size += i == 2 ? 1 : 0;
        wrong.name.size = i == 3 ? 0 : wrong.name.size;
        cs_buffer_clear(&out);
        assert_status(cs_vault_listing_encode(&wrong, &out), CS_INVALID);
        assert_int_equal(out.size, 0);
    }
    cs_buffer_release(&out);
}

static void test_other_forms(void **state)
{
    (void)state;
    struct cs_buffer bytes;
    struct cs_vault_listing found = {{NULL, 77}, {NULL, 0}, {NULL, 0}};
    cs_buffer_init(&bytes, CS_MEBI);
    static const struct {
        size_t items;
        uint64_t version;
        const char *address;
        size_t missing;
        enum cs_status expected;
    } cases[] = {{4, 1, "h", 0, CS_OK},         {4, 2, "h", 0, CS_UNSUPPORTED},
                 {3, 1, NULL, 0, CS_MALFORMED}, {5, 1, "h", 0, CS_MALFORMED},
                 {4, 1, "h", 1, CS_MALFORMED},  {4, 1, "a:b@c", 0, CS_MALFORMED}};
    for (size_t i = CS_COUNT(cases); i > 0; i--) {
        cs_buffer_clear(&bytes);
        cs_cbor_put_array(&bytes, cases[i - 1].items);
        cs_cbor_put_unsigned(&bytes, cases[i - 1].version);
        cs_cbor_put_text(&bytes, cs_bytes_of_text("n"));
        cs_cbor_put_text(&bytes, cs_bytes_of_text("u"));
        if (cases[i - 1].address != NULL) {
            cs_cbor_put_text(&bytes, cs_bytes_of_text(cases[i - 1].address));
        }
        if (cases[i - 1].items == 5) {
            cs_cbor_put_text(&bytes, cs_bytes_of_text("more"));
        }
        bytes.size -= cases[i - 1].missing;
        assert_status(cs_vault_listing_decode(cs_buffer_bytes(&bytes), &found),
                      cases[i - 1].expected);
        assert_int_equal(found.name.size, cases[i - 1].expected == CS_OK ? 1 : 77);
    }
    cs_buffer_release(&bytes);
}

static void test_an_entry_names_the_one_before(void **state)
{
    (void)state;
    struct cs_vault_listing listing = sample();
    uint8_t first[CS_HASH_SIZE];
    real_vault(&scene, false);
    assert_ok(sign(CHEN, &listing));
    kept_open(&scene, &entry);
    memcpy(first, entry.record.id, sizeof first);
    struct cs_vault_keyring *keyring = real_keyring(&scene, CHEN);
    struct cs_evidence_signer signer = real_signer(&scene, CHEN);
    const struct cs_vault_item item = {scene_id(0x31), first};
    struct cs_vault_moment moment = {scene.log, cs_vault_log_position(scene.log), START_MS};
    cs_buffer_clear(&entry.bytes);
    assert_ok(cs_vault_entry_sign(&scene.fake.world, scene.log, &signer, keyring, &item, &listing,
                                  &entry.bytes, &scene.problem));
    kept_open(&scene, &entry);
    assert_ok(cs_vault_check_entry(&entry.record, &moment, first, &scene.problem));
    assert_said(&scene, cs_vault_check_entry(&entry.record, &moment, NULL, &scene.problem),
                CS_OUTDATED, "does not follow the latest one");
    cs_vault_keyring_destroy(keyring);
}

static void test_no_key_and_no_epoch(void **state)
{
    (void)state;
    struct cs_vault_listing listing = sample();
    real_vault(&scene, false);
    struct cs_vault_keyring *keyring = real_keyring(&scene, CHEN);
    struct cs_evidence_signer signer = real_signer(&scene, CHEN);
    const struct cs_vault_item item = {scene_id(0x31), NULL};
    struct cs_vault_keyring *li = real_keyring(&scene, LI);
    cs_secret_destroy(real_epoch(&scene, false, li)); /* CHEN has no key of the second epoch */
    assert_said(&scene,
                cs_vault_entry_sign(&scene.fake.world, scene.log, &signer, keyring, &item, &listing,
                                    &entry.bytes, &scene.problem),
                CS_LOCKED, "does not have the vault's key");
    struct cs_vault_record record = scene_record(&scene, CS_VAULT_WITHDRAWAL, LI);
    memcpy(record.recipient, scene_certificate(&scene, SUN), CS_HASH_SIZE);
    record.reason = cs_bytes_of_text("x");
    assert_ok(scene_append(&scene, &record, LI));
    assert_said(&scene, sign(CHEN, &listing), CS_OUTDATED, "needs a new key first");
    cs_vault_keyring_destroy(keyring);
    cs_vault_keyring_destroy(li);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    struct cs_vault_listing listing = sample();
    struct cs_vault_listing found;
    real_vault(&scene, false);
    struct cs_vault_keyring *keyring = real_keyring(&scene, CHEN);
    struct cs_evidence_signer signer = real_signer(&scene, CHEN);
    const struct cs_vault_item item = {scene_id(0x31), NULL};
    long failing = 0;
    for (;; failing++) {
        cs_buffer_release(&entry.bytes);
        cs_buffer_release(&storage);
        cs_memory_fail_after(failing);
        enum cs_status status = cs_vault_entry_sign(&scene.fake.world, scene.log, &signer, keyring,
                                                    &item, &listing, &entry.bytes, &scene.problem);
        if (status == CS_OK) {
            status = cs_vault_record_decode(cs_buffer_bytes(&entry.bytes), &entry.record);
        }
        if (status == CS_OK) {
            status = cs_vault_entry_open(keyring, &entry.record, &storage, &found);
        }
        cs_memory_fail_after(-1);
        if (status == CS_OK) {
            break;
        }
        assert_status(status, CS_NO_MEMORY);
    }
    assert_true(failing >= 5);
    cs_vault_keyring_destroy(keyring);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_all_members_list),
        CASE(test_a_redirected_address),
        CASE(test_moved_to_another_item_vault_or_epoch),
        CASE(test_a_password_in_the_address),
        CASE(test_limits),
        CASE(test_other_forms),
        CASE(test_an_entry_names_the_one_before),
        CASE(test_no_key_and_no_epoch),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
