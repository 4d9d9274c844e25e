/* What files may take on the disk: what the server has goes first, what it has not stays; and copies that are damaged. */
#include "tests/unit/field_client_attachments/attachments_fixture.h"

#include "shared/base/limits.h"

/* A quota is set in MiB by people; here files are small. */
static void set_quota(struct fixture *f, uint64_t bytes)
{
    assert_ok(cs_replica_meta_set_number(f->replica, "attachments.quota_bytes", (int64_t)bytes));
}

static bool is_here(struct fixture *f, const struct cs_attachment_added *added)
{
    char path[CS_ATTACHMENT_PATH_MAX];
    assert_ok(cs_attachment_path(f->replica, added->address, CS_ATTACHMENT_WHOLE, path));
    bool held = find(f, &added->row).kept.held;
    assert_true(held == is_there(path));
    return held;
}

static void the_quota_that_nobody_set(void **state)
{
    struct fixture *f = *state;
    uint64_t bytes = 0;
    assert_ok(cs_attachment_quota(f->replica, &bytes));
    assert_true(bytes == CS_ATTACHMENT_QUOTA_DEFAULT);
    assert_ok(cs_attachment_set_quota(f->replica, CS_MEBI, &problem));
    assert_ok(cs_attachment_quota(f->replica, &bytes));
    assert_true(bytes == CS_MEBI);
    assert_status(cs_attachment_set_quota(f->replica, 0, &problem), CS_INVALID);
}

static void what_is_not_confirmed_stays(void **state)
{
    struct fixture *f = *state;
    struct cs_attachment_added first = add(f, 1, 10000);
    struct cs_attachment_added second;
    set_quota(f, 15000);
    write_content(in_folder(f, "photo.jpg"), 2, 10000);
    assert_status(try_add(f, in_folder(f, "photo.jpg"), &second), CS_DISK_FULL);
    assert_problem("disk quota full");
    assert_true(is_here(f, &first));
    assert_int_equal(attachment_rows(f), 1);
    assert_status(cs_attachment_set_quota(f->replica, 5000, &problem), CS_DISK_FULL);
    assert_true(is_here(f, &first));
    confirm(f, &first.row);
    second = add(f, 2, 10000);
    assert_false(is_here(f, &first));
    assert_true(is_here(f, &second));
}

static void what_was_used_longest_ago_goes(void **state)
{
    struct fixture *f = *state;
    struct cs_attachment_added added[4];
    for (size_t i = 0; i < 3; i++) {
        added[i] = add(f, i, 10000);
        fake_world_advance(&f->fake, 1000);
        confirm(f, &added[i].row);
    }
    /* The first one is looked at again. */
    assert_status(try_save(f, &added[0].row, in_folder(f, "saved.jpg")), CS_OK);
    set_quota(f, 33000);
    added[3] = add(f, 3, 10000);
    assert_true(is_here(f, &added[0]));
    assert_false(is_here(f, &added[1]));
    assert_true(is_here(f, &added[2]));
    assert_true(is_here(f, &added[3]));
}

/* One that fits nowhere takes nothing else away. */
static void what_is_too_large_for_the_quota(void **state)
{
    struct fixture *f = *state;
    struct cs_attachment_added first = add(f, 1, 10000);
    struct cs_attachment_added second;
    confirm(f, &first.row);
    set_quota(f, 12000);
    write_content(in_folder(f, "photo.jpg"), 2, 20000);
    assert_status(try_add(f, in_folder(f, "photo.jpg"), &second), CS_DISK_FULL);
    assert_true(is_here(f, &first));
}

static void a_damaged_copy_that_the_server_has(void **state)
{
    struct fixture *f = *state;
    static const long places[] = {3, 200, 9999};
    for (size_t i = 0; i < CS_COUNT(places); i++) {
        struct cs_attachment_added added = add(f, i, 10000);
        confirm(f, &added.row);
        damage(f, &added, places[i]);
        assert_status(try_save(f, &added.row, in_folder(f, "saved.jpg")), CS_CORRUPT);
        assert_problem("fetched again");
        assert_false(is_there(in_folder(f, "saved.jpg")));
        assert_false(is_there(in_folder(f, "saved.jpg.part")));
        assert_false(is_here(f, &added));
        assert_true(find(f, &added.row).kept.wanted);
        assert_status(try_save(f, &added.row, in_folder(f, "saved.jpg")), CS_NOT_FOUND);
    }
}

static void a_damaged_copy_that_may_be_the_only_one(void **state)
{
    struct fixture *f = *state;
    struct cs_attachment_added added = add(f, 1, 10000);
    damage(f, &added, 300);
    assert_status(try_save(f, &added.row, in_folder(f, "saved.jpg")), CS_CORRUPT);
    assert_problem("tell the office");
    assert_true(is_here(f, &added));
    assert_status(find(f, &added.row).kept.trouble, CS_CORRUPT);
}

static void a_copy_that_is_gone(void **state)
{
    struct fixture *f = *state;
    struct cs_attachment_added added = add(f, 1, 100);
    char path[CS_ATTACHMENT_PATH_MAX];
    confirm(f, &added.row);
    assert_ok(cs_attachment_path(f->replica, added.address, CS_ATTACHMENT_WHOLE, path));
    assert_int_equal(unlink(path), 0);
    assert_status(try_save(f, &added.row, in_folder(f, "saved.jpg")), CS_CORRUPT);
    assert_true(find(f, &added.row).kept.wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTACHMENT_TEST(the_quota_that_nobody_set),
        ATTACHMENT_TEST(what_is_not_confirmed_stays),
        ATTACHMENT_TEST(what_was_used_longest_ago_goes),
        ATTACHMENT_TEST(what_is_too_large_for_the_quota),
        ATTACHMENT_TEST(a_damaged_copy_that_the_server_has),
        ATTACHMENT_TEST(a_damaged_copy_that_may_be_the_only_one),
        ATTACHMENT_TEST(a_copy_that_is_gone),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
