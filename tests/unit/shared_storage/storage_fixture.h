/* What the storage tests share: a folder of their own, a world, a database in it. */
#ifndef TESTS_UNIT_SHARED_STORAGE_FIXTURE_H
#define TESTS_UNIT_SHARED_STORAGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/base/memory.h"
#include "shared/storage/database.h"
#include "tests/support/fake_world.h"
#include "tests/support/faulty_vfs.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct storage_fixture {
    struct fake_world fake;
    char folder[64];
    char path[96];
    struct cs_database *database;
};

static inline void assert_status_at(enum cs_status got, enum cs_status expected, const char *file,
                                    int line)
{
    if (got != expected) {
        print_error("got %s, expected %s\n", cs_status_name(got), cs_status_name(expected));
        _fail(file, line);
    }
}
#define assert_status(got, expected) assert_status_at((got), (expected), __FILE__, __LINE__)
#define assert_ok(got) assert_status((got), CS_OK)

static inline struct storage_fixture *fixture_of(void **state)
{
    return *state;
}

static inline enum cs_status fixture_open(struct storage_fixture *fixture,
                                          enum cs_database_mode mode)
{
    return cs_database_open(&fixture->fake.world, fixture->path, mode, &fixture->database, NULL);
}

static inline void fixture_close(struct storage_fixture *fixture)
{
    cs_database_close(fixture->database);
    fixture->database = NULL;
}

static inline int fixture_set_up(void **state)
{
    struct storage_fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fake_world_init(&fixture->fake, 1);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/cs-storage-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/test.db", fixture->folder);
    faulty_vfs_install();
    *state = fixture;
    return 0;
}

/* Also with the faulty VFS. */
static inline int fixture_set_up_faulty(void **state)
{
    (void)fixture_set_up(state);
    fixture_of(state)->fake.world.sqlite_vfs = FAULTY_VFS_NAME;
    return 0;
}

static inline void fixture_empty_folder(const struct storage_fixture *fixture)
{
    DIR *folder = opendir(fixture->folder);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", fixture->folder, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
}

static inline int fixture_tear_down(void **state)
{
    struct storage_fixture *fixture = fixture_of(state);
    faulty_vfs_reset();
    fixture_close(fixture);
    fixture_empty_folder(fixture);
    assert_int_equal(rmdir(fixture->folder), 0);
    fake_world_release(&fixture->fake);
    free(fixture);
    return 0;
}

static inline int64_t query_integer(struct cs_database *database, const char *sql)
{
    struct cs_statement *statement = NULL;
    bool row = false;
    assert_ok(cs_statement_get(database, sql, &statement));
    assert_ok(cs_statement_step(statement, &row));
    assert_true(row);
    int64_t value = cs_column_integer(statement, 0);
    cs_statement_done(statement);
    return value;
}

/* In a child that is about to abort: its last words are expected. */
static inline bool silenced(void)
{
    return freopen("/dev/null", "w", stderr) != NULL;
}

/* Runs in a child process and returns what it exits with; the parent's connections are not used there. */
static inline int in_child(int (*run)(struct storage_fixture *fixture),
                           struct storage_fixture *fixture)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(run(fixture));
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    return WIFEXITED(result) ? WEXITSTATUS(result) : 128 + WTERMSIG(result);
}

#endif
