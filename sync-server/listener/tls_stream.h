/*
 * One side of a TLS connection as bytes in, bytes out: no socket, no clock. The only user of mbedTLS's SSL layer.
 *
 * Called by connection.c, on the loop thread only. TLS 1.2 (and 1.3 with mbedTLS 3), ECDHE-ECDSA with AES-GCM and
 * ChaCha20-Poly1305 only; no renegotiation, no tickets, no session cache.
 */
#ifndef CS_LISTENER_TLS_STREAM_H
#define CS_LISTENER_TLS_STREAM_H

#include "shared/base/bytes.h"

/* What all connections share: key, certificate, configuration, randomness. */
struct cs_tls_context;
/* CS_INVALID if key and certificate cannot be read, are not EC, or do not belong together. */
enum cs_status cs_tls_context_create(struct cs_bytes key, struct cs_bytes certificate,
                                     struct cs_tls_context **out_context,
                                     struct cs_problem *problem) CS_MUST_USE;
void cs_tls_context_destroy(struct cs_tls_context *context);

struct cs_tls_stream;

enum cs_tls_progress {
    CS_TLS_DONE,   /* what was asked for is done */
    CS_TLS_WANT,   /* more bytes of the peer are needed */
    CS_TLS_CLOSED, /* the peer closed in good order */
    CS_TLS_FAILED, /* the peer broke the protocol, or memory is out; only the output (an alert) is of use */
};

/* Borrows the context. */
enum cs_status cs_tls_stream_create(struct cs_tls_context *context,
                                    struct cs_tls_stream **out_stream) CS_MUST_USE;
void cs_tls_stream_destroy(struct cs_tls_stream *stream);

/* Bytes from the peer. CS_LIMIT if more than 256 KiB wait unread (the caller should have stopped reading). */
enum cs_status cs_tls_stream_feed(struct cs_tls_stream *stream, struct cs_bytes bytes) CS_MUST_USE;
enum cs_tls_progress cs_tls_stream_handshake(struct cs_tls_stream *stream);
/* Up to `size` plain bytes; *out_size > 0 exactly if DONE. */
enum cs_tls_progress cs_tls_stream_read(struct cs_tls_stream *stream, uint8_t *out, size_t size,
                                        size_t *out_size);
/* All of the bytes go, encrypted, into the output. DONE or FAILED. At most 1 MiB may wait in the output. */
enum cs_tls_progress cs_tls_stream_write(struct cs_tls_stream *stream, struct cs_bytes bytes);
/* Says goodbye in good order (close_notify), as far as memory allows. */
void cs_tls_stream_close(struct cs_tls_stream *stream);

/* Bytes for the peer. The caller takes them by exchanging the buffer's content with an empty one of its own. */
struct cs_buffer *cs_tls_stream_output(struct cs_tls_stream *stream);
/* Gives back the memory of the empty input. */
void cs_tls_stream_trim(struct cs_tls_stream *stream);

#endif
