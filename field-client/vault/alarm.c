/* What people have to know, see alarm.h. */
#include "field-client/vault/alarm.h"

#include "shared/base/text.h"

#include <string.h>

static const uint8_t *own_certificate(const struct cs_vault_book *book)
{
    return cs_identity_certificate_id(cs_replica_identity(cs_vault_book_replica(book)));
}

/* ---- noting ---- */

enum cs_status cs_vault_alarm_emergency(struct cs_vault_book *book,
                                        const struct cs_vault_record *emergency,
                                        const struct cs_chain *author)
{
    struct cs_replica *replica = cs_vault_book_replica(book);
    const struct cs_certificate *own = cs_identity_certificate(cs_replica_identity(replica));
    return cs_id_equal(&author->leaf.person, &own->person)
               ? CS_OK
               : cs_vault_alarm_put(replica, &emergency->vault, emergency->id);
}

enum cs_status cs_vault_alarm_place_taken(struct cs_vault_book *book,
                                          const struct cs_vault_record *grant)
{
    return memcmp(grant->author, own_certificate(book), CS_HASH_SIZE) == 0
               ? CS_OK
               : cs_vault_alarm_put(cs_vault_book_replica(book), &grant->vault, grant->id);
}

bool cs_vault_alarm_takes_place(const struct cs_vault_log *log,
                                const struct cs_vault_record *record, int64_t logged_ms)
{
    struct cs_problem ignored;
    int64_t claimed_ms = cs_instant_utc_ms(record->claimed);
    return record->kind == CS_VAULT_GRANT &&
           memcmp(record->author, record->recipient, CS_HASH_SIZE) == 0 &&
           cs_vault_log_permits(log, record->author, CS_VAULT_MAY_MANAGE,
                                cs_vault_log_position(log),
                                claimed_ms > logged_ms ? claimed_ms : logged_ms, &ignored) != CS_OK;
}

/* ---- reading ---- */

static bool is_for_this_device(struct cs_vault_book *book, const struct cs_vault_log *log,
                               const struct cs_vault_alarm *alarm)
{
    const struct cs_world *world = cs_replica_world(cs_vault_book_replica(book));
    const uint8_t *own = own_certificate(book);
    struct cs_problem ignored;
    if (cs_vault_log_permits(log, own, CS_VAULT_MAY_MANAGE, cs_vault_log_position(log),
                             world->wall_ms(world->context), &ignored) == CS_OK) {
        return true;
    }
    return alarm->kind == CS_VAULT_ALARM_PLACE_TAKEN &&
           cs_vault_log_grant(log, own, (uint64_t)alarm->record.position) != NULL &&
           cs_vault_log_grant(log, own, cs_vault_log_position(log)) != NULL;
}

static enum cs_status read_version(struct cs_vault_book *book, struct cs_arena *arena,
                                   struct cs_vault_alarm *alarm)
{
    struct cs_id id;
    const struct cs_kept_filter filter = {
        .vault = alarm->record.vault, .kind = CS_VAULT_VERSION, .version = &id};
    memcpy(id.bytes, alarm->record.versions.data, CS_ID_SIZE);
    return cs_vault_book_newest(book, &filter, arena, &alarm->version);
}

enum cs_status cs_vault_alarm_read(struct cs_vault_book *book,
                                   const struct cs_vault_finding *finding, struct cs_arena *arena,
                                   struct cs_vault_alarm *out)
{
    struct cs_vault_alarm alarm = {.kind = CS_VAULT_ALARM_PLACE_TAKEN};
    struct cs_kept_record kept;
    struct cs_vault_log *log = NULL;
    struct cs_problem ignored;
    enum cs_status status =
        cs_kept_record_get(cs_vault_book_replica(book), finding->record, arena, &kept);
    if (status == CS_OK) {
        alarm.logged_ms = kept.moment.logged_ms;
        status = cs_vault_record_decode(kept.record, &alarm.record);
    }
    if (status == CS_OK) {
        status = cs_vault_book_log(book, &alarm.record.vault, &log, &ignored);
    }
    if (status == CS_OK) {
        status = cs_vault_book_chain(book, alarm.record.author, &alarm.author);
    }
    if (status == CS_OK && alarm.record.kind == CS_VAULT_EMERGENCY) {
        alarm.kind = CS_VAULT_ALARM_EMERGENCY;
        status = read_version(book, arena, &alarm);
    }
    if (status == CS_OK) {
        status = is_for_this_device(book, log, &alarm) ? CS_OK : CS_NOT_FOUND;
    }
    if (status == CS_OK) {
        *out = alarm;
    }
    return status == CS_OK || cs_status_class(status) == CS_CLASS_LOCAL ? status : CS_NOT_FOUND;
}
