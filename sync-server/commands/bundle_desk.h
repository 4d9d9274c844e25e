/*
 * Where bundles are handed in and out: the server of a folder, whether it is running or not.
 *
 * One process writes a folder. So beside a running `serve` a command hands parts to it through DIR/control, a socket that only the folder's user can open
 * (bundle_service.h); when nobody serves, it takes the folder's lock and does the same itself. Whoever types the command need not know which.
 */
#ifndef CS_SERVER_COMMANDS_BUNDLE_DESK_H
#define CS_SERVER_COMMANDS_BUNDLE_DESK_H

#include "sync-server/commands/command.h"
#include "sync-server/handlers/bundle.h"

struct cs_bundle_desk; /* opaque */

/* CS_BUSY: somebody else works on the folder and is no `serve` that takes bundles. */
enum cs_status cs_bundle_desk_open(struct cs_admin *admin, const char *folder,
                                   struct cs_bundle_desk **out) CS_MUST_USE;
/* NULL is accepted. */
void cs_bundle_desk_close(struct cs_bundle_desk *owned_desk);

/* As the functions of bundle.h. CS_UNREACHABLE: the server ended meanwhile. */
enum cs_status cs_bundle_desk_names(struct cs_bundle_desk *desk,
                                    uint8_t out_organisation[static CS_HASH_SIZE],
                                    uint8_t out_identity[static CS_HASH_SIZE]) CS_MUST_USE;
enum cs_status cs_bundle_desk_take(struct cs_bundle_desk *desk, struct cs_bytes part,
                                   struct cs_arena *arena, struct cs_bundle_taken *out) CS_MUST_USE;
/* Ends an export that was begun before. */
enum cs_status cs_bundle_desk_export(struct cs_bundle_desk *desk,
                                     const uint8_t certificate[static CS_HASH_SIZE],
                                     struct cs_problem *problem) CS_MUST_USE;
enum cs_status cs_bundle_desk_next(struct cs_bundle_desk *desk, struct cs_buffer *out,
                                   bool *out_more) CS_MUST_USE;

#endif
