/* Exceptions about replicas that differed, see differences.h. */
#include "sync-server/reconcile/differences.h"

#include "shared/base/text.h"
#include "sync-server/reconcile/computed.h"
#include "sync-server/reconcile/directory.h"
#include "sync-server/reconcile/exceptions.h"
#include "sync-server/reconcile/finish.h"

/* With the time, so that what is reported after somebody accepted it is news again. */
static enum cs_status describe(const struct cs_push_clock *clock,
                               const struct cs_compare_report *report, struct cs_arena *arena,
                               struct cs_value *out)
{
    char at[CS_TIME_TEXT_MAX];
    cs_instant_format(cs_instant_make(clock->now_ms, 0), at);
    unsigned long long rows = report->rows;
    unsigned long long departed = report->departed;
    switch (report->outcome) {
    case CS_COMPARE_REPAIRED:
        return cs_computed_text(arena, out,
                                "%s: rows of this device that were missing or otherwise: %llu, too "
                                "many: %llu; it was put right and is equal again",
                                at, rows, departed);
    case CS_COMPARE_SUMS_MENDED:
        return cs_computed_text(
            arena, out,
            "%s: sums on this device that were wrong: %llu; its rows were not, and "
            "the sums were put right",
            at, (unsigned long long)report->sums);
    case CS_COMPARE_SERVER_SUM:
        return cs_computed_text(
            arena, out,
            "%s: this device and the server hold the same rows, but the server's "
            "stored sums said otherwise; they were counted anew",
            at);
    case CS_COMPARE_UNREPAIRED:
        break;
    }
    return cs_computed_text(arena, out,
                            "%s: this device differs from the server and could not be put right "
                            "(rows that were: %llu, taken away: %llu)",
                            at, rows, departed);
}

enum cs_status cs_difference_report(struct cs_store *store, const struct cs_push_clock *clock,
                                    const struct cs_device *device,
                                    const struct cs_compare_report *report, struct cs_arena *arena)
{
    struct cs_reconcile reconcile = {
        .store = store, .registry = cs_store_registry(store), .arena = arena, .clock = clock};
    struct cs_working_row *row = NULL;
    struct cs_id id;
    cs_directory_row_id(device->certificate, &id);
    struct cs_finding finding = {
        .kind = report->outcome == CS_COMPARE_SERVER_SUM ? "server_sums_wrong" : "replica_differed",
        .holds = true};
    enum cs_status status = cs_store_position(store, &reconcile.position);
    if (status == CS_OK) {
        status = cs_working_set_init(&reconcile.set, store, arena, 1);
    }
    if (status == CS_OK) {
        status = cs_working_set_get(&reconcile.set, cs_bytes_of_text("device"), &id, &row);
    }
    if (status == CS_OK) {
        finding.subject = &row->now.row;
        status = describe(clock, report, arena, &finding.detail);
    }
    if (status == CS_OK) {
        status = cs_exception_set(&reconcile, &finding);
    }
    return status != CS_OK ? status : cs_reconcile_finish(&reconcile);
}
