/*
 * After everything was closed, no key, half or password is left anywhere in the memory of the process that can be read.
 *
 * The needles are kept as their complements, so that the test does not find itself. Memory is read through /proc/self/mem, which
 * gives an error instead of a fault for guard pages.
 */
#include "field-client/vault/shares.h"
#include "tests/unit/field_client_vault/real_vault.h"

#include <fcntl.h>
#include <unistd.h>

#define NEEDLE_SIZE 24
#define NEEDLES_MAX 8
/* Larger mappings are the sanitizers' own. */
#define REGION_MAX ((size_t)64 << 20)
#define CHUNK ((size_t)1 << 16)

struct needle {
    const char *what;
    uint8_t complement[NEEDLE_SIZE];
};

static struct scene scene;
static struct needle needles[NEEDLES_MAX];
static size_t needle_count;

static void remember(const char *what, struct cs_bytes bytes)
{
    assert_true(needle_count < NEEDLES_MAX && bytes.size >= NEEDLE_SIZE);
    needles[needle_count].what = what;
    for (size_t i = 0; i < NEEDLE_SIZE; i++) {
        needles[needle_count].complement[i] = (uint8_t)(bytes.data[i] ^ 0xffu);
    }
    needle_count++;
}

static const char *find_in(const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at + NEEDLE_SIZE <= size; at++) {
        for (size_t n = 0; n < needle_count; n++) {
            size_t same = 0;
            while (same < NEEDLE_SIZE && bytes[at + same] + needles[n].complement[same] == 255) {
                same++;
            }
            if (same == NEEDLE_SIZE) {
                return needles[n].what;
            }
        }
    }
    return NULL;
}

static const char *search_region(int memory, uint64_t start, uint64_t end, uint8_t *chunk)
{
    const char *found = NULL;
    for (uint64_t at = start; at < end && found == NULL; at += CHUNK - NEEDLE_SIZE) {
        ssize_t got = pread(memory, chunk, CHUNK, (off_t)at);
        if (got > 0) {
            uint64_t rest = end - at;
            found = find_in(chunk, rest < (uint64_t)got ? (size_t)rest : (size_t)got);
        }
        /* What was read is not to be found as a copy of itself. */
        memset(chunk, 0, CHUNK);
    }
    return found;
}

/* The name of a needle that is somewhere in writable memory; NULL if there is none. */
static const char *search(size_t *out_bytes)
{
    static uint8_t chunk[CHUNK];
    char line[512];
    const char *found = NULL;
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY);
    assert_true(maps != NULL && memory >= 0);
    *out_bytes = 0;
    while (found == NULL && fgets(line, sizeof line, maps) != NULL) {
        char *rest = NULL;
        uint64_t start = strtoull(line, &rest, 16);
        uint64_t end = strtoull(rest + 1, &rest, 16);
        if (strncmp(rest, " rw", 3) == 0 && end - start <= REGION_MAX) {
            found = search_region(memory, start, end, chunk);
            *out_bytes += end - start;
        }
    }
    assert_int_equal(fclose(maps), 0);
    assert_int_equal(close(memory), 0);
    return found;
}

static void assert_nowhere(void)
{
    size_t searched = 0;
    const char *found = search(&searched);
    if (found != NULL) {
        fail_msg("%s is still in memory", found);
    }
    assert_true(searched > 100000);
}

/* A password that is in no constant. */
static struct cs_secret *make_password(void)
{
    struct cs_secret *password = NULL;
    assert_ok(cs_secret_create(40, &password));
    for (size_t i = 0; i < 40; i++) {
        cs_secret_data(password)[i] = (uint8_t)('!' + (i * 37 + 11) % 90);
    }
    return password;
}

static void store_password(struct kept *out)
{
    uint8_t half_key[CS_SEAL_KEY_SIZE];
    struct cs_secret *password = make_password();
    struct cs_vault_keyring *keyring = real_keyring(&scene, CHEN);
    struct cs_evidence_signer signer = real_signer(&scene, CHEN);
    const struct cs_vault_version_terms terms = {.item = scene_id(0x31),
                                                 .field = cs_bytes_of_text("password"),
                                                 .version = scene_id(0x41),
                                                 .secret = cs_secret_bytes(password),
                                                 .half_key = half_key,
                                                 .recovery = &scene.recovery};
    cs_seal_key_public(scene.half_key, half_key);
    assert_ok(cs_vault_version_sign(&scene.fake.world, scene.log, &signer, keyring, &terms,
                                    &out->bytes, &scene.problem));
    kept_open(&scene, out);
    remember("the password", cs_secret_bytes(password));
    remember("the vault key", cs_vault_keyring_key(keyring, 1, CS_VAULT_CLASS_KEY));
    remember("the listing key", cs_vault_keyring_key(keyring, 1, CS_VAULT_CLASS_LISTING_KEY));
    cs_secret_destroy(password);
    cs_vault_keyring_destroy(keyring);
}

static void disclose(const struct kept *version)
{
    struct kept request;
    struct kept release;
    struct cs_secret *half = NULL;
    struct cs_secret *secret = NULL;
    const struct cs_vault_record *versions[] = {&version->record};
    kept_init(&request);
    kept_init(&release);
    struct cs_seal_key *key =
        real_ask(&scene, CS_VAULT_REQUEST, cs_id_bytes(&version->record.version), &request);
    real_release(&scene, &request.record, versions, 1, &release);
    struct cs_vault_answer answer = {&request.record, key, &release.record, NULL, NULL};
    struct cs_vault_keyring *keyring = real_keyring(&scene, ZHAO);
    assert_ok(cs_vault_half_take(&answer, &version->record, &half, &scene.problem));
    assert_ok(cs_vault_version_open(keyring, &version->record, cs_secret_bytes(half), &secret,
                                    &scene.problem));
    assert_int_equal(cs_secret_bytes(secret).size, 40);
    remember("the half", cs_secret_bytes(half));
    cs_secret_destroy(half);
    cs_secret_destroy(secret);
    cs_seal_key_destroy(key);
    cs_vault_keyring_destroy(keyring);
    kept_release(&request);
    kept_release(&release);
}

static void test_nothing_of_a_disclosure_is_left(void **state)
{
    (void)state;
    struct kept version;
    needle_count = 0;
    kept_init(&version);
    real_vault(&scene, false);
    store_password(&version);
    disclose(&version);
    assert_int_equal(needle_count, 4);
    assert_nowhere();
    kept_release(&version);
}

static void test_nothing_of_the_shares_is_left(void **state)
{
    (void)state;
    struct cs_secret *shares[2] = {NULL};
    struct cs_vault_recovery recovery;
    struct cs_vault_gathering *gathering = NULL;
    struct cs_seal_key *key = NULL;
    struct cs_vault_share share;
    const struct cs_vault_recovery_terms terms = {.organisation = scene.organisation,
                                                  .number = 2,
                                                  .set = scene_id(1),
                                                  .threshold = 2,
                                                  .count = 2};
    needle_count = 0;
    cs_buffer_clear(&scene.bytes);
    assert_ok(cs_vault_recovery_make(&scene.fake.world, scene.root, &terms, &scene.bytes, shares,
                                     &scene.problem));
    assert_ok(cs_vault_recovery_verify(cs_buffer_bytes(&scene.bytes), scene.root_key, &recovery));
    assert_ok(cs_vault_gathering_create(&recovery, &gathering));
    for (size_t i = 0; i < 2; i++) {
        assert_ok(cs_vault_gathering_add(gathering, cs_secret_bytes(shares[i]), &scene.problem));
    }
    assert_ok(cs_vault_gathering_finish(gathering, &key, &scene.problem));
    assert_ok(cs_vault_share_parse(cs_secret_bytes(shares[0]), &share, &scene.problem));
    remember("a share", cs_secret_bytes(share.value));
    remember("the text of a share",
             cs_bytes_make(cs_secret_bytes(shares[0]).data + 50, NEEDLE_SIZE));
    /* The curve's own arithmetic sets bits at both ends of its copy: what is between them. */
    remember("the recovery key", cs_bytes_make(cs_seal_key_secret(key).data + 4, NEEDLE_SIZE));
    cs_secret_destroy(share.value);
    cs_seal_key_destroy(key);
    cs_vault_gathering_destroy(gathering);
    cs_secret_destroy(shares[0]);
    cs_secret_destroy(shares[1]);
    assert_nowhere();
}

/* The search finds what is there. */
static void test_a_secret_that_is_left_is_found(void **state)
{
    (void)state;
    size_t searched = 0;
    struct cs_secret *password = make_password();
    needle_count = 0;
    remember("the password", cs_secret_bytes(password));
    uint8_t *left = malloc(200);
    assert_non_null(left);
    memcpy(left + 100, cs_secret_bytes(password).data, 40);
    cs_secret_destroy(password);
    assert_string_equal(search(&searched), "the password");
    memset(left, 0, 200);
    assert_null(search(&searched));
    free(left);
}

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

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_a_secret_that_is_left_is_found),
        CASE(test_nothing_of_a_disclosure_is_left),
        CASE(test_nothing_of_the_shares_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
