/*
 * What the store keeps of the files of attachments, beside store.h and by its rules: the chunks as they came, in order. They are rows of
 * the database, so that a commit and a backup have them as they have everything else. What the bytes are is not known here.
 */
#ifndef CS_SERVER_STORES_BLOB_STORE_H
#define CS_SERVER_STORES_BLOB_STORE_H

#include "sync-server/stores/store.h"

struct cs_stored_blob {
    uint64_t number; /* set by cs_store_add_blob */
    uint8_t address[CS_HASH_SIZE];
    uint64_t size;        /* of the file, and of its chunks, as its address was made of them; */
    uint64_t chunk_size;  /* 0: begun by an older program, and not known */
    uint64_t log;         /* of the device that began it, and whose share of room it takes */
    uint64_t stored;      /* the first so many chunks are there */
    uint64_t bytes;       /* of them */
    struct cs_bytes list; /* of the hashes of its chunks */
};

/* List in the arena. CS_NOT_FOUND. */
enum cs_status cs_store_blob(struct cs_store *store, const uint8_t address[static CS_HASH_SIZE],
                             struct cs_arena *arena, struct cs_stored_blob *out) CS_MUST_USE;
/* How many chunks are there; 0 where nothing is known of it. */
enum cs_status cs_store_blob_stored(struct cs_store *store,
                                    const uint8_t address[static CS_HASH_SIZE],
                                    uint64_t *out) CS_MUST_USE;
/* One without chunks. CS_EXISTS. */
enum cs_status cs_store_add_blob(struct cs_store *store, struct cs_stored_blob *blob) CS_MUST_USE;
/* Its next chunk: number `blob->stored`, which is one more afterwards. */
enum cs_status cs_store_add_chunk(struct cs_store *store, struct cs_stored_blob *blob,
                                  struct cs_bytes chunk) CS_MUST_USE;
/* Chunk `index`, in the arena. CS_NOT_FOUND. */
enum cs_status cs_store_chunk(struct cs_store *store, uint64_t blob, uint64_t index,
                              struct cs_arena *arena, struct cs_bytes *out) CS_MUST_USE;
/* Every file, in the order in which they were begun. The visitor's status other than CS_OK ends it; its lists last for the call only. */
typedef enum cs_status cs_blob_visitor(void *context, const struct cs_stored_blob *blob);
enum cs_status cs_store_blobs(struct cs_store *store, cs_blob_visitor *visit,
                              void *context) CS_MUST_USE;
/* Chunks from `stored` on go, and with 0 all that is known of it. */
enum cs_status cs_store_cut_blob(struct cs_store *store, struct cs_stored_blob *blob,
                                 uint64_t stored) CS_MUST_USE;
/* What the files that a device began take, with their lists. */
enum cs_status cs_store_blob_bytes(struct cs_store *store, uint64_t log, uint64_t *out) CS_MUST_USE;

#endif
