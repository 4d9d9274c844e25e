/* The store: records of vaults in their feed, what is newest, who is a member, recovery keys. */
#include "sync-server/stores/vault_store.h"

#include "tests/unit/sync_server_stores/store_fixture.h"

static struct cs_id made_id(uint8_t byte)
{
    struct cs_id id;
    memset(&id, byte, sizeof id);
    return id;
}

static struct cs_vault_row row_of(uint8_t number, uint8_t vault, int64_t kind, uint8_t about)
{
    struct cs_vault_row row = {.vault = made_id(vault),
                               .kind = kind,
                               .moment = {.position = 7, .log_position = 2, .logged_ms = 1000},
                               .about = made_id(about),
                               .item = made_id(kind == 0 ? number : 3),
                               .field = T("password"),
                               .version = made_id(number),
                               .record = T("signed bytes")};
    memset(row.id, number, sizeof row.id);
    memset(row.request, 9, sizeof row.request);
    return row;
}

static uint64_t append(struct store_fixture *f, uint8_t number, uint8_t vault, int64_t kind,
                       uint8_t about)
{
    struct cs_vault_row row = row_of(number, vault, kind, about);
    assert_ok(cs_store_append_vault_record(f->store, &row));
    return row.feed;
}

static void a_record_comes_back_and_is_there_once(void **state)
{
    struct store_fixture *f = *state;
    struct cs_vault_row found;
    uint64_t first = append(f, 1, 1, 4, 0);
    assert_true(append(f, 2, 2, 4, 0) > first);
    struct cs_vault_row again = row_of(1, 1, 4, 0);
    assert_status(cs_store_append_vault_record(f->store, &again), CS_EXISTS);
    fixture_reopen(f);
    assert_ok(cs_store_vault_record(f->store, again.id, &f->arena, &found));
    assert_true(found.feed == first && found.kind == 4);
    assert_true(found.moment.position == 7 && found.moment.log_position == 2 &&
                found.moment.logged_ms == 1000);
    assert_true(cs_id_equal(&found.vault, &again.vault) && cs_id_equal(&found.item, &again.item) &&
                cs_id_equal(&found.version, &again.version));
    assert_true(cs_bytes_equal(found.field, again.field));
    assert_true(cs_bytes_equal(found.record, again.record));
    assert_memory_equal(found.request, again.request, sizeof found.request);
    memset(again.id, 77, sizeof again.id);
    assert_status(cs_store_vault_record(f->store, again.id, &f->arena, &found), CS_NOT_FOUND);
}

/* Kind 0 is a creation, its item the project. */
static void a_project_has_one_vault(void **state)
{
    struct store_fixture *f = *state;
    struct cs_vault_row second = row_of(2, 2, 0, 0);
    (void)append(f, 1, 1, 0, 0);
    second.item = made_id(1);
    assert_status(cs_store_append_vault_record(f->store, &second), CS_EXISTS);
    second.item = made_id(2);
    assert_ok(cs_store_append_vault_record(f->store, &second));
}

static void the_newest_is_found(void **state)
{
    struct store_fixture *f = *state;
    struct cs_vault_row found;
    const struct cs_id item = made_id(3);
    const struct cs_id version = made_id(1);
    uint8_t request[CS_HASH_SIZE];
    memset(request, 9, sizeof request);
    (void)append(f, 1, 1, 5, 0);
    (void)append(f, 2, 1, 5, 0);
    (void)append(f, 3, 1, 6, 0);
    (void)append(f, 4, 2, 5, 0);
    struct cs_vault_filter filter = {
        .vault = made_id(1), .kind = 5, .item = &item, .field = T("password")};
    assert_ok(cs_store_vault_newest(f->store, &filter, &f->arena, &found));
    assert_int_equal(found.id[0], 2);
    filter.field = T("totp");
    assert_status(cs_store_vault_newest(f->store, &filter, &f->arena, &found), CS_NOT_FOUND);
    filter = (struct cs_vault_filter){.vault = made_id(1), .kind = 5, .version = &version};
    assert_ok(cs_store_vault_newest(f->store, &filter, &f->arena, &found));
    assert_int_equal(found.id[0], 1);
    filter = (struct cs_vault_filter){.vault = made_id(1), .kind = 6, .request = request};
    assert_ok(cs_store_vault_newest(f->store, &filter, &f->arena, &found));
    assert_int_equal(found.id[0], 3);
}

static size_t feed(struct store_fixture *f, const struct cs_vault_view *view, size_t limit,
                   uint8_t *out_first)
{
    struct cs_vault_row *rows = NULL;
    size_t count = 0;
    assert_ok(cs_store_vault_feed(f->store, view, limit, &f->arena, &rows, &count));
    *out_first = count > 0 ? rows[0].id[0] : 0;
    return count;
}

static void a_view_shows_its_own_only(void **state)
{
    struct store_fixture *f = *state;
    uint8_t first = 0;
    for (uint8_t i = 1; i <= 20; i++) {
        (void)append(f, i, i <= 10 ? 1 : 2, i % 10, i % 2 == 0 ? 5 : 6);
    }
    struct cs_vault_view view = {
        .vault = made_id(1), .kind_max = 3, .shared_max = 3, .until = INT64_MAX};
    assert_int_equal(feed(f, &view, 100, &first), 4); /* kinds 1, 2, 3 and 0 */
    assert_int_equal(first, 1);
    view.kind_max = 13;
    view.about = made_id(5);
    assert_int_equal(feed(f, &view, 100, &first), 7); /* and 4, 6, 8 of this person */
    view.shared_max = 13;
    assert_int_equal(feed(f, &view, 100, &first), 10);
    assert_int_equal(feed(f, &view, 3, &first), 3);
    view.after = 4;
    assert_int_equal(feed(f, &view, 100, &first), 6);
    assert_int_equal(first, 5);
    view.until = 6;
    assert_int_equal(feed(f, &view, 100, &first), 2);
    view.vault = made_id(9);
    assert_int_equal(feed(f, &view, 100, &first), 0);
}

static void vaults_and_members_are_replaced_by_their_key(void **state)
{
    struct store_fixture *f = *state;
    struct cs_stored_vault vault = {.vault = made_id(1), .length = 3, .head = {8}, .newest = 9};
    struct cs_stored_vault found;
    struct cs_vault_member *members = NULL;
    size_t count = 0;
    const struct cs_id person = made_id(4);
    assert_status(cs_store_vault(f->store, &vault.vault, &found), CS_NOT_FOUND);
    assert_ok(cs_store_put_vault(f->store, &vault));
    vault.length = 4;
    assert_ok(cs_store_put_vault(f->store, &vault));
    assert_ok(cs_store_vault(f->store, &vault.vault, &found));
    assert_true(found.length == 4 && found.newest == 9 && found.head[0] == 8);
    struct cs_vault_member member = {
        .person = person, .vault = made_id(2), .certificate = {1}, .rights = 3, .expires_ms = 50};
    assert_ok(cs_store_put_vault_member(f->store, &member));
    member.vault = made_id(1);
    assert_ok(cs_store_put_vault_member(f->store, &member));
    member.ended = 12;
    assert_ok(cs_store_put_vault_member(f->store, &member));
    assert_ok(cs_store_vault_members(f->store, &person, &f->arena, &members, &count));
    assert_int_equal(count, 2);
    assert_int_equal(members[0].vault.bytes[0], 1);
    assert_true(members[0].ended == 12 && members[1].ended == 0);
    assert_true(members[1].rights == 3 && members[1].expires_ms == 50);
    const struct cs_id nobody = made_id(44);
    assert_ok(cs_store_vault_members(f->store, &nobody, &f->arena, &members, &count));
    assert_int_equal(count, 0);
}

static void recovery_keys_ascend(void **state)
{
    struct store_fixture *f = *state;
    struct cs_stored_recovery *list = NULL;
    struct cs_stored_recovery found;
    size_t count = 0;
    assert_status(cs_store_newest_recovery(f->store, &f->arena, &found), CS_NOT_FOUND);
    for (uint8_t i = 1; i <= 3; i++) {
        const struct cs_stored_recovery recovery = {
            .number = i, .id = {i}, .statement = T("statement")};
        assert_ok(cs_store_put_recovery(f->store, &recovery));
        assert_status(cs_store_put_recovery(f->store, &recovery), CS_EXISTS);
    }
    assert_ok(cs_store_newest_recovery(f->store, &f->arena, &found));
    assert_int_equal(found.number, 3);
    assert_ok(cs_store_recoveries(f->store, 1, 100, &f->arena, &list, &count));
    assert_int_equal(count, 2);
    assert_int_equal(list[0].number, 2);
    const uint8_t second[CS_HASH_SIZE] = {2};
    assert_ok(cs_store_recovery(f->store, second, &f->arena, &found));
    assert_int_equal(found.number, 2);
    const uint8_t other[CS_HASH_SIZE] = {9};
    assert_status(cs_store_recovery(f->store, other, &f->arena, &found), CS_NOT_FOUND);
}

static void a_leaf_is_found_by_its_moment(void **state)
{
    struct store_fixture *f = *state;
    struct cs_leaf leaf;
    bool found = false;
    struct cs_vault_row row = row_of(1, 1, 4, 0);
    (void)append(f, 1, 1, 4, 0);
    (void)append(f, 2, 1, 4, 0);
    cs_leaf_vault(&row.vault, &row.moment, row.record, &leaf);
    assert_ok(cs_store_vault_has_leaf(f->store, &row.vault, 1000, cs_leaf_bytes(&leaf), &found));
    assert_true(found);
    assert_ok(cs_store_vault_has_leaf(f->store, &row.vault, 1001, cs_leaf_bytes(&leaf), &found));
    assert_false(found);
    row.moment.position++;
    cs_leaf_vault(&row.vault, &row.moment, row.record, &leaf);
    assert_ok(cs_store_vault_has_leaf(f->store, &row.vault, 1000, cs_leaf_bytes(&leaf), &found));
    assert_false(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_record_comes_back_and_is_there_once),
        STORE_TEST(a_project_has_one_vault),
        STORE_TEST(the_newest_is_found),
        STORE_TEST(a_view_shows_its_own_only),
        STORE_TEST(vaults_and_members_are_replaced_by_their_key),
        STORE_TEST(recovery_keys_ascend),
        STORE_TEST(a_leaf_is_found_by_its_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
