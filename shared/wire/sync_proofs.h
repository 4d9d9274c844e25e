/* What a sync response carries of the evidence log (PROTOCOL.md, chapter "Sync"). Private to shared/wire. */
#ifndef CS_WIRE_SYNC_PROOFS_H
#define CS_WIRE_SYNC_PROOFS_H

#include "shared/wire/cbor.h"
#include "shared/wire/messages.h"

/* checkpoint, consistency, row proofs, own proof, earlier */
#define CS_SYNC_PROOF_ITEMS 5

enum cs_status cs_sync_proofs_check(const struct cs_sync_response *response) CS_MUST_USE;
void cs_sync_proofs_put(struct cs_buffer *out, const struct cs_sync_response *response);
void cs_sync_proofs_take(struct cs_cbor_reader *reader, struct cs_arena *arena,
                         struct cs_sync_response *response);

#endif
