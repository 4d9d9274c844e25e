/*
 * A technician's laptop for the tests of visit: an organisation, a work order with customer, site and system, two parts, and a van
 * with stock. Built on the fixture of replica.
 */
#ifndef TESTS_UNIT_FIELD_CLIENT_VISIT_FIXTURE_H
#define TESTS_UNIT_FIELD_CLIENT_VISIT_FIXTURE_H

#include "field-client/visit/receipt.h"
#include "field-client/visit/visit.h"
#include "field-client/visit/visit_internal.h"
#include "shared/base/text.h"
#include "tests/unit/field_client_replica/client_fixture.h"

#define STROKES "[[[1,2],[3,4.5]],[{\"x\":1,\"y\":2}]]"

struct site {
    struct fixture *f;
    struct cs_id customer, location, system, request, order, part, part2, van;
    struct cs_lines warnings;
    struct cs_problem problem;
};

static inline struct cs_id add_row(struct fixture *f, const char *entity,
                                   const struct cs_named_value *values, size_t count)
{
    struct cs_edit *edit = NULL;
    struct cs_id id;
    struct cs_problem problem = {""};
    assert_ok(cs_edit_begin(f->replica, &edit));
    const struct cs_id *given = strcmp(entity, "person") == 0 ? &f->person : NULL;
    enum cs_status status = cs_edit_insert(edit, T(entity), given, values, count, &id, &problem);
    if (status != CS_OK) {
        fail_msg("%s: %s", entity, problem.text);
    }
    assert_ok(cs_edit_commit(edit));
    return id;
}
#define ADD(f, entity, ...)                                                                        \
    add_row(f, entity, (const struct cs_named_value[]){__VA_ARGS__},                               \
            CS_COUNT(((const struct cs_named_value[]){__VA_ARGS__})))
#define ID_VALUE(name, id) ((struct cs_named_value){T(name), cs_value_bytes(cs_id_bytes(id))})

/* As `set` does, without any check of visit. */
static inline void set_value(struct fixture *f, const char *entity, const struct cs_id *id,
                             struct cs_named_value value)
{
    struct cs_problem problem = {""};
    if (cs_visit_update(f->replica, entity, id, &value, 1, &problem) != CS_OK) {
        fail_msg("%s: %s", entity, problem.text);
    }
}

static inline void add_stock(struct site *s, const struct cs_id *part, int64_t quantity)
{
    (void)ADD(s->f, "stock_movement", ID_VALUE("part", part), ID_VALUE("to", &s->van),
              NUMBER_VALUE("quantity", quantity), TEXT_VALUE("reason", "transfer"));
}

static inline void add_customer_rows(struct site *s)
{
    struct fixture *f = s->f;
    s->customer = ADD(f, "customer", TEXT_VALUE("name", "东方医院"), TEXT_VALUE("code", "K-1"),
                      TEXT_VALUE("phone", "021-555"));
    s->location = ADD(f, "site", ID_VALUE("customer", &s->customer), TEXT_VALUE("name", "一号楼"),
                      TEXT_VALUE("address", "浦东大道 1 号"));
    s->system = ADD(f, "system", TEXT_VALUE("name", "HIS 数据库"), TEXT_VALUE("kind", "database"),
                    ID_VALUE("site", &s->location));
    s->request = ADD(f, "service_request", TEXT_VALUE("reported_fault", "无法登录"),
                     ID_VALUE("customer", &s->customer), ID_VALUE("system", &s->system));
    s->order = ADD(f, "work_order", TEXT_VALUE("number", "WO-1"), ID_VALUE("request", &s->request),
                   ID_VALUE("technician", &f->person), TEXT_VALUE("status", "assigned"));
}

static inline int site_setup(void **state)
{
    struct fixture *f = *state;
    fake_world_advance(&f->fake, 1772413200000 - f->fake.wall_ms);
    (void)fixture_setup(state);
    struct site *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->f = f;
    cs_lines_init(&s->warnings);
    (void)ADD(f, "person", TEXT_VALUE("name", "王芳"));
    add_customer_rows(s);
    s->part = ADD(f, "part", TEXT_VALUE("code", "P-001"), TEXT_VALUE("name", "电源"),
                  TEXT_VALUE("unit", "个"), NUMBER_VALUE("price_cents", 12050));
    s->part2 = ADD(f, "part", TEXT_VALUE("code", "P-002"), TEXT_VALUE("name", "网线"));
    s->van = ADD(f, "stock_location", TEXT_VALUE("name", "沪A-1"), TEXT_VALUE("code", "VAN-1"),
                 TEXT_VALUE("kind", "van"), ID_VALUE("owner", &f->person));
    add_stock(s, &s->part, 5);
    *state = s;
    return 0;
}

static inline int site_teardown(void **state)
{
    struct site *s = *state;
    struct fixture *f = s->f;
    cs_memory_fail_after(-1);
    cs_lines_release(&s->warnings);
    free(s);
    *state = f;
    return fixture_teardown(state);
}

/* Says what was expected when it does not hold. */
static inline void assert_says(const struct cs_problem *problem, const char *words)
{
    if (strstr(problem->text, words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", problem->text, words);
    }
}

static inline void assert_line(const struct cs_lines *lines, size_t index, const char *words)
{
    assert_true(index < lines->count);
    if (strstr(cs_lines_at(lines, index), words) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", cs_lines_at(lines, index), words);
    }
}

/* Transactions that wait: what one user action must add exactly one to. */
static inline int64_t waiting(struct site *s)
{
    struct cs_pending_counts counts;
    assert_ok(cs_query_pending_counts(s->f->replica, &counts));
    return counts.waiting;
}

/* The text of a field, formatted into a static buffer; "" when not set. */
static inline const char *text_of(struct site *s, const char *entity, const struct cs_id *id,
                                  const char *field)
{
    static char text[4096];
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    assert_ok(cs_visit_load(s->f->replica, entity, id, &arena, &row));
    assert_true(row.exists);
    struct cs_bytes bytes = cs_visit_text(&row, field);
    assert_true(bytes.size < sizeof text);
    memcpy(text, bytes.data == NULL ? (const uint8_t *)"" : bytes.data, bytes.size);
    text[bytes.size] = '\0';
    cs_arena_release(&arena);
    return text;
}

static inline int64_t number_of(struct site *s, const char *entity, const struct cs_id *id,
                                const char *field)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    struct cs_stored_row row;
    assert_ok(cs_visit_load(s->f->replica, entity, id, &arena, &row));
    const struct cs_value *value = cs_visit_value(&row, field);
    int64_t number = value->kind == CS_VALUE_INTEGER ? value->integer : -1;
    cs_arena_release(&arena);
    return number;
}

static inline struct cs_id start_visit(struct site *s)
{
    struct cs_visit_start start = {.work_order = T("WO-1"), .another = true};
    struct cs_visit_started started;
    assert_ok(cs_visit_start(s->f->replica, &start, NULL, &started, &s->problem));
    assert_false(started.existed);
    return started.visit;
}

static inline void use_part(struct site *s, const struct cs_id *visit, const char *code,
                            int64_t quantity, const char *serial)
{
    struct cs_visit_part part = {.part = T(code), .quantity = quantity, .serial = T(serial)};
    struct cs_visit_parted parted;
    enum cs_status status =
        cs_visit_use_part(s->f->replica, visit, &part, NULL, &parted, &s->problem);
    if (status != CS_OK) {
        fail_msg("%s", s->problem.text);
    }
}

/* A visit that is ready to be signed. */
static inline struct cs_id worked_visit(struct site *s)
{
    struct cs_id visit = start_visit(s);
    use_part(s, &visit, "P-001", 2, "");
    use_part(s, &visit, "P-002", 1, "SN-7");
    assert_ok(cs_visit_record(s->f->replica, &visit, T("actual_fault"), T("电源损坏"), NULL, NULL));
    assert_ok(cs_visit_record(s->f->replica, &visit, T("work_done"), T("更换电源"), NULL, NULL));
    assert_ok(cs_visit_record(s->f->replica, &visit, T("result"), T("solved"), NULL, NULL));
    return visit;
}

static inline enum cs_status try_sign(struct site *s, const struct cs_id *visit, const char *signer,
                                      const char *strokes, struct cs_visit_signed *out)
{
    struct cs_visit_sign sign = {T(signer), T(strokes)};
    return cs_visit_sign(s->f->replica, visit, &sign, out, &s->problem);
}

static inline struct cs_visit_signed sign_visit(struct site *s, const struct cs_id *visit)
{
    struct cs_visit_signed made;
    enum cs_status status = try_sign(s, visit, "李主任", STROKES, &made);
    if (status != CS_OK) {
        fail_msg("%s: %s", cs_status_name(status), s->problem.text);
    }
    return made;
}

#define VISIT_TEST(name) cmocka_unit_test_setup_teardown(name, site_setup, site_teardown)

#endif
