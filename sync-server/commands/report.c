/* A verification told to people, see report.h. */
#include "sync-server/commands/report.h"

#include "shared/base/text.h"

#define FINDINGS_LISTED_MAX 1000

static void on_finding(void *context, const char *text)
{
    struct cs_report *report = context;
    if (report->listed < FINDINGS_LISTED_MAX) {
        report->listed++;
        cs_json_append(report->findings, cs_admin_json_text(text));
    }
}

static void on_progress(void *context, const char *what, uint64_t done)
{
    const struct cs_report *report = context;
    cs_admin_note(report->admin, "%llu %s checked", (unsigned long long)done, what);
}

enum cs_status cs_report_run(struct cs_report *report, struct cs_admin *admin,
                             struct cs_store *store)
{
    *report = (struct cs_report){
        .admin = admin,
        .verification = {.context = report, .finding = on_finding, .progress = on_progress},
        .findings = cs_json_array(),
    };
    enum cs_status status =
        report->findings == NULL ? CS_NO_MEMORY : cs_verification_run(&report->verification, store);
    if (status == CS_OK && report->verification.findings > 0) {
        admin->exit_code = CS_ADMIN_FAILED;
    }
    return status;
}

void cs_report_release(struct cs_report *report)
{
    cs_json_destroy(report->findings);
    report->findings = NULL;
}

void cs_report_json(struct cs_report *report, struct cs_json *object)
{
    const struct cs_verification *sums = &report->verification;
    cs_json_set(object, "devices", cs_json_integer((int64_t)sums->devices));
    cs_json_set(object, "change_sets", cs_json_integer((int64_t)sums->change_sets));
    cs_json_set(object, "transactions", cs_json_integer((int64_t)sums->transactions));
    cs_json_set(object, "rows", cs_json_integer((int64_t)sums->rows));
    cs_json_set(object, "scopes", cs_json_integer((int64_t)sums->scopes));
    cs_json_set(object, "files", cs_json_integer((int64_t)sums->files));
    cs_json_set(object, "chunks", cs_json_integer((int64_t)sums->chunks));
    char root[2 * CS_HASH_SIZE + 1];
    cs_hex_encode(cs_bytes_of_array(sums->log_root), root);
    cs_json_set(object, "leaves", cs_json_integer((int64_t)sums->leaves));
    cs_json_set(object, "log_root", cs_admin_json_text(root));
    cs_json_set(object, "finding_count", cs_json_integer((int64_t)sums->findings));
    cs_json_set(object, "findings", report->findings);
    report->findings = NULL;
}

void cs_report_text(struct cs_report *report)
{
    const struct cs_verification *sums = &report->verification;
    for (size_t i = 0; i < cs_json_count(report->findings); i++) {
        struct cs_bytes text;
        if (cs_json_get_text(cs_json_at(report->findings, i), &text)) {
            cs_admin_print_padded(report->admin, text, 0);
            cs_admin_print(report->admin, "\n");
        }
    }
    if (sums->findings > report->listed) {
        cs_admin_print(report->admin, "… and %llu more\n",
                       (unsigned long long)(sums->findings - report->listed));
    }
    cs_admin_print(report->admin,
                   "checked: %llu devices, %llu change-sets, %llu transactions, %llu rows, "
                   "%llu scopes, %llu leaves of the evidence log, %llu files in %llu chunks; %llu "
                   "findings\n",
                   (unsigned long long)sums->devices, (unsigned long long)sums->change_sets,
                   (unsigned long long)sums->transactions, (unsigned long long)sums->rows,
                   (unsigned long long)sums->scopes, (unsigned long long)sums->leaves,
                   (unsigned long long)sums->files, (unsigned long long)sums->chunks,
                   (unsigned long long)sums->findings);
}
