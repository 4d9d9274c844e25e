/* Doctor: rows, digests and overlay; see doctor.h. The outbox is checked in doctor_outbox.c. */
#include "field-client/replica/doctor.h"

#include "field-client/replica/confirmed.h"
#include "field-client/replica/doctor_internal.h"
#include "field-client/replica/log_state.h"
#include "field-client/replica/query.h"
#include "field-client/replica/replica_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void cs_doctor_report_finding(struct cs_doctor *doctor, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    doctor->report.findings++;
    if (doctor->finding != NULL) {
        doctor->finding(doctor->context, text);
    }
}

/* What recounting gives, beside what is kept. */
struct recount {
    struct cs_doctor *doctor;
    struct cs_multiset *digests; /* one per scope */
    size_t scope_count;
    const struct cs_scope_state *scopes;
};

static enum cs_status recount_row(struct recount *recount, const struct cs_stored_row *row)
{
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_stored_row_hash(row, hash);
    struct cs_reader reader;
    bool held = false;
    cs_reader_init(&reader, row->scopes);
    while (status == CS_OK && reader.rest.size > 0) {
        uint64_t number = cs_read_varint(&reader);
        if (reader.status != CS_OK || number == 0 || number > recount->scope_count) {
            cs_doctor_report_finding(recount->doctor, "a row of %.*s names a scope that is unknown",
                                     (int)row->name.size, (const char *)row->name.data);
            return CS_OK;
        }
        held = held || recount->scopes[number - 1].subscribed;
        cs_multiset_add(&recount->digests[number - 1], hash);
    }
    if (status == CS_OK && !held) {
        cs_doctor_report_finding(recount->doctor, "a row of %.*s is in no scope of this replica",
                                 (int)row->name.size, (const char *)row->name.data);
    }
    recount->doctor->report.rows_checked++;
    return status;
}

static enum cs_status recount_view(void *context, const struct cs_stored_row *row)
{
    struct recount *recount = context;
    struct cs_replica *replica = recount->doctor->replica;
    bool overlaid = false;
    enum cs_status status = cs_overlay_exists(replica, row->name, &row->id, &overlaid);
    return status != CS_OK || overlaid ? status : recount_row(recount, row);
}

static enum cs_status recount_covered(void *context, struct cs_bytes entity, struct cs_bytes key)
{
    struct recount *recount = context;
    struct cs_id id;
    if (!cs_id_from_bytes(key, &id)) {
        return CS_CORRUPT;
    }
    struct cs_replica *replica = recount->doctor->replica;
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    bool overlaid = false;
    enum cs_status status = cs_covered_load(replica, entity, &id, &arena, &row);
    if (status == CS_OK) {
        status = cs_overlay_exists(replica, entity, &id, &overlaid);
    }
    if (status == CS_OK && !overlaid) {
        cs_doctor_report_finding(recount->doctor,
                                 "a covered row of %.*s has no unsent edit over it",
                                 (int)entity.size, (const char *)entity.data);
    }
    if (status == CS_OK && row.exists) {
        status = recount_row(recount, &row);
    }
    cs_arena_release(&arena);
    return status;
}

/* Damage is a finding: the checks go on with what is left. */
static enum cs_status note_unreadable(struct cs_doctor *doctor, enum cs_status status,
                                      const char *finding)
{
    if (status != CS_CORRUPT) {
        return status;
    }
    cs_doctor_report_finding(doctor, "%s", finding);
    return CS_OK;
}

static enum cs_status check_digests(struct cs_doctor *doctor)
{
    struct cs_applier applier;
    struct recount recount = {.doctor = doctor};
    enum cs_status status = cs_applier_init(&applier, doctor->replica);
    if (status == CS_OK) {
        recount.scope_count = applier.scope_count;
        recount.scopes = applier.scopes;
        recount.digests = cs_alloc_zero(applier.scope_count, sizeof *recount.digests);
        status = recount.digests == NULL ? CS_NO_MEMORY : CS_OK;
    }
    if (status == CS_OK) {
        status = cs_row_scan_all(doctor->replica->tables, recount_view, &recount);
        status = note_unreadable(doctor, status, "a row cannot be read");
    }
    if (status == CS_OK) {
        status = cs_covered_each(doctor->replica, recount_covered, &recount);
        status = note_unreadable(doctor, status, "a row under an unsent edit cannot be read");
    }
    for (size_t i = 0; status == CS_OK && i < applier.scope_count; i++) {
        if (memcmp(&recount.digests[i], &applier.scopes[i].digest, sizeof *recount.digests) != 0) {
            cs_doctor_report_finding(doctor, "the digest of scope %zu does not match its rows",
                                     i + 1);
        }
    }
    cs_free(recount.digests);
    cs_applier_release(&applier);
    return status;
}

/* Same row in content: all that an image holds but the scopes, which only confirmed state has. */
static enum cs_status same_content(const struct cs_stored_row *a, const struct cs_stored_row *b,
                                   bool *out)
{
    uint8_t hash_a[CS_HASH_SIZE];
    uint8_t hash_b[CS_HASH_SIZE];
    enum cs_status status = cs_stored_row_hash(a, hash_a);
    if (status == CS_OK) {
        status = cs_stored_row_hash(b, hash_b);
    }
    if (status == CS_OK) {
        *out = memcmp(hash_a, hash_b, sizeof hash_a) == 0;
    }
    return status;
}

static enum cs_status check_overlaid(void *context, struct cs_bytes entity, struct cs_bytes key)
{
    struct cs_doctor *doctor = context;
    struct cs_id id;
    if (!cs_id_from_bytes(key, &id)) {
        return CS_CORRUPT;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row expected;
    struct cs_stored_row view;
    bool same = true;
    enum cs_status status =
        cs_overlay_expected(doctor->replica, &doctor->cache, entity, &id, &arena, &expected);
    if (status == CS_CORRUPT) {
        cs_doctor_report_finding(doctor, "an unsent edit of %.*s is missing or damaged",
                                 (int)entity.size, (const char *)entity.data);
        status = CS_OK;
    } else if (status == CS_OK && expected.exists) {
        status = cs_row_load(doctor->replica->tables, entity, &id, &arena, &view);
        same = status == CS_OK && view.exists;
        if (same) {
            status = same_content(&expected, &view, &same);
        }
    }
    if (status == CS_OK && !same) {
        cs_doctor_report_finding(doctor,
                                 "a row of %.*s is not its confirmed state with the unsent edits",
                                 (int)entity.size, (const char *)entity.data);
    }
    doctor->report.overlaid_checked++;
    cs_arena_release(&arena);
    return status;
}

/* Every transaction that is on the view touches a row, and refused ones touch none. */
static enum cs_status check_pending(struct cs_doctor *doctor)
{
    struct cs_statement *statement;
    enum cs_status status = cs_statement_get(
        doctor->replica->database,
        "SELECT counter FROM _pending AS p WHERE (state <> ?1) <> "
        "EXISTS (SELECT 1 FROM (SELECT DISTINCT counter AS c FROM _overlay) WHERE c = p.counter) "
        "UNION SELECT counter FROM _overlay WHERE counter NOT IN (SELECT counter FROM _pending)",
        &statement);
    if (status != CS_OK) {
        return status;
    }
    cs_bind_integer(statement, 1, CS_PENDING_REFUSED);
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        cs_doctor_report_finding(doctor, "unsent transaction %lld and the overlay disagree",
                                 (long long)cs_column_integer(statement, 0));
    }
    cs_statement_done(statement);
    return status;
}

static enum cs_status check_file(struct cs_doctor *doctor)
{
    struct cs_problem problem = {""};
    enum cs_status status = cs_database_check(doctor->replica->database, &problem);
    if (status == CS_CORRUPT) {
        cs_doctor_report_finding(doctor, "the database file is damaged: %.200s", problem.text);
        status = CS_OK;
    }
    return status;
}

/* What a sync found wrong with the server's history is said until a sync finds it right. */
static enum cs_status check_history(struct cs_doctor *doctor)
{
    struct cs_buffer alarm;
    cs_buffer_init(&alarm, CS_PROBLEM_TEXT_MAX);
    enum cs_status status = cs_log_alarm(doctor->replica, &alarm);
    if (status == CS_OK && alarm.size > 0) {
        cs_doctor_report_finding(doctor, "the server's history: %.*s", (int)alarm.size,
                                 (const char *)alarm.data);
    }
    cs_buffer_release(&alarm);
    return status;
}

enum cs_status cs_doctor_run(struct cs_replica *replica, cs_doctor_finding *finding, void *context,
                             struct cs_doctor_report *out)
{
    struct cs_doctor doctor = {.replica = replica, .finding = finding, .context = context};
    cs_pending_cache_init(&doctor.cache);
    enum cs_status status = check_file(&doctor);
    if (status == CS_OK) {
        status = check_digests(&doctor);
    }
    if (status == CS_OK) {
        status = cs_overlay_each(replica, check_overlaid, &doctor);
    }
    if (status == CS_OK) {
        status = check_pending(&doctor);
    }
    if (status == CS_OK) {
        status = cs_doctor_check_outbox(&doctor);
    }
    if (status == CS_OK) {
        status = check_history(&doctor);
    }
    cs_pending_cache_release(&doctor.cache);
    if (status == CS_OK) {
        *out = doctor.report;
    }
    return status;
}
