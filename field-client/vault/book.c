/* The vaults of this replica, see book.h. */
#include "field-client/vault/book.h"

#include "field-client/replica/query.h"
#include "field-client/replica/revocation.h"
#include "field-client/vault/memory.h"
#include "shared/base/text.h"

#include <string.h>

#define NOW UINT64_MAX
#define CHAINS_MAX ((size_t)4096)

struct known_chain {
    struct known_chain *next;
    struct cs_buffer bytes;
    struct cs_chain chain;
};
struct known_log {
    struct known_log *next;
    struct cs_vault_log *log;
};

struct cs_vault_book {
    struct cs_replica *replica;
    struct cs_vault_directory directory;
    struct cs_vault_directory everybody;
    uint64_t as_of;
    struct known_chain *chains;
    size_t chain_count;
    struct known_log *logs;
    struct cs_log_state state;
};

static const struct cs_identity *identity_of(const struct cs_vault_book *book)
{
    return cs_replica_identity(book->replica);
}

/* ---- chains ---- */

static struct cs_bytes chain_field(const struct cs_stored_row *row)
{
    int index = row->exists && !row->deleted && row->entity != NULL
                    ? cs_entity_field_index(row->entity, cs_bytes_of_text("chain"))
                    : -1;
    return index < 0 ? CS_BYTES_NONE : row->values[index].bytes;
}

static enum cs_status remember(struct cs_vault_book *book, struct cs_bytes bytes,
                               const struct cs_chain **out)
{
    struct known_chain *known =
        book->chain_count < CHAINS_MAX ? cs_alloc_zero(1, sizeof *known) : NULL;
    if (known == NULL) {
        return CS_NO_MEMORY;
    }
    cs_buffer_init(&known->bytes, CS_CHAIN_BYTES_MAX);
    cs_buffer_append_bytes(&known->bytes, bytes);
    enum cs_status status = known->bytes.status;
    if (status == CS_OK) {
        status = cs_chain_verify(cs_buffer_bytes(&known->bytes),
                                 cs_identity_organisation(identity_of(book)), &known->chain, NULL);
    }
    if (status != CS_OK) {
        cs_buffer_release(&known->bytes);
        cs_free(known);
        return status;
    }
    known->next = book->chains;
    book->chains = known;
    book->chain_count++;
    *out = &known->chain;
    return CS_OK;
}

enum cs_status cs_vault_book_chain(struct cs_vault_book *book,
                                   const uint8_t certificate[static CS_HASH_SIZE],
                                   const struct cs_chain **out)
{
    struct cs_arena arena;
    struct cs_stored_row row;
    struct cs_id id;
    const struct cs_identity *identity = identity_of(book);
    if (memcmp(cs_identity_certificate_id(identity), certificate, CS_HASH_SIZE) == 0) {
        *out = cs_identity_chain_parsed(identity);
        return CS_OK;
    }
    for (const struct known_chain *known = book->chains; known != NULL; known = known->next) {
        if (memcmp(known->chain.leaf_id, certificate, CS_HASH_SIZE) == 0) {
            *out = &known->chain;
            return CS_OK;
        }
    }
    cs_certificate_row_id(certificate, &id);
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status = cs_row_load(cs_replica_tables(book->replica),
                                        cs_bytes_of_text("device"), &id, &arena, &row);
    if (status == CS_OK && chain_field(&row).size == 0) {
        status = CS_NOT_FOUND;
    }
    if (status == CS_OK) {
        status = remember(book, chain_field(&row), out);
    }
    cs_arena_release(&arena);
    return status == CS_OK && memcmp((*out)->leaf_id, certificate, CS_HASH_SIZE) != 0 ? CS_NOT_FOUND
                                                                                      : status;
}

static enum cs_status find(void *context, const uint8_t certificate[static CS_HASH_SIZE],
                           const struct cs_chain **out)
{
    struct cs_vault_book *book = context;
    struct cs_standing standing = {.known = false};
    enum cs_status status = cs_standing_of(book->replica, certificate, &standing);
    if (status == CS_OK) {
        status = cs_vault_book_chain(book, certificate, out);
    }
    bool revoked = standing.revoked && book->as_of >= standing.revoked_position;
    return status == CS_OK && revoked ? CS_REVOKED : status;
}

static enum cs_status find_any(void *context, const uint8_t certificate[static CS_HASH_SIZE],
                               const struct cs_chain **out)
{
    return cs_vault_book_chain(context, certificate, out);
}

static enum cs_status find_recovery(void *context, const uint8_t id[static CS_HASH_SIZE])
{
    struct cs_vault_book *book = context;
    struct cs_arena arena;
    struct cs_kept_recovery found;
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_kept_recovery_get(book->replica, id, &arena, &found);
    cs_arena_release(&arena);
    return status;
}

struct gathering {
    struct cs_vault_book *book;
    const struct cs_chain *first;
    struct cs_arena *arena;
    const struct cs_chain **list;
    size_t count;
    size_t capacity;
};

/* Devices whose rows say that they are of this person; that they are is said by their chains. */
static enum cs_status gather(void *context, const struct cs_stored_row *row)
{
    struct gathering *gathering = context;
    uint8_t id[CS_HASH_SIZE];
    const struct cs_chain *chain = NULL;
    if (chain_field(row).size == 0 || cs_chain_leaf_id(chain_field(row), id) != CS_OK ||
        memcmp(id, gathering->first->leaf_id, sizeof id) == 0) {
        return CS_OK;
    }
    enum cs_status status = cs_vault_book_chain(gathering->book, id, &chain);
    if (status != CS_OK) {
        return cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_OK;
    }
    if (!cs_id_equal(&chain->leaf.person, &gathering->first->leaf.person)) {
        return CS_OK;
    }
    if (gathering->count == gathering->capacity) {
        const struct cs_chain **larger = cs_arena_take_array(
            gathering->arena, 2 * gathering->capacity, sizeof(const struct cs_chain *));
        if (larger == NULL) {
            return CS_NO_MEMORY;
        }
        memcpy(larger, gathering->list, gathering->count * sizeof(const struct cs_chain *));
        gathering->list = larger;
        gathering->capacity *= 2;
    }
    gathering->list[gathering->count++] = chain;
    return CS_OK;
}

enum cs_status cs_vault_book_person(struct cs_vault_book *book,
                                    const uint8_t certificate[static CS_HASH_SIZE],
                                    struct cs_arena *arena, struct cs_vault_person *out)
{
    struct gathering gathering = {.book = book, .arena = arena, .count = 1, .capacity = 8};
    enum cs_status status = cs_vault_book_chain(book, certificate, &gathering.first);
    if (status != CS_OK) {
        return status;
    }
    gathering.list =
        cs_arena_take_array(arena, gathering.capacity, sizeof(const struct cs_chain *));
    if (gathering.list == NULL) {
        return CS_NO_MEMORY;
    }
    gathering.list[0] = gathering.first;
    status =
        cs_query_list(book->replica, cs_bytes_of_text("device"), NULL, 0, gather, &gathering, NULL);
    if (status == CS_OK) {
        *out = (struct cs_vault_person){gathering.list, gathering.count};
    }
    return status;
}

/* ---- opening ---- */

enum cs_status cs_vault_book_open(struct cs_replica *replica, struct cs_vault_book **out)
{
    struct cs_vault_book *book = cs_alloc_zero(1, sizeof *book);
    if (book == NULL) {
        return CS_NO_MEMORY;
    }
    const struct cs_identity *identity = cs_replica_identity(replica);
    book->replica = replica;
    book->as_of = NOW;
    book->directory =
        (struct cs_vault_directory){.organisation = cs_identity_organisation(identity),
                                    .server_identity = cs_identity_server(identity),
                                    .context = book,
                                    .find = find,
                                    .find_recovery = find_recovery};
    book->everybody = book->directory;
    book->everybody.find = find_any;
    enum cs_status status = cs_log_state_load(replica, &book->state);
    if (status != CS_OK) {
        cs_vault_book_close(book);
        return status;
    }
    *out = book;
    return CS_OK;
}

void cs_vault_book_close(struct cs_vault_book *book)
{
    if (book == NULL) {
        return;
    }
    while (book->chains != NULL) {
        struct known_chain *next = book->chains->next;
        cs_buffer_release(&book->chains->bytes);
        cs_free(book->chains);
        book->chains = next;
    }
    while (book->logs != NULL) {
        struct known_log *next = book->logs->next;
        cs_vault_log_destroy(book->logs->log);
        cs_free(book->logs);
        book->logs = next;
    }
    cs_free(book);
}

struct cs_replica *cs_vault_book_replica(const struct cs_vault_book *book)
{
    return book->replica;
}

const struct cs_vault_directory *cs_vault_book_directory(const struct cs_vault_book *book)
{
    return &book->directory;
}

const struct cs_vault_directory *cs_vault_book_directory_of_all(const struct cs_vault_book *book)
{
    return &book->everybody;
}

void cs_vault_book_judge_at(struct cs_vault_book *book, uint64_t position)
{
    book->as_of = position;
}

void cs_vault_book_signer(const struct cs_vault_book *book, struct cs_evidence_signer *out)
{
    const struct cs_world *world = cs_replica_world(book->replica);
    const struct cs_identity *identity = identity_of(book);
    *out = (struct cs_evidence_signer){
        .organisation = cs_identity_organisation(identity),
        .certificate = cs_identity_certificate_id(identity),
        .key = cs_identity_sign_key(identity),
        .checkpoint = cs_bytes_make(book->state.note, book->state.note_size),
        .claimed =
            cs_instant_make(world->wall_ms(world->context), world->offset_minutes(world->context)),
    };
}

struct cs_vault_holder cs_vault_book_holder(const struct cs_vault_book *book)
{
    const struct cs_identity *identity = identity_of(book);
    return (struct cs_vault_holder){cs_identity_organisation(identity),
                                    cs_identity_certificate_id(identity),
                                    cs_identity_seal_key(identity)};
}

/* ---- logs ---- */

/* A number for the rules that logs are verified by: another one makes every device verify anew. */
#define LOG_RULES "1"
/* u64 length ‖ digest of so many records and their moments */
#define VERIFIED_SIZE (8 + CS_HASH_SIZE)

struct verified {
    uint64_t length;
    uint8_t digest[CS_HASH_SIZE];
};

static enum cs_status recall_verified(struct cs_vault_book *book, const struct cs_id *vault,
                                      struct verified *out)
{
    struct cs_buffer content;
    struct cs_reader reader;
    cs_buffer_init(&content, CS_KIBI);
    *out = (struct verified){.length = 0};
    enum cs_status status = cs_vault_recall(book->replica, vault, CS_VAULT_MEMORY_LOG,
                                            cs_bytes_of_text(LOG_RULES), &content);
    if (status == CS_OK && content.size == VERIFIED_SIZE) {
        cs_reader_init(&reader, cs_buffer_bytes(&content));
        out->length = cs_read_u64(&reader);
        cs_read_copy(&reader, out->digest, sizeof out->digest);
    }
    cs_buffer_release(&content);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

static void remember_verified(struct cs_vault_book *book, const struct cs_id *vault,
                              const struct verified *verified)
{
    struct cs_buffer content;
    cs_buffer_init(&content, CS_KIBI);
    cs_buffer_append_u64(&content, verified->length);
    cs_buffer_append_bytes(&content, cs_bytes_of_array(verified->digest));
    if (content.status == CS_OK) {
        cs_vault_remember(book->replica, vault, CS_VAULT_MEMORY_LOG, cs_bytes_of_text(LOG_RULES),
                          cs_buffer_bytes(&content));
    }
    cs_buffer_release(&content);
}

/* One record more: all that it is judged by goes in. */
static void extend(struct verified *verified, const struct cs_kept_record *kept)
{
    const uint64_t moment[] = {kept->moment.position, kept->moment.log_position,
                               (uint64_t)kept->moment.logged_ms};
    const struct cs_bytes parts[] = {cs_bytes_of_array(verified->digest), cs_bytes_of_array(moment),
                                     kept->record};
    cs_hash_parts("countersign vault verified log 1", parts, CS_COUNT(parts), verified->digest);
    verified->length++;
}

static enum cs_status append(struct cs_vault_book *book, struct cs_vault_log *log,
                             const struct cs_kept_record *kept, struct cs_problem *problem)
{
    book->as_of = kept->moment.position;
    enum cs_status status =
        cs_vault_log_append(log, kept->record, &book->directory, kept->moment.logged_ms, problem);
    book->as_of = NOW;
    return status;
}

/* Records from the end of `log` on, up to `length`: those before `known` as verified before, the others verified now. */
static enum cs_status read_log(struct cs_vault_book *book, struct cs_vault_log *log,
                               uint64_t length, uint64_t known, struct verified *verified,
                               struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    for (uint64_t i = cs_vault_log_position(log); status == CS_OK && i < length; i++) {
        struct cs_arena arena;
        struct cs_kept_record kept;
        cs_arena_init(&arena, CS_MEBI);
        status = cs_kept_record_of_log(book->replica, cs_vault_log_vault(log), i, &arena, &kept);
        if (status == CS_OK) {
            status = i < known ? cs_vault_log_append_again(log, kept.record, problem)
                               : append(book, log, &kept, problem);
        } else if (status == CS_NOT_FOUND) {
            status = cs_problem_set(problem, CS_ROLLED_BACK,
                                    "record %llu of the vault's log is missing here",
                                    (unsigned long long)i);
        }
        if (status == CS_OK) {
            extend(verified, &kept);
        }
        cs_arena_release(&arena);
    }
    return status;
}

/* The part that this device has verified before, if these are still the same bytes; an empty log otherwise. *out is the caller's to destroy
 * in any case. */
static enum cs_status read_known(struct cs_vault_book *book, const struct cs_id *vault,
                                 uint64_t length, struct cs_vault_log **out,
                                 struct verified *out_verified)
{
    struct verified before;
    struct cs_problem ignored = {""};
    *out = NULL;
    *out_verified = (struct verified){.length = 0};
    enum cs_status status = recall_verified(book, vault, &before);
    if (status == CS_OK) {
        status = cs_vault_log_create(vault, out);
    }
    if (status != CS_OK || before.length == 0 || before.length > length) {
        return status;
    }
    status = read_log(book, *out, before.length, before.length, out_verified, &ignored);
    bool same = status == CS_OK && memcmp(before.digest, out_verified->digest, CS_HASH_SIZE) == 0;
    if (same || status == CS_NO_MEMORY || status == CS_IO) {
        return status;
    }
    cs_vault_log_destroy(*out);
    *out_verified = (struct verified){.length = 0};
    return cs_vault_log_create(vault, out);
}

enum cs_status cs_vault_book_replay(struct cs_vault_book *book, const struct cs_id *vault,
                                    struct cs_vault_log **out, struct cs_problem *problem)
{
    struct cs_kept_vault kept = {.length = 0};
    struct cs_vault_log *log = NULL;
    struct verified verified = {.length = 0};
    uint64_t known = 0;
    enum cs_status status = cs_kept_vault_get(book->replica, vault, &kept);
    if (status == CS_OK || status == CS_NOT_FOUND) {
        status = read_known(book, vault, kept.length, &log, &verified);
        known = verified.length;
    }
    if (status == CS_OK) {
        status = read_log(book, log, kept.length, known, &verified, problem);
    }
    if (status == CS_OK) {
        status = cs_vault_log_expect(log, kept.length, kept.head, problem);
    }
    if (status == CS_OK) {
        if (verified.length > known) {
            remember_verified(book, vault, &verified);
        }
        *out = log;
    } else {
        cs_vault_log_destroy(log);
    }
    return status;
}

enum cs_status cs_vault_book_log(struct cs_vault_book *book, const struct cs_id *vault,
                                 struct cs_vault_log **out, struct cs_problem *problem)
{
    for (const struct known_log *known = book->logs; known != NULL; known = known->next) {
        if (cs_id_equal(cs_vault_log_vault(known->log), vault)) {
            *out = known->log;
            return CS_OK;
        }
    }
    struct known_log *known = cs_alloc_zero(1, sizeof *known);
    if (known == NULL) {
        return CS_NO_MEMORY;
    }
    enum cs_status status = cs_vault_book_replay(book, vault, &known->log, problem);
    if (status != CS_OK) {
        cs_free(known);
        return status;
    }
    known->next = book->logs;
    book->logs = known;
    *out = known->log;
    return CS_OK;
}

enum cs_status cs_vault_book_keyring(struct cs_vault_book *book, const struct cs_id *vault,
                                     struct cs_vault_keyring **out, struct cs_problem *problem)
{
    const struct cs_world *world = cs_replica_world(book->replica);
    struct cs_vault_log *log = NULL;
    struct cs_vault_holder holder = cs_vault_book_holder(book);
    enum cs_status status = cs_vault_book_log(book, vault, &log, problem);
    return status != CS_OK
               ? status
               : cs_vault_keyring_open(log, &holder, world->wall_ms(world->context), out, problem);
}

/* ---- records ---- */

/* It was verified when it came; what cannot be read was damaged since. */
static enum cs_status read_kept(const struct cs_kept_record *kept, struct cs_vault_record *out)
{
    enum cs_status status = cs_vault_record_decode(kept->record, out);
    return status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_CORRUPT;
}

enum cs_status cs_vault_book_find(struct cs_vault_book *book, const uint8_t id[static CS_HASH_SIZE],
                                  struct cs_arena *arena, struct cs_vault_record *out)
{
    struct cs_kept_record kept;
    enum cs_status status = cs_kept_record_get(book->replica, id, arena, &kept);
    return status != CS_OK ? status : read_kept(&kept, out);
}

enum cs_status cs_vault_book_newest(struct cs_vault_book *book, const struct cs_kept_filter *filter,
                                    struct cs_arena *arena, struct cs_vault_record *out)
{
    struct cs_kept_record kept;
    enum cs_status status = cs_kept_record_newest(book->replica, filter, arena, &kept);
    return status != CS_OK ? status : read_kept(&kept, out);
}

enum cs_status cs_vault_book_state(struct cs_vault_book *book,
                                   const struct cs_vault_record *version,
                                   struct cs_version_state *out)
{
    struct cs_arena arena;
    struct cs_vault_record newest;
    const struct cs_kept_filter filter = {
        .vault = version->vault, .kind = CS_VAULT_STATE, .version = &version->version};
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_vault_book_newest(book, &filter, &arena, &newest);
    if (status == CS_OK || status == CS_NOT_FOUND) {
        cs_version_state_begin(out, version->id, version->author);
    }
    if (status == CS_OK) {
        cs_version_state_take(out, newest.state, newest.id, newest.author);
    }
    cs_arena_release(&arena);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

enum cs_status cs_vault_book_recovery(struct cs_vault_book *book, struct cs_vault_recovery *out)
{
    struct cs_arena arena;
    struct cs_kept_recovery kept;
    const struct cs_chain *own = cs_identity_chain_parsed(identity_of(book));
    cs_arena_init(&arena, CS_MEBI);
    enum cs_status status = cs_kept_recovery_get(book->replica, NULL, &arena, &kept);
    if (status == CS_OK) {
        status = cs_vault_recovery_verify(kept.statement, own->root_key, out);
    }
    cs_arena_release(&arena);
    return status;
}

enum cs_status cs_vault_book_queue(struct cs_vault_book *book, struct cs_bytes record,
                                   uint8_t *out_id)
{
    struct cs_vault_record decoded;
    enum cs_status status = cs_vault_record_decode(record, &decoded);
    if (status == CS_OK) {
        status = cs_queued_record_put(book->replica, decoded.id, record);
    }
    if (status == CS_OK && out_id != NULL) {
        memcpy(out_id, decoded.id, CS_HASH_SIZE);
    }
    return status;
}
