/*
 * The main file: header, anchor, and pages that checkpoints write (FORMAT.md, "Main file").
 *
 * Read strictly once the state is known; written only while it is being made or by a checkpoint.
 */
#include "shared/storage/encrypted/encrypted_internal.h"

#include "shared/base/memory.h"

#include <string.h>

#define ANCHOR_OFFSET ((sqlite3_int64)CS_SLOT_PAGE_SIZE)
/* More than any file has. */
#define PAGES_OF_NO_STATE UINT32_MAX

static sqlite3_int64 page_offset(uint32_t page)
{
    return CS_MAIN_PAGES_OFFSET + (sqlite3_int64)(page - 1) * CS_SLOT_PAGE_SIZE;
}

static int read_below(const struct cs_encrypted_main *main, void *out, sqlite3_int64 offset)
{
    return main->below->pMethods->xRead(main->below, out, (int)CS_SLOT_PAGE_SIZE, offset);
}

static int write_below(const struct cs_encrypted_main *main, const void *data, sqlite3_int64 offset)
{
    return main->below->pMethods->xWrite(main->below, data, (int)CS_SLOT_PAGE_SIZE, offset);
}

int cs_main_count_pages(const struct cs_encrypted_main *main, uint32_t *out)
{
    sqlite3_int64 size = 0;
    int code = main->below->pMethods->xFileSize(main->below, &size);
    if (code != SQLITE_OK) {
        return code;
    }
    sqlite3_int64 pages =
        size < CS_MAIN_PAGES_OFFSET ? 0 : (size - CS_MAIN_PAGES_OFFSET) / CS_SLOT_PAGE_SIZE;
    if (pages > CS_SLOT_PAGES_MAX) {
        return CS_ENCRYPTED_DAMAGED;
    }
    *out = (uint32_t)pages;
    return SQLITE_OK;
}

/*
 * Is a header that does not open one of which the writing was cut short? Its beginning is there or not; or something else is, where the disk
 * harmed what it wrote, and then the journal under which page 1 was to be made is there. Anything else is not ours to write over.
 */
static int was_cut_short(const struct cs_encrypted_main *main,
                         const uint8_t header[static CS_SLOT_PAGE_SIZE], sqlite3_int64 size,
                         bool *out)
{
    /* The header is synced before anything follows it. */
    *out = size <= CS_MAIN_PAGES_OFFSET && cs_slot_header_may_be_torn(header);
    if (*out || size > CS_MAIN_PAGES_OFFSET) {
        return SQLITE_OK;
    }
    sqlite3_vfs *below = main->vfs->below;
    int there = 0;
    char *journal = sqlite3_mprintf("%s-journal", main->path);
    int code = journal == NULL ? SQLITE_NOMEM
                               : below->xAccess(below, journal, SQLITE_ACCESS_EXISTS, &there);
    sqlite3_free(journal);
    *out = there != 0;
    return code;
}

int cs_main_read_header(struct cs_encrypted_main *main)
{
    sqlite3_int64 size = 0;
    uint8_t header[CS_SLOT_PAGE_SIZE];
    int code = main->below->pMethods->xFileSize(main->below, &size);
    if (code != SQLITE_OK || size == 0) {
        return code;
    }
    code = read_below(main, header, 0);
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) {
        return code;
    }
    if (code == SQLITE_OK && cs_slot_header_check(cs_secret_bytes(main->vfs->file_key),
                                                  main->vfs->epoch, header, main->keys.id)) {
        main->keys.epoch = main->vfs->epoch;
        return cs_encrypted_code(
            cs_slot_keys_derive(cs_secret_bytes(main->vfs->file_key), &main->keys));
    }
    /* Once found so it stays so: SQLite removes that journal before it begins anew. */
    code = main->cut_short ? SQLITE_OK : was_cut_short(main, header, size, &main->cut_short);
    return code == SQLITE_OK && !main->cut_short ? SQLITE_NOTADB : code;
}

/* Under the exclusive lock, before the first write. */
static int ensure_header(struct cs_encrypted_main *main)
{
    uint8_t header[CS_SLOT_PAGE_SIZE];
    int code = main->keys.page != NULL ? SQLITE_OK : cs_main_read_header(main);
    if (code != SQLITE_OK || main->keys.page != NULL) {
        return code;
    }
    const struct cs_world *world = main->vfs->world;
    world->random(world->context, main->keys.id, sizeof main->keys.id);
    main->keys.epoch = main->vfs->epoch;
    cs_slot_header_make(cs_secret_bytes(main->vfs->file_key), main->keys.id, main->keys.epoch,
                        header);
    code = write_below(main, header, 0);
    if (code == SQLITE_OK) {
        code = main->below->pMethods->xSync(main->below, SQLITE_SYNC_NORMAL);
    }
    if (code != SQLITE_OK) {
        return code;
    }
    return cs_encrypted_code(
        cs_slot_keys_derive(cs_secret_bytes(main->vfs->file_key), &main->keys));
}

static int put_anchor(struct cs_encrypted_main *main, uint32_t pages, uint32_t frames)
{
    uint8_t slot[CS_SLOT_PAGE_SIZE] = {0};
    uint8_t nonce[CS_PAGE_NONCE_SIZE];
    uint8_t *at = slot;
    memcpy(at, main->state.main_sum.sum, CS_HASH_SIZE);
    at += CS_HASH_SIZE;
    cs_put_u32(at, pages);
    memcpy(at + 4, main->generation, CS_GENERATION_SIZE);
    at += 4 + CS_GENERATION_SIZE;
    cs_put_u32(at, frames);
    cs_put_u64(at + 4, main->state.commit);
    cs_encrypted_nonce(main->vfs, nonce);
    cs_slot_seal(&main->keys, CS_SLOT_ANCHOR, 0, nonce, slot, CS_SLOT_CONTENT_SIZE);
    /* Whatever becomes of the write, this much may be named on disk now. */
    main->anchor_frames = frames > main->anchor_frames ? frames : main->anchor_frames;
    return write_below(main, slot, ANCHOR_OFFSET);
}

static int write_anchor(struct cs_encrypted_main *main)
{
    if (!main->anchor_stale || main->keys.page == NULL) {
        return SQLITE_OK;
    }
    return put_anchor(main, main->state.main_pages, main->state.applied);
}

static int sync_as_state(struct cs_encrypted_main *main, int flags)
{
    int code = write_anchor(main);
    if (code == SQLITE_OK) {
        code = main->below->pMethods->xSync(main->below, flags);
    }
    if (code == SQLITE_OK) {
        main->anchor_stale = false;
    }
    return code;
}

int cs_main_settle(struct cs_encrypted_main *main)
{
    return main->anchor_stale ? sync_as_state(main, SQLITE_SYNC_NORMAL) : SQLITE_OK;
}

int cs_main_take_anchor_back(struct cs_encrypted_main *main)
{
    int code = put_anchor(main, PAGES_OF_NO_STATE, 0);
    if (code == SQLITE_OK) {
        code = main->below->pMethods->xSync(main->below, SQLITE_SYNC_NORMAL);
    }
    if (code == SQLITE_OK) {
        main->anchor_frames = 0;
        main->anchor_stale = true;
    }
    return code;
}

int cs_main_read_anchor(struct cs_encrypted_main *main, struct cs_main_anchor *out, bool *out_valid)
{
    uint8_t slot[CS_SLOT_PAGE_SIZE];
    *out_valid = false;
    int code = read_below(main, slot, ANCHOR_OFFSET);
    if (code != SQLITE_OK) {
        return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
    }
    if (!cs_slot_open(&main->keys, CS_SLOT_ANCHOR, 0, slot, CS_SLOT_CONTENT_SIZE)) {
        return SQLITE_OK;
    }
    const uint8_t *at = slot;
    memcpy(out->sum, at, CS_HASH_SIZE);
    at += CS_HASH_SIZE;
    out->pages = cs_get_u32(at);
    memcpy(out->generation, at + 4, CS_GENERATION_SIZE);
    at += 4 + CS_GENERATION_SIZE;
    out->frames = cs_get_u32(at);
    out->commit = cs_get_u64(at + 4);
    *out_valid = true;
    return SQLITE_OK;
}

/* A slot of the main file that is there, against what the state says of it. Opens it in place. */
static bool open_page(struct cs_encrypted_main *main, uint32_t page, uint8_t *slot)
{
    if (main->phase != CS_MAIN_UNCHECKED) {
        const uint8_t *nonce = cs_state_main_nonce(&main->state, page);
        if (nonce == NULL) {
            return cs_is_zero(slot, CS_SLOT_PAGE_SIZE);
        }
        if (memcmp(nonce, slot + CS_SLOT_CONTENT_SIZE, CS_PAGE_NONCE_SIZE) != 0) {
            return false;
        }
    }
    bool good = cs_slot_open(&main->keys, CS_SLOT_PAGE, page, slot, CS_SLOT_CONTENT_SIZE);
    memset(slot + CS_SLOT_CONTENT_SIZE, 0, CS_SLOT_TRAILER_SIZE);
    return good;
}

enum amount { WHOLE, PART };

/* A page as SQLite sees it. SQLITE_IOERR_SHORT_READ, and zeroes: there is none. */
static int read_page(struct cs_encrypted_main *main, uint32_t page, enum amount amount,
                     uint8_t *out)
{
    bool known = main->phase != CS_MAIN_UNCHECKED;
    int code = SQLITE_IOERR_SHORT_READ;
    if (main->keys.page != NULL && page <= CS_SLOT_PAGES_MAX &&
        (!known || page <= main->state.main_pages)) {
        code = read_below(main, out, page_offset(page));
        if (code == SQLITE_IOERR_SHORT_READ && known) {
            code = CS_ENCRYPTED_DAMAGED;
        } else if (code == SQLITE_OK && !open_page(main, page, out)) {
            /* The look at page 1 before recovery may meet what a crash left. */
            bool probe = !known && page == 1 && amount == PART;
            code = probe ? SQLITE_IOERR_SHORT_READ : CS_ENCRYPTED_DAMAGED;
        }
    }
    if (code != SQLITE_OK) {
        memset(out, 0, CS_SLOT_PAGE_SIZE);
    }
    return code;
}

static int main_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    struct cs_encrypted_main *main = cs_encrypted_of(file)->main;
    uint8_t *to = out;
    size_t left = (size_t)size;
    while (left > 0) {
        uint32_t page = (uint32_t)(offset / CS_SLOT_PAGE_SIZE + 1);
        size_t at = (size_t)(offset % CS_SLOT_PAGE_SIZE);
        size_t part = CS_SLOT_PAGE_SIZE - at < left ? CS_SLOT_PAGE_SIZE - at : left;
        bool whole = part == CS_SLOT_PAGE_SIZE;
        int code = read_page(main, page, whole ? WHOLE : PART, whole ? to : main->page);
        if (code != SQLITE_OK) {
            memset(to, 0, left);
            return code;
        }
        if (!whole) {
            memcpy(to, main->page + at, part);
        }
        to += part;
        offset += (sqlite3_int64)part;
        left -= part;
    }
    return SQLITE_OK;
}

/*
 * A journal that says "there was nothing" is undone: only what was just made can be nothing again. A database whose log has been
 * taken over once was never under such a journal.
 */
static int may_become_nothing(struct cs_encrypted_main *main, uint32_t pages)
{
    struct cs_main_anchor anchor;
    bool valid = false;
    if (pages == 0 || main->keys.page == NULL) {
        return SQLITE_OK;
    }
    int code = cs_main_read_anchor(main, &anchor, &valid);
    if (code != SQLITE_OK) {
        return code;
    }
    return valid && cs_get_u64(anchor.generation) > 0 ? CS_ENCRYPTED_DAMAGED : SQLITE_OK;
}

/* A write, or a truncation to nothing, outside of checkpoints: only while there is nothing, or to make it so. */
static int begin_creating(struct cs_encrypted_main *main, bool to_nothing)
{
    uint32_t pages = 0;
    int code = cs_main_count_pages(main, &pages);
    if (code != SQLITE_OK || main->phase == CS_MAIN_CREATING) {
        return code;
    }
    if (main->phase == CS_MAIN_CHECKED || main->lock < SQLITE_LOCK_EXCLUSIVE ||
        (pages > 0 && !to_nothing)) {
        return CS_ENCRYPTED_REFUSED;
    }
    code = may_become_nothing(main, pages);
    if (code == SQLITE_OK) {
        code = ensure_header(main);
    }
    if (code != SQLITE_OK) {
        return code;
    }
    cs_state_release(&main->state);
    cs_state_init(&main->state, main->keys.anchor);
    memset(main->generation, 0, sizeof main->generation);
    main->phase = CS_MAIN_CREATING;
    return SQLITE_OK;
}

/* Would the state lose this page with the main file's? */
static bool state_rests_on(const struct cs_encrypted_main *main, uint32_t page)
{
    return page <= main->state.pages && main->state.page[page - 1].frame == 0;
}

/* main->page holds the whole page; it is ciphertext afterwards. */
static int write_page(struct cs_encrypted_main *main, uint32_t page)
{
    uint8_t nonce[CS_PAGE_NONCE_SIZE];
    if (page > CS_SLOT_PAGES_MAX) {
        return SQLITE_FULL;
    }
    if (!cs_encrypted_page_allowed(page, main->page)) {
        return CS_ENCRYPTED_REFUSED;
    }
    /* A checkpoint writes what stands in the log: whatever becomes of this slot, the log has the page. */
    if (main->log != NULL && (page > main->state.pages || main->state.page[page - 1].frame == 0)) {
        return CS_ENCRYPTED_REFUSED;
    }
    enum cs_status status = cs_state_reserve(&main->state, page, 0);
    if (status != CS_OK) {
        return cs_encrypted_code(status);
    }
    cs_encrypted_nonce(main->vfs, nonce);
    cs_slot_seal(&main->keys, CS_SLOT_PAGE, page, nonce, main->page, CS_SLOT_CONTENT_SIZE);
    main->anchor_stale = true;
    int code = write_below(main, main->page, page_offset(page));
    if (code == SQLITE_OK) {
        cs_state_main_set(&main->state, page, nonce);
    }
    return code;
}

static int main_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    struct cs_encrypted_main *main = cs_encrypted_of(file)->main;
    const uint8_t *from = data;
    size_t left = (size_t)size;
    int code = main->log != NULL ? SQLITE_OK : begin_creating(main, false);
    while (code == SQLITE_OK && left > 0) {
        uint32_t page = (uint32_t)(offset / CS_SLOT_PAGE_SIZE + 1);
        size_t at = (size_t)(offset % CS_SLOT_PAGE_SIZE);
        size_t part = CS_SLOT_PAGE_SIZE - at < left ? CS_SLOT_PAGE_SIZE - at : left;
        if (part < CS_SLOT_PAGE_SIZE) {
            code = read_page(main, page, PART, main->page);
            code = code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;
        }
        if (code == SQLITE_OK) {
            memcpy(main->page + at, from, part);
            code = write_page(main, page);
        }
        from += part;
        offset += (sqlite3_int64)part;
        left -= part;
    }
    return code;
}

static int main_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct cs_encrypted_main *main = cs_encrypted_of(file)->main;
    sqlite3_int64 pages = (size + CS_SLOT_PAGE_SIZE - 1) / CS_SLOT_PAGE_SIZE;
    if (pages > CS_SLOT_PAGES_MAX) {
        return SQLITE_FULL;
    }
    int code = SQLITE_OK;
    if (main->log == NULL) {
        code = begin_creating(main, pages == 0);
    }
    for (uint32_t page = (uint32_t)pages + 1; main->log != NULL && page <= main->state.main_pages;
         page++) {
        code = state_rests_on(main, page) ? CS_ENCRYPTED_REFUSED : code;
    }
    if (code == SQLITE_OK) {
        main->anchor_stale = true;
        code = main->below->pMethods->xTruncate(main->below,
                                                CS_MAIN_PAGES_OFFSET + pages * CS_SLOT_PAGE_SIZE);
    }
    if (code == SQLITE_OK) {
        cs_state_main_truncate(&main->state, (uint32_t)pages);
    }
    return code;
}

static int main_sync(sqlite3_file *file, int flags)
{
    struct cs_encrypted_main *main = cs_encrypted_of(file)->main;
    /* With a log, SQLite syncs this file only when it has taken over all of it. */
    bool is_state = main->log != NULL || main->phase == CS_MAIN_CREATING;
    return is_state ? sync_as_state(main, flags) : main->below->pMethods->xSync(main->below, flags);
}

static int main_size(sqlite3_file *file, sqlite3_int64 *out)
{
    uint32_t pages = 0;
    int code = cs_main_count_pages(cs_encrypted_of(file)->main, &pages);
    if (code == SQLITE_OK) {
        *out = (sqlite3_int64)pages * CS_SLOT_PAGE_SIZE;
    }
    return code;
}

static int main_lock(sqlite3_file *file, int level)
{
    struct cs_encrypted_main *main = cs_encrypted_of(file)->main;
    int code = cs_pass_lock(file, level);
    if (code != SQLITE_OK) {
        return code;
    }
    main->lock = level > main->lock ? level : main->lock;
    /* Another process may have made the database since it was opened here. */
    return main->keys.page == NULL ? cs_main_read_header(main) : SQLITE_OK;
}

static int main_unlock(sqlite3_file *file, int level)
{
    struct cs_encrypted_main *main = cs_encrypted_of(file)->main;
    int code = SQLITE_OK;
    if (level < SQLITE_LOCK_EXCLUSIVE && main->log == NULL && main->phase != CS_MAIN_UNCHECKED) {
        /* From now on others may write. */
        code = main->phase == CS_MAIN_CREATING ? cs_main_settle(main) : SQLITE_OK;
        main->phase = CS_MAIN_UNCHECKED;
    }
    main->lock = level < main->lock ? level : main->lock;
    int unlock_code = cs_pass_unlock(file, level);
    return code != SQLITE_OK ? code : unlock_code;
}

void cs_main_close(struct cs_encrypted_main *main)
{
    struct cs_encrypted_main **link = &main->vfs->open_list;
    while (*link != NULL && *link != main) {
        link = &(*link)->next;
    }
    if (*link == main) {
        *link = main->next;
    }
    cs_state_release(&main->state);
    cs_slot_keys_release(&main->keys);
    cs_wipe(main, sizeof *main);
    cs_free(main);
}

static int main_close(sqlite3_file *file)
{
    struct cs_encrypted_file *own = cs_encrypted_of(file);
    cs_require(own->main->log == NULL);
    if (own->main->phase == CS_MAIN_CREATING) {
        /* Without effect in a database that was synced; a failure is found at the next open. */
        (void)cs_main_settle(own->main);
    }
    cs_main_close(own->main);
    own->main = NULL;
    return own->below->pMethods->xClose(own->below);
}

static int main_sector_size(sqlite3_file *file)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    int size = below->pMethods->xSectorSize(below);
    /* SQLite would choose larger pages for larger sectors. */
    return size > (int)CS_SLOT_PAGE_SIZE ? (int)CS_SLOT_PAGE_SIZE : size;
}

const sqlite3_io_methods cs_main_methods = {
    .iVersion = 1,
    .xClose = main_close,
    .xRead = main_read,
    .xWrite = main_write,
    .xTruncate = main_truncate,
    .xSync = main_sync,
    .xFileSize = main_size,
    .xLock = main_lock,
    .xUnlock = main_unlock,
    .xCheckReservedLock = cs_pass_check_reserved,
    .xFileControl = cs_pass_control,
    .xSectorSize = main_sector_size,
    .xDeviceCharacteristics = cs_pass_characteristics,
};
