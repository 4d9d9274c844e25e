/*
 * A device is revoked while it works: an officer's laptop signs that while the other one has a sync under way, unsent work, or an answer
 * on its way (design §9). What it had sent before counts; what comes later is held for review: never dropped, never applied
 * unless a person accepts it. Officers accept some of it and reject some, some while it still comes in.
 *
 * The line between before and after is taken here from what the server had of the device just before the request that brought
 * the revocation, not from what the server says of it.
 */
#include "tests/simulation/whole/sim.h"

#include "field-client/replica/revocation.h"
#include "shared/evidence/revocation.h"

#include <stdlib.h>
#include <string.h>

#define ATTEMPTS_MAX 60
#define WORKS_LOOKED_AT 40

/* Who has been let in again since, as a laptop that had been copied is, is another device. */
static bool is_subject(const struct sim_device *device)
{
    const struct sim_revoking *revoking = &device->sim->revoking;
    return revoking->made && device->index == revoking->subject &&
           (device->identity == NULL || cs_identity_log(device->identity) == revoking->log);
}

bool sim_revoking_concerns(const struct sim_device *device)
{
    const struct sim_revoking *revoking = &device->sim->revoking;
    return revoking->made &&
           (device->index == revoking->subject || device->index == revoking->revoker);
}

/* ---- revoking ---- */

static bool may_take_part(const struct sim_device *device)
{
    return sim_device_is_usable(device) && device->state == SIM_DEVICE_ON && !device->lax &&
           !device->in_clone_group && !device->was_restored;
}

/* Only owners may revoke everybody; nobody here let anyone else in. */
static struct sim_device *revoker_of(struct sim *sim)
{
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[i];
        if (may_take_part(device) && (device->roles & CS_ROLE(OWNER)) != 0) {
            return device;
        }
    }
    return NULL;
}

static bool has_unsent(const struct sim_device *device)
{
    struct cs_pending_counts counts;
    return cs_query_pending_counts(device->replica, &counts) == CS_OK &&
           counts.waiting + counts.packed > 0;
}

/* Somebody who is in the middle of something. */
static struct sim_device *subject_of(struct sim *sim, const struct sim_device *revoker)
{
    size_t start = sim_below(&sim->random, sim->device_count);
    for (size_t i = 0; i < sim->device_count; i++) {
        struct sim_device *device = &sim->devices[(start + i) % sim->device_count];
        if (device != revoker && may_take_part(device) &&
            (device->session != NULL || has_unsent(device))) {
            return device;
        }
    }
    return NULL;
}

/* The row that was just signed, as the ledger has it; it may have been committed although power failed just then. */
static bool find_made(struct sim *sim, size_t from, const struct sim_device *revoker)
{
    for (size_t i = from; i < sim->ledger.entry_count; i++) {
        const struct sim_entry *entry = sim->ledger.entries[i];
        if (entry->author == revoker->index &&
            strcmp(entry->ops[0].entity->name, "revocation") == 0) {
            sim->revoking.entry = entry;
            return true;
        }
    }
    return false;
}

static void revoke(struct sim *sim, struct sim_device *revoker, struct sim_device *subject)
{
    struct cs_arena arena;
    struct cs_id device;
    struct cs_id made;
    size_t from = sim->ledger.entry_count;
    cs_arena_init(&arena, CS_MEBI);
    cs_certificate_row_id(cs_identity_certificate_id(subject->identity), &device);
    revoker->machine.true_ms = sim->now_ms;
    sim->problem.text[0] = '\0';
    enum cs_status status =
        cs_revocation_make(revoker->replica, &device, sim_name(sim, &arena), &made, &sim->problem);
    (void)sim_committed(revoker, status, SIM_ACTION_REVOKE);
    cs_arena_release(&arena);
    if (find_made(sim, from, revoker)) {
        sim->revoking.made = true;
        sim->revoking.revoker = revoker->index;
        sim->revoking.subject = subject->index;
        sim->revoking.log = cs_identity_log(subject->identity);
        sim->counts.faults[SIM_FAULT_REVOKED]++;
        sim_event(sim, "laptop %zu revokes laptop %zu", revoker->index, subject->index);
    }
}

static void sync_now(struct sim_device *device)
{
    if (device->session == NULL && sim_device_is_usable(device) && device->state == SIM_DEVICE_ON) {
        sim_sync_start(device);
    }
}

void sim_revoking(struct sim *sim)
{
    if (sim->revoking.made || !sim_fault(sim, SIM_FAULT_REVOKED)) {
        return;
    }
    sim->counts.faults[SIM_FAULT_REVOKED]--; /* counted when it is signed */
    struct sim_device *revoker = revoker_of(sim);
    struct sim_device *subject = revoker == NULL ? NULL : subject_of(sim, revoker);
    if (subject == NULL) {
        return;
    }
    /* Both requests are on their way at once, in this order or in the other. */
    bool at_once = sim_permille(&sim->random, 600);
    bool subject_first = sim_permille(&sim->random, 500);
    if (at_once && subject_first) {
        sync_now(subject);
    }
    revoke(sim, revoker, subject);
    if (at_once && sim->revoking.made) {
        sync_now(revoker);
        sync_now(subject);
    }
}

/* ---- the server takes it ---- */

static bool load_subject(struct sim *sim, struct cs_device *out)
{
    const struct sim_device *device = &sim->devices[sim->revoking.subject];
    struct cs_arena arena;
    int64_t looked = sim_disk_look(sim->machine.disk);
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_store_device_by_log(cs_server_store(sim->server),
                                                   cs_identity_log(device->identity), &arena, out);
    cs_arena_release(&arena);
    sim_disk_look_away(sim->machine.disk, looked);
    return status == CS_OK;
}

static bool waits_for_server(const struct sim *sim)
{
    return sim->revoking.made && !sim->revoking.taken && !sim->machine.disk->dead &&
           sim->devices[sim->revoking.subject].identity != NULL;
}

/* What was under way when it came. */
static void count_moment(struct sim *sim)
{
    const struct sim_device *subject = &sim->devices[sim->revoking.subject];
    if (subject->session != NULL) {
        sim_count(sim, SIM_ACTION_REVOKED_IN_SYNC);
    }
    if (subject->replica != NULL && has_unsent(subject)) {
        sim_count(sim, SIM_ACTION_REVOKED_UNSENT);
    }
    for (size_t i = 0; i < SIM_MESSAGES_MAX; i++) {
        const struct sim_message *message = &sim->messages[i];
        if (message->used && !message->to_server && message->device == subject->index) {
            sim_count(sim, SIM_ACTION_REVOKED_ANSWERED);
            return;
        }
    }
}

/* Between this request and the one before nothing else has reached the server. */
static void look(struct sim *sim, bool alone)
{
    struct sim_revoking *revoking = &sim->revoking;
    struct cs_device subject;
    struct cs_arena arena;
    struct cs_logged_transaction logged;
    if (!load_subject(sim, &subject)) {
        return;
    }
    cs_arena_init(&arena, CS_MEBI);
    bool there = sim_server_transaction(sim, revoking->entry, &arena, &logged) &&
                 logged.outcome == CS_OUTCOME_APPLIED;
    cs_arena_release(&arena);
    if (!there) {
        revoking->before = subject.counter;
        return;
    }
    uint64_t last = subject.revoked.counter;
    if (subject.state != CS_DEVICE_REVOKED || last < revoking->before ||
        (alone && last != revoking->before)) {
        sim_fail(sim, SIM_INVARIANT_REVOKED_WRONGLY,
                 "of laptop %zu the server had %llu transactions, and says %llu", revoking->subject,
                 (unsigned long long)revoking->before, (unsigned long long)last);
    }
    revoking->taken = true;
    revoking->last = last;
    revoking->position = subject.revoked.position;
    count_moment(sim);
    sim_event(sim, "laptop %zu is revoked after transaction %llu", revoking->subject,
              (unsigned long long)last);
}

void sim_revoking_before(struct sim *sim)
{
    if (waits_for_server(sim)) {
        look(sim, true);
    }
}

void sim_revoking_after(struct sim *sim, size_t request_count)
{
    if (waits_for_server(sim)) {
        look(sim, request_count == 1);
    }
}

/* ---- what becomes of the device ---- */

void sim_revoking_check_page(struct sim *sim, const struct sim_device *device,
                             const struct cs_sync_response *page)
{
    const struct sim_revoking *revoking = &sim->revoking;
    if (revoking->taken && is_subject(device) && page->position >= revoking->position) {
        sim_fail(sim, SIM_INVARIANT_REVOKED_WRONGLY, "laptop %zu was revoked and got a page",
                 device->index);
    }
}

bool sim_revoking_explains(const struct sim_device *device)
{
    return device->sim->revoking.taken && is_subject(device);
}

enum { GONE = 0 };

static int state_of(struct sim_device *device, uint64_t counter)
{
    struct cs_statement *statement;
    bool found = false;
    int state = GONE;
    enum cs_status status =
        cs_statement_get(cs_replica_database(device->replica),
                         "SELECT state FROM _pending WHERE counter = ?1", &statement);
    if (status == CS_OK) {
        cs_bind_integer(statement, 1, (int64_t)counter);
        status = cs_statement_step(statement, &found);
        state = status == CS_OK && found ? (int)cs_column_integer(statement, 0) : GONE;
        cs_statement_done(statement);
    }
    return status == CS_OK ? state : -1;
}

static bool is_later(const struct sim *sim, const struct sim_entry *entry)
{
    const struct sim_revoking *revoking = &sim->revoking;
    return revoking->taken && entry->author == revoking->subject && !entry->vanished &&
           entry->version.log == revoking->log && entry->version.counter > revoking->last;
}

/* What the laptop counts as handed over for review, the server has from then on. */
static void note_handed_over(struct sim_device *device)
{
    struct sim *sim = device->sim;
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        struct sim_entry *entry = sim->ledger.entries[i];
        if (is_later(sim, entry) && !entry->handed_over) {
            entry->handed_over = state_of(device, entry->version.counter) == CS_PENDING_HELD;
        }
    }
}

void sim_revoking_told(struct sim_device *device)
{
    struct sim *sim = device->sim;
    struct cs_arena arena;
    struct cs_revoked_response own;
    device->state = SIM_DEVICE_REVOKED;
    device->set_back = false;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_own_revocation_load(device->replica, &arena, &own);
    bool said = strstr(sim->problem.text, "was revoked by") != NULL;
    if (!device->machine.disk->dead && (status != CS_OK || !said)) {
        sim_fail(sim, SIM_INVARIANT_REVOKED_WRONGLY, "laptop %zu's user is not told: %s: %s",
                 device->index, cs_status_name(status), sim->problem.text);
    }
    cs_arena_release(&arena);
    note_handed_over(device);
}

/* ---- review ---- */

static size_t list_open(struct sim_device *device, struct cs_id *out)
{
    struct cs_value open = cs_value_text(cs_bytes_of_text("open"));
    struct cs_arena arena;
    struct cs_id *ids = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    if (cs_query_find(device->replica, cs_bytes_of_text("held_work"), cs_bytes_of_text("state"),
                      &open, WORKS_LOOKED_AT, &arena, &ids, &count, NULL) != CS_OK) {
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = ids[i];
    }
    cs_arena_release(&arena);
    return count;
}

/* Before it was revoked, its disk was copied: what both halves have, the other one may have brought. */
static bool came_from_copy(const struct sim *sim, const struct cs_logged_transaction *logged)
{
    return logged->version.log != sim->revoking.log;
}

/* Nothing of it counts before somebody has decided. */
static void check_waiting(struct sim *sim)
{
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        const struct sim_entry *entry = sim->ledger.entries[i];
        struct cs_arena arena;
        struct cs_logged_transaction logged;
        if (!is_later(sim, entry) || entry->decisions > 0) {
            continue;
        }
        cs_arena_init(&arena, CS_MEBI);
        if (sim_server_transaction(sim, entry, &arena, &logged) && !came_from_copy(sim, &logged) &&
            (logged.outcome != CS_OUTCOME_HELD || logged.status != CS_REVOKED)) {
            sim_fail(sim, SIM_INVARIANT_UNREVIEWED_APPLIED,
                     "transaction %llu of laptop %zu: outcome %d, nobody has decided",
                     (unsigned long long)entry->version.counter, entry->author,
                     (int)logged.outcome);
        }
        cs_arena_release(&arena);
    }
}

static struct sim_entry *decided_by(struct sim *sim, const struct sim_entry *review,
                                    bool *out_accepted)
{
    const struct sim_op *op = &review->ops[0];
    struct sim_entry *about = NULL;
    if (strcmp(op->entity->name, "review") != 0) {
        return NULL;
    }
    for (size_t i = 0; i < op->change_count; i++) {
        const struct sim_change *change = &op->changes[i];
        const char *field = op->entity->fields[change->field].name;
        if (strcmp(field, "transaction") == 0 && change->value.bytes.size == 16) {
            about = sim_ledger_find(&sim->ledger, change->value.bytes.data);
        } else if (strcmp(field, "decision") == 0) {
            *out_accepted = cs_bytes_equal_text(change->value.bytes, CS_REVIEW_ACCEPT);
        }
    }
    return about;
}

/* Decisions that were signed since; whether they count is seen at the end. Whose work it is sees the reason, on another laptop. */
static void note_decisions(struct sim *sim, size_t from)
{
    for (size_t i = from; i < sim->ledger.entry_count; i++) {
        bool accepted = false;
        const struct sim_entry *review = sim->ledger.entries[i];
        struct sim_entry *about = decided_by(sim, review, &accepted);
        if (about != NULL) {
            about->decisions++;
            sim_ledger_row(&sim->ledger, &review->ops[0].row)->persons |=
                (uint32_t)1 << sim->devices[about->author].person;
        }
    }
}

static bool decide(struct sim_device *device, const struct cs_id *works, size_t count, bool accept)
{
    struct sim *sim = device->sim;
    struct cs_arena arena;
    size_t from = sim->ledger.entry_count;
    cs_arena_init(&arena, CS_MEBI);
    device->machine.true_ms = sim->now_ms;
    sim->problem.text[0] = '\0';
    enum cs_status status =
        cs_review_make(device->replica, works, count, accept ? CS_REVIEW_ACCEPT : CS_REVIEW_REJECT,
                       sim_name(sim, &arena), &sim->problem);
    cs_arena_release(&arena);
    bool done =
        sim_committed(device, status, accept ? SIM_ACTION_ACCEPT_WORK : SIM_ACTION_REJECT_WORK);
    note_decisions(sim, from);
    return done;
}

static bool may_review(const struct sim_device *device)
{
    return sim_device_is_usable(device) && device->state == SIM_DEVICE_ON && !device->lax &&
           device->sees_everything && !is_subject(device);
}

/* A few works that stand beside each other in the list. */
static bool review_some(struct sim_device *device)
{
    struct sim *sim = device->sim;
    struct cs_id works[WORKS_LOOKED_AT];
    size_t count = list_open(device, works);
    if (count == 0) {
        return false;
    }
    check_waiting(sim);
    size_t first = sim_below(&sim->random, count);
    size_t some = 1 + sim_below(&sim->random, count - first < 4 ? count - first : 4);
    return decide(device, works + first, some, sim_permille(&sim->random, 600));
}

bool sim_revoking_review(struct sim_device *device)
{
    struct sim *sim = device->sim;
    return sim->revoking.taken && may_review(device) && sim_permille(&sim->random, 60) &&
           review_some(device);
}

/* ---- mending ---- */

bool sim_revoking_send_rest(struct sim *sim)
{
    struct sim_device *subject = &sim->devices[sim->revoking.subject];
    if (!sim->revoking.taken || !sim_device_is_usable(subject) || !is_subject(subject)) {
        return false;
    }
    for (size_t attempt = 0; subject->state != SIM_DEVICE_REVOKED || has_unsent(subject);
         attempt++) {
        if (attempt == ATTEMPTS_MAX) {
            sim_fail(sim, SIM_INVARIANT_NOT_LIVE, "revoked laptop %zu cannot hand over its work",
                     subject->index);
        }
        sim->now_ms += 1000;
        sim_sync_start(subject);
        sim_network_deliver(sim);
    }
    note_handed_over(subject);
    return true;
}

bool sim_revoking_review_all(struct sim *sim)
{
    struct cs_id works[WORKS_LOOKED_AT];
    bool any = false;
    for (size_t i = 0; i < sim->device_count && !any; i++) {
        struct sim_device *device = &sim->devices[i];
        if (!sim->revoking.taken || !may_review(device)) {
            continue;
        }
        size_t count = list_open(device, works);
        check_waiting(sim);
        for (size_t j = 0; j < count; j++) {
            any = decide(device, &works[j], 1, sim_permille(&sim->random, 600)) || any;
        }
    }
    return any;
}

/* ---- the end ---- */

static enum cs_status note_refusal(void *context, const struct cs_stored_row *row)
{
    struct sim *sim = context;
    int field = cs_entity_field_index(row->entity, cs_bytes_of_text("transaction"));
    cs_require(field >= 0);
    const struct cs_value *transaction = &row->values[field];
    struct sim_entry *entry = transaction->bytes.size == 16
                                  ? sim_ledger_find(&sim->ledger, transaction->bytes.data)
                                  : NULL;
    if (entry != NULL) {
        entry->refusal_shown = true;
    }
    return CS_OK;
}

/* Decisions that the server took; the first one counts, and what agrees with it. */
static void count_decisions(struct sim *sim)
{
    const struct cs_entity *refusal = cs_registry_find(sim->registry, cs_bytes_of_text("refusal"));
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        const struct sim_entry *review = sim->ledger.entries[i];
        bool accepted = false;
        struct sim_entry *about = decided_by(sim, review, &accepted);
        if (about != NULL && review->outcome == CS_OUTCOME_APPLIED) {
            about->accepted = about->accepted || accepted;
            about->rejected = about->rejected || !accepted;
        }
    }
    sim_expect(sim,
               cs_row_scan(cs_store_rows(cs_server_store(sim->server)), refusal, NULL, 0,
                           CS_ROWS_LIVE, note_refusal, sim),
               "reading refusals");
}

static void check_reviewed(struct sim *sim, const struct sim_entry *entry, enum cs_status why)
{
    bool held = entry->outcome == CS_OUTCOME_HELD;
    bool refused = entry->outcome == CS_OUTCOME_REFUSED;
    bool right = entry->accepted   ? !entry->rejected && !held
                 : entry->rejected ? refused && why == CS_REVOKED
                                   : held && why == CS_REVOKED;
    if (!right || (refused && !entry->refusal_shown)) {
        sim_fail(sim,
                 entry->accepted || entry->rejected ? SIM_INVARIANT_REVIEW_WRONG
                                                    : SIM_INVARIANT_UNREVIEWED_APPLIED,
                 "transaction %llu of laptop %zu: %s, outcome %d (%s)%s",
                 (unsigned long long)entry->version.counter, entry->author,
                 entry->accepted   ? "accepted"
                 : entry->rejected ? "rejected"
                                   : "not decided",
                 (int)entry->outcome, cs_status_name(why),
                 refused && !entry->refusal_shown ? ", and no refusal is shown" : "");
    }
}

static void check_later(struct sim *sim, struct sim_device *subject, const struct sim_entry *entry)
{
    struct cs_arena arena;
    struct cs_logged_transaction logged = {.status = CS_OK};
    cs_arena_init(&arena, CS_MEBI);
    bool known = sim_server_transaction(sim, entry, &arena, &logged);
    enum cs_status why = logged.status;
    bool copied = known && came_from_copy(sim, &logged);
    cs_arena_release(&arena);
    if (copied) {
        return;
    }
    /* Whatever the office decides: on the laptop it stays. */
    if (!known || state_of(subject, entry->version.counter) != CS_PENDING_HELD) {
        sim_fail(sim, SIM_INVARIANT_UNSENT_LOST, "transaction %llu of revoked laptop %zu%s",
                 (unsigned long long)entry->version.counter, entry->author,
                 known ? " is gone from it" : " never reached the server");
    }
    check_reviewed(sim, entry, why);
}

bool sim_revoking_refuses(struct sim *sim, const struct sim_entry *entry)
{
    bool accepted = false;
    const struct sim_entry *about = decided_by(sim, entry, &accepted);
    return entry->rejected || (about != NULL && (accepted ? about->rejected : about->accepted));
}

void sim_revoking_check(struct sim *sim)
{
    struct sim_device *subject = &sim->devices[sim->revoking.subject];
    if (!sim->revoking.taken || !sim_device_is_usable(subject) || !is_subject(subject)) {
        return;
    }
    count_decisions(sim);
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        const struct sim_entry *entry = sim->ledger.entries[i];
        if (is_later(sim, entry)) {
            check_later(sim, subject, entry);
        } else if (entry->decisions > 0) {
            sim_fail(sim, SIM_INVARIANT_REVIEW_WRONG,
                     "transaction %llu of laptop %zu was held though it came before",
                     (unsigned long long)entry->version.counter, entry->author);
        }
    }
}
