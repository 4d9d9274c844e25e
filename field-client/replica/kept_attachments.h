/*
 * What this laptop knows of the files of attachments: which are here, which the server has, which are wanted. The files themselves
 * stand in HOME/attachments (field-client/attachments); rows of entity `attachment` say what they are.
 *
 * A file is known by its address, so that a row that was refused and corrected finds it again. Files that were never here and that nobody
 * wanted have no entry.
 */
#ifndef CS_REPLICA_KEPT_ATTACHMENTS_H
#define CS_REPLICA_KEPT_ATTACHMENTS_H

#include "field-client/replica/replica.h"
#include "shared/base/memory.h"
#include "shared/crypto/hash.h"

struct cs_kept_attachment {
    uint8_t address[CS_HASH_SIZE];
    struct cs_id row;
    uint64_t bytes; /* on disk, when it is here whole */
    bool held;      /* here, whole */
    bool wanted;    /* to be fetched */
    /* All of it is on the server's disk, as the server said at this position of it and at this time of the own clock. */
    bool confirmed;
    uint64_t confirmed_position;
    int64_t asked_ms;
    int64_t used_ms;        /* made, fetched or opened last */
    enum cs_status trouble; /* why it could not be sent or fetched last; CS_OK: no reason */
};

/* CS_NOT_FOUND. */
enum cs_status cs_kept_attachment_get(struct cs_replica *replica,
                                      const uint8_t address[static CS_HASH_SIZE],
                                      struct cs_kept_attachment *out) CS_MUST_USE;
/* Inserts or replaces. Needs no transaction of the caller but takes part in one that is open. */
enum cs_status cs_kept_attachment_put(struct cs_replica *replica,
                                      const struct cs_kept_attachment *kept) CS_MUST_USE;

enum cs_kept_attachment_list {
    CS_KEPT_TO_SEND,   /* held and not confirmed */
    CS_KEPT_WANTED,    /* wanted and not held */
    CS_KEPT_REMOVABLE, /* held and confirmed; those used longest ago first */
};
/* At most `limit`, behind `after` in order of address (not of REMOVABLE); NULL: from the first. In the arena. */
enum cs_status cs_kept_attachments(struct cs_replica *replica, enum cs_kept_attachment_list list,
                                   const uint8_t *after, size_t limit, struct cs_arena *arena,
                                   struct cs_kept_attachment **out, size_t *out_count) CS_MUST_USE;

struct cs_kept_attachment_sums {
    uint64_t held;
    uint64_t held_bytes;
    uint64_t to_send;
    uint64_t to_send_bytes;
    uint64_t wanted;
};
enum cs_status cs_kept_attachment_sum(struct cs_replica *replica,
                                      struct cs_kept_attachment_sums *out) CS_MUST_USE;
/* The server is asked again for what it confirmed before this time of the own clock; INT64_MAX: for all. */
enum cs_status cs_kept_attachments_ask_again(struct cs_replica *replica,
                                             int64_t before_ms) CS_MUST_USE;

#endif
