/*
 * SQLite's result codes in our terms.
 *
 * An I/O error never becomes CS_CORRUPT: "damaged" makes people throw data away, a failing cable does not.
 */
#include "shared/storage/database_internal.h"

#include <errno.h>

static enum cs_status io_status(int code, int os_error)
{
    if (code == SQLITE_IOERR_NOMEM) {
        return CS_NO_MEMORY;
    }
    /* Of the encrypting VFS alone: not the disk failed but the tag, and something was asked that it does not do. */
    if (code == SQLITE_IOERR_DATA) {
        return CS_CORRUPT;
    }
    if (code == SQLITE_IOERR_AUTH) {
        return CS_USAGE;
    }
    /* Only a failed write is SQLITE_FULL; a sync or a truncate of a full disk arrives here. */
    return os_error == ENOSPC || os_error == EDQUOT ? CS_DISK_FULL : CS_IO;
}

static enum cs_status constraint_status(int code)
{
    switch (code) {
    case SQLITE_CONSTRAINT_CHECK:
    case SQLITE_CONSTRAINT_NOTNULL:
    case SQLITE_CONSTRAINT_DATATYPE:
    case SQLITE_CONSTRAINT_TRIGGER:
        return CS_INVALID;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return CS_MISSING_REFERENCE;
    default:
        return CS_EXISTS;
    }
}

enum cs_status cs_sqlite_status(int code, int os_error)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return CS_OK;
    case SQLITE_NOMEM:
        return CS_NO_MEMORY;
    case SQLITE_FULL:
        return CS_DISK_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA:
        return CS_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return CS_CORRUPT;
    case SQLITE_CONSTRAINT:
        return constraint_status(code);
    case SQLITE_INTERRUPT:
        return CS_INTERRUPTED;
    case SQLITE_TOOBIG:
        return CS_TOO_LARGE;
    case SQLITE_MISMATCH:
        return CS_INVALID;
    case SQLITE_AUTH:
        return CS_DENIED;
    case SQLITE_ERROR:
    case SQLITE_RANGE:
    case SQLITE_MISUSE:
    case SQLITE_ABORT:
        return CS_USAGE;
    default:
        return io_status(code, os_error);
    }
}
