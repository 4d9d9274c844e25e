/*
 * The formats of the vault against a second implementation: tests/golden/vault, made by make_vectors.py in plain Python from FORMAT.md.
 *
 * With the same keys and the same randomness, every record that is signed here must be those bytes; and those bytes are verified
 * and opened. The files of a version are never changed.
 */
#include "field-client/vault/asking.h"
#include "field-client/vault/listing.h"
#include "field-client/vault/officer.h"
#include "field-client/vault/opening.h"
#include "field-client/vault/root_shares.h"
#include "field-client/vault/version.h"
#include "shared/base/text.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

#define START_MS INT64_C(1772413200000)
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define SECRET "Tr0ub4dor&3-口令"

enum who { OFFICER, TECHNICIAN, APPROVER, SECOND, DEVICES };

static struct cs_chain chains[DEVICES]; /* made by hand: verified ones are tested elsewhere */
static struct cs_sign_key *sign_keys[DEVICES];
static struct cs_seal_key *seal_keys[DEVICES];
static struct cs_sign_key *root;
static struct cs_sign_key *server;
static struct cs_seal_key *half_key;
static struct cs_vault_recovery recovery;
static struct cs_vault_directory directory;
static uint8_t organisation[CS_HASH_SIZE];
static uint8_t root_key[CS_SIGN_PUBLIC_SIZE];
static uint8_t server_identity[CS_SIGN_PUBLIC_SIZE];
static struct cs_vault_log *vault_log;
static size_t stream; /* place in the stream of random bytes */
static struct cs_world world;
static struct cs_buffer made;
static struct cs_vault_record version_record;
static struct cs_buffer version_bytes;

/* The stream of make_vectors.py. */
static void take_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    for (size_t i = 0; i < size; i++, stream++) {
        out[i] = (uint8_t)(131 * stream + 17 * (stream >> 8) + 7);
    }
}

static struct cs_id id_of(uint8_t byte)
{
    struct cs_id id;
    memset(&id, byte, sizeof id);
    return id;
}

static struct cs_bytes repeated(uint8_t *buffer, int byte)
{
    memset(buffer, byte, 32);
    return cs_bytes_make(buffer, 32);
}

static enum cs_status find(void *context, const uint8_t *certificate, const struct cs_chain **out)
{
    (void)context;
    for (size_t i = 0; i < DEVICES; i++) {
        if (memcmp(chains[i].leaf_id, certificate, CS_HASH_SIZE) == 0) {
            *out = &chains[i];
            return CS_OK;
        }
    }
    return CS_NOT_FOUND;
}

static enum cs_status find_recovery(void *context, const uint8_t *id)
{
    (void)context;
    return memcmp(id, recovery.id, CS_HASH_SIZE) == 0 ? CS_OK : CS_NOT_FOUND;
}

static void make_devices(void)
{
    static const cs_roles roles[] = {CS_ROLE(SECURITY), CS_ROLE(TECHNICIAN), CS_ROLE(OFFICE),
                                     CS_ROLE(OFFICE)};
    uint8_t bytes[32];
    for (int i = 0; i < DEVICES; i++) {
        memset(chains[i].leaf_id, 0xa1 + i, CS_HASH_SIZE);
        assert_ok(cs_sign_key_create(repeated(bytes, 0x31 + i), &sign_keys[i]));
        assert_ok(cs_seal_key_create(repeated(bytes, 0x51 + i), &seal_keys[i]));
        cs_sign_key_public(sign_keys[i], chains[i].leaf.sign_key);
        cs_seal_key_public(seal_keys[i], chains[i].leaf.seal_key);
        chains[i].leaf.roles = roles[i];
    }
    assert_ok(cs_sign_key_create(repeated(bytes, 0x10), &root));
    assert_ok(cs_sign_key_create(repeated(bytes, 0x13), &server));
    assert_ok(cs_seal_key_create(repeated(bytes, 0x23), &half_key));
}

static int setup(void **state)
{
    struct cs_id vault = id_of(0x77);
    (void)state;
    assert_ok(cs_crypto_start());
    make_devices();
    world.random = take_random;
    cs_sign_key_public(root, root_key);
    cs_sign_key_public(server, server_identity);
    cs_organisation_id(root_key, organisation);
    directory = (struct cs_vault_directory){.organisation = organisation,
                                            .server_identity = server_identity,
                                            .find = find,
                                            .find_recovery = find_recovery};
    cs_buffer_init(&made, CS_MEBI);
    cs_buffer_init(&version_bytes, CS_MEBI);
    assert_ok(cs_vault_log_create(&vault, &vault_log));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < DEVICES; i++) {
        cs_sign_key_destroy(sign_keys[i]);
        cs_seal_key_destroy(seal_keys[i]);
    }
    cs_sign_key_destroy(root);
    cs_sign_key_destroy(server);
    cs_seal_key_destroy(half_key);
    cs_vault_log_destroy(vault_log);
    cs_buffer_release(&made);
    cs_buffer_release(&version_bytes);
    return 0;
}

static struct cs_evidence_signer signer(enum who who)
{
    return (struct cs_evidence_signer){.organisation = organisation,
                                       .certificate = chains[who].leaf_id,
                                       .key = sign_keys[who],
                                       .claimed = cs_instant_make(START_MS, 480)};
}

/* The file must hold these bytes. */
static void same_as_file(const char *name, struct cs_bytes bytes)
{
    char path[4096];
    uint8_t stored[4096];
    (void)snprintf(path, sizeof path, "%s/tests/golden/vault/%s", CS_TEST_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s is missing", path);
        return;
    }
    size_t size = fread(stored, 1, sizeof stored, file);
    assert_int_equal(fclose(file), 0);
    if (!cs_bytes_equal(bytes, cs_bytes_make(stored, size))) {
        fail_msg("%s: the format has changed", name);
    }
}

/* What was signed is the file; verified, it is taken into the log. */
static void logged(const char *name)
{
    struct cs_problem problem = {""};
    same_as_file(name, cs_buffer_bytes(&made));
    enum cs_status status =
        cs_vault_log_append(vault_log, cs_buffer_bytes(&made), &directory, START_MS, &problem);
    if (status != CS_OK) {
        fail_msg("%s: %s", name, problem.text);
    }
    cs_buffer_clear(&made);
}

static void opened(const char *name, struct cs_vault_record *out)
{
    const struct cs_chain *author = NULL;
    same_as_file(name, cs_buffer_bytes(&made));
    assert_ok(cs_vault_record_open(cs_buffer_bytes(&made), &directory, out, &author, NULL));
}

/* ---- step by step, as make_vectors.py ---- */

static void make_recovery(void)
{
    struct cs_secret *shares[3] = {NULL};
    const struct cs_vault_recovery_terms terms = {
        .organisation = organisation, .number = 1, .set = id_of(0x66), .threshold = 2, .count = 3};
    stream = 0;
    assert_ok(cs_vault_recovery_make(&world, root, &terms, &made, shares, NULL));
    same_as_file("recovery_1.bin", cs_buffer_bytes(&made));
    assert_ok(cs_vault_recovery_verify(cs_buffer_bytes(&made), root_key, &recovery));
    cs_buffer_clear(&made);
    for (int i = 0; i < 3; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "share_%d_1.txt", i + 1);
        same_as_file(name, cs_secret_bytes(shares[i]));
        cs_secret_destroy(shares[i]);
    }
}

static void make_root_shares(void)
{
    struct cs_secret *shares[3] = {NULL};
    struct cs_root_split split;
    struct cs_root_split read;
    stream = 17000;
    assert_ok(cs_root_split_make(&world, root, 2, 3, &split, shares, NULL));
    assert_ok(cs_root_split_encode(&split, root, &made));
    same_as_file("root_shares_1.bin", cs_buffer_bytes(&made));
    assert_ok(cs_root_split_verify(cs_buffer_bytes(&made), &read));
    assert_memory_equal(&read, &split, sizeof read);
    cs_buffer_clear(&made);
    for (int i = 0; i < 3; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "root_share_%d_1.txt", i + 1);
        same_as_file(name, cs_secret_bytes(shares[i]));
        cs_secret_destroy(shares[i]);
    }
}

static struct cs_secret *make_epoch(size_t offset, const struct cs_vault_keyring *keyring,
                                    const char *name)
{
    struct cs_evidence_signer officer = signer(OFFICER);
    const struct cs_vault_epoch_terms terms = {&recovery, keyring, true};
    struct cs_secret *key = NULL;
    stream = offset;
    assert_ok(cs_vault_epoch_sign(&world, vault_log, &officer, &terms, &made, &key));
    logged(name);
    return key;
}

static void make_grant(size_t offset, const struct cs_secret *key, enum who who, int64_t rights,
                       const char *name)
{
    struct cs_evidence_signer officer = signer(OFFICER);
    const struct cs_vault_grant_terms terms = {&chains[who], cs_secret_bytes(key), rights,
                                               who == TECHNICIAN ? START_MS + 90 * DAY_MS : 0};
    stream = offset;
    assert_ok(cs_vault_grant_sign(&world, vault_log, &officer, &terms, &made));
    logged(name);
}

static struct cs_vault_keyring *open_keyring(enum who who)
{
    const struct cs_vault_holder holder = {organisation, chains[who].leaf_id, seal_keys[who]};
    struct cs_vault_keyring *keyring = NULL;
    assert_ok(cs_vault_keyring_open(vault_log, &holder, START_MS, &keyring, NULL));
    return keyring;
}

static void make_log(void)
{
    struct cs_evidence_signer officer = signer(OFFICER);
    struct cs_vault_record record;
    cs_vault_log_begin(vault_log, &officer, CS_VAULT_CREATION, &record);
    record.project = id_of(0x11);
    assert_ok(cs_vault_record_encode(&record, officer.key, &made));
    logged("creation_1.bin");
    struct cs_secret *first = make_epoch(2000, NULL, "epoch_1_1.bin");
    make_grant(3000, first, OFFICER, CS_VAULT_RIGHTS_ALL, "grant_officer_1.bin");
    struct cs_vault_keyring *keyring = open_keyring(OFFICER);
    struct cs_secret *second = make_epoch(4000, keyring, "epoch_2_1.bin");
    make_grant(5000, second, OFFICER, CS_VAULT_RIGHTS_ALL, "grant_officer_again_1.bin");
    make_grant(6000, second, TECHNICIAN, 7, "grant_technician_1.bin");
    make_grant(7000, second, APPROVER, 17, "grant_approver_1.bin");
    make_grant(8000, second, SECOND, 16, "grant_second_1.bin");
    cs_vault_keyring_destroy(keyring);
    cs_secret_destroy(first);
    cs_secret_destroy(second);
}

static void make_entry(const struct cs_vault_keyring *keyring)
{
    struct cs_evidence_signer officer = signer(OFFICER);
    const struct cs_vault_item item = {id_of(0x31), NULL};
    const struct cs_vault_listing listing = {cs_bytes_of_text("生产数据库"),
                                             cs_bytes_of_text("postgres"),
                                             cs_bytes_of_text("postgresql://db1.example:5432/erp")};
    struct cs_vault_record record;
    struct cs_vault_listing found;
    struct cs_buffer storage;
    cs_buffer_init(&storage, CS_MEBI);
    stream = 9000;
    assert_ok(
        cs_vault_entry_sign(&world, vault_log, &officer, keyring, &item, &listing, &made, NULL));
    opened("entry_1.bin", &record);
    assert_ok(cs_vault_entry_open(keyring, &record, &storage, &found));
    assert_true(cs_bytes_equal(found.address, listing.address));
    cs_buffer_clear(&made);
    cs_buffer_release(&storage);
}

static void make_version(const struct cs_vault_keyring *keyring)
{
    struct cs_evidence_signer officer = signer(OFFICER);
    const struct cs_chain *approvers[] = {&chains[SECOND], &chains[APPROVER]}; /* in any order */
    uint8_t server_key[CS_SEAL_KEY_SIZE];
    const struct cs_vault_version_terms terms = {.item = id_of(0x31),
                                                 .field = cs_bytes_of_text("password"),
                                                 .version = id_of(0x41),
                                                 .secret = cs_bytes_of_text(SECRET),
                                                 .half_key = server_key,
                                                 .recovery = &recovery,
                                                 .approvers = approvers,
                                                 .approver_count = 2};
    cs_seal_key_public(half_key, server_key);
    stream = 10000;
    assert_ok(cs_vault_version_sign(&world, vault_log, &officer, keyring, &terms, &made, NULL));
    cs_buffer_append_bytes(&version_bytes, cs_buffer_bytes(&made));
    opened("version_1.bin", &version_record);
    assert_ok(cs_vault_record_decode(cs_buffer_bytes(&version_bytes), &version_record));
    cs_buffer_clear(&made);
    struct cs_vault_record state;
    cs_vault_log_begin(vault_log, &officer, CS_VAULT_STATE, &state);
    state.item = terms.item;
    state.field = terms.field;
    state.version = terms.version;
    state.state = CS_VAULT_CONFIRMED;
    memcpy(state.previous, version_record.id, CS_HASH_SIZE);
    assert_ok(cs_vault_record_encode(&state, officer.key, &made));
    opened("state_1.bin", &state);
    cs_buffer_clear(&made);
    cs_vault_log_begin(vault_log, &officer, CS_VAULT_CAMPAIGN, &state);
    state.reason = cs_bytes_of_text("客户信息科同意统一修改");
    assert_ok(cs_vault_record_encode(&state, officer.key, &made));
    opened("campaign_1.bin", &state);
    cs_buffer_clear(&made);
    cs_vault_log_begin(vault_log, &officer, CS_VAULT_LEAK, &state);
    state.version = terms.version;
    state.reason = cs_bytes_of_text("写在机柜的纸条上");
    assert_ok(cs_vault_record_encode(&state, officer.key, &made));
    opened("leak_1.bin", &state);
    cs_buffer_clear(&made);
}

/* Appends the record to `out`, and gives it as it was opened. */
static struct cs_seal_key *ask(enum cs_vault_kind kind, size_t offset, const char *name,
                               struct cs_buffer *out, struct cs_vault_record *out_record)
{
    struct cs_evidence_signer asking =
        signer(kind == CS_VAULT_EXPORT || kind == CS_VAULT_EMERGENCY ? OFFICER : TECHNICIAN);
    struct cs_id version = id_of(0x41);
    struct cs_id order = id_of(0x55);
    const struct cs_vault_ask terms = {kind, cs_id_bytes(&version), cs_bytes_of_text("现场检修"),
                                       cs_id_bytes(&order), START_MS + 2 * DAY_MS};
    struct cs_seal_key *key = NULL;
    stream = offset;
    assert_ok(cs_vault_ask_sign(&world, vault_log, &asking, &terms, &made, &key));
    opened(name, out_record);
    cs_buffer_append_bytes(out, cs_buffer_bytes(&made));
    cs_buffer_clear(&made);
    assert_ok(cs_vault_record_decode(cs_buffer_bytes(out), out_record));
    return key;
}

static void make_approval(const struct cs_vault_record *request, struct cs_buffer *out,
                          struct cs_vault_record *out_record)
{
    struct cs_evidence_signer approver = signer(APPROVER);
    const struct cs_vault_record *versions[] = {&version_record};
    stream = 12000;
    assert_ok(cs_vault_approval_sign(&world, vault_log, &approver, seal_keys[APPROVER], request,
                                     versions, 1, &made, NULL));
    opened("approval_1.bin", out_record);
    cs_buffer_append_bytes(out, cs_buffer_bytes(&made));
    cs_buffer_clear(&made);
    assert_ok(cs_vault_record_decode(cs_buffer_bytes(out), out_record));
}

/* As the server does it. */
static void make_release(const struct cs_vault_record *request, struct cs_buffer *out,
                         struct cs_vault_record *out_record)
{
    struct cs_evidence_signer serving = signer(OFFICER);
    struct cs_vault_place own =
        cs_vault_record_place(&version_record, CS_VAULT_CLASS_HALF_SERVER, NULL);
    struct cs_vault_place theirs =
        cs_vault_record_place(&version_record, CS_VAULT_CLASS_HALF_RELEASED, request->id);
    struct cs_vault_record record;
    struct cs_secret *part = NULL;
    struct cs_buffer sealed;
    cs_buffer_init(&sealed, CS_MEBI);
    stream = 13000;
    assert_ok(cs_vault_unseal(half_key, &own, version_record.half, &part));
    assert_ok(cs_vault_seal(&world, request->key, &theirs, cs_secret_bytes(part), &sealed));
    cs_vault_log_begin(vault_log, &serving, CS_VAULT_RELEASE, &record);
    memcpy(record.author, server_identity, CS_HASH_SIZE);
    memcpy(record.request, request->id, CS_HASH_SIZE);
    record.versions = request->versions;
    record.sealed = cs_buffer_bytes(&sealed);
    assert_ok(cs_vault_record_encode(&record, server, &made));
    opened("release_1.bin", out_record);
    cs_buffer_append_bytes(out, cs_buffer_bytes(&made));
    cs_buffer_clear(&made);
    assert_ok(cs_vault_record_decode(cs_buffer_bytes(out), out_record));
    cs_secret_destroy(part);
    cs_buffer_release(&sealed);
}

static void disclose(void)
{
    struct cs_buffer bytes[3];
    struct cs_vault_record request;
    struct cs_vault_record approval;
    struct cs_vault_record release;
    struct cs_secret *half = NULL;
    struct cs_secret *secret = NULL;
    for (size_t i = 0; i < 3; i++) {
        cs_buffer_init(&bytes[i], CS_MEBI);
    }
    struct cs_seal_key *key = ask(CS_VAULT_REQUEST, 11000, "request_1.bin", &bytes[0], &request);
    make_approval(&request, &bytes[1], &approval);
    make_release(&request, &bytes[2], &release);
    struct cs_vault_keyring *keyring = open_keyring(TECHNICIAN);
    const struct cs_vault_answer answer = {&request, key, &release, &approval, NULL};
    assert_ok(cs_vault_half_take(&answer, &version_record, &half, NULL));
    assert_ok(
        cs_vault_version_open(keyring, &version_record, cs_secret_bytes(half), &secret, NULL));
    assert_true(cs_bytes_equal_text(cs_secret_bytes(secret), SECRET));
    cs_secret_destroy(half);
    cs_secret_destroy(secret);
    cs_seal_key_destroy(key);
    cs_vault_keyring_destroy(keyring);
    for (size_t i = 0; i < 3; i++) {
        cs_buffer_release(&bytes[i]);
    }
}

static void lease_and_reveal(void)
{
    struct cs_buffer bytes;
    struct cs_vault_record lease;
    struct cs_vault_record reveal;
    struct cs_evidence_signer technician = signer(TECHNICIAN);
    struct cs_id order = id_of(0x55);
    cs_buffer_init(&bytes, CS_MEBI);
    cs_seal_key_destroy(ask(CS_VAULT_LEASE, 14000, "lease_1.bin", &bytes, &lease));
    cs_vault_log_begin(vault_log, &technician, CS_VAULT_REVEAL, &reveal);
    memcpy(reveal.request, lease.id, CS_HASH_SIZE);
    reveal.version = id_of(0x41);
    reveal.reason = cs_bytes_of_text("更换磁盘后登录");
    reveal.work_order = cs_id_bytes(&order);
    assert_ok(cs_vault_record_encode(&reveal, technician.key, &made));
    opened("reveal_1.bin", &reveal);
    cs_buffer_clear(&made);
    cs_vault_log_begin(vault_log, &technician, CS_VAULT_RETURN, &reveal);
    memcpy(reveal.request, lease.id, CS_HASH_SIZE);
    reveal.reason = cs_bytes_of_text("现场工作结束");
    assert_ok(cs_vault_record_encode(&reveal, technician.key, &made));
    opened("return_1.bin", &reveal);
    cs_buffer_clear(&made);
    cs_buffer_clear(&bytes);
    cs_seal_key_destroy(ask(CS_VAULT_EXPORT, 15000, "export_1.bin", &bytes, &lease));
    cs_buffer_clear(&bytes);
    cs_seal_key_destroy(ask(CS_VAULT_EMERGENCY, 16000, "emergency_1.bin", &bytes, &lease));
    cs_buffer_release(&bytes);
}

static void withdraw(void)
{
    struct cs_evidence_signer officer = signer(OFFICER);
    struct cs_vault_record record;
    cs_vault_log_begin(vault_log, &officer, CS_VAULT_WITHDRAWAL, &record);
    memcpy(record.recipient, chains[TECHNICIAN].leaf_id, CS_HASH_SIZE);
    record.reason = cs_bytes_of_text("离职");
    assert_ok(cs_vault_record_encode(&record, officer.key, &made));
    logged("withdrawal_1.bin");
}

static void test_both_implementations_make_the_same(void **state)
{
    (void)state;
    make_recovery();
    make_root_shares();
    make_log();
    struct cs_vault_keyring *keyring = open_keyring(OFFICER);
    make_entry(keyring);
    make_version(keyring);
    cs_vault_keyring_destroy(keyring);
    disclose();
    lease_and_reveal();
    withdraw();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_both_implementations_make_the_same, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
