/*
 * The other end of bundle_desk.h in a running `serve`: a thread that takes one command after the other at DIR/control.
 *
 * Only the folder's own user, or root, is answered. What is handed in is checked like everything from outside: the socket is a way, not a right.
 *
 * Frames both ways: u32 size ‖ that many bytes, at most CS_BUNDLE_FRAME_MAX. A request is a letter and its content, each is answered by one frame:
 *   'N'                      organisation(32) ‖ identity(32)
 *   'T' part                 as cs_bundle_taken_write has it
 *   'X' certificate(32)      text: status name, text for people
 *   'P'                      u8: 1 and the next part, 0 when there is none, or 2 and the name of the status why it could not be made
 * A failure of 'N', or a request that is none, ends the connection.
 */
#ifndef CS_SERVER_COMMANDS_BUNDLE_SERVICE_H
#define CS_SERVER_COMMANDS_BUNDLE_SERVICE_H

#include "shared/base/limits.h"
#include "sync-server/handlers/bundle.h"

#define CS_BUNDLE_SOCKET "control"
#define CS_BUNDLE_FRAME_MAX (CS_RESPONSE_MAX + 64 * CS_KIBI)
/* Neither side waits longer for the other than this. */
#define CS_BUNDLE_WAIT_SECONDS 60

/* How an answer to 'P' begins. */
#define CS_BUNDLE_PART_NONE 0
#define CS_BUNDLE_PART_NEXT 1
#define CS_BUNDLE_PART_FAILED 2

struct cs_bundle_service; /* opaque */

/* Begins to take commands for this server. The caller holds the folder's lock. */
enum cs_status cs_bundle_service_start(struct cs_server *server, const char *folder,
                                       struct cs_bundle_service **out,
                                       struct cs_problem *problem) CS_MUST_USE;
/* Returns when nothing of it runs any more. NULL is accepted. */
void cs_bundle_service_stop(struct cs_bundle_service *owned_service);

/* ---- for both ends ---- */

/* A connected or a listening socket; *out is to be closed. CS_NOT_FOUND: nobody listens. */
enum cs_status cs_bundle_socket(const char *folder, bool listens, int *out) CS_MUST_USE;
/* CS_UNREACHABLE: the other one is gone, too slow, or busy with another caller. */
enum cs_status cs_bundle_frame_send(int socket, struct cs_bytes frame) CS_MUST_USE;
enum cs_status cs_bundle_frame_receive(int socket, struct cs_buffer *out) CS_MUST_USE;
/* A prefixed name of a status. CS_MALFORMED: it is none. */
enum cs_status cs_bundle_status_read(struct cs_reader *reader) CS_MUST_USE;
/* `status`: of the call itself. */
void cs_bundle_taken_write(enum cs_status status, const struct cs_bundle_taken *taken,
                           struct cs_buffer *out);
/* The status of the call, or CS_MALFORMED. */
enum cs_status cs_bundle_taken_read(struct cs_bytes frame, struct cs_arena *arena,
                                    struct cs_bundle_taken *out) CS_MUST_USE;

#endif
