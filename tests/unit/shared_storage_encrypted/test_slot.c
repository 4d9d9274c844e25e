/* Slots, header and keys against values made with other implementations of what FORMAT.md states; and the state's arithmetic. */
#include "tests/support/testing.h"

#include "shared/base/memory.h"
#include "shared/storage/encrypted/keys.h"
#include "shared/storage/encrypted/state.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t file_key[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                     11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                     22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
static const uint8_t id[CS_SLOT_ID_SIZE] = {16, 17, 18, 19, 20, 21, 22, 23,
                                            24, 25, 26, 27, 28, 29, 30, 31};
static const uint8_t nonce[24] = {64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75,
                                  76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87};

static int start(void **state)
{
    (void)state;
    return cs_crypto_start() == CS_OK ? 0 : -1;
}

static void make_keys(struct cs_slot_keys *keys)
{
    *keys = (struct cs_slot_keys){.epoch = 7};
    memcpy(keys->id, id, sizeof id);
    assert_ok(cs_slot_keys_derive(cs_bytes_of_array(file_key), keys));
}

static void keys_are_as_stated(void **state)
{
    (void)state;
    struct cs_slot_keys keys;
    struct cs_secret *key = NULL;
    uint8_t master[32];
    for (size_t i = 0; i < sizeof master; i++) {
        master[i] = (uint8_t)(32 + i);
    }
    make_keys(&keys);
    assert_hex(cs_secret_bytes(keys.page),
               "be97219387d6b81ad6d2222dcfe4655735762b1079f6237ae658ae0a39a09728");
    assert_hex(cs_secret_bytes(keys.anchor),
               "0c66ecf74f83133b86e84d092e7787e483349a1ac740b2e9cb9bb13f68bdc39d");
    cs_slot_keys_release(&keys);
    assert_ok(cs_file_key_derive(cs_bytes_of_array(master), "replica", 7, &key));
    assert_hex(cs_secret_bytes(key),
               "f8579671a56a945ed1d9cd192a0fae2a99907fc82386c998207bf1be50a4b9ba");
    cs_secret_destroy(key);
}

static void header_is_as_stated(void **state)
{
    (void)state;
    uint8_t header[CS_SLOT_PAGE_SIZE];
    uint8_t found[CS_SLOT_ID_SIZE];
    cs_slot_header_make(cs_bytes_of_array(file_key), id, 7, header);
    assert_hex(cs_bytes_make(header, 28),
               "4353444200000001101112131415161718191a1b1c1d1e1f00000007");
    assert_hex(cs_bytes_make(header + 4064, 32),
               "15e0fc263daf0714e305ba9318fa2cb08562a454d8a40ffd8150af65fd1ee4f3");
    assert_true(cs_slot_header_check(cs_bytes_of_array(file_key), 7, header, found));
    assert_memory_equal(found, id, sizeof id);
    assert_false(cs_slot_header_check(cs_bytes_of_array(file_key), 8, header, found));
    for (size_t i = 0; i < sizeof header; i += 61) {
        header[i] ^= 4;
        assert_false(cs_slot_header_check(cs_bytes_of_array(file_key), 7, header, found));
        header[i] ^= 4;
    }
}

static void slot_is_as_stated(void **state)
{
    (void)state;
    struct cs_slot_keys keys;
    uint8_t slot[20 + CS_SLOT_TRAILER_SIZE];
    for (size_t i = 0; i < 20; i++) {
        slot[i] = (uint8_t)i;
    }
    make_keys(&keys);
    cs_slot_seal(&keys, CS_SLOT_PAGE, 3, nonce, slot, 20);
    assert_hex(cs_bytes_make(slot, 20), "2d0c1167c4fc2da6d6d79e442265a3219d9171ca");
    assert_hex(cs_bytes_make(slot + 20, 24), "404142434445464748494a4b4c4d4e4f5051525354555657");
    assert_hex(cs_bytes_make(slot + 44, 16), "c4eb56c04b4cdeddb28ef916e33fbd24");
    assert_true(cs_slot_open(&keys, CS_SLOT_PAGE, 3, slot, 20));
    assert_hex(cs_bytes_make(slot, 20), "000102030405060708090a0b0c0d0e0f10111213");
    cs_slot_keys_release(&keys);
}

static void a_slot_opens_as_what_it_is_only(void **state)
{
    (void)state;
    struct cs_slot_keys keys;
    struct cs_slot_keys other;
    uint8_t sealed[20 + CS_SLOT_TRAILER_SIZE] = {1};
    uint8_t slot[sizeof sealed];
    make_keys(&keys);
    cs_slot_seal(&keys, CS_SLOT_PAGE, 3, nonce, sealed, 20);
    for (size_t i = 0; i < sizeof sealed; i++) {
        memcpy(slot, sealed, sizeof slot);
        slot[i] ^= 1;
        assert_false(cs_slot_open(&keys, CS_SLOT_PAGE, 3, slot, 20));
        assert_true(cs_is_zero(slot, 20));
    }
    memcpy(slot, sealed, sizeof slot);
    assert_false(cs_slot_open(&keys, CS_SLOT_PAGE, 4, slot, 20));
    memcpy(slot, sealed, sizeof slot);
    assert_false(cs_slot_open(&keys, CS_SLOT_LOG_FRAME, 3, slot, 20));
    /* Another database of the same key, and another epoch: even under the same page key. */
    other = keys;
    other.epoch = 8;
    memcpy(slot, sealed, sizeof slot);
    assert_false(cs_slot_open(&other, CS_SLOT_PAGE, 3, slot, 20));
    other = keys;
    other.id[0] ^= 1;
    memcpy(slot, sealed, sizeof slot);
    assert_false(cs_slot_open(&other, CS_SLOT_PAGE, 3, slot, 20));
    cs_slot_keys_release(&keys);
}

static void sum_is_as_stated(void **state)
{
    (void)state;
    struct cs_secret *key = NULL;
    struct cs_state tables;
    uint8_t one[CS_PAGE_NONCE_SIZE];
    uint8_t two[CS_PAGE_NONCE_SIZE];
    memset(one, 9, sizeof one);
    memset(two, 8, sizeof two);
    assert_ok(cs_secret_create_copy(cs_bytes_of_array(file_key), &key));
    cs_state_init(&tables, key);
    assert_ok(cs_state_reserve(&tables, 2, 0));
    cs_state_main_set(&tables, 1, one);
    cs_state_main_set(&tables, 2, two);
    assert_hex(cs_bytes_of_array(tables.main_sum.sum),
               "fc551abd0031df1c8ff97fa5a6a7875bd6b71836e287d27ccced4b48e81a6fc5");
    cs_state_main_set(&tables, 2, NULL);
    assert_null(cs_state_main_nonce(&tables, 2));
    cs_state_main_truncate(&tables, 0);
    assert_true(cs_is_zero(tables.main_sum.sum, sizeof tables.main_sum.sum));
    cs_state_release(&tables);
    cs_secret_destroy(key);
}

/* What the sum must be, from nothing but what was done; slow and simple. */
struct model {
    uint32_t pages;
    uint8_t nonce[40][CS_PAGE_NONCE_SIZE];
};

static void assert_is(const struct cs_state *tables, const struct model *model,
                      const struct cs_secret *key)
{
    struct cs_state other;
    cs_state_init(&other, key);
    assert_ok(cs_state_reserve(&other, 40, 0));
    for (uint32_t page = 1; page <= model->pages; page++) {
        const uint8_t *version = model->nonce[page - 1];
        cs_state_main_set(&other, page, cs_is_zero(version, CS_PAGE_NONCE_SIZE) ? NULL : version);
    }
    assert_memory_equal(other.main_sum.sum, tables->sum.sum, CS_HASH_SIZE);
    assert_int_equal(model->pages, tables->pages);
    cs_state_release(&other);
}

/* Transactions of chance, each commit undone with some chance, down to earlier ones too. */
static void commits_and_undoing_keep_the_sum(void **state)
{
    (void)state;
    struct cs_secret *key = NULL;
    struct cs_state tables;
    struct model history[200];
    uint32_t ends[200];
    size_t commits = 0;
    srand(4);
    assert_ok(cs_secret_create_copy(cs_bytes_of_array(file_key), &key));
    cs_state_init(&tables, key);
    assert_ok(cs_state_reserve(&tables, 40, 2000));
    memset(history, 0, sizeof history);
    for (uint32_t page = 1; page <= 10; page++) {
        memset(history[0].nonce[page - 1], (int)page, CS_PAGE_NONCE_SIZE);
        cs_state_main_set(&tables, page, history[0].nonce[page - 1]);
    }
    history[0].pages = 10;
    ends[0] = 0;
    cs_state_begin_generation(&tables);
    for (int round = 0; round < 600; round++) {
        if (commits > 0 && (rand() % 4 == 0 || commits == 199)) {
            commits -= 1 + (size_t)rand() % (commits < 3 ? commits : 3);
            cs_state_undo(&tables, ends[commits] + 1);
            assert_int_equal(tables.applied, ends[commits]);
            assert_int_equal(tables.commit, commits);
            assert_is(&tables, &history[commits], key);
            continue;
        }
        struct model next = history[commits];
        uint32_t index = ends[commits];
        for (int i = rand() % 6; i >= 0; i--) {
            uint32_t page = 1 + (uint32_t)rand() % 40;
            for (size_t j = 0; j < CS_PAGE_NONCE_SIZE; j++) {
                next.nonce[page - 1][j] = (uint8_t)(1 + rand() % 255);
            }
            cs_state_frame_set(&tables, ++index, page, next.nonce[page - 1]);
        }
        next.pages = 1 + (uint32_t)rand() % 40;
        cs_state_commit(&tables, index, next.pages);
        ends[++commits] = index;
        history[commits] = next;
        assert_is(&tables, &next, key);
    }
    cs_state_release(&tables);
    cs_secret_destroy(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_as_stated), cmocka_unit_test(header_is_as_stated),
        cmocka_unit_test(slot_is_as_stated),  cmocka_unit_test(a_slot_opens_as_what_it_is_only),
        cmocka_unit_test(sum_is_as_stated),   cmocka_unit_test(commits_and_undoing_keep_the_sum),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
