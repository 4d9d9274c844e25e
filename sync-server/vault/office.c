/* Chains and logs that the committer remembers, see office.h. */
#include "sync-server/vault/office.h"

#include <string.h>

/* More are forgotten at the beginning of a request. */
#define CHAINS_MAX ((size_t)1024)
#define LOGS_MAX ((size_t)64)
/* Records of a log that are read at a time. */
#define LOG_PAGE ((size_t)256)
#define ALWAYS UINT64_MAX

struct known_chain {
    struct cs_buffer bytes;
    struct cs_chain chain;
};

struct cs_vault_office {
    struct cs_store *store;
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t identity[CS_SIGN_PUBLIC_SIZE];
    struct cs_vault_directory directory;
    struct cs_vault_directory everybody;
    uint64_t as_of; /* the server's position at which signatures are judged; ALWAYS: now */
    struct known_chain *chains[CHAINS_MAX + CS_VAULT_PAGE_RECORDS_MAX];
    size_t chain_count;
    struct cs_vault_log *logs[LOGS_MAX];
    size_t log_count;
};

static void forget_chains(struct cs_vault_office *office)
{
    for (size_t i = 0; i < office->chain_count; i++) {
        cs_buffer_release(&office->chains[i]->bytes);
        cs_free(office->chains[i]);
    }
    office->chain_count = 0;
}

void cs_vault_office_destroy(struct cs_vault_office *office)
{
    if (office != NULL) {
        forget_chains(office);
        for (size_t i = 0; i < office->log_count; i++) {
            cs_vault_log_destroy(office->logs[i]);
        }
        cs_free(office);
    }
}

/* ---- chains ---- */

static enum cs_status load_device(const struct cs_vault_office *office, const uint8_t *certificate,
                                  struct cs_arena *arena, struct cs_device *out)
{
    return cs_store_device(office->store, certificate, arena, out);
}

static const struct known_chain *recall(const struct cs_vault_office *office,
                                        const uint8_t *certificate)
{
    for (size_t i = 0; i < office->chain_count; i++) {
        if (memcmp(office->chains[i]->chain.leaf_id, certificate, CS_HASH_SIZE) == 0) {
            return office->chains[i];
        }
    }
    return NULL;
}

static enum cs_status remember(struct cs_vault_office *office, struct cs_bytes bytes,
                               const struct cs_chain **out)
{
    struct known_chain *known =
        office->chain_count < CS_COUNT(office->chains) ? cs_alloc_zero(1, sizeof *known) : NULL;
    if (known == NULL) {
        return CS_NO_MEMORY;
    }
    cs_buffer_init(&known->bytes, CS_CHAIN_BYTES_MAX);
    cs_buffer_append_bytes(&known->bytes, bytes);
    enum cs_status status = known->bytes.status;
    if (status == CS_OK) {
        status = cs_chain_verify(cs_buffer_bytes(&known->bytes), office->organisation,
                                 &known->chain, NULL);
    }
    if (status != CS_OK) {
        cs_buffer_release(&known->bytes);
        cs_free(known);
        /* It was verified when the device joined. */
        return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
    }
    office->chains[office->chain_count++] = known;
    *out = &known->chain;
    return CS_OK;
}

enum cs_status cs_vault_office_chain(struct cs_vault_office *office,
                                     const uint8_t certificate[static CS_HASH_SIZE],
                                     const struct cs_chain **out)
{
    struct cs_arena arena;
    struct cs_device device;
    const struct known_chain *known = recall(office, certificate);
    if (known != NULL) {
        *out = &known->chain;
        return CS_OK;
    }
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = load_device(office, certificate, &arena, &device);
    if (status == CS_OK) {
        status = remember(office, device.chain, out);
    }
    cs_arena_release(&arena);
    return status;
}

/* What a revoked device signed counts where it was logged before the revocation. */
static enum cs_status find(void *context, const uint8_t certificate[static CS_HASH_SIZE],
                           const struct cs_chain **out)
{
    struct cs_vault_office *office = context;
    struct cs_arena arena;
    struct cs_device device;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = load_device(office, certificate, &arena, &device);
    bool revoked = status == CS_OK && device.state == CS_DEVICE_REVOKED &&
                   office->as_of >= device.revoked.position;
    cs_arena_release(&arena);
    if (status == CS_OK) {
        status = cs_vault_office_chain(office, certificate, out);
    }
    return status == CS_OK && revoked ? CS_REVOKED : status;
}

static enum cs_status find_any(void *context, const uint8_t certificate[static CS_HASH_SIZE],
                               const struct cs_chain **out)
{
    return cs_vault_office_chain(context, certificate, out);
}

static enum cs_status find_recovery(void *context, const uint8_t id[static CS_HASH_SIZE])
{
    struct cs_vault_office *office = context;
    struct cs_arena arena;
    struct cs_stored_recovery recovery;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_store_recovery(office->store, id, &arena, &recovery);
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_office_person(struct cs_vault_office *office,
                                      const uint8_t certificate[static CS_HASH_SIZE],
                                      struct cs_arena *arena, const struct cs_chain *const **out,
                                      size_t *out_count)
{
    const struct cs_chain *first = NULL;
    struct cs_device *devices;
    size_t count = 0;
    enum cs_status status = cs_vault_office_chain(office, certificate, &first);
    if (status == CS_OK) {
        status = cs_store_devices(office->store, arena, &devices, &count);
    }
    const struct cs_chain **list =
        status == CS_OK ? cs_arena_take_array(arena, count + 1, sizeof(const struct cs_chain *))
                        : NULL;
    if (status != CS_OK || list == NULL) {
        return status != CS_OK ? status : CS_NO_MEMORY;
    }
    size_t taken = 0;
    list[taken++] = first;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        bool another = memcmp(devices[i].certificate, certificate, CS_HASH_SIZE) != 0;
        if (another && cs_id_equal(&devices[i].person, &first->leaf.person)) {
            status = cs_vault_office_chain(office, devices[i].certificate, &list[taken]);
            taken += status == CS_OK ? 1 : 0;
        }
    }
    if (status == CS_OK) {
        *out = list;
        *out_count = taken;
    }
    return status;
}

/* ---- logs ---- */

static void forget_log(struct cs_vault_office *office, size_t index)
{
    cs_vault_log_destroy(office->logs[index]);
    office->log_count--;
    memmove(&office->logs[index], &office->logs[index + 1],
            (office->log_count - index) * sizeof(struct cs_vault_log *));
}

/* Does this log stand in the store, perhaps with more behind it? */
static bool is_sound(const struct cs_vault_log *log, const struct cs_stored_vault *stored)
{
    uint8_t head[CS_HASH_SIZE];
    uint64_t length = cs_vault_log_position(log);
    cs_vault_log_head(log, length, head);
    return length == stored->length && memcmp(head, stored->head, sizeof head) == 0;
}

static enum cs_status append_page(struct cs_vault_office *office, struct cs_vault_log *log,
                                  const struct cs_vault_row *rows, size_t count,
                                  struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        office->as_of = rows[i].moment.position;
        status = cs_vault_log_append(log, rows[i].record, &office->directory,
                                     rows[i].moment.logged_ms, problem);
    }
    office->as_of = ALWAYS;
    /* All of it was verified when it was taken. */
    return status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
}

static enum cs_status read_log(struct cs_vault_office *office, struct cs_vault_log *log,
                               struct cs_problem *problem)
{
    struct cs_vault_view view = {.vault = *cs_vault_log_vault(log),
                                 .kind_max = CS_VAULT_WITHDRAWAL,
                                 .shared_max = CS_VAULT_WITHDRAWAL,
                                 .until = INT64_MAX};
    size_t count = LOG_PAGE;
    enum cs_status status = CS_OK;
    while (status == CS_OK && count == LOG_PAGE) {
        struct cs_arena arena;
        struct cs_vault_row *rows = NULL;
        cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
        status = cs_store_vault_feed(office->store, &view, LOG_PAGE, &arena, &rows, &count);
        if (status == CS_OK && count > 0) {
            view.after = rows[count - 1].feed;
            status = append_page(office, log, rows, count, problem);
        }
        cs_arena_release(&arena);
    }
    return status;
}

enum cs_status cs_vault_office_log(struct cs_vault_office *office, const struct cs_id *vault,
                                   struct cs_vault_log **out, struct cs_problem *problem)
{
    struct cs_stored_vault stored = {.length = 0};
    struct cs_vault_log *log = NULL;
    enum cs_status status = cs_store_vault(office->store, vault, &stored);
    if (status != CS_OK && status != CS_NOT_FOUND) {
        return status;
    }
    for (size_t i = 0; i < office->log_count; i++) {
        if (!cs_id_equal(cs_vault_log_vault(office->logs[i]), vault)) {
            continue;
        }
        if (is_sound(office->logs[i], &stored)) {
            *out = office->logs[i];
            return CS_OK;
        }
        forget_log(office, i);
        break;
    }
    if (office->log_count == LOGS_MAX) {
        forget_log(office, 0);
    }
    status = cs_vault_log_create(vault, &log);
    if (status == CS_OK) {
        status = read_log(office, log, problem);
    }
    if (status == CS_OK && !is_sound(log, &stored)) {
        status = CS_CORRUPT;
    }
    if (status != CS_OK) {
        cs_vault_log_destroy(log);
        return status;
    }
    office->logs[office->log_count++] = log;
    *out = log;
    return CS_OK;
}

/* ---- beginning ---- */

enum cs_status cs_vault_office_create(const uint8_t identity[static CS_SIGN_PUBLIC_SIZE],
                                      struct cs_vault_office **out)
{
    struct cs_vault_office *office = cs_alloc_zero(1, sizeof *office);
    if (office == NULL) {
        return CS_NO_MEMORY;
    }
    memcpy(office->identity, identity, sizeof office->identity);
    office->as_of = ALWAYS;
    office->directory = (struct cs_vault_directory){.organisation = office->organisation,
                                                    .server_identity = office->identity,
                                                    .context = office,
                                                    .find = find,
                                                    .find_recovery = find_recovery};
    office->everybody = office->directory;
    office->everybody.find = find_any;
    *out = office;
    return CS_OK;
}

void cs_vault_office_begin(struct cs_vault_office *office, struct cs_store *store,
                           const uint8_t organisation[static CS_HASH_SIZE])
{
    office->store = store;
    memcpy(office->organisation, organisation, CS_HASH_SIZE);
    if (office->chain_count > CHAINS_MAX) {
        forget_chains(office);
    }
}

const struct cs_vault_directory *cs_vault_office_directory(const struct cs_vault_office *office)
{
    return &office->directory;
}

const struct cs_vault_directory *
cs_vault_office_directory_of_all(const struct cs_vault_office *office)
{
    return &office->everybody;
}
