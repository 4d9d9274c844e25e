/*
 * A SQLite VFS that encrypts and authenticates what it stores; format and argument in FORMAT.md.
 *
 * For databases opened as CS_DATABASE_REPLICA through a world whose sqlite_vfs is this one's name. A database that was changed from
 * outside is CS_CORRUPT: at open, or at the read that meets the change. One thread at a time, one connection per file.
 */
#ifndef CS_ENCRYPTED_VFS_H
#define CS_ENCRYPTED_VFS_H

#include "shared/base/world.h"

#define CS_ENCRYPTED_KEY_SIZE 32

struct cs_encrypted_vfs; /* opaque; registered with SQLite from create to destroy */

/*
 * Registers a VFS over the one that `world` names. `file_key` (32 bytes) is copied into secret memory; it and `epoch` must be those that
 * a file was made with (keys.h). The world is borrowed: nonces come from its randomness. CS_NO_MEMORY; CS_NOT_FOUND: no such
 * VFS below; CS_IO: it cannot be registered.
 */
enum cs_status cs_encrypted_vfs_create(const struct cs_world *world, struct cs_bytes file_key,
                                       uint32_t epoch, struct cs_encrypted_vfs **out) CS_MUST_USE;
/* Every database opened through it must be closed. NULL is accepted. */
void cs_encrypted_vfs_destroy(struct cs_encrypted_vfs *vfs);
/* For cs_world.sqlite_vfs. Borrowed. */
const char *cs_encrypted_vfs_name(const struct cs_encrypted_vfs *vfs);
/* Makes it the default VFS of the process: for running the tests of SQLite itself over it. */
void cs_encrypted_vfs_make_default(struct cs_encrypted_vfs *vfs);

#endif
