/* Opening a repository, and files out of it; see backup_place.h. */
#include "sync-server/commands/backup_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum cs_status load_key(struct cs_backup_place *place, struct cs_admin *admin,
                               const char *key_file, const char *server, bool may_make)
{
    char path[CS_FOLDER_PATH_MAX];
    const struct cs_key_file_kind *kind = &cs_key_file_backup;
    enum cs_status status = cs_key_file_path(kind, key_file, server, path, &admin->problem);
    if (status != CS_OK) {
        return status;
    }
    status = cs_key_file_load(kind, admin, path, &place->key);
    if (status == CS_NOT_FOUND && may_make) {
        admin->problem.text[0] = '\0';
        status = cs_key_file_make(kind, admin, path);
        if (status == CS_OK) {
            memcpy(place->made_key, path, sizeof place->made_key);
            status = cs_key_file_load(kind, admin, path, &place->key);
        }
    }
    return status;
}

static enum cs_status open_folder(struct cs_backup_place *place, struct cs_admin *admin,
                                  enum cs_backup_use use)
{
    enum cs_status status = CS_OK;
    if (use == CS_BACKUP_PRODUCE) {
        status = cs_folder_make(place->path, &place->made_folder, &admin->problem);
    }
    if (status == CS_OK && access(place->path, F_OK) != 0) {
        return cs_problem_set(&admin->problem, CS_NOT_FOUND, "the folder %s does not exist",
                              place->path);
    }
    if (status == CS_OK && use != CS_BACKUP_READ) {
        status = cs_folder_lock(place->path, &place->lock, &admin->problem);
    }
    return status;
}

/* The repository's own words, after the name of its folder. */
static enum cs_status in_folder(const struct cs_backup_place *place, struct cs_admin *admin,
                                enum cs_status status, const struct cs_problem *found)
{
    return status == CS_OK
               ? CS_OK
               : cs_problem_set(&admin->problem, status, "%.200s: %s", place->path,
                                found->text[0] != '\0' ? found->text : cs_status_text(status));
}

enum cs_status cs_backup_place_open(struct cs_backup_place *place, struct cs_admin *admin,
                                    const char *path, const char *key_file, const char *server,
                                    enum cs_backup_use use)
{
    const struct cs_world *world = admin->around.world;
    struct cs_backup_disk disk;
    bool exists = false;
    *place = (struct cs_backup_place){
        .path = path, .lock = -1, .folder = {.world = world, .path = path}};
    cs_backup_folder_disk(&place->folder, &disk);
    enum cs_status status = open_folder(place, admin, use);
    if (status == CS_OK) {
        status = cs_repository_exists(&disk, &exists);
    }
    if (status == CS_OK) {
        status = load_key(place, admin, key_file, server, use == CS_BACKUP_PRODUCE && !exists);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_problem found = {""};
    struct cs_bytes key = cs_secret_bytes(place->key);
    if (!exists && use == CS_BACKUP_PRODUCE) {
        status = cs_repository_create(&disk, world, key, &found);
    }
    if (status == CS_OK) {
        status = cs_repository_open(&disk, world, key, &place->repository, &found);
    }
    return in_folder(place, admin, status, &found);
}

void cs_backup_place_close(struct cs_backup_place *place)
{
    cs_repository_close(place->repository);
    cs_secret_destroy(place->key);
    cs_folder_unlock(place->lock);
    place->repository = NULL;
    place->key = NULL;
    place->lock = -1;
}

/* ---- files out of it ---- */

static enum cs_status status_of(int error)
{
    return error == ENOSPC || error == EDQUOT ? CS_DISK_FULL : error == EEXIST ? CS_EXISTS : CS_IO;
}

static enum cs_status write_part(void *context, uint64_t offset, struct cs_bytes part)
{
    int file = *(int *)context;
    while (part.size > 0) {
        ssize_t count = pwrite(file, part.data, part.size, (off_t)offset);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count < 0 ? status_of(errno) : CS_IO;
        }
        part = cs_bytes_make(part.data + count, part.size - (size_t)count);
        offset += (uint64_t)count;
    }
    return CS_OK;
}

enum cs_status cs_backup_take_out(struct cs_backup_place *place, struct cs_admin *admin,
                                  const struct cs_manifest *manifest, const char *name,
                                  const char *folder, const char *as)
{
    char path[CS_FOLDER_PATH_MAX];
    struct cs_problem found = {""};
    enum cs_status status = cs_folder_path(folder, as, path, &admin->problem);
    if (status != CS_OK) {
        return status;
    }
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        int error = errno;
        return cs_problem_set(&admin->problem, status_of(error), "%s cannot be made: %s", path,
                              strerror(error));
    }
    status = cs_repository_restore(place->repository, manifest, name, write_part, &file, &found);
    if (status == CS_OK && fsync(file) != 0) {
        status = status_of(errno);
    }
    if (close(file) != 0 && status == CS_OK) {
        status = CS_IO;
    }
    if (status == CS_OK) {
        return cs_folder_sync(folder);
    }
    (void)unlink(path);
    return status == CS_DISK_FULL || (status == CS_IO && found.text[0] == '\0')
               ? cs_problem_set(&admin->problem, status, "%s cannot be written: %s", path,
                                cs_status_text(status))
               : in_folder(place, admin, status, &found);
}

static enum cs_status append_part(void *context, uint64_t offset, struct cs_bytes part)
{
    struct cs_buffer *buffer = context;
    if (offset > buffer->size || part.size > buffer->size - offset) {
        return CS_CORRUPT;
    }
    memcpy(buffer->data + offset, part.data, part.size);
    return CS_OK;
}

enum cs_status cs_backup_devices(struct cs_backup_place *place, struct cs_admin *admin,
                                 const struct cs_manifest *manifest, struct cs_arena *arena,
                                 struct cs_horizon_entry **out, size_t *out_count)
{
    struct cs_problem found = {""};
    struct cs_buffer bytes;
    const struct cs_backup_file *file = cs_manifest_file(manifest, CS_BACKUP_DEVICES);
    cs_buffer_init(&bytes, CS_HORIZON_ENTRIES_MAX);
    if (file != NULL && file->size <= CS_HORIZON_ENTRIES_MAX) {
        (void)cs_buffer_extend(&bytes, (size_t)file->size);
    }
    enum cs_status status = bytes.status;
    if (status == CS_OK) {
        status = cs_repository_restore(place->repository, manifest, CS_BACKUP_DEVICES, append_part,
                                       &bytes, &found);
    }
    if (status == CS_OK) {
        status = cs_horizon_entries_decode(cs_buffer_bytes(&bytes), arena, out, out_count);
    }
    cs_buffer_release(&bytes);
    return in_folder(place, admin, status, &found);
}

enum cs_status cs_backup_list_devices(struct cs_store *store, struct cs_arena *arena,
                                      struct cs_horizon_entry **out, size_t *out_count)
{
    struct cs_device *devices = NULL;
    size_t count = 0;
    enum cs_status status = cs_store_devices(store, arena, &devices, &count);
    struct cs_horizon_entry *entries =
        status == CS_OK ? cs_arena_take_array(arena, count, sizeof *entries) : NULL;
    if (entries == NULL) {
        return status == CS_OK ? CS_NO_MEMORY : status;
    }
    for (size_t i = 0; i < count; i++) {
        entries[i] = (struct cs_horizon_entry){devices[i].log, devices[i].sequence};
    }
    *out = entries;
    *out_count = count;
    return CS_OK;
}
