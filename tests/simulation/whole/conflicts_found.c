/* Open conflicts, see conflicts_found.h. */
#include "tests/simulation/whole/conflicts_found.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cs_value field(const struct cs_stored_row *row, const char *name)
{
    int index = cs_entity_field_index(row->entity, cs_bytes_of_text(name));
    return index < 0 ? CS_NULL : row->values[index];
}

static enum cs_status add(void *context, const struct cs_stored_row *row)
{
    struct conflicts_found *found = context;
    if (!cs_bytes_equal_text(field(row, "state").bytes, "open")) {
        return CS_OK;
    }
    if (found->count == found->capacity) {
        found->capacity = found->capacity * 2 + 64;
        found->items = realloc(found->items, found->capacity * sizeof *found->items);
        cs_require(found->items != NULL);
    }
    struct conflict_found *item = &found->items[found->count++];
    struct cs_bytes unit = field(row, "field").bytes;
    struct cs_reader log;
    memset(item, 0, sizeof *item);
    cs_require(cs_id_from_bytes(field(row, "row").bytes, &item->row));
    cs_require(unit.size <= CS_NAME_MAX);
    memcpy(item->unit, unit.data, unit.size);
    cs_reader_init(&log, field(row, "losing_log").bytes);
    item->version.log = cs_read_u64(&log);
    item->version.counter = (uint64_t)field(row, "losing_counter").integer;
    return CS_OK;
}

void conflicts_load(struct sim *sim, struct conflicts_found *out)
{
    *out = (struct conflicts_found){.items = NULL};
    const struct cs_entity *entity = cs_registry_find(sim->registry, cs_bytes_of_text("conflict"));
    sim_expect(sim,
               cs_row_scan(cs_store_rows(cs_server_store(sim->server)), entity, NULL, 0,
                           CS_ROWS_LIVE, add, out),
               "reading conflicts");
}

void conflicts_release(struct conflicts_found *conflicts)
{
    free(conflicts->items);
}

bool conflicts_take(struct conflicts_found *conflicts, const struct cs_id *row, const char *unit,
                    const struct cs_version *version)
{
    for (size_t i = 0; i < conflicts->count; i++) {
        struct conflict_found *item = &conflicts->items[i];
        if (!item->taken && cs_id_equal(&item->row, row) && strcmp(item->unit, unit) == 0 &&
            cs_version_equal(&item->version, version)) {
            item->taken = true;
            conflicts->taken++;
            return true;
        }
    }
    return false;
}
