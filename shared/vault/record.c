/*
 * The signed records of a vault, see record.h: one table of fields, one of kinds, and one codec for all of them.
 *
 * Fields stand in the table in the order of their names, which is the order they have in the record.
 */
#include "shared/vault/record.h"

#include "shared/base/limits.h"
#include "shared/base/text.h"
#include "shared/evidence/signed_bytes.h"

#include <string.h>

#define KIND(name) (1u << CS_VAULT_##name)
#define ALL_KINDS ((1u << CS_VAULT_KIND_COUNT) - 1)
#define ASKING (KIND(REQUEST) | KIND(LEASE) | KIND(EXPORT) | KIND(EMERGENCY))
/* Working memory for the list of fields of one record. */
#define FIELDS_MEMORY_MAX (16 * CS_KIBI)

enum field_type {
    FIXED,  /* bytes of exactly `most`, into an array */
    NUMBER, /* `least` … `most` */
    TEXT,   /* readable, `least` … `most` bytes */
    BYTES,  /* `least` … `most` bytes, in whole pieces of `piece`; a view */
};

struct field {
    const char *name;
    enum field_type type;
    unsigned kinds;
    size_t offset;
    int64_t least;
    int64_t most;
    size_t piece;
};

#define AT(member) offsetof(struct cs_vault_record, member)
#define FIXED_SIZE(member) (int64_t)sizeof(((struct cs_vault_record *)0)->member)
#define FIXED_FIELD(member, kinds)                                                                 \
    {                                                                                              \
#member, FIXED, kinds, AT(member), 0, FIXED_SIZE(member), 1                                \
    }
#define SEALED ((int64_t)CS_VAULT_SEALED_SIZE)
#define WRAPPED ((int64_t)CS_VAULT_WRAPPED_SIZE)
#define CIPHERTEXT_MAX ((int64_t)(CS_VAULT_SECRET_MAX + CS_AEAD_OVERHEAD))
#define APPROVERS_MAX ((int64_t)(CS_VAULT_APPROVERS_MAX * CS_VAULT_APPROVER_SIZE))

static const struct field fields[] = {
    {"approvers", BYTES, KIND(VERSION), AT(approvers), 0, APPROVERS_MAX, CS_VAULT_APPROVER_SIZE},
    {"ciphertext", BYTES, KIND(ENTRY) | KIND(VERSION), AT(ciphertext), CS_AEAD_OVERHEAD,
     CIPHERTEXT_MAX, 1},
    FIXED_FIELD(commitment, KIND(EPOCH) | KIND(GRANT) | KIND(VERSION)),
    {"epoch", NUMBER, KIND(EPOCH) | KIND(GRANT) | KIND(ENTRY) | KIND(VERSION), AT(epoch), 1,
     UINT32_MAX, 1},
    {"expires_ms", NUMBER, KIND(GRANT) | KIND(LEASE), AT(expires_ms), 0, INT64_MAX, 1},
    {"field", TEXT, KIND(VERSION) | KIND(STATE), AT(field), 1, CS_NAME_MAX, 1},
    {"four_eyes", NUMBER, KIND(EPOCH), AT(four_eyes), 0, 1, 1},
    {"half", BYTES, KIND(VERSION), AT(half), SEALED, SEALED, 1},
    FIXED_FIELD(half_key, KIND(VERSION)),
    FIXED_FIELD(head, ALL_KINDS),
    FIXED_FIELD(item, KIND(ENTRY) | KIND(VERSION) | KIND(STATE)),
    FIXED_FIELD(key, ASKING),
    FIXED_FIELD(listing_commitment, KIND(EPOCH)),
    {"listing_wrapped", BYTES, KIND(EPOCH), AT(listing_wrapped), 0, WRAPPED, CS_VAULT_WRAPPED_SIZE},
    {"position", NUMBER, ALL_KINDS, AT(position), 0, CS_VAULT_LOG_MAX, 1},
    FIXED_FIELD(previous, KIND(ENTRY) | KIND(VERSION) | KIND(STATE) | KIND(CAMPAIGN)),
    FIXED_FIELD(project, KIND(CREATION)),
    {"reason", TEXT,
     ASKING | KIND(WITHDRAWAL) | KIND(CAMPAIGN) | KIND(LEAK) | KIND(REVEAL) | KIND(RETURN),
     AT(reason), 1, CS_VAULT_REASON_MAX, 1},
    FIXED_FIELD(recipient, KIND(GRANT) | KIND(WITHDRAWAL)),
    {"recovered", BYTES, KIND(EPOCH) | KIND(VERSION), AT(recovered), SEALED, SEALED, 1},
    FIXED_FIELD(recovery, KIND(EPOCH) | KIND(VERSION)),
    FIXED_FIELD(request, KIND(APPROVAL) | KIND(RELEASE) | KIND(REVEAL) | KIND(RETURN)),
    {"rights", NUMBER, KIND(GRANT), AT(rights), 1, INT64_MAX, 1},
    {"sealed", BYTES, KIND(GRANT) | KIND(APPROVAL) | KIND(RELEASE), AT(sealed), 0,
     CS_VAULT_VERSIONS_MAX *SEALED, CS_VAULT_SEALED_SIZE},
    {"state", NUMBER, KIND(STATE), AT(state), CS_VAULT_PENDING, CS_VAULT_ARCHIVED, 1},
    FIXED_FIELD(vault, ALL_KINDS),
    FIXED_FIELD(version, KIND(VERSION) | KIND(STATE) | KIND(LEAK) | KIND(REVEAL)),
    {"versions", BYTES, ASKING | KIND(RELEASE), AT(versions), CS_ID_SIZE,
     CS_VAULT_VERSIONS_MAX *CS_ID_SIZE, CS_ID_SIZE},
    {"work_order", BYTES, KIND(REQUEST) | KIND(LEASE) | KIND(REVEAL) | KIND(EMERGENCY),
     AT(work_order), 0, CS_ID_SIZE, CS_ID_SIZE},
    {"wrapped", BYTES, KIND(EPOCH), AT(wrapped), 0, WRAPPED, CS_VAULT_WRAPPED_SIZE},
};

static const char *const kind_names[CS_VAULT_KIND_COUNT] = {
    [CS_VAULT_CREATION] = "vault",
    [CS_VAULT_EPOCH] = "vault epoch",
    [CS_VAULT_GRANT] = "vault grant",
    [CS_VAULT_WITHDRAWAL] = "vault withdrawal",
    [CS_VAULT_ENTRY] = "vault entry",
    [CS_VAULT_VERSION] = "vault version",
    [CS_VAULT_STATE] = "vault state",
    [CS_VAULT_CAMPAIGN] = "vault campaign",
    [CS_VAULT_LEAK] = "vault leak",
    [CS_VAULT_REQUEST] = "vault request",
    [CS_VAULT_APPROVAL] = "vault approval",
    [CS_VAULT_RELEASE] = "vault release",
    [CS_VAULT_LEASE] = "vault lease",
    [CS_VAULT_REVEAL] = "vault reveal",
    [CS_VAULT_RETURN] = "vault return",
    [CS_VAULT_EXPORT] = "vault export",
    [CS_VAULT_EMERGENCY] = "vault emergency",
};

bool cs_vault_kind_under_lease(enum cs_vault_kind kind)
{
    return kind == CS_VAULT_REVEAL || kind == CS_VAULT_RETURN;
}

const char *cs_vault_kind_name(enum cs_vault_kind kind)
{
    cs_require((unsigned)kind < CS_VAULT_KIND_COUNT);
    return kind_names[kind];
}

bool cs_vault_kind_asks(enum cs_vault_kind kind)
{
    return (ASKING & (1u << kind)) != 0;
}

/* ---- one field ---- */

static struct cs_value value_of(const struct cs_vault_record *record, const struct field *field)
{
    const uint8_t *place = (const uint8_t *)record + field->offset;
    struct cs_bytes view;
    int64_t number;
    switch (field->type) {
    case FIXED:
        return cs_value_bytes(cs_bytes_make(place, (size_t)field->most));
    case NUMBER:
        memcpy(&number, place, sizeof number);
        return cs_value_integer(number);
    case TEXT:
        memcpy(&view, place, sizeof view);
        return cs_value_text(view);
    case BYTES:
        break;
    }
    memcpy(&view, place, sizeof view);
    return cs_value_bytes(view);
}

static bool value_fits(const struct cs_value *value, const struct field *field)
{
    int64_t size = (int64_t)value->bytes.size;
    switch (field->type) {
    case FIXED:
        return value->kind == CS_VALUE_BYTES && size == field->most;
    case NUMBER:
        return value->kind == CS_VALUE_INTEGER && value->integer >= field->least &&
               value->integer <= field->most;
    case TEXT:
        return value->kind == CS_VALUE_TEXT &&
               cs_statement_name_valid(value->bytes, (size_t)field->least, (size_t)field->most);
    case BYTES:
        break;
    }
    return value->kind == CS_VALUE_BYTES && size >= field->least && size <= field->most &&
           value->bytes.size % field->piece == 0;
}

static void store(struct cs_vault_record *record, const struct field *field,
                  const struct cs_value *value)
{
    uint8_t *place = (uint8_t *)record + field->offset;
    if (field->type == FIXED) {
        memcpy(place, value->bytes.data, (size_t)field->most);
    } else if (field->type == NUMBER) {
        memcpy(place, &value->integer, sizeof value->integer);
    } else {
        memcpy(place, &value->bytes, sizeof value->bytes);
    }
}

/* ---- what no single field says ---- */

/* Pieces of `size` bytes whose first `key` bytes ascend: one form, nothing twice. */
static bool ascends(struct cs_bytes list, size_t size, size_t key)
{
    for (size_t at = size; at < list.size; at += size) {
        if (memcmp(list.data + at - size, list.data + at, key) >= 0) {
            return false;
        }
    }
    return true;
}

static bool epoch_fits(const struct cs_vault_record *record)
{
    size_t expected = record->epoch == 1 ? 0 : CS_VAULT_WRAPPED_SIZE;
    return record->wrapped.size == expected && record->listing_wrapped.size == expected;
}

static enum cs_status check(const struct cs_vault_record *record, enum cs_status otherwise)
{
    bool fits = true;
    if (record->kind == CS_VAULT_EPOCH) {
        fits = epoch_fits(record);
    } else if (record->kind == CS_VAULT_GRANT) {
        if ((record->rights & ~(int64_t)CS_VAULT_RIGHTS_ALL) != 0) {
            return CS_UNSUPPORTED;
        }
        fits = record->sealed.size == CS_VAULT_SEALED_SIZE;
    } else if (record->kind == CS_VAULT_ENTRY) {
        fits = record->ciphertext.size <= CS_VAULT_LISTING_MAX + CS_AEAD_OVERHEAD;
    } else if (record->kind == CS_VAULT_REQUEST || record->kind == CS_VAULT_EMERGENCY) {
        fits = record->versions.size == CS_ID_SIZE;
    } else if (record->kind == CS_VAULT_RELEASE) {
        fits = record->sealed.size / CS_VAULT_SEALED_SIZE == record->versions.size / CS_ID_SIZE;
    } else if (record->kind == CS_VAULT_LEASE) {
        fits = record->work_order.size == CS_ID_SIZE;
    }
    fits = fits && ascends(record->approvers, CS_VAULT_APPROVER_SIZE, CS_HASH_SIZE) &&
           ascends(record->versions, CS_ID_SIZE, CS_ID_SIZE);
    return fits ? CS_OK : otherwise;
}

/* ---- all fields of a kind ---- */

static bool has(enum cs_vault_kind kind, const struct field *field)
{
    return (field->kinds & (1u << kind)) != 0;
}

enum cs_status cs_vault_record_encode(const struct cs_vault_record *record,
                                      const struct cs_sign_key *key, struct cs_buffer *out)
{
    struct cs_named_value values[CS_COUNT(fields)];
    struct cs_record plain = {.kind = cs_bytes_of_text(cs_vault_kind_name(record->kind)),
                              .claimed = record->claimed,
                              .checkpoint = record->checkpoint,
                              .fields = values};
    memcpy(plain.organisation, record->organisation, sizeof plain.organisation);
    memcpy(plain.certificate, record->author, sizeof plain.certificate);
    for (size_t i = 0; i < CS_COUNT(fields); i++) {
        if (has(record->kind, &fields[i])) {
            struct cs_named_value *value = &values[plain.field_count++];
            value->name = cs_bytes_of_text(fields[i].name);
            value->value = value_of(record, &fields[i]);
            if (!value_fits(&value->value, &fields[i])) {
                return CS_INVALID;
            }
        }
    }
    enum cs_status status = check(record, CS_INVALID) == CS_OK ? CS_OK : CS_INVALID;
    return status != CS_OK ? status : cs_record_encode(&plain, key, out);
}

static enum cs_status take_fields(const struct cs_record *plain, struct cs_vault_record *out)
{
    size_t taken = 0;
    for (size_t i = 0; i < CS_COUNT(fields); i++) {
        if (!has(out->kind, &fields[i])) {
            continue;
        }
        if (taken == plain->field_count ||
            !cs_bytes_equal_text(plain->fields[taken].name, fields[i].name) ||
            !value_fits(&plain->fields[taken].value, &fields[i])) {
            return CS_MALFORMED;
        }
        store(out, &fields[i], &plain->fields[taken++].value);
    }
    return taken == plain->field_count ? check(out, CS_MALFORMED) : CS_MALFORMED;
}

static enum cs_status find_kind(struct cs_bytes name, enum cs_vault_kind *out)
{
    for (unsigned kind = 0; kind < CS_VAULT_KIND_COUNT; kind++) {
        if (cs_bytes_equal_text(name, kind_names[kind])) {
            *out = (enum cs_vault_kind)kind;
            return CS_OK;
        }
    }
    return CS_UNSUPPORTED;
}

/* The outer form alone: author and kind, and fields by name. */
static enum cs_status read_plain(struct cs_bytes bytes, struct cs_arena *arena,
                                 struct cs_record *out, enum cs_vault_kind *out_kind)
{
    enum cs_status status = cs_record_decode(bytes, arena, out);
    return status != CS_OK ? status : find_kind(out->kind, out_kind);
}

static enum cs_status from_plain(struct cs_bytes bytes, const struct cs_record *plain,
                                 enum cs_vault_kind kind, struct cs_vault_record *out)
{
    struct cs_vault_record found;
    struct cs_bytes statement;
    memset(&found, 0, sizeof found);
    found.kind = kind;
    enum cs_status status = take_fields(plain, &found);
    if (status == CS_OK) {
        status = cs_signed_statement(bytes, &statement);
    }
    if (status == CS_OK) {
        cs_hash("countersign vault record", statement, found.id);
        memcpy(found.organisation, plain->organisation, sizeof found.organisation);
        memcpy(found.author, plain->certificate, sizeof found.author);
        found.claimed = plain->claimed;
        found.checkpoint = plain->checkpoint;
        *out = found;
    }
    return status;
}

enum cs_status cs_vault_record_decode(struct cs_bytes bytes, struct cs_vault_record *out)
{
    struct cs_arena arena;
    struct cs_record plain;
    enum cs_vault_kind kind = CS_VAULT_CREATION;
    cs_arena_init(&arena, FIELDS_MEMORY_MAX);
    enum cs_status status = read_plain(bytes, &arena, &plain, &kind);
    if (status == CS_OK) {
        status = from_plain(bytes, &plain, kind, out);
    }
    cs_arena_release(&arena);
    return status;
}

/* ---- believing one ---- */

static enum cs_status unreadable(struct cs_problem *problem, enum cs_status status)
{
    return cs_problem_set(problem, status, "the signed record of the vault cannot be read: %s",
                          cs_status_text(status));
}

/* The key that must have signed: only author and kind are read from what is not verified yet. */
static enum cs_status find_key(const struct cs_record *plain, enum cs_vault_kind kind,
                               const struct cs_vault_directory *directory,
                               const struct cs_chain **out_author, const uint8_t **out_key,
                               struct cs_problem *problem)
{
    if (kind == CS_VAULT_RELEASE) {
        const uint8_t *server = directory->server_identity;
        if (server == NULL || memcmp(plain->certificate, server, CS_SIGN_PUBLIC_SIZE) != 0) {
            return cs_problem_set(problem, CS_WRONG_SERVER,
                                  "the release is not by the organisation's server");
        }
        *out_key = server;
        *out_author = NULL;
        return CS_OK;
    }
    const struct cs_chain *author = NULL;
    enum cs_status status = directory->find(directory->context, plain->certificate, &author);
    if (status == CS_NOT_FOUND) {
        return cs_problem_set(problem, CS_UNKNOWN_DEVICE,
                              "the %s is signed by a device that nobody certified",
                              cs_vault_kind_name(kind));
    }
    if (status == CS_REVOKED) {
        return cs_problem_set(problem, status, "the %s is signed by a device that was revoked",
                              cs_vault_kind_name(kind));
    }
    if (status == CS_OK) {
        *out_author = author;
        *out_key = author->leaf.sign_key;
    }
    return status;
}

static enum cs_status verify(struct cs_bytes bytes, const struct cs_record *plain,
                             enum cs_vault_kind kind, const uint8_t *key,
                             const uint8_t *organisation, struct cs_problem *problem)
{
    if (cs_record_verify(bytes, key) != CS_OK) {
        return cs_problem_set(problem, CS_FORGED, "the %s is not signed by the one it names",
                              cs_vault_kind_name(kind));
    }
    if (memcmp(plain->organisation, organisation, CS_HASH_SIZE) != 0) {
        return cs_problem_set(problem, CS_WRONG_ORGANISATION,
                              "the %s belongs to another organisation", cs_vault_kind_name(kind));
    }
    return CS_OK;
}

enum cs_status cs_vault_record_open(struct cs_bytes bytes,
                                    const struct cs_vault_directory *directory,
                                    struct cs_vault_record *out, const struct cs_chain **out_author,
                                    struct cs_problem *problem)
{
    struct cs_arena arena;
    struct cs_record plain;
    enum cs_vault_kind kind = CS_VAULT_CREATION;
    const struct cs_chain *author = NULL;
    const uint8_t *key = NULL;
    cs_arena_init(&arena, FIELDS_MEMORY_MAX);
    enum cs_status status = read_plain(bytes, &arena, &plain, &kind);
    if (status != CS_OK) {
        status = unreadable(problem, status);
        goto out;
    }
    status = find_key(&plain, kind, directory, &author, &key, problem);
    if (status == CS_OK) {
        status = verify(bytes, &plain, kind, key, directory->organisation, problem);
    }
    if (status == CS_OK) {
        status = from_plain(bytes, &plain, kind, out);
        status = status == CS_OK ? CS_OK : unreadable(problem, status);
    }
    if (status == CS_OK) {
        *out_author = author;
    }
out:
    cs_arena_release(&arena);
    return status;
}

struct cs_vault_place cs_vault_record_place(const struct cs_vault_record *record,
                                            enum cs_vault_class class_value, const uint8_t *subject)
{
    return (struct cs_vault_place){.class_value = class_value,
                                   .organisation = record->organisation,
                                   .vault = record->vault,
                                   .epoch = (uint64_t)record->epoch,
                                   .item = record->item,
                                   .field = record->field,
                                   .version = record->version,
                                   .subject = subject};
}

bool cs_vault_versions_find(struct cs_bytes versions, const struct cs_id *version,
                            size_t *out_index)
{
    for (size_t at = 0; at + CS_ID_SIZE <= versions.size; at += CS_ID_SIZE) {
        if (memcmp(versions.data + at, version->bytes, CS_ID_SIZE) == 0) {
            *out_index = at / CS_ID_SIZE;
            return true;
        }
    }
    return false;
}

struct cs_bytes cs_vault_approver_part(const struct cs_vault_record *version,
                                       const uint8_t certificate[static CS_HASH_SIZE])
{
    struct cs_bytes list = version->approvers;
    for (size_t at = 0; at + CS_VAULT_APPROVER_SIZE <= list.size; at += CS_VAULT_APPROVER_SIZE) {
        if (memcmp(list.data + at, certificate, CS_HASH_SIZE) == 0) {
            return cs_bytes_make(list.data + at + CS_HASH_SIZE, CS_VAULT_SEALED_SIZE);
        }
    }
    return CS_BYTES_NONE;
}

bool cs_vault_rights_need_key(int64_t rights)
{
    return (rights & ~(int64_t)(CS_VAULT_MAY_LIST | CS_VAULT_MAY_APPROVE)) != 0;
}
