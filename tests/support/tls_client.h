/*
 * A raw TLS client for tests of the listener: it can send anything, at any pace, and stop anywhere. Blocking, with a
 * receive time-out of 10 s. Over mbedTLS, so only tests that link the listener can use it.
 */
#ifndef TESTS_SUPPORT_TLS_CLIENT_H
#define TESTS_SUPPORT_TLS_CLIENT_H

#include "shared/base/bytes.h"

#include <sys/types.h>

struct tls_client_options {
    int receive_buffer; /* of the socket, bytes; 0 = the system's */
};

struct tls_client;
/* A TCP connection to 127.0.0.1; -1 on failure. */
int tcp_open(uint16_t port);
/* As recv, but goes on where the system interrupts it. */
ssize_t tcp_receive(int socket, void *out, size_t size);
/* NULL if the connection or the handshake fails. `options` may be NULL. */
struct tls_client *tls_client_open(uint16_t port, const struct tls_client_options *options);
/* Closes; without a goodbye of TLS if `abruptly`. NULL is accepted. */
enum tls_client_end { TLS_CLIENT_POLITE, TLS_CLIENT_ABRUPT };
void tls_client_close(struct tls_client *client, enum tls_client_end end);

/* false once the server has closed. */
bool tls_client_send(struct tls_client *client, const void *data, size_t size);
bool tls_client_send_text(struct tls_client *client, const char *text);
/* Past TLS, straight into the socket. */
bool tls_client_send_raw(struct tls_client *client, const void *data, size_t size);
/* Reads up to an empty line, or `size` - 1 bytes, or the end; NUL-terminated. */
void tls_client_interim(struct tls_client *client, char *out, size_t size);
/* Whether the server has closed (an end or an error comes next, not bytes). Waits for it. */
bool tls_client_at_end(struct tls_client *client);
/* The pin of the server's key (cs_tls_identity_pin). */
void tls_client_server_pin(struct tls_client *client, uint8_t out[static 32]);
const char *tls_client_cipher(struct tls_client *client);

struct tls_answer {
    int status; /* of HTTP; 0 = no whole answer came */
    bool closes;
    char head[1024];
    struct cs_buffer body; /* to be released */
};
/* Reads one answer with Content-Length. The buffer is set up here. */
void tls_client_answer(struct tls_client *client, struct tls_answer *out);
/* Reads one answer and gives its status alone. */
int tls_client_status(struct tls_client *client);

#endif
