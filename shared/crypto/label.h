/*
 * Labels separate the purposes of hashes, signatures and keys: u8 length, then 1 to 64 ASCII
 * characters.
 *
 * Inside shared/crypto only. Labels are constants of the code, so a wrong one is a broken
 * invariant.
 */
#ifndef CS_CRYPTO_LABEL_H
#define CS_CRYPTO_LABEL_H

#include "shared/base/bytes.h"

#include <sodium.h>

#define CS_LABEL_MAX 64
/* A label with its length byte. */
#define CS_LABEL_ENCODED_MAX (1 + CS_LABEL_MAX)

/* Returns the size written. */
size_t cs_label_encode(const char *label, uint8_t out[static CS_LABEL_ENCODED_MAX]);
/* Feeds the encoded label into a running hash. */
void cs_label_update(crypto_generichash_state *state, const char *label);

#endif
