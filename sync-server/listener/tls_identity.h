/*
 * The server's TLS identity: an ECDSA P-256 key and a certificate signed by itself.
 *
 * Called by the init command, which stores both sealed. Devices trust the hash of the public key that their invite
 * names (RFC 7469), never the certificate's names or dates; so the certificate is valid for 20 years from 2020, and
 * wrong clocks do not matter.
 */
#ifndef CS_LISTENER_TLS_IDENTITY_H
#define CS_LISTENER_TLS_IDENTITY_H

#include "shared/base/bytes.h"

#define CS_TLS_PIN_SIZE 32

/*
 * Appends a new private key (SEC1 DER) and its certificate (DER, CN=countersign). Both buffers are as before on failure.
 * The key is secret: release its buffer, which wipes it. CS_NO_MEMORY, CS_LIMIT, CS_IO (no randomness).
 */
enum cs_status cs_tls_identity_create(struct cs_buffer *out_key,
                                      struct cs_buffer *out_certificate) CS_MUST_USE;

/* SHA-256 of the SubjectPublicKeyInfo of a DER certificate (RFC 7469 §2.4). CS_MALFORMED, CS_NO_MEMORY. */
enum cs_status cs_tls_identity_pin(struct cs_bytes certificate,
                                   uint8_t out_pin[static CS_TLS_PIN_SIZE]) CS_MUST_USE;

#endif
