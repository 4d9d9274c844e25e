/* Heads and which of them is shown, see heads.h. */
#include "shared/merge/heads.h"

#include "shared/base/planted.h"

enum cs_status cs_heads_apply(struct cs_heads heads, const struct cs_head *edit,
                              struct cs_versions base, struct cs_arena *arena, struct cs_heads *out)
{
    struct cs_head *items = cs_arena_take_array(arena, heads.count + 1, sizeof *items);
    if (items == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    bool placed = false;
    for (size_t i = 0; i < heads.count; i++) {
        const struct cs_head *head = &heads.items[i];
        if (cs_versions_contain(base, &head->version) &&
            !(CS_PLANTED(CLAIMED_TIME_DECIDES) && edit->effective_ms < head->effective_ms)) {
            continue;
        }
        int order = cs_version_compare(&edit->version, &head->version);
        if (!placed && order < 0) {
            items[count++] = *edit;
        }
        placed = placed || order <= 0;
        items[count++] = order == 0 ? *edit : *head;
    }
    if (!placed) {
        items[count++] = *edit;
    }
    *out = (struct cs_heads){items, count};
    return CS_OK;
}

/* Order by (effective time, version): total, as versions of heads differ. */
static int compare_time(const struct cs_head *a, const struct cs_head *b)
{
    if (a->effective_ms != b->effective_ms) {
        return a->effective_ms < b->effective_ms ? -1 : 1;
    }
    return cs_version_compare(&a->version, &b->version);
}

static bool beats(const struct cs_head *a, const struct cs_head *b, enum cs_merge_policy policy)
{
    if (policy == CS_MERGE_ONCE) {
        return compare_time(a, b) < 0;
    }
    if (policy == CS_MERGE_FACT_OVER_PLAN && a->fact != b->fact) {
        return a->fact;
    }
    return compare_time(a, b) > 0;
}

size_t cs_heads_shown(struct cs_heads heads, enum cs_merge_policy policy)
{
    cs_require(heads.count > 0);
    size_t shown = 0;
    for (size_t i = 1; i < heads.count; i++) {
        if (beats(&heads.items[i], &heads.items[shown], policy)) {
            shown = i;
        }
    }
    return shown;
}

/* Writes the versions of all heads with this value to `items`, ascending as the heads are, and
 * returns how many. */
static size_t gather(struct cs_heads heads, struct cs_bytes value, struct cs_version *items)
{
    size_t count = 0;
    for (size_t i = 0; i < heads.count; i++) {
        if (cs_bytes_equal(heads.items[i].value, value)) {
            items[count++] = heads.items[i].version;
        }
    }
    return count;
}

/* Whether a head after this one has the same value: only the last, which names the alternative,
 * is not followed. */
static bool is_followed(struct cs_heads heads, size_t index)
{
    for (size_t i = index + 1; i < heads.count; i++) {
        if (cs_bytes_equal(heads.items[i].value, heads.items[index].value)) {
            return true;
        }
    }
    return false;
}

enum cs_status cs_heads_resolve(struct cs_heads heads, enum cs_merge_policy policy,
                                struct cs_arena *arena, struct cs_resolution *out)
{
    struct cs_resolution resolution = {.shown = cs_heads_shown(heads, policy)};
    /* Every head belongs to exactly one list, so one array of all versions holds them all. */
    struct cs_version *versions = cs_arena_take_array(arena, heads.count, sizeof *versions);
    struct cs_alternative *alternatives =
        cs_arena_take_array(arena, heads.count, sizeof *alternatives);
    if (versions == NULL || alternatives == NULL) {
        return CS_NO_MEMORY;
    }
    struct cs_bytes shown_value = heads.items[resolution.shown].value;
    size_t used = gather(heads, shown_value, versions);
    resolution.shown_versions = (struct cs_versions){versions, used};
    for (size_t i = 0; i < heads.count; i++) {
        struct cs_bytes value = heads.items[i].value;
        if (cs_bytes_equal(value, shown_value) || is_followed(heads, i)) {
            continue;
        }
        size_t count = gather(heads, value, versions + used);
        alternatives[resolution.alternative_count++] = (struct cs_alternative){
            .name = heads.items[i].version, .value = value, .versions = {versions + used, count}};
        used += count;
    }
    cs_require(used == heads.count);
    resolution.alternatives = alternatives;
    *out = resolution;
    return CS_OK;
}
