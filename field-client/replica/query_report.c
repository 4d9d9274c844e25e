/* Running reports, see query_report.h. The reports themselves: query_report_summary.c, query_report_today.c. */
#include "field-client/replica/query_report.h"

#include "field-client/replica/replica_internal.h"

#define DAY_MS INT64_C(86400000)
#define SQL_MAX (16 * CS_KIBI)

/*
 * p.now, p.shift (milliseconds that local time is ahead), p.since (the last days), p.me (the person's id); d1 to d30: the least id that is made
 * since so many days (ids begin with the time, shared/base/id.h).
 */
static const char parameters[] = "WITH RECURSIVE p (now, shift, since, me, d1, d3, d7, d30) AS "
                                 "(SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8), ";

static void first_id(int64_t ms, struct cs_id *out)
{
    *out = (struct cs_id){{0}};
    for (size_t i = 0; i < 6; i++) {
        out->bytes[i] = (uint8_t)(ms < 0 ? 0 : ms >> (40 - 8 * i));
    }
}

static void bind(struct cs_replica *replica, struct cs_statement *statement,
                 struct cs_id ids[static 4])
{
    static const int days[] = {1, 3, 7, CS_REPORT_DAYS};
    const struct cs_world *world = replica->world;
    int64_t now = world->wall_ms(world->context);
    const struct cs_certificate *own = cs_identity_certificate(replica->identity);
    cs_bind_integer(statement, 1, now);
    cs_bind_integer(statement, 2, (int64_t)world->offset_minutes(world->context) * 60000);
    cs_bind_integer(statement, 3, now - CS_REPORT_DAYS * DAY_MS);
    cs_bind_bytes(statement, 4, cs_id_bytes(&own->person));
    for (size_t i = 0; i < CS_COUNT(days); i++) {
        first_id(now - days[i] * DAY_MS, &ids[i]);
        cs_bind_bytes(statement, 5 + (int)i, cs_id_bytes(&ids[i]));
    }
}

static enum cs_status run(struct cs_statement *statement, const struct cs_report *report,
                          cs_report_visitor *visit, void *context)
{
    struct cs_value values[CS_REPORT_COLUMNS_MAX];
    enum cs_status status = CS_OK;
    bool more = true;
    while (status == CS_OK) {
        status = cs_statement_step(statement, &more);
        if (status != CS_OK || !more) {
            break;
        }
        for (int i = 0; i < cs_column_count(statement); i++) {
            values[i] = cs_column_value(statement, i);
        }
        status = visit(context, report, values);
    }
    cs_statement_done(statement);
    return status;
}

enum cs_status cs_query_report(struct cs_replica *replica, const struct cs_report *report,
                               cs_report_visitor *visit, void *context)
{
    struct cs_buffer sql;
    struct cs_statement *statement = NULL;
    struct cs_id ids[4];
    cs_buffer_init(&sql, SQL_MAX);
    cs_buffer_append_text(&sql, parameters);
    cs_buffer_append_text(&sql, report->sql);
    const char *text = cs_buffer_text(&sql);
    enum cs_status status =
        text == NULL ? sql.status : cs_statement_get(replica->database, text, &statement);
    if (status == CS_OK) {
        cs_require((size_t)cs_column_count(statement) <= CS_REPORT_COLUMNS_MAX);
        bind(replica, statement, ids);
        status = run(statement, report, visit, context);
    }
    cs_buffer_release(&sql);
    return status;
}
