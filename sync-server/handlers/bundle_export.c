/*
 * Making bundles for devices, see bundle.h: pages of one pull, all read from one snapshot, with what became of the device's change-sets in the
 * first one.
 */
#include "shared/base/limits.h"
#include "shared/wire/bundle.h"
#include "sync-server/handlers/bundle.h"
#include "sync-server/handlers/server_internal.h"
#include "sync-server/reconcile/evidence_log.h"
#include "sync-server/reconcile/push_answer.h"
#include "sync-server/stores/bundle_store.h"

#include <string.h>

struct cs_bundle_export {
    struct cs_server *server;
    struct cs_store *reader; /* its snapshot is the state of the server that is exported */
    struct cs_arena arena;   /* of what outlives a page */
    struct cs_bundle_device known;
    struct cs_device device;
    uint8_t bundle[16];
    uint64_t number; /* parts made */
    bool ended;
    uint64_t position;
    uint64_t log_size; /* of the evidence log in the snapshot */
    struct cs_scope_cursor
        *cursors; /* after the last page, owned; before the first: known.known.cursors */
    size_t cursor_count;
};

/* ---- what a page is made from: the request that the device would send ---- */

static bool lists(const struct cs_scope_cursor *list, size_t count,
                  const struct cs_scope_name *name)
{
    bool found = false;
    for (size_t i = 0; !found && i < count; i++) {
        found = cs_scope_name_compare(&list[i].scope, name) == 0;
    }
    return found;
}

/* Behind the first page; scopes that the device can have nothing of yet are being gained since this state. */
static enum cs_status go_on(const struct cs_bundle_export *bundle,
                            struct cs_server_request *request)
{
    const struct cs_sync_request *known = &bundle->known.known;
    struct cs_scope_cursor *list =
        cs_arena_take_array(&request->arena, 2 * bundle->cursor_count, sizeof *list);
    if (list == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < bundle->cursor_count; i++) {
        const struct cs_scope_name *name = &bundle->cursors[i].scope;
        list[count++] = bundle->cursors[i];
        if (!lists(known->cursors, known->cursor_count, name) &&
            !lists(bundle->known.told, bundle->known.told_count, name)) {
            list[count] = (struct cs_scope_cursor){*name, bundle->position};
            list[count].scope.kind |= CS_SCOPE_GAINED;
            count++;
        }
    }
    request->sync.cursors = list;
    request->sync.cursor_count = count;
    request->sync.log_size = bundle->log_size;
    return CS_OK;
}

/* What became of the change-sets that the device has not heard of. */
static enum cs_status answer_push(const struct cs_bundle_export *bundle,
                                  struct cs_server_request *request)
{
    uint64_t first = bundle->known.first_counter;
    if (first > bundle->device.counter) {
        return CS_OK;
    }
    uint64_t left = bundle->device.counter - first + 1;
    size_t count = left < CS_BUNDLE_OUTCOMES_MAX ? (size_t)left : CS_BUNDLE_OUTCOMES_MAX;
    struct cs_push_change_set all = {.transactions.count = count};
    all.transactions.items =
        cs_arena_take_array(&request->arena, count, sizeof *all.transactions.items);
    if (all.transactions.items == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        all.transactions.items[i].counter = first + i;
    }
    struct cs_push_answer answer;
    enum cs_status status = cs_push_answer_init(&answer, bundle->reader, &all, 1, &request->arena);
    if (status == CS_OK) {
        status = cs_push_answer_again(&answer, bundle->device.log, &all.transactions);
    }
    if (status == CS_OK) {
        request->push = answer.result;
    }
    return status;
}

static enum cs_status make_request(const struct cs_bundle_export *bundle,
                                   struct cs_server_request *request)
{
    *request = (struct cs_server_request){.device = bundle->device, .sync = bundle->known.known};
    cs_arena_init(&request->arena, CS_MESSAGE_ARENA_MAX);
    request->sync.told = bundle->known.told;
    request->sync.told_count = bundle->known.told_count;
    /* So that the checkpoint is always shown: what the device has by now is not known here. */
    request->sync.position = UINT64_MAX;
    enum cs_status status =
        cs_fact_fixed(bundle->reader, CS_FACT_ORGANISATION, request->opened.header.organisation,
                      sizeof request->opened.header.organisation);
    if (status == CS_OK && bundle->number == 0) {
        status = answer_push(bundle, request);
    } else if (status == CS_OK) {
        status = go_on(bundle, request);
    }
    return status;
}

/* ---- the evidence log since ---- */

static void put_leaf(const struct cs_bundle_export *bundle, uint64_t number,
                     struct cs_buffer *leaves)
{
    uint8_t hash[CS_HASH_SIZE];
    enum cs_status status = cs_evidence_log_node(bundle->reader, 0, number, hash);
    if (status == CS_OK) {
        cs_buffer_append(leaves, hash, sizeof hash);
    } else {
        leaves->status = status;
    }
}

static enum cs_status show_growth(const struct cs_bundle_export *bundle,
                                  struct cs_server_request *request,
                                  struct cs_bundle_answer *answer)
{
    uint64_t size = request->sync.log_size;
    uint64_t end = bundle->log_size;
    struct cs_merkle_range range;
    struct cs_buffer leaves;
    if (size > end || end - size > CS_BUNDLE_LEAVES_MAX) {
        return CS_OK;
    }
    cs_buffer_init(&leaves, CS_BUNDLE_LEAVES_MAX * CS_HASH_SIZE);
    enum cs_status status =
        cs_merkle_range_load(&range, size, cs_evidence_log_node, bundle->reader);
    for (uint64_t number = size; status == CS_OK && number < end; number++) {
        put_leaf(bundle, number, &leaves);
        status = leaves.status;
    }
    if (status == CS_OK) {
        answer->log_size = size;
        status =
            cs_arena_copy(&request->arena, cs_bytes_make(range.peaks, range.count * CS_HASH_SIZE),
                          &answer->peaks);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(&request->arena, cs_buffer_bytes(&leaves), &answer->leaves);
    }
    cs_buffer_release(&leaves);
    return status;
}

/* ---- what was given is noted before it is given ---- */

static uint64_t told_before(const struct cs_bundle_export *bundle, const struct cs_scope_name *name)
{
    uint64_t told = 0;
    for (size_t i = 0; i < bundle->known.told_count; i++) {
        if (cs_scope_name_compare(&bundle->known.told[i].scope, name) == 0) {
            told = bundle->known.told[i].position;
        }
    }
    return told;
}

/* All scopes of the device up to this state, and those that it once had. */
static enum cs_status merge_told(const struct cs_bundle_export *bundle,
                                 const struct cs_sync_response *page, struct cs_arena *arena,
                                 struct cs_bundle_device *out)
{
    size_t capacity = page->cursor_count + bundle->known.told_count;
    struct cs_scope_cursor *told = cs_arena_take_array(arena, capacity, sizeof *told);
    if (told == NULL) {
        return CS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < page->cursor_count; i++) {
        const struct cs_scope_name *name = &page->cursors[i].scope;
        uint64_t before = told_before(bundle, name);
        told[count++] =
            (struct cs_scope_cursor){*name, before > bundle->position ? before : bundle->position};
    }
    for (size_t i = 0; i < bundle->known.told_count && count < CS_SCOPES_PER_DEVICE_MAX; i++) {
        if (!lists(page->cursors, page->cursor_count, &bundle->known.told[i].scope)) {
            told[count++] = bundle->known.told[i];
        }
    }
    out->told = told;
    out->told_count = count;
    return CS_OK;
}

/* Read anew: a bundle of the device, or another export, may have come between. */
static enum cs_status note_told(struct cs_bundle_export *bundle,
                                const struct cs_sync_response *page, struct cs_arena *arena)
{
    struct cs_store *writer = bundle->server->writer;
    struct cs_bundle_device now;
    (void)pthread_mutex_lock(&bundle->server->writer_lock);
    enum cs_status status = cs_store_begin(writer);
    if (status == CS_OK) {
        status = cs_store_bundle_device(writer, bundle->device.log, arena, &now);
    }
    if (status == CS_OK) {
        bundle->known.told = now.told;
        bundle->known.told_count = now.told_count;
        status = merge_told(bundle, page, arena, &now);
    }
    if (status == CS_OK) {
        status = cs_store_put_bundle_device(writer, &now);
    }
    if (status == CS_OK) {
        status = cs_store_commit(writer);
    }
    cs_store_rollback(writer);
    (void)pthread_mutex_unlock(&bundle->server->writer_lock);
    return status;
}

/* ---- parts ---- */

static enum cs_status keep_cursors(struct cs_bundle_export *bundle,
                                   const struct cs_sync_response *page)
{
    struct cs_scope_cursor *cursors = cs_alloc_zero(page->cursor_count, sizeof *cursors);
    if (cursors == NULL) {
        return CS_NO_MEMORY;
    }
    if (page->cursor_count > 0) {
        memcpy(cursors, page->cursors, page->cursor_count * sizeof *cursors);
    }
    cs_free(bundle->cursors);
    bundle->cursors = cursors;
    bundle->cursor_count = page->cursor_count;
    return CS_OK;
}

static enum cs_status make_page(struct cs_bundle_export *bundle, struct cs_server_request *request,
                                struct cs_bundle_answer *answer, struct cs_buffer *body)
{
    struct cs_sync_response page;
    enum cs_status status = cs_sync_fill(bundle->server, request, bundle->reader, &page);
    if (status == CS_OK && bundle->number == 0) {
        answer->from = bundle->known.known.cursors;
        answer->from_count = bundle->known.known.cursor_count;
        status = show_growth(bundle, request, answer);
    }
    if (status == CS_OK && bundle->number == 0) {
        status = note_told(bundle, &page, &bundle->arena);
    }
    if (status == CS_OK) {
        status = keep_cursors(bundle, &page);
    }
    if (status == CS_OK) {
        answer->last = page.last;
        status = cs_sync_response_encode(&page, body);
    }
    return status;
}

/* What a sync of such a device would be answered. */
static enum cs_status make_failure(const struct cs_bundle_export *bundle,
                                   struct cs_server_request *request, struct cs_buffer *body)
{
    enum cs_status status =
        bundle->device.state == CS_DEVICE_SUSPENDED
            ? cs_request_fail(request, CS_SUSPENDED,
                              "this device is suspended: nothing it holds is lost; ask the office")
            : cs_request_fail(request, CS_FORKED,
                              "this device was copied or restored from an old copy: nothing it "
                              "holds is lost; ask the office for a new invite");
    return status != CS_OK ? status : cs_failure_response_encode(&request->failure, body);
}

static enum cs_status make_answer(struct cs_bundle_export *bundle,
                                  struct cs_server_request *request,
                                  struct cs_bundle_answer *answer, struct cs_buffer *body)
{
    answer->last = true;
    switch (bundle->device.state) {
    case CS_DEVICE_REVOKED:
        answer->kind = CS_MESSAGE_REVOKED;
        return cs_revoked_reply(bundle->server, request, bundle->reader, &bundle->device, body);
    case CS_DEVICE_SUSPENDED:
    case CS_DEVICE_FORKED:
        answer->kind = CS_MESSAGE_FAILURE;
        return make_failure(bundle, request, body);
    case CS_DEVICE_ACTIVE:
        break;
    }
    answer->kind = CS_MESSAGE_SYNC;
    return make_page(bundle, request, answer, body);
}

/* Bound to the device: what is signed names its certificate in the place of a request. */
static enum cs_status seal(const struct cs_bundle_export *bundle,
                           const struct cs_bundle_answer *answer, struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_BUNDLE_PART_MAX);
    enum cs_status status = cs_bundle_answer_encode(answer, &plain);
    if (status == CS_OK) {
        status =
            cs_response_seal(bundle->server->world, CS_MESSAGE_BUNDLE, bundle->device.certificate,
                             cs_buffer_bytes(&plain), cs_server_keys_identity(bundle->server->keys),
                             bundle->device.seal_key, out);
    }
    cs_buffer_release(&plain);
    return status;
}

enum cs_status cs_server_export_next(struct cs_bundle_export *bundle, struct cs_buffer *out,
                                     bool *out_more)
{
    struct cs_server_request request;
    struct cs_bundle_answer answer = {.number = bundle->number + 1};
    struct cs_buffer body;
    if (bundle->ended) {
        *out_more = false;
        return CS_OK;
    }
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    memcpy(answer.bundle, bundle->bundle, sizeof answer.bundle);
    enum cs_status status = make_request(bundle, &request);
    if (status == CS_OK) {
        status = make_answer(bundle, &request, &answer, &body);
    }
    if (status == CS_OK) {
        answer.body = cs_buffer_bytes(&body);
        status = seal(bundle, &answer, out);
    }
    cs_buffer_release(&body);
    cs_arena_release(&request.arena);
    if (status == CS_OK) {
        bundle->number++;
        bundle->ended = answer.last;
        *out_more = true;
    }
    return status;
}

/* ---- beginning and end ---- */

/* What was known of the device is worth nothing where this server has gone back in time since. */
static enum cs_status check_incarnation(const struct cs_bundle_export *bundle,
                                        struct cs_problem *problem)
{
    static const uint8_t none[16];
    uint8_t own[16];
    const struct cs_sync_request *known = &bundle->known.known;
    enum cs_status status = cs_fact_fixed(bundle->reader, CS_FACT_INCARNATION, own, sizeof own);
    bool another = memcmp(known->incarnation, none, sizeof none) != 0 &&
                   memcmp(known->incarnation, own, sizeof own) != 0;
    if (status == CS_OK && (another || known->position > bundle->position)) {
        status =
            cs_problem_set(problem, CS_ROLLED_BACK,
                           "this server was restored from a backup since that laptop's last "
                           "bundle: it has to sync over the network once, and bring a new one");
    }
    return status;
}

static enum cs_status load(struct cs_bundle_export *bundle,
                           const uint8_t certificate[static CS_HASH_SIZE],
                           struct cs_problem *problem)
{
    uint8_t root[CS_HASH_SIZE];
    enum cs_status status =
        cs_store_device(bundle->reader, certificate, &bundle->arena, &bundle->device);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(problem, status, "there is no such device");
    }
    if (status == CS_OK) {
        status = cs_store_bundle_device(bundle->reader, bundle->device.log, &bundle->arena,
                                        &bundle->known);
    }
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "this laptop has never brought a bundle, so it is not known what it "
                              "has: make one on it (countersign bundle export) and import it here "
                              "first");
    }
    if (status == CS_OK) {
        status = cs_store_position(bundle->reader, &bundle->position);
    }
    if (status == CS_OK) {
        status = check_incarnation(bundle, problem);
    }
    return status != CS_OK ? status : cs_evidence_log_root(bundle->reader, &bundle->log_size, root);
}

enum cs_status cs_server_export_begin(struct cs_server *server,
                                      const uint8_t certificate[static CS_HASH_SIZE],
                                      struct cs_bundle_export **out, struct cs_problem *problem)
{
    struct cs_bundle_export *bundle = cs_alloc_zero(1, sizeof *bundle);
    if (bundle == NULL) {
        return CS_NO_MEMORY;
    }
    bundle->server = server;
    cs_arena_init(&bundle->arena, CS_MESSAGE_ARENA_MAX);
    server->world->random(server->world->context, bundle->bundle, sizeof bundle->bundle);
    enum cs_status status = cs_server_borrow_reader(server, &bundle->reader);
    if (status == CS_OK) {
        status = load(bundle, certificate, problem);
    }
    if (status != CS_OK) {
        cs_server_export_end(bundle);
        return status;
    }
    *out = bundle;
    return CS_OK;
}

void cs_server_export_end(struct cs_bundle_export *owned_bundle)
{
    if (owned_bundle != NULL) {
        if (owned_bundle->reader != NULL) {
            cs_server_return_reader(owned_bundle->server, owned_bundle->reader);
        }
        cs_free(owned_bundle->cursors);
        cs_arena_release(&owned_bundle->arena);
        cs_free(owned_bundle);
    }
}
