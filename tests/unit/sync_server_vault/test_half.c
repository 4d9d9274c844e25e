/* Releasing halves: of the version that the request is for, sealed to its key, and of no other. */
#include "sync-server/vault/half.h"

#include "tests/unit/shared_vault/vault_fixture.h"

static struct scene scene;
static uint8_t half[CS_VAULT_HALF_SIZE];
static struct cs_buffer sealed; /* to the server */
static struct cs_buffer out;
static struct cs_seal_key *key;
static struct cs_vault_record version;
static struct cs_vault_record request;

static void seal(const struct cs_vault_record *at, enum cs_vault_class class_value,
                 const uint8_t *recipient)
{
    struct cs_vault_binding binding;
    struct cs_vault_place place = cs_vault_record_place(at, class_value, NULL);
    cs_vault_bind(&place, &binding);
    cs_buffer_clear(&sealed);
    assert_ok(cs_seal(&scene.fake.world, recipient, cs_vault_class_label(class_value),
                      cs_vault_binding_bytes(&binding), cs_bytes_of_array(half), &sealed));
    version.half = cs_buffer_bytes(&sealed);
}

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    memset(half, 0x5c, sizeof half);
    cs_buffer_init(&sealed, CS_MEBI);
    cs_buffer_init(&out, CS_MEBI);
    key = scene_seal_key(90);
    version = scene_record(&scene, CS_VAULT_VERSION, LI);
    version.item = scene_id(1);
    version.field = cs_bytes_of_text("password");
    version.version = scene_id(2);
    version.epoch = 3;
    cs_seal_key_public(scene.half_key, version.half_key);
    struct cs_vault_place place = cs_vault_record_place(&version, CS_VAULT_CLASS_SECRET, NULL);
    cs_vault_half_commitment(cs_bytes_of_array(half), &place, version.commitment);
    seal(&version, CS_VAULT_CLASS_HALF_SERVER, version.half_key);
    request = scene_record(&scene, CS_VAULT_REQUEST, ZHAO);
    memset(request.id, 0x77, sizeof request.id);
    cs_seal_key_public(key, request.key);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cs_memory_fail_after(-1);
    cs_buffer_release(&sealed);
    cs_buffer_release(&out);
    cs_seal_key_destroy(key);
    scene_release(&scene);
    return 0;
}

static enum cs_status release(void)
{
    cs_buffer_clear(&out);
    scene.problem.text[0] = '\0';
    enum cs_status status = cs_server_half_release(&scene.fake.world, scene.half_key, &version,
                                                   &request, &out, &scene.problem);
    assert_int_equal(out.size, status == CS_OK ? CS_VAULT_SEALED_SIZE : 0);
    return status;
}

static void refuses(enum cs_status expected, const char *saying)
{
    assert_status(release(), expected);
    if (strstr(scene.problem.text, saying) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", scene.problem.text, saying);
    }
}

/* What was released opens with the request's key at the request's place. */
static enum cs_status open_released(const struct cs_vault_record *asked)
{
    struct cs_vault_binding binding;
    struct cs_vault_place place =
        cs_vault_record_place(&version, CS_VAULT_CLASS_HALF_RELEASED, asked->id);
    struct cs_buffer opened;
    cs_vault_bind(&place, &binding);
    cs_buffer_init(&opened, CS_MEBI);
    enum cs_status status =
        cs_unseal(key, cs_vault_class_label(CS_VAULT_CLASS_HALF_RELEASED),
                  cs_vault_binding_bytes(&binding), cs_buffer_bytes(&out), &opened);
    if (status == CS_OK) {
        assert_true(cs_bytes_equal(cs_buffer_bytes(&opened), cs_bytes_of_array(half)));
    }
    cs_buffer_release(&opened);
    return status;
}

static void test_released_for_one_request(void **state)
{
    (void)state;
    struct cs_vault_record other = request;
    assert_ok(release());
    assert_ok(open_released(&request));
    other.id[0] ^= 1;
    assert_status(open_released(&other), CS_FORGED);
}

static void test_halves_of_other_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct cs_vault_record other = version;
        other.item = i == 0 ? scene_id(9) : other.item;
        other.field = i == 1 ? cs_bytes_of_text("totp") : other.field;
        other.version = i == 2 ? scene_id(9) : other.version;
        other.vault = i == 3 ? scene_id(9) : other.vault;
        other.epoch = i == 4 ? 9 : other.epoch;
        other.organisation[0] ^= i == 5 ? 1 : 0;
        seal(&other, CS_VAULT_CLASS_HALF_SERVER, version.half_key);
        refuses(CS_FORGED, "not this version's");
    }
    seal(&version, CS_VAULT_CLASS_HALF_RECOVERY, version.half_key);
    refuses(CS_FORGED, "not this version's");
    half[0] ^= 1; /* in its place, but another one than was committed to */
    seal(&version, CS_VAULT_CLASS_HALF_SERVER, version.half_key);
    refuses(CS_FORGED, "not this version's");
}

static void test_another_half_key(void **state)
{
    (void)state;
    version.half_key[0] ^= 1;
    refuses(CS_WRONG_SERVER, "another half key");
    version.half_key[0] ^= 1;
    seal(&version, CS_VAULT_CLASS_HALF_SERVER, request.key);
    refuses(CS_FORGED, "not this version's");
}

/* With four eyes the server has a part only, which no commitment is to. */
static void test_a_part_for_four_eyes(void **state)
{
    (void)state;
    static const uint8_t approvers[CS_VAULT_APPROVER_SIZE] = {1};
    version.commitment[0] ^= 1;
    refuses(CS_FORGED, "not this version's");
    version.approvers = cs_bytes_of_array(approvers);
    assert_ok(release());
    assert_ok(open_released(&request));
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    long failing = 0;
    for (;; failing++) {
        cs_buffer_release(&out);
        cs_memory_fail_after(failing);
        enum cs_status status = release();
        cs_memory_fail_after(-1);
        if (status == CS_OK) {
            break;
        }
        assert_status(status, CS_NO_MEMORY);
    }
    assert_true(failing >= 2);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_released_for_one_request),  CASE(test_halves_of_other_places),
        CASE(test_another_half_key),          CASE(test_a_part_for_four_eyes),
        CASE(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
