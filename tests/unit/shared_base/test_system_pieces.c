/* Files by pieces on the real disk: written in any order, read in part, named when they are whole. */
#include "shared/base/limits.h"
#include "shared/base/world.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct cs_world world;
static char folder[] = "/tmp/countersign-pieces-XXXXXX";

static const char *in(const char *name)
{
    static char paths[4][256];
    static size_t next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static int setup(void **state)
{
    (void)state;
    cs_world_system(&world);
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    char command[300];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf -- '%s'", folder);
    return system(command); /* NOLINT(cert-env33-c): a test's own folder */
}

static enum cs_status write_at(const char *name, uint64_t offset, const char *text)
{
    return world.file_write_at(world.context, in(name), offset, cs_bytes_of_text(text));
}

static void assert_reads(const char *name, uint64_t offset, size_t size, const char *expected)
{
    struct cs_buffer out;
    cs_buffer_init(&out, CS_KIBI);
    cs_buffer_append_text(&out, "<");
    assert_ok(world.file_read_at(world.context, in(name), offset, size, &out));
    assert_string_equal(cs_buffer_text(&out) + 1, expected);
    cs_buffer_release(&out);
}

static void test_pieces_in_any_order(void **state)
{
    uint64_t size = 0;
    struct stat found;
    (void)state;
    assert_ok(write_at("file", 4, "efgh"));
    assert_ok(write_at("file", 0, "abcd"));
    assert_ok(write_at("file", 2, "CD"));
    assert_ok(world.file_size(world.context, in("file"), &size));
    assert_int_equal(size, 8);
    assert_reads("file", 0, 8, "abCDefgh");
    assert_reads("file", 6, 10, "gh");
    assert_reads("file", 8, 1, "");
    assert_reads("file", 100, 1, "");
    assert_int_equal(stat(in("file"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
}

static void test_what_is_not_there(void **state)
{
    uint64_t size = 77;
    struct cs_buffer out;
    (void)state;
    cs_buffer_init(&out, CS_KIBI);
    assert_status(world.file_size(world.context, in("none"), &size), CS_NOT_FOUND);
    assert_int_equal(size, 77);
    assert_status(world.file_read_at(world.context, in("none"), 0, 1, &out), CS_NOT_FOUND);
    assert_status(write_at("none/file", 0, "x"), CS_NOT_FOUND);
    assert_status(world.file_settle(world.context, in("none"), in("file")), CS_NOT_FOUND);
    assert_ok(world.file_remove(world.context, in("none")));
    assert_status(world.file_size(world.context, folder, &size), CS_IO);
    assert_status(world.file_read_at(world.context, folder, 0, 1, &out), CS_IO);
    assert_int_equal(out.size, 0);
    cs_buffer_release(&out);
}

static void test_a_file_that_is_whole_gets_its_name(void **state)
{
    (void)state;
    assert_ok(world.folder_make(world.context, in("folder")));
    assert_ok(world.folder_make(world.context, in("folder")));
    struct stat found;
    assert_int_equal(stat(in("folder"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
    assert_ok(write_at("part", 0, "whole"));
    assert_ok(write_at("folder/file", 0, "what was there"));
    assert_ok(world.file_settle(world.context, in("part"), in("folder/file")));
    assert_reads("folder/file", 0, 20, "whole");
    assert_int_equal(access(in("part"), F_OK), -1);
    assert_ok(world.file_remove(world.context, in("folder/file")));
    assert_int_equal(access(in("folder/file"), F_OK), -1);
    assert_status(world.folder_make(world.context, in("none/folder")), CS_NOT_FOUND);
}

/* What does not fit the buffer is not read. */
static void test_a_buffer_that_is_too_small(void **state)
{
    struct cs_buffer out;
    (void)state;
    cs_buffer_init(&out, 3);
    assert_ok(write_at("file", 0, "abcdef"));
    assert_status(world.file_read_at(world.context, in("file"), 0, 6, &out), CS_LIMIT);
    cs_buffer_release(&out);
}

static void test_a_full_disk(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    assert_status(world.file_write_at(world.context, "/dev/full", 0, cs_bytes_of_text("x")),
                  CS_DISK_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pieces_in_any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_file_that_is_whole_gets_its_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_buffer_that_is_too_small, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_disk, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
