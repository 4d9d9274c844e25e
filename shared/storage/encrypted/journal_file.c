/*
 * Rollback journals: SQLite makes a database's first page under one. It may say "there was nothing" and no more (FORMAT.md, "What
 * is refused"), so it holds no plaintext, and replaying one found on disk brings nothing in.
 */
#include "shared/storage/encrypted/encrypted_internal.h"

#include <string.h>

/* Behind it pages would begin. */
#define JOURNAL_SIZE_MAX 4096u
/* Magic, count of pages, checksum seed, pages of the database before, sector size, page size; zeroes follow. */
#define JOURNAL_HEADER_SIZE 28u
#define PAGES_BEFORE_OFFSET 16u
#define PAGES_BEFORE_END 20u

static bool says_nothing(const uint8_t *data, size_t size, size_t offset)
{
    for (size_t i = 0; i < size; i++) {
        size_t at = offset + i;
        bool must_be_zero =
            at >= JOURNAL_HEADER_SIZE || (at >= PAGES_BEFORE_OFFSET && at < PAGES_BEFORE_END);
        if (must_be_zero && data[i] != 0) {
            return false;
        }
    }
    return true;
}

int cs_journal_check(sqlite3_file *below)
{
    uint8_t content[JOURNAL_SIZE_MAX] = {0};
    sqlite3_int64 size = 0;
    int code = below->pMethods->xFileSize(below, &size);
    if (code != SQLITE_OK || size == 0) {
        return code;
    }
    if (size > (sqlite3_int64)sizeof content) {
        return CS_ENCRYPTED_DAMAGED;
    }
    code = below->pMethods->xRead(below, content, (int)size, 0);
    if (code != SQLITE_OK) {
        return code;
    }
    return says_nothing(content, (size_t)size, 0) ? SQLITE_OK : CS_ENCRYPTED_DAMAGED;
}

static int journal_close(sqlite3_file *file)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    return below->pMethods->xClose(below);
}

static int journal_read(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    return below->pMethods->xRead(below, out, size, offset);
}

static int journal_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    if (offset > (sqlite3_int64)JOURNAL_SIZE_MAX || size > (int)JOURNAL_SIZE_MAX ||
        offset + size > (sqlite3_int64)JOURNAL_SIZE_MAX ||
        !says_nothing(data, (size_t)size, (size_t)offset)) {
        return CS_ENCRYPTED_REFUSED;
    }
    return below->pMethods->xWrite(below, data, size, offset);
}

static int journal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    return below->pMethods->xTruncate(below, size);
}

static int journal_sync(sqlite3_file *file, int flags)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    return below->pMethods->xSync(below, flags);
}

static int journal_size(sqlite3_file *file, sqlite3_int64 *out)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    return below->pMethods->xFileSize(below, out);
}

static int journal_sector_size(sqlite3_file *file)
{
    sqlite3_file *below = cs_encrypted_of(file)->below;
    return below->pMethods->xSectorSize(below);
}

const sqlite3_io_methods cs_journal_methods = {
    .iVersion = 1,
    .xClose = journal_close,
    .xRead = journal_read,
    .xWrite = journal_write,
    .xTruncate = journal_truncate,
    .xSync = journal_sync,
    .xFileSize = journal_size,
    .xLock = cs_pass_lock,
    .xUnlock = cs_pass_unlock,
    .xCheckReservedLock = cs_pass_check_reserved,
    .xFileControl = cs_pass_control,
    .xSectorSize = journal_sector_size,
    .xDeviceCharacteristics = cs_pass_characteristics,
};
