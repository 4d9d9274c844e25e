/* What people did, see ledger.h. */
#include "tests/simulation/whole/ledger.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (256 * CS_MEBI)

static void *must(void *memory)
{
    cs_require(memory != NULL);
    return memory;
}

void sim_ledger_init(struct sim_ledger *ledger)
{
    *ledger = (struct sim_ledger){.slot_count = 1024};
    cs_arena_init(&ledger->arena, ARENA_MAX);
    ledger->slots = must(calloc(ledger->slot_count, sizeof *ledger->slots));
}

void sim_ledger_release(struct sim_ledger *ledger)
{
    cs_arena_release(&ledger->arena);
    free(ledger->entries);
    free(ledger->rows);
    free(ledger->slots);
    free(ledger->names);
    memset(ledger, 0, sizeof *ledger);
}

void sim_ledger_copy(struct sim_ledger *ledger, const struct sim_ledger *from)
{
    *ledger = *from;
    cs_arena_init(&ledger->arena, ARENA_MAX);
    ledger->entry_capacity = from->entry_count * 2 + 512;
    ledger->row_capacity = from->row_count * 2 + 256;
    ledger->entries = must(malloc(ledger->entry_capacity * sizeof(struct sim_entry *)));
    ledger->rows = must(malloc(ledger->row_capacity * sizeof *ledger->rows));
    ledger->slots = must(malloc(ledger->slot_count * sizeof *ledger->slots));
    ledger->names = must(malloc((from->name_count + 1) * sizeof *ledger->names));
    memcpy(ledger->names, from->names, from->name_count * sizeof *ledger->names);
    memcpy(ledger->entries, from->entries, from->entry_count * sizeof(struct sim_entry *));
    memcpy(ledger->rows, from->rows, from->row_count * sizeof *ledger->rows);
    memcpy(ledger->slots, from->slots, ledger->slot_count * sizeof *ledger->slots);
}

static size_t slot_of(const struct sim_ledger *ledger, const struct cs_id *id)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < CS_ID_SIZE; i++) {
        hash = (hash ^ id->bytes[i]) * 0x100000001b3u;
    }
    size_t slot = (size_t)(hash ^ (hash >> 29)) & (ledger->slot_count - 1);
    while (ledger->slots[slot] != 0 &&
           !cs_id_equal(&ledger->rows[ledger->slots[slot] - 1].id, id)) {
        slot = (slot + 1) & (ledger->slot_count - 1);
    }
    return slot;
}

struct sim_row *sim_ledger_row(const struct sim_ledger *ledger, const struct cs_id *id)
{
    uint32_t index = ledger->slots[slot_of(ledger, id)];
    return index == 0 ? NULL : &ledger->rows[index - 1];
}

static void grow_slots(struct sim_ledger *ledger)
{
    if (ledger->row_count * 2 < ledger->slot_count) {
        return;
    }
    free(ledger->slots);
    ledger->slot_count *= 2;
    ledger->slots = must(calloc(ledger->slot_count, sizeof *ledger->slots));
    for (size_t i = 0; i < ledger->row_count; i++) {
        ledger->slots[slot_of(ledger, &ledger->rows[i].id)] = (uint32_t)i + 1;
    }
}

static struct sim_row *row_for(struct sim_ledger *ledger, const struct cs_entity *entity,
                               const struct cs_id *id)
{
    struct sim_row *row = sim_ledger_row(ledger, id);
    if (row != NULL) {
        return row;
    }
    if (ledger->row_count == ledger->row_capacity) {
        ledger->row_capacity = ledger->row_capacity * 2 + 64;
        ledger->rows = must(realloc(ledger->rows, ledger->row_capacity * sizeof *ledger->rows));
    }
    ledger->rows[ledger->row_count] = (struct sim_row){.entity = entity, .id = *id};
    ledger->slots[slot_of(ledger, id)] = (uint32_t)++ledger->row_count;
    grow_slots(ledger);
    return &ledger->rows[ledger->row_count - 1];
}

static struct cs_versions copy_versions(struct sim_ledger *ledger, struct cs_versions versions)
{
    struct cs_version *items =
        must(cs_arena_take_array(&ledger->arena, versions.count, sizeof *items));
    for (size_t i = 0; i < versions.count; i++) {
        items[i] = versions.items[i];
    }
    return (struct cs_versions){items, versions.count};
}

static void copy_change(struct sim_ledger *ledger, const struct cs_entity *entity,
                        const struct cs_field_change *from, struct sim_change *to)
{
    int field = cs_entity_field_index(entity, from->field);
    to->field = field < 0 ? SIM_KEEP : (size_t)field;
    to->value = from->value;
    cs_require(cs_arena_copy(&ledger->arena, from->value.bytes, &to->value.bytes) == CS_OK);
    to->base = copy_versions(ledger, from->base);
}

/* A text of which there is one belongs to the row it was first written in. */
static void note_name(struct sim_ledger *ledger, size_t row, struct cs_bytes text)
{
    static const char start[] = SIM_NAME_START;
    size_t size = sizeof start - 1;
    if (text.size < size || memcmp(text.data, start, size) != 0) {
        return;
    }
    size_t number = 0;
    while (size < text.size && text.data[size] >= '0' && text.data[size] <= '9') {
        number = number * 10 + (size_t)(text.data[size++] - '0');
    }
    if (size == text.size || text.data[size] != SIM_NAME_END) {
        return; /* cut off */
    }
    if (number >= ledger->name_count) {
        size_t count = number * 2 + 256;
        ledger->names = must(realloc(ledger->names, count * sizeof *ledger->names));
        memset(ledger->names + ledger->name_count, 0,
               (count - ledger->name_count) * sizeof *ledger->names);
        ledger->name_count = count;
    }
    if (ledger->names[number] == 0) {
        ledger->names[number] = (uint32_t)row + 1;
    }
}

static void copy_op(struct sim_ledger *ledger, const struct cs_registry *registry,
                    const struct cs_operation *from, struct sim_op *to)
{
    to->kind = from->kind;
    to->entity = cs_registry_find(registry, from->entity);
    cs_require(to->entity != NULL);
    to->row = from->row;
    to->seen_versions = CS_BYTES_NONE;
    to->change_count = from->change_count;
    to->changes =
        must(cs_arena_take_array(&ledger->arena, from->change_count, sizeof *to->changes));
    memcpy(to->seen, from->seen, sizeof to->seen);
    for (size_t i = 0; i < from->change_count; i++) {
        copy_change(ledger, to->entity, &from->changes[i], &to->changes[i]);
    }
    struct sim_row *row = row_for(ledger, to->entity, &to->row);
    to->earlier = row->last;
    row->last = to;
    for (size_t i = 0; i < to->change_count; i++) {
        note_name(ledger, (size_t)(row - ledger->rows), to->changes[i].value.bytes);
    }
}

bool sim_entry_has_name(const struct sim_entry *entry, const struct cs_version *name)
{
    return cs_versions_contain((struct cs_versions){entry->names, entry->name_count}, name);
}

void sim_ledger_name(struct sim_ledger *ledger, struct sim_entry *entry,
                     const struct cs_version *name)
{
    if (sim_entry_has_name(entry, name)) {
        return;
    }
    struct cs_version *names =
        must(cs_arena_take_array(&ledger->arena, entry->name_count + 1, sizeof *names));
    for (size_t i = 0; i < entry->name_count; i++) {
        names[i] = entry->names[i];
    }
    names[entry->name_count++] = *name;
    entry->names = names;
}

struct sim_entry *sim_ledger_add(struct sim_ledger *ledger, const struct cs_registry *registry,
                                 uint64_t log, const struct cs_transaction *transaction)
{
    struct sim_entry *entry = must(cs_arena_take(&ledger->arena, sizeof *entry));
    if (ledger->entry_count == ledger->entry_capacity) {
        ledger->entry_capacity = ledger->entry_capacity * 2 + 64;
        ledger->entries =
            must(realloc(ledger->entries, ledger->entry_capacity * sizeof(struct sim_entry *)));
    }
    ledger->entries[ledger->entry_count++] = entry;
    entry->version = entry->written = (struct cs_version){log, transaction->counter};
    entry->claimed = transaction->claimed;
    sim_ledger_name(ledger, entry, &entry->written);
    memcpy(entry->id, transaction->id, sizeof entry->id);
    entry->op_count = transaction->operation_count;
    entry->ops = must(cs_arena_take_array(&ledger->arena, entry->op_count, sizeof *entry->ops));
    for (size_t i = 0; i < entry->op_count; i++) {
        entry->ops[i].entry = entry;
        copy_op(ledger, registry, &transaction->operations[i], &entry->ops[i]);
    }
    return entry;
}

struct sim_entry *sim_ledger_find(const struct sim_ledger *ledger, const uint8_t id[static 16])
{
    for (size_t i = ledger->entry_count; i-- > 0;) {
        struct sim_entry *entry = ledger->entries[i];
        if (memcmp(entry->id, id, sizeof entry->id) == 0) {
            return entry;
        }
    }
    return NULL;
}

void sim_ledger_forget(struct sim_ledger *ledger, size_t author, const struct cs_version *name)
{
    for (size_t i = 0; i < ledger->entry_count; i++) {
        struct sim_entry *entry = ledger->entries[i];
        if (entry->author == author && sim_entry_has_name(entry, name)) {
            entry->forgotten = true;
        }
    }
}
