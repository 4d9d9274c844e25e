/*
 * A laptop's database as whoever has its passphrase could read it: every slot of both files that opens, those that no longer count too. See
 * shared/storage/encrypted/FORMAT.md.
 */
#ifndef TESTS_SIMULATION_OPENED_REPLICA_H
#define TESTS_SIMULATION_OPENED_REPLICA_H

#include "shared/storage/encrypted/keys.h"
#include "shared/storage/encrypted/slot.h"
#include "tests/simulation/universe.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPENED_FILE_MAX (64 * CS_MEBI)
#define OPENED_LOG_FIRST 100
#define OPENED_LOG_SLOT 4204

struct opened_replica {
    struct cs_slot_keys keys;
    struct cs_secret *key;
    struct cs_bytes needle;
    size_t slots; /* that opened */
    bool found;
};

static inline uint8_t *opened_read(const struct laptop *laptop, const char *name, size_t *out_size)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", laptop->home, name);
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = calloc(1, OPENED_FILE_MAX);
    assert_non_null(bytes);
    *out_size = file == NULL ? 0 : fread(bytes, 1, OPENED_FILE_MAX, file);
    if (file != NULL) {
        (void)fclose(file);
    }
    return bytes;
}

static inline void opened_look(struct opened_replica *opened, enum cs_slot_kind kind,
                               uint32_t number, uint8_t *slot, size_t size)
{
    size_t content = size - CS_SLOT_TRAILER_SIZE;
    if (cs_slot_open(&opened->keys, kind, number, slot, content)) {
        opened->slots++;
        opened->found = opened->found ||
                        memmem(slot, content, opened->needle.data, opened->needle.size) != NULL;
    }
}

static inline void opened_log(struct opened_replica *opened, const struct laptop *laptop)
{
    size_t size;
    uint8_t *bytes = opened_read(laptop, CS_REPLICA_FILE "-wal", &size);
    uint32_t frame = 1;
    for (size_t at = OPENED_LOG_FIRST; at + OPENED_LOG_SLOT <= size; at += OPENED_LOG_SLOT) {
        opened_look(opened, CS_SLOT_LOG_FRAME, frame++, bytes + at, OPENED_LOG_SLOT);
    }
    free(bytes);
}

static inline void opened_main(struct opened_replica *opened, const struct laptop *laptop)
{
    size_t size;
    uint8_t *bytes = opened_read(laptop, CS_REPLICA_FILE, &size);
    struct cs_bytes master = cs_identity_master_key(laptop->identity);
    assert_true(size >= 2 * (size_t)CS_SLOT_PAGE_SIZE);
    opened->keys.epoch = cs_get_u32(bytes + 8 + CS_SLOT_ID_SIZE);
    assert_ok(cs_file_key_derive(master, "replica", opened->keys.epoch, &opened->key));
    assert_true(cs_slot_header_check(cs_secret_bytes(opened->key), opened->keys.epoch, bytes,
                                     opened->keys.id));
    assert_ok(cs_slot_keys_derive(cs_secret_bytes(opened->key), &opened->keys));
    uint32_t page = 1;
    for (size_t at = 2 * (size_t)CS_SLOT_PAGE_SIZE; at + CS_SLOT_PAGE_SIZE <= size;
         at += CS_SLOT_PAGE_SIZE) {
        opened_look(opened, CS_SLOT_PAGE, page++, bytes + at, CS_SLOT_PAGE_SIZE);
    }
    free(bytes);
}

/* Do the pages or the log hold it? */
static inline bool opened_replica_has(const struct laptop *laptop, struct cs_bytes needle)
{
    struct opened_replica opened = {.needle = needle};
    opened_main(&opened, laptop);
    opened_log(&opened, laptop);
    assert_true(opened.slots > 10);
    cs_slot_keys_release(&opened.keys);
    cs_secret_destroy(opened.key);
    return opened.found;
}

#endif
