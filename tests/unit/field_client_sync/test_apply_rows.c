/* Rows, departures and scopes of an answer. */
#include "tests/unit/field_client_sync/server_fixture.h"

static void pulled_rows_go_under_unsent_edits(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    server_give_part(&s, &id, "P-1", "a", 1);
    server_uncount(&s, &s.rows[0]);
    fixture_update(f, "part", &id, "name", "mine");
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    (void)server_part(&s, &id, "P-1-new", "theirs", 2, 0);
    s.response.log_sequence = 0; /* the push itself was not taken yet */
    memset(s.response.log_head, 0, CS_HASH_SIZE);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->pulled, 1);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(fixture_text(f, "part", &id, "name"), "mine");
    assert_string_equal(fixture_text(f, "part", &id, "code"), "P-1-new");
    cs_sync_end(session);
    server_release(&s);
}

static void departures_take_rows_but_never_unsent_work(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id plain = {{1}};
    struct cs_id edited = {{2}};
    server_give_part(&s, &plain, "P-1", "a", 1);
    server_give_part(&s, &edited, "P-2", "b", 2);
    memset(&s.everyone, 0, sizeof s.everyone);
    fixture_update(f, "part", &edited, "name", "mine");
    struct cs_id strange = {{3}};
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    s.departures[0] = (struct cs_departure){T("part"), plain};
    s.departures[1] = (struct cs_departure){T("part"), edited};
    s.departures[2] = (struct cs_departure){T("part"), strange};
    s.response.departures = s.departures;
    s.response.departure_count = 3;
    s.response.log_sequence = 0;
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->departed, 2);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(fixture_text(f, "part", &plain, "name"), "-");
    assert_string_equal(fixture_text(f, "part", &edited, "name"), "mine");
    assert_string_equal(fixture_text(f, "part", &edited, "code"), "P-2");
    /* Once the work was sent and accepted elsewhere, the row goes too. */
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.inner_count, 1);
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_string_equal(fixture_text(f, "part", &edited, "name"), "-");
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    server_release(&s);
}

static void a_lost_scope_takes_the_rows_only_it_held(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id both = {{1}};
    struct cs_id only = {{2}};
    struct cs_id edited = {{3}};
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    server_use_office(&s);
    uint32_t office_only[] = {1};
    struct cs_scope_set sets[] = {s.sets[0], s.sets[1], {office_only, 1}};
    s.response.scope_sets = sets;
    s.response.scope_set_count = 3;
    (void)server_part(&s, &both, "P-1", "a", 1, 1);
    struct cs_multiset everyone = s.everyone;
    struct cs_row *row = server_part(&s, &only, "P-2", "b", 2, 1);
    row->scope_set = 2;
    row = server_part(&s, &edited, "P-3", "c", 3, 1);
    row->scope_set = 2;
    s.everyone = everyone;
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    fixture_update(f, "part", &edited, "name", "mine");
    session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.cursor_count, 2);
    s.response.log_sequence = 0;
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->departed, 2);
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    assert_string_equal(fixture_text(f, "part", &both, "name"), "a");
    assert_string_equal(fixture_text(f, "part", &only, "name"), "-");
    assert_string_equal(fixture_text(f, "part", &edited, "name"), "mine");
    cs_sync_end(session);
    session = server_begin(f);
    assert_true(server_take(&s, session));
    assert_int_equal(s.sync.cursor_count, 1);
    cs_sync_end(session);
    server_release(&s);
}

/* A device row as an honest server makes it, from the certificate of the identity. */
struct device_row {
    struct cs_named_value fields[6];
    struct cs_buffer roles;
    struct cs_buffer log;
};

enum { PERSON, PERSON_NAME, ROLES, DEVICE_NAME, LOG_ID, CHAIN };

static void device_row_init(struct device_row *row, struct fixture *f)
{
    const struct cs_chain *chain = cs_identity_chain_parsed(f->identity);
    cs_buffer_init(&row->roles, CS_KIBI);
    cs_buffer_init(&row->log, CS_KIBI);
    cs_roles_format(chain->leaf.roles, &row->roles);
    cs_buffer_append_u64(&row->log, cs_identity_log(f->identity));
    row->fields[PERSON] =
        (struct cs_named_value){T("person"), cs_value_bytes(cs_id_bytes(&chain->leaf.person))};
    row->fields[PERSON_NAME] =
        (struct cs_named_value){T("person_name"), cs_value_text(chain->leaf.person_name)};
    row->fields[ROLES] =
        (struct cs_named_value){T("roles"), cs_value_text(cs_buffer_bytes(&row->roles))};
    row->fields[DEVICE_NAME] =
        (struct cs_named_value){T("device_name"), cs_value_text(chain->leaf.device_name)};
    row->fields[LOG_ID] =
        (struct cs_named_value){T("log_id"), cs_value_bytes(cs_buffer_bytes(&row->log))};
    row->fields[CHAIN] =
        (struct cs_named_value){T("chain"), cs_value_bytes(cs_identity_chain(f->identity))};
}

static void device_row_release(struct device_row *row)
{
    cs_buffer_release(&row->roles);
    cs_buffer_release(&row->log);
}

/* An answer with a part and this device row: nothing of it may be applied. */
static void refused_device(struct server *s, const struct cs_named_value *fields, size_t count,
                           const char *reason)
{
    struct fixture *f = s->f;
    struct cs_id device = {{1}};
    struct cs_id part = {{2}};
    struct cs_problem problem = {""};
    struct cs_multiset before = s->everyone;
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(s, session));
    (void)server_part(s, &part, "P-1", "a", 1, 0);
    (void)server_row(s, "device", &device, fields, count, server_versions(s, 0, 2), 0);
    assert_status(server_answer(s, session, &problem), CS_FORGED);
    assert_non_null(strstr(problem.text, "01000000-0000"));
    assert_non_null(strstr(problem.text, reason));
    cs_sync_end(session);
    assert_string_equal(fixture_text(f, "part", &part, "name"), "-");
    s->everyone = before;
}

static void devices_are_believed_by_their_chain_only(void **state)
{
    struct fixture *f = *state;
    struct server s;
    struct device_row row;
    server_init(&s, f);
    device_row_init(&row, f);
    struct cs_id id = {{1}};
    struct cs_bytes chain = cs_identity_chain(f->identity);
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    (void)server_row(&s, "device", &id, row.fields, 6, server_versions(&s, 0, 1), 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    refused_device(&s, row.fields, CHAIN, ""); /* none at all */
    uint8_t forged[2048];
    assert_true(chain.size <= sizeof forged);
    memcpy(forged, chain.data, chain.size);
    forged[chain.size - 5] ^= 1;
    row.fields[CHAIN].value = cs_value_bytes(cs_bytes_make(forged, chain.size));
    refused_device(&s, row.fields, 6, "");
    device_row_release(&row);
    server_release(&s);
}

static void devices_show_what_their_certificate_says(void **state)
{
    struct fixture *f = *state;
    static const uint8_t other[16] = {9};
    const struct {
        int field;
        struct cs_value value;
    } lies[] = {
        {PERSON, cs_value_bytes(cs_bytes_make(other, 16))},
        {PERSON, CS_NULL},
        {PERSON_NAME, cs_value_text(T("王"))},
        {ROLES, cs_value_text(T("technician"))},
        {ROLES, cs_value_text(T(""))},
        {DEVICE_NAME, cs_value_text(T("laptop 2"))},
        {LOG_ID, cs_value_bytes(cs_bytes_make(other, 8))},
        {LOG_ID, cs_value_bytes(cs_bytes_make(other, 0))},
    };
    struct server s;
    struct device_row row;
    server_init(&s, f);
    device_row_init(&row, f);
    for (size_t i = 0; i < CS_COUNT(lies); i++) {
        struct cs_named_value *field = &row.fields[lies[i].field];
        struct cs_value honest = field->value;
        char name[32];
        (void)snprintf(name, sizeof name, "%.*s", (int)field->name.size,
                       (const char *)field->name.data);
        field->value = lies[i].value;
        refused_device(&s, row.fields, 6, name);
        field->value = honest;
    }
    /* And the truth is believed. */
    struct cs_id id = {{1}};
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    (void)server_row(&s, "device", &id, row.fields, 6, server_versions(&s, 0, 1), 0);
    assert_ok(server_answer(&s, session, NULL));
    cs_sync_end(session);
    assert_string_equal(fixture_text(f, "device", &id, "person_name"), "王芳");
    device_row_release(&row);
    server_release(&s);
}

static void rows_of_a_newer_schema_are_kept(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    struct cs_named_value unknown = TEXT_VALUE("colour", "red");
    struct cs_named_value fields[] = {TEXT_VALUE("code", "P-1"), TEXT_VALUE("name", "a"),
                                      TEXT_VALUE("zz_new", "n")};
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    (void)server_row(&s, "hologram", &id, &unknown, 1, server_versions(&s, 5, 1), 0);
    (void)server_row(&s, "part", &id, fields, 3, server_versions(&s, 5, 2), 0);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    /* Own edits leave the unknown field alone, and the echo still counts right. */
    server_uncount(&s, &s.rows[1]);
    fixture_update(f, "part", &id, "name", "b");
    session = server_begin(f);
    assert_true(server_take(&s, session));
    server_outcome(&s, 1, CS_OUTCOME_APPLIED, 1, 1);
    server_count_view(&s, "part", &id, true);
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_EQUAL);
    cs_sync_end(session);
    server_release(&s);
}

static void an_unequal_digest_is_said(void **state)
{
    struct fixture *f = *state;
    struct server s;
    server_init(&s, f);
    struct cs_id id = {{1}};
    struct cs_sync_session *session = server_begin(f);
    assert_true(server_take(&s, session));
    struct cs_row *row = server_part(&s, &id, "P-1", "a", 1, 0);
    row->fields[1].value = cs_value_text(T("other"));
    assert_ok(server_answer(&s, session, NULL));
    assert_int_equal(cs_sync_result(session)->digest, CS_SYNC_DIGEST_UNEQUAL);
    cs_sync_end(session);
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        sync_test(pulled_rows_go_under_unsent_edits),
        sync_test(departures_take_rows_but_never_unsent_work),
        sync_test(a_lost_scope_takes_the_rows_only_it_held),
        sync_test(devices_are_believed_by_their_chain_only),
        sync_test(devices_show_what_their_certificate_says),
        sync_test(rows_of_a_newer_schema_are_kept),
        sync_test(an_unequal_digest_is_said),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
