/*
 * What is checked when a database is opened: FORMAT.md, the section of that name.
 *
 * Two questions. Where does the log end, as SQLite will see it, and is that an end that a crash explains? And: is what counts then a
 * state that was committed, as a whole?
 */
#include "shared/storage/encrypted/encrypted_internal.h"

#include "shared/base/memory.h"

#include <string.h>

#define LOG_MAGIC 0x377f0682u
#define LOG_MAGIC_BIG_ENDIAN 1u
#define LOG_VERSION 3007000u

struct checksum {
    uint32_t first;
    uint32_t second;
};

struct checking {
    struct cs_encrypted_main *main;
    struct cs_encrypted_log *log;
    uint32_t slots; /* whole ones in the file */
    bool has_anchor;
    struct cs_main_anchor anchor;
    struct checksum sum;
    uint8_t last_sum[CS_HASH_SIZE]; /* of the last commit */
    uint64_t last_commit;
    uint8_t slot[CS_LOG_SLOT];
};

static uint32_t little_endian(const uint8_t *from)
{
    return (uint32_t)from[3] << 24 | (uint32_t)from[2] << 16 | (uint32_t)from[1] << 8 | from[0];
}

/* SQLite's: its file format, section 4.2. */
static void checksum_add(struct checksum *sum, bool big_endian, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        sum->first += (big_endian ? cs_get_u32(data + i) : little_endian(data + i)) + sum->second;
        sum->second +=
            (big_endian ? cs_get_u32(data + i + 4) : little_endian(data + i + 4)) + sum->first;
    }
}

static bool checksum_is(const struct checksum *sum, const uint8_t *stored)
{
    return sum->first == cs_get_u32(stored) && sum->second == cs_get_u32(stored + 4);
}

static bool is_big_endian(const struct checking *checking)
{
    return (cs_get_u32(checking->log->header) & LOG_MAGIC_BIG_ENDIAN) != 0;
}

static uint64_t number_of(const uint8_t generation[static CS_GENERATION_SIZE])
{
    return cs_get_u64(generation);
}

static bool same_generation(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, CS_GENERATION_SIZE) == 0;
}

/* The log's header, where there is one that opens. */
static int read_log_header(struct checking *checking)
{
    struct cs_encrypted_log *log = checking->log;
    uint8_t slot[CS_LOG_HEADER_SLOT];
    sqlite3_int64 size = 0;
    int code = log->below->pMethods->xFileSize(log->below, &size);
    if (code != SQLITE_OK || size < (sqlite3_int64)CS_LOG_HEADER_SLOT) {
        return code;
    }
    checking->slots = cs_log_count_slots(log, size);
    code = log->below->pMethods->xRead(log->below, slot, (int)sizeof slot, 0);
    if (code != SQLITE_OK) {
        return code;
    }
    if (!cs_slot_open(&checking->main->keys, CS_SLOT_LOG_HEADER, 0, slot, CS_LOG_HEADER_CONTENT)) {
        return SQLITE_OK;
    }
    memcpy(log->header, slot, CS_LOG_HEADER_SIZE);
    checksum_add(&checking->sum, is_big_endian(checking), log->header, 24);
    log->has_header = (cs_get_u32(log->header) & ~LOG_MAGIC_BIG_ENDIAN) == LOG_MAGIC &&
                      cs_get_u32(log->header + 4) == LOG_VERSION &&
                      cs_get_u32(log->header + 8) == CS_SLOT_PAGE_SIZE &&
                      checksum_is(&checking->sum, log->header + 24) &&
                      cs_log_layout_with(cs_get_u32(slot + CS_LOG_HEADER_SIZE + CS_GENERATION_SIZE),
                                         &log->layout);
    if (log->has_header) {
        checking->slots = cs_log_count_slots(log, size);
        memcpy(checking->main->generation, slot + CS_LOG_HEADER_SIZE, CS_GENERATION_SIZE);
    }
    return SQLITE_OK;
}

/* Into checking->slot, decrypted; *out_opens tells whether it is one of ours at all. */
static int read_slot(struct checking *checking, uint32_t index, uint8_t *nonce, bool *out_opens)
{
    sqlite3_file *below = checking->log->below;
    sqlite3_int64 offset = cs_log_slot_offset(checking->log, index);
    int code = below->pMethods->xRead(below, checking->slot, (int)CS_LOG_SLOT, offset);
    *out_opens = false;
    if (code == SQLITE_OK) {
        memcpy(nonce, checking->slot + CS_LOG_CONTENT, CS_PAGE_NONCE_SIZE);
        *out_opens = cs_slot_open(&checking->main->keys, CS_SLOT_LOG_FRAME, index, checking->slot,
                                  CS_LOG_CONTENT);
    }
    return code;
}

/* Does this frame go on where the log has come to, in our eyes and in SQLite's? */
static bool goes_on(struct checking *checking, uint32_t index)
{
    static const uint8_t reserve[CS_SLOT_TRAILER_SIZE];
    const uint8_t *frame = checking->slot;
    bool big_endian = is_big_endian(checking);
    uint32_t page = cs_get_u32(frame);
    uint32_t pages = cs_get_u32(frame + 4);
    if (!same_generation(frame + CS_LOG_GENERATION_OFFSET, checking->main->generation) ||
        memcmp(frame + CS_LOG_CHAIN_OFFSET, cs_state_chain_before(&checking->main->state, index),
               CS_CHAIN_SIZE) != 0 ||
        memcmp(frame + 8, checking->log->header + 16, 8) != 0 || page == 0 ||
        page > CS_SLOT_PAGES_MAX || pages > CS_SLOT_PAGES_MAX) {
        return false;
    }
    struct checksum sum = checking->sum;
    checksum_add(&sum, big_endian, frame, 8);
    checksum_add(&sum, big_endian, frame + CS_LOG_FRAME_HEADER_SIZE, CS_SLOT_CONTENT_SIZE);
    checksum_add(&sum, big_endian, reserve, sizeof reserve);
    if (!checksum_is(&sum, frame + 16)) {
        return false;
    }
    checking->sum = sum;
    return true;
}

static int take_frame(struct checking *checking, uint32_t index, const uint8_t *nonce)
{
    struct cs_state *state = &checking->main->state;
    uint32_t page = cs_get_u32(checking->slot);
    uint32_t pages = cs_get_u32(checking->slot + 4);
    enum cs_status status = cs_state_reserve(state, page > pages ? page : pages, index);
    if (status != CS_OK) {
        return cs_encrypted_code(status);
    }
    cs_state_frame_set(state, index, page, nonce);
    if (pages != 0) {
        cs_state_commit(state, index, pages);
        memcpy(checking->last_sum, checking->slot + CS_LOG_SUM_OFFSET, CS_HASH_SIZE);
        checking->last_commit = cs_get_u64(checking->slot + CS_LOG_COMMIT_OFFSET);
    }
    return SQLITE_OK;
}

/* Frames as long as they go on. *out_end is the first that does not. */
static int read_frames(struct checking *checking, uint32_t *out_end)
{
    uint32_t index = 1;
    uint8_t nonce[CS_PAGE_NONCE_SIZE];
    int code = SQLITE_OK;
    while (checking->log->has_header && index <= checking->slots) {
        bool opens = false;
        code = read_slot(checking, index, nonce, &opens);
        if (code != SQLITE_OK || !opens || !goes_on(checking, index)) {
            break;
        }
        code = take_frame(checking, index, nonce);
        if (code != SQLITE_OK) {
            break;
        }
        index++;
    }
    *out_end = index;
    return code;
}

/* Says this slot, or frame number `synced` of its generation, that something is missing that was on disk? */
static bool vouches(const struct checking *checking, const uint8_t *generation, uint32_t synced,
                    uint32_t end)
{
    const struct cs_main_anchor *anchor = &checking->anchor;
    if (checking->log->has_header) {
        return same_generation(generation, checking->main->generation) && synced >= end;
    }
    /* Without a header everything must have been taken over into the main file. */
    if (synced == 0 || !checking->has_anchor) {
        return synced > 0;
    }
    if (same_generation(generation, anchor->generation)) {
        return synced > anchor->frames;
    }
    return number_of(generation) >= number_of(anchor->generation);
}

/* Was frame `end` on disk once? Then no crash has taken it. */
static int check_end(struct checking *checking, uint32_t end)
{
    uint8_t nonce[CS_PAGE_NONCE_SIZE];
    const struct cs_main_anchor *anchor = &checking->anchor;
    if (checking->has_anchor && checking->log->has_header &&
        !same_generation(anchor->generation, checking->main->generation) &&
        number_of(anchor->generation) >= number_of(checking->main->generation)) {
        return CS_ENCRYPTED_DAMAGED;
    }
    for (uint32_t index = checking->log->has_header ? end + 1 : 1; index <= checking->slots;
         index++) {
        bool opens = false;
        int code = read_slot(checking, index, nonce, &opens);
        if (code != SQLITE_OK) {
            return code;
        }
        if (opens && vouches(checking, checking->slot + CS_LOG_GENERATION_OFFSET,
                             cs_get_u32(checking->slot + CS_LOG_SYNCED_OFFSET), end)) {
            return CS_ENCRYPTED_DAMAGED;
        }
    }
    return SQLITE_OK;
}

/* More of this generation is in the main file than is left in the log: it is being emptied, and the main file counts alone. */
static void leave_out_what_was_taken_over(struct checking *checking, uint32_t end)
{
    struct cs_encrypted_main *main = checking->main;
    if (checking->has_anchor && checking->log->has_header &&
        same_generation(checking->anchor.generation, main->generation) &&
        checking->anchor.frames >= end) {
        checking->log->has_header = false;
        cs_state_begin_generation(&main->state);
        main->state.commit = checking->anchor.commit;
    }
}

/* The versions in the main file, by their nonces alone. */
static int read_main(struct cs_encrypted_main *main)
{
    uint32_t pages = 0;
    uint8_t nonce[CS_PAGE_NONCE_SIZE];
    int code = cs_main_count_pages(main, &pages);
    if (code == SQLITE_OK) {
        code = cs_encrypted_code(cs_state_reserve(&main->state, pages, 0));
    }
    for (uint32_t page = 1; code == SQLITE_OK && page <= pages; page++) {
        sqlite3_int64 offset = CS_MAIN_PAGES_OFFSET +
                               (sqlite3_int64)(page - 1) * CS_SLOT_PAGE_SIZE + CS_SLOT_CONTENT_SIZE;
        code = main->below->pMethods->xRead(main->below, nonce, (int)sizeof nonce, offset);
        if (code == SQLITE_OK) {
            cs_state_main_set(&main->state, page, nonce);
        }
    }
    return code;
}

/* Is what counts now a state that was committed? */
static int check_state(const struct checking *checking)
{
    const struct cs_state *state = &checking->main->state;
    if (state->applied > 0) {
        return memcmp(state->sum.sum, checking->last_sum, CS_HASH_SIZE) == 0 ? SQLITE_OK
                                                                             : CS_ENCRYPTED_DAMAGED;
    }
    sqlite3_int64 size = 0;
    sqlite3_file *below = checking->main->below;
    int code = below->pMethods->xFileSize(below, &size);
    if (code != SQLITE_OK) {
        return code;
    }
    bool whole =
        checking->has_anchor &&
        size == CS_MAIN_PAGES_OFFSET + (sqlite3_int64)state->main_pages * CS_SLOT_PAGE_SIZE &&
        checking->anchor.pages == state->main_pages &&
        memcmp(checking->anchor.sum, state->main_sum.sum, CS_HASH_SIZE) == 0;
    return whole ? SQLITE_OK : CS_ENCRYPTED_DAMAGED;
}

static bool log_is_of(const struct checking *checking, const uint8_t *generation)
{
    return checking->log->has_header && same_generation(generation, checking->main->generation);
}

static int check(struct checking *checking)
{
    struct cs_encrypted_main *main = checking->main;
    uint32_t end = 1;
    int code = read_main(main);
    if (code == SQLITE_OK) {
        code = cs_main_read_anchor(main, &checking->anchor, &checking->has_anchor);
    }
    if (code != SQLITE_OK) {
        return code;
    }
    cs_state_begin_generation(&main->state);
    if (checking->has_anchor) {
        memcpy(main->generation, checking->anchor.generation, CS_GENERATION_SIZE);
        main->state.commit = checking->anchor.commit;
    }
    code = read_log_header(checking);
    if (code == SQLITE_OK) {
        code = read_frames(checking, &end);
    }
    if (code == SQLITE_OK) {
        leave_out_what_was_taken_over(checking, end);
        code = check_end(checking, end);
    }
    if (code != SQLITE_OK) {
        return code;
    }
    /* What is behind the last commit is nothing. */
    main->state.frame_count = main->state.applied;
    if (main->state.applied > 0) {
        main->state.commit = checking->last_commit;
    }
    main->anchor_stale = false;
    main->anchor_frames = checking->has_anchor && log_is_of(checking, checking->anchor.generation)
                              ? checking->anchor.frames
                              : 0;
    return check_state(checking);
}

int cs_encrypted_check(struct cs_encrypted_main *main, struct cs_encrypted_log *log)
{
    struct checking *checking = cs_alloc_zero(1, sizeof *checking);
    if (checking == NULL) {
        return SQLITE_NOMEM;
    }
    checking->main = main;
    checking->log = log;
    cs_state_release(&main->state);
    cs_state_init(&main->state, main->keys.anchor);
    memset(main->generation, 0, sizeof main->generation);
    int code = check(checking);
    cs_wipe(checking, sizeof *checking);
    cs_free(checking);
    return code;
}
