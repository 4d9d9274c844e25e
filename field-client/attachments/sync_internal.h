/* Inside of this folder: one run of attachment_sync.h. */
#ifndef CS_ATTACHMENTS_SYNC_INTERNAL_H
#define CS_ATTACHMENTS_SYNC_INTERNAL_H

#include "field-client/attachments/attachment_sync.h"
#include "field-client/attachments/attachments_internal.h"
#include "shared/wire/attachment_message.h"

struct cs_attachment_run {
    struct cs_replica *replica;
    const struct cs_attachment_watch *watch;
    struct cs_attachment_sync_result *result;
    struct cs_attachment_progress progress;
    uint8_t incarnation[16];
    struct cs_buffer chunk; /* the one that is sent or was fetched */
    bool full;              /* the server takes no more of this device */
    struct cs_problem *problem;
};

/* What came of one exchange. Views into the arena that was given. */
struct cs_attachment_answer {
    enum cs_status
        refusal; /* the server's own failure about this file; CS_OK: `response` is there */
    struct cs_attachment_response response;
};
/*
 * Fills in the incarnation. A refusal that concerns one file is CS_OK with `refusal`; every other failure ends the run: of the network, of this
 * machine, or the server's about this device.
 */
enum cs_status cs_attachment_exchange(struct cs_attachment_run *run,
                                      struct cs_attachment_request *request, struct cs_arena *arena,
                                      struct cs_attachment_answer *out) CS_MUST_USE;
/* Is the time over? */
bool cs_attachment_run_is_over(const struct cs_attachment_run *run);
void cs_attachment_run_tell(struct cs_attachment_run *run, uint64_t bytes);
/* The row of a file that is known here, as long as it is in view and names this file. CS_NOT_FOUND. */
enum cs_status cs_attachment_run_row(struct cs_attachment_run *run,
                                     const struct cs_kept_attachment *kept,
                                     struct cs_attachment_row *out) CS_MUST_USE;
/* Why it could not be sent or fetched, kept. */
enum cs_status cs_attachment_run_trouble(struct cs_attachment_run *run,
                                         struct cs_kept_attachment *kept,
                                         enum cs_status trouble) CS_MUST_USE;
/* The server has all of it, as it said with this answer. */
enum cs_status cs_attachment_run_confirmed(struct cs_attachment_run *run,
                                           struct cs_kept_attachment *kept,
                                           uint64_t position) CS_MUST_USE;

enum cs_status cs_attachment_send_all(struct cs_attachment_run *run) CS_MUST_USE;
enum cs_status cs_attachment_fetch_all(struct cs_attachment_run *run) CS_MUST_USE;

#endif
