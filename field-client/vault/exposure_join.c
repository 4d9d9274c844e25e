/* Who knows which version, see exposure.h: joining what was collected. */
#include "field-client/vault/exposure_internal.h"

#include <stdlib.h>
#include <string.h>

const char *cs_exposure_how_name(enum cs_exposure_how how)
{
    static const char *const names[CS_EXPOSURE_HOW_COUNT] = {
        [CS_EXPOSURE_WROTE] = "wrote",           [CS_EXPOSURE_SHOWN] = "shown",
        [CS_EXPOSURE_LEASED] = "leased",         [CS_EXPOSURE_REVEALED] = "revealed",
        [CS_EXPOSURE_BREAK_GLASS] = "emergency", [CS_EXPOSURE_EXPORTED] = "exported",
        [CS_EXPOSURE_APPLIED] = "applied"};
    cs_require(how < CS_EXPOSURE_HOW_COUNT);
    return names[how];
}

static int order(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b ? 1 : 0;
}

/* ---- versions and their secrets ---- */

static int compare_secret(const struct cs_id *item_a, struct cs_bytes field_a,
                          const struct cs_id *item_b, struct cs_bytes field_b)
{
    int by_item = cs_id_compare(item_a, item_b);
    return by_item != 0 ? by_item : cs_bytes_compare(field_a, field_b);
}

static int by_secret(const void *left, const void *right)
{
    const struct exposed_writing *a = left;
    const struct exposed_writing *b = right;
    int by_name = compare_secret(&a->item, a->field, &b->item, b->field);
    return by_name != 0 ? by_name : order(a->at.feed, b->at.feed);
}

static int by_version_id(const void *left, const void *right)
{
    const struct exposed_by_id *a = left;
    const struct exposed_by_id *b = right;
    return cs_id_compare(&a->id, &b->id);
}

static enum cs_status settle_versions(struct cs_exposure *exposure)
{
    struct cs_exposure_view *view = &exposure->view;
    size_t count = exposure->writings.count;
    cs_exposed_sort(&exposure->writings, by_secret);
    const struct exposed_writing *writings = exposure->writings.items;
    exposure->versions =
        cs_arena_take_array(&exposure->arena, count + 1, sizeof *exposure->versions);
    exposure->secrets = cs_arena_take_array(&exposure->arena, count + 1, sizeof *exposure->secrets);
    exposure->by_id = cs_arena_take_array(&exposure->arena, count + 1, sizeof *exposure->by_id);
    if (exposure->versions == NULL || exposure->secrets == NULL || exposure->by_id == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        const struct exposed_writing *writing = &writings[i];
        if (i == 0 || compare_secret(&writing->item, writing->field, &writings[i - 1].item,
                                     writings[i - 1].field) != 0) {
            exposure->secrets[view->secret_count++] = (struct cs_exposed_secret){
                .item = writing->item, .field = writing->field, .first_version = i};
        }
        exposure->secrets[view->secret_count - 1].version_count++;
        exposure->versions[i] = (struct cs_exposed_version){
            .secret = view->secret_count - 1, .id = writing->version, .written_ms = writing->at.ms};
        exposure->by_id[i] = (struct exposed_by_id){writing->version, i};
    }
    view->version_count = count;
    qsort(exposure->by_id, count, sizeof *exposure->by_id, by_version_id);
    return CS_OK;
}

size_t cs_exposure_version(const struct cs_exposure *exposure, const struct cs_id *version)
{
    const struct exposed_by_id key = {.id = *version};
    const struct exposed_by_id *found =
        bsearch(&key, exposure->by_id, exposure->view.version_count, sizeof key, by_version_id);
    return found == NULL ? CS_EXPOSURE_NONE : found->version;
}

static int by_feed(const void *left, const void *right)
{
    const struct exposed_state *a = left;
    const struct exposed_state *b = right;
    return order(a->at.feed, b->at.feed);
}

static void settle_states(struct cs_exposure *exposure)
{
    cs_exposed_sort(&exposure->states, by_feed);
    const struct exposed_state *states = exposure->states.items;
    struct exposed_writing *writings = exposure->writings.items;
    for (size_t i = 0; i < exposure->states.count; i++) {
        size_t index = cs_exposure_version(exposure, &states[i].version);
        if (index != CS_EXPOSURE_NONE) {
            cs_version_state_take(&writings[index].state, states[i].state, states[i].record,
                                  states[i].author);
        }
    }
    for (size_t i = 0; i < exposure->writings.count; i++) {
        const struct cs_version_state *state = &writings[i].state;
        exposure->versions[i].state = state->now;
        exposure->versions[i].confirmed = state->confirmed;
        exposure->versions[i].tried = state->tried;
        exposure->versions[i].may_be_in_force = cs_version_state_counts(state);
    }
}

/* ---- what was asked for, and its answers ---- */

static int by_record(const void *left, const void *right)
{
    const struct exposed_ask *a = left;
    const struct exposed_ask *b = right;
    return memcmp(a->record, b->record, CS_HASH_SIZE);
}

struct exposed_ask *cs_exposed_find_ask(const struct cs_exposure *exposure,
                                        const uint8_t record[static CS_HASH_SIZE])
{
    struct exposed_ask key;
    if (exposure->asks.count == 0) {
        return NULL;
    }
    memcpy(key.record, record, CS_HASH_SIZE);
    return bsearch(&key, exposure->asks.items, exposure->asks.count, sizeof key, by_record);
}

static void settle_answers(struct cs_exposure *exposure)
{
    cs_exposed_sort(&exposure->asks, by_record);
    const struct exposed_answer *answers = exposure->answers.items;
    for (size_t i = 0; i < exposure->answers.count; i++) {
        struct exposed_ask *ask = cs_exposed_find_ask(exposure, answers[i].request);
        if (ask == NULL) {
            continue;
        }
        if (answers[i].kind == CS_VAULT_RELEASE) {
            ask->released = true;
            ask->released_at = answers[i].at;
        } else if (ask->kind == CS_VAULT_LEASE &&
                   memcmp(ask->author, answers[i].author, CS_HASH_SIZE) == 0) {
            ask->returned = true;
        }
    }
}

/* ---- devices ---- */

static int by_certificate(const void *left, const void *right)
{
    const struct cs_exposed_device *a = left;
    const struct cs_exposed_device *b = right;
    return memcmp(a->certificate, b->certificate, CS_HASH_SIZE);
}

size_t cs_exposure_device(const struct cs_exposure_view *view,
                          const uint8_t certificate[static CS_HASH_SIZE])
{
    struct cs_exposed_device key;
    if (view->device_count == 0) {
        return CS_EXPOSURE_NONE;
    }
    memcpy(key.certificate, certificate, CS_HASH_SIZE);
    const struct cs_exposed_device *found =
        bsearch(&key, view->devices, view->device_count, sizeof key, by_certificate);
    return found == NULL ? CS_EXPOSURE_NONE : (size_t)(found - view->devices);
}

/* The certificates that these records name, with those before. */
static void name_devices(struct cs_exposure *exposure, const struct exposed_list *list,
                         size_t certificate_offset)
{
    for (size_t i = 0; i < list->count; i++) {
        const uint8_t *item = (const uint8_t *)list->items + i * list->item_size;
        memcpy(exposure->devices[exposure->view.device_count++].certificate,
               item + certificate_offset, CS_HASH_SIZE);
    }
}

static enum cs_status settle_devices(struct cs_exposure *exposure,
                                     const struct cs_exposure_terms *terms)
{
    struct cs_exposure_view *view = &exposure->view;
    size_t most = exposure->writings.count + exposure->states.count + exposure->asks.count +
                  exposure->grants.count;
    exposure->devices = cs_arena_take_array(&exposure->arena, most + 1, sizeof *exposure->devices);
    if (exposure->devices == NULL) {
        return CS_NO_MEMORY;
    }
    view->devices = exposure->devices;
    name_devices(exposure, &exposure->writings, offsetof(struct exposed_writing, author));
    name_devices(exposure, &exposure->states, offsetof(struct exposed_state, author));
    name_devices(exposure, &exposure->asks, offsetof(struct exposed_ask, author));
    name_devices(exposure, &exposure->grants, offsetof(struct exposed_grant, recipient));
    qsort(exposure->devices, view->device_count, sizeof *exposure->devices, by_certificate);
    size_t count = 0;
    for (size_t i = 0; i < view->device_count; i++) {
        if (i == 0 || by_certificate(&exposure->devices[i], &exposure->devices[count - 1]) != 0) {
            exposure->devices[count++] = exposure->devices[i];
        }
    }
    view->device_count = count;
    enum cs_status status = CS_OK;
    for (size_t i = 0; i < count && status == CS_OK; i++) {
        struct cs_exposed_device *device = &exposure->devices[i];
        struct cs_exposure_standing standing = {.revoked = false};
        status = terms->stand(terms->context, device->certificate, &standing);
        device->suspended = standing.suspended;
        if (standing.revoked) {
            device->left = true;
            device->left_why = CS_DUE_REVOKED;
            device->left_ms = standing.revoked_ms;
        }
    }
    return status;
}

static int by_recipient(const void *left, const void *right)
{
    const struct exposed_grant *a = left;
    const struct exposed_grant *b = right;
    int by_id = memcmp(a->recipient, b->recipient, CS_HASH_SIZE);
    return by_id != 0 ? by_id : order(a->at.feed, b->at.feed);
}

/* When the right to the key ended by the grants first … last of one device; `at` of it, and whether it expired. */
static void leave(struct cs_exposed_device *device, const struct exposed_grant *first, size_t count,
                  int64_t now_ms)
{
    const struct exposed_grant *holds = NULL; /* the grant by which it has the key */
    enum cs_due_why why = CS_DUE_WITHDRAWN;
    int64_t left_ms = 0;
    struct cs_bytes reason = CS_BYTES_NONE;
    for (size_t i = 0; i <= count; i++) {
        int64_t ms = i < count ? first[i].at.ms : now_ms;
        bool expired = holds != NULL && holds->expires_ms != 0 && holds->expires_ms <= ms;
        bool next = i < count && cs_vault_rights_need_key(first[i].rights);
        if (holds != NULL && (expired || (i < count && !next))) {
            why = expired ? CS_DUE_ENDED : CS_DUE_WITHDRAWN;
            left_ms = expired ? holds->expires_ms : ms;
            reason = expired ? CS_BYTES_NONE : first[i].reason;
            holds = NULL;
        }
        holds = next ? &first[i] : holds;
    }
    const struct exposed_grant *last = count > 0 ? &first[count - 1] : NULL;
    if (last != NULL && (last->expires_ms == 0 || now_ms < last->expires_ms)) {
        device->rights = last->rights;
        device->expires_ms = last->expires_ms;
    }
    if (!device->left && holds == NULL) {
        device->left = true;
        device->left_why = why;
        device->left_ms = left_ms;
        device->left_reason = reason;
    }
}

static void settle_grants(struct cs_exposure *exposure, int64_t now_ms)
{
    size_t at = 0;
    cs_exposed_sort(&exposure->grants, by_recipient);
    const struct exposed_grant *grants = exposure->grants.items;
    for (size_t i = 0; i < exposure->view.device_count; i++) {
        struct cs_exposed_device *device = &exposure->devices[i];
        size_t first = at;
        while (at < exposure->grants.count &&
               memcmp(grants[at].recipient, device->certificate, CS_HASH_SIZE) == 0) {
            at++;
        }
        leave(device, at > first ? &grants[first] : NULL, at - first, now_ms);
    }
}

/* ---- knowing ---- */

struct occasion {
    const uint8_t *certificate;
    const uint8_t *record;
    enum cs_exposure_how how;
    struct exposed_moment at;
    struct cs_bytes reason;
    struct cs_bytes work_order;
};

static enum cs_status know(struct cs_exposure *exposure, size_t version,
                           const struct occasion *occasion)
{
    if (version == CS_EXPOSURE_NONE) {
        return CS_OK;
    }
    struct cs_knowing *knowing = cs_exposed_add(exposure, &exposure->knowings);
    if (knowing == NULL) {
        return CS_NO_MEMORY;
    }
    knowing->version = version;
    knowing->device = cs_exposure_device(&exposure->view, occasion->certificate);
    knowing->how = occasion->how;
    knowing->since_ms = occasion->at.ms;
    knowing->feed = occasion->at.feed;
    memcpy(knowing->record, occasion->record, CS_HASH_SIZE);
    knowing->reason = occasion->reason;
    knowing->work_order = occasion->work_order;
    return CS_OK;
}

static enum cs_status know_by_writing(struct cs_exposure *exposure)
{
    const struct exposed_writing *writings = exposure->writings.items;
    enum cs_status status = CS_OK;
    for (size_t i = 0; i < exposure->writings.count && status == CS_OK; i++) {
        const struct occasion occasion = {.certificate = writings[i].author,
                                          .record = writings[i].record,
                                          .how = CS_EXPOSURE_WROTE,
                                          .at = writings[i].at};
        exposure->versions[i].author = cs_exposure_device(&exposure->view, writings[i].author);
        status = know(exposure, i, &occasion);
    }
    return status;
}

static enum cs_status know_by_applying(struct cs_exposure *exposure)
{
    const struct exposed_state *states = exposure->states.items;
    enum cs_status status = CS_OK;
    for (size_t i = 0; i < exposure->states.count && status == CS_OK; i++) {
        const struct occasion occasion = {.certificate = states[i].author,
                                          .record = states[i].record,
                                          .how = CS_EXPOSURE_APPLIED,
                                          .at = states[i].at};
        if (states[i].state == CS_VAULT_APPLIED || states[i].state == CS_VAULT_VERIFIED) {
            status = know(exposure, cs_exposure_version(exposure, &states[i].version), &occasion);
        }
    }
    return status;
}

static enum cs_exposure_how how_of(enum cs_vault_kind kind)
{
    return kind == CS_VAULT_LEASE       ? CS_EXPOSURE_LEASED
           : kind == CS_VAULT_REVEAL    ? CS_EXPOSURE_REVEALED
           : kind == CS_VAULT_EXPORT    ? CS_EXPOSURE_EXPORTED
           : kind == CS_VAULT_EMERGENCY ? CS_EXPOSURE_BREAK_GLASS
                                        : CS_EXPOSURE_SHOWN;
}

static enum cs_status know_by_asking(struct cs_exposure *exposure)
{
    const struct exposed_ask *asks = exposure->asks.items;
    enum cs_status status = CS_OK;
    for (size_t i = 0; i < exposure->asks.count && status == CS_OK; i++) {
        const struct exposed_ask *ask = &asks[i];
        const struct occasion occasion = {.certificate = ask->author,
                                          .record = ask->record,
                                          .how = how_of(ask->kind),
                                          .at = ask->released_at,
                                          .reason = ask->reason,
                                          .work_order = ask->work_order};
        size_t count =
            ask->released && ask->kind != CS_VAULT_LEAK ? ask->versions.size / CS_ID_SIZE : 0;
        for (size_t v = 0; v < count && status == CS_OK; v++) {
            struct cs_id version;
            memcpy(version.bytes, ask->versions.data + v * CS_ID_SIZE, CS_ID_SIZE);
            status = know(exposure, cs_exposure_version(exposure, &version), &occasion);
        }
    }
    return status;
}

static int by_version_and_time(const void *left, const void *right)
{
    const struct cs_knowing *a = left;
    const struct cs_knowing *b = right;
    int by_version = order(a->version, b->version);
    int by_time = a->since_ms < b->since_ms ? -1 : a->since_ms > b->since_ms ? 1 : 0;
    return by_version != 0 ? by_version : by_time != 0 ? by_time : order(a->feed, b->feed);
}

static enum cs_status settle_knowings(struct cs_exposure *exposure)
{
    enum cs_status status = know_by_writing(exposure);
    if (status == CS_OK) {
        status = know_by_applying(exposure);
    }
    if (status == CS_OK) {
        status = know_by_asking(exposure);
    }
    cs_exposed_sort(&exposure->knowings, by_version_and_time);
    const struct cs_knowing *knowings = exposure->knowings.items;
    for (size_t i = 0; i < exposure->knowings.count; i++) {
        struct cs_exposed_version *version = &exposure->versions[knowings[i].version];
        version->first_knowing = version->knowing_count == 0 ? i : version->first_knowing;
        version->knowing_count++;
    }
    return status;
}

enum cs_status cs_exposure_settle(struct cs_exposure *exposure,
                                  const struct cs_exposure_terms *terms,
                                  const struct cs_exposure_view **out)
{
    cs_require(!exposure->settled);
    exposure->settled = true;
    enum cs_status status = settle_versions(exposure);
    if (status == CS_OK) {
        settle_states(exposure);
        settle_answers(exposure);
        status = settle_devices(exposure, terms);
    }
    if (status == CS_OK) {
        settle_grants(exposure, terms->now_ms);
        status = settle_knowings(exposure);
    }
    if (status == CS_OK) {
        status = cs_exposed_judge(exposure, terms->now_ms);
    }
    if (status != CS_OK) {
        return status;
    }
    exposure->view.secrets = exposure->secrets;
    exposure->view.versions = exposure->versions;
    exposure->view.knowings = exposure->knowings.items;
    exposure->view.knowing_count = exposure->knowings.count;
    exposure->view.dues = exposure->dues.items;
    exposure->view.due_count = exposure->dues.count;
    *out = &exposure->view;
    return CS_OK;
}

size_t cs_exposure_secret(const struct cs_exposure_view *view, const struct cs_id *item,
                          struct cs_bytes field)
{
    size_t low = 0;
    size_t high = view->secret_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct cs_exposed_secret *secret = &view->secrets[middle];
        int found = compare_secret(&secret->item, secret->field, item, field);
        if (found == 0) {
            return middle;
        }
        low = found < 0 ? middle + 1 : low;
        high = found < 0 ? high : middle;
    }
    return CS_EXPOSURE_NONE;
}
