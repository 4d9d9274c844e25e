/* Storing entries of a password file, see import_store.h. */
#include "field-client/vault_files/import_store.h"

#include "shared/storage/database.h"

#include <string.h>

#define STATE_BYTES_MAX CS_MEBI

struct storing {
    struct cs_vault_book *book;
    const struct cs_id *vault;
    struct cs_problem *problem;
};

enum cs_import_standing cs_import_standing_of(const struct cs_import_item *item)
{
    size_t here = item->here ? 1 : 0;
    for (size_t i = 0; i < item->field_count; i++) {
        here += item->fields[i].here ? 1 : 0;
    }
    return item->refusal != NULL           ? CS_IMPORT_REFUSED
           : here == item->field_count + 1 ? CS_IMPORT_HERE
           : here == 0                     ? CS_IMPORT_NEW
                                           : CS_IMPORT_IN_PART;
}

/* ---- what is there ---- */

static enum cs_status is_kept(const struct storing *storing, enum cs_vault_kind kind,
                              const struct cs_id *item, struct cs_bytes field, bool *out)
{
    struct cs_arena arena;
    struct cs_kept_record found;
    const struct cs_kept_filter filter = {
        .vault = *storing->vault, .kind = kind, .item = item, .field = field};
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status =
        cs_kept_record_newest(cs_vault_book_replica(storing->book), &filter, &arena, &found);
    cs_arena_release(&arena);
    *out = status == CS_OK;
    return status == CS_NOT_FOUND ? CS_OK : status;
}

static enum cs_status look_for(const struct storing *storing, struct cs_import_item *item)
{
    enum cs_status status = is_kept(storing, CS_VAULT_ENTRY, &item->id, CS_BYTES_NONE, &item->here);
    for (size_t i = 0; status == CS_OK && i < item->field_count; i++) {
        status = is_kept(storing, CS_VAULT_VERSION, &item->id, item->fields[i].name,
                         &item->fields[i].here);
    }
    return status;
}

static enum cs_status check_permitted(const struct storing *storing)
{
    const struct cs_identity *identity = cs_replica_identity(cs_vault_book_replica(storing->book));
    const struct cs_world *world = cs_replica_world(cs_vault_book_replica(storing->book));
    struct cs_vault_log *log = NULL;
    enum cs_status status =
        cs_vault_book_log(storing->book, storing->vault, &log, storing->problem);
    if (status == CS_OK) {
        status = cs_vault_log_permits(log, cs_identity_certificate_id(identity), CS_VAULT_MAY_EDIT,
                                      cs_vault_log_position(log), world->wall_ms(world->context),
                                      storing->problem);
    }
    return status != CS_OK
               ? status
               : cs_vault_log_may_encrypt(log, cs_vault_log_position(log), storing->problem);
}

enum cs_status cs_import_look(struct cs_vault_book *book, const struct cs_id *vault,
                              const struct cs_password_list *list, struct cs_arena *arena,
                              struct cs_import_item **out, struct cs_problem *problem)
{
    const struct storing storing = {book, vault, problem};
    struct cs_vault_keyring *keyring = NULL;
    struct cs_import_item *items = NULL;
    enum cs_status status = check_permitted(&storing);
    if (status == CS_OK) {
        status = cs_vault_book_keyring(book, vault, &keyring, problem);
    }
    if (status == CS_OK) {
        /* That of the first epoch never changes. */
        struct cs_bytes key = cs_vault_keyring_key(keyring, 1, CS_VAULT_CLASS_LISTING_KEY);
        status = key.size == 0 ? CS_LOCKED : cs_import_plan(list, vault, key, arena, &items);
    }
    cs_vault_keyring_destroy(keyring);
    for (size_t i = 0; status == CS_OK && i < list->count; i++) {
        status = look_for(&storing, &items[i]);
    }
    if (status == CS_OK) {
        *out = items;
    }
    return status;
}

/* ---- storing ---- */

/* The version is not logged yet, so that actions.h does not know it; the server takes both in order. */
static enum cs_status confirm(const struct storing *storing,
                              const struct cs_vault_secret_wish *wish, const uint8_t *version_id)
{
    struct cs_vault_log *log = NULL;
    struct cs_evidence_signer signer;
    struct cs_vault_record record;
    struct cs_buffer bytes;
    enum cs_status status =
        cs_vault_book_log(storing->book, storing->vault, &log, storing->problem);
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_init(&bytes, STATE_BYTES_MAX);
    cs_vault_book_signer(storing->book, &signer);
    cs_vault_log_begin(log, &signer, CS_VAULT_STATE, &record);
    record.item = wish->item;
    record.field = wish->field;
    record.version = wish->version;
    record.state = CS_VAULT_CONFIRMED;
    memcpy(record.previous, version_id, CS_HASH_SIZE);
    status = cs_vault_record_encode(&record, signer.key, &bytes);
    if (status == CS_OK) {
        status = cs_vault_book_queue(storing->book, cs_buffer_bytes(&bytes), NULL);
    }
    cs_buffer_release(&bytes);
    return status;
}

static enum cs_status store_field(const struct storing *storing, const struct cs_id *item,
                                  const struct cs_import_field *field)
{
    uint8_t id[CS_HASH_SIZE];
    const struct cs_world *world = cs_replica_world(cs_vault_book_replica(storing->book));
    struct cs_vault_secret_wish wish = {
        .item = *item, .field = field->name, .secret = field->value};
    world->random(world->context, wish.version.bytes, CS_ID_SIZE);
    enum cs_status status =
        cs_vault_act_version(storing->book, storing->vault, &wish, id, storing->problem);
    return status != CS_OK ? status : confirm(storing, &wish, id);
}

static enum cs_status store_item(const struct storing *storing, const struct cs_import_item *item)
{
    enum cs_status status = item->here
                                ? CS_OK
                                : cs_vault_act_entry(storing->book, storing->vault, &item->id,
                                                     &item->listing, NULL, storing->problem);
    for (size_t i = 0; status == CS_OK && i < item->field_count; i++) {
        if (!item->fields[i].here) {
            status = store_field(storing, &item->id, &item->fields[i]);
        }
    }
    return status;
}

/* Whole, or not at all. */
static enum cs_status store_whole(const struct storing *storing, struct cs_import_item *item)
{
    struct cs_database *database = cs_replica_database(cs_vault_book_replica(storing->book));
    enum cs_status status = cs_database_savepoint(database);
    if (status != CS_OK) {
        return status;
    }
    status = store_item(storing, item);
    if (status == CS_OK) {
        return cs_database_release(database);
    }
    cs_database_undo(database);
    if (status == CS_INVALID || status == CS_TOO_LARGE || status == CS_LIMIT) {
        item->refusal = cs_status_text(status);
        return CS_OK;
    }
    return status;
}

enum cs_status cs_import_queue(struct cs_vault_book *book, const struct cs_id *vault,
                               struct cs_import_item *items, size_t count, size_t *out_queued,
                               struct cs_problem *problem)
{
    const struct storing storing = {book, vault, problem};
    struct cs_database *database = cs_replica_database(cs_vault_book_replica(book));
    size_t queued = 0;
    cs_require(count <= CS_IMPORT_BATCH_MAX);
    enum cs_status status = cs_database_begin(database);
    if (status != CS_OK) {
        return status;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        enum cs_import_standing standing = cs_import_standing_of(&items[i]);
        if (standing == CS_IMPORT_NEW || standing == CS_IMPORT_IN_PART) {
            status = store_whole(&storing, &items[i]);
            queued += status == CS_OK && items[i].refusal == NULL ? 1 : 0;
        }
    }
    if (status == CS_OK) {
        status = cs_database_commit(database);
    } else {
        cs_database_rollback(database);
    }
    if (status == CS_OK) {
        *out_queued = queued;
    }
    return status;
}
