/* What is no attachment: refused in words, and nothing of it stays. */
#include "tests/unit/field_client_attachments/attachments_fixture.h"

#include "shared/base/limits.h"

static enum cs_status add_named(struct fixture *f, size_t name_size)
{
    char name[300];
    struct cs_attachment_added added;
    memset(name, 'n', sizeof name);
    const struct cs_attachment_new what = {.visit = visit,
                                           .name = cs_bytes_make(name, name_size),
                                           .content = T("content"),
                                           .chunk_size = CHUNK};
    problem = (struct cs_problem){""};
    return cs_attachment_add(f->replica, &what, &added, &problem);
}

static void a_name_has_1_to_255_bytes(void **state)
{
    struct fixture *f = *state;
    assert_status(add_named(f, 0), CS_INVALID);
    assert_problem("1 to 255 bytes");
    assert_status(add_named(f, 256), CS_INVALID);
    assert_problem("1 to 255 bytes");
    assert_int_equal(attachment_rows(f), 0);
    assert_status(add_named(f, 255), CS_OK);
    assert_int_equal(attachment_rows(f), 1);
}

/* What it had when it was looked at. */
static enum cs_status one_byte_more(void *context, const char *path, uint64_t *out)
{
    struct stat found;
    (void)context;
    if (stat(path, &found) != 0) {
        return CS_NOT_FOUND;
    }
    *out = (uint64_t)found.st_size + 1;
    return CS_OK;
}

static void a_file_that_shrinks_while_it_is_read(void **state)
{
    static const size_t sizes[] = {0, 100, CHUNK, 3 * CHUNK + 5};
    struct fixture *f = *state;
    struct cs_world *world = &f->fake.world;
    enum cs_status (*file_size)(void *, const char *, uint64_t *) = world->file_size;
    for (size_t i = 0; i < CS_COUNT(sizes); i++) {
        struct cs_attachment_added added;
        const char *path = in_folder(f, "photo.jpg");
        write_content(path, i, sizes[i]);
        world->file_size = one_byte_more;
        enum cs_status status = try_add(f, path, &added);
        world->file_size = file_size;
        assert_status(status, CS_IO);
        assert_problem("it became shorter while it was read");
        assert_int_equal(attachment_rows(f), 0);
        assert_false(is_there(in_folder(f, "attachments/new")));
    }
    (void)add(f, 1, 100);
    assert_int_equal(attachment_rows(f), 1);
}

static enum cs_status try_find(struct fixture *f, const struct cs_id *row)
{
    struct cs_attachment_found found;
    struct cs_arena arena;
    char text[CS_ID_TEXT_SIZE];
    cs_arena_init(&arena, CS_MEBI);
    cs_id_format(row, text);
    problem = (struct cs_problem){""};
    enum cs_status status = cs_attachment_find(f->replica, T(text), &arena, &found, &problem);
    cs_arena_release(&arena);
    return status;
}

/* A row of another program, or a damaged one: the address is what names the file. */
static void a_row_that_names_no_file(void **state)
{
    static const char *const changes[] = {
        "UPDATE attachment SET address = NULL",
        "UPDATE attachment SET address = 'text of a wrong kind'",
        "UPDATE attachment SET address = zeroblob(31)",
        "UPDATE attachment SET address = zeroblob(33)",
        "UPDATE attachment SET address = zeroblob(32), key = x'00'",
        "UPDATE attachment SET size = -1",
        "UPDATE attachment SET chunk_size = 0",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < CS_COUNT(changes); i++) {
        struct cs_attachment_added added = add(f, i, 100);
        assert_status(try_find(f, &added.row), CS_OK);
        assert_ok(cs_database_execute(cs_replica_database(f->replica), changes[i]));
        assert_status(try_find(f, &added.row), CS_MALFORMED);
        assert_problem("this row names no file");
    }
}

/* The own note of what is here, of which the address is the key. */
static void a_note_of_another_address_is_damage(void **state)
{
    struct fixture *f = *state;
    struct cs_arena arena;
    struct cs_kept_attachment *kept = NULL;
    size_t count = 0;
    (void)add(f, 1, 100);
    assert_ok(cs_database_execute(cs_replica_database(f->replica),
                                  "UPDATE _attachment SET address = x'0102'"));
    cs_arena_init(&arena, CS_MEBI);
    assert_status(cs_kept_attachments(f->replica, CS_KEPT_TO_SEND, NULL, 10, &arena, &kept, &count),
                  CS_CORRUPT);
    assert_int_equal(count, 0);
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTACHMENT_TEST(a_name_has_1_to_255_bytes),
        ATTACHMENT_TEST(a_file_that_shrinks_while_it_is_read),
        ATTACHMENT_TEST(a_row_that_names_no_file),
        ATTACHMENT_TEST(a_note_of_another_address_is_damage),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
