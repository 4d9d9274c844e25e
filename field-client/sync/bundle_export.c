/* Making bundles for the server, see bundle.h. */
#include "field-client/replica/meta.h"
#include "field-client/replica/outbox.h"
#include "field-client/sync/bundle_internal.h"
#include "field-client/sync/device_request.h"
#include "field-client/sync/evidence_check.h"
#include "shared/evidence/server_statement.h"
#include "shared/wire/bundle.h"

#include <string.h>

/* Left free in a part for everything beside the change-sets. */
#define PART_MARGIN CS_MEBI

struct making {
    struct cs_replica *replica;
    struct cs_bundle_writer *writer;
    struct cs_bundle_place place;
    struct cs_arena arena;  /* of the place */
    uint64_t next;          /* change-sets before it are in parts already */
    uint64_t first_counter; /* 0: not known yet */
    struct cs_bundle_made made;
};

static enum cs_status load_position(struct cs_replica *replica, struct cs_apply_known *out)
{
    struct cs_buffer incarnation;
    int64_t position = 0;
    cs_buffer_init(&incarnation, 64);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_INCARNATION, &incarnation);
    if (status == CS_OK) {
        status = cs_replica_meta_number(replica, CS_META_POSITION, &position);
    }
    if (status == CS_OK && incarnation.size == sizeof out->incarnation) {
        memcpy(out->incarnation, incarnation.data, incarnation.size);
        out->position = (uint64_t)position;
    }
    cs_buffer_release(&incarnation);
    return status;
}

static enum cs_status load_cursors(struct cs_replica *replica, struct cs_arena *arena,
                                   struct cs_bundle_place *out)
{
    struct cs_applier applier;
    enum cs_status status = cs_applier_init(&applier, replica);
    if (status == CS_OK) {
        out->cursors = cs_arena_take_array(arena, applier.scope_count, sizeof *out->cursors);
        status = out->cursors == NULL ? CS_NO_MEMORY : CS_OK;
    }
    for (size_t i = 0; status == CS_OK && i < applier.scope_count; i++) {
        if (applier.scopes[i].subscribed) {
            out->cursors[out->cursor_count++] =
                (struct cs_scope_cursor){applier.scopes[i].name, applier.scopes[i].cursor};
        }
    }
    cs_applier_release(&applier);
    return status;
}

enum cs_status cs_bundle_place_load(struct cs_replica *replica, struct cs_arena *arena,
                                    struct cs_bundle_place *out)
{
    struct cs_bundle_place place = {.cursor_count = 0};
    enum cs_status status = load_position(replica, &place.known);
    if (status == CS_OK) {
        status = cs_log_state_load(replica, &place.log);
    }
    if (status == CS_OK) {
        status = load_cursors(replica, arena, &place);
    }
    if (status == CS_OK) {
        *out = place;
    }
    return status;
}

static enum cs_status collect(struct making *making, struct cs_arena *arena,
                              struct cs_sync_request *request, bool *out_more)
{
    struct cs_outbox_entry *entries = NULL;
    struct cs_outbox_head head;
    size_t count = 0;
    enum cs_status status =
        cs_outbox_collect(making->replica, making->next, 0, CS_REQUEST_MAX - PART_MARGIN, arena,
                          &entries, &count, out_more);
    if (status == CS_OK) {
        status = cs_outbox_head(making->replica, &head);
    }
    if (status != CS_OK) {
        return status;
    }
    if (making->first_counter == 0) {
        making->first_counter = count > 0 ? entries[0].first_counter : head.last_counter + 1;
    }
    request->inners = cs_arena_take_array(arena, count, sizeof *request->inners);
    if (request->inners == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        request->inners[i] = entries[i].inner;
        making->next = entries[i].sequence + 1;
        making->made.change_sets++;
        making->made.transactions += entries[i].last_counter - entries[i].first_counter + 1;
    }
    request->inner_count = count;
    return CS_OK;
}

static enum cs_status encode(struct making *making, struct cs_arena *arena, struct cs_buffer *out,
                             bool *out_more)
{
    const struct cs_bundle_place *place = &making->place;
    struct cs_sync_request request = {
        .position = place->known.position,
        .cursors = place->cursors,
        .cursor_count = place->cursor_count,
        .log_size = cs_evidence_known_size(&place->log, place->known.incarnation),
        .with_vaults = true,
        .with_horizon = true,
        .log_mark = cs_evidence_known_mark(&place->log, place->known.incarnation),
    };
    uint8_t mark[CS_SERVER_STATEMENT_MARK_SIZE];
    struct cs_buffer sync;
    memcpy(request.incarnation, place->known.incarnation, sizeof request.incarnation);
    cs_server_statement_mark(
        cs_identity_server_statement_bytes(cs_replica_identity(making->replica)), mark);
    request.statement_mark = cs_bytes_of_array(mark);
    cs_buffer_init(&sync, CS_REQUEST_MAX);
    enum cs_status status = collect(making, arena, &request, out_more);
    if (status == CS_OK) {
        status = cs_sync_request_encode(&request, &sync);
    }
    if (status == CS_OK) {
        const struct cs_bundle_request bundle = {making->first_counter, cs_buffer_bytes(&sync)};
        status = cs_bundle_request_encode(&bundle, out);
    }
    cs_buffer_release(&sync);
    return status;
}

static enum cs_status add_part(struct making *making, bool *out_more)
{
    struct cs_arena arena;
    struct cs_buffer body;
    struct cs_buffer part;
    uint64_t counter = 0;
    uint8_t hash[CS_HASH_SIZE];
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&body, CS_REQUEST_MAX);
    cs_buffer_init(&part, CS_REQUEST_MAX);
    enum cs_status status = cs_device_request_count(making->replica, &counter);
    if (status == CS_OK) {
        status = encode(making, &arena, &body, out_more);
    }
    if (status == CS_OK) {
        status = cs_device_request_seal(making->replica, CS_MESSAGE_BUNDLE, counter,
                                        cs_buffer_bytes(&body), &part, hash);
    }
    if (status == CS_OK) {
        status = cs_bundle_writer_add(making->writer, cs_buffer_bytes(&part));
    }
    cs_buffer_release(&part);
    cs_buffer_release(&body);
    cs_arena_release(&arena);
    return status;
}

static enum cs_status begin(struct making *making, const char *path, bool force,
                            struct cs_problem *problem)
{
    const struct cs_identity *identity = cs_replica_identity(making->replica);
    const struct cs_world *world = cs_replica_world(making->replica);
    int64_t now_ms = world->wall_ms(world->context);
    struct cs_bundle_header header = {.direction = CS_BUNDLE_TO_SERVER,
                                      .made_ms = now_ms < 0 ? 0 : now_ms};
    memcpy(header.organisation, cs_identity_organisation(identity), CS_HASH_SIZE);
    memcpy(header.sender, cs_identity_certificate_id(identity), CS_HASH_SIZE);
    memcpy(header.recipient, cs_identity_server(identity), CS_HASH_SIZE);
    enum cs_status status = cs_bundle_writer_begin(path, &header, force, &making->writer, problem);
    return status != CS_OK ? status
                           : cs_bundle_place_load(making->replica, &making->arena, &making->place);
}

enum cs_status cs_bundle_export(struct cs_replica *replica, const char *path, bool force,
                                struct cs_bundle_made *out, struct cs_problem *problem)
{
    struct making making = {.replica = replica, .next = 1};
    bool more = true;
    cs_arena_init(&making.arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = begin(&making, path, force, problem);
    while (status == CS_OK && more) {
        status = add_part(&making, &more);
        if (status != CS_OK) {
            (void)cs_problem_set(problem, status, "%s cannot be written: %s", path,
                                 cs_status_text(status));
        }
    }
    if (status == CS_OK) {
        status = cs_bundle_writer_finish(making.writer, &making.made.size, problem);
    }
    cs_bundle_writer_end(making.writer);
    cs_arena_release(&making.arena);
    if (status == CS_OK) {
        *out = making.made;
    }
    return status;
}
