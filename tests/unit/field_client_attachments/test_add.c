/* Files added and saved again: equal, encrypted on the disk, whole or not at all. */
#include "tests/unit/field_client_attachments/attachments_fixture.h"

#include "shared/base/limits.h"

static void files_come_back_as_they_were(void **state)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 100000};
    struct fixture *f = *state;
    for (size_t i = 0; i < CS_COUNT(sizes); i++) {
        struct cs_attachment_added added = add(f, i, sizes[i]);
        assert_int_equal(added.size, sizes[i]);
        const char *path = in_folder(f, "saved.jpg");
        assert_status(try_save(f, &added.row, path), CS_OK);
        assert_content(path, i, sizes[i]);
        struct stat saved;
        assert_int_equal(stat(path, &saved), 0);
        assert_int_equal(saved.st_mode & 0777, 0600);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(attachment_rows(f), (int64_t)CS_COUNT(sizes));
}

static void what_the_row_says(void **state)
{
    struct fixture *f = *state;
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_attachment_row said;
    struct cs_attachment_added added = add(f, 1, 10000);
    cs_arena_init(&arena, CS_MEBI);
    assert_ok(cs_query_get(f->replica, T("attachment"), &added.row, &arena, &row, &problem));
    assert_ok(cs_attachment_row_read(row.entity, row.values, &said));
    assert_true(cs_bytes_equal_text(said.file_name, "photo.jpg"));
    assert_true(cs_bytes_equal_text(said.media_type, "image/jpeg"));
    assert_int_equal(said.form.size, 10000);
    assert_int_equal(said.form.chunk_size, CHUNK);
    assert_memory_equal(said.address, added.address, sizeof said.address);
    cs_arena_release(&arena);
}

/* The content is neither in the stored file nor anywhere beside it; the file is this person's alone. */
static void nothing_stands_in_clear(void **state)
{
    struct fixture *f = *state;
    struct cs_attachment_added added;
    char command[2 * CS_HOME_PATH_MAX + 160];
    char path[CS_ATTACHMENT_PATH_MAX];
    FILE *file = fopen(in_folder(f, "CANARY-NAME.txt"), "wb");
    assert_non_null(file);
    assert_true(fputs("CANARY-CONTENT of a customer", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_status(try_add(f, in_folder(f, "CANARY-NAME.txt"), &added), CS_OK);
    assert_ok(cs_attachment_path(f->replica, added.address, CS_ATTACHMENT_WHOLE, path));
    struct stat stored;
    assert_int_equal(stat(path, &stored), 0);
    assert_int_equal(stored.st_mode & 0777, 0600);
    (void)snprintf(command, sizeof command,
                   "! grep -rqaF CANARY '%s/attachments' && ! find '%s/attachments' | grep -q "
                   "CANARY",
                   f->home, f->home);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own folder */
}

static void files_that_cannot_be_attached(void **state)
{
    struct fixture *f = *state;
    struct cs_attachment_added added;
    assert_status(try_add(f, in_folder(f, "missing.jpg"), &added), CS_NOT_FOUND);
    assert_problem("there is no such file");
    assert_status(try_add(f, f->home, &added), CS_IO);
    assert_status(try_add(f, in_folder(f, ""), &added), CS_INVALID);
    const char *large = in_folder(f, "large.mp4");
    write_content(large, 0, 1);
    assert_int_equal(truncate(large, (off_t)(CS_ATTACHMENT_CHUNKS_MAX * CHUNK) + 1), 0);
    assert_status(try_add(f, large, &added), CS_TOO_LARGE);
    assert_problem("attachments may have");
    assert_int_equal(attachment_rows(f), 0);
    assert_int_equal(unlink(large), 0);
}

static void a_visit_that_is_not_there(void **state)
{
    struct fixture *f = *state;
    struct cs_attachment_added added;
    visit.bytes[15] ^= 1;
    write_content(in_folder(f, "photo.jpg"), 1, 100);
    assert_status(try_add(f, in_folder(f, "photo.jpg"), &added), CS_MISSING_REFERENCE);
    assert_int_equal(attachment_rows(f), 0);
}

static void saving_writes_over_nothing(void **state)
{
    struct fixture *f = *state;
    struct cs_attachment_added added = add(f, 1, 100);
    const char *path = in_folder(f, "saved.jpg");
    write_content(path, 9, 5);
    assert_status(try_save(f, &added.row, path), CS_EXISTS);
    assert_content(path, 9, 5);
    assert_status(try_save(f, &added.row, in_folder(f, "no-folder/saved.jpg")), CS_NOT_FOUND);
    assert_problem("there is no such folder");
}

/* Each operation on files fails in turn: either nothing was recorded, or the file is whole, also after a restart. */
static void every_failing_operation(void **state)
{
    struct fixture *f = *state;
    enum cs_status status = CS_IO;
    int64_t rows = 0;
    bool recorded_despite = false;
    write_content(in_folder(f, "photo.jpg"), 3, 10000);
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct cs_attachment_added added;
        assert_true(n < 60);
        f->fake.fail_piece = n % 2 == 0 ? CS_IO : CS_DISK_FULL;
        f->fake.pieces_left = n;
        status = try_add(f, in_folder(f, "photo.jpg"), &added);
        failed = f->fake.fail_piece == CS_OK;
        recorded_despite = recorded_despite || (failed && status == CS_OK);
        f->fake.fail_piece = CS_OK;
        fixture_reopen(f);
        rows += status == CS_OK ? 1 : 0;
        assert_int_equal(attachment_rows(f), rows);
        if (status == CS_OK) {
            assert_status(try_save(f, &added.row, in_folder(f, "saved.jpg")), CS_OK);
            assert_content(in_folder(f, "saved.jpg"), 3, 10000);
            assert_int_equal(unlink(in_folder(f, "saved.jpg")), 0);
        }
        assert_false(is_there(in_folder(f, "attachments/new")));
    }
    assert_status(status, CS_OK);
    assert_true(recorded_despite); /* that it gets its place is finished later */
}

static void running_out_of_memory(void **state)
{
    struct fixture *f = *state;
    enum cs_status status = CS_NO_MEMORY;
    write_content(in_folder(f, "photo.jpg"), 3, 5000);
    for (long successes = 0; status != CS_OK; successes++) {
        struct cs_attachment_added added;
        assert_true(successes < 5000);
        cs_memory_fail_after(successes);
        status = try_add(f, in_folder(f, "photo.jpg"), &added);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        assert_int_equal(attachment_rows(f), status == CS_OK ? 1 : 0);
        if (status == CS_OK) {
            assert_status(try_save(f, &added.row, in_folder(f, "saved.jpg")), CS_OK);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTACHMENT_TEST(files_come_back_as_they_were),
        ATTACHMENT_TEST(what_the_row_says),
        ATTACHMENT_TEST(nothing_stands_in_clear),
        ATTACHMENT_TEST(files_that_cannot_be_attached),
        ATTACHMENT_TEST(a_visit_that_is_not_there),
        ATTACHMENT_TEST(saving_writes_over_nothing),
        ATTACHMENT_TEST(every_failing_operation),
        ATTACHMENT_TEST(running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
