/* Token and bearers: what works, how often, and for how long. */
#include "field-client/api/session.h"

#include "shared/crypto/secret.h"
#include "tests/support/fake_world.h"
#include "tests/support/testing.h"

#include <stdio.h>
#include <string.h>

static struct fake_world fake;

static struct cs_api_session *make(void)
{
    struct cs_api_session *session = NULL;
    fake_world_init(&fake, 7);
    assert_ok(cs_crypto_start());
    assert_ok(cs_api_session_create(&fake.world, &session));
    return session;
}

static void end(struct cs_api_session *session)
{
    cs_api_session_destroy(session);
    fake_world_release(&fake);
}

static enum cs_status exchange(struct cs_api_session *session, const char *token, char *out)
{
    return cs_api_session_exchange(session, cs_bytes_of_text(token), out);
}

static bool is_bearer(struct cs_api_session *session, const char *text)
{
    return cs_api_session_is_bearer(session, cs_bytes_of_text(text));
}

static void test_a_token_works_once(void **state)
{
    char token[CS_API_KEY_TEXT_SIZE];
    char bearer[CS_API_KEY_TEXT_SIZE];
    struct cs_api_session *session = make();
    (void)state;
    assert_int_equal(exchange(session, "", bearer), CS_DENIED); /* before there is one */
    assert_ok(cs_api_session_token(session, token));
    assert_int_equal(strlen(token), CS_API_KEY_TEXT_SIZE - 1);
    assert_false(is_bearer(session, token));
    assert_ok(exchange(session, token, bearer));
    assert_string_not_equal(token, bearer);
    assert_true(is_bearer(session, bearer));
    assert_true(is_bearer(session, bearer)); /* as often as it is wanted */
    assert_int_equal(exchange(session, token, token), CS_DENIED);
    assert_true(is_bearer(session, bearer));
    end(session);
}

/* Every bit of it counts, and its length. */
static void test_what_is_nearly_a_bearer(void **state)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char token[CS_API_KEY_TEXT_SIZE];
    char bearer[CS_API_KEY_TEXT_SIZE];
    char longer[CS_API_KEY_TEXT_SIZE + 1];
    struct cs_api_session *session = make();
    (void)state;
    assert_ok(cs_api_session_token(session, token));
    assert_ok(exchange(session, token, bearer));
    for (size_t i = 0; i < CS_API_KEY_TEXT_SIZE - 1; i++) {
        char own = bearer[i];
        for (size_t letter = 0; letter < sizeof letters - 1; letter++) {
            bearer[i] = letters[letter];
            assert_int_equal(is_bearer(session, bearer), letters[letter] == own);
        }
        bearer[i] = own;
    }
    (void)snprintf(longer, sizeof longer, "%sA", bearer);
    assert_false(is_bearer(session, longer));
    bearer[CS_API_KEY_TEXT_SIZE - 2] = '\0';
    assert_false(is_bearer(session, bearer));
    assert_false(is_bearer(session, ""));
    end(session);
}

static void test_the_next_token_ends_the_one_before(void **state)
{
    char first[CS_API_KEY_TEXT_SIZE];
    char second[CS_API_KEY_TEXT_SIZE];
    char bearer[CS_API_KEY_TEXT_SIZE];
    struct cs_api_session *session = make();
    (void)state;
    assert_ok(cs_api_session_token(session, first));
    assert_ok(cs_api_session_token(session, second));
    assert_int_equal(exchange(session, first, bearer), CS_DENIED);
    assert_ok(exchange(session, second, bearer));
    end(session);
}

static void test_a_token_grows_old(void **state)
{
    char token[CS_API_KEY_TEXT_SIZE];
    char bearer[CS_API_KEY_TEXT_SIZE];
    struct cs_api_session *session = make();
    (void)state;
    assert_ok(cs_api_session_token(session, token));
    fake_world_advance(&fake, CS_API_TOKEN_MS_MAX + 1);
    assert_int_equal(exchange(session, token, bearer), CS_DENIED);
    assert_ok(cs_api_session_token(session, token));
    fake_world_advance(&fake, CS_API_TOKEN_MS_MAX);
    assert_ok(exchange(session, token, bearer));
    fake_world_advance(&fake, 100 * CS_API_TOKEN_MS_MAX);
    assert_true(is_bearer(session, bearer));
    end(session);
}

static void test_guessing_ends_a_token(void **state)
{
    char token[CS_API_KEY_TEXT_SIZE];
    char bearer[CS_API_KEY_TEXT_SIZE];
    struct cs_api_session *session = make();
    (void)state;
    assert_ok(cs_api_session_token(session, token));
    for (size_t i = 1; i < CS_API_TOKEN_TRIES_MAX; i++) {
        assert_int_equal(exchange(session, "guess", bearer), CS_DENIED);
    }
    assert_ok(exchange(session, token, bearer));
    assert_ok(cs_api_session_token(session, token));
    for (size_t i = 0; i < CS_API_TOKEN_TRIES_MAX; i++) {
        assert_int_equal(exchange(session, "guess", bearer), CS_DENIED);
    }
    assert_int_equal(exchange(session, token, bearer), CS_DENIED);
    end(session);
}

static void test_the_oldest_page_goes(void **state)
{
    char token[CS_API_KEY_TEXT_SIZE];
    char bearers[CS_API_BEARERS_MAX + 1][CS_API_KEY_TEXT_SIZE];
    struct cs_api_session *session = make();
    (void)state;
    for (size_t i = 0; i < CS_COUNT(bearers); i++) {
        assert_ok(cs_api_session_token(session, token));
        assert_ok(exchange(session, token, bearers[i]));
    }
    assert_false(is_bearer(session, bearers[0]));
    for (size_t i = 1; i < CS_COUNT(bearers); i++) {
        assert_true(is_bearer(session, bearers[i]));
    }
    end(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_token_works_once),
        cmocka_unit_test(test_what_is_nearly_a_bearer),
        cmocka_unit_test(test_the_next_token_ends_the_one_before),
        cmocka_unit_test(test_a_token_grows_old),
        cmocka_unit_test(test_guessing_ends_a_token),
        cmocka_unit_test(test_the_oldest_page_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
