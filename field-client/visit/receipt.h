/*
 * Receipts: what is signed, whether it still holds, and how people read it (requirements D4, D7).
 *
 * A receipt's record is a cs_record of kind "receipt" with the fields number, signed_at, signer, snapshot_hash, strokes_hash, visit and
 * visit_digest. strokes_hash is over snapshot_hash and strokes, so that strokes cannot be moved to another snapshot;
 * visit_digest is cs_signed_content_hash at the time of signing.
 */
#ifndef CS_VISIT_RECEIPT_H
#define CS_VISIT_RECEIPT_H

#include "field-client/replica/replica.h"
#include "field-client/visit/lines.h"
#include "shared/text/json.h"

#define CS_RECEIPT_KIND "receipt"

void cs_receipt_snapshot_hash(struct cs_bytes snapshot, uint8_t out[static CS_HASH_SIZE]);
void cs_receipt_strokes_hash(const uint8_t snapshot_hash[static CS_HASH_SIZE],
                             struct cs_bytes strokes, uint8_t out[static CS_HASH_SIZE]);

/* What verification found. */
struct cs_receipt_check {
    bool intact; /* signed by a device of the organisation, and every column as it was signed */
    struct cs_lines
        altered; /* names of the columns that are not as signed; "record": the record itself */
    struct cs_lines changed_since; /* "work_done: signed “…”, now “…”" */
    struct cs_lines remarks;       /* why it is not intact, and what else people should know */
    struct cs_buffer
        signed_by; /* name in the certificate of the device that signed; empty when unknown */
};
void cs_receipt_check_init(struct cs_receipt_check *check);
void cs_receipt_check_release(struct cs_receipt_check *check);
/* CS_OK also for a receipt that does not hold: see *check, which was initialised. CS_NOT_FOUND: no such receipt. */
enum cs_status cs_receipt_verify(struct cs_replica *replica, const struct cs_id *receipt,
                                 struct cs_receipt_check *check,
                                 struct cs_problem *problem) CS_MUST_USE;

/* Appends the receipt as text for people, Chinese and English labels side by side. */
enum cs_status cs_receipt_render(const struct cs_registry *registry,
                                 const struct cs_stored_row *receipt,
                                 struct cs_buffer *out) CS_MUST_USE;

#endif
