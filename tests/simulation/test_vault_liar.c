/*
 * Attacks on vaults over the network: a server that lies shows a real client what it likes, or logs what it should not have taken.
 */
#include "tests/simulation/vault_records_by_hand.h"

#include "field-client/vault/receive.h"
#include "shared/base/text.h"
#include "shared/storage/database.h"
#include "shared/wire/envelope.h"
#include "sync-server/handlers/server_internal.h"

#include <stdio.h>

enum lie {
    LIE_ALTERED,       /* a byte of a record */
    LIE_OTHER_MOMENT,  /* as if it had been logged later */
    LIE_LEFT_OUT,      /* a grant in the middle */
    LIE_CUT_OFF,       /* the last records of the log */
    LIE_SWAPPED,       /* two records of the log */
    LIE_OTHER_HEAD,    /* another end of the log */
    LIE_SHORTER,       /* the log had fewer records */
    LIE_OLD_CHECKPOINT /* the evidence log as if it went on, but without proof */
};
static enum lie lie;

static void leave_out(struct cs_vault_response *response, size_t at)
{
    response->record_count--;
    memmove(&response->records[at], &response->records[at + 1],
            (response->record_count - at) * sizeof *response->records);
}

static void tell(struct cs_vault_response *response)
{
    struct cs_vault_fed *records = response->records;
    uint8_t *bytes = NULL;
    switch (lie) {
    case LIE_ALTERED:
        bytes = cs_arena_take(&arena, records[2].record.size);
        memcpy(bytes, records[2].record.data, records[2].record.size);
        bytes[5] ^= 1;
        records[2].record.data = bytes;
        break;
    case LIE_OTHER_MOMENT:
        records[2].logged_ms++;
        break;
    case LIE_LEFT_OUT:
        leave_out(response, 2);
        break;
    case LIE_CUT_OFF:
        response->record_count = 4; /* creation, epoch, two grants of four */
        break;
    case LIE_SWAPPED: {
        struct cs_vault_fed first = records[2];
        records[2] = records[3];
        records[3] = first;
        break;
    }
    case LIE_OTHER_HEAD:
        response->standings[0].head[0] ^= 1;
        break;
    case LIE_SHORTER:
        response->standings[0].cursor.log_length--;
        break;
    case LIE_OLD_CHECKPOINT:
        response->consistency = CS_BYTES_NONE;
        break;
    }
}

/* Between client and server sits the server's own key. */
static enum cs_status lying_exchange(void *context, const struct cs_peer *peer,
                                     struct cs_bytes request, struct cs_buffer *response,
                                     struct cs_problem *problem)
{
    struct laptop *laptop = context;
    struct cs_buffer true_answer;
    struct cs_buffer plain;
    struct cs_buffer body;
    struct cs_opened_request opened;
    struct cs_vault_response answer;
    struct cs_server *server = laptop->universe->server;
    uint8_t identity[CS_SIGN_PUBLIC_SIZE];
    enum cs_message_kind kind;
    struct cs_bytes view;
    (void)peer;
    (void)problem;
    cs_buffer_init(&true_answer, CS_RESPONSE_MAX);
    cs_buffer_init(&plain, CS_RESPONSE_MAX);
    cs_buffer_init(&body, CS_RESPONSE_MAX);
    assert_ok(cs_request_open(request, cs_server_keys_bundle(server->keys), &plain, &opened));
    assert_ok(universe_serve(laptop->universe, request, &true_answer));
    cs_buffer_clear(&plain);
    cs_sign_key_public(cs_server_keys_identity(server->keys), identity);
    assert_ok(cs_response_open(cs_buffer_bytes(&true_answer),
                               cs_identity_seal_key(laptop->identity), identity, opened.hash,
                               &plain, &kind, &view));
    assert_int_equal(kind, CS_MESSAGE_VAULT);
    assert_ok(cs_vault_response_decode(view, &arena, &answer));
    tell(&answer);
    assert_ok(cs_vault_response_encode(&answer, &body));
    assert_ok(cs_response_seal(&laptop->universe->fake.world, kind, opened.hash,
                               cs_buffer_bytes(&body), cs_server_keys_identity(server->keys),
                               cs_identity_certificate(laptop->identity)->seal_key, response));
    cs_buffer_release(&true_answer);
    cs_buffer_release(&plain);
    cs_buffer_release(&body);
    return CS_OK;
}

/* One run with the lie; then the truth, which must come through whole. */
static enum cs_status be_lied_to(enum lie told)
{
    enum cs_status (*exchange)(void *, const struct cs_peer *, struct cs_bytes, struct cs_buffer *,
                               struct cs_problem *) = scene.zhao->fake.world.exchange;
    lie = told;
    scene.zhao->fake.world.exchange = lying_exchange;
    enum cs_status status = vault_try_sync(&scene, scene.zhao);
    scene.zhao->fake.world.exchange = exchange;
    return status;
}

static void check_truth_comes_through(void)
{
    struct cs_secret *secret = NULL;
    vault_sync(&scene, scene.zhao);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_VERSION), 1);
    assert_ok(try_disclose(&scene, scene.zhao, &secret));
    assert_canary(secret);
}

static void finds(enum lie told, enum cs_status expected, const char *text)
{
    assert_ok(be_lied_to(told));
    assert_true(scene.last.findings > 0);
    assert_found(scene.zhao, expected, text);
    check_truth_comes_through();
}

static void test_an_altered_record_is_found(void **state)
{
    (void)state;
    finds(LIE_ALTERED, CS_OTHER_HISTORY, "not in the server's evidence log");
}

static void test_another_moment_is_found(void **state)
{
    (void)state;
    finds(LIE_OTHER_MOMENT, CS_OTHER_HISTORY, "not in the server's evidence log");
}

static void test_a_record_that_is_left_out_is_found(void **state)
{
    (void)state;
    finds(LIE_LEFT_OUT, CS_GAP, "");
}

static void test_a_log_that_is_cut_off_is_found(void **state)
{
    (void)state;
    finds(LIE_CUT_OFF, CS_GAP, "did not send all");
}

static void test_records_in_another_order_are_found(void **state)
{
    (void)state;
    finds(LIE_SWAPPED, CS_GAP, "");
}

static void test_another_head_is_found(void **state)
{
    (void)state;
    finds(LIE_OTHER_HEAD, CS_OTHER_HISTORY, "another one than was shown");
}

static void test_a_shorter_log_is_found(void **state)
{
    (void)state;
    finds(LIE_SHORTER, CS_ROLLED_BACK, "records and had");
}

static void test_an_evidence_log_that_does_not_go_on(void **state)
{
    (void)state;
    assert_says(&scene, be_lied_to(LIE_OLD_CHECKPOINT), CS_OTHER_HISTORY, "does not go on");
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_CREATION), 0);
    check_truth_comes_through();
}

/* ---- a server that logs what it should not have taken: the client checks everything itself ---- */

static void not_received(struct laptop *laptop, struct cs_bytes record, uint64_t log_position,
                         enum cs_status expected, const char *text)
{
    const struct cs_vault_received received = {.feed = 1000,
                                               .moment = {.position = 1000,
                                                          .log_position = log_position,
                                                          .logged_ms = scene.universe.fake.wall_ms},
                                               .record = record};
    struct cs_vault_book *book = open_book(laptop);
    struct cs_database *database = cs_replica_database(laptop->replica);
    scene.universe.problem.text[0] = '\0';
    assert_ok(cs_database_begin(database));
    assert_says(&scene, cs_vault_receive(book, &received, &scene.universe.problem), expected, text);
    cs_database_rollback(database);
    cs_vault_book_close(book);
}

static void test_the_client_believes_no_server(void **state)
{
    (void)state;
    struct cs_bytes bytes;
    vault_sync(&scene, scene.zhao);
    vault_sync(&scene, scene.han);
    uint64_t length = (uint64_t)begin(scene.zhao, CS_VAULT_ENTRY).position;
    /* A grant that a technician made himself. */
    struct cs_vault_record granted = newest(scene.zhao, CS_VAULT_GRANT, &bytes);
    struct cs_vault_record record = begin(scene.zhao, CS_VAULT_GRANT);
    memcpy(record.commitment, granted.commitment, CS_HASH_SIZE);
    memcpy(record.recipient, certificate_of(scene.zhao), CS_HASH_SIZE);
    record.epoch = granted.epoch;
    record.rights = CS_VAULT_RIGHTS_ALL;
    record.sealed = granted.sealed;
    not_received(scene.zhao, sign(scene.zhao, &record), length, CS_DENIED, "");
    /* One in its place, said to have been logged before it was. */
    record = begin(scene.han, CS_VAULT_WITHDRAWAL);
    memcpy(record.recipient, certificate_of(scene.zhao), CS_HASH_SIZE);
    record.reason = cs_bytes_of_text("x");
    not_received(scene.zhao, sign(scene.han, &record), length - 1, CS_OTHER_HISTORY, "belongs");
    not_received(scene.zhao, sign(scene.han, &record), length + 1, CS_GAP, "missing");
    /* The log's last record a second time, at the end of it. */
    not_received(scene.zhao, bytes, length, CS_OTHER_HISTORY, "another moment");
    /* Another key than the epoch's, for somebody else. */
    record = begin(scene.han, CS_VAULT_GRANT);
    memcpy(record.recipient, certificate_of(scene.chen), CS_HASH_SIZE);
    memset(record.commitment, 9, CS_HASH_SIZE);
    record.epoch = granted.epoch;
    record.rights = granted.rights;
    record.sealed = granted.sealed;
    not_received(scene.zhao, sign(scene.han, &record), length, CS_FORGED, "");
    /* An address that a member without the right to edit has changed. */
    struct cs_vault_record entry = newest(scene.zhao, CS_VAULT_ENTRY, NULL);
    record = begin(scene.zhao, CS_VAULT_ENTRY);
    record.epoch = entry.epoch;
    record.item = entry.item;
    record.ciphertext = entry.ciphertext;
    memcpy(record.previous, entry.id, CS_HASH_SIZE);
    not_received(scene.zhao, sign(scene.zhao, &record), length, CS_DENIED, "");
    /* A release of another server, and one of nothing that was asked for. */
    record = begin(scene.zhao, CS_VAULT_RELEASE);
    static const uint8_t sealed[CS_VAULT_SEALED_SIZE];
    record.versions = cs_id_bytes(&scene.version);
    record.sealed = cs_bytes_of_array(sealed);
    not_received(scene.zhao, sign(scene.zhao, &record), length, CS_WRONG_SERVER, "");
    const struct cs_sign_key *server = cs_server_keys_identity(scene.universe.server->keys);
    struct cs_buffer signed_bytes;
    cs_buffer_init(&signed_bytes, CS_MEBI);
    cs_sign_key_public(server, record.author);
    assert_ok(cs_vault_record_encode(&record, server, &signed_bytes));
    not_received(scene.zhao, cs_buffer_bytes(&signed_bytes), length, CS_NOT_FOUND,
                 "without what it answers");
    cs_buffer_release(&signed_bytes);
    /* An older recovery key. */
    struct cs_vault_book *book = open_book(scene.zhao);
    make_recovery(&scene, 1);
    assert_says(
        &scene,
        cs_vault_receive_recovery(book, cs_buffer_bytes(&scene.recovery), &scene.universe.problem),
        CS_ROLLED_BACK, "older recovery key");
    cs_vault_book_close(book);
}

/* The server shows a device with another key in its row: the officer's client takes keys from the chain alone. */
static void test_a_substituted_key_gets_no_grant(void **state)
{
    (void)state;
    struct cs_id row;
    char sql[256];
    char id[2 * CS_ID_SIZE + 1];
    cs_certificate_row_id(certificate_of(scene.chen), &row);
    cs_hex_encode(cs_id_bytes(&row), id);
    vault_sync(&scene, scene.li);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE device SET chain = substr(chain, 1, 150) || X'00' || substr(chain, 152) "
                   "WHERE hex(id) = upper('%s')",
                   id);
    assert_ok(cs_database_execute(cs_replica_database(scene.li->replica), sql));
    assert_status(try_grant(&scene, scene.li, scene.chen, ZHAO_RIGHTS, 0, NULL), CS_FORGED);
    /* A key that nobody certified. */
    struct cs_vault_book *book = open_book(scene.li);
    static const uint8_t nobody[CS_HASH_SIZE] = {7};
    const struct cs_vault_grant_wish wish = {.recipient = nobody, .rights = ZHAO_RIGHTS};
    assert_status(cs_vault_act_grant(book, &scene.vault, &wish, NULL, &scene.universe.problem),
                  CS_NOT_FOUND);
    cs_vault_book_close(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_altered_record_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_moment_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_record_that_is_left_out_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_log_that_is_cut_off_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_records_in_another_order_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_head_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_shorter_log_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_evidence_log_that_does_not_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_client_believes_no_server, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_substituted_key_gets_no_grant, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
