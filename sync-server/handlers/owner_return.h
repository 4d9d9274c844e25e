/* An owner's laptop that was copied and that nobody can invite, or that is lost with all others; see owner_return.c. */
#ifndef CS_SERVER_HANDLERS_OWNER_RETURN_H
#define CS_SERVER_HANDLERS_OWNER_RETURN_H

#include "sync-server/handlers/server.h"

/*
 * Makes a token with which the device that holds the root key may join again, once, and appends the invite that carries it (a
 * secret). An earlier one is of no use any more. Nobody may be serving the folder. CS_DENIED, with the reason, unless that device
 * was copied or set back, was not revoked, and no other owner's device is active.
 */
enum cs_status cs_server_invite_owner(const struct cs_server_options *options,
                                      struct cs_buffer *out_invite,
                                      struct cs_problem *problem) CS_MUST_USE;

/*
 * The same when every device of an owner is lost: a token with which a new laptop joins as an owner's that the root key certifies, put together
 * from its shares. Whatever stands here of owners' devices; the operator's word is taken for it. CS_DENIED: nobody has joined yet.
 */
enum cs_status cs_server_invite_lost_owner(const struct cs_server_options *options,
                                           struct cs_buffer *out_invite,
                                           struct cs_problem *problem) CS_MUST_USE;

/* For the join handler: may this certificate, which the organisation's root key signed, follow the first one? Uses the token up. */
enum cs_status cs_owner_returns(struct cs_server *server, struct cs_server_request *request,
                                bool *out) CS_MUST_USE;

#endif
