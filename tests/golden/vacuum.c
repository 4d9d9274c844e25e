/* Golden databases are kept as small as they can be. The programs never vacuum (shared/storage refuses it), so this is done by hand. */
#include "tests/golden/vacuum.h"

#include "tests/support/testing.h"

#include <sqlite3.h>

void golden_vacuum(const char *path)
{
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "VACUUM", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}
