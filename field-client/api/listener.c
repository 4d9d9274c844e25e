/* The listener: which requests are taken, and by whom they are answered; see api.h. */
#include "field-client/api/api_internal.h"

#include "field-client/api/variables.h"
#include "shared/base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A head has the words of a command in it, each letter as up to nine. */
#define HEAD_MAX (256 * CS_KIBI)
#define CONNECTIONS_MAX 40U
#define WAITING_MAX 16
#define STACK_SIZE ((size_t)(512 * CS_KIBI))
#define TYPED_MAX (16 * CS_KIBI)

static const struct cs_api_route routes[] = {
    {"POST", "/api/session", true, CS_KIBI, cs_api_handle_session},
    {"POST", "/api/command", false, CS_ATTACHMENT_SIZE_MAX, cs_api_handle_command},
    {"POST", "/api/join", false, TYPED_MAX, cs_api_handle_join},
    {"POST", "/api/passphrase", false, TYPED_MAX, cs_api_handle_passphrase},
    {"GET", "/api/events", false, 0, cs_api_handle_events},
};
/* Everything else is one of the program's pages, or nothing. */
static const struct cs_api_route pages = {"GET", "/", true, 0, cs_api_handle_page};

/* ---- taking a request ---- */

static bool is_api(const char *path)
{
    return strncmp(path, "/api/", 5) == 0;
}

static enum MHD_Result refuse_path(struct MHD_Connection *connection, const char *path)
{
    char text[CS_PROBLEM_TEXT_MAX];
    for (size_t i = 0; i < CS_COUNT(routes); i++) {
        if (strcmp(routes[i].path, path) == 0) {
            (void)snprintf(text, sizeof text, "%s takes %s", path, routes[i].method);
            return cs_api_refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, CS_INVALID, text);
        }
    }
    return cs_api_refuse(connection, MHD_HTTP_NOT_FOUND, CS_NOT_FOUND, "there is nothing here");
}

static const struct cs_api_route *find_route(const char *method, const char *path)
{
    if (!is_api(path) && strcmp(method, "GET") == 0) {
        return &pages;
    }
    for (size_t i = 0; i < CS_COUNT(routes); i++) {
        if (strcmp(routes[i].method, method) == 0 && strcmp(routes[i].path, path) == 0) {
            return &routes[i];
        }
    }
    return NULL;
}

/* The head is there. MHD_YES without an answer: what follows it is taken. */
static enum MHD_Result begin(struct cs_api *api, struct MHD_Connection *connection,
                             const char *method, const char *path, void **state)
{
    if (!cs_api_is_own(api, connection, method, path)) {
        return cs_api_refuse(connection, MHD_HTTP_FORBIDDEN, CS_DENIED,
                             "only the program's own pages may ask here");
    }
    const struct cs_api_route *route = find_route(method, path);
    if (route == NULL) {
        return refuse_path(connection, path);
    }
    if (!route->open && !cs_api_has_bearer(api, connection)) {
        return cs_api_refuse(connection, MHD_HTTP_UNAUTHORIZED, CS_DENIED,
                             "this page is not signed on: open it with countersign ui");
    }
    struct cs_api_request *request = cs_alloc_zero(1, sizeof *request);
    if (request == NULL) {
        return MHD_NO;
    }
    request->route = route;
    request->path = path;
    request->body = cs_api_file("request");
    *state = request;
    return request->body < 0 ? MHD_NO : MHD_YES;
}

static void take(struct cs_api_request *request, const char *data, size_t size)
{
    request->too_large = request->too_large || size > request->route->body_max - request->size;
    while (!request->too_large && size > 0) {
        ssize_t count = write(request->body, data, size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) { /* memory is out */
            request->too_large = true;
            return;
        }
        data += count;
        size -= (size_t)count;
        request->size += (uint64_t)count;
    }
}

static enum MHD_Result answer(struct cs_api *api, struct MHD_Connection *connection,
                              struct cs_api_request *request)
{
    if (request->too_large) {
        return cs_api_refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, CS_LIMIT,
                             "what came with the request is too large");
    }
    if (lseek(request->body, 0, SEEK_SET) != 0) {
        return MHD_NO;
    }
    return request->route->handle(api, connection, request);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **state)
{
    struct cs_api *api = context;
    (void)version;
    if (*state == NULL) {
        return begin(api, connection, method, path, state);
    }
    if (*size > 0) {
        take(*state, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return answer(api, connection, *state);
}

static void complete(void *context, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode how)
{
    struct cs_api_request *request = *state;
    (void)context;
    (void)connection;
    (void)how;
    if (request != NULL && request->body >= 0) {
        (void)close(request->body);
    }
    cs_free(request);
    *state = NULL;
}

/* ---- its life ---- */

/* A socket that listens on a free port of 127.0.0.1, or -1. */
static int listen_on_loopback(uint16_t *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr *generic = (struct sockaddr *)(void *)&address;
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener >= 0 && bind(listener, generic, size) == 0 && listen(listener, WAITING_MAX) == 0 &&
        getsockname(listener, generic, &size) == 0) {
        *out_port = ntohs(address.sin_port);
        return listener;
    }
    if (listener >= 0) {
        (void)close(listener);
    }
    return -1;
}

/* The daemon has the socket then, and closes it. */
static bool start(struct cs_api *api)
{
    uint16_t port = 0;
    int listener = listen_on_loopback(&port);
    if (listener < 0) {
        return false;
    }
    (void)snprintf(api->own_host, sizeof api->own_host, "127.0.0.1:%u", (unsigned)port);
    (void)snprintf(api->own_origin, sizeof api->own_origin, "http://%s", api->own_host);
    api->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
            MHD_USE_ITC,
        0, NULL, NULL, handle, api, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_NOTIFY_COMPLETED,
        complete, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        CS_API_SECONDS_MAX, MHD_OPTION_THREAD_STACK_SIZE, STACK_SIZE, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_END);
    if (api->daemon == NULL) {
        (void)close(listener);
    }
    return api->daemon != NULL;
}

enum cs_status cs_api_create(const struct cs_api_setting *setting, struct cs_api **out,
                             struct cs_problem *problem)
{
    struct cs_api *api = cs_alloc_zero(1, sizeof *api);
    if (api == NULL) {
        return CS_NO_MEMORY;
    }
    if (pthread_mutex_init(&api->joining, NULL) != 0) {
        cs_free(api);
        return CS_NO_MEMORY;
    }
    api->setting = *setting;
    enum cs_status status = cs_api_session_create(setting->world, &api->session);
    api->chinese = cs_api_variables_create("LANG=zh_CN.UTF-8");
    api->english = cs_api_variables_create("LANG=en_US.UTF-8");
    if (status == CS_OK && (api->chinese == NULL || api->english == NULL)) {
        status = CS_NO_MEMORY;
    }
    if (status == CS_OK && !start(api)) {
        status = cs_problem_set(problem, CS_IO, "no port of 127.0.0.1 can be listened on");
    }
    if (status != CS_OK) {
        cs_api_destroy(api);
        return status;
    }
    *out = api;
    return CS_OK;
}

enum cs_status cs_api_address(struct cs_api *api, char out[static CS_HOST_ADDRESS_SIZE])
{
    char token[CS_API_KEY_TEXT_SIZE];
    enum cs_status status = cs_api_session_token(api->session, token);
    if (status == CS_OK) {
        (void)snprintf(out, CS_HOST_ADDRESS_SIZE, "%s/#token=%s", api->own_origin, token);
    }
    cs_wipe(token, sizeof token);
    return status;
}

void cs_api_destroy(struct cs_api *api)
{
    if (api == NULL) {
        return;
    }
    atomic_store(&api->stopping, true);
    if (api->daemon != NULL) {
        MHD_stop_daemon(api->daemon);
    }
    cs_free(api->chinese);
    cs_free(api->english);
    cs_api_session_destroy(api->session);
    (void)pthread_mutex_destroy(&api->joining);
    cs_free(api);
}
