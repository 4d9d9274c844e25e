/* One session with a PostgreSQL server, see session.h. */
#include "field-client/rotation/postgresql/session.h"

#include "field-client/rotation/helper.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SYSTEM_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"
/* No file has this name, so libpq finds none where it would otherwise look in the user's folder. */
#define NO_FILE "/dev/null/none"
#define INVALID_PASSWORD "28P01"
#define SQLSTATE_SIZE ((size_t)5)
/* The first libpq that can be told which kinds of login to take part in. */
#define REQUIRE_AUTH_VERSION 160000

/* --- what the request says ------------------------------------------------------------------------------------------ */

static void copy_text(char *out, size_t room, struct cs_bytes text)
{
    cs_require(text.size < room);
    if (text.size > 0) {
        memcpy(out, text.data, text.size);
    }
    out[text.size] = '\0';
}

static bool is_loopback(const char *host)
{
    uint8_t address[16];
    if (inet_pton(AF_INET, host, address) == 1) {
        return address[0] == 127;
    }
    return strcmp(host, "::1") == 0 || strcmp(host, "localhost") == 0;
}

static enum cs_status read_tls(const struct cs_rotation_request *request,
                               struct cs_postgresql_target *target, struct cs_problem *problem)
{
    struct cs_bytes tls = cs_rotation_option(request, "tls");
    if (tls.size == 0) {
        target->encrypted = !is_loopback(target->host);
    } else if (cs_bytes_equal_text(tls, "verify")) {
        target->encrypted = true;
    } else if (cs_bytes_equal_text(tls, "off")) {
        target->encrypted = false;
    } else {
        return cs_problem_set(problem, CS_INVALID, "option tls is neither verify nor off");
    }
    return CS_OK;
}

static enum cs_status read_login(const struct cs_rotation_request *request,
                                 struct cs_postgresql_target *target, struct cs_problem *problem)
{
    struct cs_bytes login = cs_rotation_option(request, "login");
    target->scram_only = login.size == 0 || cs_bytes_equal_text(login, "scram");
    if (!target->scram_only && !cs_bytes_equal_text(login, "any")) {
        return cs_problem_set(problem, CS_INVALID, "option login is neither scram nor any");
    }
    return CS_OK;
}

static enum cs_status read_database(const struct cs_rotation_request *request,
                                    struct cs_postgresql_target *target, struct cs_problem *problem)
{
    struct cs_bytes database = cs_rotation_option(request, "database");
    if (database.size > CS_ROTATION_NAME_MAX) {
        return cs_problem_set(problem, CS_INVALID, "option database is too long");
    }
    copy_text(target->database, sizeof target->database,
              database.size > 0 ? database : cs_bytes_of_text("postgres"));
    return CS_OK;
}

/* libpq wants a file: one in memory, that no folder names. */
static enum cs_status read_authority(const struct cs_rotation_request *request,
                                     struct cs_postgresql_target *target,
                                     struct cs_problem *problem)
{
    struct cs_bytes ca = cs_rotation_option(request, "ca");
    (void)snprintf(target->ca_path, sizeof target->ca_path, SYSTEM_AUTHORITIES);
    if (ca.size == 0) {
        return CS_OK;
    }
    target->ca_file = memfd_create("ca", MFD_CLOEXEC);
    if (target->ca_file < 0 || write(target->ca_file, ca.data, ca.size) != (ssize_t)ca.size) {
        return cs_problem_set(problem, CS_IO, "the certificate of the authority cannot be kept");
    }
    (void)snprintf(target->ca_path, sizeof target->ca_path, "/proc/self/fd/%d", target->ca_file);
    return CS_OK;
}

enum cs_status cs_postgresql_target_init(const struct cs_world *world,
                                         const struct cs_rotation_request *request,
                                         int64_t deadline_ms, struct cs_postgresql_target *out,
                                         struct cs_problem *problem)
{
    struct cs_postgresql_target target = {
        .world = world, .deadline_ms = deadline_ms, .ca_file = -1};
    copy_text(target.host, sizeof target.host, request->host);
    copy_text(target.user, sizeof target.user, request->user);
    (void)snprintf(target.port, sizeof target.port, "%u",
                   request->port == 0 ? 5432u : (unsigned)request->port);
    enum cs_status status = read_tls(request, &target, problem);
    status = status == CS_OK ? read_login(request, &target, problem) : status;
    status = status == CS_OK ? read_database(request, &target, problem) : status;
    status = status == CS_OK ? read_authority(request, &target, problem) : status;
    if (status != CS_OK) {
        cs_postgresql_target_release(&target);
        return status;
    }
    *out = target;
    return CS_OK;
}

void cs_postgresql_target_release(struct cs_postgresql_target *target)
{
    if (target->ca_file >= 0) {
        (void)close(target->ca_file);
    }
    target->ca_file = -1;
}

/* --- logging in ----------------------------------------------------------------------------------------------------- */

/* Notices would go to standard error. */
static void no_notice(void *context, const char *text)
{
    (void)context;
    (void)text;
}

#define SETTINGS_MAX ((size_t)20)

struct settings {
    const char *names[SETTINGS_MAX + 1];
    const char *values[SETTINGS_MAX + 1];
    size_t count;
};

static void set(struct settings *settings, const char *name, const char *value)
{
    cs_require(settings->count < SETTINGS_MAX);
    settings->names[settings->count] = name;
    settings->values[settings->count++] = value;
}

/* Channel binding: the login is worth nothing to anyone between us and the server, whatever certificate he has. */
static void set_encryption(const struct cs_postgresql_target *target, struct settings *settings)
{
    bool binding = target->encrypted && target->scram_only;
    set(settings, "sslmode", target->encrypted ? "verify-full" : "disable");
    set(settings, "sslrootcert", target->ca_path);
    set(settings, "sslcert", NO_FILE);
    set(settings, "sslcrl", NO_FILE);
    set(settings, "gssencmode", "disable");
    set(settings, "channel_binding", binding ? "require" : "prefer");
    if (target->scram_only && PQlibVersion() >= REQUIRE_AUTH_VERSION) {
        set(settings, "require_auth", "scram-sha-256");
    }
}

static PGconn *begin_session(const struct cs_postgresql_target *target, const char *password)
{
    struct settings settings = {.count = 0};
    set(&settings, "host", target->host);
    set(&settings, "port", target->port);
    set(&settings, "user", target->user);
    set(&settings, "password", password);
    set(&settings, "passfile", NO_FILE);
    set(&settings, "dbname", target->database);
    set(&settings, "client_encoding", "UTF8");
    set(&settings, "application_name", "countersign");
    set_encryption(target, &settings);
    PGconn *session = PQconnectStartParams(settings.names, settings.values, 0);
    if (session != NULL) {
        /* With the code of the failure in the text: the only way to get it before a session stands. */
        (void)PQsetErrorVerbosity(session, PQERRORS_VERBOSE);
        (void)PQsetNoticeProcessor(session, no_notice, NULL);
    }
    return session;
}

bool cs_postgresql_await(const struct cs_postgresql_target *target, const PGconn *session,
                         short events)
{
    struct pollfd file = {PQsocket(session), events, 0};
    int wait_ms = cs_rotation_left_ms(target->world, target->deadline_ms);
    return wait_ms > 0 && file.fd >= 0 && poll(&file, 1, wait_ms) != 0;
}

/* False when the time is over. */
static bool finish_login(const struct cs_postgresql_target *target, PGconn *session)
{
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    while (step != PGRES_POLLING_OK && step != PGRES_POLLING_FAILED) {
        if (!cs_postgresql_await(target, session,
                                 step == PGRES_POLLING_READING ? POLLIN : POLLOUT)) {
            return false;
        }
        step = PQconnectPoll(session);
    }
    return true;
}

/* "…: FATAL:  28P01: …": the first code in the text is the server's. */
static bool is_denial(const char *text)
{
    for (const char *at = strstr(text, ":  "); at != NULL; at = strstr(at + 1, ":  ")) {
        const char *code = at + 3;
        if (strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == SQLSTATE_SIZE &&
            code[SQLSTATE_SIZE] == ':') {
            return strncmp(code, INVALID_PASSWORD, SQLSTATE_SIZE) == 0;
        }
    }
    return false;
}

/* Without the place in the server's source, which comes in the last line. */
static void take_text(const PGconn *session, struct cs_problem *problem)
{
    const char *text = PQerrorMessage(session);
    const char *end = strstr(text, "\nLOCATION:");
    int size = end != NULL ? (int)(end - text) : (int)strlen(text);
    (void)cs_problem_set(problem, CS_OK, "%.*s", size, text);
}

enum cs_rotation_login cs_postgresql_login(const struct cs_postgresql_target *target,
                                           const char *password, PGconn **out_session,
                                           struct cs_problem *problem)
{
    enum cs_rotation_login login = CS_LOGIN_UNCLEAR;
    PGconn *session = begin_session(target, password);
    if (session == NULL) {
        (void)cs_problem_set(problem, CS_NO_MEMORY, "out of memory");
        return CS_LOGIN_UNCLEAR;
    }
    if (PQstatus(session) != CONNECTION_BAD && !finish_login(target, session)) {
        (void)cs_problem_set(problem, CS_TIMEOUT, "no answer from the server in time");
    } else if (PQstatus(session) != CONNECTION_OK) {
        take_text(session, problem);
        login = is_denial(PQerrorMessage(session)) ? CS_LOGIN_DENIED : CS_LOGIN_UNCLEAR;
    } else if (PQconnectionUsedPassword(session) == 0) {
        (void)cs_problem_set(problem, CS_INVALID,
                             "the server lets this role in without asking for a password");
    } else {
        *out_session = session;
        return CS_LOGIN_ACCEPTED;
    }
    PQfinish(session);
    return login;
}
