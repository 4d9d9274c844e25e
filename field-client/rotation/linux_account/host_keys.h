/*
 * The keys that a host may show, from the message: one a line, as in a .pub file of OpenSSH ("ssh-ed25519 AAAA… comment").
 */
#ifndef CS_ROTATION_LINUX_HOST_KEYS_H
#define CS_ROTATION_LINUX_HOST_KEYS_H

#include "shared/base/bytes.h"

#include <libssh/libssh.h>

#define CS_HOST_KEYS_MAX ((size_t)8)

struct cs_host_keys {
    ssh_key keys[CS_HOST_KEYS_MAX];
    size_t count;
    /* What is offered to the host: algorithms of these keys alone, so that it shows one of them if it has one. */
    char algorithms[CS_HOST_KEYS_MAX * 64];
};

/* CS_INVALID: no key, a line that is none, too many. Empty lines and those that begin with # are passed over. */
enum cs_status cs_host_keys_read(struct cs_bytes text, struct cs_host_keys *out,
                                 struct cs_problem *problem) CS_MUST_USE;
void cs_host_keys_release(struct cs_host_keys *keys);
/* Whether the host of a session that is connected showed one of them. */
bool cs_host_keys_match(const struct cs_host_keys *keys, ssh_session session);

#endif
