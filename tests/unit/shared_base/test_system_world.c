/* The operating system behind the world seam. */
#include "tests/support/testing.h"

#include "shared/base/memory.h"
#include "shared/base/world.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct scene {
    struct cs_world world;
    char folder[256];
    char path[300];
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    const char *base = getenv("TMPDIR");
    (void)snprintf(scene->folder, sizeof scene->folder, "%s/cs-world-XXXXXX",
                   base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(scene->folder));
    (void)snprintf(scene->path, sizeof scene->path, "%s/file", scene->folder);
    cs_world_system(&scene->world);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    (void)unlink(scene->path);
    assert_int_equal(rmdir(scene->folder), 0);
    free(scene);
    return 0;
}

static size_t files_in(const char *folder)
{
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    size_t count = 0;
    for (const struct dirent *entry = readdir(directory); entry != NULL;
         entry = readdir(directory)) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(directory);
    return count;
}

static enum cs_status replace(const struct scene *scene, const char *path, struct cs_bytes content)
{
    return scene->world.file_replace(scene->world.context, path, content);
}

static void assert_content(const struct scene *scene, const char *content)
{
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 10000);
    assert_ok(scene->world.file_read(scene->world.context, scene->path, &buffer));
    assert_string_equal(cs_buffer_text(&buffer), content);
    cs_buffer_release(&buffer);
}

static void clocks_are_those_of_the_system(void **state)
{
    const struct scene *scene = *state;
    const struct cs_world *world = &scene->world;
    int64_t before = (int64_t)time(NULL) * 1000;
    int64_t now = world->wall_ms(world->context);
    assert_true(now >= before && now < before + 60000);
    int64_t last = world->monotonic_ms(world->context);
    for (int i = 0; i < 1000; i++) {
        int64_t next = world->monotonic_ms(world->context);
        assert_true(next >= last);
        last = next;
    }
    assert_null(world->exchange);
    assert_null(world->sqlite_vfs);
}

static void the_offset_follows_the_zone(void **state)
{
    const struct scene *scene = *state;
    const struct cs_world *world = &scene->world;
    assert_int_equal(setenv("TZ", "<+0530>-5:30", 1), 0);
    tzset();
    assert_int_equal(world->offset_minutes(world->context), 330);
    assert_int_equal(setenv("TZ", "<-0930>9:30", 1), 0);
    tzset();
    assert_int_equal(world->offset_minutes(world->context), -570);
    (void)unsetenv("TZ");
    tzset();
}

static void the_boot_id_stays_the_same(void **state)
{
    const struct scene *scene = *state;
    uint8_t first[16] = {0};
    uint8_t second[16] = {1};
    scene->world.boot_id(scene->world.context, first);
    scene->world.boot_id(scene->world.context, second);
    assert_memory_equal(first, second, sizeof first);
    if (access("/proc/sys/kernel/random/boot_id", R_OK) == 0) {
        static const uint8_t zero[16];
        assert_memory_not_equal(first, zero, sizeof first);
    }
}

static void randomness_fills_everything(void **state)
{
    const struct scene *scene = *state;
    uint8_t guard[40];
    bool seen[32] = {false};
    for (int round = 0; round < 20; round++) {
        memset(guard, 0, sizeof guard);
        scene->world.random(scene->world.context, guard, 32);
        for (size_t i = 0; i < 32; i++) {
            seen[i] = seen[i] || guard[i] != 0;
        }
        assert_memory_equal(guard + 32, "\0\0\0\0\0\0\0\0", 8);
    }
    for (size_t i = 0; i < 32; i++) {
        assert_true(seen[i]);
    }
    scene->world.random(scene->world.context, guard, 0);
}

static void a_replaced_file_is_private_and_alone(void **state)
{
    const struct scene *scene = *state;
    mode_t mask = umask(0);
    assert_ok(replace(scene, scene->path, cs_bytes_of_text("one")));
    (void)umask(mask);
    struct stat first;
    assert_int_equal(stat(scene->path, &first), 0);
    assert_int_equal(first.st_mode & 07777, 0600);
    assert_content(scene, "one");
    assert_int_equal(chmod(scene->path, 0644), 0);
    assert_ok(replace(scene, scene->path, CS_BYTES_NONE));
    struct stat second;
    assert_int_equal(stat(scene->path, &second), 0);
    assert_int_equal(second.st_mode & 07777, 0600);
    assert_content(scene, "");
    assert_int_equal(files_in(scene->folder), 1);
}

static void a_reader_of_the_old_file_is_not_disturbed(void **state)
{
    const struct scene *scene = *state;
    assert_ok(replace(scene, scene->path, cs_bytes_of_text("old")));
    FILE *file = fopen(scene->path, "r");
    assert_non_null(file);
    assert_ok(replace(scene, scene->path, cs_bytes_of_text("new")));
    char text[10] = "";
    assert_non_null(fgets(text, sizeof text, file));
    assert_string_equal(text, "old");
    (void)fclose(file);
    assert_content(scene, "new");
}

/* Keys that a finished join gives up, for instance: what held them holds zeroes. */
static void what_is_replaced_by_nothing_is_overwritten(void **state)
{
    struct scene *scene = *state;
    struct cs_world *world = &scene->world;
    static const char secret[] = "a key that nobody needs any more";
    static const char zeroes[sizeof secret];
    char other[320];
    char found[sizeof secret];
    (void)snprintf(other, sizeof other, "%s.other", scene->path);
    assert_ok(
        world->file_replace(world->context, scene->path, cs_bytes_make(secret, sizeof secret)));
    assert_int_equal(link(scene->path, other), 0);
    assert_ok(world->file_replace(world->context, scene->path, CS_BYTES_NONE));
    assert_content(scene, "");
    FILE *former = fopen(other, "rb");
    assert_non_null(former);
    assert_int_equal(fread(found, 1, sizeof found, former), sizeof found);
    assert_int_equal(fclose(former), 0);
    assert_memory_equal(found, zeroes, sizeof found);
    assert_int_equal(unlink(other), 0);
    /* Where nothing is, nothing is overwritten. */
    assert_int_equal(unlink(scene->path), 0);
    assert_ok(world->file_replace(world->context, scene->path, CS_BYTES_NONE));
    assert_content(scene, "");
}

static void paths_relative_to_the_current_folder_work(void **state)
{
    const struct scene *scene = *state;
    char before[1024];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scene->folder), 0);
    assert_ok(replace(scene, "file", cs_bytes_of_text("here")));
    assert_int_equal(chdir(before), 0);
    assert_content(scene, "here");
}

static void a_failed_replacement_leaves_the_old_file_and_no_other(void **state)
{
    const struct scene *scene = *state;
    static const uint8_t large[8192];
    assert_ok(replace(scene, scene->path, cs_bytes_of_text("old")));
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = {4096, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum cs_status status = replace(scene, scene->path, cs_bytes_of_array(large));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_status(status, CS_IO);
    assert_content(scene, "old");
    assert_int_equal(files_in(scene->folder), 1);
}

/* Exit code: 0 = as it should be, 2 = no disk of our own can be mounted here. */
static void replace_on_a_full_disk(const struct scene *scene)
{
    static const uint8_t large[65536];
    if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", scene->folder, "tmpfs", 0, "size=16k") != 0) {
        _exit(2);
    }
    bool good = replace(scene, scene->path, cs_bytes_of_text("old")) == CS_OK &&
                replace(scene, scene->path, cs_bytes_of_array(large)) == CS_DISK_FULL &&
                files_in(scene->folder) == 1;
    struct stat info;
    good = good && stat(scene->path, &info) == 0 && info.st_size == 3;
    _exit(good ? 0 : 1);
}

static void a_full_disk_has_its_own_status(void **state)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        replace_on_a_full_disk(*state);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    if (WEXITSTATUS(result) == 2) {
        print_message("a small disk cannot be mounted here: skipped\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(result), 0);
}

static void missing_files_and_folders_are_not_found(void **state)
{
    const struct scene *scene = *state;
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 100);
    cs_buffer_append_text(&buffer, "kept");
    const struct cs_world *world = &scene->world;
    assert_status(world->file_read(world->context, scene->path, &buffer), CS_NOT_FOUND);
    assert_status(world->file_read(world->context, scene->folder, &buffer), CS_IO);
    assert_true(cs_bytes_equal_text(cs_buffer_bytes(&buffer), "kept"));
    char path[400];
    (void)snprintf(path, sizeof path, "%s/none/file", scene->folder);
    assert_status(replace(scene, path, CS_BYTES_NONE), CS_NOT_FOUND);
    /* A folder stands where the file should go. */
    assert_status(replace(scene, scene->folder, CS_BYTES_NONE), CS_IO);
    assert_int_equal(files_in(scene->folder), 0);
    cs_buffer_release(&buffer);
}

static void reading_appends_and_obeys_the_limit(void **state)
{
    const struct scene *scene = *state;
    static uint8_t content[9000];
    memset(content, 'x', sizeof content);
    assert_ok(replace(scene, scene->path, cs_bytes_of_array(content)));
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, sizeof content + 1);
    cs_buffer_append_u8(&buffer, 'a');
    assert_ok(scene->world.file_read(scene->world.context, scene->path, &buffer));
    assert_int_equal(buffer.size, sizeof content + 1);
    assert_memory_equal(buffer.data + 1, content, sizeof content);
    buffer.size = 2;
    assert_status(scene->world.file_read(scene->world.context, scene->path, &buffer), CS_LIMIT);
    assert_int_equal(buffer.size, 2);
    cs_buffer_release(&buffer);
}

static void without_memory_nothing_changes(void **state)
{
    const struct scene *scene = *state;
    assert_ok(replace(scene, scene->path, cs_bytes_of_text("old")));
    long successes = 0;
    enum cs_status status = CS_NO_MEMORY;
    for (; status != CS_OK; successes++) {
        cs_memory_fail_after(successes);
        status = replace(scene, scene->path, cs_bytes_of_text("new"));
        cs_memory_fail_after(-1);
        if (status != CS_OK) {
            assert_status(status, CS_NO_MEMORY);
            assert_content(scene, "old");
            assert_int_equal(files_in(scene->folder), 1);
        }
    }
    assert_true(successes > 1);
    assert_content(scene, "new");
    struct cs_buffer buffer;
    cs_buffer_init(&buffer, 100);
    cs_memory_fail_after(0);
    status = scene->world.file_read(scene->world.context, scene->path, &buffer);
    cs_memory_fail_after(-1);
    assert_status(status, CS_NO_MEMORY);
    assert_int_equal(buffer.size, 0);
    cs_buffer_release(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(clocks_are_those_of_the_system, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_offset_follows_the_zone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_boot_id_stays_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(randomness_fills_everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_replaced_file_is_private_and_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reader_of_the_old_file_is_not_disturbed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_replaced_by_nothing_is_overwritten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(paths_relative_to_the_current_folder_work, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_failed_replacement_leaves_the_old_file_and_no_other,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_has_its_own_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_files_and_folders_are_not_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reading_appends_and_obeys_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_nothing_changes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
