/* Doctor: the outbox as a chain of signed change-sets; see doctor_internal.h. */
#include "field-client/replica/doctor_internal.h"
#include "field-client/replica/outbox.h"
#include "field-client/replica/replica_internal.h"
#include "shared/wire/change_set.h"

#include <string.h>

static bool is_own(const struct cs_identity *identity, const struct cs_inner_header *header)
{
    return memcmp(header->organisation, cs_identity_organisation(identity), CS_HASH_SIZE) == 0 &&
           memcmp(header->certificate, cs_identity_certificate_id(identity), CS_HASH_SIZE) == 0;
}

/* The body must open and hold exactly the transactions that the header names. */
static enum cs_status check_body(const struct cs_inner_header *header, struct cs_bytes body,
                                 struct cs_arena *arena, bool *out_sound)
{
    struct cs_transactions transactions;
    enum cs_status status = cs_body_decode(body, arena, &transactions);
    if (status == CS_NO_MEMORY) {
        return status;
    }
    *out_sound = status == CS_OK && transactions.count == header->transaction_count &&
                 transactions.count > 0 && transactions.items[0].counter == header->first_counter;
    return CS_OK;
}

static enum cs_status check_inner(struct cs_replica *replica, const struct cs_outbox_entry *entry,
                                  const struct cs_outbox_head *before, struct cs_arena *arena,
                                  bool *out_sound)
{
    struct cs_inner_header header;
    struct cs_bytes body;
    uint8_t hash[CS_HASH_SIZE];
    uint8_t key[CS_SIGN_PUBLIC_SIZE];
    cs_sign_key_public(cs_identity_sign_key(replica->identity), key);
    *out_sound = false;
    if (cs_inner_split(entry->inner, &header, &body) != CS_OK ||
        cs_inner_hash(entry->inner, hash) != CS_OK || cs_inner_verify(entry->inner, key) != CS_OK) {
        return CS_OK;
    }
    bool chained = entry->sequence == before->sequence + 1 && header.sequence == entry->sequence &&
                   memcmp(header.previous, before->hash, CS_HASH_SIZE) == 0 &&
                   memcmp(hash, entry->hash, CS_HASH_SIZE) == 0;
    bool counted = header.first_counter == entry->first_counter &&
                   entry->first_counter == before->last_counter + 1 &&
                   entry->last_counter - entry->first_counter + 1 == header.transaction_count;
    if (!chained || !counted || !is_own(replica->identity, &header)) {
        return CS_OK;
    }
    return check_body(&header, body, arena, out_sound);
}

/* Removed, since a verified backup of the server has it: its hash is what the next one names. */
static enum cs_status check_removed(struct cs_replica *replica, const struct cs_outbox_entry *entry,
                                    const struct cs_outbox_head *before, bool *out_sound)
{
    uint64_t removed = 0;
    enum cs_status status = cs_outbox_removed(replica, &removed);
    *out_sound = status == CS_OK && entry->acknowledged && entry->sequence <= removed &&
                 entry->sequence == before->sequence + 1 &&
                 entry->first_counter == before->last_counter + 1 &&
                 entry->last_counter >= entry->first_counter;
    return status;
}

/* One change-set; *before moves on if it is sound. */
static enum cs_status check_one(struct cs_doctor *doctor, uint64_t sequence,
                                struct cs_outbox_head *before, bool *out_sound)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_outbox_entry entry;
    *out_sound = false;
    enum cs_status status = cs_outbox_load(doctor->replica, sequence, &arena, &entry);
    if (status == CS_OK) {
        status = entry.inner.size == 0
                     ? check_removed(doctor->replica, &entry, before, out_sound)
                     : check_inner(doctor->replica, &entry, before, &arena, out_sound);
    }
    if (status == CS_OK && *out_sound) {
        *before = (struct cs_outbox_head){.sequence = sequence, .last_counter = entry.last_counter};
        memcpy(before->hash, entry.hash, CS_HASH_SIZE);
    }
    cs_arena_release(&arena);
    return status == CS_NOT_FOUND ? CS_OK : status;
}

enum cs_status cs_doctor_check_outbox(struct cs_doctor *doctor)
{
    struct cs_outbox_head head;
    struct cs_outbox_head before = {.sequence = 0};
    enum cs_status status = cs_outbox_head(doctor->replica, &head);
    bool sound = true;
    /* After the first break nothing later can be judged. */
    for (uint64_t sequence = 1; status == CS_OK && sound && sequence <= head.sequence; sequence++) {
        status = check_one(doctor, sequence, &before, &sound);
        doctor->report.change_sets_checked++;
        if (status == CS_OK && !sound) {
            cs_doctor_report_finding(doctor, "change-set %llu does not verify",
                                     (unsigned long long)sequence);
        }
    }
    return status;
}
