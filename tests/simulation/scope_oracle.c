/* Scopes worked out anew, see scope_oracle.h. Slow on purpose: no index, no order, no memory of what was before. */
#include "tests/simulation/scope_oracle.h"

#include "tests/support/testing.h"

#include <stdlib.h>
#include <string.h>

bool oracle_holds(const struct oracle_row *row, const struct cs_scope_name *scope)
{
    for (size_t i = 0; i < row->count; i++) {
        if (cs_scope_name_compare(&row->scopes[i], scope) == 0) {
            return true;
        }
    }
    return false;
}

/* True if it was not there. */
static bool add(struct oracle_row *row, const struct cs_scope_name *scope)
{
    /* It may stand in the list that is about to grow. */
    struct cs_scope_name added = *scope;
    if (oracle_holds(row, &added)) {
        return false;
    }
    if (row->count == row->capacity) {
        row->capacity = row->capacity * 2 + 4;
        row->scopes = realloc(row->scopes, row->capacity * sizeof *row->scopes);
        assert_non_null(row->scopes);
    }
    row->scopes[row->count++] = added;
    return true;
}

static void add_id(struct oracle_row *row, enum cs_scope_kind kind, struct cs_bytes id)
{
    struct cs_scope_name name = {.kind = (uint8_t)kind};
    if (cs_id_from_bytes(id, &name.id)) {
        (void)add(row, &name);
    }
}

/* Personal and project scopes are handed on; the others are not. */
static bool hand_on(const struct oracle_row *from, struct oracle_row *to)
{
    bool changed = false;
    for (size_t i = 0; from != NULL && i < from->count; i++) {
        uint8_t kind = from->scopes[i].kind;
        if (kind == CS_SCOPE_PERSON || kind == CS_SCOPE_PROJECT) {
            changed = add(to, &from->scopes[i]) || changed;
        }
    }
    return changed;
}

const struct oracle_row *oracle_find(const struct scope_oracle *oracle, struct cs_bytes entity,
                                     struct cs_bytes id)
{
    for (size_t i = 0; i < oracle->count; i++) {
        if (cs_bytes_equal(cs_id_bytes(&oracle->rows[i].row.id), id) &&
            cs_bytes_equal(oracle->rows[i].row.name, entity)) {
            return &oracle->rows[i];
        }
    }
    return NULL;
}

static struct cs_value value_of(const struct oracle_row *row, const char *field)
{
    int index = cs_entity_field_index(row->row.entity, cs_bytes_of_text(field));
    assert_true(index >= 0);
    return row->row.values[index];
}

static enum cs_status take(void *context, const struct cs_stored_row *row)
{
    struct scope_oracle *oracle = context;
    if (oracle->count == oracle->capacity) {
        oracle->capacity = oracle->capacity * 2 + 64;
        oracle->rows = realloc(oracle->rows, oracle->capacity * sizeof *oracle->rows);
        assert_non_null(oracle->rows);
    }
    struct oracle_row *taken = &oracle->rows[oracle->count++];
    *taken = (struct oracle_row){.scopes = NULL};
    assert_non_null(row->entity);
    return cs_stored_row_copy(row, &oracle->arena, &taken->row);
}

static void add_own(struct oracle_row *row)
{
    const struct cs_entity *entity = row->row.entity;
    struct cs_scope_name all = {.kind = entity->scope == CS_SCOPE_RULE_EVERYONE ? CS_SCOPE_EVERYONE
                                                                                : CS_SCOPE_OFFICE};
    (void)add(row, &all);
    if (entity->opens_project_scope) {
        add_id(row, CS_SCOPE_PROJECT, cs_id_bytes(&row->row.id));
    }
    for (size_t i = 0; i < entity->field_count; i++) {
        if ((entity->fields[i].flags & CS_FIELD_OWNER) != 0) {
            add_id(row, CS_SCOPE_PERSON, row->row.values[i].bytes);
        }
        if ((entity->fields[i].flags & CS_FIELD_PROJECT) != 0) {
            add_id(row, CS_SCOPE_PROJECT, row->row.values[i].bytes);
        }
    }
}

/* One round of handing on from and to everything this row refers to. */
static bool spread(struct scope_oracle *oracle, struct oracle_row *row)
{
    const struct cs_entity *entity = row->row.entity;
    bool carries = !row->row.deleted && !cs_entity_is_closed(entity, row->row.values);
    bool changed = false;
    for (size_t i = 0; i < entity->field_count; i++) {
        const struct cs_field *field = &entity->fields[i];
        if (field->type != CS_FIELD_REFERENCE || row->row.values[i].kind == CS_VALUE_NULL) {
            continue;
        }
        struct oracle_row *other = (struct oracle_row *)(uintptr_t)oracle_find(
            oracle, cs_bytes_of_text(field->references), row->row.values[i].bytes);
        if (other != NULL && (field->flags & CS_FIELD_FOLLOWS) != 0) {
            changed = hand_on(other, row) || changed;
        }
        if (other != NULL && (field->flags & CS_FIELD_CARRIES) != 0 && carries) {
            changed = hand_on(row, other) || changed;
        }
    }
    if (strcmp(entity->name, "conflict") == 0 &&
        cs_bytes_equal_text(value_of(row, "state").bytes, "open")) {
        changed =
            hand_on(oracle_find(oracle, value_of(row, "entity").bytes, value_of(row, "row").bytes),
                    row) ||
            changed;
    }
    return changed;
}

void scope_oracle_open(struct scope_oracle *oracle, struct universe *universe)
{
    struct cs_store *store = cs_server_store(universe->server);
    *oracle = (struct scope_oracle){.registry = universe->registry};
    cs_arena_init(&oracle->arena, CS_MESSAGE_ARENA_MAX);
    assert_ok(cs_row_scan_all(cs_store_rows(store), take, oracle));
    for (size_t i = 0; i < oracle->count; i++) {
        add_own(&oracle->rows[i]);
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < oracle->count; i++) {
            changed = spread(oracle, &oracle->rows[i]) || changed;
        }
    }
}

void scope_oracle_close(struct scope_oracle *oracle)
{
    for (size_t i = 0; i < oracle->count; i++) {
        free(oracle->rows[i].scopes);
    }
    free(oracle->rows);
    cs_arena_release(&oracle->arena);
}

static void check_row(const struct oracle_row *row, struct cs_store *store)
{
    struct cs_reader reader;
    size_t count = 0;
    cs_reader_init(&reader, row->row.scopes);
    while (reader.rest.size > 0) {
        struct cs_scope_name name;
        assert_ok(cs_store_scope_name(store, cs_read_varint(&reader), &name));
        if (!oracle_holds(row, &name)) {
            fail_msg("%.*s stands in scope %u, where it should not", (int)row->row.name.size,
                     (const char *)row->row.name.data, name.kind);
        }
        count++;
    }
    if (count != row->count) {
        fail_msg("%.*s stands in %zu scopes instead of %zu", (int)row->row.name.size,
                 (const char *)row->row.name.data, count, row->count);
    }
}

/* The order of changes in one scope: every row of it once, at its own position; departures of rows that are not in it, once. */
static void check_entries(const struct scope_oracle *oracle, struct cs_store *store,
                          uint64_t number, const struct cs_scope_name *name)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_scope_entry *entries;
    size_t count;
    size_t present = 0;
    assert_ok(cs_store_scope_entries(store, number, 0, SIZE_MAX, &arena, &entries, &count));
    for (size_t i = 0; i < count; i++) {
        const struct oracle_row *row =
            oracle_find(oracle, entries[i].entity, cs_id_bytes(&entries[i].row));
        assert_non_null(row);
        assert_int_equal(oracle_holds(row, name), !entries[i].departed);
        assert_true(entries[i].entered > 0 && entries[i].entered <= entries[i].position);
        if (!entries[i].departed) {
            assert_int_equal(entries[i].position, row->row.position);
            present++;
        }
        for (size_t j = 0; j < i; j++) {
            assert_false(cs_id_equal(&entries[j].row, &entries[i].row) &&
                         cs_bytes_equal(entries[j].entity, entries[i].entity));
        }
    }
    cs_arena_release(&arena);
    struct cs_multiset digest = {{0}};
    size_t expected = 0;
    for (size_t i = 0; i < oracle->count; i++) {
        if (oracle_holds(&oracle->rows[i], name)) {
            uint8_t hash[CS_HASH_SIZE];
            assert_ok(cs_stored_row_hash(&oracle->rows[i].row, hash));
            cs_multiset_add(&digest, hash);
            expected++;
        }
    }
    assert_int_equal(present, expected);
    struct cs_multiset kept;
    assert_ok(cs_store_scope_digest(store, number, &kept));
    assert_memory_equal(kept.sum, digest.sum, sizeof kept.sum);
}

/* Projects of a person: live ones that stand in the personal scope. */
static bool is_open(const struct oracle_row *row, const struct cs_scope_name *person)
{
    return row->row.entity->opens_project_scope && !row->row.deleted && oracle_holds(row, person);
}

static void check_opened(const struct scope_oracle *oracle, struct cs_store *store, uint64_t number,
                         const struct cs_scope_name *person)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_id *projects;
    size_t count;
    size_t expected = 0;
    assert_ok(cs_store_opened(store, number, SIZE_MAX, &arena, &projects, &count));
    for (size_t i = 0; i < oracle->count; i++) {
        expected += is_open(&oracle->rows[i], person) ? 1 : 0;
    }
    assert_int_equal(count, expected);
    for (size_t i = 0; i < count; i++) {
        const struct oracle_row *row =
            oracle_find(oracle, cs_bytes_of_text("project"), cs_id_bytes(&projects[i]));
        assert_true(row != NULL && is_open(row, person));
    }
    cs_arena_release(&arena);
}

void scope_oracle_check_server(const struct scope_oracle *oracle, struct universe *universe)
{
    struct cs_store *store = cs_server_store(universe->server);
    for (size_t i = 0; i < oracle->count; i++) {
        check_row(&oracle->rows[i], store);
    }
    struct cs_scope_name name;
    for (uint64_t number = 1; cs_store_scope_name(store, number, &name) == CS_OK; number++) {
        check_entries(oracle, store, number, &name);
        if (name.kind == CS_SCOPE_PERSON) {
            check_opened(oracle, store, number, &name);
        }
    }
}

static bool is_due(const struct scope_oracle *oracle, const struct oracle_row *row,
                   const struct cs_scope_name *person)
{
    const struct cs_scope_name everyone = {.kind = CS_SCOPE_EVERYONE};
    bool due = oracle_holds(row, &everyone) || oracle_holds(row, person);
    for (size_t i = 0; !due && i < oracle->count; i++) {
        struct cs_scope_name project = {CS_SCOPE_PROJECT, oracle->rows[i].row.id};
        due = is_open(&oracle->rows[i], person) && oracle_holds(row, &project);
    }
    return due;
}

void scope_oracle_check_laptop(const struct scope_oracle *oracle, struct laptop *laptop)
{
    const struct cs_scope_name person = {CS_SCOPE_PERSON,
                                         cs_identity_certificate(laptop->identity)->person};
    struct cs_multiset expected = {{0}};
    struct cs_multiset held;
    for (size_t i = 0; i < oracle->count; i++) {
        if (is_due(oracle, &oracle->rows[i], &person)) {
            uint8_t hash[CS_HASH_SIZE];
            assert_ok(cs_stored_row_hash(&oracle->rows[i].row, hash));
            cs_multiset_add(&expected, hash);
        }
    }
    laptop_fingerprint(laptop, &held);
    assert_memory_equal(held.sum, expected.sum, sizeof held.sum);
}
