/* What the tests of keyed files share: a disk in memory, a plain database with every kind of value on it, and how it is told apart. */
#ifndef TESTS_UNIT_SHARED_STORAGE_ENCRYPTED_KEYED_FIXTURE_H
#define TESTS_UNIT_SHARED_STORAGE_ENCRYPTED_KEYED_FIXTURE_H

#include "shared/storage/encrypted/keyed.h"
#include "tests/unit/shared_storage_encrypted/encrypted_fixture.h"

#define DATABASE_NEW DATABASE CS_KEYED_NEW_SUFFIX
#define CANARY "KANARIENVOGEL"

static const uint8_t keyed_master[32] = {7};
static const uint8_t keyed_next[32] = {8};

struct keyed_fixture {
    struct cs_world world;
    struct cs_keyed *keyed;
    struct cs_problem problem;
    char dump[16384];
};

static inline void keyed_start(struct keyed_fixture *f, uint64_t seed)
{
    memset(f, 0, sizeof *f);
    assert_int_equal(cs_crypto_start(), CS_OK);
    small_disk_install(seed);
    cs_world_system(&f->world);
    f->world.sqlite_vfs = SMALL_DISK_NAME;
}

static inline void keyed_end(struct keyed_fixture *f)
{
    cs_keyed_close(f->keyed);
    f->keyed = NULL;
    small_disk_release();
}

static inline struct cs_keyed_place keyed_place(const struct keyed_fixture *f,
                                                const uint8_t *master)
{
    return (struct cs_keyed_place){.world = &f->world,
                                   .path = DATABASE,
                                   .purpose = "replica",
                                   .master = cs_bytes_make(master, 32)};
}

static inline enum cs_status keyed_open_as(struct keyed_fixture *f, const uint8_t *master)
{
    struct cs_keyed_place place = keyed_place(f, master);
    cs_keyed_close(f->keyed);
    f->keyed = NULL;
    return cs_keyed_open(&place, NULL, &f->keyed, &f->problem);
}

static inline void keyed_must_open(struct keyed_fixture *f, const uint8_t *master)
{
    enum cs_status status = keyed_open_as(f, master);
    if (status != CS_OK) {
        fail_msg("%s: %s", cs_status_name(status), f->problem.text);
    }
}

static const char keyed_content[] =
    "CREATE TABLE a(id INTEGER PRIMARY KEY, t TEXT, b BLOB, r REAL, n);"
    "CREATE TABLE w(k TEXT NOT NULL, j INTEGER NOT NULL, v BLOB, PRIMARY KEY (k, j)) WITHOUT ROWID;"
    "CREATE TABLE h(x);"
    "CREATE INDEX a_t ON a(t); CREATE UNIQUE INDEX w_v ON w(v) WHERE v IS NOT NULL;"
    "INSERT INTO a VALUES(-5, '" CANARY "', x'00ff', 0.1, NULL), (7, '', x'', -0.0, 'text'),"
    "(9223372036854775807, '王芳', zeroblob(9000), 1e300, x'01');"
    "INSERT INTO w VALUES('" CANARY "', 1, NULL), ('" CANARY "', 2, x'31'), ('b', -1, NULL);"
    "INSERT INTO h(rowid, x) VALUES(3, 1), (30, 2.0), (300, '3');"
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 40)"
    "INSERT INTO h SELECT '" CANARY "' || hex(zeroblob(i * 10)) FROM c;"
    "DELETE FROM h WHERE rowid % 7 = 0;"
    "PRAGMA user_version = 12";

static inline void keyed_append(struct cs_database *database, const char *sql, char *out,
                                size_t size)
{
    struct cs_statement *statement = NULL;
    bool row = false;
    assert_int_equal(cs_statement_get(database, sql, &statement), CS_OK);
    enum cs_status status = CS_OK;
    while ((status = cs_statement_step(statement, &row)) == CS_OK && row) {
        struct cs_bytes text = cs_column_bytes(statement, 0);
        size_t used = strlen(out);
        assert_true(text.size + 2 < size - used);
        memcpy(out + used, text.data, text.size);
        memcpy(out + used + text.size, "\n", 2);
    }
    assert_int_equal(status, CS_OK);
    cs_statement_done(statement);
}

/* Everything in it, as text. */
static inline void keyed_dump(struct cs_database *database, char *out, size_t size)
{
    static const char values[] =
        "SELECT quote(id) || quote(t) || substr(quote(b), 1, 200) || quote(r) || quote(n) || "
        "typeof(t) || typeof(b) || typeof(r) || typeof(n) || length(b) FROM a ORDER BY id";
    static const char *const queries[] = {
        "SELECT type || name || coalesce(sql, '') FROM sqlite_schema ORDER BY name",
        values,
        "SELECT quote(k) || quote(j) || quote(v) FROM w ORDER BY k, j",
        "SELECT rowid || typeof(x) || substr(quote(x), 1, 60) || length(x) FROM h ORDER BY rowid",
        "SELECT 'version ' || user_version FROM pragma_user_version",
    };
    out[0] = '\0';
    for (size_t i = 0; i < CS_COUNT(queries); i++) {
        keyed_append(database, queries[i], out, size);
    }
}

static inline void keyed_check_bytes(const char *name, const uint8_t *data, size_t size)
{
    static const char *const words[] = {CANARY, "CREATE TABLE", "王芳", "SQLite format"};
    for (size_t i = 0; i < CS_COUNT(words) && size > 0; i++) {
        if (memmem(data, size, words[i], strlen(words[i])) != NULL) {
            fail_msg("\"%s\" is readable in %s", words[i], name);
        }
    }
}

/* For small_disk.on_given_up: what is removed or cut off stays on a disk, and is read by whoever looks there. */
static inline void keyed_check_given_up(void *context, const char *name, const uint8_t *data,
                                        size_t size)
{
    (void)context;
    keyed_check_bytes(name, data, size);
}

/* A plain one, as programs of before made it; its last transactions are still in its log.
 * From here on nothing that can be read may be given up. */
static inline void keyed_make_plain(struct keyed_fixture *f)
{
    struct cs_database *plain = NULL;
    assert_int_equal(
        cs_database_open(&f->world, DATABASE, CS_DATABASE_REPLICA, &plain, &f->problem), CS_OK);
    assert_int_equal(cs_database_execute(plain, keyed_content), CS_OK);
    assert_int_equal(cs_database_cut_log(plain), CS_OK);
    assert_int_equal(cs_database_execute(plain, "INSERT INTO h VALUES('" CANARY " last')"), CS_OK);
    keyed_dump(plain, f->dump, sizeof f->dump);
    struct fixture_image image = fixture_take();
    assert_non_null(memmem(image.main.data, image.main.size, CANARY, strlen(CANARY)));
    assert_non_null(memmem(image.log.data, image.log.size, CANARY " last", strlen(CANARY " last")));
    cs_database_close(plain);
    fixture_put(&image);
    fixture_image_release(&image);
    small_disk.on_given_up = keyed_check_given_up;
}

static inline void keyed_check_content(struct keyed_fixture *f)
{
    static char found[sizeof f->dump];
    assert_int_equal(cs_database_check(cs_keyed_database(f->keyed), &f->problem), CS_OK);
    keyed_dump(cs_keyed_database(f->keyed), found, sizeof found);
    assert_string_equal(found, f->dump);
}

/* In no file that is there; what is gone is looked at when it goes. */
static inline void keyed_check_nothing_readable(void)
{
    for (size_t i = 0; i < small_disk.file_count; i++) {
        const struct small_file *file = &small_disk.files[i];
        keyed_check_bytes(file->name, file->now.data, file->now.size);
    }
}

static inline bool keyed_exists(const char *name)
{
    const struct small_file *file = small_disk_find(name);
    return file != NULL && file->exists;
}

#endif
