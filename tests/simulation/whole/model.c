/* What must have become of every row, see model.h. Heads and conflicts are worked out here without the engine's own merge. */
#include "tests/simulation/whole/model.h"

#include "tests/simulation/whole/conflicts_found.h"

#include "shared/base/text.h"
#include "shared/merge/row_versions.h"

#include <string.h>

#define HEADS_MAX 96

struct head {
    const struct sim_entry *entry;
    struct cs_version version;
    struct cs_bytes value; /* encoded */
};

struct heads {
    struct head items[HEADS_MAX];
    size_t count;
};

/* One row as the ledger has it and as the server has it. */
struct subject {
    struct sim *sim;
    const struct sim_row *row;
    const struct sim_op *insert;
    struct cs_arena arena;
    struct cs_stored_row stored;
    struct cs_row_versions versions;
    struct cs_stored_head *others; /* the server's heads that are not shown */
    size_t other_count;
    size_t alternatives; /* heads that lost, of all units */
    struct conflicts_found *conflicts;
};

static _Noreturn void wrong(const struct subject *subject, enum sim_invariant invariant,
                            const char *field, const char *what)
{
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&subject->row->id, id);
    sim_fail(subject->sim, invariant, "%s.%s of %s: %s", subject->row->entity->name, field, id,
             what);
}

static bool applied(const struct sim_op *op)
{
    return op->entry->outcome == CS_OUTCOME_APPLIED;
}

/* The values of a unit that an operation writes. */
static struct cs_bytes unit_value(struct subject *subject, const struct sim_op *op, size_t unit)
{
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX];
    size_t count = 0;
    for (size_t i = unit; i < op->entity->field_count; i++) {
        if (cs_entity_unit(op->entity, i) != unit) {
            continue;
        }
        values[count] = CS_NULL;
        for (size_t j = 0; j < op->change_count; j++) {
            values[count] = op->changes[j].field == i ? op->changes[j].value : values[count];
        }
        count++;
    }
    struct cs_buffer encoded;
    struct cs_bytes copy = CS_BYTES_NONE;
    cs_buffer_init(&encoded, CS_PAGE_BYTES_MAX);
    cs_unit_value_encode(values, count, &encoded);
    cs_require(cs_arena_copy(&subject->arena, cs_buffer_bytes(&encoded), &copy) == CS_OK);
    cs_buffer_release(&encoded);
    return copy;
}

static const struct sim_change *change_of(const struct sim_op *op, size_t unit)
{
    for (size_t i = 0; i < op->change_count; i++) {
        if (op->changes[i].field != SIM_KEEP &&
            cs_entity_unit(op->entity, op->changes[i].field) == unit) {
            return &op->changes[i];
        }
    }
    return NULL;
}

/*
 * The entry that a version named in another one means. Two laptops that were copied give the same version to different changes: in
 * its own log its author means the last one made there before, or one that it took with it when it joined again; everywhere else a
 * version is what the server had under that name.
 */
static const struct sim_entry *meant(const struct sim *sim, const struct sim_entry *by,
                                     const struct cs_version *version)
{
    const struct sim_entry *own = NULL;
    const struct sim_entry *other = NULL;
    bool before = true;
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        const struct sim_entry *entry = sim->ledger.entries[i];
        before = before && entry != by;
        if (!sim_entry_has_name(entry, version)) {
            continue;
        }
        if (before && entry->author == by->author && version->log == by->written.log) {
            own = entry;
        }
        bool taken = (int)entry->outcome != 0 && cs_version_equal(&entry->version, version);
        if (other == NULL || taken) {
            other = entry;
        }
    }
    return own != NULL ? own : other;
}

/* Does a list of versions name this change? */
static bool names(const struct subject *subject, const struct sim_op *op, struct cs_versions base,
                  const struct sim_entry *target)
{
    if (!subject->sim->rejoined) {
        return cs_versions_contain(base, &target->version);
    }
    for (size_t i = 0; i < base.count; i++) {
        if (meant(subject->sim, op->entry, &base.items[i]) == target) {
            return true;
        }
    }
    return false;
}

static bool was_seen(const struct subject *subject, size_t unit, const struct sim_entry *entry)
{
    for (const struct sim_op *op = subject->row->last; op != NULL; op = op->earlier) {
        if (op->kind == CS_OPERATION_UPDATE && applied(op)) {
            const struct sim_change *change = change_of(op, unit);
            if (change != NULL && names(subject, op, change->base, entry)) {
                return true;
            }
        }
    }
    return false;
}

/* What nobody has replaced: edits of the unit whose version no applied edit names as seen. */
static void expected_heads(struct subject *subject, size_t unit, struct heads *out)
{
    out->count = 0;
    for (const struct sim_op *op = subject->row->last; op != NULL; op = op->earlier) {
        bool writes = op == subject->insert ||
                      (op->kind == CS_OPERATION_UPDATE && change_of(op, unit) != NULL);
        if (writes && applied(op) && !was_seen(subject, unit, op->entry)) {
            cs_require(out->count < HEADS_MAX);
            out->items[out->count++] =
                (struct head){op->entry, op->entry->version, unit_value(subject, op, unit)};
        }
    }
}

static struct cs_bytes shown_value(struct subject *subject, size_t unit)
{
    const struct cs_entity *entity = subject->stored.entity;
    struct cs_value values[CS_FIELDS_PER_ENTITY_MAX];
    size_t count = 0;
    for (size_t i = unit; i < entity->field_count; i++) {
        if (cs_entity_unit(entity, i) == unit) {
            values[count++] = subject->stored.values[i];
        }
    }
    struct cs_buffer encoded;
    struct cs_bytes copy = CS_BYTES_NONE;
    cs_buffer_init(&encoded, CS_PAGE_BYTES_MAX);
    cs_unit_value_encode(values, count, &encoded);
    cs_require(cs_arena_copy(&subject->arena, cs_buffer_bytes(&encoded), &copy) == CS_OK);
    cs_buffer_release(&encoded);
    return copy;
}

/* Does head a come before head b in the eyes of the policy? */
static bool beats(const struct head *a, const struct head *b, enum cs_merge_policy policy)
{
    bool a_is_fact = (a->entry->roles & CS_ROLE(TECHNICIAN)) != 0;
    bool b_is_fact = (b->entry->roles & CS_ROLE(TECHNICIAN)) != 0;
    if (policy == CS_MERGE_FACT_OVER_PLAN && a_is_fact != b_is_fact) {
        return a_is_fact;
    }
    int64_t difference = a->entry->effective_ms - b->entry->effective_ms;
    bool later =
        difference != 0 ? difference > 0 : cs_version_compare(&a->version, &b->version) > 0;
    return policy == CS_MERGE_ONCE ? !later : later;
}

static const struct head *winner(const struct heads *heads, enum cs_merge_policy policy)
{
    const struct head *best = &heads->items[0];
    for (size_t i = 1; i < heads->count; i++) {
        best = beats(&heads->items[i], best, policy) ? &heads->items[i] : best;
    }
    return best;
}

static bool server_has(const struct subject *subject, const char *unit, struct cs_versions shown,
                       const struct head *head, bool is_shown)
{
    if (is_shown) {
        return cs_versions_contain(shown, &head->version);
    }
    for (size_t i = 0; i < subject->other_count; i++) {
        const struct cs_stored_head *other = &subject->others[i];
        if (cs_bytes_equal_text(other->unit, unit) &&
            cs_version_equal(&other->version, &head->version)) {
            return cs_bytes_equal(other->value, head->value);
        }
    }
    return false;
}

static size_t others_of(const struct subject *subject, const char *unit)
{
    size_t count = 0;
    for (size_t i = 0; i < subject->other_count; i++) {
        count += cs_bytes_equal_text(subject->others[i].unit, unit) ? 1 : 0;
    }
    return count;
}

/* A losing value is named by the greatest of its versions: that conflict must be open. */
static void check_conflict(struct subject *subject, const char *unit, const struct heads *heads,
                           const struct head *head)
{
    for (size_t i = 0; i < heads->count; i++) {
        const struct head *other = &heads->items[i];
        if (cs_bytes_equal(other->value, head->value) &&
            cs_version_compare(&other->version, &head->version) > 0) {
            return;
        }
    }
    if (!conflicts_take(subject->conflicts, &subject->row->id, unit, &head->version)) {
        wrong(subject, SIM_INVARIANT_CONFLICT_MISSING, unit, "no open conflict");
    }
}

/* What rests on a change that was not taken cannot have been taken itself. */
static void check_bases(struct subject *subject)
{
    for (const struct sim_op *op = subject->row->last; op != NULL; op = op->earlier) {
        /* Whoever was shown wrong authors names them. */
        bool right = applied(op) && !op->entry->misled;
        for (size_t i = 0; right && i < op->change_count; i++) {
            for (size_t j = 0; j < op->changes[i].base.count; j++) {
                const struct cs_version *base = &op->changes[i].base.items[j];
                bool stands = base->log == CS_LOG_SERVER;
                for (const struct sim_op *other = subject->row->last; other != NULL && !stands;
                     other = other->earlier) {
                    struct cs_versions one = {base, 1};
                    stands = applied(other) && names(subject, op, one, other->entry);
                }
                if (!stands) {
                    const struct sim_entry *entry = op->entry;
                    sim_fail(subject->sim, SIM_INVARIANT_CAUSALITY_BROKEN,
                             "%s: change %llu of laptop %zu was applied, %016llx %llu that it "
                             "rests on was not",
                             op->entity->name, (unsigned long long)entry->version.counter,
                             entry->author, (unsigned long long)base->log,
                             (unsigned long long)base->counter);
                }
            }
        }
    }
}

static void check_unit(struct subject *subject, size_t unit)
{
    const struct cs_field *field = &subject->row->entity->fields[unit];
    struct heads heads;
    expected_heads(subject, unit, &heads);
    if (heads.count == 0) {
        wrong(subject, SIM_INVARIANT_MERGE_WRONG, field->name, "nothing stands");
    }
    struct cs_versions shown =
        cs_row_versions_of(&subject->versions, cs_bytes_of_text(field->name));
    struct cs_bytes value = shown_value(subject, unit);
    const struct head *best = winner(&heads, field->policy);
    if (!cs_bytes_equal(best->value, value)) {
        wrong(subject, SIM_INVARIANT_MERGE_WRONG, field->name, "another value is shown");
    }
    for (size_t i = 0; i < heads.count; i++) {
        const struct head *head = &heads.items[i];
        bool is_shown = cs_bytes_equal(head->value, value);
        if (!server_has(subject, field->name, shown, head, is_shown)) {
            wrong(subject, SIM_INVARIANT_VALUE_LOST, field->name, "a value is not kept");
        }
        if (!is_shown) {
            subject->alternatives++;
            check_conflict(subject, field->name, &heads, head);
        }
    }
    if (shown.count + others_of(subject, field->name) != heads.count) {
        wrong(subject, SIM_INVARIANT_MERGE_WRONG, field->name, "heads that should be replaced");
    }
}

static bool was_dismissed(const struct subject *subject, const struct sim_entry *entry)
{
    for (const struct sim_op *op = subject->row->last; op != NULL; op = op->earlier) {
        if (op->kind == CS_OPERATION_UPDATE && applied(op) && op->change_count == 1 &&
            op->changes[0].field == SIM_KEEP && names(subject, op, op->changes[0].base, entry)) {
            return true;
        }
    }
    return false;
}

/* What is shown now, as somebody who deletes the row would see it. */
static void versions_alive(struct subject *subject, struct cs_row_versions *out)
{
    cs_require(cs_row_versions_set(&subject->versions, cs_bytes_of_text(CS_UNIT_DELETED),
                                   (struct cs_versions){NULL, 0}, &subject->arena, out) == CS_OK);
}

/* The change of this row that the server has under this name; NULL: what the server itself computed. */
static const struct sim_entry *standing(const struct subject *subject,
                                        const struct cs_version *version)
{
    for (const struct sim_op *op = subject->row->last; op != NULL; op = op->earlier) {
        if (applied(op) && cs_version_equal(&op->entry->version, version)) {
            return op->entry;
        }
    }
    return NULL;
}

/* Is one list, as the author of a change named it, the same changes as the other, as the server names them? */
static bool same_changes(const struct subject *subject, const struct sim_entry *by,
                         struct cs_versions named, struct cs_versions now)
{
    bool same = named.count == now.count;
    for (size_t i = 0; same && i < named.count; i++) {
        const struct sim_entry *target = meant(subject->sim, by, &named.items[i]);
        bool found = false;
        for (size_t j = 0; !found && j < now.count; j++) {
            found = target == NULL ? cs_version_equal(&named.items[i], &now.items[j])
                                   : standing(subject, &now.items[j]) == target;
        }
        same = found;
    }
    return same;
}

/* Has a delete seen exactly what stands now? Names differ between laptops that were copied, so changes are compared. */
static bool saw_all(struct subject *subject, const struct sim_op *op)
{
    struct cs_row_versions now;
    struct cs_row_versions seen;
    const struct sim_entry *by = op->entry;
    versions_alive(subject, &now);
    cs_require(cs_row_versions_unpack(op->seen_versions, &subject->arena, &seen) == CS_OK);
    const struct cs_versions seen_created = {&seen.created, 1};
    bool same = same_changes(subject, by, seen_created, (struct cs_versions){&now.created, 1});
    for (size_t i = 0; same && i < now.exception_count; i++) {
        const struct cs_unit_versions *unit = &now.exceptions[i];
        same = same_changes(subject, by, cs_row_versions_of(&seen, unit->unit), unit->versions);
    }
    for (size_t i = 0; same && i < seen.exception_count; i++) {
        const struct cs_unit_versions *unit = &seen.exceptions[i];
        same = same_changes(subject, by, unit->versions, cs_row_versions_of(&now, unit->unit));
    }
    return same;
}

/* The same by hash, where the versions that it had seen are not known: then only a delete under its first name can be judged. */
static bool saw_all_by_hash(struct subject *subject, const struct sim_op *op)
{
    struct cs_row_versions alive;
    struct cs_buffer packed;
    uint8_t now[CS_HASH_SIZE];
    versions_alive(subject, &alive);
    cs_buffer_init(&packed, CS_MEBI);
    cs_row_versions_pack(&alive, &packed);
    cs_row_versions_hash(cs_buffer_bytes(&packed), now);
    cs_buffer_release(&packed);
    bool carried = !cs_version_equal(&op->entry->written, &op->entry->version);
    return carried ? subject->stored.deleted : memcmp(op->seen, now, sizeof now) == 0;
}

static void check_deletes(struct subject *subject)
{
    bool deleted = false;
    for (int second = 0; second < 2; second++) {
        for (const struct sim_op *op = subject->row->last; op != NULL; op = op->earlier) {
            if (op->kind != CS_OPERATION_DELETE || !applied(op) ||
                was_dismissed(subject, op->entry)) {
                continue;
            }
            bool saw =
                op->seen_versions.size > 0 ? saw_all(subject, op) : saw_all_by_hash(subject, op);
            deleted = deleted || (subject->alternatives == 0 && saw);
            if (second == 1 && !deleted &&
                !conflicts_take(subject->conflicts, &subject->row->id, CS_UNIT_DELETED,
                                &op->entry->version)) {
                wrong(subject, SIM_INVARIANT_CONFLICT_MISSING, CS_UNIT_DELETED,
                      "a delete that saw less is forgotten");
            }
        }
    }
    if (deleted != subject->stored.deleted) {
        wrong(subject, SIM_INVARIANT_MERGE_WRONG, CS_UNIT_DELETED,
              deleted ? "the row should be deleted" : "the row should be alive");
    }
}

static void find_insert(struct subject *subject)
{
    for (const struct sim_op *op = subject->row->last; op != NULL; op = op->earlier) {
        if (op->kind == CS_OPERATION_INSERT && applied(op)) {
            subject->insert = op;
        }
    }
}

static void check_row(struct sim *sim, const struct sim_row *row, struct conflicts_found *conflicts)
{
    struct cs_store *store = cs_server_store(sim->server);
    struct cs_bytes name = cs_bytes_of_text(row->entity->name);
    struct cs_row_key key = {name, row->id};
    struct subject subject = {.sim = sim, .row = row, .conflicts = conflicts};
    cs_arena_init(&subject.arena, CS_MESSAGE_ARENA_MAX);
    find_insert(&subject);
    sim_expect(sim,
               cs_row_load(cs_store_rows(store), name, &row->id, &subject.arena, &subject.stored),
               "reading a row");
    if (subject.stored.exists != (subject.insert != NULL)) {
        wrong(&subject, SIM_INVARIANT_VALUE_LOST, "id",
              subject.stored.exists ? "nobody made this row" : "the row is gone");
    }
    if (subject.insert != NULL) {
        sim_expect(
            sim, cs_store_heads(store, &key, &subject.arena, &subject.others, &subject.other_count),
            "reading heads");
        sim_expect(
            sim, cs_row_versions_unpack(subject.stored.versions, &subject.arena, &subject.versions),
            "versions");
        for (size_t i = 0; i < row->entity->field_count; i++) {
            if (cs_entity_unit(row->entity, i) == i) {
                check_unit(&subject, i);
            }
        }
        check_deletes(&subject);
        check_bases(&subject);
    }
    cs_arena_release(&subject.arena);
}

/* What the server made of each transaction; and that it took its times as it should. */
static size_t load_outcomes(struct sim *sim)
{
    size_t known = 0;
    for (size_t i = 0; i < sim->ledger.entry_count; i++) {
        struct sim_entry *entry = sim->ledger.entries[i];
        struct cs_arena arena;
        struct cs_logged_transaction logged;
        cs_arena_init(&arena, CS_MEBI);
        entry->outcome = (enum cs_outcome)0;
        if (sim_server_transaction(sim, entry, &arena, &logged)) {
            known++;
            entry->version = logged.version;
            entry->outcome = logged.outcome;
            entry->effective_ms = logged.effective_ms;
            int64_t claimed_ms = cs_instant_utc_ms(entry->claimed);
            int64_t expected = claimed_ms < logged.received_ms ? claimed_ms : logged.received_ms;
            if (logged.effective_ms != expected) {
                sim_fail(sim, SIM_INVARIANT_CAUSALITY_BROKEN, "effective time of transaction %llu",
                         (unsigned long long)entry->version.counter);
            }
        }
        cs_arena_release(&arena);
        if ((int)entry->outcome == 0 && entry->acknowledged) {
            sim_fail(sim, SIM_INVARIANT_ACKNOWLEDGED_LOST, "transaction %llu of laptop %zu",
                     (unsigned long long)entry->version.counter, entry->author);
        }
    }
    return known;
}

size_t sim_model_check(struct sim *sim)
{
    struct conflicts_found conflicts;
    size_t known = load_outcomes(sim);
    conflicts_load(sim, &conflicts);
    sim->counts.actions[SIM_ACTION_CONFLICT] += conflicts.count;
    for (size_t i = 0; i < sim->ledger.row_count; i++) {
        /* Rows of the server itself are annotated by people, not made. */
        if (sim->ledger.rows[i].entity->kind == CS_ENTITY_COMPUTED) {
            continue;
        }
        check_row(sim, &sim->ledger.rows[i], &conflicts);
    }
    if (conflicts.taken != conflicts.count) {
        const struct conflict_found *first = conflicts.items;
        while (first->taken) {
            first++;
        }
        char id[CS_ID_TEXT_SIZE];
        cs_id_format(&first->row, id);
        sim_fail(sim, SIM_INVARIANT_MERGE_WRONG,
                 "%zu conflicts are open about nothing; %s of %s, change %llu",
                 conflicts.count - conflicts.taken, first->unit, id,
                 (unsigned long long)first->version.counter);
    }
    conflicts_release(&conflicts);
    return known;
}
