/* What the server says instead, see lies.h. */
#include "tests/simulation/whole/lies.h"

#include "field-client/replica/meta.h"
#include "shared/evidence/leaf.h"
#include "shared/evidence/server_statement.h"

#include <string.h>

/* ---- rows ---- */

static const struct cs_entity *entity_of(const struct answer *answer, const struct cs_row *row)
{
    return cs_registry_find(answer->sim->registry, row->entity);
}

static struct cs_value *field_of(const struct cs_row *row, const char *name)
{
    struct cs_value *found = NULL;
    for (size_t i = 0; i < row->field_count; i++) {
        found = cs_bytes_equal_text(row->fields[i].name, name) ? &row->fields[i].value : found;
    }
    return found;
}

/* One that people made; what the server computes and what is signed as a whole is lied about elsewhere. */
static bool is_ordinary(const struct answer *answer, const struct cs_row *row)
{
    return sim_ledger_row(&answer->sim->ledger, &row->id) != NULL &&
           !cs_leaf_is_evidence(entity_of(answer, row));
}

typedef bool row_test(const struct answer *answer, const struct cs_row *row);

/* Some row that passes, or NULL. */
static struct cs_row *pick(struct answer *answer, row_test *test)
{
    struct cs_sync_response *page = &answer->page;
    size_t start = page->row_count > 0 ? sim_below(&answer->sim->random, page->row_count) : 0;
    for (size_t i = 0; i < page->row_count; i++) {
        struct cs_row *row = &page->rows[(start + i) % page->row_count];
        if (test(answer, row)) {
            return row;
        }
    }
    return NULL;
}

static void remove_row(struct cs_sync_response *page, size_t index)
{
    size_t kept = 0;
    for (size_t i = index + 1; i < page->row_count; i++) {
        page->rows[i - 1] = page->rows[i];
    }
    page->row_count--;
    for (size_t i = 0; i < page->row_proof_count; i++) {
        struct cs_row_proof proof = page->row_proofs[i];
        if (proof.row != index) {
            proof.row -= proof.row > index ? 1 : 0;
            page->row_proofs[kept++] = proof;
        }
    }
    page->row_proof_count = kept;
}

bool lie_withhold_rows(struct answer *answer)
{
    struct cs_sync_response *page = &answer->page;
    size_t count = page->row_count > 0 ? 1 + sim_below(&answer->sim->random, 3) : 0;
    bool any = false;
    for (size_t i = 0; i < count && page->row_count > 0; i++) {
        remove_row(page, sim_below(&answer->sim->random, page->row_count));
        any = true;
    }
    return any;
}

static struct cs_value *text_of(const struct answer *answer, const struct cs_row *row)
{
    const struct cs_entity *entity = entity_of(answer, row);
    for (size_t i = 0; entity != NULL && i < row->field_count; i++) {
        int field = cs_entity_field_index(entity, row->fields[i].name);
        if (field >= 0 && entity->fields[field].type == CS_FIELD_TEXT &&
            row->fields[i].value.kind == CS_VALUE_TEXT) {
            return &row->fields[i].value;
        }
    }
    return NULL;
}

static bool has_text(const struct answer *answer, const struct cs_row *row)
{
    return is_ordinary(answer, row) && !row->deleted && text_of(answer, row) != NULL;
}

bool lie_change_value(struct answer *answer)
{
    struct cs_row *row = pick(answer, has_text);
    struct cs_value *text = row == NULL ? NULL : text_of(answer, row);
    if (text != NULL) {
        *text = cs_value_text(sim_name(answer->sim, &answer->arena));
    }
    return text != NULL;
}

/* It gets the authors of another row of its kind. */
bool lie_change_author(struct answer *answer)
{
    struct cs_row *row = pick(answer, is_ordinary);
    for (size_t i = 0; row != NULL && i < answer->page.row_count; i++) {
        const struct cs_row *other = &answer->page.rows[i];
        if (cs_bytes_equal(row->entity, other->entity) && row->deleted == other->deleted &&
            !cs_bytes_equal(row->versions, other->versions)) {
            row->versions = other->versions;
            return true;
        }
    }
    return false;
}

static bool has_record(const struct answer *answer, const struct cs_row *row)
{
    const struct cs_value *record = field_of(row, CS_LEAF_RECORD_FIELD);
    return cs_leaf_is_evidence(entity_of(answer, row)) && record != NULL && record->bytes.size > 0;
}

static struct cs_bytes flipped(struct answer *answer, struct cs_bytes bytes)
{
    struct cs_bytes copy;
    cs_require(bytes.size > 0 && cs_arena_copy(&answer->arena, bytes, &copy) == CS_OK);
    ((uint8_t *)(uintptr_t)copy.data)[sim_below(&answer->sim->random, copy.size)] ^= 1;
    return copy;
}

bool lie_change_record(struct answer *answer)
{
    struct cs_row *row = pick(answer, has_record);
    struct cs_value *record = row == NULL ? NULL : field_of(row, CS_LEAF_RECORD_FIELD);
    if (record != NULL) {
        record->bytes = flipped(answer, record->bytes);
    }
    return record != NULL;
}

/* ---- keys ---- */

static bool is_device(const struct answer *answer, const struct cs_row *row)
{
    (void)answer;
    return cs_bytes_equal_text(row->entity, "device") && !row->deleted;
}

/* Caught when all pages are applied: with the last one. */
bool lie_change_roles(struct answer *answer)
{
    struct cs_row *row = answer->page.last ? pick(answer, is_device) : NULL;
    struct cs_value *roles = row == NULL ? NULL : field_of(row, "roles");
    if (roles != NULL) {
        *roles = cs_value_text(cs_bytes_of_text("owner,security"));
    }
    return roles != NULL;
}

bool lie_swap_chain(struct answer *answer)
{
    struct cs_row *row = pick(answer, is_device);
    struct cs_value *chain = row == NULL ? NULL : field_of(row, "chain");
    for (size_t i = 0; chain != NULL && i < answer->sim->device_count; i++) {
        const struct sim_device *other = &answer->sim->devices[i];
        if (other->identity != NULL &&
            !cs_bytes_equal(cs_identity_chain(other->identity), chain->bytes)) {
            chain->bytes = cs_identity_chain(other->identity);
            return true;
        }
    }
    return false;
}

static struct cs_sign_key *other_key(struct sim *sim)
{
    if (sim->hostile.key == NULL) {
        sim_expect(sim, cs_sign_key_create_random(&sim->machine.world, &sim->hostile.key), "a key");
    }
    return sim->hostile.key;
}

bool lie_forge_checkpoint(struct answer *answer)
{
    struct cs_checkpoint checkpoint;
    struct cs_buffer note;
    struct cs_bytes copy;
    if (answer->page.checkpoint.size == 0) {
        return false;
    }
    cs_buffer_init(&note, CS_CHECKPOINT_MAX);
    cs_require(cs_checkpoint_read(answer->page.checkpoint, &checkpoint) == CS_OK);
    cs_require(cs_checkpoint_encode(&checkpoint, cs_identity_organisation(answer->device->identity),
                                    other_key(answer->sim), &note) == CS_OK);
    cs_require(cs_arena_copy(&answer->arena, cs_buffer_bytes(&note), &copy) == CS_OK);
    cs_buffer_release(&note);
    answer->page.checkpoint = copy;
    return true;
}

/* A statement of its own making, by a key that is not the server's. */
bool lie_forge_statement(struct answer *answer)
{
    const struct cs_identity *identity = answer->device->identity;
    struct cs_server_statement statement = *cs_identity_server_statement(identity);
    struct cs_buffer bytes;
    struct cs_bytes copy;
    statement.epoch++;
    cs_sign_key_public(other_key(answer->sim), statement.identity);
    cs_buffer_init(&bytes, CS_KIBI);
    cs_require(cs_server_statement_encode(&statement, other_key(answer->sim), &bytes) == CS_OK);
    cs_require(cs_arena_copy(&answer->arena, cs_buffer_bytes(&bytes), &copy) == CS_OK);
    cs_buffer_release(&bytes);
    answer->page.server_statement = copy;
    return true;
}

bool lie_sign_by_another(struct answer *answer)
{
    answer->key = other_key(answer->sim);
    return true;
}

bool lie_seal_to_another(struct answer *answer)
{
    for (size_t i = 0; i < answer->sim->device_count; i++) {
        const struct sim_device *other = &answer->sim->devices[i];
        if (other->identity != NULL && other->person != answer->device->person) {
            answer->sealed_to = other;
            return true;
        }
    }
    return false;
}

/* ---- pages ---- */

bool lie_drop_row_proof(struct answer *answer)
{
    bool any = answer->page.row_proof_count > 0;
    answer->page.row_proof_count -= any ? 1 : 0;
    return any;
}

bool lie_drop_own_proof(struct answer *answer)
{
    bool any = answer->page.own_proved;
    answer->page.own_proved = false;
    answer->page.own_path = CS_BYTES_NONE;
    return any;
}

bool lie_drop_growth(struct answer *answer)
{
    bool any = answer->page.consistency.size > 0;
    answer->page.consistency = CS_BYTES_NONE;
    return any;
}

bool lie_call_it_last(struct answer *answer)
{
    bool any = !answer->page.last;
    answer->page.last = true;
    return any;
}

bool lie_drop_departures(struct answer *answer)
{
    bool any = answer->page.departure_count > 0;
    answer->page.departure_count = 0;
    return any;
}

/* As if nothing had been sent. */
bool lie_drop_outcomes(struct answer *answer)
{
    struct cs_sync_response *page = &answer->page;
    bool any = page->outcome_count > 0;
    page->outcome_count = page->refusal_count = page->echo_count = 0;
    page->first_counter = 0;
    page->own_proved = false;
    page->own_path = CS_BYTES_NONE;
    return any;
}

/* ---- what was said before ---- */

static bool say_again(struct answer *answer, const struct sim_said *said)
{
    if (said->body == NULL) {
        return false;
    }
    answer->body = cs_bytes_make(said->body, said->size);
    answer->kind = CS_MESSAGE_SYNC;
    answer->whole = true;
    return true;
}

/* Where the laptop stands further by now, it must not go on as if nothing were wrong. */
bool lie_answer_as_before(struct answer *answer)
{
    struct sim_device *device = answer->device;
    const struct sim_said *said = &answer->sim->hostile.said[device->index];
    int64_t known = 0;
    bool done = say_again(answer, said);
    if (done && !device->machine.disk->dead &&
        cs_replica_meta_number(device->replica, CS_META_POSITION, &known) == CS_OK) {
        answer->lie.older = said->position < (uint64_t)known;
    }
    return done;
}

bool lie_answer_as_to_others(struct answer *answer)
{
    size_t index = sim_below(&answer->sim->random, answer->sim->device_count);
    return index != answer->device->index && say_again(answer, &answer->sim->hostile.said[index]);
}

bool lie_refuse_to_compare(struct answer *answer)
{
    struct cs_failure_response failure = {.status = CS_REFUSED,
                                          .text = cs_bytes_of_text("not now")};
    struct cs_buffer body;
    struct cs_bytes copy;
    if (answer->kind != CS_MESSAGE_COMPARE) {
        return false;
    }
    cs_buffer_init(&body, CS_KIBI);
    cs_require(cs_failure_response_encode(&failure, &body) == CS_OK);
    cs_require(cs_arena_copy(&answer->arena, cs_buffer_bytes(&body), &copy) == CS_OK);
    cs_buffer_release(&body);
    answer->kind = CS_MESSAGE_FAILURE;
    answer->body = copy;
    answer->whole = true;
    return true;
}
