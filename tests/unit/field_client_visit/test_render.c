/* A receipt as people read it. */
#include "tests/unit/field_client_visit/visit_fixture.h"

/* The rendered text, NUL-terminated in `out`. */
static const char *render(struct site *s, const struct cs_id *receipt, struct cs_buffer *out)
{
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    assert_ok(cs_visit_load(s->f->replica, "receipt", receipt, &arena, &row));
    cs_buffer_init(out, CS_MEBI);
    assert_ok(cs_receipt_render(cs_registry_core(), &row, out));
    cs_arena_release(&arena);
    return cs_buffer_text(out);
}

static void assert_holds(const char *text, const char *words)
{
    if (strstr(text, words) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", words, text);
    }
}

static void both_languages_stand_side_by_side(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_buffer out;
    const char *text = render(s, &made.receipt, &out);
    static const char *const words[] = {
        "服务回执单 service receipt",
        "派工单 work order            WO-1\n",
        "客户 customer                东方医院\n",
        "现场 site                    一号楼\n",
        "地址 address                 浦东大道 1 号\n",
        "系统 system                  HIS 数据库\n",
        "技术员 technician            王芳\n",
        "申报故障 reported fault      无法登录\n",
        "到达时间 arrived at          2026-03-02T09:00:00+08:00\n",
        "处理内容 work done           更换电源\n",
        "处理结果 result              已解决 solved\n",
        "备件 parts:\n  P-001  电源  × 2 个  单价 price 120.50\n",
        "  P-002  网线  × 1   序列号 serial SN-7\n",
        "签字人 signer                李主任\n",
        "签字时间 signed at           2026-03-02T09:00:00+08:00\n",
    };
    assert_holds(text, made.number);
    for (size_t i = 0; i < CS_COUNT(words); i++) {
        assert_holds(text, words[i]);
    }
    assert_null(strstr(text, "离开时间"));
    cs_buffer_release(&out);
}

static void the_snapshot_is_shown_not_the_present(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    (void)ADD(s->f, "stock_movement", ID_VALUE("part", &s->part), ID_VALUE("to", &s->van),
              NUMBER_VALUE("quantity", 1), TEXT_VALUE("reason", "returned"),
              ID_VALUE("visit", &visit));
    struct cs_visit_signed made = sign_visit(s, &visit);
    set_value(s->f, "visit", &visit, TEXT_VALUE("work_done", "后来改的"));
    struct cs_buffer out;
    const char *text = render(s, &made.receipt, &out);
    assert_holds(text, "更换电源");
    assert_holds(text, "退回 returned");
    assert_null(strstr(text, "后来改的"));
    cs_buffer_release(&out);
}

static void a_bare_receipt_is_readable(void **state)
{
    struct site *s = *state;
    struct cs_id visit =
        ADD(s->f, "visit", TEXT_VALUE("work_done", "检查"), TEXT_VALUE("result", "solved"));
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_buffer out;
    const char *text = render(s, &made.receipt, &out);
    assert_holds(text, "技术员 technician            -\n");
    assert_holds(text, "备件 parts: 无 none\n");
    assert_null(strstr(text, "客户"));
    cs_buffer_release(&out);
}

static void damaged_content_is_said(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    static const char *const snapshots[] = {"", "{", "{\"form\":\"other\"}"};
    for (size_t i = 0; i < CS_COUNT(snapshots); i++) {
        struct cs_arena arena;
        cs_arena_init(&arena, CS_MEBI);
        struct cs_stored_row row;
        assert_ok(cs_visit_load(s->f->replica, "receipt", &made.receipt, &arena, &row));
        row.values[cs_entity_field_index(row.entity, T("snapshot"))] =
            cs_value_text(T(snapshots[i]));
        row.values[cs_entity_field_index(row.entity, T("signed_at"))] = cs_value_integer(INT64_MAX);
        assert_ok(cs_row_store(cs_replica_tables(s->f->replica), &row));
        cs_arena_release(&arena);
        struct cs_buffer out;
        const char *text = render(s, &made.receipt, &out);
        assert_holds(text, "cannot be read");
        assert_holds(text, "李主任");
        assert_holds(text, "签字时间 signed at           -\n");
        cs_buffer_release(&out);
    }
}

static void survives_running_out_of_memory(void **state)
{
    struct site *s = *state;
    struct cs_id visit = worked_visit(s);
    struct cs_visit_signed made = sign_visit(s, &visit);
    struct cs_arena arena;
    cs_arena_init(&arena, CS_MEBI);
    struct cs_stored_row row;
    assert_ok(cs_visit_load(s->f->replica, "receipt", &made.receipt, &arena, &row));
    enum cs_status status = CS_NO_MEMORY;
    for (long n = 0; status != CS_OK && n < 20000; n++) {
        struct cs_buffer out;
        cs_buffer_init(&out, CS_MEBI);
        cs_memory_fail_after(n);
        status = cs_receipt_render(cs_registry_core(), &row, &out);
        cs_memory_fail_after(-1);
        assert_true(status == CS_OK || status == CS_NO_MEMORY);
        cs_buffer_release(&out);
    }
    assert_ok(status);
    cs_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VISIT_TEST(both_languages_stand_side_by_side),
        VISIT_TEST(the_snapshot_is_shown_not_the_present),
        VISIT_TEST(a_bare_receipt_is_readable),
        VISIT_TEST(damaged_content_is_said),
        VISIT_TEST(survives_running_out_of_memory),
    };
    return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
