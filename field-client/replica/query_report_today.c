/* What a technician has before him, see query_report.h. */
#include "field-client/replica/query_report.h"

/* As cs_work_order_is_open has it. */
static const struct cs_report orders = {
    .name = "work_orders",
    .title_zh = "待处理派工单",
    .title_en = "open work orders",
    .sql =
        "o AS (SELECT w.* FROM p, work_order AS w WHERE w._deleted = 0 AND w.technician = me AND "
        "w.status IN ('assigned', 'accepted', 'travelling', 'on_site')) "
        "SELECT o.id, o.number, o.planned_start, o.status, r.priority, r.id, r.reported_fault, "
        "o.instruction, r.respond_by, c.id, c.name, s.id, s.name, coalesce(s.address, c.address), "
        "coalesce(r.contact, s.contact), coalesce(r.contact_phone, s.phone, c.phone) "
        "FROM o LEFT JOIN service_request AS r ON r.id = o.request AND r._deleted = 0 "
        "LEFT JOIN site AS s ON s.id = r.site AND s._deleted = 0 "
        "LEFT JOIN customer AS c ON c.id = coalesce(r.customer, s.customer) AND c._deleted = 0 "
        "ORDER BY o.planned_start NULLS LAST, o.id LIMIT 200",
    .columns = {{"id", "", "", CS_FIELD_REFERENCE, NULL, NULL},
                {"number", "派工单号", "number", CS_FIELD_TEXT, NULL, NULL},
                {"planned_start", "计划上门时间", "planned start", CS_FIELD_INSTANT, NULL, NULL},
                {"status", "状态", "status", CS_FIELD_CHOICE, "work_order", "status"},
                {"priority", "优先级", "priority", CS_FIELD_CHOICE, "service_request", "priority"},
                {"request", "", "", CS_FIELD_REFERENCE, NULL, NULL},
                {"reported_fault", "申报故障", "reported fault", CS_FIELD_TEXT, NULL, NULL},
                {"instruction", "派工说明", "instruction", CS_FIELD_TEXT, NULL, NULL},
                {"respond_by", "响应期限", "respond by", CS_FIELD_INSTANT, NULL, NULL},
                {"customer", "", "", CS_FIELD_REFERENCE, NULL, NULL},
                {"customer_name", "客户", "customer", CS_FIELD_TEXT, NULL, NULL},
                {"site", "", "", CS_FIELD_REFERENCE, NULL, NULL},
                {"site_name", "现场", "site", CS_FIELD_TEXT, NULL, NULL},
                {"address", "地址", "address", CS_FIELD_TEXT, NULL, NULL},
                {"contact", "联系人", "contact", CS_FIELD_TEXT, NULL, NULL},
                {"phone", "联系电话", "phone", CS_FIELD_TEXT, NULL, NULL}},
};

/* A visit is finished when its technician has left (visit finish). */
static const struct cs_report visits = {
    .name = "visits",
    .title_zh = "未结束的上门服务",
    .title_en = "visits that are not finished",
    .sql = "v AS (SELECT visit.* FROM p, visit WHERE visit._deleted = 0 AND visit.technician = me "
           "AND visit.left_at IS NULL) "
           "SELECT v.id, v.work_order, w.number, c.name, v.departed_at, v.arrived_at, v.result, "
           "(SELECT count(*) FROM receipt WHERE receipt.visit = v.id AND receipt._deleted = 0) > 0 "
           "FROM v LEFT JOIN work_order AS w ON w.id = v.work_order "
           "LEFT JOIN service_request AS r ON r.id = w.request "
           "LEFT JOIN site AS s ON s.id = r.site "
           "LEFT JOIN customer AS c ON c.id = coalesce(r.customer, s.customer) "
           "ORDER BY v.id DESC LIMIT 200",
    .columns = {{"id", "", "", CS_FIELD_REFERENCE, NULL, NULL},
                {"work_order", "", "", CS_FIELD_REFERENCE, NULL, NULL},
                {"number", "派工单号", "number", CS_FIELD_TEXT, NULL, NULL},
                {"customer_name", "客户", "customer", CS_FIELD_TEXT, NULL, NULL},
                {"departed_at", "出发时间", "departed at", CS_FIELD_INSTANT, NULL, NULL},
                {"arrived_at", "到达时间", "arrived at", CS_FIELD_INSTANT, NULL, NULL},
                {"result", "处理结果", "result", CS_FIELD_CHOICE, "visit", "result"},
                {"signed", "已签字", "signed", CS_FIELD_BOOLEAN, NULL, NULL}},
};

const struct cs_report *const *cs_report_today(void)
{
    static const struct cs_report *const list[] = {&orders, &visits, NULL};
    return list;
}
