/* Sealing to a public key. The expected bytes were made with another implementation of what seal.h
 * states. */
#include "tests/support/testing.h"

#include "shared/base/memory.h"
#include "shared/base/text.h"
#include "shared/crypto/seal.h"
#include "tests/support/fake_world.h"

#include <string.h>

static const char plain[] = "attack at dawn";

struct scene {
    struct fake_world fake;
    struct cs_seal_key *key;
    uint8_t public_key[CS_SEAL_KEY_SIZE];
};

static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    uint8_t secret[CS_SEAL_KEY_SIZE];
    for (size_t i = 0; i < sizeof secret; i++) {
        secret[i] = (uint8_t)(100 + i);
    }
    fake_world_init(&scene.fake, 42);
    if (cs_crypto_start() != CS_OK ||
        cs_seal_key_create(cs_bytes_of_array(secret), &scene.key) != CS_OK) {
        return -1;
    }
    cs_seal_key_public(scene.key, scene.public_key);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cs_seal_key_destroy(scene.key);
    fake_world_release(&scene.fake);
    return 0;
}

static void seal(struct cs_buffer *out)
{
    cs_buffer_init(out, 1000);
    assert_ok(cs_seal(&scene.fake.world, scene.public_key, "test", cs_bytes_of_text("header"),
                      cs_bytes_of_text(plain), out));
}

static void assert_refused(const char *label, const char *header, struct cs_bytes sealed,
                           enum cs_status expected)
{
    struct cs_buffer out;
    cs_buffer_init(&out, 1000);
    cs_buffer_append_text(&out, "kept");
    assert_status(cs_unseal(scene.key, label, cs_bytes_of_text(header), sealed, &out), expected);
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&out), "kept"));
    cs_buffer_release(&out);
}

/* First the ephemeral secret 1, 2, 3 …, then the nonce 64, 65, 66 … */
static void known_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)((size == CS_SEAL_KEY_SIZE ? 1 : 64) + i);
    }
}

static void the_format_is_as_stated(void **state)
{
    (void)state;
    assert_hex(cs_bytes_of_array(scene.public_key),
               "7d9c24316539825c1896e57f28197746793ce60cbee3ad47da9d07b85fa55e2a");
    struct cs_world world = {.random = known_random};
    struct cs_buffer out;
    cs_buffer_init(&out, 1000);
    assert_ok(cs_seal(&world, scene.public_key, "test", cs_bytes_of_text("header"),
                      cs_bytes_of_text(plain), &out));
    assert_hex(cs_buffer_bytes(&out),
               "07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c"
               "404142434445464748494a4b4c4d4e4f5051525354555657"
               "7b128224dc5afc321bc187f94ee738280431b0ab5a885ba31e5269e26f174ff5"
               "de00fd4086b421bfb956e345fabf1928393f8976e912a7b40ccfa04f59ce");
    assert_int_equal(out.size, strlen(plain) + CS_SEAL_OVERHEAD);
    cs_buffer_release(&out);
}

static void what_was_sealed_opens_and_is_appended(void **state)
{
    (void)state;
    struct cs_buffer sealed;
    struct cs_buffer again;
    seal(&sealed);
    seal(&again);
    assert_false(cs_bytes_equal(cs_buffer_bytes(&sealed), cs_buffer_bytes(&again)));
    struct cs_buffer out;
    cs_buffer_init(&out, 1000);
    struct cs_bytes header = cs_bytes_of_text("header");
    assert_ok(cs_unseal(scene.key, "test", header, cs_buffer_bytes(&sealed), &out));
    assert_ok(cs_unseal(scene.key, "test", header, cs_buffer_bytes(&again), &out));
    assert_string_equal(cs_buffer_text(&out), "attack at dawnattack at dawn");
    cs_buffer_release(&out);
    cs_buffer_release(&sealed);
    cs_buffer_release(&again);
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct cs_buffer sealed;
    seal(&sealed);
    for (size_t bit = 0; bit < 8 * sealed.size; bit++) {
        /* X25519 ignores the highest bit of a public key, but the derivation does not. */
        sealed.data[bit / 8] = (uint8_t)(sealed.data[bit / 8] ^ 1u << bit % 8);
        assert_refused("test", "header", cs_buffer_bytes(&sealed), CS_FORGED);
        sealed.data[bit / 8] = (uint8_t)(sealed.data[bit / 8] ^ 1u << bit % 8);
    }
    cs_buffer_release(&sealed);
}

static void another_label_header_or_recipient_is_refused(void **state)
{
    (void)state;
    struct cs_buffer sealed;
    seal(&sealed);
    struct cs_bytes bytes = cs_buffer_bytes(&sealed);
    assert_refused("tesu", "header", bytes, CS_FORGED);
    assert_refused("test", "", bytes, CS_FORGED);
    assert_refused("test", "headers", bytes, CS_FORGED);
    assert_refused("header", "test", bytes, CS_FORGED);
    struct cs_seal_key *other = NULL;
    assert_ok(cs_seal_key_create_random(&scene.fake.world, &other));
    struct cs_buffer out;
    cs_buffer_init(&out, 1000);
    assert_status(cs_unseal(other, "test", cs_bytes_of_text("header"), bytes, &out), CS_FORGED);
    assert_int_equal(out.size, 0);
    cs_seal_key_destroy(other);
    cs_buffer_release(&sealed);
    cs_buffer_release(&out);
}

static void cut_or_grown_messages_are_refused(void **state)
{
    (void)state;
    struct cs_buffer sealed;
    seal(&sealed);
    for (size_t size = 0; size < sealed.size; size++) {
        assert_refused("test", "header", cs_bytes_make(sealed.data, size),
                       size < CS_SEAL_OVERHEAD ? CS_MALFORMED : CS_FORGED);
    }
    cs_buffer_append_u8(&sealed, 0);
    assert_refused("test", "header", cs_buffer_bytes(&sealed), CS_FORGED);
    cs_buffer_release(&sealed);
}

static void keys_that_meet_in_zero_are_refused(void **state)
{
    (void)state;
    static const char *const low_order[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    struct cs_buffer sealed;
    seal(&sealed);
    for (size_t i = 0; i < CS_COUNT(low_order); i++) {
        uint8_t point[32];
        uint8_t out[32] = {7};
        assert_ok(cs_hex_decode(cs_bytes_of_text(low_order[i]), point, sizeof point));
        struct cs_bytes secret = cs_seal_key_secret(scene.key);
        assert_status(cs_x25519(secret, cs_bytes_of_array(point), out), CS_FORGED);
        assert_int_equal(out[0], 7);
        memcpy(sealed.data, point, sizeof point);
        assert_refused("test", "header", cs_buffer_bytes(&sealed), CS_FORGED);
        struct cs_buffer made;
        cs_buffer_init(&made, 1000);
        assert_status(cs_seal(&scene.fake.world, point, "test", CS_BYTES_NONE,
                              cs_bytes_of_text(plain), &made),
                      CS_FORGED);
        assert_int_equal(made.size, 0);
        cs_buffer_release(&made);
    }
    cs_buffer_release(&sealed);
}

static void keys_of_another_size_are_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[33] = {9};
    struct cs_seal_key *key = scene.key;
    assert_status(cs_seal_key_create(cs_bytes_make(bytes, 31), &key), CS_INVALID);
    assert_null(key);
    assert_status(cs_seal_key_create(cs_bytes_of_array(bytes), &key), CS_INVALID);
    uint8_t out[32];
    struct cs_bytes good = cs_bytes_make(bytes, 32);
    assert_status(cs_x25519(cs_bytes_of_array(bytes), good, out), CS_INVALID);
    assert_status(cs_x25519(good, cs_bytes_make(bytes, 31), out), CS_INVALID);
    cs_seal_key_destroy(NULL);
}

static void a_key_made_again_from_its_secret_opens(void **state)
{
    (void)state;
    struct cs_seal_key *again = NULL;
    assert_ok(cs_seal_key_create(cs_seal_key_secret(scene.key), &again));
    uint8_t public_key[CS_SEAL_KEY_SIZE];
    cs_seal_key_public(again, public_key);
    assert_memory_equal(public_key, scene.public_key, sizeof public_key);
    cs_seal_key_destroy(again);
}

static void every_failed_allocation_is_clean(void **state)
{
    (void)state;
    struct cs_bytes header = cs_bytes_of_text("header");
    enum cs_status status = CS_NO_MEMORY;
    long successes = 0;
    for (; status != CS_OK; successes++) {
        struct cs_seal_key *key = NULL;
        struct cs_buffer sealed;
        struct cs_buffer opened;
        uint8_t public_key[CS_SEAL_KEY_SIZE];
        cs_buffer_init(&sealed, 1000);
        cs_buffer_init(&opened, 1000);
        cs_memory_fail_after(successes);
        status = cs_seal_key_create_random(&scene.fake.world, &key);
        if (status == CS_OK) {
            cs_seal_key_public(key, public_key);
            status = cs_seal(&scene.fake.world, public_key, "test", header, cs_bytes_of_text(plain),
                             &sealed);
            assert_true(status == CS_OK || sealed.size == 0);
        }
        if (status == CS_OK) {
            status = cs_unseal(key, "test", header, cs_buffer_bytes(&sealed), &opened);
            assert_true(status == CS_OK || opened.size == 0);
        }
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        cs_seal_key_destroy(key);
        cs_buffer_release(&sealed);
        cs_buffer_release(&opened);
    }
    assert_true(successes > 4);
}

static void a_full_buffer_gets_nothing(void **state)
{
    (void)state;
    struct cs_buffer out;
    cs_buffer_init(&out, CS_SEAL_OVERHEAD + 13);
    assert_status(cs_seal(&scene.fake.world, scene.public_key, "test", CS_BYTES_NONE,
                          cs_bytes_of_text(plain), &out),
                  CS_LIMIT);
    assert_int_equal(out.size, 0);
    cs_buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_as_stated),
        cmocka_unit_test(what_was_sealed_opens_and_is_appended),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(another_label_header_or_recipient_is_refused),
        cmocka_unit_test(cut_or_grown_messages_are_refused),
        cmocka_unit_test(keys_that_meet_in_zero_are_refused),
        cmocka_unit_test(keys_of_another_size_are_refused),
        cmocka_unit_test(a_key_made_again_from_its_secret_opens),
        cmocka_unit_test(every_failed_allocation_is_clean),
        cmocka_unit_test(a_full_buffer_gets_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
