/* Does the evidence log that a bundle shows go on from what this replica has verified, wherever that is by now? For bundle_import.c. */
#ifndef CS_SYNC_BUNDLE_GROWTH_H
#define CS_SYNC_BUNDLE_GROWTH_H

#include "field-client/sync/bundle_internal.h"

/*
 * A page proves that the log goes on from what the server knew of this device when it made the bundle. Meanwhile the device may have verified more: then the
 * leaves in between, which the bundle carries, have to give that too. Judges the first page as cs_evidence_check, *out is the log that holds after it.
 * CS_GAP: the bundle does not reach back to what this replica has, or forth.
 */
enum cs_status cs_bundle_check_growth(struct cs_replica *replica, const struct cs_log_state *known,
                                      const struct cs_bundle_answer *answer,
                                      const struct cs_sync_response *page, struct cs_log_state *out,
                                      struct cs_problem *problem) CS_MUST_USE;

#endif
