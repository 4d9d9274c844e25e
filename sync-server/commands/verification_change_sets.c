/* Every stored change-set against its device's key and its place in the device's chain; see verification.h. */
#include "sync-server/commands/verification.h"

#include <string.h>

struct walk {
    struct cs_verification *verification;
    struct cs_store *store;
    const struct cs_facts *facts;
    const struct cs_device *devices;
    size_t device_count;
    bool *seen; /* per device: has change-sets */
    /* The log being walked. */
    bool in_log;
    uint64_t log;
    const struct cs_device *device; /* NULL: not known */
    uint64_t sequence;              /* of the last change-set */
    uint64_t counter;               /* of its last transaction */
    uint8_t head[CS_HASH_SIZE];
};

#define LOG(walk) ((unsigned long long)(walk)->log)

/* What the device's own row says is where its chain ends. */
static void end_log(struct walk *walk)
{
    const struct cs_device *device = walk->device;
    if (!walk->in_log || device == NULL) {
        return;
    }
    if (device->sequence != walk->sequence) {
        cs_verification_found(walk->verification,
                              "device %016llx: %llu change-sets were acknowledged, the last "
                              "stored is %llu",
                              LOG(walk), (unsigned long long)device->sequence,
                              (unsigned long long)walk->sequence);
    } else if (memcmp(device->head, walk->head, CS_HASH_SIZE) != 0 ||
               device->counter != walk->counter) {
        cs_verification_found(walk->verification,
                              "device %016llx: its head is not its last change-set", LOG(walk));
    }
}

static void begin_log(struct walk *walk, uint64_t log)
{
    walk->in_log = true;
    walk->log = log;
    walk->device = NULL;
    walk->sequence = 0;
    walk->counter = 0;
    memset(walk->head, 0, sizeof walk->head);
    for (size_t i = 0; i < walk->device_count; i++) {
        if (walk->devices[i].log == log) {
            walk->device = &walk->devices[i];
            walk->seen[i] = true;
        }
    }
    if (walk->device == NULL) {
        cs_verification_found(walk->verification, "log %016llx: change-sets of an unknown device",
                              LOG(walk));
    }
}

/* NULL: in order. */
static const char *header_problem(const struct walk *walk, uint64_t sequence,
                                  const struct cs_inner_header *header)
{
    if (sequence != walk->sequence + 1) {
        return "a change-set before it is missing";
    }
    if (header->sequence != sequence) {
        return "it says another sequence number";
    }
    if (memcmp(header->previous, walk->head, CS_HASH_SIZE) != 0) {
        return "it does not continue the one before it";
    }
    if (header->first_counter != walk->counter + 1) {
        return "its transactions do not continue those before it";
    }
    if (memcmp(header->organisation, walk->facts->organisation, CS_HASH_SIZE) != 0) {
        return "it belongs to another organisation";
    }
    if (walk->device != NULL &&
        memcmp(header->certificate, walk->device->certificate, CS_HASH_SIZE) != 0) {
        return "it belongs to another device";
    }
    return NULL;
}

static enum cs_status check_transactions(struct walk *walk, struct cs_bytes body,
                                         const struct cs_inner_header *header,
                                         struct cs_arena *arena, const char **out_problem)
{
    struct cs_transactions transactions;
    enum cs_status status = cs_body_decode(body, arena, &transactions);
    if (status != CS_OK) {
        return status;
    }
    if (transactions.count != header->transaction_count ||
        transactions.items[0].counter != header->first_counter) {
        *out_problem = "its content is not what its header says";
        return CS_OK;
    }
    for (size_t i = 0; i < transactions.count; i++) {
        struct cs_logged_transaction logged;
        struct cs_version version = {walk->log, transactions.items[i].counter};
        status = cs_store_transaction(walk->store, &version, arena, &logged);
        if (status == CS_NOT_FOUND) {
            *out_problem = "a transaction of it has no outcome";
            return CS_OK;
        }
        if (status != CS_OK) {
            return status;
        }
        if (memcmp(logged.id, transactions.items[i].id, sizeof logged.id) != 0) {
            *out_problem = "the outcome of a transaction of it is of another transaction";
            return CS_OK;
        }
        walk->verification->transactions++;
    }
    return CS_OK;
}

/* *out_problem stays NULL if all is well. A status that is damage says why it is not. */
static enum cs_status check_inner(struct walk *walk, uint64_t sequence,
                                  const uint8_t hash[static CS_HASH_SIZE], struct cs_bytes inner,
                                  const char **out_problem, struct cs_inner_header *out_header)
{
    struct cs_bytes body;
    uint8_t real_hash[CS_HASH_SIZE];
    enum cs_status status = cs_inner_split(inner, out_header, &body);
    if (status == CS_OK) {
        status = cs_inner_hash(inner, real_hash);
    }
    if (status == CS_OK && walk->device != NULL) {
        status = cs_inner_verify(inner, walk->device->sign_key);
    }
    if (status != CS_OK) {
        return status;
    }
    if (memcmp(real_hash, hash, CS_HASH_SIZE) != 0) {
        *out_problem = "its hash is not the stored one";
        return CS_OK;
    }
    *out_problem = header_problem(walk, sequence, out_header);
    if (*out_problem != NULL || walk->device == NULL) {
        /* What nobody signed is not parsed. */
        return CS_OK;
    }
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    status = check_transactions(walk, body, out_header, &arena, out_problem);
    cs_arena_release(&arena);
    return status;
}

static enum cs_status visit(void *context, uint64_t log, uint64_t sequence,
                            const uint8_t hash[static CS_HASH_SIZE], struct cs_bytes inner)
{
    struct walk *walk = context;
    if (!walk->in_log || walk->log != log) {
        end_log(walk);
        begin_log(walk, log);
    }
    const char *problem = NULL;
    struct cs_inner_header header = {.first_counter = walk->counter + 1};
    enum cs_status status = check_inner(walk, sequence, hash, inner, &problem, &header);
    if (status != CS_OK) {
        if (!cs_verification_is_damage(status)) {
            return status;
        }
        problem = cs_status_text(status);
    }
    if (problem != NULL) {
        cs_verification_found(walk->verification, "device %016llx, change-set %llu: %s", LOG(walk),
                              (unsigned long long)sequence, problem);
    }
    /* Goes on from what is stored, so that one bad change-set is one finding. */
    walk->sequence = sequence;
    walk->counter = header.first_counter + header.transaction_count - 1;
    memcpy(walk->head, hash, CS_HASH_SIZE);
    cs_verification_progress(walk->verification, "change-sets", ++walk->verification->change_sets);
    return CS_OK;
}

static void check_unseen(const struct walk *walk)
{
    for (size_t i = 0; i < walk->device_count; i++) {
        if (!walk->seen[i] && walk->devices[i].sequence != 0) {
            cs_verification_found(
                walk->verification,
                "device %016llx: %llu change-sets were acknowledged, none is stored",
                (unsigned long long)walk->devices[i].log,
                (unsigned long long)walk->devices[i].sequence);
        }
    }
}

enum cs_status cs_verification_change_sets(struct cs_verification *verification,
                                           struct cs_store *store, const struct cs_facts *facts,
                                           const struct cs_device *devices, size_t device_count)
{
    struct walk walk = {
        .verification = verification,
        .store = store,
        .facts = facts,
        .devices = devices,
        .device_count = device_count,
        .seen = cs_alloc_zero(device_count + 1, sizeof *walk.seen),
    };
    if (walk.seen == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = cs_store_change_sets(store, visit, &walk);
    if (status == CS_OK) {
        end_log(&walk);
        check_unseen(&walk);
    }
    cs_free(walk.seen);
    return status;
}
