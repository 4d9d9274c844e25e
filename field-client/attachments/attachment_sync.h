/*
 * Files of attachments with the server (design §8): sends what it has not confirmed, fetches what is wanted.
 *
 * After a sync, in the time that is left: records go first and never wait for a file. A file that cannot be sent or fetched holds up no other
 * one; why is kept with it (cs_kept_attachment.trouble). One exchange carries one chunk, and what the server has is asked before
 * anything is sent, so that a lost connection costs at most the chunk that was on its way.
 *
 * What the server confirmed is asked about again when it is another incarnation (it may have gone back in time), and once a week (its disk
 * may have failed).
 */
#ifndef CS_ATTACHMENTS_ATTACHMENT_SYNC_H
#define CS_ATTACHMENTS_ATTACHMENT_SYNC_H

#include "field-client/attachments/attachments.h"

struct cs_attachment_sync_result {
    uint64_t sent;     /* files that the server has confirmed now, and had not before */
    uint64_t received; /* files that were fetched, whole */
    uint64_t waiting;  /* files that are still to be sent or fetched, at the end */
    uint64_t troubled; /* of them, those that something is wrong with */
    uint64_t chunks_sent;
    uint64_t chunks_received;
    uint64_t bytes_up;
    uint64_t bytes_down;
    uint64_t round_trips;
};

/* Told after every chunk. */
struct cs_attachment_progress {
    uint64_t done;     /* bytes of the present run */
    uint64_t expected; /* about, never less than `done` */
};
typedef void cs_attachment_watcher(void *context, const struct cs_attachment_progress *progress);
struct cs_attachment_watch {
    cs_attachment_watcher *tell; /* NULL: nobody watches */
    void *context;
    int64_t until_ms; /* own monotonic clock: no exchange begins after it; 0: as long as it takes */
};

/*
 * One run. CS_OK also where single files could not be sent or fetched, and where the time was over. CS_UNREACHABLE, CS_TIMEOUT, …: what was
 * confirmed before stays; CS_BUSY: the server is another one than at the last sync; CS_REVOKED.
 */
enum cs_status cs_attachment_sync_run(struct cs_replica *replica,
                                      const struct cs_attachment_watch *watch,
                                      struct cs_attachment_sync_result *out,
                                      struct cs_problem *problem) CS_MUST_USE;

#endif
