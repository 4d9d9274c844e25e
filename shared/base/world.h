/*
 * The world seam: everything outside that the cores may touch.
 *
 * Cores take a `const struct cs_world *` and nothing else reaches clocks, randomness, files or the network. The
 * real one is made by cs_world_system (system_world.c); tests make their own (tests/support). No globals.
 */
#ifndef CS_BASE_WORLD_H
#define CS_BASE_WORLD_H

#include "shared/base/bytes.h"

#include <stdint.h>

/* Where a server is, and the TLS key it must show. */
struct cs_peer {
    const char *address;      /* "host:port" */
    uint8_t tls_key_hash[32]; /* SHA-256 of the SubjectPublicKeyInfo (RFC 7469 §2.4) */
};

struct cs_world {
    void *context; /* handed to every function below but exchange */

    /* Wall clock, milliseconds since 1970 UTC; may jump and may be wrong. */
    int64_t (*wall_ms)(void *context);
    /* Minutes that local time is ahead of UTC. */
    int (*offset_minutes)(void *context);
    /* Milliseconds that never go back while the machine is up. */
    int64_t (*monotonic_ms)(void *context);
    /* Changes at every start of the machine. */
    void (*boot_id)(void *context, uint8_t out[static 16]);

    /* Unpredictable bytes; never fails (the process ends if the system has none). */
    void (*random)(void *context, uint8_t *out, size_t size);

    /* Whole file appended to `out`; CS_NOT_FOUND, CS_IO, CS_LIMIT (larger than the buffer's limit). */
    enum cs_status (*file_read)(void *context, const char *path, struct cs_buffer *out);
    /* Replaces atomically and durably with mode 0600: temporary file, fsync, rename, fsync of the folder. By nothing: what
     * was there is overwritten. */
    enum cs_status (*file_replace)(void *context, const char *path, struct cs_bytes content);
    /*
     * Files by pieces, for what is too large for one buffer. Nothing is durable before `file_settle`.
     */
    /* CS_NOT_FOUND, CS_IO. */
    enum cs_status (*file_size)(void *context, const char *path, uint64_t *out);
    /* Appends `size` bytes from `offset` on, or as many as there are. CS_NOT_FOUND, CS_IO. */
    enum cs_status (*file_read_at)(void *context, const char *path, uint64_t offset, size_t size,
                                   struct cs_buffer *out);
    /* Writes over what is there and makes the file longer; one that is not there is made, mode 0600. CS_NOT_FOUND (folder), CS_DISK_FULL, CS_IO. */
    enum cs_status (*file_write_at)(void *context, const char *path, uint64_t offset,
                                    struct cs_bytes content);
    /* All that was written to `path` reaches the disk, and then it has the name `name`, durably. Within one file system. */
    enum cs_status (*file_settle)(void *context, const char *path, const char *name);
    /* A file that is not there is CS_OK. */
    enum cs_status (*file_remove)(void *context, const char *path);
    /* Mode 0700; one that is there is CS_OK. */
    enum cs_status (*folder_make)(void *context, const char *path);
    /* Name of the SQLite VFS that databases open with; NULL = SQLite's default. */
    const char *sqlite_vfs;

    /*
     * Sends one request to the server and appends the whole response: bytes in, bytes out. NULL in the server's world.
     * Called as world->exchange(world->exchange_context, ...): the transport is another object than the system.
     * CS_UNREACHABLE, CS_TIMEOUT, CS_TLS, CS_WRONG_SERVER, CS_UNAVAILABLE, CS_LIMIT, CS_MALFORMED, CS_INVALID (the
     * address). On failure `response` is as before. `problem` may be NULL.
     */
    void *exchange_context;
    enum cs_status (*exchange)(void *exchange_context, const struct cs_peer *peer,
                               struct cs_bytes request, struct cs_buffer *response,
                               struct cs_problem *problem);
};

/* Fills `out` with the operating system's clock, randomness and files; exchange is NULL and set by the transport. */
void cs_world_system(struct cs_world *out);
/* Only what handles files by pieces; it uses no context. */
void cs_world_system_pieces(struct cs_world *out);

#endif
