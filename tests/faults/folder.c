/* Folders that are kept, see folder.h. */
#include "tests/faults/folder.h"

#include "shared/base/limits.h"
#include "tests/support/testing.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 512
#define FILE_MAX (64 * CS_MEBI)

static void join(const char *folder, const char *name, char out[static PATH_SIZE])
{
    int size = snprintf(out, PATH_SIZE, "%s%s%s", folder, name[0] == '\0' ? "" : "/", name);
    assert_true(size > 0 && size < PATH_SIZE);
}

static void read_content(const char *path, struct cs_buffer *out)
{
    uint8_t block[8192];
    size_t size;
    cs_buffer_init(out, FILE_MAX);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    while ((size = fread(block, 1, sizeof block, file)) > 0) {
        cs_buffer_append(out, block, size);
    }
    assert_ok(out->status);
    assert_int_equal(fclose(file), 0);
}

/* Called for everything below a folder: a folder before what is in it, or behind that. */
typedef void visit_function(void *context, const char *name, const char *path, bool is_folder);
enum order { FOLDERS_FIRST, FOLDERS_LAST };

static void walk(const char *root, const char *below, enum order order, visit_function *visit,
                 void *context)
{
    char path[PATH_SIZE];
    join(root, below, path);
    DIR *opened = opendir(path);
    assert_non_null(opened);
    for (const struct dirent *entry; (entry = readdir(opened)) != NULL;) {
        char name[PATH_SIZE];
        struct stat found;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        int size = snprintf(name, sizeof name, "%s%s%s", below, below[0] == '\0' ? "" : "/",
                            entry->d_name);
        assert_true(size > 0 && size < (int)sizeof name);
        join(root, name, path);
        assert_int_equal(lstat(path, &found), 0);
        bool is_folder = S_ISDIR(found.st_mode);
        if (is_folder && order == FOLDERS_FIRST) {
            visit(context, name, path, true);
        }
        if (is_folder) {
            walk(root, name, order, visit, context);
        }
        if (!is_folder || order == FOLDERS_LAST) {
            visit(context, name, path, is_folder);
        }
    }
    assert_int_equal(closedir(opened), 0);
}

static void keep_one(void *context, const char *name, const char *path, bool is_folder)
{
    struct folder *folder = context;
    assert_true(folder->count < FOLDER_FILES_MAX);
    struct folder_file *file = &folder->files[folder->count++];
    int size = snprintf(file->name, sizeof file->name, "%s", name);
    assert_true(size > 0 && size < (int)sizeof file->name);
    file->is_folder = is_folder;
    if (!is_folder) {
        read_content(path, &file->content);
    }
}

void folder_keep(struct folder *out, const char *path)
{
    memset(out, 0, sizeof *out);
    walk(path, "", FOLDERS_FIRST, keep_one, out);
}

static void remove_one(void *context, const char *name, const char *path, bool is_folder)
{
    (void)context;
    (void)name;
    assert_int_equal(is_folder ? rmdir(path) : unlink(path), 0);
}

void folder_put(const struct folder *folder, const char *path)
{
    walk(path, "", FOLDERS_LAST, remove_one, NULL);
    for (size_t i = 0; i < folder->count; i++) {
        const struct folder_file *kept = &folder->files[i];
        char to[PATH_SIZE];
        join(path, kept->name, to);
        if (kept->is_folder) {
            assert_int_equal(mkdir(to, 0700), 0);
            continue;
        }
        FILE *file = fopen(to, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(kept->content.data, 1, kept->content.size, file),
                         kept->content.size);
        assert_int_equal(fclose(file), 0);
    }
}

void folder_release(struct folder *folder)
{
    for (size_t i = 0; i < folder->count; i++) {
        cs_buffer_release(&folder->files[i].content);
    }
    folder->count = 0;
}
