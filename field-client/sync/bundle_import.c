/* Applying bundles that the server made, see bundle.h. */
#include "field-client/replica/outbox.h"
#include "field-client/replica/rejoin.h"
#include "field-client/replica/revocation.h"
#include "field-client/sync/bundle_growth.h"
#include "field-client/sync/bundle_internal.h"
#include "field-client/sync/evidence_check.h"
#include "field-client/sync/session_internal.h"
#include "field-client/sync/vault_news.h"
#include "shared/base/text.h"
#include "shared/wire/bundle.h"

#include <string.h>

#define NEEDS_NEW_BUNDLE                                                                           \
    "make a new bundle on this laptop, import it at the server, and export again there"

struct importing {
    struct cs_replica *replica;
    struct cs_bundle_reader *reader;
    struct cs_bundle_imported *out;
    struct cs_sync_result result;
    struct cs_bundle_place place;
    struct cs_arena place_arena;
    struct cs_log_state log; /* after the pages so far */
    bool overlaps;           /* this laptop has moved on since the bundle that this one answers */
    /* Of the first part: those that follow must be of the same bundle and state. */
    uint8_t bundle[16];
    uint8_t incarnation[16];
    uint64_t position;
    uint64_t number; /* parts opened */
    bool last;
};

/* One part while it is looked at. */
struct part {
    struct cs_arena arena;
    struct cs_buffer sealed;
    struct cs_buffer plain;
    struct cs_bundle_answer answer;
    struct cs_sync_response page; /* where answer.kind is SYNC */
};

static void part_init(struct part *part)
{
    *part = (struct part){.answer.number = 0};
    cs_arena_init(&part->arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&part->sealed, CS_BUNDLE_PART_MAX);
    cs_buffer_init(&part->plain, CS_BUNDLE_PART_MAX);
}

static void part_release(struct part *part)
{
    cs_buffer_release(&part->sealed);
    cs_buffer_release(&part->plain);
    cs_arena_release(&part->arena);
}

/* ---- parts ---- */

/* For this device, signed by its server: what is signed names the certificate. */
static enum cs_status open_part(struct importing *importing, struct part *part,
                                struct cs_problem *problem)
{
    const struct cs_identity *identity = cs_replica_identity(importing->replica);
    enum cs_message_kind kind;
    struct cs_bytes body;
    enum cs_status status =
        cs_response_open(cs_buffer_bytes(&part->sealed), cs_identity_seal_key(identity),
                         cs_identity_server(identity), cs_identity_certificate_id(identity),
                         &part->plain, &kind, &body);
    if (status == CS_OK && kind != CS_MESSAGE_BUNDLE) {
        status = CS_MALFORMED;
    }
    if (status == CS_OK) {
        status = cs_bundle_answer_decode(body, &part->arena, &part->answer);
    }
    if (status == CS_OK && part->answer.kind == CS_MESSAGE_SYNC) {
        status = cs_sync_response_decode(part->answer.body, &part->arena, &part->page);
    }
    return status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL
               ? status
               : cs_problem_set(problem, status, "this bundle is not acceptable: %s",
                                cs_status_text(status));
}

/* All parts are of one export, whole and in order: a header is no proof of that. */
static enum cs_status check_order(struct importing *importing, const struct part *part,
                                  struct cs_problem *problem)
{
    const struct cs_bundle_answer *answer = &part->answer;
    bool first = importing->number == 0;
    bool fits = answer->number == importing->number + 1 &&
                answer->last == (importing->reader->next == importing->reader->header.part_count);
    if (!first) {
        fits = fits && answer->kind == CS_MESSAGE_SYNC &&
               memcmp(answer->bundle, importing->bundle, sizeof importing->bundle) == 0 &&
               memcmp(part->page.incarnation, importing->incarnation,
                      sizeof importing->incarnation) == 0 &&
               part->page.position == importing->position;
    }
    if (answer->kind == CS_MESSAGE_SYNC) {
        fits = fits && part->page.last == answer->last;
    }
    if (!fits) {
        return cs_problem_set(problem, CS_FORGED,
                              "the parts of this bundle are not those of one export");
    }
    importing->number++;
    importing->last = answer->last;
    memcpy(importing->bundle, answer->bundle, sizeof importing->bundle);
    memcpy(importing->incarnation, part->page.incarnation, sizeof importing->incarnation);
    importing->position = part->page.position;
    return CS_OK;
}

static enum cs_status next_part(struct importing *importing, struct part *part,
                                struct cs_problem *problem)
{
    bool more = false;
    enum cs_status status = cs_bundle_reader_next(importing->reader, &part->sealed, &more);
    if (status == CS_OK && !more) {
        status = CS_CORRUPT;
    }
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "the bundle changed while it was read: %s",
                              cs_status_text(status));
    }
    status = open_part(importing, part, problem);
    return status != CS_OK ? status : check_order(importing, part, problem);
}

/* ---- does it fit? ---- */

static uint64_t position_in(const struct cs_scope_cursor *cursors, size_t count,
                            const struct cs_scope_name *name)
{
    for (size_t i = 0; i < count; i++) {
        if (cs_scope_name_compare(&cursors[i].scope, name) == 0) {
            return cursors[i].position;
        }
    }
    return 0;
}

/* Everything of it is here, by a newer bundle or a sync. */
static enum cs_status is_here(const struct importing *importing, const struct part *part, bool *out)
{
    static const uint8_t none[16];
    uint64_t acknowledged = 0;
    const struct cs_apply_known *known = &importing->place.known;
    enum cs_status status = cs_outbox_acknowledged(importing->replica, &acknowledged);
    if (status == CS_OK) {
        bool same = memcmp(known->incarnation, none, sizeof none) != 0 &&
                    memcmp(known->incarnation, part->page.incarnation, sizeof none) == 0;
        bool older = part->page.position < known->position;
        bool equal = part->page.position == known->position &&
                     (part->page.outcome_count == 0 || part->page.log_sequence <= acknowledged);
        *out = same && (older || equal);
    }
    return status;
}

/* It must begin no later than what this replica has, scope by scope. */
static enum cs_status check_reach(struct importing *importing, const struct part *part,
                                  struct cs_problem *problem)
{
    const struct cs_bundle_place *place = &importing->place;
    for (size_t i = 0; i < part->page.cursor_count; i++) {
        const struct cs_scope_name *name = &part->page.cursors[i].scope;
        uint64_t from = position_in(part->answer.from, part->answer.from_count, name);
        uint64_t own = position_in(place->cursors, place->cursor_count, name);
        if (from > own) {
            return cs_problem_set(
                problem, CS_GAP,
                "this bundle begins at state %llu of the server, and this laptop has it only up to "
                "%llu: an earlier bundle for it is missing. Import that one first, "
                "or " NEEDS_NEW_BUNDLE,
                (unsigned long long)from, (unsigned long long)own);
        }
        importing->overlaps = importing->overlaps || from < own;
    }
    return CS_OK;
}

static enum cs_status check_server(struct importing *importing, const struct part *part,
                                   struct cs_problem *problem)
{
    enum cs_status status =
        cs_apply_check(importing->replica, &importing->place.known, &part->page, problem);
    return status != CS_ROLLED_BACK
               ? status
               : cs_problem_set(
                     problem, status,
                     "the server went back in time since this laptop last heard of it (it was "
                     "restored from a backup); nothing was applied. Sync over the network once: "
                     "a bundle cannot put that right");
}

/* What was found to be wrong with the log is kept, so that people go on hearing of it. */
static enum cs_status keep_alarm(struct importing *importing, enum cs_status status,
                                 const struct cs_problem *problem)
{
    if (status == CS_GAP || cs_status_class(status) != CS_CLASS_PEER) {
        return status;
    }
    enum cs_status kept = cs_log_alarm_set(importing->replica, cs_bytes_of_text(problem->text));
    return kept == CS_OK ? status : kept;
}

static enum cs_status check_first(struct importing *importing, const struct part *part,
                                  struct cs_problem *problem)
{
    enum cs_status status = check_server(importing, part, problem);
    if (status == CS_OK) {
        status = check_reach(importing, part, problem);
    }
    if (status == CS_OK) {
        struct cs_problem found = {""};
        status = cs_bundle_check_growth(importing->replica, &importing->place.log, &part->answer,
                                        &part->page, &importing->log, &found);
        if (status != CS_OK) {
            status = cs_problem_set(problem, status, "%s",
                                    found.text[0] != '\0' ? found.text : cs_status_text(status));
            status = keep_alarm(importing, status, problem);
        }
    }
    return status != CS_OK ? status
                           : cs_session_take_statement(importing->replica, &part->page, problem);
}

/* ---- applying, in one transaction ---- */

static enum cs_status apply_rest(struct importing *importing, struct cs_apply *apply,
                                 struct part *part, struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    while (status == CS_OK && !importing->last) {
        part_release(part);
        part_init(part);
        status = next_part(importing, part, problem);
        if (status == CS_OK) {
            status = cs_evidence_check(importing->replica, &importing->log, &part->page,
                                       &importing->log, problem);
        }
        if (status == CS_OK) {
            status = cs_apply_page(apply, &part->page, problem);
        }
    }
    return status;
}

/* Where this laptop has moved on by itself, a bundle cannot name all that left it since: the digest tells. */
static enum cs_status check_equal(const struct importing *importing, struct cs_problem *problem)
{
    return importing->overlaps && importing->result.digest != CS_SYNC_DIGEST_EQUAL
               ? cs_problem_set(
                     problem, CS_GAP,
                     "this laptop has synced since the bundle that this one answers, and rows "
                     "have left it that this one does not name; nothing was "
                     "applied: " NEEDS_NEW_BUNDLE)
               : CS_OK;
}

static enum cs_status apply_pages(struct importing *importing, struct part *part,
                                  struct cs_problem *problem)
{
    struct cs_apply apply;
    struct cs_apply_refusals refusals = {&importing->out->arena, importing->out->refusals};
    enum cs_status status = cs_apply_init(&apply, importing->replica, &importing->result, refusals);
    if (status == CS_OK) {
        status = cs_apply_page(&apply, &part->page, problem);
    }
    if (status == CS_OK) {
        status = apply_rest(importing, &apply, part, problem);
    }
    if (status == CS_OK) {
        status = cs_apply_finish(&apply, &part->page);
    }
    cs_apply_release(&apply);
    if (status == CS_GAP) {
        status = cs_problem_set(
            problem, CS_GAP,
            "this laptop has synced since the bundle that this one answers, and keeps no more what "
            "this one answers for; nothing was applied: " NEEDS_NEW_BUNDLE);
    }
    if (status == CS_OK) {
        status = check_equal(importing, problem);
    }
    if (status == CS_OK) {
        status = cs_log_state_save(importing->replica, &importing->log);
    }
    if (status == CS_OK) {
        status = cs_log_alarm_set(importing->replica, CS_BYTES_NONE);
    }
    if (status == CS_OK) {
        status = cs_vault_news_told(importing->replica, &part->page);
    }
    /* As true as when the bundle was made: a verified backup had them then. */
    return status == CS_OK && part->page.with_horizon
               ? cs_outbox_remove(importing->replica, part->page.horizon)
               : status;
}

static enum cs_status apply(struct importing *importing, struct part *part,
                            struct cs_problem *problem)
{
    struct cs_database *database = cs_replica_database(importing->replica);
    enum cs_status status = check_first(importing, part, problem);
    if (status == CS_OK) {
        status = cs_database_begin(database);
    }
    if (status != CS_OK) {
        return status;
    }
    status = apply_pages(importing, part, problem);
    if (status != CS_OK) {
        cs_database_rollback(database);
        return status;
    }
    return cs_database_commit(database);
}

/* ---- by what it says ---- */

static int fitting(struct cs_bytes text, size_t size_max)
{
    return (int)(text.size <= size_max ? text.size
                                       : cs_utf8_cut((const char *)text.data, size_max));
}

/* Of the rest nothing was sent: a bundle is no conversation. */
static enum cs_status explain_revoked(struct importing *importing, struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_revoked_response own;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_own_revocation_load(importing->replica, &arena, &own);
    if (status == CS_OK) {
        status = cs_problem_set(
            problem, CS_REVOKED,
            "this device was revoked by %.*s (%.*s). It gets no more data; nothing on it was "
            "deleted. Make another bundle on it and bring that to the server: the office reviews "
            "what it has not sent yet",
            fitting(own.revoked_by, 60), (const char *)own.revoked_by.data,
            fitting(own.reason, 120), (const char *)own.reason.data);
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status take_revoked(struct importing *importing, const struct part *part,
                                   struct cs_problem *problem)
{
    struct cs_sync_session *session;
    enum cs_status status = cs_sync_begin(importing->replica, &session);
    if (status == CS_OK) {
        status = cs_session_receive_revoked(session, part->answer.body, problem);
        cs_sync_end(session);
    }
    return status == CS_OK || status == CS_REVOKED ? explain_revoked(importing, problem) : status;
}

static enum cs_status take_failure(struct part *part, struct cs_problem *problem)
{
    struct cs_failure_response failure;
    enum cs_status status = cs_failure_response_decode(part->answer.body, &part->arena, &failure);
    return status != CS_OK ? status : cs_device_request_failed(&failure, problem);
}

static enum cs_status take_pages(struct importing *importing, struct part *part,
                                 struct cs_problem *problem)
{
    bool here = false;
    enum cs_status status = is_here(importing, part, &here);
    if (status == CS_OK && here) {
        importing->out->already = true;
        return CS_OK;
    }
    return status != CS_OK ? status : apply(importing, part, problem);
}

static enum cs_status take(struct importing *importing, struct cs_problem *problem)
{
    struct part part;
    part_init(&part);
    enum cs_status status = next_part(importing, &part, problem);
    if (status == CS_OK) {
        switch ((int)part.answer.kind) {
        case CS_MESSAGE_REVOKED:
            status = take_revoked(importing, &part, problem);
            break;
        case CS_MESSAGE_FAILURE:
            status = take_failure(&part, problem);
            break;
        default:
            status = take_pages(importing, &part, problem);
            break;
        }
    }
    part_release(&part);
    enum cs_status noted = cs_rejoin_note(importing->replica, status);
    return noted != CS_OK ? noted : status;
}

void cs_bundle_imported_init(struct cs_bundle_imported *imported)
{
    *imported = (struct cs_bundle_imported){.sync.digest = CS_SYNC_DIGEST_UNKNOWN};
    imported->sync.refusals = imported->refusals;
    imported->sync.unequal_text = "";
    cs_arena_init(&imported->arena, CS_MESSAGE_ARENA_MAX);
}

void cs_bundle_imported_release(struct cs_bundle_imported *imported)
{
    cs_arena_release(&imported->arena);
}

static struct cs_bundle_expected expected_here(struct cs_replica *replica)
{
    const struct cs_identity *identity = cs_replica_identity(replica);
    return (struct cs_bundle_expected){
        .direction = CS_BUNDLE_TO_DEVICE,
        .organisation = cs_identity_organisation(identity),
        .sender = cs_identity_server(identity),
        .recipient = cs_identity_certificate_id(identity),
    };
}

/* Closes the reader. */
static enum cs_status import_opened(struct cs_replica *replica, struct cs_bundle_reader *reader,
                                    struct cs_bundle_imported *out, struct cs_problem *problem)
{
    struct importing importing = {
        .replica = replica, .reader = reader, .out = out, .result = out->sync};
    cs_arena_init(&importing.place_arena, CS_MESSAGE_ARENA_MAX);
    importing.result.bytes_down = reader->header.total_size;
    enum cs_status status = cs_bundle_place_load(replica, &importing.place_arena, &importing.place);
    if (status == CS_OK) {
        status = take(&importing, problem);
    }
    if (status == CS_OK) {
        out->sync = importing.result;
        out->made_ms = reader->header.made_ms;
    }
    cs_arena_release(&importing.place_arena);
    cs_bundle_reader_close(reader);
    return status;
}

enum cs_status cs_bundle_import(struct cs_replica *replica, const char *path,
                                struct cs_bundle_imported *out, struct cs_problem *problem)
{
    const struct cs_bundle_expected expected = expected_here(replica);
    struct cs_bundle_reader reader;
    enum cs_status status = cs_bundle_reader_open(path, &expected, &reader, problem);
    return status != CS_OK ? status : import_opened(replica, &reader, out, problem);
}

enum cs_status cs_bundle_import_bytes(struct cs_replica *replica, struct cs_bytes bytes,
                                      struct cs_bundle_imported *out, struct cs_problem *problem)
{
    const struct cs_bundle_expected expected = expected_here(replica);
    struct cs_bundle_reader reader;
    /* For reading only; no memory file is empty. */
    FILE *file = bytes.size == 0 ? NULL : fmemopen((void *)(uintptr_t)bytes.data, bytes.size, "rb");
    if (file == NULL) {
        return bytes.size == 0
                   ? cs_problem_set(problem, CS_MALFORMED, "standard input is empty: no bundle")
                   : CS_NO_MEMORY;
    }
    enum cs_status status =
        cs_bundle_reader_take(file, "standard input", &expected, &reader, problem);
    return status != CS_OK ? status : import_opened(replica, &reader, out, problem);
}
