/* Where files of attachments stand and how they are read, see attachments_internal.h. */
#include "field-client/attachments/attachments_internal.h"

#include "shared/base/limits.h"

#include <stdio.h>
#include <string.h>

#define META_ADDING "attachments.adding"

int64_t cs_attachment_now(const struct cs_replica *replica)
{
    const struct cs_world *world = cs_replica_world(replica);
    return world->wall_ms(world->context);
}

static enum cs_status finished(int length)
{
    return length < 0 || (size_t)length >= CS_ATTACHMENT_PATH_MAX ? CS_INVALID : CS_OK;
}

enum cs_status cs_attachment_own_path(const struct cs_replica *replica, const char *name,
                                      char out[static CS_ATTACHMENT_PATH_MAX])
{
    return finished(
        snprintf(out, CS_ATTACHMENT_PATH_MAX, "%s/attachments/%s", cs_replica_home(replica), name));
}

enum cs_status cs_attachment_path(const struct cs_replica *replica,
                                  const uint8_t address[static CS_HASH_SIZE],
                                  enum cs_attachment_place_kind kind,
                                  char out[static CS_ATTACHMENT_PATH_MAX])
{
    char name[2 * CS_HASH_SIZE + 1];
    for (size_t i = 0; i < CS_HASH_SIZE; i++) {
        (void)snprintf(name + 2 * i, 3, "%02x", address[i]);
    }
    return finished(snprintf(out, CS_ATTACHMENT_PATH_MAX, "%s/attachments/%.2s/%s%s",
                             cs_replica_home(replica), name, name,
                             kind == CS_ATTACHMENT_PART ? ".part" : ""));
}

enum cs_status cs_attachment_make_folders(const struct cs_replica *replica,
                                          const uint8_t address[static CS_HASH_SIZE])
{
    const struct cs_world *world = cs_replica_world(replica);
    char path[CS_ATTACHMENT_PATH_MAX];
    char name[3];
    (void)snprintf(name, sizeof name, "%02x", address[0]);
    enum cs_status status = cs_attachment_own_path(replica, "", path);
    if (status == CS_OK) {
        status = world->folder_make(world->context, path);
    }
    if (status == CS_OK) {
        status = cs_attachment_own_path(replica, name, path);
    }
    return status != CS_OK ? status : world->folder_make(world->context, path);
}

/* ---- what was being added ---- */

enum cs_status cs_attachment_note_added(struct cs_replica *replica,
                                        const uint8_t address[static CS_HASH_SIZE])
{
    return cs_replica_meta_set_bytes(replica, META_ADDING, cs_bytes_make(address, CS_HASH_SIZE));
}

/* The file is on the disk under a name of its own, and its row is recorded: it gets its place. */
static enum cs_status settle(struct cs_replica *replica, const uint8_t address[static CS_HASH_SIZE])
{
    const struct cs_world *world = cs_replica_world(replica);
    char from[CS_ATTACHMENT_PATH_MAX];
    char to[CS_ATTACHMENT_PATH_MAX];
    enum cs_status status = cs_attachment_own_path(replica, CS_ATTACHMENT_ADDING, from);
    if (status == CS_OK) {
        status = cs_attachment_path(replica, address, CS_ATTACHMENT_WHOLE, to);
    }
    if (status == CS_OK) {
        status = cs_attachment_make_folders(replica, address);
    }
    if (status == CS_OK) {
        status = world->file_settle(world->context, from, to);
    }
    /* It has its place already. */
    return status == CS_NOT_FOUND ? CS_OK : status;
}

enum cs_status cs_attachment_settle_added(struct cs_replica *replica)
{
    struct cs_buffer address;
    cs_buffer_init(&address, CS_HASH_SIZE);
    enum cs_status status = cs_replica_meta_bytes(replica, META_ADDING, &address);
    if (status == CS_OK && address.size == CS_HASH_SIZE) {
        status = settle(replica, address.data);
        if (status == CS_OK) {
            status = cs_replica_meta_set_bytes(replica, META_ADDING, CS_BYTES_NONE);
        }
    }
    cs_buffer_release(&address);
    return status;
}

/* ---- reading ---- */

/* A file that is not there, or is too short, is as damaged as one with other bytes. */
static enum cs_status read_exactly(const struct cs_attachment_file *file, uint64_t offset,
                                   size_t size, struct cs_buffer *out)
{
    enum cs_status status =
        file->world->file_read_at(file->world->context, file->path, offset, size, out);
    if (status == CS_NOT_FOUND || (status == CS_OK && out->size != size)) {
        return CS_CORRUPT;
    }
    return status;
}

static enum cs_status as_damage(enum cs_status status)
{
    return status == CS_FORGED || status == CS_MALFORMED ? CS_CORRUPT : status;
}

enum cs_status cs_attachment_file_open(const struct cs_replica *replica,
                                       const struct cs_attachment_row *row,
                                       enum cs_attachment_place_kind kind,
                                       struct cs_attachment_file *out)
{
    *out = (struct cs_attachment_file){.world = cs_replica_world(replica), .form = row->form};
    cs_buffer_init(&out->list, CS_ATTACHMENT_CHUNKS_MAX * CS_HASH_SIZE);
    enum cs_status status = cs_attachment_path(replica, row->address, kind, out->path);
    if (status == CS_OK) {
        status = read_exactly(out, 0, cs_attachment_list_size(&row->form), &out->list);
    }
    if (status == CS_OK) {
        status = as_damage(
            cs_attachment_list_check(&row->form, row->address, cs_buffer_bytes(&out->list)));
    }
    return status;
}

enum cs_status cs_attachment_file_read(const struct cs_attachment_file *file, size_t index,
                                       struct cs_buffer *out)
{
    cs_buffer_clear(out);
    enum cs_status status = read_exactly(file, cs_attachment_chunk_offset(&file->form, index),
                                         cs_attachment_chunk_size(&file->form, index), out);
    return status != CS_OK
               ? status
               : as_damage(cs_attachment_chunk_check(&file->form, cs_buffer_bytes(&file->list),
                                                     index, cs_buffer_bytes(out)));
}

void cs_attachment_file_release(struct cs_attachment_file *file)
{
    cs_buffer_release(&file->list);
}
