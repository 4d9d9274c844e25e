/* A raw TLS client for tests, see tls_client.h. */
#include "tests/support/tls_client.h"

#include "shared/base/memory.h"
#include "sync-server/listener/tls_identity.h"
#include "sync-server/listener/tls_random.h"

#include <arpa/inet.h>
#include <errno.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct tls_client {
    int socket;
    struct cs_tls_random random;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
};

static int open_socket(uint16_t port, int receive_buffer)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval wait = {10, 0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && receive_buffer > 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    return fd;
}

int tcp_open(uint16_t port)
{
    return open_socket(port, 0);
}

/*
 * A blocking call with a time-out is interrupted even without a signal: the kernel does so to a thread that made an
 * io_uring, when that one is taken down, and libuv 1.45 and later makes one per loop.
 */
ssize_t tcp_receive(int socket, void *out, size_t size)
{
    ssize_t got;
    do {
        got = recv(socket, out, size, 0);
    } while (got < 0 && errno == EINTR);
    return got;
}

static ssize_t tcp_send(int socket, const void *data, size_t size)
{
    ssize_t sent;
    do {
        sent = send(socket, data, size, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

static int socket_send(void *context, const unsigned char *data, size_t size)
{
    const struct tls_client *client = context;
    ssize_t sent = tcp_send(client->socket, data, size);
    return sent >= 0 ? (int)sent : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int socket_receive(void *context, unsigned char *out, size_t size)
{
    const struct tls_client *client = context;
    ssize_t got = tcp_receive(client->socket, out, size);
    return got >= 0 ? (int)got : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

struct tls_client *tls_client_open(uint16_t port, const struct tls_client_options *options)
{
    static const struct tls_client_options none = {0};
    options = options == NULL ? &none : options;
    struct tls_client *client = calloc(1, sizeof *client);
    cs_require(client != NULL && cs_tls_random_init(&client->random) == CS_OK);
    mbedtls_ssl_config_init(&client->config);
    mbedtls_ssl_init(&client->ssl);
    cs_require(mbedtls_ssl_config_defaults(&client->config, MBEDTLS_SSL_IS_CLIENT,
                                           MBEDTLS_SSL_TRANSPORT_STREAM,
                                           MBEDTLS_SSL_PRESET_DEFAULT) == 0);
    mbedtls_ssl_conf_authmode(&client->config, MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_rng(&client->config, mbedtls_ctr_drbg_random, &client->random.generator);
    cs_require(mbedtls_ssl_setup(&client->ssl, &client->config) == 0);
    client->socket = open_socket(port, options->receive_buffer);
    mbedtls_ssl_set_bio(&client->ssl, client, socket_send, socket_receive, NULL);
    if (client->socket < 0 || mbedtls_ssl_handshake(&client->ssl) != 0) {
        tls_client_close(client, TLS_CLIENT_ABRUPT);
        return NULL;
    }
    return client;
}

void tls_client_close(struct tls_client *client, enum tls_client_end end)
{
    if (client == NULL) {
        return;
    }
    if (end == TLS_CLIENT_POLITE) {
        (void)mbedtls_ssl_close_notify(&client->ssl);
    }
    if (client->socket >= 0) {
        (void)close(client->socket);
    }
    mbedtls_ssl_free(&client->ssl);
    mbedtls_ssl_config_free(&client->config);
    cs_tls_random_release(&client->random);
    free(client);
}

bool tls_client_send(struct tls_client *client, const void *data, size_t size)
{
    const unsigned char *place = data;
    while (size > 0) {
        int sent = mbedtls_ssl_write(&client->ssl, place, size);
        if (sent <= 0) {
            return false;
        }
        place += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool tls_client_send_text(struct tls_client *client, const char *text)
{
    return tls_client_send(client, text, strlen(text));
}

bool tls_client_send_raw(struct tls_client *client, const void *data, size_t size)
{
    return tcp_send(client->socket, data, size) == (ssize_t)size;
}

static int receive(struct tls_client *client, void *out, size_t size)
{
    return mbedtls_ssl_read(&client->ssl, out, size);
}

bool tls_client_at_end(struct tls_client *client)
{
    char byte;
    errno = 0;
    int got = receive(client, &byte, 1);
    /* A receive time-out is not an end. */
    return got <= 0 && errno != EAGAIN;
}

void tls_client_server_pin(struct tls_client *client, uint8_t out[static 32])
{
    const mbedtls_x509_crt *certificate = mbedtls_ssl_get_peer_cert(&client->ssl);
    cs_require(certificate != NULL);
    cs_require(cs_tls_identity_pin(cs_bytes_make(certificate->raw.p, certificate->raw.len), out) ==
               CS_OK);
}

const char *tls_client_cipher(struct tls_client *client)
{
    return mbedtls_ssl_get_ciphersuite(&client->ssl);
}

static bool read_head(struct tls_client *client, char *head, size_t size)
{
    size_t used = 0;
    while (used + 1 < size) {
        if (receive(client, head + used, 1) != 1) {
            return false;
        }
        head[++used] = '\0';
        if (used >= 4 && strcmp(head + used - 4, "\r\n\r\n") == 0) {
            return true;
        }
    }
    return false;
}

void tls_client_interim(struct tls_client *client, char *out, size_t size)
{
    out[0] = '\0';
    (void)read_head(client, out, size);
}

void tls_client_answer(struct tls_client *client, struct tls_answer *out)
{
    *out = (struct tls_answer){0};
    cs_buffer_init(&out->body, SIZE_MAX / 2);
    if (!read_head(client, out->head, sizeof out->head)) {
        return;
    }
    const char *length_field = strstr(out->head, "\r\nContent-Length: ");
    cs_require(length_field != NULL && strncmp(out->head, "HTTP/1.1 ", 9) == 0);
    size_t missing = strtoul(length_field + 18, NULL, 10);
    while (missing > 0) {
        uint8_t piece[16384];
        int got = receive(client, piece, missing < sizeof piece ? missing : sizeof piece);
        if (got <= 0) {
            return;
        }
        cs_buffer_append(&out->body, piece, (size_t)got);
        missing -= (size_t)got;
    }
    out->closes = strstr(out->head, "\r\nConnection: close\r\n") != NULL;
    out->status = (int)strtol(out->head + 9, NULL, 10);
}

int tls_client_status(struct tls_client *client)
{
    struct tls_answer answer;
    tls_client_answer(client, &answer);
    cs_buffer_release(&answer.body);
    return answer.status;
}
