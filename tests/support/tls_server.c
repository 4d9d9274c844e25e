/*
 * A TLS server that follows a script, see tls_server.h.
 *
 * OpenSSL is in the process already, under libcurl; its functions are looked up by name, so that the build needs neither
 * its headers nor its library.
 */
#include "tests/support/tls_server.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Made for these tests with `openssl ecparam` and `openssl req -x509`; the pin with `openssl dgst -sha256`. */
static const uint8_t key_der[] = {
    0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20, 0x12, 0x8f, 0x8a, 0xce, 0x77, 0xad, 0x82, 0x83, 0x14,
    0xb9, 0x65, 0xcd, 0x71, 0x4f, 0xdf, 0x12, 0x6b, 0x36, 0xf9, 0x61, 0x5f, 0xe4, 0xa4, 0xc7, 0x8e,
    0xb5, 0x81, 0x7e, 0xd3, 0x6c, 0xef, 0xfb, 0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
    0x03, 0x01, 0x07, 0xa1, 0x44, 0x03, 0x42, 0x00, 0x04, 0xaa, 0x72, 0xd2, 0xe2, 0x59, 0xf6, 0x3b,
    0xed, 0xfe, 0x55, 0xe3, 0xc2, 0x1f, 0xe9, 0x22, 0x11, 0x42, 0x08, 0xef, 0x90, 0x19, 0x11, 0x95,
    0x10, 0x12, 0x8a, 0x09, 0x3c, 0xe6, 0x79, 0x22, 0x70, 0xbc, 0xa0, 0x0e, 0xb6, 0x07, 0xc7, 0x18,
    0x2a, 0x1a, 0x38, 0x2b, 0xcd, 0x63, 0xc0, 0x50, 0x23, 0xd7, 0xe9, 0x4a, 0x48, 0x03, 0x80, 0x6e,
    0x27, 0x7b, 0x1d, 0x81, 0xd5, 0xe9, 0xb1, 0xfc, 0x55};
static const uint8_t certificate_der[] = {
    0x30, 0x82, 0x01, 0x74, 0x30, 0x82, 0x01, 0x1b, 0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x14, 0x5e,
    0xfd, 0x56, 0x44, 0xbc, 0x7e, 0x0b, 0x41, 0x28, 0x99, 0xbd, 0x80, 0x71, 0xb5, 0x08, 0x04, 0xec,
    0x3b, 0x27, 0x42, 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02, 0x30,
    0x0f, 0x31, 0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x04, 0x74, 0x65, 0x73, 0x74,
    0x30, 0x20, 0x17, 0x0d, 0x32, 0x36, 0x31, 0x31, 0x32, 0x33, 0x32, 0x33, 0x32, 0x32, 0x30, 0x35,
    0x5a, 0x18, 0x0f, 0x32, 0x31, 0x32, 0x36, 0x31, 0x30, 0x33, 0x30, 0x32, 0x33, 0x32, 0x32, 0x30,
    0x35, 0x5a, 0x30, 0x0f, 0x31, 0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x04, 0x74,
    0x65, 0x73, 0x74, 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0xaa, 0x72,
    0xd2, 0xe2, 0x59, 0xf6, 0x3b, 0xed, 0xfe, 0x55, 0xe3, 0xc2, 0x1f, 0xe9, 0x22, 0x11, 0x42, 0x08,
    0xef, 0x90, 0x19, 0x11, 0x95, 0x10, 0x12, 0x8a, 0x09, 0x3c, 0xe6, 0x79, 0x22, 0x70, 0xbc, 0xa0,
    0x0e, 0xb6, 0x07, 0xc7, 0x18, 0x2a, 0x1a, 0x38, 0x2b, 0xcd, 0x63, 0xc0, 0x50, 0x23, 0xd7, 0xe9,
    0x4a, 0x48, 0x03, 0x80, 0x6e, 0x27, 0x7b, 0x1d, 0x81, 0xd5, 0xe9, 0xb1, 0xfc, 0x55, 0xa3, 0x53,
    0x30, 0x51, 0x30, 0x1d, 0x06, 0x03, 0x55, 0x1d, 0x0e, 0x04, 0x16, 0x04, 0x14, 0x85, 0x1c, 0x25,
    0xd1, 0x8f, 0xfa, 0xa0, 0x70, 0xba, 0x07, 0x6e, 0x03, 0xa8, 0xf6, 0x2c, 0xd5, 0x0b, 0x7a, 0xce,
    0xd8, 0x30, 0x1f, 0x06, 0x03, 0x55, 0x1d, 0x23, 0x04, 0x18, 0x30, 0x16, 0x80, 0x14, 0x85, 0x1c,
    0x25, 0xd1, 0x8f, 0xfa, 0xa0, 0x70, 0xba, 0x07, 0x6e, 0x03, 0xa8, 0xf6, 0x2c, 0xd5, 0x0b, 0x7a,
    0xce, 0xd8, 0x30, 0x0f, 0x06, 0x03, 0x55, 0x1d, 0x13, 0x01, 0x01, 0xff, 0x04, 0x05, 0x30, 0x03,
    0x01, 0x01, 0xff, 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02, 0x03,
    0x47, 0x00, 0x30, 0x44, 0x02, 0x20, 0x51, 0x3b, 0xe7, 0x29, 0xbe, 0x43, 0xa2, 0xe2, 0x41, 0xdc,
    0xba, 0x5d, 0x27, 0x7f, 0x73, 0x1c, 0x3c, 0x0a, 0xa1, 0xb3, 0x7a, 0x93, 0x7f, 0x34, 0x11, 0xca,
    0xb5, 0xb8, 0xba, 0xf4, 0xb0, 0xfb, 0x02, 0x20, 0x63, 0x63, 0x3a, 0x03, 0x71, 0x45, 0xda, 0x84,
    0x6e, 0xcc, 0x2b, 0x7f, 0x5f, 0x2c, 0x24, 0xb9, 0xf6, 0xab, 0x70, 0x04, 0x4d, 0x32, 0xf8, 0xd6,
    0x7c, 0xbc, 0xf7, 0x93, 0x13, 0x53, 0x80, 0x20};
const uint8_t tls_server_pin[32] = {
    0x9e, 0x4a, 0x6b, 0x0f, 0x46, 0x47, 0x59, 0x67, 0xdd, 0xba, 0x55, 0x99, 0xde, 0xf0, 0x09, 0x76,
    0x39, 0x93, 0xa0, 0x24, 0x91, 0xf0, 0x3e, 0x12, 0x36, 0xe8, 0x3a, 0x91, 0x7d, 0x89, 0x1e, 0x0d};

struct cs_bytes tls_server_certificate(void)
{
    return cs_bytes_of_array(certificate_der);
}

/* EVP_PKEY_EC of OpenSSL */
#define KEY_TYPE_EC 408

static struct {
    const void *(*TLS_server_method)(void);
    void *(*SSL_CTX_new)(const void *method);
    void (*SSL_CTX_free)(void *context);
    int (*SSL_CTX_use_PrivateKey_ASN1)(int type, void *context, const uint8_t *der, long size);
    int (*SSL_CTX_use_certificate_ASN1)(void *context, int size, const uint8_t *der);
    void *(*SSL_new)(void *context);
    void (*SSL_free)(void *ssl);
    int (*SSL_set_fd)(void *ssl, int fd);
    int (*SSL_accept)(void *ssl);
    int (*SSL_read)(void *ssl, void *out, int size);
    int (*SSL_write)(void *ssl, const void *data, int size);
    int (*SSL_shutdown)(void *ssl);
} openssl;

static void find(const char *name, void *out_function)
{
    void *function = dlsym(RTLD_DEFAULT, name);
    cs_require(function != NULL);
    memcpy(out_function, &function, sizeof function);
}

/* Once: the threads of servers that run already read them. */
static pthread_once_t found = PTHREAD_ONCE_INIT;

static void find_functions(void)
{
#define FIND(name) find(#name, &openssl.name)
    FIND(TLS_server_method);
    FIND(SSL_CTX_new);
    FIND(SSL_CTX_free);
    FIND(SSL_CTX_use_PrivateKey_ASN1);
    FIND(SSL_CTX_use_certificate_ASN1);
    FIND(SSL_new);
    FIND(SSL_free);
    FIND(SSL_set_fd);
    FIND(SSL_accept);
    FIND(SSL_read);
    FIND(SSL_write);
    FIND(SSL_shutdown);
#undef FIND
}

struct tls_server {
    struct tls_server_script script;
    void *context;
    int socket;
    int stop[2]; /* a pipe: closed at the end, so that nothing waits for ever */
    uint16_t port;
    pthread_t thread;

    pthread_mutex_t mutex; /* of the following */
    unsigned connections;
    unsigned requests;
    char last_request[4096];
};

/* Waits until there is something to read (true), or the server is stopped. */
static bool wait_readable(const struct tls_server *server, int socket)
{
    struct pollfd waits[] = {{socket, POLLIN, 0}, {server->stop[0], POLLIN, 0}};
    return poll(waits, 2, 20000) > 0 && waits[1].revents == 0;
}

/* As above between requests: a new client also ends the wait, for there is one connection at a time. */
static bool wait_request(const struct tls_server *server, int socket)
{
    struct pollfd waits[] = {
        {socket, POLLIN, 0}, {server->stop[0], POLLIN, 0}, {server->socket, POLLIN, 0}};
    return poll(waits, 3, 20000) > 0 && waits[0].revents != 0;
}

/* Reads one request, head and body; false at the end of the connection. */
static bool read_request(struct tls_server *server, void *ssl, int socket)
{
    char text[4096] = "";
    size_t size = 0;
    size_t wanted = SIZE_MAX;
    while (size < wanted) {
        char piece[4096];
        if (size == 0 && !wait_request(server, socket)) {
            return false;
        }
        int got = openssl.SSL_read(ssl, piece, sizeof piece);
        if (got <= 0) {
            return false;
        }
        for (int i = 0; i < got; i++, size++) {
            if (size < sizeof text - 1) {
                text[size] = piece[i];
            }
        }
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strcasestr(text, "\r\nContent-Length: ");
        if (wanted == SIZE_MAX && end != NULL) {
            wanted =
                (size_t)(end + 4 - text) + (length == NULL ? 0 : strtoul(length + 18, NULL, 10));
        }
    }
    pthread_mutex_lock(&server->mutex);
    server->requests++;
    memcpy(server->last_request, text, sizeof text);
    pthread_mutex_unlock(&server->mutex);
    return true;
}

/* Answers by the script; false if the connection ends. */
static bool answer(struct tls_server *server, void *ssl, int socket)
{
    const struct tls_server_script *script = &server->script;
    size_t size = script->answer.size < script->cut ? script->answer.size : script->cut;
    if (size > 0 && openssl.SSL_write(ssl, script->answer.data, (int)size) != (int)size) {
        return false;
    }
    if (script->then == TLS_SERVER_STALL) {
        (void)wait_readable(server, socket);
        return false;
    }
    return script->then == TLS_SERVER_SERVE_ON;
}

static void serve(struct tls_server *server, int socket)
{
    if (server->script.then == TLS_SERVER_SPEAK_PLAIN) {
        static const char plain[] = "220 mail ready\r\n";
        (void)send(socket, plain, sizeof plain - 1, MSG_NOSIGNAL);
        (void)wait_readable(server, socket);
        return;
    }
    if (server->script.then == TLS_SERVER_SILENT) {
        struct pollfd wait = {server->stop[0], POLLIN, 0};
        (void)poll(&wait, 1, 20000);
        return;
    }
    void *ssl = openssl.SSL_new(server->context);
    cs_require(ssl != NULL && openssl.SSL_set_fd(ssl, socket) == 1);
    if (openssl.SSL_accept(ssl) == 1) {
        while (read_request(server, ssl, socket) && answer(server, ssl, socket)) {
        }
        if (server->script.then == TLS_SERVER_CLOSE_POLITELY) {
            (void)openssl.SSL_shutdown(ssl);
        }
    }
    openssl.SSL_free(ssl);
}

static void *run(void *argument)
{
    struct tls_server *server = argument;
    sigset_t pipe_only;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    cs_require(pthread_sigmask(SIG_BLOCK, &pipe_only, NULL) == 0);
    while (wait_readable(server, server->socket)) {
        int socket = accept(server->socket, NULL, NULL);
        cs_require(socket >= 0);
        pthread_mutex_lock(&server->mutex);
        server->connections++;
        pthread_mutex_unlock(&server->mutex);
        serve(server, socket);
        cs_require(close(socket) == 0);
    }
    return NULL;
}

static void listen_on_loopback(struct tls_server *server)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t size = sizeof name;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cs_require(server->socket >= 0 &&
               bind(server->socket, (const struct sockaddr *)&name, size) == 0 &&
               listen(server->socket, 16) == 0 &&
               getsockname(server->socket, (struct sockaddr *)&name, &size) == 0);
    server->port = ntohs(name.sin_port);
}

struct tls_server *tls_server_start(const struct tls_server_script *script)
{
    struct tls_server *server = calloc(1, sizeof *server);
    cs_require(server != NULL && pthread_mutex_init(&server->mutex, NULL) == 0);
    server->script = *script;
    cs_require(pthread_once(&found, find_functions) == 0);
    server->context = openssl.SSL_CTX_new(openssl.TLS_server_method());
    cs_require(openssl.SSL_CTX_use_PrivateKey_ASN1(KEY_TYPE_EC, server->context, key_der,
                                                   sizeof key_der) == 1);
    cs_require(openssl.SSL_CTX_use_certificate_ASN1(server->context, sizeof certificate_der,
                                                    certificate_der) == 1);
    cs_require(pipe(server->stop) == 0);
    listen_on_loopback(server);
    cs_require(pthread_create(&server->thread, NULL, run, server) == 0);
    return server;
}

void tls_server_stop(struct tls_server *server)
{
    cs_require(close(server->stop[1]) == 0 && pthread_join(server->thread, NULL) == 0);
    cs_require(close(server->stop[0]) == 0 && close(server->socket) == 0);
    openssl.SSL_CTX_free(server->context);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}

uint16_t tls_server_port(const struct tls_server *server)
{
    return server->port;
}

struct tls_server_seen tls_server_seen(struct tls_server *server)
{
    struct tls_server_seen seen;
    pthread_mutex_lock(&server->mutex);
    seen.connections = server->connections;
    seen.requests = server->requests;
    memcpy(seen.last_request, server->last_request, sizeof seen.last_request);
    pthread_mutex_unlock(&server->mutex);
    return seen;
}
