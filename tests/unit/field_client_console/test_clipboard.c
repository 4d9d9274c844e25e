/* The clipboard's programs, played by scripts: what they are given on standard input, and with which arguments. */
#include "field-client/console/clipboard.h"

#include "tests/support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/countersign-clipboard-XXXXXX";
static struct cs_problem problem;

static const char *in_folder(const char *name)
{
    static char paths[2][128];
    static size_t next;
    char *path = paths[next++ % 2];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* Writes down what it is given, and ends with this code. */
static void install(const char *name, int code)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_true(fprintf(file,
                        "#!/bin/sh\n/bin/cat >'%s/input'\necho \"$0 $*\" >'%s/line'\n"
                        "echo noise\necho noise >&2\nexit %d\n",
                        folder, folder, code) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(in_folder(name), 0700), 0);
}

static void assert_file(const char *name, const char *expected)
{
    char text[512];
    FILE *file = fopen(in_folder(name), "rb");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    (void)fclose(file);
    assert_string_equal(text, expected);
}

static void assert_line(const char *tail)
{
    char expected[256];
    (void)snprintf(expected, sizeof expected, "%s/%s\n", folder, tail);
    assert_file("line", expected);
}

static int setup(void **state)
{
    (void)state;
    (void)unlink(in_folder("wl-copy"));
    (void)unlink(in_folder("xclip"));
    (void)unlink(in_folder("xsel"));
    problem.text[0] = '\0';
    assert_int_equal(setenv("PATH", folder, 1), 0);
    assert_int_equal(unsetenv("WAYLAND_DISPLAY"), 0);
    assert_int_equal(setenv("DISPLAY", ":0", 1), 0);
    return 0;
}

static const struct cs_clipboard_tool *found(const char *name)
{
    const struct cs_clipboard_tool *tool = NULL;
    assert_ok(cs_clipboard_find(NULL, &tool, &problem));
    assert_string_equal(cs_clipboard_name(tool), name);
    return tool;
}

static void test_whichever_is_there(void **state)
{
    const struct cs_clipboard_tool *tool = NULL;
    (void)state;
    assert_status(cs_clipboard_find(NULL, &tool, &problem), CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "install"));
    install("wl-copy", 0);
    assert_status(cs_clipboard_find(NULL, &tool, &problem), CS_NOT_FOUND); /* no Wayland */
    install("xsel", 0);
    (void)found("xsel");
    install("xclip", 0);
    (void)found("xclip");
    assert_int_equal(setenv("WAYLAND_DISPLAY", "wayland-0", 1), 0);
    (void)found("wl-copy");
    assert_int_equal(unsetenv("WAYLAND_DISPLAY"), 0);
    assert_int_equal(setenv("DISPLAY", "", 1), 0);
    assert_status(cs_clipboard_find(NULL, &tool, &problem), CS_NOT_FOUND);
    assert_non_null(strstr(problem.text, "no desktop"));
    assert_int_equal(setenv("PATH", ":/nowhere::", 1), 0);
    assert_int_equal(setenv("DISPLAY", ":0", 1), 0);
    assert_status(cs_clipboard_find(NULL, &tool, &problem), CS_NOT_FOUND);
}

static void test_put_and_cleared(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *put;
        const char *cleared;
    } tools[] = {
        {"xsel", "xsel --clipboard --input", "xsel --clipboard --clear"},
        {"xclip", "xclip -selection clipboard -in", "xclip -selection clipboard -in"},
        {"wl-copy", "wl-copy --type text/plain", "wl-copy --clear"},
    };
    for (size_t i = 0; i < CS_COUNT(tools); i++) {
        install(tools[i].name, 0);
        assert_int_equal(i == 2 ? setenv("WAYLAND_DISPLAY", "wayland-0", 1) : 0, 0);
        const struct cs_clipboard_tool *tool = found(tools[i].name);
        assert_ok(cs_clipboard_put(NULL, tool, cs_bytes_of_text("hunter2"), &problem));
        assert_file("input", "hunter2");
        assert_line(tools[i].put);
        assert_ok(cs_clipboard_clear(NULL, tool, &problem));
        assert_file("input", "");
        assert_line(tools[i].cleared);
    }
}

static void test_failures(void **state)
{
    (void)state;
    install("xclip", 1);
    const struct cs_clipboard_tool *tool = found("xclip");
    assert_status(cs_clipboard_put(NULL, tool, cs_bytes_of_text("hunter2"), &problem), CS_IO);
    assert_non_null(strstr(problem.text, "xclip"));
    assert_null(strstr(problem.text, "hunter2"));
    assert_status(cs_clipboard_clear(NULL, tool, &problem), CS_IO);
    /* Gone since it was found. */
    assert_int_equal(unlink(in_folder("xclip")), 0);
    assert_status(cs_clipboard_put(NULL, tool, cs_bytes_of_text("hunter2"), &problem), CS_IO);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)setup(state);
    (void)unlink(in_folder("input"));
    (void)unlink(in_folder("line"));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_whichever_is_there, setup),
        cmocka_unit_test_setup(test_put_and_cleared, setup),
        cmocka_unit_test_setup(test_failures, setup),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
