/* Opening and closing exceptions, see exceptions.h. */
#include "sync-server/reconcile/exceptions.h"

#include "shared/base/text.h"
#include "sync-server/reconcile/computed.h"

/* More episodes of one kind and subject than this are counted as one. */
#define EPISODES_MAX 1000

/* The newest episode's row; exists = false when the next one is free. */
static enum cs_status find_episode(struct cs_reconcile *reconcile, const struct cs_finding *finding,
                                   struct cs_working_row **out_open, struct cs_id *out_free)
{
    for (uint8_t high = 0; high < EPISODES_MAX / 256 + 1; high++) {
        for (unsigned low = 0; low < 256; low++) {
            const uint8_t episode[2] = {high, (uint8_t)low};
            const struct cs_bytes parts[] = {
                cs_bytes_of_text(finding->kind),    finding->subject->name,
                cs_id_bytes(&finding->subject->id), cs_id_bytes(&finding->key),
                cs_bytes_of_array(episode),
            };
            cs_computed_id("countersign exception", parts, CS_COUNT(parts), out_free);
            struct cs_working_row *row;
            enum cs_status status =
                cs_working_set_get(&reconcile->set, cs_bytes_of_text("exception"), out_free, &row);
            if (status != CS_OK) {
                return status;
            }
            if (!row->now.row.exists) {
                *out_open = NULL;
                return CS_OK;
            }
            if (cs_bytes_equal_text(cs_working_value(row, "state").bytes, "open")) {
                *out_open = row;
                return CS_OK;
            }
        }
    }
    return CS_LIMIT;
}

static enum cs_status open_exception(struct cs_reconcile *reconcile,
                                     const struct cs_finding *finding, const struct cs_id *id)
{
    struct cs_bytes label;
    struct cs_bytes subject;
    enum cs_status status = cs_row_label(reconcile, finding->subject, &label);
    if (status == CS_OK) {
        status = cs_arena_copy(reconcile->arena, cs_id_bytes(&finding->subject->id), &subject);
    }
    if (status != CS_OK) {
        return status;
    }
    const struct cs_computed_value values[] = {
        {"kind", cs_value_text(cs_bytes_of_text(finding->kind))},
        {"entity", cs_value_text(finding->subject->name)},
        {"row", cs_value_bytes(subject)},
        {"subject", cs_value_text(label)},
        {"detail", finding->detail},
        {"opened_at", cs_value_integer(cs_instant_make(reconcile->clock->now_ms, 0))},
        {"state", cs_value_text(cs_bytes_of_text("open"))},
    };
    return cs_computed_put(reconcile, "exception", id, values, CS_COUNT(values));
}

enum cs_status cs_exception_set(struct cs_reconcile *reconcile, const struct cs_finding *finding)
{
    struct cs_working_row *open;
    struct cs_id id;
    enum cs_status status = find_episode(reconcile, finding, &open, &id);
    if (status != CS_OK) {
        return status;
    }
    if (open == NULL) {
        return finding->holds ? open_exception(reconcile, finding, &id) : CS_OK;
    }
    if (finding->holds) {
        const struct cs_computed_value detail = {"detail", finding->detail};
        return cs_computed_put(reconcile, "exception", &id, &detail, 1);
    }
    const struct cs_computed_value values[] = {
        {"state", cs_value_text(cs_bytes_of_text("closed"))},
        {"closed_at", cs_value_integer(cs_instant_make(reconcile->clock->now_ms, 0))},
    };
    return cs_computed_put(reconcile, "exception", &id, values, CS_COUNT(values));
}
