/* A role's password on a PostgreSQL server, see postgresql.h. */
#include "field-client/rotation/postgresql/postgresql.h"

#include "field-client/rotation/postgresql/session.h"
#include "shared/base/memory.h"
#include "shared/crypto/secret.h"

#include <poll.h>
#include <string.h>

#define VERIFIER_PREFIX "SCRAM-SHA-256$"
#define STATEMENT_MAX ((size_t)4096)
/* The first server that knows SCRAM: an older one would take the verifier for a password. */
#define SERVER_VERSION_MIN 100000
#define COMPLETION_UNKNOWN "40003"

const char *const cs_postgresql_options[] = {"ca", "database", "login", "tls", NULL};

struct rotation {
    const struct cs_rotation_request *request;
    struct cs_postgresql_target target;
    PGconn *session; /* the one that is kept for the change */
};

/* libpq takes text with an end mark; in secret memory, as everything we hold of a password. */
static enum cs_status text_of(struct cs_bytes secret, struct cs_secret **out,
                              struct cs_problem *problem)
{
    if (memchr(secret.data, 0, secret.size) != NULL) {
        return cs_problem_set(problem, CS_INVALID, "no password of PostgreSQL has a zero byte");
    }
    enum cs_status status = cs_secret_create(secret.size + 1, out);
    if (status == CS_OK) {
        memcpy(cs_secret_data(*out), secret.data, secret.size);
        return CS_OK;
    }
    return cs_problem_set(problem, status, "%s", cs_status_text(status));
}

static const char *text_in(struct cs_secret *secret)
{
    return (const char *)cs_secret_data(secret);
}

static enum cs_rotation_login login(void *context, struct cs_bytes secret,
                                    enum cs_rotation_keep keep, struct cs_problem *problem)
{
    struct rotation *rotation = context;
    struct cs_secret *text = NULL;
    PGconn *session = NULL;
    if (text_of(secret, &text, problem) != CS_OK) {
        return CS_LOGIN_UNCLEAR;
    }
    enum cs_rotation_login result =
        cs_postgresql_login(&rotation->target, text_in(text), &session, problem);
    cs_secret_destroy(text);
    if (keep == CS_SESSION_KEEP) {
        rotation->session = session;
    } else {
        PQfinish(session);
    }
    return result;
}

/* --- the change ----------------------------------------------------------------------------------------------------- */

/* The statement with the verifier in place of the password. */
static enum cs_status make_statement(const struct rotation *rotation, struct cs_buffer *out,
                                     struct cs_problem *problem)
{
    struct cs_secret *text = NULL;
    enum cs_status status = text_of(rotation->request->new_secret, &text, problem);
    if (status != CS_OK) {
        return status;
    }
    char *verifier = PQencryptPasswordConn(rotation->session, text_in(text), rotation->target.user,
                                           "scram-sha-256");
    cs_secret_destroy(text);
    char *role =
        PQescapeIdentifier(rotation->session, rotation->target.user, strlen(rotation->target.user));
    char *literal =
        verifier == NULL ? NULL : PQescapeLiteral(rotation->session, verifier, strlen(verifier));
    if (role != NULL && literal != NULL &&
        strncmp(verifier, VERIFIER_PREFIX, strlen(VERIFIER_PREFIX)) == 0) {
        cs_buffer_append_format(out, "ALTER ROLE %s PASSWORD %s", role, literal);
        status = out->status;
    } else {
        status = CS_IO;
    }
    PQfreemem(verifier);
    PQfreemem(role);
    PQfreemem(literal);
    return status == CS_OK ? CS_OK
                           : cs_problem_set(problem, status, "the verifier cannot be computed");
}

/* The result that comes next, waited for until the deadline; NULL: none, or not in time. */
static PGresult *next_result(const struct rotation *rotation)
{
    PGconn *session = rotation->session;
    for (;;) {
        int unsent = PQflush(session);
        if (unsent < 0 || (unsent == 0 && PQisBusy(session) == 0)) {
            return PQgetResult(session);
        }
        short events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
        if (!cs_postgresql_await(&rotation->target, session, events)) {
            return NULL;
        }
        if (PQconsumeInput(session) == 0) {
            return PQgetResult(session);
        }
    }
}

/* Only an ERROR of the server in a session that goes on says that the change was undone. */
static enum cs_rotation_change by_error(const PGresult *result, struct cs_problem *problem)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (severity == NULL || code == NULL || text == NULL || strcmp(severity, "ERROR") != 0 ||
        strcmp(code, COMPLETION_UNKNOWN) == 0) {
        (void)cs_problem_set(problem, CS_OK, "the session ended before the server answered");
        return CS_CHANGE_UNCLEAR;
    }
    (void)cs_problem_set(problem, CS_OK, "the server did not change it: %s (%s)", text, code);
    return CS_CHANGE_REFUSED;
}

/* What the server says to the statement, up to the end of its answer. */
static enum cs_rotation_change take_results(const struct rotation *rotation,
                                            struct cs_problem *problem)
{
    PGresult *result = next_result(rotation);
    enum cs_rotation_change outcome = CS_CHANGE_UNCLEAR;
    if (result == NULL) {
        (void)cs_problem_set(problem, CS_OK, "no answer from the server in time");
    } else if (PQresultStatus(result) == PGRES_COMMAND_OK) {
        outcome = CS_CHANGE_DONE;
    } else {
        outcome = by_error(result, problem);
    }
    PQclear(result);
    if (outcome != CS_CHANGE_REFUSED) {
        return outcome;
    }
    /* NULL ends the answer, in a session that is in order. */
    result = next_result(rotation);
    bool ended = result == NULL && PQstatus(rotation->session) == CONNECTION_OK &&
                 PQtransactionStatus(rotation->session) == PQTRANS_IDLE;
    PQclear(result);
    return ended ? CS_CHANGE_REFUSED : CS_CHANGE_UNCLEAR;
}

static enum cs_rotation_change send_statement(const struct rotation *rotation,
                                              struct cs_problem *problem)
{
    if (PQserverVersion(rotation->session) < SERVER_VERSION_MIN) {
        (void)cs_problem_set(problem, CS_UNSUPPORTED,
                             "the server is older than PostgreSQL 10, which knows no SCRAM");
        return CS_CHANGE_NOT_SENT;
    }
    struct cs_buffer statement;
    enum cs_rotation_change outcome = CS_CHANGE_NOT_SENT;
    cs_buffer_init(&statement, STATEMENT_MAX);
    if (make_statement(rotation, &statement, problem) == CS_OK &&
        PQsetnonblocking(rotation->session, 1) == 0) {
        if (PQsendQuery(rotation->session, cs_buffer_text(&statement)) == 1) {
            outcome = take_results(rotation, problem);
        } else {
            (void)cs_problem_set(problem, CS_OK, "the session ended while the change was sent");
            outcome = CS_CHANGE_UNCLEAR;
        }
    }
    cs_buffer_release(&statement);
    return outcome;
}

static enum cs_rotation_change change(void *context, struct cs_problem *problem)
{
    struct rotation *rotation = context;
    enum cs_rotation_change outcome = send_statement(rotation, problem);
    PQfinish(rotation->session);
    rotation->session = NULL;
    return outcome;
}

enum cs_rotation_answer cs_postgresql_rotate(const struct cs_world *world,
                                             const struct cs_rotation_request *request,
                                             int64_t deadline_ms, struct cs_problem *problem)
{
    struct rotation rotation = {.request = request};
    struct cs_rotation_system system = {&rotation, login, change};
    enum cs_status status =
        cs_postgresql_target_init(world, request, deadline_ms, &rotation.target, problem);
    if (status != CS_OK) {
        return request->operation == CS_ROTATION_APPLY ? CS_ROTATION_FAILED : CS_ROTATION_UNKNOWN;
    }
    enum cs_rotation_answer answer = cs_rotation_conduct(request, &system, problem);
    PQfinish(rotation.session);
    cs_postgresql_target_release(&rotation.target);
    return answer;
}
