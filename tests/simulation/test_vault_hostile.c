/* Attacks on vaults over the network: clients that obey no rules send what they like to the real server. */
#include "tests/simulation/vault_records_by_hand.h"

static int setup_four_eyes(void **state)
{
    (void)state;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    vault_scene_open(&scene, 82, true);
    return 0;
}

static void queue_bytes(struct laptop *laptop, struct cs_bytes bytes)
{
    struct cs_vault_record record;
    assert_ok(cs_vault_record_decode(bytes, &record));
    assert_ok(cs_queued_record_put(laptop->replica, record.id, bytes));
}

/* Sent as it is; refused with this, and nothing came of it. */
static void refuses(struct laptop *laptop, struct cs_bytes bytes, enum cs_status expected,
                    const char *text)
{
    struct server_state before;
    struct server_state after;
    uint64_t leaves_before = 0;
    uint64_t leaves_after = 0;
    struct cs_store *store = cs_server_store(scene.universe.server);
    universe_server_state(&scene.universe, &before);
    assert_ok(cs_store_log_size(store, &leaves_before));
    queue_bytes(laptop, bytes);
    assert_ok(vault_try_sync(&scene, laptop));
    assert_refused(&scene, laptop, expected, text);
    universe_server_state(&scene.universe, &after);
    assert_ok(cs_store_log_size(store, &leaves_after));
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(leaves_before, leaves_after);
}

static void test_forged_and_borrowed_records(void **state)
{
    (void)state;
    struct cs_bytes bytes;
    vault_sync(&scene, scene.han);
    struct cs_vault_record record = begin(scene.han, CS_VAULT_WITHDRAWAL);
    memcpy(record.recipient, certificate_of(scene.zhao), CS_HASH_SIZE);
    record.reason = cs_bytes_of_text("x");
    bytes = sign(scene.han, &record);
    uint8_t *altered = cs_arena_take(&arena, bytes.size);
    memcpy(altered, bytes.data, bytes.size);
    altered[3] ^= 1;
    refuses(scene.han, cs_bytes_make(altered, bytes.size), CS_FORGED, "");
    /* What LI signed, sent by HAN: also what is known already. */
    (void)newest(scene.han, CS_VAULT_GRANT, &bytes);
    refuses(scene.han, bytes, CS_DENIED, "by the device that signed it");
    record = begin(scene.han, CS_VAULT_WITHDRAWAL);
    memcpy(record.author, certificate_of(scene.li), CS_HASH_SIZE);
    memcpy(record.recipient, certificate_of(scene.zhao), CS_HASH_SIZE);
    record.reason = cs_bytes_of_text("x");
    refuses(scene.han, sign(scene.han, &record), CS_DENIED, "by the device that signed it");
}

static void test_a_known_record_is_answered_as_known(void **state)
{
    (void)state;
    struct cs_bytes bytes;
    int64_t before = stored_count(&scene, CS_VAULT_VERSION);
    vault_sync(&scene, scene.li);
    (void)newest(scene.li, CS_VAULT_VERSION, &bytes);
    queue_bytes(scene.li, bytes);
    (void)newest(scene.li, CS_VAULT_GRANT, &bytes);
    queue_bytes(scene.li, bytes);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.sent, 2);
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_VERSION), before);
}

static void test_the_log_takes_nothing_out_of_order(void **state)
{
    (void)state;
    vault_sync(&scene, scene.han);
    struct cs_vault_record record = begin(scene.han, CS_VAULT_WITHDRAWAL);
    memcpy(record.recipient, certificate_of(scene.zhao), CS_HASH_SIZE);
    record.reason = cs_bytes_of_text("x");
    record.head[0] ^= 1;
    refuses(scene.han, sign(scene.han, &record), CS_OTHER_HISTORY, "");
    record.head[0] ^= 1;
    record.position--;
    refuses(scene.han, sign(scene.han, &record), CS_OUTDATED, "");
    /* An old epoch as a new one: by its number, and by its key. */
    struct cs_vault_record old = newest(scene.han, CS_VAULT_EPOCH, NULL);
    record = begin(scene.han, CS_VAULT_EPOCH);
    struct cs_vault_record again = old;
    memcpy(again.author, record.author, CS_HASH_SIZE);
    memcpy(again.head, record.head, CS_HASH_SIZE);
    again.claimed = record.claimed;
    again.checkpoint = CS_BYTES_NONE;
    again.position = record.position;
    refuses(scene.han, sign(scene.han, &again), CS_ROLLED_BACK, "");
    static const uint8_t wrapped[CS_VAULT_WRAPPED_SIZE];
    again.epoch = 2;
    again.wrapped = cs_bytes_of_array(wrapped);
    again.listing_wrapped = cs_bytes_of_array(wrapped);
    refuses(scene.han, sign(scene.han, &again), CS_ROLLED_BACK, "");
    /* A key for nobody who was certified. */
    record = newest(scene.han, CS_VAULT_GRANT, NULL);
    struct cs_vault_record stranger = begin(scene.han, CS_VAULT_GRANT);
    memcpy(stranger.commitment, record.commitment, CS_HASH_SIZE);
    memset(stranger.recipient, 0x77, CS_HASH_SIZE);
    stranger.epoch = record.epoch;
    stranger.rights = record.rights;
    stranger.sealed = record.sealed;
    refuses(scene.han, sign(scene.han, &stranger), CS_UNKNOWN_DEVICE, "");
}

static void test_a_newer_recovery_key_is_to_be_used(void **state)
{
    (void)state;
    struct cs_secret *key = NULL;
    make_recovery(&scene, 2);
    assert_ok(cs_vault_send_recovery(scene.wang->replica, cs_buffer_bytes(&scene.recovery),
                                     &scene.universe.problem));
    struct cs_vault_book *book = open_book(scene.li); /* which has not heard of it */
    assert_ok(cs_vault_act_epoch(book, &scene.vault, false, NULL, &key, &scene.universe.problem));
    cs_vault_book_close(book);
    cs_secret_destroy(key);
    vault_sync(&scene, scene.li);
    assert_refused(&scene, scene.li, CS_OUTDATED, "another recovery key");
    key = epoch(&scene, scene.li, false);
    cs_secret_destroy(key);
}

static void test_a_project_has_one_vault(void **state)
{
    (void)state;
    struct cs_id second;
    struct cs_vault_book *book = open_book(scene.han);
    assert_ok(cs_vault_act_create(book, &scene.project, &second, NULL, &scene.universe.problem));
    cs_vault_book_close(book);
    assert_ok(vault_try_sync(&scene, scene.han));
    assert_refused(&scene, scene.han, CS_USED, "has a vault already");
    /* Nor is anything of it left: the id is free for another project. */
    assert_int_equal(stored_count(&scene, CS_VAULT_CREATION), 1);
}

/* What LI stored, under another name of HAN's: item, field, version, vault, epoch are all in what it is sealed for. */
static void test_what_is_stored_does_not_move(void **state)
{
    (void)state;
    vault_sync(&scene, scene.han);
    const struct cs_vault_record stored = newest(scene.han, CS_VAULT_VERSION, NULL);
    const struct cs_vault_record base = begin(scene.han, CS_VAULT_VERSION);
    struct cs_vault_record moved = stored;
    memcpy(moved.author, base.author, CS_HASH_SIZE);
    memcpy(moved.head, base.head, CS_HASH_SIZE);
    moved.position = base.position;
    moved.claimed = base.claimed;
    moved.checkpoint = CS_BYTES_NONE;
    /* To another item. */
    moved.item = cs_replica_draw_id(scene.han->replica);
    moved.version = cs_replica_draw_id(scene.han->replica);
    refuses(scene.han, sign(scene.han, &moved), CS_FORGED, "half");
    /* To another field. */
    moved.item = stored.item;
    moved.field = cs_bytes_of_text("notes");
    refuses(scene.han, sign(scene.han, &moved), CS_FORGED, "half");
    /* As the next version of the same. */
    moved.field = stored.field;
    memcpy(moved.previous, stored.id, CS_HASH_SIZE);
    refuses(scene.han, sign(scene.han, &moved), CS_FORGED, "half");
    /* Under the same version again. */
    moved.version = stored.version;
    refuses(scene.han, sign(scene.han, &moved), CS_USED, "already");
    /* Beside the latest one, which it does not follow. */
    moved.version = cs_replica_draw_id(scene.han->replica);
    memset(moved.previous, 0, CS_HASH_SIZE);
    refuses(scene.han, sign(scene.han, &moved), CS_OUTDATED, "does not follow");
    /* Under an epoch that is not there. */
    memcpy(moved.previous, stored.id, CS_HASH_SIZE);
    moved.epoch = 2;
    refuses(scene.han, sign(scene.han, &moved), CS_FORGED, "epoch");
    /* Sealed to another half key. */
    moved.epoch = 1;
    moved.half_key[0] ^= 1;
    refuses(scene.han, sign(scene.han, &moved), CS_OUTDATED, "another half key");
    /* To a vault that is not there. */
    moved.half_key[0] ^= 1;
    moved.vault = cs_replica_draw_id(scene.han->replica);
    refuses(scene.han, sign(scene.han, &moved), CS_NOT_FOUND, "no such vault");
}

static void test_the_half_of_another_version(void **state)
{
    (void)state;
    struct cs_bytes half = newest(scene.li, CS_VAULT_VERSION, NULL).half;
    store_version(&scene, scene.li);
    vault_sync(&scene, scene.han);
    struct cs_vault_record record = newest(scene.han, CS_VAULT_VERSION, NULL);
    const struct cs_vault_record base = begin(scene.han, CS_VAULT_VERSION);
    memcpy(record.previous, record.id, CS_HASH_SIZE);
    memcpy(record.author, base.author, CS_HASH_SIZE);
    memcpy(record.head, base.head, CS_HASH_SIZE);
    record.position = base.position;
    record.claimed = base.claimed;
    record.checkpoint = CS_BYTES_NONE;
    record.version = cs_replica_draw_id(scene.han->replica);
    record.half = half;
    refuses(scene.han, sign(scene.han, &record), CS_FORGED, "half");
}

static void test_only_the_server_releases(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    vault_sync(&scene, scene.zhao);
    assert_ok(try_disclose(&scene, scene.zhao, &secret));
    assert_canary(secret);
    struct cs_vault_record record = begin(scene.zhao, CS_VAULT_RELEASE);
    static const uint8_t sealed[CS_VAULT_SEALED_SIZE];
    record.versions = cs_id_bytes(&scene.version);
    record.sealed = cs_bytes_of_array(sealed);
    refuses(scene.zhao, sign(scene.zhao, &record), CS_WRONG_SERVER, "");
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 1);
}

static enum cs_status take_record(void *context, const struct cs_kept_record *kept)
{
    return cs_arena_copy(&arena, kept->record, context);
}

/* Whoever wants to see it again writes a second record; the first one, sent again, gives nothing to anybody else. */
static void test_no_second_release_without_a_record(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    struct cs_bytes first;
    vault_sync(&scene, scene.zhao);
    assert_ok(try_disclose(&scene, scene.zhao, &secret));
    assert_canary(secret);
    vault_sync(&scene, scene.zhao);
    vault_sync(&scene, scene.han);
    assert_ok(
        cs_kept_records(scene.zhao->replica, &scene.vault, CS_VAULT_REQUEST, take_record, &first));
    /* Its own author's, once more: known, and answered as it was. */
    queue_bytes(scene.zhao, first);
    vault_sync(&scene, scene.zhao);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 1);
    /* By another, under a key of his own. */
    struct cs_vault_record record;
    assert_ok(cs_vault_record_decode(first, &record));
    memset(record.key, 9, sizeof record.key);
    refuses(scene.han, sign(scene.han, &record), CS_DENIED, "sent by the device that signed it");
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 1);
    secret = NULL;
    assert_ok(try_disclose(&scene, scene.zhao, &secret));
    assert_canary(secret);
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 2);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 2);
}

/* What is asked for has to be in the vault. */
static void test_a_request_for_something_else(void **state)
{
    (void)state;
    struct cs_id other = cs_replica_draw_id(scene.zhao->replica);
    vault_sync(&scene, scene.zhao);
    struct cs_vault_record record = begin(scene.zhao, CS_VAULT_REQUEST);
    record.versions = cs_id_bytes(&other);
    record.reason = cs_bytes_of_text("x");
    record.work_order = cs_id_bytes(&scene.work_order);
    memset(record.key, 9, sizeof record.key);
    refuses(scene.zhao, sign(scene.zhao, &record), CS_NOT_FOUND, "not in this vault");
    assert_int_equal(stored_count(&scene, CS_VAULT_REQUEST), 0);
}

static void test_approvals_that_are_none(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *disclosure = NULL;
    struct cs_vault_book *book = NULL;
    vault_sync(&scene, scene.zhao);
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", true, &disclosure));
    assert_status(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem),
        CS_LOCKED);
    vault_sync(&scene, scene.han);
    /* Without its parts nothing would open, and the request would count as answered. */
    struct cs_vault_record record = begin(scene.han, CS_VAULT_APPROVAL);
    memcpy(record.request, cs_vault_disclosure_id(disclosure), CS_HASH_SIZE);
    refuses(scene.han, sign(scene.han, &record), CS_DENIED, "no parts");
    /* By who let the other in; by who may not approve; of something else. */
    static const uint8_t parts[CS_VAULT_SEALED_SIZE];
    vault_sync(&scene, scene.li);
    record = begin(scene.li, CS_VAULT_APPROVAL);
    memcpy(record.request, cs_vault_disclosure_id(disclosure), CS_HASH_SIZE);
    record.sealed = cs_bytes_of_array(parts);
    refuses(scene.li, sign(scene.li, &record), CS_DENIED, "let the other in");
    record = begin(scene.zhao, CS_VAULT_APPROVAL);
    memcpy(record.request, cs_vault_disclosure_id(disclosure), CS_HASH_SIZE);
    record.sealed = cs_bytes_of_array(parts);
    refuses(scene.zhao, sign(scene.zhao, &record), CS_DENIED, "");
    record = begin(scene.han, CS_VAULT_APPROVAL);
    memset(record.request, 0x31, CS_HASH_SIZE);
    record.sealed = cs_bytes_of_array(parts);
    refuses(scene.han, sign(scene.han, &record), CS_NOT_FOUND, "nothing in this vault");
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
    /* A true one, and then a second one: there is one answer to one request. */
    book = open_book(scene.han);
    assert_ok(cs_vault_act_approve(book, cs_vault_disclosure_id(disclosure), NULL,
                                   &scene.universe.problem));
    cs_vault_book_close(book);
    vault_sync(&scene, scene.han);
    record = begin(scene.han, CS_VAULT_APPROVAL);
    memcpy(record.request, cs_vault_disclosure_id(disclosure), CS_HASH_SIZE);
    record.sealed = cs_bytes_of_array(parts);
    refuses(scene.han, sign(scene.han, &record), CS_USED, "answered already");
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 1);
    assert_ok(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem));
    assert_canary(secret);
    cs_vault_disclosure_end(disclosure);
}

/* Somebody asks, is removed, and only then approved: nothing is released. */
static void test_an_approval_that_comes_too_late(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *disclosure = NULL;
    vault_sync(&scene, scene.zhao);
    assert_ok(begin_disclosure(&scene, scene.zhao, "现场检修", true, &disclosure));
    assert_status(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem),
        CS_LOCKED);
    vault_sync(&scene, scene.li);
    withdraw(&scene, scene.li, scene.zhao);
    vault_sync(&scene, scene.han);
    struct cs_vault_book *book = open_book(scene.han);
    assert_ok(cs_vault_act_approve(book, cs_vault_disclosure_id(disclosure), NULL,
                                   &scene.universe.problem));
    cs_vault_book_close(book);
    vault_sync(&scene, scene.han);
    assert_refused(&scene, scene.han, CS_DENIED, "");
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 0);
    cs_vault_disclosure_end(disclosure);
}

/* A password that was seen was seen: its record is kept whatever is wrong with it, and the answer says what. */
static void test_reveals_are_kept_whatever_is_wrong(void **state)
{
    (void)state;
    const struct cs_vault_record stored = newest(scene.li, CS_VAULT_VERSION, NULL);
    struct cs_vault_record reveal = begin(scene.li, CS_VAULT_REVEAL);
    reveal.version = stored.version;
    reveal.reason = cs_bytes_of_text("现场检修");
    memset(reveal.request, 0x77, CS_HASH_SIZE);
    queue_bytes(scene.li, sign(scene.li, &reveal));
    memcpy(reveal.request, stored.id, CS_HASH_SIZE);
    queue_bytes(scene.li, sign(scene.li, &reveal));
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.sent, 2);
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_REVEAL), 2);
}

static void test_a_reveal_under_a_lease_is_kept(void **state)
{
    (void)state;
    const struct cs_id another = cs_replica_draw_id(scene.li->replica);
    const struct cs_world *world = cs_replica_world(scene.li->replica);
    const struct cs_vault_ask ask = {.kind = CS_VAULT_LEASE,
                                     .versions = cs_id_bytes(&scene.version),
                                     .reason = cs_bytes_of_text("明日上门"),
                                     .work_order = cs_id_bytes(&scene.work_order),
                                     .expires_ms =
                                         world->wall_ms(world->context) + 8 * 3600 * 1000};
    struct cs_vault_disclosure *lease = NULL;
    assert_ok(cs_vault_disclosure_begin(scene.li->replica, &scene.vault, &ask, &lease,
                                        &scene.universe.problem));
    vault_sync(&scene, scene.li);
    struct cs_vault_record reveal = begin(scene.li, CS_VAULT_REVEAL);
    reveal.version = scene.version;
    reveal.reason = cs_bytes_of_text("现场检修");
    memcpy(reveal.request, cs_vault_disclosure_id(lease), CS_HASH_SIZE);
    queue_bytes(scene.li, sign(scene.li, &reveal));
    reveal.version = another; /* which it does not have */
    queue_bytes(scene.li, sign(scene.li, &reveal));
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.sent, 2);
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_REVEAL), 2);
    cs_vault_disclosure_end(lease);
}

static void test_a_version_that_is_not_there_changes_no_state(void **state)
{
    (void)state;
    const struct cs_vault_record stored = newest(scene.li, CS_VAULT_VERSION, NULL);
    struct cs_vault_record change = begin(scene.li, CS_VAULT_STATE);
    change.item = stored.item;
    change.field = stored.field;
    change.version = cs_replica_draw_id(scene.li->replica);
    change.state = CS_VAULT_CONFIRMED;
    memcpy(change.previous, stored.id, CS_HASH_SIZE);
    refuses(scene.li, sign(scene.li, &change), CS_NOT_FOUND, "no such version");
}

static struct cs_bytes campaign(struct laptop *laptop, const char *reason, const uint8_t *ends)
{
    struct cs_vault_record record = begin(laptop, CS_VAULT_CAMPAIGN);
    record.reason = cs_bytes_of_text(reason);
    if (ends != NULL) {
        memcpy(record.previous, ends, CS_HASH_SIZE);
    }
    return sign(laptop, &record);
}

/* One campaign at a time, for everybody to see: the second to begin one is told, and looks at the first. */
static void test_one_campaign_at_a_time(void **state)
{
    (void)state;
    uint8_t first[CS_HASH_SIZE];
    vault_sync(&scene, scene.han);
    struct cs_vault_record begun;
    const struct cs_bytes begins = campaign(scene.li, "客户信息科同意统一修改", NULL);
    assert_ok(cs_vault_record_decode(begins, &begun));
    memcpy(first, begun.id, CS_HASH_SIZE);
    queue_bytes(scene.li, begins);
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 0);
    refuses(scene.han, campaign(scene.han, "客户信息科同意统一修改", NULL), CS_USED,
            "has not ended yet");
    vault_sync(&scene, scene.zhao);
    assert_int_equal(kept_count(&scene, scene.zhao, CS_VAULT_CAMPAIGN), 1);
    refuses(scene.zhao, campaign(scene.zhao, "客户取消", first), CS_DENIED, "");
    queue_bytes(scene.han, campaign(scene.han, "客户取消", first));
    vault_sync(&scene, scene.han);
    assert_int_equal(scene.last.refused, 0);
    refuses(scene.li, campaign(scene.li, "客户取消", first), CS_OUTDATED, "has ended already");
    queue_bytes(scene.li, campaign(scene.li, "客户再次同意", NULL));
    vault_sync(&scene, scene.li);
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_CAMPAIGN), 3);
}

/* The key of a lease was destroyed, says whoever had it; a return of somebody else is kept, and is a finding. */
static void test_returns_are_kept(void **state)
{
    (void)state;
    const struct cs_vault_record stored = newest(scene.li, CS_VAULT_VERSION, NULL);
    vault_sync(&scene, scene.han);
    struct cs_vault_record end = begin(scene.han, CS_VAULT_RETURN);
    end.reason = cs_bytes_of_text("现场工作结束");
    memcpy(end.request, stored.id, CS_HASH_SIZE);
    queue_bytes(scene.han, sign(scene.han, &end));
    assert_ok(vault_try_sync(&scene, scene.han));
    assert_int_equal(scene.last.refused, 0);
    assert_int_equal(stored_count(&scene, CS_VAULT_RETURN), 1);
    assert_found(scene.han, CS_DENIED, "a lease was returned that is not its device's");
}

/* Break-glass: an approver who may reveal is shown one password at once; who only may reveal is not, and nobody where no one approves. */
static void test_break_glass(void **state)
{
    (void)state;
    struct cs_secret *secret = NULL;
    struct cs_vault_disclosure *disclosure = NULL;
    const struct cs_vault_ask ask = {.kind = CS_VAULT_EMERGENCY,
                                     .versions = cs_id_bytes(&scene.version),
                                     .reason = cs_bytes_of_text("机房断电,无人可批")};
    vault_sync(&scene, scene.han);
    assert_ok(cs_vault_disclosure_begin(scene.han->replica, &scene.vault, &ask, &disclosure,
                                        &scene.universe.problem));
    assert_ok(
        cs_vault_disclosure_open(disclosure, &scene.version, &secret, &scene.universe.problem));
    assert_canary(secret);
    cs_vault_disclosure_end(disclosure);
    vault_sync(&scene, scene.li);
    assert_int_equal(kept_count(&scene, scene.li, CS_VAULT_EMERGENCY), 1);
    assert_int_equal(stored_count(&scene, CS_VAULT_RELEASE), 1);
    vault_sync(&scene, scene.zhao);
    struct cs_vault_record record = begin(scene.zhao, CS_VAULT_EMERGENCY);
    record.versions = ask.versions;
    record.reason = ask.reason;
    record.work_order = cs_id_bytes(&scene.item);
    refuses(scene.zhao, sign(scene.zhao, &record), CS_DENIED, "");
    assert_int_equal(stored_count(&scene, CS_VAULT_EMERGENCY), 1);
}

static void test_break_glass_where_nobody_approves(void **state)
{
    (void)state;
    vault_sync(&scene, scene.han);
    struct cs_vault_record record = begin(scene.han, CS_VAULT_EMERGENCY);
    record.versions = cs_id_bytes(&scene.version);
    record.reason = cs_bytes_of_text("x");
    refuses(scene.han, sign(scene.han, &record), CS_INVALID, "ask for it as usual");
    assert_int_equal(stored_count(&scene, CS_VAULT_EMERGENCY), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_forged_and_borrowed_records, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_known_record_is_answered_as_known, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_log_takes_nothing_out_of_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_newer_recovery_key_is_to_be_used, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_project_has_one_vault, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_stored_does_not_move, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_half_of_another_version, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_the_server_releases, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_second_release_without_a_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_request_for_something_else, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reveals_are_kept_whatever_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_reveal_under_a_lease_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_version_that_is_not_there_changes_no_state, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_one_campaign_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_returns_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_break_glass_where_nobody_approves, setup, teardown),
        cmocka_unit_test_setup_teardown(test_break_glass, setup_four_eyes, teardown),
        cmocka_unit_test_setup_teardown(test_approvals_that_are_none, setup_four_eyes, teardown),
        cmocka_unit_test_setup_teardown(test_an_approval_that_comes_too_late, setup_four_eyes,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
