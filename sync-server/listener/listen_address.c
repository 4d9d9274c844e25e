/* "host:port" in libuv's terms, see listen_address.h. */
#include "sync-server/listener/listen_address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HOST_SIZE_MAX 255

struct parts {
    char host[HOST_SIZE_MAX + 1];
    char port[6];
};

static bool split(const char *text, struct parts *out)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL) {
        return false;
    }
    size_t host_size = (size_t)(colon - text);
    if (host_size >= 2 && text[0] == '[' && text[host_size - 1] == ']') {
        text++;
        host_size -= 2;
    } else if (memchr(text, ':', host_size) != NULL) {
        return false; /* an IPv6 address without brackets: where the port begins is unclear */
    }
    size_t port_size = strlen(colon + 1);
    if (host_size == 0 || host_size > HOST_SIZE_MAX || port_size == 0 || port_size > 5 ||
        strspn(colon + 1, "0123456789") != port_size) {
        return false;
    }
    memcpy(out->host, text, host_size);
    out->host[host_size] = '\0';
    memcpy(out->port, colon + 1, port_size + 1);
    return strtol(out->port, NULL, 10) <= UINT16_MAX;
}

enum cs_status cs_listen_address_resolve(uv_loop_t *loop, const char *text,
                                         struct sockaddr_storage *out, struct cs_problem *problem)
{
    struct parts parts;
    if (!split(text, &parts)) {
        return cs_problem_set(problem, CS_INVALID,
                              "%s is not an address to listen on; write HOST:PORT, for example "
                              "0.0.0.0:8443 or [::]:8443",
                              text);
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    uv_getaddrinfo_t request;
    int code = uv_getaddrinfo(loop, &request, NULL, parts.host, parts.port, &hints);
    if (code != 0 || request.addrinfo == NULL) {
        return cs_problem_set(problem, CS_INVALID, "%s is not known as an address: %s", parts.host,
                              uv_strerror(code));
    }
    memset(out, 0, sizeof *out);
    memcpy(out, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
    uv_freeaddrinfo(request.addrinfo);
    return CS_OK;
}

uint16_t cs_listen_address_port(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)address)->sin6_port)
                                          : ntohs(((const struct sockaddr_in *)address)->sin_port);
}
