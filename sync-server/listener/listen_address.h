/*
 * "host:port" of the option --listen, in libuv's terms.
 */
#ifndef CS_LISTENER_LISTEN_ADDRESS_H
#define CS_LISTENER_LISTEN_ADDRESS_H

#include "shared/base/status.h"

#include <stdint.h>
#include <uv.h>

/* "127.0.0.1:8443", "[::1]:8443", "name:8443". CS_INVALID with a problem that names the text. */
enum cs_status cs_listen_address_resolve(uv_loop_t *loop, const char *text,
                                         struct sockaddr_storage *out,
                                         struct cs_problem *problem) CS_MUST_USE;
uint16_t cs_listen_address_port(const struct sockaddr_storage *address);

#endif
