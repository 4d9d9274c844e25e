/*
 * The snapshot: what the customer was shown when signing, as JSON text. Written by sign.c, read again by verify and show.
 *
 *   {"form": "countersign receipt 1", "number", "visit", "work_order": {"id", "number", "instruction"}, "customer": {"id", "name", "address", "phone"},
 *    "site": {"id", "name", "address", "contact", "phone"}, "system": {"id", "name", "kind"}, "technician": {"id", "name"}, "reported_fault", every field
 *    of the visit but references, note and status, "parts": [{"id", "part", "code", "name", "spec", "unit", "quantity", "serial", "reason",
 *    "price_cents"}], "signer", "signed_at"}
 *
 * Values are texts as people read them, but quantity and price_cents are numbers; what is not set is null.
 */
#ifndef CS_VISIT_SNAPSHOT_H
#define CS_VISIT_SNAPSHOT_H

#include "field-client/replica/replica.h"
#include "shared/text/json.h"

struct cs_snapshot_about {
    const char *number;
    struct cs_bytes signer;
    int64_t signed_at;
};

/* Appends the text. `visit` is live. */
enum cs_status cs_snapshot_write(struct cs_replica *replica, const struct cs_stored_row *visit,
                                 const struct cs_snapshot_about *about,
                                 struct cs_buffer *out) CS_MUST_USE;
/* Is this field of the visit shown to the customer? */
bool cs_snapshot_shows(const struct cs_field *field);
/* CS_MALFORMED unless it is an object of this form. */
enum cs_status cs_snapshot_parse(struct cs_bytes text, struct cs_json **out) CS_MUST_USE;
/* The text under `key`, in `object` or below it; empty for null, absent and other shapes. */
struct cs_bytes cs_snapshot_text(const struct cs_json *object, const char *key);
/* The rows a receipt names beside the visit, exists = false where they are not set or not in view. */
struct cs_snapshot_rows {
    struct cs_stored_row work_order, request, customer, site, system, technician;
};
enum cs_status cs_snapshot_load_rows(struct cs_replica *replica, const struct cs_stored_row *visit,
                                     struct cs_arena *arena,
                                     struct cs_snapshot_rows *out) CS_MUST_USE;

#endif
