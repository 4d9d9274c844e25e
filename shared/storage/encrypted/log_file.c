/*
 * The log: SQLite's frames, gathered until they are whole, in slots (FORMAT.md, "Log").
 *
 * Every whole frame is told to the state; one that ends a transaction carries the anchor of what then counts.
 */
#include "shared/storage/encrypted/encrypted_internal.h"

#include "shared/base/memory.h"

#include <string.h>

/* Sectors that a write may harm beside it are at most this large. */
#define SECTOR_SIZE_MAX 65536u

#define FRAME_COMMIT_OFFSET 4u /* pages of the database; 0: the transaction goes on */

bool cs_log_layout_with(uint32_t stride, struct cs_log_layout *out)
{
    if (stride < CS_LOG_SLOT || stride > SECTOR_SIZE_MAX + CS_LOG_SLOT) {
        return false;
    }
    out->first = stride == CS_LOG_SLOT ? CS_LOG_HEADER_SLOT : stride;
    out->stride = stride;
    return true;
}

struct cs_log_layout cs_log_layout_for(sqlite3_file *below)
{
    struct cs_log_layout layout = {0};
    uint32_t stride = CS_LOG_SLOT;
    if ((below->pMethods->xDeviceCharacteristics(below) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) == 0) {
        int told = below->pMethods->xSectorSize(below);
        uint32_t sector = told < 512 ? 512 : (uint32_t)told;
        sector = sector > SECTOR_SIZE_MAX ? SECTOR_SIZE_MAX : sector;
        stride = (CS_LOG_SLOT + sector - 1) / sector * sector;
    }
    cs_require(cs_log_layout_with(stride, &layout));
    return layout;
}

sqlite3_int64 cs_log_slot_offset(const struct cs_encrypted_log *log, uint32_t index)
{
    return log->layout.first + (sqlite3_int64)(index - 1) * log->layout.stride;
}

uint32_t cs_log_count_slots(const struct cs_encrypted_log *log, sqlite3_int64 size)
{
    sqlite3_int64 one = log->layout.first + (sqlite3_int64)CS_LOG_SLOT;
    if (size < one) {
        return 0;
    }
    sqlite3_int64 slots = (size - one) / log->layout.stride + 1;
    return slots > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)slots;
}

/* A frame that is known, into log->read_frame. */
static int read_frame(struct cs_encrypted_main *main, uint32_t index)
{
    struct cs_encrypted_log *log = main->log;
    if (log->read_index == index) {
        return SQLITE_OK;
    }
    log->read_index = 0;
    int code = log->below->pMethods->xRead(log->below, log->slot, (int)CS_LOG_SLOT,
                                           cs_log_slot_offset(log, index));
    if (code == SQLITE_IOERR_SHORT_READ) {
        return CS_ENCRYPTED_DAMAGED;
    }
    if (code != SQLITE_OK) {
        return code;
    }
    if (memcmp(main->state.frame[index - 1].nonce, log->slot + CS_LOG_CONTENT,
               CS_PAGE_NONCE_SIZE) != 0 ||
        !cs_slot_open(&main->keys, CS_SLOT_LOG_FRAME, index, log->slot, CS_LOG_CONTENT)) {
        return CS_ENCRYPTED_DAMAGED;
    }
    memcpy(log->read_frame, log->slot, CS_LOG_SYNCED_OFFSET);
    memset(log->read_frame + CS_LOG_SYNCED_OFFSET, 0, CS_SLOT_TRAILER_SIZE);
    log->read_index = index;
    return SQLITE_OK;
}

/* log->slot from the gathered frame and what the state says after it. */
static void fill_slot(struct cs_encrypted_main *main, const struct cs_log_gathering *gathering,
                      bool is_commit)
{
    uint8_t *slot = main->log->slot;
    memset(slot, 0, CS_LOG_SLOT);
    memcpy(slot, gathering->frame, CS_LOG_SYNCED_OFFSET);
    cs_put_u32(slot + CS_LOG_SYNCED_OFFSET, gathering->synced);
    if (is_commit) {
        cs_put_u64(slot + CS_LOG_COMMIT_OFFSET, main->state.commit);
        memcpy(slot + CS_LOG_SUM_OFFSET, main->state.sum.sum, CS_HASH_SIZE);
    }
    memcpy(slot + CS_LOG_GENERATION_OFFSET, main->generation, CS_GENERATION_SIZE);
    memcpy(slot + CS_LOG_CHAIN_OFFSET, cs_state_chain_before(&main->state, gathering->index),
           CS_CHAIN_SIZE);
}

static int seal_and_write(struct cs_encrypted_main *main)
{
    struct cs_encrypted_log *log = main->log;
    const struct cs_log_gathering *gathering = &log->gathering;
    uint32_t index = gathering->index;
    uint32_t page = cs_get_u32(gathering->frame);
    uint32_t pages = cs_get_u32(gathering->frame + FRAME_COMMIT_OFFSET);
    uint8_t nonce[CS_PAGE_NONCE_SIZE];
    if (page > CS_SLOT_PAGES_MAX || pages > CS_SLOT_PAGES_MAX) {
        return SQLITE_FULL;
    }
    if (page == 0 ||
        !cs_encrypted_page_allowed(page, gathering->frame + CS_LOG_FRAME_HEADER_SIZE)) {
        return CS_ENCRYPTED_REFUSED;
    }
    enum cs_status status = cs_state_reserve(&main->state, page > pages ? page : pages, index);
    if (status != CS_OK) {
        return cs_encrypted_code(status);
    }
    cs_encrypted_nonce(main->vfs, nonce);
    cs_state_frame_set(&main->state, index, page, nonce);
    if (pages != 0) {
        cs_state_commit(&main->state, index, pages);
    }
    log->read_index = log->read_index == index ? 0 : log->read_index;
    fill_slot(main, gathering, pages != 0);
    cs_slot_seal(&main->keys, CS_SLOT_LOG_FRAME, index, nonce, log->slot, CS_LOG_CONTENT);
    int code = log->below->pMethods->xWrite(log->below, log->slot, (int)CS_LOG_SLOT,
                                            cs_log_slot_offset(log, index));
    if (code != SQLITE_OK) {
        cs_state_undo(&main->state, index);
    }
    return code;
}

/* Encrypts and writes the gathered frame, which is whole, and forgets it. */
static int write_frame(struct cs_encrypted_main *main)
{
    int code = seal_and_write(main);
    main->log->gathering.index = 0;
    return code;
}

/* Begins to gather a frame. It is no longer what was synced there, or taken over into the main file. */
static int begin_frame(struct cs_encrypted_main *main, uint32_t index)
{
    struct cs_encrypted_log *log = main->log;
    int code = index <= main->anchor_frames ? cs_main_take_anchor_back(main) : SQLITE_OK;
    if (code != SQLITE_OK) {
        return code;
    }
    log->synced = index <= log->synced ? index - 1 : log->synced;
    log->gathering.index = index;
    log->gathering.synced = log->synced;
    log->gathering.filled = 0;
    return SQLITE_OK;
}

/* Is only the header of a frame that stands already written anew? */
static bool header_waits(const struct cs_encrypted_main *main)
{
    const struct cs_log_gathering *gathering = &main->log->gathering;
    return gathering->index != 0 && gathering->index <= main->state.frame_count &&
           gathering->filled == CS_LOG_FRAME_HEADER_SIZE;
}

/*
 * Puts a new header to the page that stands. A header for another page than stands there began a frame whose page never came, the
 * transaction having failed in between: nothing was written, and nobody reads it.
 */
static int write_waiting_header(struct cs_encrypted_main *main)
{
    struct cs_log_gathering *gathering = &main->log->gathering;
    if (!header_waits(main)) {
        return SQLITE_OK;
    }
    if (cs_get_u32(gathering->frame) != main->state.frame[gathering->index - 1].page) {
        gathering->index = 0;
        return SQLITE_OK;
    }
    int code = read_frame(main, gathering->index);
    if (code != SQLITE_OK) {
        gathering->index = 0;
        return code;
    }
    memcpy(gathering->frame + CS_LOG_FRAME_HEADER_SIZE,
           main->log->read_frame + CS_LOG_FRAME_HEADER_SIZE, CS_SLOT_PAGE_SIZE);
    return write_frame(main);
}

/* A piece over a frame that stands. */
static int patch_frame(struct cs_encrypted_main *main, uint32_t index, size_t at,
                       const uint8_t *data, size_t size)
{
    struct cs_encrypted_log *log = main->log;
    if (index > main->state.frame_count) {
        return CS_ENCRYPTED_REFUSED;
    }
    int code = read_frame(main, index);
    if (code != SQLITE_OK) {
        return code;
    }
    code = begin_frame(main, index);
    if (code != SQLITE_OK) {
        return code;
    }
    memcpy(log->gathering.frame, log->read_frame, CS_LOG_FRAME_SIZE);
    memcpy(log->gathering.frame + at, data, size);
    return write_frame(main);
}

static int gather(struct cs_encrypted_main *main, uint32_t index, size_t at, const uint8_t *data,
                  size_t size)
{
    struct cs_log_gathering *gathering = &main->log->gathering;
    if (gathering->index != index || gathering->filled != at) {
        int code = write_waiting_header(main);
        if (code != SQLITE_OK) {
            return code;
        }
        gathering->index = 0; /* what was begun and left is of a transaction that failed */
        if (at != 0) {
            return patch_frame(main, index, at, data, size);
        }
        if (index > main->state.frame_count + 1) {
            return CS_ENCRYPTED_REFUSED;
        }
        code = begin_frame(main, index);
        if (code != SQLITE_OK) {
            return code;
        }
    }
    memcpy(gathering->frame + at, data, size);
    gathering->filled = at + size;
    return gathering->filled == CS_LOG_FRAME_SIZE ? write_frame(main) : SQLITE_OK;
}

static void forget_frames(struct cs_encrypted_main *main)
{
    main->anchor_frames = 0;
    main->log->has_header = false;
    main->log->synced = 0;
    main->log->gathering.index = 0;
    main->log->read_index = 0;
    cs_state_begin_generation(&main->state);
}

/* SQLite writes a new header: a new generation. */
static int write_header(struct cs_encrypted_main *main, const uint8_t *header)
{
    struct cs_encrypted_log *log = main->log;
    const struct cs_world *world = main->vfs->world;
    uint8_t slot[CS_LOG_HEADER_SLOT];
    uint8_t nonce[CS_PAGE_NONCE_SIZE];
    int code = cs_main_settle(main);
    if (code != SQLITE_OK) {
        return code;
    }
    forget_frames(main);
    cs_put_u64(main->generation, cs_get_u64(main->generation) + 1);
    world->random(world->context, main->generation + 8, CS_GENERATION_SIZE - 8);
    memcpy(log->header, header, CS_LOG_HEADER_SIZE);
    memcpy(slot, header, CS_LOG_HEADER_SIZE);
    memcpy(slot + CS_LOG_HEADER_SIZE, main->generation, CS_GENERATION_SIZE);
    log->layout = cs_log_layout_for(log->below);
    cs_put_u32(slot + CS_LOG_HEADER_SIZE + CS_GENERATION_SIZE, log->layout.stride);
    cs_encrypted_nonce(main->vfs, nonce);
    cs_slot_seal(&main->keys, CS_SLOT_LOG_HEADER, 0, nonce, slot, CS_LOG_HEADER_CONTENT);
    code = log->below->pMethods->xWrite(log->below, slot, (int)CS_LOG_HEADER_SLOT, 0);
    log->has_header = code == SQLITE_OK;
    return code;
}

static int log_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    struct cs_encrypted_main *main = cs_encrypted_of(file)->main;
    const uint8_t *from = data;
    size_t left = (size_t)size;
    if (offset < (sqlite3_int64)CS_LOG_HEADER_SIZE) {
        return offset == 0 && left == CS_LOG_HEADER_SIZE ? write_header(main, from)
                                                         : CS_ENCRYPTED_REFUSED;
    }
    int code = main->log->has_header ? SQLITE_OK : CS_ENCRYPTED_REFUSED;
    while (code == SQLITE_OK && left > 0) {
        sqlite3_int64 behind = offset - (sqlite3_int64)CS_LOG_HEADER_SIZE;
        size_t at = (size_t)(behind % CS_LOG_FRAME_SIZE);
        size_t part = CS_LOG_FRAME_SIZE - at < left ? CS_LOG_FRAME_SIZE - at : left;
        code = gather(main, (uint32_t)(behind / CS_LOG_FRAME_SIZE + 1), at, from, part);
        from += part;
        offset += (sqlite3_int64)part;
        left -= part;
    }
    return code;
}

/* A piece of a frame. Frames that do not count are zeroes, where SQLite ends its recovery. */
static int read_piece(struct cs_encrypted_main *main, uint32_t index, size_t at, uint8_t *out,
                      size_t size)
{
    struct cs_encrypted_log *log = main->log;
    const struct cs_log_gathering *gathering = &log->gathering;
    memset(out, 0, size);
    if (gathering->index == index && at + size <= gathering->filled) {
        memcpy(out, gathering->frame + at, size);
        return SQLITE_OK;
    }
    if (index > main->state.frame_count) {
        return SQLITE_OK;
    }
    int code = write_waiting_header(main);
    if (code == SQLITE_OK) {
        code = read_frame(main, index);
    }
    if (code == SQLITE_OK) {
        memcpy(out, log->read_frame + at, size);
    }
    return code;
}

static int log_size(sqlite3_file *file, sqlite3_int64 *out)
{
    struct cs_encrypted_file *own = cs_encrypted_of(file);
    sqlite3_int64 size = 0;
    int code = own->below->pMethods->xFileSize(own->below, &size);
    if (code != SQLITE_OK) {
        return code;
    }
    *out = 0;
    if (size >= (sqlite3_int64)CS_LOG_HEADER_SLOT) {
        uint32_t frames = cs_log_count_slots(own->main->log, size);
        *out = CS_LOG_HEADER_SIZE + (sqlite3_int64)frames * CS_LOG_FRAME_SIZE;
    }
    return SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    struct cs_encrypted_main *main = cs_encrypted_of(file)->main;
    uint8_t *to = out;
    size_t left = (size_t)size;
    sqlite3_int64 end = 0;
    int code = log_size(file, &end);
    bool short_read = offset + size > end;
    if (code == SQLITE_OK && offset < (sqlite3_int64)CS_LOG_HEADER_SIZE) {
        size_t at = (size_t)offset;
        size_t part = CS_LOG_HEADER_SIZE - at < left ? CS_LOG_HEADER_SIZE - at : left;
        memset(to, 0, part);
        if (main->log->has_header) {
            memcpy(to, main->log->header + at, part);
        }
        to += part;
        offset += (sqlite3_int64)part;
        left -= part;
    }
    while (code == SQLITE_OK && left > 0) {
        sqlite3_int64 behind = offset - (sqlite3_int64)CS_LOG_HEADER_SIZE;
        size_t at = (size_t)(behind % CS_LOG_FRAME_SIZE);
        size_t part = CS_LOG_FRAME_SIZE - at < left ? CS_LOG_FRAME_SIZE - at : left;
        code = read_piece(main, (uint32_t)(behind / CS_LOG_FRAME_SIZE + 1), at, to, part);
        to += part;
        offset += (sqlite3_int64)part;
        left -= part;
    }
    return code == SQLITE_OK && short_read ? SQLITE_IOERR_SHORT_READ : code;
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct cs_encrypted_file *own = cs_encrypted_of(file);
    struct cs_encrypted_main *main = own->main;
    int code = write_waiting_header(main);
    if (code != SQLITE_OK) {
        return code;
    }
    if (size < (sqlite3_int64)CS_LOG_HEADER_SIZE) {
        if (size != 0) {
            return CS_ENCRYPTED_REFUSED;
        }
        code = cs_main_settle(main);
        if (code == SQLITE_OK) {
            code = own->below->pMethods->xTruncate(own->below, 0);
        }
        if (code == SQLITE_OK) {
            forget_frames(main);
        }
        return code;
    }
    sqlite3_int64 frames =
        (size - (sqlite3_int64)CS_LOG_HEADER_SIZE + CS_LOG_FRAME_SIZE - 1) / CS_LOG_FRAME_SIZE;
    if (frames < main->state.applied) {
        return CS_ENCRYPTED_REFUSED;
    }
    const struct cs_log_layout *layout = &main->log->layout;
    return own->below->pMethods->xTruncate(own->below, layout->first + frames * layout->stride);
}

static int log_sync(sqlite3_file *file, int flags)
{
    struct cs_encrypted_file *own = cs_encrypted_of(file);
    int code = write_waiting_header(own->main);
    if (code == SQLITE_OK) {
        code = own->below->pMethods->xSync(own->below, flags);
    }
    if (code == SQLITE_OK) {
        own->main->log->synced = own->main->state.applied;
    }
    return code;
}

static void release_log(struct cs_encrypted_main *main)
{
    cs_wipe(main->log, sizeof *main->log);
    cs_free(main->log);
    main->log = NULL;
}

static int log_close(sqlite3_file *file)
{
    struct cs_encrypted_file *own = cs_encrypted_of(file);
    (void)write_waiting_header(own->main);
    release_log(own->main);
    own->main = NULL;
    return own->below->pMethods->xClose(own->below);
}

static int log_sector_size(sqlite3_file *file)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    return below->pMethods->xSectorSize(below);
}

static int log_lock(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

int cs_log_open(struct cs_encrypted_main *main, sqlite3_file *below)
{
    if (main->log != NULL || main->lock < SQLITE_LOCK_EXCLUSIVE || main->keys.page == NULL) {
        return SQLITE_CANTOPEN;
    }
    struct cs_encrypted_log *log = cs_alloc_zero(1, sizeof *log);
    if (log == NULL) {
        return SQLITE_NOMEM;
    }
    log->below = below;
    log->layout = cs_log_layout_for(below);
    int code = main->phase == CS_MAIN_CREATING ? cs_main_settle(main) : SQLITE_OK;
    if (code == SQLITE_OK) {
        code = cs_encrypted_check(main, log);
    }
    main->log = log;
    if (code != SQLITE_OK) {
        release_log(main);
        return code;
    }
    main->phase = CS_MAIN_CHECKED;
    return SQLITE_OK;
}

const sqlite3_io_methods cs_log_methods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_size,
    .xLock = log_lock,
    .xUnlock = log_lock,
    .xCheckReservedLock = cs_pass_check_reserved,
    .xFileControl = cs_pass_control,
    .xSectorSize = log_sector_size,
    .xDeviceCharacteristics = cs_pass_characteristics,
};
