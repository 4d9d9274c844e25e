/* The files of a world on a machine that may lose power, see power.h: those that are replaced whole, and those by pieces. */
#include "tests/faults/power.h"

#include <stdio.h>
#include <string.h>

/* Replacing whole files is the test's own, in memory: the first world that was attached tells how. */
static struct cs_world pieces;
static enum cs_status (*real_read)(void *context, const char *path, struct cs_buffer *out);
static enum cs_status (*real_replace)(void *context, const char *path, struct cs_bytes content);

static bool is_out(const char *path)
{
    return power_is_out(path);
}

static enum cs_status file_read(void *context, const char *path, struct cs_buffer *out)
{
    return is_out(path) ? CS_IO : real_read(context, path, out);
}

/* Written, synced, renamed: power fails before it is there, or after. */
static enum cs_status file_replace(void *context, const char *path, struct cs_bytes content)
{
    const struct power_file *file = power_file(path);
    for (int half = 0; file != NULL && half < 2; half++) {
        enum cs_status status = CS_OK;
        enum power_taken taken = power_take(file, true);
        if (half == 1 && taken != POWER_IS_OUT) {
            status = real_replace(context, path, content);
        }
        if (taken != POWER_GOES_ON || status != CS_OK) {
            return status == CS_OK ? CS_IO : status;
        }
    }
    return file == NULL ? real_replace(context, path, content) : CS_OK;
}

static enum cs_status file_size(void *context, const char *path, uint64_t *out)
{
    (void)context;
    return is_out(path) ? CS_IO : pieces.file_size(NULL, path, out);
}

static enum cs_status file_read_at(void *context, const char *path, uint64_t offset, size_t size,
                                   struct cs_buffer *out)
{
    (void)context;
    return is_out(path) ? CS_IO : pieces.file_read_at(NULL, path, offset, size, out);
}

static enum cs_status file_write_at(void *context, const char *path, uint64_t offset,
                                    struct cs_bytes content)
{
    (void)context;
    struct power_file *file = power_file(path);
    enum power_taken taken = file == NULL ? POWER_GOES_ON : power_take(file, false);
    if (taken == POWER_IS_OUT) {
        return CS_IO;
    }
    enum cs_status status = pieces.file_write_at(NULL, path, offset, content);
    if (file != NULL && status == CS_OK) {
        power_note_made(file);
        power_note_write(file, offset, content.size);
    }
    return status == CS_OK && taken == POWER_FAILS_NOW ? CS_IO : status;
}

/* Its content reaches the disk, then its name: power fails before the first, between them, or after. */
static enum cs_status file_settle(void *context, const char *path, const char *name)
{
    (void)context;
    struct power_file *from = power_file(path);
    struct power_file *to = power_file(name);
    uint64_t size;
    if (from == NULL || to == NULL) {
        return pieces.file_settle(NULL, path, name);
    }
    enum cs_status status = pieces.file_size(NULL, path, &size);
    if (status != CS_OK) {
        return power_file_is_out(from) ? CS_IO : status;
    }
    if (power_take(from, true) != POWER_GOES_ON) {
        return CS_IO;
    }
    power_note_synced(from);
    if (power_take(from, true) != POWER_GOES_ON) {
        return CS_IO;
    }
    cs_require(rename(path, name) == 0);
    power_note_renamed(from, to);
    return power_take(from, true) == POWER_GOES_ON ? CS_OK : CS_IO;
}

static enum cs_status file_remove(void *context, const char *path)
{
    (void)context;
    struct power_file *file = power_file(path);
    uint64_t size;
    if (file == NULL) {
        return pieces.file_remove(NULL, path);
    }
    if (!power_file_is_out(file) && pieces.file_size(NULL, path, &size) == CS_NOT_FOUND) {
        return CS_OK;
    }
    enum power_taken taken = power_take(file, true);
    if (taken == POWER_IS_OUT) {
        return CS_IO;
    }
    enum cs_status status = pieces.file_remove(NULL, path);
    if (status == CS_OK) {
        power_note_removed(file, false);
    }
    return taken == POWER_FAILS_NOW ? CS_IO : status;
}

static enum cs_status folder_make(void *context, const char *path)
{
    (void)context;
    return is_out(path) ? CS_IO : pieces.folder_make(NULL, path);
}

void power_attach(struct cs_world *world)
{
    world->sqlite_vfs = POWER_VFS_NAME;
    if (world->file_replace == file_replace) {
        return;
    }
    cs_world_system_pieces(&pieces);
    real_read = world->file_read;
    real_replace = world->file_replace;
    world->file_read = file_read;
    world->file_replace = file_replace;
    world->file_size = file_size;
    world->file_read_at = file_read_at;
    world->file_write_at = file_write_at;
    world->file_settle = file_settle;
    world->file_remove = file_remove;
    world->folder_make = folder_make;
}
