/* Records that are made by hand, for the attacks on vaults. */
#ifndef TESTS_SIMULATION_VAULT_RECORDS_BY_HAND_H
#define TESTS_SIMULATION_VAULT_RECORDS_BY_HAND_H

#include "tests/simulation/vault_scene.h"

static struct vault_scene scene;
static struct cs_arena arena; /* what is read of records */

static inline int setup(void **state)
{
    (void)state;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    vault_scene_open(&scene, 81, false);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    cs_arena_release(&arena);
    vault_scene_close(&scene);
    return 0;
}

/* A record by this laptop as of the log that it knows. */
static inline struct cs_vault_record begin(struct laptop *laptop, enum cs_vault_kind kind)
{
    struct cs_vault_record record;
    struct cs_evidence_signer signer;
    struct cs_vault_log *log = NULL;
    struct cs_vault_book *book = open_book(laptop);
    cs_vault_book_signer(book, &signer);
    signer.checkpoint = CS_BYTES_NONE;
    assert_ok(cs_vault_book_log(book, &scene.vault, &log, &scene.universe.problem));
    cs_vault_log_begin(log, &signer, kind, &record);
    cs_vault_book_close(book);
    return record;
}

/* Signed by the laptop, in the arena. */
static inline struct cs_bytes sign(struct laptop *laptop, const struct cs_vault_record *record)
{
    struct cs_bytes copy;
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_MEBI);
    assert_ok(cs_vault_record_encode(record, cs_identity_sign_key(laptop->identity), &bytes));
    assert_ok(cs_arena_copy(&arena, cs_buffer_bytes(&bytes), &copy));
    cs_buffer_release(&bytes);
    return copy;
}

/* The newest record of this kind that the laptop has; views into the arena. */
static inline struct cs_vault_record newest(struct laptop *laptop, enum cs_vault_kind kind,
                                            struct cs_bytes *out_bytes)
{
    struct cs_vault_record record;
    struct cs_kept_record kept;
    uint64_t position = 0;
    const struct cs_kept_filter filter = {
        .vault = scene.vault,
        .kind = kind,
        .item = &scene.item,
        .field = kind == CS_VAULT_VERSION ? cs_bytes_of_text("password") : CS_BYTES_NONE};
    if (kind >= CS_VAULT_ENTRY) {
        assert_ok(cs_kept_record_newest(laptop->replica, &filter, &arena, &kept));
    } else {
        struct cs_kept_record next;
        bool found = false;
        while (cs_kept_record_of_log(laptop->replica, &scene.vault, position++, &arena, &next) ==
               CS_OK) {
            if (next.kind == (int64_t)kind) {
                kept = next;
                found = true;
            }
        }
        assert_true(found);
    }
    assert_ok(cs_vault_record_decode(kept.record, &record));
    if (out_bytes != NULL) {
        *out_bytes = kept.record;
    }
    return record;
}

#endif
