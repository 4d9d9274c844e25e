/* What doctor.c and doctor_outbox.c share. */
#ifndef CS_REPLICA_DOCTOR_INTERNAL_H
#define CS_REPLICA_DOCTOR_INTERNAL_H

#include "field-client/replica/doctor.h"
#include "field-client/replica/overlay.h"

struct cs_doctor {
    struct cs_replica *replica;
    cs_doctor_finding *finding;
    void *context;
    struct cs_doctor_report report;
    struct cs_pending_cache cache;
};

void cs_doctor_report_finding(struct cs_doctor *doctor, const char *format, ...) CS_PRINTF(2, 3);
/* Sequences, hashes, signatures, counters, owner and body of every change-set. */
enum cs_status cs_doctor_check_outbox(struct cs_doctor *doctor) CS_MUST_USE;

#endif
