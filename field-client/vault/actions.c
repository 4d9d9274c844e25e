/* What people do with vaults: the log, what is stored, approvals; see actions.h. */
#include "field-client/vault/actions.h"

#include "field-client/vault/waiting.h"

#include <string.h>

#define RECORDS_MAX (CS_RECORD_MAX + CS_KIBI)
#define QUEUED_MAX ((size_t)1024)

static const struct cs_world *world_of(const struct cs_vault_book *book)
{
    return cs_replica_world(cs_vault_book_replica(book));
}

static enum cs_status queue(struct cs_vault_book *book, struct cs_buffer *owned_record,
                            enum cs_status status, uint8_t *out_id)
{
    if (status == CS_OK) {
        status = cs_vault_book_queue(book, cs_buffer_bytes(owned_record), out_id);
    }
    cs_buffer_release(owned_record);
    return status;
}

/* A second record for the same place of the log would only be refused. */
static enum cs_status check_none_waits(struct cs_vault_book *book, const struct cs_id *vault,
                                       struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_queued_record *waiting = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        cs_queued_records(cs_vault_book_replica(book), false, QUEUED_MAX, &arena, &waiting, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_vault_record record;
        status = cs_vault_record_decode(waiting[i].record, &record);
        if (status == CS_OK && record.kind <= CS_VAULT_WITHDRAWAL &&
            cs_id_equal(&record.vault, vault)) {
            status = cs_problem_set(
                problem, CS_BUSY, "a change of this vault's members waits to be sent: sync first");
        }
    }
    cs_arena_release(&arena);
    return status;
}

/* Log and signer, for a record of this vault. */
static enum cs_status begin(struct cs_vault_book *book, const struct cs_id *vault,
                            struct cs_vault_log **out_log, struct cs_evidence_signer *out_signer,
                            struct cs_problem *problem)
{
    cs_vault_book_signer(book, out_signer);
    return cs_vault_book_log(book, vault, out_log, problem);
}

static enum cs_status begin_log(struct cs_vault_book *book, const struct cs_id *vault,
                                struct cs_vault_log **out_log,
                                struct cs_evidence_signer *out_signer, struct cs_problem *problem)
{
    enum cs_status status = check_none_waits(book, vault, problem);
    return status != CS_OK ? status : begin(book, vault, out_log, out_signer, problem);
}

/* ---- the log ---- */

enum cs_status cs_vault_act_create(struct cs_vault_book *book, const struct cs_id *project,
                                   struct cs_id *out_vault, uint8_t *out_id,
                                   struct cs_problem *problem)
{
    const struct cs_id vault = cs_replica_draw_id(cs_vault_book_replica(book));
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_vault_record record;
    struct cs_buffer bytes;
    enum cs_status status = begin_log(book, &vault, &log, &signer, problem);
    cs_buffer_init(&bytes, RECORDS_MAX);
    if (status == CS_OK) {
        cs_vault_log_begin(log, &signer, CS_VAULT_CREATION, &record);
        record.project = *project;
        status = cs_vault_record_encode(&record, signer.key, &bytes);
    }
    status = queue(book, &bytes, status, out_id);
    if (status == CS_OK) {
        *out_vault = vault;
    }
    return status;
}

/* The keys this device has; *out NULL before the first epoch. */
static enum cs_status previous_keys(struct cs_vault_book *book, struct cs_vault_log *log,
                                    struct cs_vault_keyring **out, struct cs_problem *problem)
{
    *out = NULL;
    return cs_vault_log_epoch(log, 1) == NULL
               ? CS_OK
               : cs_vault_book_keyring(book, cs_vault_log_vault(log), out, problem);
}

enum cs_status cs_vault_act_epoch(struct cs_vault_book *book, const struct cs_id *vault,
                                  bool four_eyes, uint8_t *out_id, struct cs_secret **out_key,
                                  struct cs_problem *problem)
{
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_vault_recovery recovery;
    struct cs_vault_keyring *keyring = NULL;
    struct cs_secret *key = NULL;
    struct cs_buffer bytes;
    enum cs_status status = begin_log(book, vault, &log, &signer, problem);
    cs_buffer_init(&bytes, RECORDS_MAX);
    if (status == CS_OK) {
        status = cs_vault_book_recovery(book, &recovery);
        if (status == CS_NOT_FOUND) {
            status = cs_problem_set(problem, status,
                                    "there is no recovery key: the first officer has to make one "
                                    "before passwords are stored");
        }
    }
    if (status == CS_OK) {
        status = previous_keys(book, log, &keyring, problem);
    }
    if (status == CS_OK) {
        const struct cs_vault_epoch_terms terms = {&recovery, keyring, four_eyes};
        status = cs_vault_epoch_sign(world_of(book), log, &signer, &terms, &bytes, &key);
    }
    status = queue(book, &bytes, status, out_id);
    cs_vault_keyring_destroy(keyring);
    if (status == CS_OK) {
        *out_key = key;
    } else {
        cs_secret_destroy(key);
    }
    return status;
}

enum cs_status cs_vault_act_grant(struct cs_vault_book *book, const struct cs_id *vault,
                                  const struct cs_vault_grant_wish *wish, uint8_t *out_id,
                                  struct cs_problem *problem)
{
    const struct cs_vault_directory *directory = cs_vault_book_directory(book);
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_vault_keyring *keyring = NULL;
    struct cs_vault_grant_terms terms = {
        .key = wish->key, .rights = wish->rights, .expires_ms = wish->expires_ms};
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, RECORDS_MAX);
    enum cs_status status = begin_log(book, vault, &log, &signer, problem);
    if (status == CS_OK) {
        status = directory->find(directory->context, wish->recipient, &terms.recipient);
    }
    const struct cs_vault_epoch *epoch =
        status == CS_OK ? cs_vault_log_epoch_at(log, cs_vault_log_position(log)) : NULL;
    if (status == CS_OK && epoch == NULL) {
        status = cs_problem_set(problem, CS_NOT_FOUND, "the vault has no key yet");
    } else if (status == CS_OK && wish->key.size == 0) {
        status = cs_vault_book_keyring(book, vault, &keyring, problem);
        if (status == CS_OK) {
            terms.key = cs_vault_keyring_key(keyring, epoch->number, CS_VAULT_CLASS_KEY);
        }
    }
    if (status == CS_OK) {
        status = cs_vault_grant_sign(world_of(book), log, &signer, &terms, &bytes);
    }
    cs_vault_keyring_destroy(keyring);
    return queue(book, &bytes, status, out_id);
}

enum cs_status cs_vault_act_withdraw(struct cs_vault_book *book, const struct cs_id *vault,
                                     const uint8_t recipient[static CS_HASH_SIZE],
                                     struct cs_bytes reason, uint8_t *out_id,
                                     struct cs_problem *problem)
{
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_vault_record record;
    struct cs_buffer bytes;
    enum cs_status status = begin_log(book, vault, &log, &signer, problem);
    cs_buffer_init(&bytes, RECORDS_MAX);
    if (status == CS_OK) {
        cs_vault_log_begin(log, &signer, CS_VAULT_WITHDRAWAL, &record);
        memcpy(record.recipient, recipient, CS_HASH_SIZE);
        record.reason = reason;
        status = cs_vault_record_encode(&record, signer.key, &bytes);
    }
    return queue(book, &bytes, status, out_id);
}

/* ---- what is stored ---- */

/* Whom a version with four eyes is for. */
struct approvers {
    struct cs_vault_book *book;
    const struct cs_chain *list[CS_VAULT_APPROVERS_MAX];
    size_t count;
    int64_t now_ms;
    enum cs_status status;
};

static void add_approver(void *context, const struct cs_vault_grant *grant)
{
    struct approvers *approvers = context;
    const struct cs_vault_directory *directory = cs_vault_book_directory(approvers->book);
    const struct cs_chain *chain = NULL;
    if ((grant->rights & CS_VAULT_MAY_APPROVE) == 0 || approvers->status != CS_OK ||
        (grant->expires_ms != 0 && grant->expires_ms <= approvers->now_ms)) {
        return;
    }
    enum cs_status status = directory->find(directory->context, grant->recipient, &chain);
    if (status == CS_OK && approvers->count < CS_VAULT_APPROVERS_MAX) {
        approvers->list[approvers->count++] = chain;
    } else if (cs_status_class(status) == CS_CLASS_LOCAL) {
        approvers->status = status;
    }
}

static enum cs_status newest_id(struct cs_vault_book *book, const struct cs_kept_filter *filter,
                                uint8_t out[static CS_HASH_SIZE], const uint8_t **out_id)
{
    struct cs_arena arena;
    struct cs_vault_record found;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_vault_book_newest(book, filter, &arena, &found);
    *out_id = NULL;
    if (status == CS_OK) {
        memcpy(out, found.id, CS_HASH_SIZE);
        *out_id = out;
    }
    cs_arena_release(&arena);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

enum cs_status cs_vault_act_entry(struct cs_vault_book *book, const struct cs_id *vault,
                                  const struct cs_id *item, const struct cs_vault_listing *listing,
                                  uint8_t *out_id, struct cs_problem *problem)
{
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_vault_keyring *keyring = NULL;
    uint8_t previous[CS_HASH_SIZE];
    struct cs_vault_item wanted = {.id = *item};
    const struct cs_kept_filter filter = {.vault = *vault, .kind = CS_VAULT_ENTRY, .item = item};
    struct cs_buffer bytes;
    enum cs_status status = begin(book, vault, &log, &signer, problem);
    cs_buffer_init(&bytes, RECORDS_MAX);
    if (status == CS_OK) {
        status = cs_vault_book_keyring(book, vault, &keyring, problem);
    }
    if (status == CS_OK) {
        status = newest_id(book, &filter, previous, &wanted.previous);
    }
    if (status == CS_OK) {
        status = cs_vault_entry_sign(world_of(book), log, &signer, keyring, &wanted, listing,
                                     &bytes, problem);
    }
    cs_vault_keyring_destroy(keyring);
    return queue(book, &bytes, status, out_id);
}

static enum cs_status sign_version(struct cs_vault_book *book, struct cs_vault_log *log,
                                   const struct cs_vault_keyring *keyring,
                                   const struct cs_vault_secret_wish *wish, struct cs_buffer *out,
                                   struct cs_problem *problem)
{
    const struct cs_world *world = world_of(book);
    const struct cs_identity *identity = cs_replica_identity(cs_vault_book_replica(book));
    struct cs_evidence_signer signer;
    struct cs_vault_recovery recovery;
    uint8_t previous[CS_HASH_SIZE];
    struct approvers approvers = {.book = book, .now_ms = world->wall_ms(world->context)};
    const struct cs_kept_filter filter = {.vault = *cs_vault_log_vault(log),
                                          .kind = CS_VAULT_VERSION,
                                          .item = &wish->item,
                                          .field = wish->field};
    struct cs_vault_version_terms terms = {
        .item = wish->item,
        .field = wish->field,
        .version = wish->version,
        .secret = wish->secret,
        .half_key = cs_identity_server_statement(identity)->half_key,
        .recovery = &recovery,
    };
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch_at(log, cs_vault_log_position(log));
    enum cs_status status = cs_vault_book_recovery(book, &recovery);
    if (status == CS_OK) {
        status = newest_id(book, &filter, previous, &terms.previous);
    }
    if (status == CS_OK && epoch != NULL && epoch->four_eyes) {
        cs_vault_log_members(log, add_approver, &approvers);
        terms.approvers = approvers.list;
        terms.approver_count = approvers.count;
        status = approvers.status;
    }
    cs_vault_book_signer(book, &signer);
    return status != CS_OK
               ? status
               : cs_vault_version_sign(world, log, &signer, keyring, &terms, out, problem);
}

enum cs_status cs_vault_act_version(struct cs_vault_book *book, const struct cs_id *vault,
                                    const struct cs_vault_secret_wish *wish, uint8_t *out_id,
                                    struct cs_problem *problem)
{
    struct cs_vault_log *log = NULL;
    struct cs_vault_keyring *keyring = NULL;
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, RECORDS_MAX);
    enum cs_status status = cs_vault_book_log(book, vault, &log, problem);
    if (status == CS_OK) {
        status = cs_vault_book_keyring(book, vault, &keyring, problem);
    }
    if (status == CS_OK) {
        status = sign_version(book, log, keyring, wish, &bytes, problem);
    }
    cs_vault_keyring_destroy(keyring);
    return queue(book, &bytes, status, out_id);
}

/* In which state it is here, and by which record. */
static enum cs_status find_version(struct cs_vault_book *book, const struct cs_id *vault,
                                   const struct cs_id *version, struct cs_arena *arena,
                                   const struct cs_vault_field **out_field,
                                   const struct cs_vault_field_version **out)
{
    struct cs_vault_field *fields = NULL;
    size_t count = 0;
    struct cs_vault_record kept;
    const struct cs_kept_filter filter = {
        .vault = *vault, .kind = CS_VAULT_VERSION, .version = version};
    enum cs_status status = cs_vault_book_newest(book, &filter, arena, &kept);
    if (status == CS_OK || status == CS_NOT_FOUND) { /* then it waits to be sent itself */
        const struct cs_id *item = status == CS_OK ? &kept.item : NULL;
        status = cs_vault_fields_load(book, vault, item, arena, &fields, &count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        for (size_t j = 0; j < fields[i].version_count; j++) {
            if (cs_id_equal(&fields[i].versions[j].id, version)) {
                *out_field = &fields[i];
                *out = &fields[i].versions[j];
                return CS_OK;
            }
        }
    }
    return status == CS_OK ? CS_NOT_FOUND : status;
}

enum cs_status cs_vault_act_state(struct cs_vault_book *book, const struct cs_id *vault,
                                  const struct cs_id *version, enum cs_vault_state state,
                                  uint8_t *out_id, struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    const struct cs_vault_field *field = NULL;
    const struct cs_vault_field_version *found = NULL;
    struct cs_vault_record record;
    struct cs_buffer bytes;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&bytes, RECORDS_MAX);
    enum cs_status status = begin(book, vault, &log, &signer, problem);
    if (status == CS_OK) {
        status = find_version(book, vault, version, &arena, &field, &found);
    }
    if (status == CS_OK) {
        cs_vault_log_begin(log, &signer, CS_VAULT_STATE, &record);
        memcpy(record.previous, found->current, CS_HASH_SIZE);
        record.item = field->item;
        record.field = field->name;
        record.version = *version;
        record.state = state;
        status = cs_vault_record_encode(&record, signer.key, &bytes);
    }
    cs_arena_release(&arena);
    return queue(book, &bytes, status, out_id);
}

enum cs_status cs_vault_act_leak(struct cs_vault_book *book, const struct cs_id *vault,
                                 const struct cs_id *version, struct cs_bytes reason,
                                 uint8_t *out_id, struct cs_problem *problem)
{
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_vault_record record;
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, RECORDS_MAX);
    enum cs_status status = begin(book, vault, &log, &signer, problem);
    if (status == CS_OK) {
        cs_vault_log_begin(log, &signer, CS_VAULT_LEAK, &record);
        record.version = *version;
        record.reason = reason;
        status = cs_vault_record_encode(&record, signer.key, &bytes);
    }
    return queue(book, &bytes, status, out_id);
}

enum cs_status cs_vault_act_campaign(struct cs_vault_book *book, const struct cs_id *vault,
                                     const uint8_t *previous, struct cs_bytes reason,
                                     uint8_t *out_id, struct cs_problem *problem)
{
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_vault_record record;
    struct cs_buffer bytes;
    enum cs_status status = begin(book, vault, &log, &signer, problem);
    cs_buffer_init(&bytes, RECORDS_MAX);
    if (status == CS_OK) {
        cs_vault_log_begin(log, &signer, CS_VAULT_CAMPAIGN, &record);
        record.reason = reason;
        if (previous != NULL) {
            memcpy(record.previous, previous, CS_HASH_SIZE);
        }
        status = cs_vault_record_encode(&record, signer.key, &bytes);
    }
    return queue(book, &bytes, status, out_id);
}

/* ---- asking and approving ---- */

enum cs_status cs_vault_act_check_openable(struct cs_vault_book *book, const struct cs_id *vault,
                                           struct cs_bytes versions, bool *out_four_eyes,
                                           struct cs_problem *problem)
{
    bool four_eyes = false;
    struct cs_arena arena;
    struct cs_vault_keyring *keyring = NULL;
    enum cs_status status = cs_vault_book_keyring(book, vault, &keyring, problem);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    for (size_t at = 0; status == CS_OK && at + CS_ID_SIZE <= versions.size; at += CS_ID_SIZE) {
        struct cs_vault_record version;
        struct cs_id id;
        memcpy(id.bytes, versions.data + at, CS_ID_SIZE);
        const struct cs_kept_filter filter = {
            .vault = *vault, .kind = CS_VAULT_VERSION, .version = &id};
        status = cs_vault_book_newest(book, &filter, &arena, &version);
        if (status == CS_OK &&
            cs_vault_keyring_key(keyring, version.epoch, CS_VAULT_CLASS_KEY).size == 0) {
            status =
                cs_problem_set(problem, CS_LOCKED, "this device does not have the vault's key");
        }
        four_eyes = four_eyes || (status == CS_OK && version.approvers.size > 0);
    }
    cs_arena_release(&arena);
    cs_vault_keyring_destroy(keyring);
    if (status == CS_OK) {
        *out_four_eyes = four_eyes;
    }
    return status;
}

enum cs_status cs_vault_act_ask(struct cs_vault_book *book, const struct cs_id *vault,
                                const struct cs_vault_ask *ask, uint8_t *out_id,
                                struct cs_seal_key **out_key, struct cs_problem *problem)
{
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_seal_key *key = NULL;
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, RECORDS_MAX);
    enum cs_status status = begin(book, vault, &log, &signer, problem);
    if (status == CS_OK) {
        status = cs_vault_ask_sign(world_of(book), log, &signer, ask, &bytes, &key);
    }
    status = queue(book, &bytes, status, out_id);
    if (status == CS_OK) {
        *out_key = key;
    } else {
        cs_seal_key_destroy(key);
    }
    return status;
}

/* The versions that a request names, in its order; *out_four_eyes: one of them has parts for approvers. */
static enum cs_status load_versions(struct cs_vault_book *book,
                                    const struct cs_vault_record *request, struct cs_arena *arena,
                                    const struct cs_vault_record *const **out, bool *out_four_eyes)
{
    size_t count = request->versions.size / CS_ID_SIZE;
    struct cs_vault_record *versions = cs_arena_take_array(arena, count, sizeof *versions);
    const struct cs_vault_record **list =
        cs_arena_take_array(arena, count, sizeof(const struct cs_vault_record *));
    enum cs_status status = versions == NULL || list == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        struct cs_id id;
        memcpy(id.bytes, request->versions.data + i * CS_ID_SIZE, CS_ID_SIZE);
        const struct cs_kept_filter filter = {
            .vault = request->vault, .kind = CS_VAULT_VERSION, .version = &id};
        status = cs_vault_book_newest(book, &filter, arena, &versions[i]);
        list[i] = &versions[i];
        *out_four_eyes = *out_four_eyes || (status == CS_OK && versions[i].approvers.size > 0);
    }
    *out = list;
    return status;
}

static enum cs_status check_other_person(struct cs_vault_book *book,
                                         const struct cs_vault_record *request, const uint8_t *own,
                                         struct cs_arena *arena, struct cs_problem *problem)
{
    struct cs_vault_person requester;
    struct cs_vault_person approver;
    enum cs_status status = cs_vault_book_person(book, request->author, arena, &requester);
    if (status == CS_OK) {
        status = cs_vault_book_person(book, own, arena, &approver);
    }
    return status != CS_OK ? status : cs_vault_check_four_eyes(&requester, &approver, problem);
}

/* Neither too late nor given up; the server would say the same. */
static enum cs_status check_still_waits(struct cs_vault_book *book,
                                        const struct cs_vault_record *request,
                                        struct cs_arena *arena, struct cs_problem *problem)
{
    struct cs_kept_record kept;
    enum cs_status status =
        cs_kept_record_get(cs_vault_book_replica(book), request->id, arena, &kept);
    return status != CS_OK ? status
                           : cs_vault_waiting_check(book, request, kept.moment.logged_ms, problem);
}

enum cs_status cs_vault_act_approve(struct cs_vault_book *book,
                                    const uint8_t request_id[static CS_HASH_SIZE], uint8_t *out_id,
                                    struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_vault_record request;
    const struct cs_vault_record *const *versions = NULL;
    bool four_eyes = false;
    struct cs_buffer bytes;
    struct cs_vault_holder holder = cs_vault_book_holder(book);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    cs_buffer_init(&bytes, RECORDS_MAX);
    enum cs_status status = cs_vault_book_find(book, request_id, &arena, &request);
    if (status == CS_OK) {
        status = check_other_person(book, &request, holder.certificate, &arena, problem);
    }
    if (status == CS_OK) {
        status = check_still_waits(book, &request, &arena, problem);
    }
    if (status == CS_OK) {
        status = load_versions(book, &request, &arena, &versions, &four_eyes);
    }
    if (status == CS_OK) {
        status = begin(book, &request.vault, &log, &signer, problem);
    }
    if (status == CS_OK) {
        size_t count = four_eyes ? request.versions.size / CS_ID_SIZE : 0;
        status = cs_vault_approval_sign(world_of(book), log, &signer, holder.key, &request,
                                        four_eyes ? versions : NULL, count, &bytes, problem);
    }
    cs_arena_release(&arena);
    return queue(book, &bytes, status, out_id);
}
