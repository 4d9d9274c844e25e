/*
 * Keys of _meta that this folder and field-client/sync own; see cs_replica_meta_number in
 * replica.h.
 */
#ifndef CS_REPLICA_META_H
#define CS_REPLICA_META_H

#include "field-client/replica/replica.h"

#define CS_META_ORGANISATION "organisation" /* 32 bytes: whose replica this is */
#define CS_META_CERTIFICATE "certificate"   /* 32 bytes: whose log the outbox is */
#define CS_META_INCARNATION "incarnation"   /* 16 bytes: the server's, as last applied */
#define CS_META_POSITION "position"         /* greatest response position applied */
#define CS_META_CHECKPOINT "checkpoint"     /* note of the last one verified, log_state.h */
#define CS_META_LOG_ALARM "log_alarm"       /* text; empty or missing: none */
#define CS_META_REVOKED "revoked"           /* the server's answer that this device was revoked */
#define CS_META_REQUEST_COUNTER "request_counter"
#define CS_META_NEXT_COUNTER "next_counter" /* of the next transaction; missing = 1 */
#define CS_META_SERVER_TIME "server_time_ms"
#define CS_META_SERVER_MONOTONIC "server_monotonic_ms" /* own clock when that time was seen */
#define CS_META_SERVER_BOOT "server_boot_id"           /* 16 bytes: own boot id at that moment */
#define CS_META_CLOCK_SEEN "clock_seen_ms"             /* see clock_mark.h */
#define CS_META_RECOUNTED "recounted_at_ms"            /* when all rows were counted last */
#define CS_META_REPAIR_NOTE "repair_note"              /* see repair_note.h */
/* Not 0: the server is being recovered, nothing is repaired by digest (design §8). Set by whoever handles recovery. */
#define CS_META_RECOVERY_OPEN "recovery_open"
#define CS_META_LEFT "left_because"      /* name of the status for which the log cannot go on */
#define CS_META_REJOIN_TO "rejoin_to"    /* 32 bytes: the certificate that takes the replica over */
#define CS_META_CARRIED "rejoin_carried" /* transactions that it took over */
#define CS_META_PROOF "proof" /* the server's last answer that is short enough, as it signed it */
#define CS_META_RENEWING "renewing" /* incarnation being taken over, and where its log began */
#define CS_META_LEFT_INCARNATIONS "left_incarnations" /* 16 bytes each */
#define CS_META_WENT_BACK_AT "went_back_ms"           /* when that was last noticed */
#define CS_META_WENT_BACK_RESENT "went_back_resent"
#define CS_META_OUTBOX_REMOVED "outbox_removed" /* see cs_outbox_remove in outbox.h */
/* The root key's statement of its newest shares, where this device made it or came back with them. */
#define CS_META_ROOT_SPLIT "root_split"

/*
 * Remembers which server answered, and its time beside the own clocks, for the stamps of later
 * edits. Takes part in the transaction that is open; `incarnation` is 16 bytes.
 */
enum cs_status cs_replica_note_server(struct cs_replica *replica,
                                      const uint8_t incarnation[static 16],
                                      int64_t server_time_ms) CS_MUST_USE;

#endif
