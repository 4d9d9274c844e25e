/* A verification told to people: progress on standard error, findings in the answer. For verify, backup and restore. */
#ifndef CS_SERVER_COMMANDS_REPORT_H
#define CS_SERVER_COMMANDS_REPORT_H

#include "sync-server/commands/command.h"
#include "sync-server/commands/verification.h"

struct cs_report {
    struct cs_admin *admin;
    struct cs_verification verification;
    struct cs_json *findings; /* the first 1,000 */
    uint64_t listed;
};

/* Verifies the store; sets the exit code to CS_ADMIN_FAILED if anything was found. Release in any case. */
enum cs_status cs_report_run(struct cs_report *report, struct cs_admin *admin,
                             struct cs_store *store) CS_MUST_USE;
void cs_report_release(struct cs_report *report);
/* Numbers and findings into the answer's object; takes the findings. */
void cs_report_json(struct cs_report *report, struct cs_json *object);
/* The same as lines on standard output. */
void cs_report_text(struct cs_report *report);

#endif
