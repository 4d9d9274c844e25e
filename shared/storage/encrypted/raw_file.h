/*
 * The bytes of a database's files as they lie on the disk, through the VFS that a world names. Inside this folder: keyed.c, where no
 * database has the file open.
 */
#ifndef CS_ENCRYPTED_RAW_FILE_H
#define CS_ENCRYPTED_RAW_FILE_H

#include "shared/base/world.h"

struct cs_raw_file; /* opaque: open, and nobody else's while it is locked */

enum cs_raw_open {
    CS_RAW_EXISTING, /* CS_NOT_FOUND if there is none */
    CS_RAW_MAKE,     /* mode 0600 where it is a file of this machine */
};

/* `path` is copied. CS_NOT_FOUND, CS_NO_MEMORY, CS_IO. */
enum cs_status cs_raw_open(const struct cs_world *world, const char *path, enum cs_raw_open mode,
                           struct cs_raw_file **out) CS_MUST_USE;
/* NULL is accepted; takes the lock away. */
void cs_raw_close(struct cs_raw_file *file);
/* As a connection locks it that owns a replica. CS_BUSY. */
enum cs_status cs_raw_lock(struct cs_raw_file *file) CS_MUST_USE;
enum cs_status cs_raw_size(struct cs_raw_file *file, uint64_t *out) CS_MUST_USE;
/* What lies behind the end reads as zeroes. */
enum cs_status cs_raw_read(struct cs_raw_file *file, uint64_t offset, uint8_t *out,
                           size_t size) CS_MUST_USE;
enum cs_status cs_raw_write(struct cs_raw_file *file, uint64_t offset, const uint8_t *data,
                            size_t size) CS_MUST_USE;
enum cs_status cs_raw_sync(struct cs_raw_file *file) CS_MUST_USE;
enum cs_status cs_raw_cut(struct cs_raw_file *file, uint64_t size) CS_MUST_USE;
/* Zeroes over all of it, on disk. */
enum cs_status cs_raw_overwrite(struct cs_raw_file *file) CS_MUST_USE;

/* Takes a file away, durably; that there is none is CS_OK. */
enum cs_status cs_raw_remove(const struct cs_world *world, const char *path) CS_MUST_USE;
/* Overwrites it, and then takes it away. */
enum cs_status cs_raw_destroy(const struct cs_world *world, const char *path) CS_MUST_USE;

#endif
