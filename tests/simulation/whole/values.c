/* Values that people enter, and rows that they see. */
#include "tests/simulation/whole/sim.h"

#include "shared/base/text.h"

#include <stdio.h>
#include <string.h>

struct cs_bytes sim_name(struct sim *sim, struct cs_arena *arena)
{
    char text[64];
    (void)snprintf(text, sizeof text, SIM_NAME_START "%llu%c",
                   (unsigned long long)++sim->names_given, SIM_NAME_END);
    struct cs_bytes copy = CS_BYTES_NONE;
    cs_require(cs_arena_copy(arena, cs_bytes_of_text(text), &copy) == CS_OK);
    return copy;
}

/* Mostly something nobody else has; sometimes one of a few, so that two people write the same. */
static struct cs_bytes text_value(struct sim *sim, struct cs_arena *arena)
{
    static const char *const common[] = {SIM_CANARY " 一", SIM_CANARY " 二", ""};
    return sim_permille(&sim->random, 150)
               ? cs_bytes_of_text(common[sim_below(&sim->random, CS_COUNT(common))])
               : sim_name(sim, arena);
}

static int64_t integer_value(struct sim *sim, const struct cs_field *field)
{
    int64_t minimum = field->minimum;
    int64_t maximum = field->maximum;
    if (minimum == 0 && maximum == 0) {
        maximum = 100000;
    }
    int64_t span = maximum - minimum > 100000 ? 100000 : maximum - minimum;
    return sim_between(&sim->random, minimum, minimum + span);
}

static struct cs_value choice_value(struct sim *sim, const char *choices)
{
    size_t count = 1;
    for (const char *at = choices; *at != '\0'; at++) {
        count += *at == '|' ? 1 : 0;
    }
    size_t chosen = sim_below(&sim->random, count);
    while (chosen > 0) {
        chosen -= *choices++ == '|' ? 1 : 0;
    }
    return cs_value_text(cs_bytes_make(choices, strcspn(choices, "|")));
}

static bool reference_value(struct sim_device *device, const struct cs_field *field,
                            struct cs_arena *arena, struct cs_value *out)
{
    const struct cs_entity *entity = sim_entity(device, field->references);
    struct cs_stored_row row;
    struct cs_bytes copy;
    if (entity == NULL || !sim_pick_row(device, entity, arena, &row) ||
        cs_arena_copy(arena, cs_id_bytes(&row.id), &copy) != CS_OK) {
        return false;
    }
    *out = cs_value_bytes(copy);
    return true;
}

bool sim_value(struct sim_device *device, const struct cs_field *field, struct cs_arena *arena,
               struct cs_value *out)
{
    struct sim *sim = device->sim;
    if ((field->flags & CS_FIELD_REQUIRED) == 0 && sim_permille(&sim->random, 80)) {
        *out = CS_NULL;
        return true;
    }
    switch (field->type) {
    case CS_FIELD_TEXT:
        *out = cs_value_text(text_value(sim, arena));
        return true;
    case CS_FIELD_INTEGER:
    case CS_FIELD_MONEY:
        *out = cs_value_integer(integer_value(sim, field));
        return true;
    case CS_FIELD_BOOLEAN:
        *out = cs_value_integer(sim_between(&sim->random, 0, 1));
        return true;
    case CS_FIELD_DATE:
        *out = cs_value_integer(sim_between(&sim->random, 18000, 22000));
        return true;
    case CS_FIELD_INSTANT:
        *out = cs_value_integer(
            cs_instant_make(sim->now_ms + sim_between(&sim->random, -1000000, 1000000), 480));
        return true;
    case CS_FIELD_CHOICE:
        *out = choice_value(sim, field->choices);
        return true;
    case CS_FIELD_REFERENCE:
        return reference_value(device, field, arena, out);
    case CS_FIELD_BYTES:
        *out = cs_value_bytes(sim_name(sim, arena));
        out->bytes.size = out->bytes.size > field->size_max && field->size_max > 0
                              ? field->size_max
                              : out->bytes.size;
        return true;
    }
    return false;
}

const struct cs_entity *sim_entity(const struct sim_device *device, const char *name)
{
    return cs_registry_find(device->registry, cs_bytes_of_text(name));
}

bool sim_pick_row(struct sim_device *device, const struct cs_entity *entity, struct cs_arena *arena,
                  struct cs_stored_row *out)
{
    struct sim *sim = device->sim;
    struct cs_bytes name = cs_bytes_of_text(entity->name);
    /* Persons are no business of the ledger's. */
    if (strcmp(entity->name, "person") == 0) {
        return sim_template_person(sim_below(&sim->random, SIM_DEVICES_MAX), &out->id);
    }
    /* Those there were at the beginning are changed most: there people meet. */
    size_t count = sim_permille(&sim->random, 650) ? sim->rows_at_start : sim->ledger.row_count;
    size_t start = sim_below(&sim->random, count);
    size_t seen = 0;
    for (size_t i = 0; i < count && seen < 6; i++) {
        const struct sim_row *row = &sim->ledger.rows[(start + i) % count];
        if (strcmp(row->entity->name, entity->name) != 0) {
            continue;
        }
        seen++;
        if (cs_query_get(device->replica, name, &row->id, arena, out, NULL) == CS_OK) {
            return true;
        }
    }
    return false;
}
