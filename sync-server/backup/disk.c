/* A folder as a repository's disk, see disk.h. */
#include "sync-server/backup/disk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_MAX_SIZE 4096

static enum cs_status path_of(const struct cs_backup_folder *folder, const char *name,
                              char out[static PATH_MAX_SIZE])
{
    int length = snprintf(out, PATH_MAX_SIZE, "%s/%s", folder->path, name);
    return length > 0 && length < PATH_MAX_SIZE ? CS_OK : CS_INVALID;
}

static enum cs_status folder_read(void *context, const char *name, struct cs_buffer *out)
{
    const struct cs_backup_folder *folder = context;
    char path[PATH_MAX_SIZE];
    enum cs_status status = path_of(folder, name, path);
    return status == CS_OK ? folder->world->file_read(folder->world->context, path, out) : status;
}

static enum cs_status folder_replace(void *context, const char *name, struct cs_bytes content)
{
    const struct cs_backup_folder *folder = context;
    char path[PATH_MAX_SIZE];
    enum cs_status status = path_of(folder, name, path);
    return status == CS_OK ? folder->world->file_replace(folder->world->context, path, content)
                           : status;
}

static enum cs_status folder_remove(void *context, const char *name)
{
    const struct cs_backup_folder *folder = context;
    char path[PATH_MAX_SIZE];
    enum cs_status status = path_of(folder, name, path);
    if (status != CS_OK) {
        return status;
    }
    return unlink(path) == 0 || errno == ENOENT ? CS_OK : CS_IO;
}

static enum cs_status folder_list(void *context, cs_backup_name_visitor *visit, void *visit_context)
{
    const struct cs_backup_folder *folder = context;
    DIR *entries = opendir(folder->path);
    if (entries == NULL) {
        return errno == ENOENT ? CS_NOT_FOUND : CS_IO;
    }
    enum cs_status status = CS_OK;
    const struct dirent *entry;
    while (status == CS_OK && (entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] != '.') {
            status = visit(visit_context, entry->d_name);
        }
    }
    (void)closedir(entries);
    return status;
}

void cs_backup_folder_disk(struct cs_backup_folder *folder, struct cs_backup_disk *out)
{
    *out = (struct cs_backup_disk){
        .context = folder,
        .read = folder_read,
        .replace = folder_replace,
        .remove = folder_remove,
        .list = folder_list,
    };
}
