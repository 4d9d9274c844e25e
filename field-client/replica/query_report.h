/*
 * What a dashboard shows, and what a technician has before him today: reports, each one statement of SQL over the view (query_report.c).
 *
 * A day is one of this laptop's clock; that of a visit is the one that its author's clock showed.
 */
#ifndef CS_REPLICA_QUERY_REPORT_H
#define CS_REPLICA_QUERY_REPORT_H

#include "field-client/replica/replica.h"

#define CS_REPORT_COLUMNS_MAX ((size_t)18)
#define CS_REPORT_DAYS 30

struct cs_report_column {
    const char *name; /* in JSON */
    const char *label_zh;
    const char *label_en;
    enum cs_field_type type; /* references: ids, which no table shows */
    const char *entity;      /* of a choice: whose field of what name it is; else NULL */
    const char *field;
};
enum cs_report_shape { CS_REPORT_LIST, CS_REPORT_ONE_ROW };
struct cs_report {
    const char *name; /* in JSON */
    const char *title_zh;
    const char *title_en;
    enum cs_report_shape shape;
    const char *sql; /* behind WITH RECURSIVE and what query_report.c defines there */
    struct cs_report_column columns[CS_REPORT_COLUMNS_MAX]; /* until one without a name */
};

/* Static lists that end with NULL. */
const struct cs_report *const *cs_report_summary(void);
const struct cs_report *const *cs_report_today(void);

/* One value for each column, valid during the call only. */
typedef enum cs_status cs_report_visitor(void *context, const struct cs_report *report,
                                         const struct cs_value *values);
enum cs_status cs_query_report(struct cs_replica *replica, const struct cs_report *report,
                               cs_report_visitor *visit, void *context) CS_MUST_USE;

#endif
