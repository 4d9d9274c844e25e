/* What a sync response shows of the evidence log: checkpoint and proofs (PROTOCOL.md, chapter "Sync"). */
#ifndef CS_SERVER_HANDLERS_LOG_ANSWER_H
#define CS_SERVER_HANDLERS_LOG_ANSWER_H

#include "sync-server/handlers/server_internal.h"

/*
 * Fills checkpoint, consistency and proofs of a response whose rows have been read from this snapshot, and leaves out the
 * server's statement where the device knows it. A request of format 1 is answered without any of it.
 * A row whose leaf is missing gets no proof: the device will say so.
 */
enum cs_status cs_log_answer(struct cs_server *server, struct cs_server_request *request,
                             struct cs_store *reader,
                             struct cs_sync_response *response) CS_MUST_USE;
/* What a device has verified: the log of this incarnation (the server's), of this size. */
struct cs_log_growth {
    uint8_t incarnation[16];
    uint64_t size;
};
/* Fills only checkpoint and consistency, for other answers than a sync's; *out_size is the log's. */
enum cs_status cs_log_answer_growth(struct cs_server *server, struct cs_server_request *request,
                                    struct cs_store *reader, const struct cs_log_growth *known,
                                    struct cs_sync_response *out, uint64_t *out_size) CS_MUST_USE;
/* Bytes that the proofs of one row of this entity add to a page, about. */
size_t cs_log_answer_size(const struct cs_entity *entity);

#endif
