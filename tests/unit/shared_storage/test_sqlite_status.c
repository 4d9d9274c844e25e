/* The translation of result codes, one by one. */
#include "tests/unit/shared_storage/storage_fixture.h"

#include "shared/storage/database_internal.h"

#include <errno.h>

static void test_every_code(void **state)
{
    (void)state;
    static const struct {
        int code;
        enum cs_status expected;
    } cases[] = {
        {SQLITE_OK, CS_OK},
        {SQLITE_ROW, CS_OK},
        {SQLITE_DONE, CS_OK},
        {SQLITE_NOMEM, CS_NO_MEMORY},
        {SQLITE_IOERR_NOMEM, CS_NO_MEMORY},
        {SQLITE_FULL, CS_DISK_FULL},
        {SQLITE_BUSY, CS_BUSY},
        {SQLITE_BUSY_SNAPSHOT, CS_BUSY},
        {SQLITE_BUSY_RECOVERY, CS_BUSY},
        {SQLITE_LOCKED, CS_BUSY},
        {SQLITE_PROTOCOL, CS_BUSY},
        {SQLITE_SCHEMA, CS_BUSY},
        {SQLITE_CORRUPT, CS_CORRUPT},
        {SQLITE_CORRUPT_INDEX, CS_CORRUPT},
        {SQLITE_NOTADB, CS_CORRUPT},
        {SQLITE_CONSTRAINT, CS_EXISTS},
        {SQLITE_CONSTRAINT_UNIQUE, CS_EXISTS},
        {SQLITE_CONSTRAINT_PRIMARYKEY, CS_EXISTS},
        {SQLITE_CONSTRAINT_ROWID, CS_EXISTS},
        {SQLITE_CONSTRAINT_CHECK, CS_INVALID},
        {SQLITE_CONSTRAINT_NOTNULL, CS_INVALID},
        {SQLITE_CONSTRAINT_DATATYPE, CS_INVALID},
        {SQLITE_CONSTRAINT_TRIGGER, CS_INVALID},
        {SQLITE_CONSTRAINT_FOREIGNKEY, CS_MISSING_REFERENCE},
        {SQLITE_TOOBIG, CS_TOO_LARGE},
        {SQLITE_MISMATCH, CS_INVALID},
        {SQLITE_AUTH, CS_DENIED},
        {SQLITE_ERROR, CS_USAGE},
        {SQLITE_RANGE, CS_USAGE},
        {SQLITE_MISUSE, CS_USAGE},
        {SQLITE_ABORT_ROLLBACK, CS_USAGE},
        {SQLITE_CANTOPEN, CS_IO},
        {SQLITE_READONLY, CS_IO},
        {SQLITE_PERM, CS_IO},
        {SQLITE_NOLFS, CS_IO},
    };
    for (size_t i = 0; i < CS_COUNT(cases); i++) {
        assert_status(cs_sqlite_status(cases[i].code, 0), cases[i].expected);
    }
}

static void test_io_errors_are_never_damage(void **state)
{
    (void)state;
    for (int detail = 0; detail < 64; detail++) {
        int code = SQLITE_IOERR | (detail << 8);
        if (code == SQLITE_IOERR_DATA || code == SQLITE_IOERR_AUTH) {
            continue; /* of the encrypting VFS, and of no disk: below */
        }
        enum cs_status expected = code == SQLITE_IOERR_NOMEM ? CS_NO_MEMORY : CS_IO;
        assert_status(cs_sqlite_status(code, EIO), expected);
        assert_status(cs_sqlite_status(code, 0), expected);
    }
}

static void test_codes_of_the_encrypting_vfs(void **state)
{
    (void)state;
    assert_status(cs_sqlite_status(SQLITE_IOERR_DATA, 0), CS_CORRUPT);
    assert_status(cs_sqlite_status(SQLITE_IOERR_DATA, ENOSPC), CS_CORRUPT);
    assert_status(cs_sqlite_status(SQLITE_IOERR_AUTH, 0), CS_USAGE);
}

static void test_full_disks_that_show_as_io_errors(void **state)
{
    (void)state;
    assert_status(cs_sqlite_status(SQLITE_IOERR_FSYNC, ENOSPC), CS_DISK_FULL);
    assert_status(cs_sqlite_status(SQLITE_IOERR_WRITE, EDQUOT), CS_DISK_FULL);
    assert_status(cs_sqlite_status(SQLITE_IOERR_NOMEM, ENOSPC), CS_NO_MEMORY);
    assert_status(cs_sqlite_status(SQLITE_CORRUPT, ENOSPC), CS_CORRUPT);
    assert_status(cs_sqlite_status(SQLITE_BUSY, ENOSPC), CS_BUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code),
        cmocka_unit_test(test_io_errors_are_never_damage),
        cmocka_unit_test(test_codes_of_the_encrypting_vfs),
        cmocka_unit_test(test_full_disks_that_show_as_io_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
