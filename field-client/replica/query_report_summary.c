/* The reports of a dashboard (requirements B14 and what an office asks every morning), see query_report.h. */
#include "field-client/replica/query_report.h"

/* An instant is milliseconds × 4096 + offset in minutes + 2048 (shared/base/text.h). */
#define MS(instant) "(" instant " >> 12)"
#define LOCAL_DAY(instant)                                                                         \
    "((" instant " >> 12) + ((" instant " & 4095) - 2048) * 60000) / 86400000"
#define AGE_OF(ms)                                                                                 \
    "CASE WHEN " ms " >= now - 86400000 THEN 0 WHEN " ms " >= now - 3 * 86400000 THEN 1 "          \
    "WHEN " ms " >= now - 7 * 86400000 THEN 2 WHEN " ms                                            \
    " >= now - 30 * 86400000 THEN 3 ELSE 4 END"
#define AGE_OF_ID                                                                                  \
    "CASE WHEN id >= d1 THEN 0 WHEN id >= d3 THEN 1 WHEN id >= d7 THEN 2 WHEN id >= d30 THEN 3 "   \
    "ELSE 4 END"

static const struct cs_report visits_per_day = {
    .name = "visits_per_day",
    .title_zh = "近30天每日上门次数",
    .title_en = "visits per day, last 30 days",
    .sql = "days (day) AS (SELECT (now + shift) / 86400000 - 29 FROM p UNION ALL "
           "SELECT day + 1 FROM days, p WHERE day < (now + shift) / 86400000), "
           "made (day, visits) AS (SELECT " LOCAL_DAY(
               "arrived_at") ", count(*) FROM visit "
                             "WHERE _deleted = 0 AND arrived_at IS NOT NULL GROUP BY 1) "
                             "SELECT days.day, coalesce(made.visits, 0) FROM days LEFT JOIN made "
                             "ON made.day = days.day ORDER BY 1",
    .columns = {{"day", "日期", "day", CS_FIELD_DATE, NULL, NULL},
                {"visits", "上门次数", "visits", CS_FIELD_INTEGER, NULL, NULL}},
};

/* A work order is as old as its row, a request since it was received, or else as its row. */
static const struct cs_report open_by_age = {
    .name = "open_by_age",
    .title_zh = "未完成(按时长)",
    .title_en = "open, by age",
    .sql = "ages (at, age) AS (VALUES (0, 'under_1_day'), (1, 'under_3_days'), (2, "
           "'under_7_days'), (3, 'under_30_days'), (4, 'older')), "
           "o (age) AS (SELECT " AGE_OF_ID " FROM p, work_order WHERE _deleted = 0 AND status IN "
           "('assigned', 'accepted', 'travelling', 'on_site')), "
           "r (age) AS (SELECT CASE WHEN received_at IS NULL THEN " AGE_OF_ID " ELSE " AGE_OF(
               MS("received_at")) " END FROM p, service_request WHERE _deleted = 0 AND "
                                  "coalesce(status, 'new') NOT IN ('resolved', 'closed')) "
                                  "SELECT age, (SELECT count(*) FROM o WHERE o.age = at), "
                                  "(SELECT count(*) FROM r WHERE r.age = at) FROM ages ORDER BY at",
    .columns = {{"age", "时长", "age", CS_FIELD_CHOICE, NULL, NULL},
                {"work_orders", "派工单", "work orders", CS_FIELD_INTEGER, NULL, NULL},
                {"requests", "服务申报", "requests", CS_FIELD_INTEGER, NULL, NULL}},
};

/* B14: within 24 hours of the customer's request somebody is there. */
static const struct cs_report response = {
    .name = "response",
    .title_zh = "24小时内到场(近30天申报)",
    .title_en = "arrival within 24 hours, requests of the last 30 days",
    .shape = CS_REPORT_ONE_ROW,
    .sql = "arrived (request, ms) AS (SELECT w.request, min(" MS(
        "v.arrived_at") ") FROM visit AS v "
                        "JOIN work_order AS w ON w.id = v.work_order WHERE v._deleted = 0 AND "
                        "w._deleted = 0 "
                        "AND w.request IS NOT NULL AND v.arrived_at IS NOT NULL GROUP BY 1), "
                        "r (due, ms, now) AS (SELECT " MS(
                            "q.received_at") " + 86400000, arrived.ms, now FROM p, "
                                             "service_request AS q LEFT JOIN arrived ON "
                                             "arrived.request = q.id WHERE q._deleted = 0 "
                                             "AND " MS(
                                                 "q.received_at") " >= since) "
                                                                  "SELECT count(*), count(*) "
                                                                  "FILTER (WHERE ms <= due), "
                                                                  "count(*) FILTER (WHERE "
                                                                  "coalesce(ms, now) > due), "
                                                                  "count(*) FILTER (WHERE ms IS "
                                                                  "NULL AND now <= due) FROM r",
    .columns = {{"requests", "申报", "requests", CS_FIELD_INTEGER, NULL, NULL},
                {"within", "按时到场", "in time", CS_FIELD_INTEGER, NULL, NULL},
                {"late", "超时", "late", CS_FIELD_INTEGER, NULL, NULL},
                {"waiting", "尚在时限内", "still in time", CS_FIELD_INTEGER, NULL, NULL}},
};

static const struct cs_report first_time_fix = {
    .name = "first_time_fix",
    .title_zh = "首次上门解决(近30天)",
    .title_en = "solved at the first visit, last 30 days",
    .shape = CS_REPORT_ONE_ROW,
    .sql = "ranked (result, ms, place) AS (SELECT result, " MS(
        "arrived_at") ", row_number() OVER "
                      "(PARTITION BY work_order ORDER BY " MS(
                          "arrived_at") " NULLS LAST, id) FROM visit "
                                        "WHERE _deleted = 0 AND work_order IS NOT NULL) "
                                        "SELECT count(*), count(*) FILTER (WHERE result = "
                                        "'solved') FROM ranked, p "
                                        "WHERE place = 1 AND result IS NOT NULL AND ms >= since",
    .columns = {{"work_orders", "派工单", "work orders", CS_FIELD_INTEGER, NULL, NULL},
                {"solved", "首次解决", "solved", CS_FIELD_INTEGER, NULL, NULL}},
};

static const struct cs_report parts_used = {
    .name = "parts_used",
    .title_zh = "近30天用量最多的备件",
    .title_en = "parts used most, last 30 days",
    .sql = "used (part, quantity) AS (SELECT part, sum(quantity) FROM stock_movement, p "
           "WHERE _deleted = 0 AND reason = 'used' AND part IS NOT NULL AND "
           "CASE WHEN moved_at IS NULL THEN id >= d30 ELSE " MS(
               "moved_at") " >= since END "
                           "GROUP BY 1) "
                           "SELECT used.part, part.code, part.name, used.quantity, part.unit FROM "
                           "used "
                           "JOIN part ON part.id = used.part ORDER BY used.quantity DESC, "
                           "part.code LIMIT 10",
    .columns = {{"part", "备件", "part", CS_FIELD_REFERENCE, NULL, NULL},
                {"code", "编码", "code", CS_FIELD_TEXT, NULL, NULL},
                {"name", "名称", "name", CS_FIELD_TEXT, NULL, NULL},
                {"quantity", "数量", "quantity", CS_FIELD_INTEGER, NULL, NULL},
                {"unit", "单位", "unit", CS_FIELD_TEXT, NULL, NULL}},
};

const struct cs_report *const *cs_report_summary(void)
{
    static const struct cs_report *const list[] = {&visits_per_day, &open_by_age, &response,
                                                   &first_time_fix, &parts_used,  NULL};
    return list;
}
