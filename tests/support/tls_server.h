/*
 * A TLS server on 127.0.0.1 that follows a script: for tests of the transport, which have libcurl (and so OpenSSL) in the
 * process. One connection at a time, in a thread of its own.
 */
#ifndef TESTS_SUPPORT_TLS_SERVER_H
#define TESTS_SUPPORT_TLS_SERVER_H

#include "shared/base/bytes.h"

enum tls_server_then {
    TLS_SERVER_SERVE_ON,       /* keeps the connection for the next request */
    TLS_SERVER_CLOSE_POLITELY, /* after the answer, with a goodbye of TLS */
    TLS_SERVER_CLOSE_ABRUPTLY,
    TLS_SERVER_STALL,       /* after the answer: sends nothing more */
    TLS_SERVER_SILENT,      /* never says a word, not even of TLS */
    TLS_SERVER_SPEAK_PLAIN, /* another protocol */
};

struct tls_server_script {
    struct cs_bytes answer; /* to every request; must outlive the server */
    size_t cut;             /* at most so many bytes of it */
    enum tls_server_then then;
};

struct tls_server_seen {
    unsigned connections;
    unsigned requests;
    char last_request[4096]; /* the beginning */
};

/* SHA-256 of its SubjectPublicKeyInfo. */
extern const uint8_t tls_server_pin[32];
struct cs_bytes tls_server_certificate(void);

struct tls_server;
struct tls_server *tls_server_start(const struct tls_server_script *script);
void tls_server_stop(struct tls_server *server);
uint16_t tls_server_port(const struct tls_server *server);
struct tls_server_seen tls_server_seen(struct tls_server *server);

#endif
