/*
 * A server for random tests: holds parts, decides at random what becomes of each transaction, edits
 * rows for others, moves them in and out of scopes, and always knows what the client must hold.
 */
#ifndef TESTS_UNIT_FIELD_CLIENT_SYNC_MODEL_SERVER_H
#define TESTS_UNIT_FIELD_CLIENT_SYNC_MODEL_SERVER_H

#include "field-client/replica/overlay.h"
#include "tests/unit/field_client_sync/server_fixture.h"

#define MODEL_ROWS_MAX 64
#define MODEL_COUNTERS_MAX 512
#define OTHERS_LOG 77

struct model_row {
    struct cs_stored_row now;  /* at the server */
    struct cs_stored_row told; /* as the client holds it, or will once it has the answer at hand */
    struct cs_stored_row held; /* as the client holds it for certain */
    bool in_scope;
};

struct model {
    struct server server;
    uint64_t random_state;
    struct model_row rows[MODEL_ROWS_MAX];
    size_t row_count;
    enum cs_outcome outcomes[MODEL_COUNTERS_MAX]; /* by counter; 0 = not received */
    struct cs_transaction transactions[MODEL_COUNTERS_MAX];
    uint64_t sequence; /* of the client's log */
    uint8_t head[CS_HASH_SIZE];
    uint64_t others_counter;
    bool calm; /* accepts everything it can */
    struct cs_outcome_run *runs;
    size_t run_count;
    struct cs_echo_run *echoes;
    size_t echo_count;
};

static inline uint64_t model_random(struct model *m, uint64_t below)
{
    m->random_state += 0x9e3779b97f4a7c15u;
    uint64_t z = m->random_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

static inline void model_init(struct model *m, struct fixture *f, uint64_t seed)
{
    memset(m, 0, sizeof *m);
    server_init(&m->server, f);
    m->random_state = seed;
}

static inline struct cs_stored_row model_copy(struct model *m, const struct cs_stored_row *row)
{
    struct cs_stored_row copy;
    assert_ok(cs_stored_row_copy(row, &m->server.arena, &copy));
    return copy;
}

static inline struct model_row *model_row(struct model *m, const struct cs_id *id)
{
    for (size_t i = 0; i < m->row_count; i++) {
        if (cs_id_equal(&m->rows[i].now.id, id)) {
            return &m->rows[i];
        }
    }
    assert_true(m->row_count < MODEL_ROWS_MAX);
    struct model_row *row = &m->rows[m->row_count++];
    struct cs_stored_row absent;
    assert_ok(
        cs_row_from_fields(cs_registry_core(), T("part"), NULL, 0, &m->server.arena, &absent));
    absent.id = *id;
    row->in_scope = true;
    row->now = model_copy(m, &absent);
    row->told = model_copy(m, &absent);
    row->held = model_copy(m, &absent);
    return row;
}

static inline bool model_same(const struct cs_stored_row *a, const struct cs_stored_row *b)
{
    uint8_t first[CS_HASH_SIZE];
    uint8_t second[CS_HASH_SIZE];
    if (a->exists != b->exists || !a->exists) {
        return a->exists == b->exists;
    }
    assert_ok(cs_stored_row_hash(a, first));
    assert_ok(cs_stored_row_hash(b, second));
    return memcmp(first, second, CS_HASH_SIZE) == 0;
}

/* An edit by somebody else. */
static inline void model_edit(struct model *m, struct model_row *row, enum cs_operation_kind kind)
{
    char text[32];
    int size = snprintf(text, sizeof text, "theirs %u", (unsigned)++m->others_counter);
    struct cs_bytes value;
    assert_ok(cs_arena_copy(&m->server.arena, cs_bytes_make(text, (size_t)size), &value));
    struct cs_field_change changes[] = {{T("name"), cs_value_text(value), {NULL, 0}},
                                        {T("code"), cs_value_text(value), {NULL, 0}}};
    struct cs_operation operation = {.kind = kind,
                                     .entity = T("part"),
                                     .row = row->now.id,
                                     .changes = changes,
                                     .change_count = kind == CS_OPERATION_INSERT ? 2 : 1};
    struct cs_version version = {OTHERS_LOG, m->others_counter};
    assert_ok(cs_overlay_predict(&operation, version, &m->server.arena, &row->now));
}

/* What others do between two exchanges. */
static inline void model_others(struct model *m)
{
    if (m->row_count == 0 || model_random(m, 4) == 0) {
        struct cs_id id = {{0}};
        for (size_t i = 0; i < CS_ID_SIZE; i++) {
            id.bytes[i] = (uint8_t)model_random(m, 256);
        }
        model_edit(m, model_row(m, &id), CS_OPERATION_INSERT);
        return;
    }
    struct model_row *row = &m->rows[model_random(m, m->row_count)];
    switch (model_random(m, 6)) {
    case 0:
        row->in_scope = !row->in_scope;
        break;
    case 1:
        model_edit(m, row, CS_OPERATION_DELETE);
        break;
    default:
        model_edit(m, row, CS_OPERATION_UPDATE);
        break;
    }
}

/* What a transaction is based on decides first, as at a real server. */
static inline enum cs_outcome model_bases(struct model *m, const struct cs_transaction *transaction)
{
    uint64_t log = cs_identity_log(m->server.f->identity);
    for (size_t i = 0; i < transaction->operation_count; i++) {
        const struct cs_operation *operation = &transaction->operations[i];
        for (uint64_t c = 1; c < transaction->counter; c++) {
            for (size_t j = 0;
                 m->outcomes[c] == CS_OUTCOME_HELD && j < m->transactions[c].operation_count; j++) {
                if (cs_id_equal(&m->transactions[c].operations[j].row, &operation->row)) {
                    return CS_OUTCOME_HELD;
                }
            }
        }
        for (size_t j = 0; j < operation->change_count; j++) {
            struct cs_versions base = operation->changes[j].base;
            for (size_t k = 0; k < base.count; k++) {
                if (base.items[k].log == log &&
                    m->outcomes[base.items[k].counter] == CS_OUTCOME_REFUSED) {
                    return CS_OUTCOME_REFUSED;
                }
            }
        }
        if (operation->kind != CS_OPERATION_INSERT && !model_row(m, &operation->row)->now.exists) {
            return CS_OUTCOME_REFUSED;
        }
    }
    return CS_OUTCOME_APPLIED;
}

static inline enum cs_outcome model_decide(struct model *m,
                                           const struct cs_transaction *transaction)
{
    enum cs_outcome outcome = model_bases(m, transaction);
    if (outcome != CS_OUTCOME_APPLIED || m->calm) {
        return outcome;
    }
    switch (model_random(m, 8)) {
    case 0:
        return CS_OUTCOME_REFUSED;
    case 1:
        return CS_OUTCOME_HELD;
    case 2:
        return CS_OUTCOME_DUPLICATE;
    default:
        return CS_OUTCOME_APPLIED;
    }
}

/* Applies a transaction; the echo of each operation where `echo` is given. */
static inline void model_apply(struct model *m, const struct cs_transaction *transaction,
                               enum cs_outcome outcome, bool echo)
{
    struct cs_version version = {cs_identity_log(m->server.f->identity), transaction->counter};
    if (outcome == CS_OUTCOME_DUPLICATE) {
        version = (struct cs_version){OTHERS_LOG, ++m->others_counter};
    }
    for (size_t i = 0; i < transaction->operation_count; i++) {
        const struct cs_operation *operation = &transaction->operations[i];
        struct model_row *row = model_row(m, &operation->row);
        bool known = row->in_scope && model_same(&row->now, &row->told);
        bool plain = echo && known && outcome == CS_OUTCOME_APPLIED;
        if (outcome == CS_OUTCOME_APPLIED || outcome == CS_OUTCOME_DUPLICATE) {
            assert_ok(cs_overlay_predict(operation, version, &m->server.arena, &row->now));
            /* Somebody else's edit wins at once. */
            if (!m->calm && model_random(m, 6) == 0) {
                model_edit(m, row, CS_OPERATION_UPDATE);
                plain = false;
            }
        }
        if (plain) {
            row->told = model_copy(m, &row->now);
        }
        if (echo) {
            m->echoes[m->echo_count++] = (struct cs_echo_run){plain ? 1 : 0, 1};
        }
    }
}

static inline void model_retry_held(struct model *m)
{
    for (uint64_t c = 1; c < MODEL_COUNTERS_MAX; c++) {
        if (m->outcomes[c] == CS_OUTCOME_HELD && (m->calm || model_random(m, 2) == 0)) {
            m->outcomes[c] = CS_OUTCOME_APPLIED; /* is not in its own way */
            m->outcomes[c] = model_decide(m, &m->transactions[c]);
            model_apply(m, &m->transactions[c], m->outcomes[c], false);
        }
    }
}

static inline void model_take_inner(struct model *m, struct cs_bytes inner)
{
    struct cs_inner_header header;
    struct cs_bytes body;
    struct cs_transactions transactions;
    assert_ok(cs_inner_split(inner, &header, &body));
    assert_ok(cs_body_decode(body, &m->server.arena, &transactions));
    bool fresh = header.sequence == m->sequence + 1;
    assert_true(fresh || header.sequence <= m->sequence);
    if (fresh) {
        assert_memory_equal(header.previous, m->head, CS_HASH_SIZE);
        m->sequence = header.sequence;
        assert_ok(cs_inner_hash(inner, m->head));
    }
    if (m->run_count == 0) {
        m->server.response.first_counter = header.first_counter;
    }
    for (size_t i = 0; i < transactions.count; i++) {
        const struct cs_transaction *transaction = &transactions.items[i];
        uint64_t counter = transaction->counter;
        assert_true(counter < MODEL_COUNTERS_MAX);
        if (fresh) {
            assert_int_equal(m->outcomes[counter], 0);
            m->transactions[counter] = *transaction;
            m->outcomes[counter] = model_decide(m, transaction);
            model_apply(m, transaction, m->outcomes[counter], true);
        } else {
            assert_true(m->outcomes[counter] != 0);
            m->echoes[m->echo_count++] = (struct cs_echo_run){0, transaction->operation_count};
        }
        m->runs[m->run_count++] = (struct cs_outcome_run){m->outcomes[counter], 1};
    }
}

/* Rows and departures that bring the client to what stands here now. */
static inline void model_rows(struct model *m)
{
    struct server *s = &m->server;
    struct cs_row *rows = cs_arena_take_array(&s->arena, MODEL_ROWS_MAX, sizeof *rows);
    struct cs_departure *gone = cs_arena_take_array(&s->arena, MODEL_ROWS_MAX, sizeof *gone);
    for (size_t i = 0; i < m->row_count; i++) {
        struct model_row *row = &m->rows[i];
        bool shown = row->in_scope && row->now.exists;
        if (shown && !model_same(&row->now, &row->told)) {
            struct cs_row *sent = &rows[s->response.row_count++];
            *sent = (struct cs_row){.entity = T("part"),
                                    .id = row->now.id,
                                    .deleted = row->now.deleted,
                                    .versions = row->now.versions};
            assert_ok(cs_row_fields(&row->now, &s->arena, &sent->fields, &sent->field_count));
            row->told = model_copy(m, &row->now);
        } else if (!shown && row->told.exists) {
            gone[s->response.departure_count++] = (struct cs_departure){T("part"), row->now.id};
            row->told.exists = false;
        }
    }
    s->response.rows = rows;
    s->response.departures = gone;
}

static inline void model_digest(struct model *m)
{
    memset(&m->server.everyone, 0, sizeof m->server.everyone);
    for (size_t i = 0; i < m->row_count; i++) {
        uint8_t hash[CS_HASH_SIZE];
        if (m->rows[i].told.exists) {
            assert_ok(cs_stored_row_hash(&m->rows[i].told, hash));
            cs_multiset_add(&m->server.everyone, hash);
        }
    }
}

/*
 * Takes a request and prepares the answer to it, some as a page that is not the last. false: the
 * client has nothing to say.
 */
static inline bool model_take(struct model *m, struct cs_sync_session *session)
{
    struct server *s = &m->server;
    if (!server_take(s, session)) {
        return false;
    }
    m->runs = cs_arena_take_array(&s->arena, MODEL_COUNTERS_MAX, sizeof *m->runs);
    m->echoes = cs_arena_take_array(&s->arena, 4 * MODEL_COUNTERS_MAX, sizeof *m->echoes);
    m->run_count = 0;
    m->echo_count = 0;
    model_retry_held(m);
    for (size_t i = 0; i < s->sync.inner_count; i++) {
        model_take_inner(m, s->sync.inners[i]);
    }
    s->response.outcomes = m->runs;
    s->response.outcome_count = m->run_count;
    s->response.echoes = m->echoes;
    s->response.echo_count = m->echo_count;
    s->response.log_sequence = m->sequence;
    memcpy(s->response.log_head, m->head, CS_HASH_SIZE);
    s->response.last = m->calm || model_random(m, 4) != 0;
    model_rows(m);
    model_digest(m);
    return true;
}

/* The client has applied everything up to a last page, or lost what was not applied. */
static inline void model_settle(struct model *m, bool applied)
{
    for (size_t i = 0; i < m->row_count; i++) {
        struct model_row *row = &m->rows[i];
        *(applied ? &row->held : &row->told) =
            applied ? model_copy(m, &row->told) : model_copy(m, &row->held);
    }
}

#endif
