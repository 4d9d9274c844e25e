/*
 * A device with real keys and a client that obeys no rules: it skips change-sets, breaks the chain, sends other bytes under a sequence
 * that was used, bodies that are noise or a bomb, formats of the future, and changes it may not make, of rows it cannot see.
 *
 * What the server may take of it goes into the ledger like anybody's work; for the rest it must take nothing.
 */
#include "tests/simulation/whole/sim.h"

#include "shared/base/text.h"
#include "shared/wire/compression.h"
#include "shared/wire/envelope.h"

#include <string.h>

#define BOMB_SIZE ((size_t)24 * 1024 * 1024)
#define FUTURE_VERSION 200

enum trick {
    TRICK_NONE, /* honest bytes, whatever they ask for */
    TRICK_GAP,
    TRICK_NOISE,
    TRICK_BOMB,
    TRICK_FUTURE,
    TRICK_FORGED,
    TRICK_OTHER_PAST, /* these two end its time: the server sees a copied device */
    TRICK_REUSE,
    TRICK_COUNT
};

/* What the server knows of it, read afresh before each attempt. */
static bool standing(struct sim *sim, struct cs_device *out)
{
    struct cs_arena arena;
    int64_t looked = sim_disk_look(sim->machine.disk);
    cs_arena_init(&arena, CS_MEBI);
    sim_expect(sim,
               cs_store_device_by_log(cs_server_store(sim->server),
                                      cs_identity_log(sim->intruder_identity), &arena, out),
               "the server knows the intruder's device");
    cs_arena_release(&arena);
    sim_disk_look_away(sim->machine.disk, looked);
    return out->state == CS_DEVICE_ACTIVE;
}

/* A part, or a note on somebody else's visit or site, or an order it may not give. */
static void make_content(struct sim *sim, struct cs_arena *arena, struct cs_field_change *changes,
                         struct cs_operation *out)
{
    static const struct {
        const char *entity;
        const char *field;
    } targets[] = {{"visit", "note"},
                   {"site", "contact"},
                   {"work_order", "instruction"},
                   {"customer", "address"}};
    *out =
        (struct cs_operation){.kind = CS_OPERATION_UPDATE, .changes = changes, .change_count = 1};
    changes[0].value = cs_value_text(sim_name(sim, arena));
    changes[0].base = (struct cs_versions){NULL, 0};
    size_t chosen = sim_below(&sim->random, CS_COUNT(targets) + 1);
    size_t start = sim_below(&sim->random, sim->ledger.row_count);
    for (size_t i = 0; chosen < CS_COUNT(targets) && i < sim->ledger.row_count; i++) {
        const struct sim_row *row = &sim->ledger.rows[(start + i) % sim->ledger.row_count];
        if (strcmp(row->entity->name, targets[chosen].entity) == 0) {
            out->entity = cs_bytes_of_text(targets[chosen].entity);
            out->row = row->id;
            changes[0].field = cs_bytes_of_text(targets[chosen].field);
            return;
        }
    }
    out->kind = CS_OPERATION_INSERT;
    out->entity = cs_bytes_of_text("part");
    sim->intruder.world.random(&sim->intruder, out->row.bytes, sizeof out->row.bytes);
    changes[0].field = cs_bytes_of_text("code");
    changes[1] = (struct cs_field_change){.field = cs_bytes_of_text("name"),
                                          .value = cs_value_text(sim_name(sim, arena))};
    out->change_count = 2;
}

/* Packed once: that takes longer than half a run. */
static void add_bomb(struct cs_buffer *body)
{
    static uint8_t packed[4096];
    static size_t packed_size;
    if (packed_size == 0) {
        struct cs_buffer plain;
        struct cs_buffer bomb;
        cs_buffer_init(&plain, BOMB_SIZE);
        cs_buffer_init(&bomb, sizeof packed);
        uint8_t *zeros = cs_buffer_extend(&plain, BOMB_SIZE);
        cs_require(zeros != NULL);
        memset(zeros, 0, BOMB_SIZE);
        cs_require(cs_compress(cs_buffer_bytes(&plain), &bomb) == CS_OK);
        memcpy(packed, bomb.data, bomb.size);
        packed_size = bomb.size;
        cs_buffer_release(&plain);
        cs_buffer_release(&bomb);
    }
    cs_buffer_append(body, packed, packed_size);
}

static void encode_body(struct sim *sim, enum trick trick, const struct cs_transaction *transaction,
                        struct cs_buffer *body)
{
    if (trick == TRICK_NOISE) {
        uint8_t *place = cs_buffer_extend(body, 300);
        cs_require(place != NULL);
        sim->intruder.world.random(&sim->intruder, place, 300);
    } else if (trick == TRICK_BOMB) {
        add_bomb(body);
    } else {
        cs_require(cs_body_encode(transaction, 1, body) == CS_OK);
    }
}

/* The header as an honest client would make it, but for the trick. */
static struct cs_inner_header header_for(struct sim *sim, enum trick trick,
                                         const struct cs_device *device)
{
    const struct cs_identity *identity = sim->intruder_identity;
    struct cs_inner_header header = {.sequence = device->sequence + 1,
                                     .first_counter = device->counter + 1,
                                     .transaction_count = 1};
    memcpy(header.organisation, cs_identity_organisation(identity), CS_HASH_SIZE);
    memcpy(header.certificate, cs_identity_certificate_id(identity), CS_HASH_SIZE);
    memcpy(header.previous, device->head, CS_HASH_SIZE);
    memcpy(header.server, cs_identity_server(identity), sizeof header.server);
    if (trick == TRICK_GAP) {
        header.sequence++;
    } else if (trick == TRICK_OTHER_PAST) {
        header.previous[0] ^= 1;
    } else if (trick == TRICK_REUSE) {
        header.sequence = device->sequence;
        header.first_counter = device->counter;
    }
    return header;
}

static void build_request(struct sim *sim, const struct cs_device *device,
                          const struct cs_inner_header *inner_header, struct cs_bytes inner,
                          struct cs_buffer *out)
{
    const struct cs_identity *identity = sim->intruder_identity;
    struct cs_request_header header = {.kind = CS_MESSAGE_SYNC,
                                       .counter = device->request_counter + 1,
                                       .log_sequence = inner_header->sequence};
    struct cs_buffer body;
    struct cs_sync_request request = {.inners = &inner, .inner_count = 1};
    uint8_t hash[CS_HASH_SIZE];
    cs_buffer_init(&body, CS_REQUEST_MAX);
    cs_require(cs_sync_request_encode(&request, &body) == CS_OK);
    memcpy(header.organisation, cs_identity_organisation(identity), CS_HASH_SIZE);
    memcpy(header.certificate, cs_identity_certificate_id(identity), CS_HASH_SIZE);
    sim->intruder.world.random(&sim->intruder, header.nonce, sizeof header.nonce);
    /* Of noise and of what the future makes there is no hash: then a zero stands there. */
    enum cs_status hashed = cs_inner_hash(inner, header.log_head);
    (void)hashed;
    cs_require(cs_request_seal(&sim->intruder.world, &header, cs_buffer_bytes(&body),
                               cs_identity_sign_key(identity),
                               cs_identity_server_statement(identity)->bundle_key, out,
                               hash) == CS_OK);
    cs_buffer_release(&body);
}

static void sign_inner(struct sim *sim, enum trick trick, const struct cs_inner_header *header,
                       struct cs_bytes body, struct cs_buffer *out)
{
    cs_require(cs_inner_encode(header, body, cs_identity_sign_key(sim->intruder_identity), out) ==
               CS_OK);
    if (trick == TRICK_FORGED) {
        out->data[sim_below(&sim->random, CS_SIGNATURE_SIZE)] ^= 1;
    } else if (trick == TRICK_FUTURE) {
        /* Behind the signature stands the format's version. */
        out->data[CS_SIGNATURE_SIZE] = FUTURE_VERSION;
    }
}

static void send(struct sim *sim, enum trick trick, const struct cs_device *device,
                 const struct cs_transaction *transaction)
{
    struct cs_buffer body;
    struct cs_buffer inner;
    struct cs_buffer request;
    struct cs_buffer answer;
    cs_buffer_init(&body, CS_CHANGE_SET_INNER_MAX);
    cs_buffer_init(&inner, CS_CHANGE_SET_INNER_MAX + CS_KIBI);
    cs_buffer_init(&request, CS_REQUEST_MAX);
    cs_buffer_init(&answer, CS_RESPONSE_MAX);
    encode_body(sim, trick, transaction, &body);
    struct cs_inner_header header = header_for(sim, trick, device);
    sign_inner(sim, trick, &header, cs_buffer_bytes(&body), &inner);
    build_request(sim, device, &header, cs_buffer_bytes(&inner), &request);
    struct cs_bytes bytes = cs_buffer_bytes(&request);
    sim_server_serve(sim, &bytes, 1, &answer);
    cs_buffer_release(&body);
    cs_buffer_release(&inner);
    cs_buffer_release(&request);
    cs_buffer_release(&answer);
    (void)sim_server_recover(sim);
}

static enum trick choose(struct sim *sim, const struct cs_device *device)
{
    if (sim_permille(&sim->random, 500)) {
        return TRICK_NONE;
    }
    bool last = sim_permille(&sim->random, 100);
    if (last && device->sequence > 0) {
        return sim_permille(&sim->random, 500) ? TRICK_OTHER_PAST : TRICK_REUSE;
    }
    return (enum trick)(TRICK_GAP + sim_below(&sim->random, TRICK_FORGED - TRICK_GAP + 1));
}

void sim_intruder(struct sim *sim)
{
    struct cs_device device;
    struct cs_arena arena;
    struct cs_field_change changes[2] = {{.field = CS_BYTES_NONE}};
    struct cs_operation operation;
    if (!sim_fault(sim, SIM_FAULT_INTRUDER) || !standing(sim, &device)) {
        return;
    }
    sim->intruder.true_ms = sim->now_ms;
    cs_arena_init(&arena, CS_MEBI);
    enum trick trick = choose(sim, &device);
    make_content(sim, &arena, changes, &operation);
    struct cs_transaction transaction = {.counter = device.counter + 1,
                                         .claimed = cs_instant_make(sim->now_ms, 480),
                                         .elapsed_ms = -1,
                                         .operations = &operation,
                                         .operation_count = 1};
    sim->intruder.world.random(&sim->intruder, transaction.id, sizeof transaction.id);
    if (trick == TRICK_NONE) {
        struct sim_entry *entry = sim_ledger_add(
            &sim->ledger, sim->registry, cs_identity_log(sim->intruder_identity), &transaction);
        entry->roles = SIM_INTRUDER_ROLES;
        entry->vanished = true; /* nobody waits for it */
    } else if (trick == TRICK_REUSE) {
        transaction.counter = device.counter;
    }
    sim_event(sim, "the intruder tries %d", (int)trick);
    uint64_t sequence = device.sequence;
    send(sim, trick, &device, &transaction);
    (void)standing(sim, &device);
    if (trick != TRICK_NONE && device.sequence != sequence) {
        sim_fail(sim, SIM_INVARIANT_INTRUDER_BELIEVED, "trick %d", (int)trick);
    }
    cs_arena_release(&arena);
}
