/* Verifying checkpoint, growth and proofs of a page, see evidence_check.h. */
#include "field-client/sync/evidence_check.h"

#include "shared/base/planted.h"
#include "shared/evidence/leaf.h"
#include "shared/evidence/record.h"

#include <string.h>

/* One page while it is judged. */
struct judgement {
    struct cs_replica *replica;
    const struct cs_sync_response *page;
    struct cs_log_state *log; /* that the proofs are for */
    struct cs_problem *problem;
};

static bool same_incarnation(const struct cs_checkpoint *checkpoint, const uint8_t *incarnation)
{
    return memcmp(checkpoint->incarnation, incarnation, CS_INCARNATION_SIZE) == 0;
}

uint64_t cs_evidence_known_size(const struct cs_log_state *known,
                                const uint8_t incarnation[static CS_INCARNATION_SIZE])
{
    return known->any && same_incarnation(&known->checkpoint, incarnation) ? known->checkpoint.size
                                                                           : 0;
}

struct cs_bytes cs_evidence_known_mark(const struct cs_log_state *known,
                                       const uint8_t incarnation[static CS_INCARNATION_SIZE])
{
    return cs_evidence_known_size(known, incarnation) == 0
               ? CS_BYTES_NONE
               : cs_bytes_make(known->checkpoint.root, CS_LOG_MARK_SIZE);
}

static enum cs_status verify_note(struct cs_replica *replica, struct cs_bytes note,
                                  struct cs_checkpoint *out)
{
    const struct cs_identity *identity = cs_replica_identity(replica);
    return cs_checkpoint_verify(note, cs_identity_organisation(identity),
                                cs_identity_server(identity), out);
}

/* The new checkpoint goes on from the last one. */
static enum cs_status check_growth(const struct judgement *judgement,
                                   const struct cs_log_state *known,
                                   const struct cs_checkpoint *now)
{
    const struct cs_sync_response *page = judgement->page;
    uint64_t size = cs_evidence_known_size(known, page->incarnation);
    if (size == 0) {
        return page->consistency.size == 0 ? CS_OK : CS_OTHER_HISTORY;
    }
    if (now->size < size || now->position < known->checkpoint.position) {
        return cs_problem_set(judgement->problem, CS_ROLLED_BACK,
                              "the server's evidence log has gone back from %llu to %llu entries; "
                              "nothing was applied, tell the office",
                              (unsigned long long)size, (unsigned long long)now->size);
    }
    return CS_PLANTED(SKIP_CONSISTENCY)
               ? CS_OK
               : cs_merkle_verify_consistency(size, known->checkpoint.root, now->size, now->root,
                                              page->consistency);
}

static enum cs_status take_checkpoint(const struct judgement *judgement,
                                      const struct cs_log_state *known)
{
    const struct cs_sync_response *page = judgement->page;
    struct cs_checkpoint now;
    enum cs_status status = verify_note(judgement->replica, page->checkpoint, &now);
    if (status != CS_OK) {
        return cs_problem_set(judgement->problem, status,
                              "the checkpoint of the server's evidence log is not acceptable: %s",
                              cs_status_text(status));
    }
    if (!same_incarnation(&now, page->incarnation) || now.position > page->position) {
        return cs_problem_set(judgement->problem, CS_MALFORMED,
                              "the checkpoint of the server's evidence log is not of this answer");
    }
    status = check_growth(judgement, known, &now);
    if (status == CS_FORGED || status == CS_OTHER_HISTORY) {
        return cs_problem_set(judgement->problem, CS_OTHER_HISTORY,
                              "the server shows this device another history than before: its "
                              "evidence log of %llu entries does not go on from the %llu known; "
                              "nothing was applied, tell the office",
                              (unsigned long long)now.size,
                              (unsigned long long)cs_evidence_known_size(known, page->incarnation));
    }
    if (status == CS_OK) {
        judgement->log->any = true;
        judgement->log->checkpoint = now;
        memcpy(judgement->log->note, page->checkpoint.data, page->checkpoint.size);
        judgement->log->note_size = page->checkpoint.size;
    }
    return status;
}

/* The checkpoint that holds from here on: the page's, or the last one if the page has none. */
static enum cs_status settle_checkpoint(const struct judgement *judgement,
                                        const struct cs_log_state *known)
{
    if (judgement->page->without_log) {
        return cs_problem_set(judgement->problem, CS_UNSUPPORTED,
                              "the server does not show its evidence log; it must be upgraded");
    }
    if (judgement->page->checkpoint.size > 0) {
        return take_checkpoint(judgement, known);
    }
    if (!known->any || !same_incarnation(&known->checkpoint, judgement->page->incarnation)) {
        return cs_problem_set(judgement->problem, CS_MALFORMED,
                              "the server did not show its evidence log");
    }
    *judgement->log = *known;
    return CS_OK;
}

static struct cs_bytes field_of(const struct cs_row *row, const char *name)
{
    for (size_t i = 0; i < row->field_count; i++) {
        if (cs_bytes_equal_text(row->fields[i].name, name)) {
            return row->fields[i].value.bytes;
        }
    }
    return CS_BYTES_NONE;
}

/* The leaf that a row must have; *out_needed false: none. A chain that cannot be read is refused where
 * chains are verified, before it is applied. */
static enum cs_status leaf_of(const struct judgement *judgement, const struct cs_row *row,
                              struct cs_leaf *out, bool *out_needed)
{
    *out_needed = true;
    if (cs_bytes_equal_text(row->entity, "device") && !row->deleted) {
        uint8_t id[CS_HASH_SIZE];
        enum cs_status status = cs_chain_leaf_id(field_of(row, "chain"), id);
        *out_needed = status == CS_OK;
        if (*out_needed) {
            cs_leaf_certificate(id, out);
        }
        return status == CS_NO_MEMORY ? status : CS_OK;
    }
    const struct cs_registry *registry = cs_replica_registry(judgement->replica);
    *out_needed = cs_leaf_is_evidence(cs_registry_find(registry, row->entity));
    if (*out_needed) {
        cs_leaf_row(row->entity, &row->id, field_of(row, CS_LEAF_RECORD_FIELD), out);
    }
    return CS_OK;
}

static enum cs_status verify_leaf(const struct judgement *judgement, const struct cs_leaf *leaf,
                                  uint64_t number, struct cs_bytes path)
{
    uint8_t hash[CS_HASH_SIZE];
    cs_leaf_hash(leaf, hash);
    return cs_merkle_verify_inclusion(hash, number, judgement->log->checkpoint.size, path,
                                      judgement->log->checkpoint.root);
}

static enum cs_status row_not_proved(const struct judgement *judgement, const struct cs_row *row)
{
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, id);
    return cs_problem_set(judgement->problem, CS_OTHER_HISTORY,
                          "%.*s %s is not in the server's evidence log as it was sent; nothing was "
                          "applied, tell the office",
                          (int)row->entity.size, (const char *)row->entity.data, id);
}

/* Proofs ascend by row, as the rows do. */
static enum cs_status check_rows(const struct judgement *judgement)
{
    const struct cs_sync_response *page = judgement->page;
    size_t next = 0;
    for (size_t i = 0; i < page->row_count; i++) {
        struct cs_leaf leaf;
        bool needed;
        while (next < page->row_proof_count && page->row_proofs[next].row < i) {
            next++;
        }
        enum cs_status status = leaf_of(judgement, &page->rows[i], &leaf, &needed);
        if (status != CS_OK) {
            return status;
        }
        bool proved = !needed || CS_PLANTED(SKIP_INCLUSION) ||
                      (next < page->row_proof_count && page->row_proofs[next].row == i &&
                       verify_leaf(judgement, &leaf, page->row_proofs[next].leaf,
                                   page->row_proofs[next].path) == CS_OK);
        if (!proved) {
            return row_not_proved(judgement, &page->rows[i]);
        }
    }
    return CS_OK;
}

/* After a push: the newest change-set, and through its header all before it. */
static enum cs_status check_own(const struct judgement *judgement)
{
    const struct cs_sync_response *page = judgement->page;
    struct cs_leaf leaf;
    if (page->outcome_count == 0) {
        return CS_OK;
    }
    cs_leaf_change_set(cs_identity_log(cs_replica_identity(judgement->replica)), page->log_sequence,
                       page->log_head, &leaf);
    if (page->own_proved &&
        verify_leaf(judgement, &leaf, page->own_leaf, page->own_path) == CS_OK) {
        return CS_OK;
    }
    return cs_problem_set(judgement->problem, CS_OTHER_HISTORY,
                          "change-set %llu of this device is not in the server's evidence log; "
                          "nothing was applied, tell the office",
                          (unsigned long long)page->log_sequence);
}

/* Proofs ascend by size. */
static const struct cs_growth_proof *find_earlier(const struct cs_sync_response *page,
                                                  uint64_t size)
{
    size_t low = 0;
    size_t high = page->earlier_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (page->earlier[middle].size < size) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < page->earlier_count && page->earlier[low].size == size ? &page->earlier[low]
                                                                        : NULL;
}

/* Is what another device was shown the beginning of what this one is shown? */
static bool is_beginning(const struct judgement *judgement, const struct cs_checkpoint *shown)
{
    const struct cs_checkpoint *own = &judgement->log->checkpoint;
    if (shown->size >= own->size) {
        return shown->size == own->size && memcmp(shown->root, own->root, CS_HASH_SIZE) == 0;
    }
    if (shown->size == 0) {
        return true;
    }
    const struct cs_growth_proof *proof = find_earlier(judgement->page, shown->size);
    return proof != NULL && cs_merkle_verify_consistency(shown->size, shown->root, own->size,
                                                         own->root, proof->path) == CS_OK;
}

/*
 * A note that the server did not sign says nothing about the server: it is the signer's own matter,
 * and so is a record that cannot be read (receipt verify tells).
 */
static enum cs_status check_shown(const struct judgement *judgement, const struct cs_row *row,
                                  const struct cs_record *record)
{
    struct cs_checkpoint shown;
    enum cs_status status = verify_note(judgement->replica, record->checkpoint, &shown);
    if (status != CS_OK) {
        return status == CS_NO_MEMORY ? status : CS_OK;
    }
    if (!same_incarnation(&shown, judgement->page->incarnation) ||
        is_beginning(judgement, &shown)) {
        return CS_OK;
    }
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&row->id, id);
    return cs_problem_set(judgement->problem, CS_OTHER_HISTORY,
                          "the server showed the device that signed %.*s %s another history (%llu "
                          "entries) than this one; nothing was applied, tell the office",
                          (int)row->entity.size, (const char *)row->entity.data, id,
                          (unsigned long long)shown.size);
}

/* What stands in the records of other devices about the log. */
static enum cs_status check_others(const struct judgement *judgement)
{
    const struct cs_sync_response *page = judgement->page;
    const struct cs_registry *registry = cs_replica_registry(judgement->replica);
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < page->row_count; i++) {
        struct cs_record record;
        struct cs_arena arena;
        if (!cs_leaf_is_evidence(cs_registry_find(registry, page->rows[i].entity))) {
            continue;
        }
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        status = cs_record_decode(field_of(&page->rows[i], CS_LEAF_RECORD_FIELD), &arena, &record);
        if (status == CS_OK && record.checkpoint.size > 0) {
            status = check_shown(judgement, &page->rows[i], &record);
        } else if (status != CS_NO_MEMORY) {
            status = CS_OK;
        }
        cs_arena_release(&arena);
    }
    return status;
}

enum cs_status cs_evidence_check(struct cs_replica *replica, const struct cs_log_state *known,
                                 const struct cs_sync_response *page, struct cs_log_state *out,
                                 struct cs_problem *problem)
{
    struct cs_log_state log = {.any = false};
    struct judgement judgement = {replica, page, &log, problem};
    enum cs_status status = settle_checkpoint(&judgement, known);
    if (status == CS_OK) {
        status = check_rows(&judgement);
    }
    if (status == CS_OK) {
        status = check_own(&judgement);
    }
    if (status == CS_OK) {
        status = check_others(&judgement);
    }
    if (status == CS_OK) {
        *out = log;
    }
    return status;
}
