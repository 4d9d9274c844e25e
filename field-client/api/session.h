/*
 * Who may use the local API: whoever has the bearer, which is given for a token, which is given to whoever the agent answers.
 *
 * Pure but for the world's clock and randomness. Thread-safe. Both are 32 random bytes, as base64url text of 43 characters without padding
 * (RFC 4648 §5); they are compared in constant time and stand in secret memory.
 */
#ifndef CS_API_SESSION_H
#define CS_API_SESSION_H

#include "shared/base/world.h"

#define CS_API_KEY_SIZE ((size_t)32)
#define CS_API_KEY_TEXT_SIZE ((size_t)44) /* with its end */
/* Pages that stay open; when there is one more the oldest has to be opened anew. */
#define CS_API_BEARERS_MAX ((size_t)16)
#define CS_API_TOKEN_MS_MAX (INT64_C(60) * 60 * 1000)
/* After so many wrong ones the token works no more. */
#define CS_API_TOKEN_TRIES_MAX ((size_t)8)

struct cs_api_session; /* opaque */

enum cs_status cs_api_session_create(const struct cs_world *world,
                                     struct cs_api_session **out) CS_MUST_USE;
/* NULL is accepted. */
void cs_api_session_destroy(struct cs_api_session *session);

/* A new token; the one before works no more. */
enum cs_status cs_api_session_token(struct cs_api_session *session,
                                    char out[static CS_API_KEY_TEXT_SIZE]) CS_MUST_USE;
/* A bearer for the token, which works no more then. CS_DENIED: it is not the one, was used, is too old, or was guessed at too often. */
enum cs_status cs_api_session_exchange(struct cs_api_session *session, struct cs_bytes token,
                                       char out[static CS_API_KEY_TEXT_SIZE]) CS_MUST_USE;
bool cs_api_session_is_bearer(struct cs_api_session *session, struct cs_bytes text);

#endif
