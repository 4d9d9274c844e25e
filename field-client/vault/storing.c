/* Storing a credential, see storing.h. */
#include "field-client/vault/storing.h"

#include "field-client/vault/catalog.h"

#include <string.h>

#define RECORDS_MAX (CS_RECORD_MAX + CS_KIBI)

struct storing {
    struct cs_vault_book *book;
    const struct cs_id *vault;
    const struct cs_vault_storing *wish;
    struct cs_vault_stored *out;
    struct cs_problem *problem;
};

static uint8_t *next_id(struct storing *storing)
{
    return storing->out->ids[storing->out->count];
}

/* A state of a version that is perhaps not known to the server yet: `current` is the record it follows. */
static enum cs_status put_state(struct storing *storing, const struct cs_id *version,
                                const uint8_t *current, enum cs_vault_state state)
{
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_vault_record record;
    struct cs_buffer bytes;
    if (storing->out->count == CS_VAULT_STORING_RECORDS_MAX) {
        return CS_LIMIT;
    }
    enum cs_status status =
        cs_vault_book_log(storing->book, storing->vault, &log, storing->problem);
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_init(&bytes, RECORDS_MAX);
    cs_vault_book_signer(storing->book, &signer);
    cs_vault_log_begin(log, &signer, CS_VAULT_STATE, &record);
    record.item = storing->wish->item;
    record.field = storing->wish->field;
    record.version = *version;
    record.state = state;
    memcpy(record.previous, current, CS_HASH_SIZE);
    status = cs_vault_record_encode(&record, signer.key, &bytes);
    if (status == CS_OK) {
        status = cs_vault_book_queue(storing->book, cs_buffer_bytes(&bytes), next_id(storing));
    }
    storing->out->count += status == CS_OK ? 1 : 0;
    cs_buffer_release(&bytes);
    return status;
}

/* What was in force is so no more; a rotation that has not ended is not overtaken unseen. */
static enum cs_status end_version(struct storing *storing, const struct cs_vault_record *version)
{
    struct cs_version_state state;
    enum cs_status status = cs_vault_book_state(storing->book, version, &state);
    if (status != CS_OK || state.now == CS_VAULT_ARCHIVED) {
        return status;
    }
    if (cs_vault_state_is_coming(state.now) && !storing->wish->replace) {
        return cs_problem_set(storing->problem, CS_USED,
                              "a version of it is %s and waits to come into force: end that "
                              "first, or replace it with --replace",
                              cs_vault_state_name(state.now));
    }
    return state.now == CS_VAULT_CONFIRMED && !storing->wish->in_force
               ? CS_OK
               : put_state(storing, &version->version, state.record, CS_VAULT_ARCHIVED);
}

static enum cs_status end_earlier(struct storing *storing)
{
    struct cs_arena arena;
    struct cs_vault_kept_version *versions = NULL;
    size_t count = 0;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_vault_catalog_versions(
        storing->book, storing->vault, &storing->wish->item, &arena, &versions, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if (cs_bytes_equal(versions[i].version.field, storing->wish->field)) {
            status = end_version(storing, &versions[i].version);
        }
    }
    cs_arena_release(&arena);
    return status;
}

static enum cs_status put_secret(struct storing *storing)
{
    const struct cs_vault_storing *wish = storing->wish;
    const struct cs_vault_secret_wish secret = {
        wish->item, wish->field, cs_replica_draw_id(cs_vault_book_replica(storing->book)),
        wish->secret};
    uint8_t *id = next_id(storing);
    enum cs_status status =
        cs_vault_act_version(storing->book, storing->vault, &secret, id, storing->problem);
    if (status != CS_OK) {
        return status;
    }
    storing->out->count++;
    storing->out->version = secret.version;
    if (wish->in_force) {
        status = put_state(storing, &secret.version, id, CS_VAULT_CONFIRMED);
    }
    return status != CS_OK ? status : end_earlier(storing);
}

static enum cs_status put_all(struct storing *storing)
{
    const struct cs_vault_storing *wish = storing->wish;
    enum cs_status status = CS_OK;
    if (wish->listing != NULL) {
        status = cs_vault_act_entry(storing->book, storing->vault, &wish->item, wish->listing,
                                    next_id(storing), storing->problem);
        storing->out->count += status == CS_OK ? 1 : 0;
    }
    return status != CS_OK || wish->field.size == 0 ? status : put_secret(storing);
}

enum cs_status cs_vault_store(struct cs_vault_book *book, const struct cs_id *vault,
                              const struct cs_vault_storing *wish, struct cs_vault_stored *out,
                              struct cs_problem *problem)
{
    struct cs_vault_stored stored = {.count = 0};
    struct storing storing = {book, vault, wish, &stored, problem};
    struct cs_database *database = cs_replica_database(cs_vault_book_replica(book));
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    status = put_all(&storing);
    if (status == CS_OK) {
        status = cs_database_commit(database);
    } else {
        cs_database_rollback(database);
    }
    if (status == CS_OK) {
        *out = stored;
    }
    return status;
}
