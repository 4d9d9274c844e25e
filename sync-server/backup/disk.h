/*
 * What a backup repository needs of a disk: whole files in one folder, by name. The real one is a folder of this machine; tests make
 * their own, on which any operation can fail and power can be lost.
 *
 * What must stay true: after `replace` has answered CS_OK the content survives a loss of power; after any failure the name has either
 * its old or its new content, never a part of one.
 */
#ifndef CS_SERVER_BACKUP_DISK_H
#define CS_SERVER_BACKUP_DISK_H

#include "shared/base/world.h"

/* Called for each name, in any order. Any other status than CS_OK ends the listing and is its answer. */
typedef enum cs_status cs_backup_name_visitor(void *context, const char *name);

struct cs_backup_disk {
    void *context;
    /* A pack is closed at this size; 0: at CS_PACK_SIZE. Tests have many small ones. */
    size_t pack_size;
    /* Appends the whole file. CS_NOT_FOUND, CS_IO, CS_LIMIT (larger than the buffer's limit). */
    enum cs_status (*read)(void *context, const char *name, struct cs_buffer *out);
    /* CS_DISK_FULL, CS_IO. */
    enum cs_status (*replace)(void *context, const char *name, struct cs_bytes content);
    /* A missing file is fine. */
    enum cs_status (*remove)(void *context, const char *name);
    enum cs_status (*list)(void *context, cs_backup_name_visitor *visit, void *visit_context);
};

/* A folder of this machine; it exists. */
struct cs_backup_folder {
    const struct cs_world *world;
    const char *path;
};
/* The disk refers to `folder`. */
void cs_backup_folder_disk(struct cs_backup_folder *folder, struct cs_backup_disk *out);

#endif
