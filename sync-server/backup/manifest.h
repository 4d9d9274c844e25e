/*
 * The record of one backup: what it is of, and the roots of its files' trees (FORMAT.md, "Manifest").
 *
 * Pure: bytes in, bytes out. Encrypted and authenticated by repository.c.
 */
#ifndef CS_SERVER_BACKUP_MANIFEST_H
#define CS_SERVER_BACKUP_MANIFEST_H

#include "sync-server/backup/block_map.h"

#define CS_BACKUP_FILES_MAX 4
#define CS_BACKUP_NAME_MAX 32
#define CS_MANIFEST_MAX ((size_t)1024)

/* What a backup says of the server it is of. */
struct cs_backup_facts {
    int64_t made_ms;
    uint8_t incarnation[16];
    uint8_t organisation[CS_HASH_SIZE]; /* zeroes: nobody has joined yet */
    uint64_t position;
    uint64_t leaves; /* of the evidence log */
    uint8_t log_root[CS_HASH_SIZE];
};

struct cs_backup_file {
    char name[CS_BACKUP_NAME_MAX]; /* lower case, '-' and '.' */
    uint64_t size;
    struct cs_block_id root; /* zeroes for an empty file */
};

struct cs_manifest {
    uint64_t sequence;              /* from 1 */
    uint8_t previous[CS_HASH_SIZE]; /* id of the backup before; zeroes: there is none */
    uint64_t
        last_pack; /* greatest number of a pack when it was made: later ones are of a backup that was interrupted, or of pruning */
    struct cs_backup_facts facts;
    size_t file_count;
    struct cs_backup_file files[CS_BACKUP_FILES_MAX];
    uint8_t id[CS_HASH_SIZE]; /* hash of all of the above; set by encode and decode */
};

/* Appends, and sets the id. */
enum cs_status cs_manifest_encode(struct cs_manifest *manifest, struct cs_buffer *out) CS_MUST_USE;
/* CS_MALFORMED, CS_UNSUPPORTED (of a newer program). */
enum cs_status cs_manifest_decode(struct cs_bytes bytes, struct cs_manifest *out) CS_MUST_USE;
/* NULL: no such file. */
const struct cs_backup_file *cs_manifest_file(const struct cs_manifest *manifest, const char *name);

#endif
