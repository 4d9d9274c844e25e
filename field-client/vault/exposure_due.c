/* What is due for rotation and why, see exposure.h. */
#include "field-client/vault/exposure_internal.h"

#include <stdlib.h>
#include <string.h>

const char *cs_due_why_name(enum cs_due_why why)
{
    static const char *const names[CS_DUE_WHY_COUNT] = {
        [CS_DUE_REVOKED] = "device_revoked", [CS_DUE_WITHDRAWN] = "grant_withdrawn",
        [CS_DUE_ENDED] = "grant_expired",    [CS_DUE_OVERDUE] = "lease_overdue",
        [CS_DUE_LOST] = "lease_lost",        [CS_DUE_EXPORTED] = "exported",
        [CS_DUE_EMERGENCY] = "emergency",    [CS_DUE_LEAK] = "leak"};
    cs_require(why < CS_DUE_WHY_COUNT);
    return names[why];
}

/* Knowings by device, and for each device by version: so all that it knows of one secret stands together. */
struct piece {
    size_t device;
    size_t version;
    size_t knowing;
};

struct judging {
    struct cs_exposure *exposure;
    int64_t now_ms;
    size_t *
        confirmed; /* for each version: itself or the nearest before it, of its secret, that was confirmed */
    struct piece *pieces;
    size_t piece_count;
};

static int by_device(const void *left, const void *right)
{
    const struct piece *a = left;
    const struct piece *b = right;
    return a->device != b->device     ? (a->device < b->device ? -1 : 1)
           : a->version != b->version ? (a->version < b->version ? -1 : 1)
                                      : (a->knowing < b->knowing ? -1 : a->knowing > b->knowing);
}

static enum cs_status prepare(struct judging *judging)
{
    struct cs_exposure *exposure = judging->exposure;
    const struct cs_knowing *knowings = exposure->knowings.items;
    size_t version_count = exposure->view.version_count;
    judging->piece_count = exposure->knowings.count;
    judging->confirmed =
        cs_arena_take_array(&exposure->arena, version_count + 1, sizeof *judging->confirmed);
    judging->pieces =
        cs_arena_take_array(&exposure->arena, judging->piece_count + 1, sizeof *judging->pieces);
    if (judging->confirmed == NULL || judging->pieces == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < version_count; i++) {
        const struct cs_exposed_version *version = &exposure->versions[i];
        bool first = exposure->secrets[version->secret].first_version == i;
        judging->confirmed[i] = version->confirmed ? i
                                : first            ? CS_EXPOSURE_NONE
                                                   : judging->confirmed[i - 1];
    }
    for (size_t i = 0; i < judging->piece_count; i++) {
        judging->pieces[i] = (struct piece){knowings[i].device, knowings[i].version, i};
    }
    qsort(judging->pieces, judging->piece_count, sizeof *judging->pieces, by_device);
    return CS_OK;
}

static const struct cs_exposed_secret *secret_of(const struct judging *judging, size_t version)
{
    return &judging->exposure->secrets[judging->exposure->versions[version].secret];
}

/* The newest version of the secret that was confirmed; CS_EXPOSURE_NONE. */
static size_t newest_confirmed(const struct judging *judging,
                               const struct cs_exposed_secret *secret)
{
    return judging->confirmed[secret->first_version + secret->version_count - 1];
}

/* The newest confirmed version that is not among these, which one device knows of one secret, ascending. */
static size_t newest_unknown(const struct judging *judging, const struct piece *pieces,
                             size_t count)
{
    const struct cs_exposed_secret *secret = secret_of(judging, pieces[0].version);
    size_t confirmed = newest_confirmed(judging, secret);
    while (count > 0 && confirmed != CS_EXPOSURE_NONE && pieces[count - 1].version >= confirmed) {
        if (pieces[count - 1].version == confirmed) {
            confirmed = confirmed == secret->first_version ? CS_EXPOSURE_NONE
                                                           : judging->confirmed[confirmed - 1];
        }
        count--;
        while (count > 0 && pieces[count - 1].version == pieces[count].version) {
            count--; /* the same version, known by another record */
        }
    }
    return confirmed;
}

static bool is_later(size_t confirmed, size_t version)
{
    return confirmed != CS_EXPOSURE_NONE && confirmed > version;
}

/* ---- reasons ---- */

static enum cs_status put(struct judging *judging, const struct cs_due *due)
{
    struct cs_due *place = cs_exposed_add(judging->exposure, &judging->exposure->dues);
    if (place == NULL) {
        return CS_NO_MEMORY;
    }
    *place = *due;
    place->secret = judging->exposure->versions[due->version].secret;
    return CS_OK;
}

static struct cs_due due_of(const struct cs_knowing *knowing, enum cs_due_why why, int64_t since_ms)
{
    struct cs_due due = {.version = knowing->version,
                         .device = knowing->device,
                         .why = why,
                         .since_ms = since_ms > knowing->since_ms ? since_ms : knowing->since_ms};
    return due;
}

static enum cs_status judge_leaver(struct judging *judging, const struct cs_knowing *knowing)
{
    const struct cs_exposed_device *device = &judging->exposure->devices[knowing->device];
    if (!device->left) {
        return CS_OK;
    }
    struct cs_due due = due_of(knowing, device->left_why, device->left_ms);
    due.reason = device->left_reason;
    return put(judging, &due);
}

static enum cs_status judge_lease(struct judging *judging, const struct cs_knowing *knowing)
{
    const struct cs_exposed_device *device = &judging->exposure->devices[knowing->device];
    const struct exposed_ask *lease = cs_exposed_find_ask(judging->exposure, knowing->record);
    bool revoked = device->left && device->left_why == CS_DUE_REVOKED;
    bool lost = revoked || device->suspended;
    if (lease->returned || (!lost && judging->now_ms < lease->expires_ms)) {
        return CS_OK;
    }
    struct cs_due due = due_of(knowing, lost ? CS_DUE_LOST : CS_DUE_OVERDUE,
                               revoked ? device->left_ms
                               : lost  ? 0
                                       : lease->expires_ms);
    memcpy(due.record, lease->record, CS_HASH_SIZE);
    due.reason = lease->reason;
    return put(judging, &due);
}

/* What follows from somebody's knowing, where nothing that he does not know was confirmed since. */
static enum cs_status judge_device(struct judging *judging, const struct cs_knowing *knowing)
{
    enum cs_status status = judge_leaver(judging, knowing);
    return status == CS_OK && knowing->how == CS_EXPOSURE_LEASED ? judge_lease(judging, knowing)
                                                                 : status;
}

/* What follows from the record alone, where nothing was confirmed since. */
static enum cs_status judge_record(struct judging *judging, const struct cs_knowing *knowing)
{
    if (knowing->how != CS_EXPOSURE_EXPORTED && knowing->how != CS_EXPOSURE_BREAK_GLASS) {
        return CS_OK;
    }
    struct cs_due due = due_of(
        knowing, knowing->how == CS_EXPOSURE_EXPORTED ? CS_DUE_EXPORTED : CS_DUE_EMERGENCY, 0);
    memcpy(due.record, knowing->record, CS_HASH_SIZE);
    due.reason = knowing->reason;
    return put(judging, &due);
}

static enum cs_status judge_pieces(struct judging *judging, const struct piece *pieces,
                                   size_t count)
{
    const struct cs_knowing *knowings = judging->exposure->knowings.items;
    size_t newest = newest_confirmed(judging, secret_of(judging, pieces[0].version));
    size_t unknown = newest_unknown(judging, pieces, count);
    enum cs_status status = CS_OK;
    for (size_t i = 0; i < count && status == CS_OK; i++) {
        const struct cs_knowing *knowing = &knowings[pieces[i].knowing];
        if (!judging->exposure->versions[knowing->version].may_be_in_force) {
            continue;
        }
        if (!is_later(unknown, knowing->version)) {
            status = judge_device(judging, knowing);
        }
        if (status == CS_OK && !is_later(newest, knowing->version)) {
            status = judge_record(judging, knowing);
        }
    }
    return status;
}

static enum cs_status judge_all_pieces(struct judging *judging)
{
    const struct piece *pieces = judging->pieces;
    enum cs_status status = CS_OK;
    for (size_t first = 0; first < judging->piece_count && status == CS_OK;) {
        const struct cs_exposed_secret *secret = secret_of(judging, pieces[first].version);
        size_t next = first;
        while (next < judging->piece_count && pieces[next].device == pieces[first].device &&
               secret_of(judging, pieces[next].version) == secret) {
            next++;
        }
        status = judge_pieces(judging, &pieces[first], next - first);
        first = next;
    }
    return status;
}

static enum cs_status judge_leaks(struct judging *judging)
{
    const struct exposed_ask *asks = judging->exposure->asks.items;
    enum cs_status status = CS_OK;
    for (size_t i = 0; i < judging->exposure->asks.count && status == CS_OK; i++) {
        struct cs_id id;
        if (asks[i].kind != CS_VAULT_LEAK) {
            continue;
        }
        memcpy(id.bytes, asks[i].versions.data, CS_ID_SIZE);
        size_t version = cs_exposure_version(judging->exposure, &id);
        if (version == CS_EXPOSURE_NONE || !judging->exposure->versions[version].may_be_in_force ||
            is_later(newest_confirmed(judging, secret_of(judging, version)), version)) {
            continue;
        }
        struct cs_due due = {.version = version,
                             .device = cs_exposure_device(&judging->exposure->view, asks[i].author),
                             .why = CS_DUE_LEAK,
                             .since_ms = asks[i].at.ms,
                             .reason = asks[i].reason};
        memcpy(due.record, asks[i].record, CS_HASH_SIZE);
        status = put(judging, &due);
    }
    return status;
}

/* ---- one line for each reason ---- */

static int compare_reason(const struct cs_due *a, const struct cs_due *b)
{
    return a->secret != b->secret   ? (a->secret < b->secret ? -1 : 1)
           : a->why != b->why       ? (a->why < b->why ? -1 : 1)
           : a->device != b->device ? (a->device < b->device ? -1 : 1)
                                    : memcmp(a->record, b->record, CS_HASH_SIZE);
}

static int by_reason(const void *left, const void *right)
{
    const struct cs_due *a = left;
    const struct cs_due *b = right;
    int order = compare_reason(a, b);
    return order != 0 ? order : a->version != b->version ? (a->version < b->version ? -1 : 1) : 0;
}

static int by_time(const void *left, const void *right)
{
    const struct cs_due *a = left;
    const struct cs_due *b = right;
    return a->secret != b->secret       ? (a->secret < b->secret ? -1 : 1)
           : a->since_ms != b->since_ms ? (a->since_ms < b->since_ms ? -1 : 1)
                                        : compare_reason(a, b);
}

/* The newest version of each reason, and since when it holds for any. */
static void fold(struct exposed_list *dues)
{
    struct cs_due *items = dues->items;
    size_t count = 0;
    cs_exposed_sort(dues, by_reason);
    for (size_t i = 0; i < dues->count; i++) {
        if (count > 0 && compare_reason(&items[count - 1], &items[i]) == 0) {
            items[count - 1].version = items[i].version;
            items[count - 1].since_ms = items[i].since_ms < items[count - 1].since_ms
                                            ? items[i].since_ms
                                            : items[count - 1].since_ms;
        } else {
            items[count++] = items[i];
        }
    }
    dues->count = count;
    cs_exposed_sort(dues, by_time);
}

enum cs_status cs_exposed_judge(struct cs_exposure *exposure, int64_t now_ms)
{
    struct judging judging = {.exposure = exposure, .now_ms = now_ms};
    enum cs_status status = prepare(&judging);
    if (status == CS_OK) {
        status = judge_all_pieces(&judging);
    }
    if (status == CS_OK) {
        status = judge_leaks(&judging);
    }
    if (status != CS_OK) {
        return status;
    }
    fold(&exposure->dues);
    const struct cs_due *dues = exposure->dues.items;
    for (size_t i = 0; i < exposure->dues.count; i++) {
        struct cs_exposed_secret *secret = &exposure->secrets[dues[i].secret];
        secret->first_due = secret->due_count == 0 ? i : secret->first_due;
        secret->due_count++;
    }
    return CS_OK;
}
