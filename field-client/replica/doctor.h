/*
 * Doctor: is this replica sound? Reads everything, changes nothing.
 *
 * Checks: the database file; digests recomputed from scratch against those kept; view = confirmed ⊕
 * pending for every overlaid row; overlay entries and pending transactions belong together; the
 * outbox chain (sequences, hashes, signatures, counters); own certificate; and the alarm of
 * log_state.h, if there is one.
 */
#ifndef CS_REPLICA_DOCTOR_H
#define CS_REPLICA_DOCTOR_H

#include "field-client/replica/replica.h"

struct cs_doctor_report {
    size_t rows_checked;
    size_t overlaid_checked;
    size_t change_sets_checked;
    size_t findings; /* 0 = sound */
};
/*
 * `text` says in one line what is wrong; valid during the call. Never content that people entered.
 */
typedef void cs_doctor_finding(void *context, const char *text);
/*
 * CS_OK also with findings; another status means that checking itself failed. `finding` may be
 * NULL.
 */
enum cs_status cs_doctor_run(struct cs_replica *replica, cs_doctor_finding *finding, void *context,
                             struct cs_doctor_report *out) CS_MUST_USE;

#endif
