/* A world for tests, see fake_world.h. */
#include "tests/support/fake_world.h"

#include <string.h>

uint64_t fake_world_next(struct fake_world *fake)
{
    uint64_t z = (fake->random_state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int64_t wall_ms(void *context)
{
    return ((struct fake_world *)context)->wall_ms;
}

static int64_t monotonic_ms(void *context)
{
    return ((struct fake_world *)context)->monotonic_ms;
}

static int offset_minutes(void *context)
{
    return ((struct fake_world *)context)->offset_minutes;
}

static void boot_id(void *context, uint8_t out[static 16])
{
    memcpy(out, ((struct fake_world *)context)->boot_id, 16);
}

static void random_bytes(void *context, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)fake_world_next(context);
    }
}

static struct fake_file *find(struct fake_world *fake, const char *path)
{
    for (size_t i = 0; i < fake->file_count; i++) {
        if (strcmp(fake->files[i].path, path) == 0) {
            return &fake->files[i];
        }
    }
    return NULL;
}

/* One plan for the process, as that of faulty_vfs.c. */
static struct {
    long count;
    long successes;
    enum cs_status status;
} plan;

void fake_files_fail(long successes, enum cs_status status)
{
    plan.count = 0;
    plan.successes = successes;
    plan.status = status;
}

long fake_files_count(void)
{
    return plan.count;
}

static enum cs_status take_failure(struct fake_world *fake)
{
    if (plan.count++ == plan.successes && plan.status != CS_OK) {
        return plan.status;
    }
    enum cs_status status = fake->fail_file;
    fake->fail_file = CS_OK;
    return status;
}

static enum cs_status file_read(void *context, const char *path, struct cs_buffer *out)
{
    struct fake_world *fake = context;
    enum cs_status status = take_failure(fake);
    if (status != CS_OK) {
        return status;
    }
    const struct fake_file *file = find(fake, path);
    if (file == NULL) {
        return CS_NOT_FOUND;
    }
    cs_buffer_append_bytes(out, cs_buffer_bytes(&file->content));
    return out->status;
}

static enum cs_status file_replace(void *context, const char *path, struct cs_bytes content)
{
    struct fake_world *fake = context;
    enum cs_status status = take_failure(fake);
    if (status != CS_OK) {
        return status;
    }
    /* Atomic, as the real one: what is there stays when there is no memory for the new. */
    struct cs_buffer made;
    cs_buffer_init(&made, SIZE_MAX / 2);
    cs_buffer_append_bytes(&made, content);
    if (made.status != CS_OK) {
        status = made.status;
        cs_buffer_release(&made);
        return status;
    }
    struct fake_file *file = find(fake, path);
    if (file == NULL) {
        cs_require(fake->file_count < FAKE_FILES_MAX && strlen(path) < sizeof file->path);
        file = &fake->files[fake->file_count++];
        memcpy(file->path, path, strlen(path) + 1);
    } else {
        cs_buffer_release(&file->content);
    }
    file->content = made;
    return CS_OK;
}

/* ---- files by pieces: on this machine's disk, where the test has its folder ---- */

/* May the next piece be handled? */
static enum cs_status take_piece(struct fake_world *fake)
{
    if (fake->fail_piece == CS_OK || fake->pieces_left-- > 0) {
        return CS_OK;
    }
    enum cs_status status = fake->fail_piece;
    fake->fail_piece = CS_OK;
    return status;
}

static enum cs_status file_size(void *context, const char *path, uint64_t *out)
{
    struct fake_world *fake = context;
    enum cs_status status = take_piece(fake);
    return status != CS_OK ? status : fake->pieces.file_size(NULL, path, out);
}

static enum cs_status file_read_at(void *context, const char *path, uint64_t offset, size_t size,
                                   struct cs_buffer *out)
{
    struct fake_world *fake = context;
    enum cs_status status = take_piece(fake);
    return status != CS_OK ? status : fake->pieces.file_read_at(NULL, path, offset, size, out);
}

static enum cs_status file_write_at(void *context, const char *path, uint64_t offset,
                                    struct cs_bytes content)
{
    struct fake_world *fake = context;
    enum cs_status status = take_piece(fake);
    return status != CS_OK ? status : fake->pieces.file_write_at(NULL, path, offset, content);
}

static enum cs_status file_settle(void *context, const char *path, const char *name)
{
    struct fake_world *fake = context;
    enum cs_status status = take_piece(fake);
    return status != CS_OK ? status : fake->pieces.file_settle(NULL, path, name);
}

static enum cs_status file_remove(void *context, const char *path)
{
    struct fake_world *fake = context;
    enum cs_status status = take_piece(fake);
    return status != CS_OK ? status : fake->pieces.file_remove(NULL, path);
}

static enum cs_status folder_make(void *context, const char *path)
{
    struct fake_world *fake = context;
    enum cs_status status = take_piece(fake);
    return status != CS_OK ? status : fake->pieces.folder_make(NULL, path);
}

void fake_world_init(struct fake_world *fake, uint64_t seed)
{
    *fake =
        (struct fake_world){.wall_ms = 1772413200000, .offset_minutes = 480, .random_state = seed};
    fake->world = (struct cs_world){
        .context = fake,
        .wall_ms = wall_ms,
        .offset_minutes = offset_minutes,
        .monotonic_ms = monotonic_ms,
        .boot_id = boot_id,
        .random = random_bytes,
        .file_read = file_read,
        .file_replace = file_replace,
        .file_size = file_size,
        .file_read_at = file_read_at,
        .file_write_at = file_write_at,
        .file_settle = file_settle,
        .file_remove = file_remove,
        .folder_make = folder_make,
    };
    cs_world_system_pieces(&fake->pieces);
}

void fake_world_release(struct fake_world *fake)
{
    for (size_t i = 0; i < fake->file_count; i++) {
        cs_buffer_release(&fake->files[i].content);
    }
    fake->file_count = 0;
}

void fake_world_advance(struct fake_world *fake, int64_t ms)
{
    fake->wall_ms += ms;
    fake->monotonic_ms += ms;
}
