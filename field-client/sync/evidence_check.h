/*
 * What a client verifies of the server's evidence log before anything of a page is staged or applied
 * (design §4, shared/evidence/LOG.md): the signature of the checkpoint, that the log only grows, that
 * rows of evidence, certificates of devices and the own newest change-set stand in it, and that what
 * other devices were shown is the same log. Called by session_receive.c for every page.
 *
 * Fork consistency, no more: a server that shows two devices two histories is found out as soon as
 * a record of one reaches the other, or two people compare the digits.
 */
#ifndef CS_SYNC_EVIDENCE_CHECK_H
#define CS_SYNC_EVIDENCE_CHECK_H

#include "field-client/replica/log_state.h"
#include "shared/wire/messages.h"

/* The size for a request to this incarnation: of the last checkpoint, 0 if it is of another. */
uint64_t cs_evidence_known_size(const struct cs_log_state *known,
                                const uint8_t incarnation[static CS_INCARNATION_SIZE]);
/* The beginning of that checkpoint's root, CS_LOG_MARK_SIZE bytes, borrowed from `known`; empty where the size is 0. */
struct cs_bytes cs_evidence_known_mark(const struct cs_log_state *known,
                                       const uint8_t incarnation[static CS_INCARNATION_SIZE]);
/*
 * Judges the page against the last checkpoint; *out is the one that holds after it. In another
 * incarnation than before (whether that is acceptable is decided elsewhere) it starts anew.
 * CS_OTHER_HISTORY: a proof is missing or does not prove it; CS_ROLLED_BACK: the log or its position
 * went back; CS_FORGED: not signed by the server; CS_UNSUPPORTED, CS_MALFORMED: no checkpoint shown.
 */
enum cs_status cs_evidence_check(struct cs_replica *replica, const struct cs_log_state *known,
                                 const struct cs_sync_response *page, struct cs_log_state *out,
                                 struct cs_problem *problem) CS_MUST_USE;

#endif
