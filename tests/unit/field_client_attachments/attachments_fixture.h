/* A laptop with a visit, files to attach, and looks at what stands in its folder. Built on the fixture of replica. */
#ifndef TESTS_UNIT_FIELD_CLIENT_ATTACHMENTS_FIXTURE_H
#define TESTS_UNIT_FIELD_CLIENT_ATTACHMENTS_FIXTURE_H

#include "field-client/attachments/attachments.h"
#include "field-client/attachments/attachments_internal.h"
#include "tests/unit/field_client_replica/client_fixture.h"

#include <sys/stat.h>

#define CHUNK ((uint64_t)4096)

static struct cs_id visit;
static struct cs_problem problem;

static inline void remove_tree(const char *folder)
{
    char command[CS_HOME_PATH_MAX + 32];
    (void)snprintf(command, sizeof command, "rm -rf -- '%s'", folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own folder */
}

static inline int attachments_setup(void **state)
{
    struct fixture *f = *state;
    struct cs_edit *edit = NULL;
    (void)fixture_setup(state);
    f->fake.fail_piece = CS_OK;
    assert_ok(cs_edit_begin(f->replica, &edit));
    assert_ok(cs_edit_insert(edit, T("visit"), NULL, NULL, 0, &visit, &problem));
    assert_ok(cs_edit_commit(edit));
    return 0;
}

static inline int attachments_teardown(void **state)
{
    struct fixture *f = *state;
    char folder[CS_HOME_PATH_MAX];
    cs_memory_fail_after(-1);
    f->fake.fail_piece = CS_OK;
    (void)snprintf(folder, sizeof folder, "%s", f->home);
    cs_replica_close(f->replica);
    f->replica = NULL;
    remove_tree(folder);
    return 0;
}

/* HOME/name; valid until the next but seven. */
static inline const char *in_folder(const struct fixture *f, const char *name)
{
    static char paths[8][CS_HOME_PATH_MAX + 64];
    static size_t next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, CS_HOME_PATH_MAX + 64, "%s/%s", f->home, name);
    return path;
}

/* Byte i of the file that is made from `seed`. */
static inline uint8_t content_byte(size_t seed, size_t i)
{
    return (uint8_t)(seed + 31 * i + (i >> 8));
}

static inline void write_content(const char *path, size_t seed, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++) {
        assert_int_not_equal(fputc(content_byte(seed, i), file), EOF);
    }
    assert_int_equal(fclose(file), 0);
}

static inline void assert_content(const char *path, size_t seed, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t i = 0; i < size; i++) {
        if (fgetc(file) != content_byte(seed, i)) {
            fail_msg("%s: byte %zu is another one", path, i);
        }
    }
    assert_int_equal(fgetc(file), EOF);
    assert_int_equal(fclose(file), 0);
}

static inline enum cs_status try_add(struct fixture *f, const char *path,
                                     struct cs_attachment_added *out)
{
    const struct cs_attachment_new what = {
        .visit = visit, .path = path, .note = T("note"), .chunk_size = CHUNK};
    problem = (struct cs_problem){""};
    return cs_attachment_add(f->replica, &what, out, &problem);
}

/* A file of this size, attached. */
static inline struct cs_attachment_added add(struct fixture *f, size_t seed, size_t size)
{
    struct cs_attachment_added added;
    write_content(in_folder(f, "photo.jpg"), seed, size);
    enum cs_status status = try_add(f, in_folder(f, "photo.jpg"), &added);
    if (status != CS_OK) {
        fail_msg("%s: %s", cs_status_name(status), problem.text);
    }
    return added;
}

static inline struct cs_attachment_found find(struct fixture *f, const struct cs_id *row)
{
    struct cs_attachment_found found;
    struct cs_arena arena;
    char text[CS_ID_TEXT_SIZE];
    cs_arena_init(&arena, CS_MEBI);
    cs_id_format(row, text);
    assert_ok(cs_attachment_find(f->replica, T(text), &arena, &found, &problem));
    found.row.file_name = found.row.media_type = CS_BYTES_NONE; /* they lived in the arena */
    cs_arena_release(&arena);
    return found;
}

static inline enum cs_status try_save(struct fixture *f, const struct cs_id *row, const char *path)
{
    struct cs_attachment_found found = find(f, row);
    problem = (struct cs_problem){""};
    return cs_attachment_save(f->replica, &found, path, &problem);
}

/* As the server's word would have it. */
static inline void confirm(struct fixture *f, const struct cs_id *row)
{
    struct cs_kept_attachment kept = find(f, row).kept;
    kept.confirmed = true;
    kept.asked_ms = f->fake.wall_ms;
    assert_ok(cs_kept_attachment_put(f->replica, &kept));
}

static inline int64_t attachment_rows(struct fixture *f)
{
    int64_t count = -1;
    const struct cs_entity *entity = cs_registry_find(cs_registry_core(), T("attachment"));
    assert_ok(cs_row_count(cs_replica_tables(f->replica), entity, &count));
    return count;
}

static inline bool is_there(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0;
}

/* One byte of the stored file. */
static inline void damage(struct fixture *f, const struct cs_attachment_added *added, long at)
{
    char path[CS_ATTACHMENT_PATH_MAX];
    assert_ok(cs_attachment_path(f->replica, added->address, CS_ATTACHMENT_WHOLE, path));
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_not_equal(byte, EOF);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_not_equal(fputc(byte ^ 1, file), EOF);
    assert_int_equal(fclose(file), 0);
}

static inline void assert_problem(const char *words)
{
    if (strstr(problem.text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", problem.text, words);
    }
}

#define ATTACHMENT_TEST(function)                                                                  \
    cmocka_unit_test_setup_teardown(function, attachments_setup, attachments_teardown)

#endif
