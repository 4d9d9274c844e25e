/*
 * A helper program for one made-up system: a shell script, and a folder with what the system knows: a checksum of the password in force, and how it
 * behaves at the next change ("mode"). It counts its runs, and holds no password.
 */
#ifndef TESTS_SIMULATION_FAKE_HELPER_H
#define TESTS_SIMULATION_FAKE_HELPER_H

#include "shared/base/bytes.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char fake_folder[64];
static char fake_helper[96];

static const char fake_script[] =
    "sum() { printf %s \"$1\" | cksum; }\n"
    "say() { echo \"$1\"; exit 0; }\n"
    "while IFS= read -r line; do\n"
    "  case $line in\n"
    "  'operation '*) operation=${line##* } ;;\n"
    "  'old '*) rest=${line#old }; old=$(sum \"${rest#* }\") ;;\n"
    "  'new '*) rest=${line#new }; new=$(sum \"${rest#* }\") ;;\n"
    "  end) break ;;\n"
    "  esac\n"
    "done\n"
    "read -r now <\"$here/now\"; read -r mode <\"$here/mode\"\n"
    "echo \"$operation\" >>\"$here/runs\"\n"
    "[ \"$mode\" != silent ] || exit 1\n"
    "if [ \"$operation\" = verify ]; then\n"
    "  [ \"$mode\" != both ] || say both\n"
    "  [ \"$mode\" != down ] || say unknown\n"
    "  [ \"$now\" != \"$new\" ] || say new\n"
    "  [ \"$now\" != \"$old\" ] || say old\n"
    "  say neither\n"
    "fi\n"
    "[ \"$mode\" != refuse ] || { echo 'the policy says no' >&2; say failed; }\n"
    "[ \"$now\" != \"$new\" ] || say applied\n"
    "[ \"$now\" = \"$old\" ] || { echo 'the old one does not work' >&2; say failed; }\n"
    "[ \"$mode\" != cut_before ] || { echo 'the line was cut' >&2; say unknown; }\n"
    "echo \"$new\" >\"$here/now\"\n"
    "[ \"$mode\" != cut_after ] || { echo 'the line was cut' >&2; say unknown; }\n"
    "[ \"$mode\" != dies ] || kill -9 $$\n"
    "say applied\n";

static inline void fake_write(const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", fake_folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void fake_mode(const char *mode)
{
    char line[64];
    (void)snprintf(line, sizeof line, "%s\n", mode);
    fake_write("mode", line);
}

/* The system has this password, whose bytes the shell takes as they are. */
static inline void fake_begin(const char *in_force)
{
    char text[sizeof fake_script + 128];
    char command[256];
    (void)snprintf(fake_folder, sizeof fake_folder, "/tmp/countersign-helper-XXXXXX");
    assert_non_null(mkdtemp(fake_folder));
    (void)snprintf(fake_helper, sizeof fake_helper, "%s/helper", fake_folder);
    (void)snprintf(text, sizeof text, "#!/bin/sh\nhere=%s\n%s", fake_folder, fake_script);
    fake_write("helper", text);
    assert_int_equal(chmod(fake_helper, 0700), 0);
    (void)snprintf(command, sizeof command, "printf %%s '%s' | cksum >'%s/now'", in_force,
                   fake_folder);
    assert_int_equal(system(command), 0);
    fake_write("runs", "");
    fake_mode("works");
}

static inline void fake_end(void)
{
    char command[96];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", fake_folder);
    assert_int_equal(system(command), 0);
}

/* What it was run for since the last call: "apply verify ". */
static inline void assert_runs(const char *expected)
{
    char path[128];
    char word[16];
    char runs[128] = "";
    (void)snprintf(path, sizeof path, "%s/runs", fake_folder);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fscanf(file, "%15s", word) == 1) {
        size_t used = strlen(runs);
        (void)snprintf(runs + used, sizeof runs - used, "%s ", word);
    }
    assert_int_equal(fclose(file), 0);
    assert_string_equal(runs, expected);
    fake_write("runs", "");
}

#endif
