/*
 * Bundles on the server (shared/wire/BUNDLE.md): taking what a device has made, and making what is for one. Bytes in, bytes out; whoever calls has
 * the files (sync-server/commands).
 *
 * What must stay true: a bundle is idempotent and may come in any order, before or after whatever overtook it. It counts among the requests of its
 * device as far as it is the newest one, so that a copy of the device is found by it, and never makes anything else look like a copy.
 */
#ifndef CS_SERVER_HANDLERS_BUNDLE_H
#define CS_SERVER_HANDLERS_BUNDLE_H

#include "sync-server/handlers/server.h"

/* What became of one part. Texts are in the caller's arena. */
struct cs_bundle_taken {
    enum cs_status
        status; /* CS_OK: taken, or there already; otherwise why not, and `text` says it */
    struct cs_bytes text;
    uint8_t certificate[CS_HASH_SIZE];
    struct cs_bytes person_name;
    struct cs_bytes device_name;
    uint64_t change_sets;  /* in this part … */
    uint64_t taken;        /* … and of them those that were new */
    uint64_t transactions; /* of all of them, as they stand now: */
    uint64_t refused;
    uint64_t held;
};

/*
 * Takes one part of a bundle: opened, committed to disk, told. Any thread. CS_MALFORMED, CS_FORGED, CS_WRONG_SERVER, CS_UNKNOWN_DEVICE, …: it is not
 * what a device of this organisation made for this server, and nothing was taken.
 */
enum cs_status cs_server_take_bundle_part(struct cs_server *server, struct cs_bytes part,
                                          struct cs_arena *arena,
                                          struct cs_bundle_taken *out) CS_MUST_USE;

struct cs_bundle_export; /* opaque: one bundle for one device, read from one snapshot */

/* CS_NOT_FOUND: no such device; CS_UNSUPPORTED: it has never brought a bundle. Borrows the server until the end. Any thread. */
enum cs_status cs_server_export_begin(struct cs_server *server,
                                      const uint8_t certificate[static CS_HASH_SIZE],
                                      struct cs_bundle_export **out,
                                      struct cs_problem *problem) CS_MUST_USE;
/* Appends the next part to `out`, which should take CS_BUNDLE_PART_MAX; *out_more false: there was none left, and nothing was appended. */
enum cs_status cs_server_export_next(struct cs_bundle_export *bundle, struct cs_buffer *out,
                                     bool *out_more) CS_MUST_USE;
/* NULL is accepted. */
void cs_server_export_end(struct cs_bundle_export *owned_bundle);

/* For the header of a bundle: the organisation (zero before the first device has joined), and this server's identity. */
enum cs_status cs_server_bundle_names(struct cs_server *server,
                                      uint8_t out_organisation[static CS_HASH_SIZE],
                                      uint8_t out_identity[static CS_HASH_SIZE]) CS_MUST_USE;

#endif
