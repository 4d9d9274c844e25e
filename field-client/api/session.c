/* Token and bearers, see session.h. */
#include "field-client/api/session.h"

#include "shared/base/memory.h"
#include "shared/base/text.h"
#include "shared/crypto/secret.h"

#include <pthread.h>
#include <string.h>

struct keys {
    uint8_t token[CS_API_KEY_SIZE];
    uint8_t bearers[CS_API_BEARERS_MAX][CS_API_KEY_SIZE];
};

struct cs_api_session {
    const struct cs_world *world;
    pthread_mutex_t mutex; /* of all that follows */
    struct cs_secret *secret;
    struct keys *keys; /* in it */
    bool token_works;
    int64_t token_made_ms;
    size_t tries;
    size_t bearers; /* that were given, also those whose place another one has now */
};

enum cs_status cs_api_session_create(const struct cs_world *world, struct cs_api_session **out)
{
    struct cs_api_session *session = cs_alloc_zero(1, sizeof *session);
    if (session == NULL) {
        return CS_NO_MEMORY;
    }
    session->world = world;
    enum cs_status status = cs_secret_create(sizeof *session->keys, &session->secret);
    if (status == CS_OK && pthread_mutex_init(&session->mutex, NULL) != 0) {
        status = CS_NO_MEMORY;
    }
    if (status != CS_OK) {
        cs_secret_destroy(session->secret);
        cs_free(session);
        return status;
    }
    session->keys = (struct keys *)(void *)cs_secret_data(session->secret);
    *out = session;
    return CS_OK;
}

void cs_api_session_destroy(struct cs_api_session *session)
{
    if (session == NULL) {
        return;
    }
    cs_secret_destroy(session->secret);
    (void)pthread_mutex_destroy(&session->mutex);
    cs_free(session);
}

/* A new key, in its place and as text. */
static enum cs_status make_key(struct cs_api_session *session, uint8_t key[static CS_API_KEY_SIZE],
                               char out[static CS_API_KEY_TEXT_SIZE])
{
    struct cs_buffer text;
    cs_buffer_init(&text, CS_API_KEY_TEXT_SIZE);
    session->world->random(session->world->context, key, CS_API_KEY_SIZE);
    cs_base64url_encode(cs_bytes_make(key, CS_API_KEY_SIZE), &text);
    enum cs_status status = text.status;
    if (status == CS_OK) {
        cs_require(text.size == CS_API_KEY_TEXT_SIZE - 1);
        memcpy(out, text.data, text.size);
        out[text.size] = '\0';
        cs_wipe(text.data, text.size);
    }
    cs_buffer_release(&text);
    return status;
}

static bool is_key(struct cs_bytes text, const uint8_t key[static CS_API_KEY_SIZE])
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_API_KEY_SIZE);
    bool same = text.size == CS_API_KEY_TEXT_SIZE - 1 &&
                cs_base64url_decode(text, &bytes) == CS_OK &&
                cs_secret_equal(cs_buffer_bytes(&bytes), cs_bytes_make(key, CS_API_KEY_SIZE));
    cs_wipe(bytes.data, bytes.size);
    cs_buffer_release(&bytes);
    return same;
}

static int64_t now_ms(const struct cs_api_session *session)
{
    return session->world->monotonic_ms(session->world->context);
}

enum cs_status cs_api_session_token(struct cs_api_session *session,
                                    char out[static CS_API_KEY_TEXT_SIZE])
{
    cs_require(pthread_mutex_lock(&session->mutex) == 0);
    enum cs_status status = make_key(session, session->keys->token, out);
    session->token_works = status == CS_OK;
    session->token_made_ms = now_ms(session);
    session->tries = 0;
    cs_require(pthread_mutex_unlock(&session->mutex) == 0);
    return status;
}

/* Under the mutex. */
static bool token_fits(struct cs_api_session *session, struct cs_bytes token)
{
    session->token_works = session->token_works && session->tries < CS_API_TOKEN_TRIES_MAX &&
                           now_ms(session) - session->token_made_ms <= CS_API_TOKEN_MS_MAX;
    session->tries++;
    return session->token_works && is_key(token, session->keys->token);
}

enum cs_status cs_api_session_exchange(struct cs_api_session *session, struct cs_bytes token,
                                       char out[static CS_API_KEY_TEXT_SIZE])
{
    enum cs_status status = CS_DENIED;
    cs_require(pthread_mutex_lock(&session->mutex) == 0);
    if (token_fits(session, token)) {
        size_t place = session->bearers % CS_API_BEARERS_MAX;
        status = make_key(session, session->keys->bearers[place], out);
        session->bearers += status == CS_OK ? 1 : 0;
        session->token_works = status != CS_OK;
    }
    cs_require(pthread_mutex_unlock(&session->mutex) == 0);
    return status;
}

bool cs_api_session_is_bearer(struct cs_api_session *session, struct cs_bytes text)
{
    bool found = false;
    cs_require(pthread_mutex_lock(&session->mutex) == 0);
    size_t count = session->bearers < CS_API_BEARERS_MAX ? session->bearers : CS_API_BEARERS_MAX;
    for (size_t i = 0; i < count; i++) {
        found = is_key(text, session->keys->bearers[i]) || found;
    }
    cs_require(pthread_mutex_unlock(&session->mutex) == 0);
    return found;
}
