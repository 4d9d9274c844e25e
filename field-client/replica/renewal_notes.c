/* What is remembered of a server that went back, see renewal.h. */
#include "field-client/replica/renewal.h"

#include "field-client/replica/replica_internal.h"

#include <string.h>

/* incarnation ‖ u64 log sequence */
#define START_SIZE ((size_t)16 + 8)
/* Incarnations that are remembered as left. */
#define LEFT_MAX ((size_t)1000)

enum cs_status cs_renewal_note_start(struct cs_replica *replica,
                                     const uint8_t incarnation[static 16], uint64_t log_sequence,
                                     uint64_t *out_first_sequence)
{
    struct cs_buffer start;
    cs_buffer_init(&start, 2 * START_SIZE);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_RENEWING, &start);
    if (status == CS_OK && start.size == START_SIZE && memcmp(start.data, incarnation, 16) == 0) {
        struct cs_reader reader;
        cs_reader_init(&reader, cs_bytes_make(start.data + 16, 8));
        *out_first_sequence = cs_read_u64(&reader);
        cs_buffer_release(&start);
        return CS_OK;
    }
    cs_buffer_clear(&start);
    cs_buffer_append(&start, incarnation, 16);
    cs_buffer_append_u64(&start, log_sequence);
    if (status == CS_OK) {
        status = start.status;
    }
    if (status == CS_OK) {
        status = cs_replica_meta_set_bytes(replica, CS_META_RENEWING, cs_buffer_bytes(&start));
    }
    cs_buffer_release(&start);
    if (status == CS_OK) {
        *out_first_sequence = log_sequence;
    }
    return status;
}

enum cs_status cs_renewal_begun(struct cs_replica *replica, bool *out)
{
    struct cs_buffer start;
    cs_buffer_init(&start, 2 * START_SIZE);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_RENEWING, &start);
    if (status == CS_OK) {
        *out = start.size > 0;
    }
    cs_buffer_release(&start);
    return status;
}

enum cs_status cs_renewal_was_left(struct cs_replica *replica, const uint8_t incarnation[static 16],
                                   bool *out)
{
    struct cs_buffer left;
    cs_buffer_init(&left, 16 * LEFT_MAX);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_LEFT_INCARNATIONS, &left);
    bool found = false;
    for (size_t i = 0; status == CS_OK && !found && i + 16 <= left.size; i += 16) {
        found = memcmp(left.data + i, incarnation, 16) == 0;
    }
    cs_buffer_release(&left);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

/* The newest ones, if there should ever be too many. */
static enum cs_status note_left(struct cs_replica *replica, const uint8_t left[static 16])
{
    struct cs_buffer known;
    cs_buffer_init(&known, 16 * (LEFT_MAX + 1));
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_LEFT_INCARNATIONS, &known);
    cs_buffer_append(&known, left, 16);
    if (status == CS_OK) {
        status = known.status;
    }
    if (status == CS_OK) {
        struct cs_bytes bytes = cs_buffer_bytes(&known);
        size_t drop = bytes.size > 16 * LEFT_MAX ? 16 : 0;
        status = cs_replica_meta_set_bytes(replica, CS_META_LEFT_INCARNATIONS,
                                           cs_bytes_make(bytes.data + drop, bytes.size - drop));
    }
    cs_buffer_release(&known);
    return status;
}

enum cs_status cs_renewal_note_done(struct cs_replica *replica, const uint8_t left[static 16],
                                    uint64_t resent)
{
    struct cs_buffer renewing;
    cs_buffer_init(&renewing, 2 * START_SIZE);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_RENEWING, &renewing);
    /* It may have gone back and still call itself the same. */
    bool same = renewing.size == START_SIZE && memcmp(renewing.data, left, 16) == 0;
    cs_buffer_release(&renewing);
    if (status == CS_OK && !same) {
        status = note_left(replica, left);
    }
    if (status == CS_OK) {
        status = cs_replica_meta_set_number(replica, CS_META_WENT_BACK_AT,
                                            replica->world->wall_ms(replica->world->context));
    }
    if (status == CS_OK) {
        status = cs_replica_meta_set_number(replica, CS_META_WENT_BACK_RESENT, (int64_t)resent);
    }
    return status != CS_OK ? status
                           : cs_replica_meta_set_bytes(replica, CS_META_RENEWING, CS_BYTES_NONE);
}

enum cs_status cs_renewal_last(struct cs_replica *replica, struct cs_went_back *out)
{
    struct cs_went_back last = {.noticed_ms = 0};
    int64_t resent = 0;
    enum cs_status status = cs_replica_meta_number(replica, CS_META_WENT_BACK_AT, &last.noticed_ms);
    if (status == CS_OK) {
        status = cs_replica_meta_number(replica, CS_META_WENT_BACK_RESENT, &resent);
    }
    if (status == CS_OK) {
        status = cs_renewal_kept(replica, &last.kept);
    }
    if (status == CS_OK) {
        last.resent = (uint64_t)resent;
        *out = last;
    }
    return status;
}
