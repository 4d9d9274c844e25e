/* What the files of this folder share: the listener, and one request while it is answered. Only they know libmicrohttpd. */
#ifndef CS_API_API_INTERNAL_H
#define CS_API_API_INTERNAL_H

#include "field-client/api/api.h"
#include "field-client/api/session.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#define CS_API_JSON "application/json"
/* A connection on which nothing happens ends, but while a command runs or news are listened to. */
#define CS_API_SECONDS_MAX 60U

struct cs_api {
    struct cs_api_setting setting;
    struct cs_api_session *session;
    struct MHD_Daemon *daemon;
    pthread_mutex_t joining; /* held by who joins: that runs outside the agent, and its turns */
    char own_host[sizeof "127.0.0.1:65535"];
    char own_origin[sizeof "http://127.0.0.1:65535"];
    char **chinese; /* variables of commands, see variables.h */
    char **english;
    atomic_bool stopping;
};

/* What follows the head of a request: kept by the kernel, under no name, and gone with its descriptor. */
struct cs_api_request {
    const struct cs_api_route *route;
    const char *path; /* the connection's */
    int body;
    uint64_t size;
    bool too_large;
};

typedef enum MHD_Result cs_api_handler(struct cs_api *api, struct MHD_Connection *connection,
                                       struct cs_api_request *request);

struct cs_api_route {
    const char *method;
    const char *path;
    bool open; /* without the bearer */
    uint64_t body_max;
    cs_api_handler *handle;
};

/* ---- guard.c ---- */
/* Is it meant for this listener, and from one of its own pages or from no page at all? Or a window that comes to the first page. */
bool cs_api_is_own(const struct cs_api *api, struct MHD_Connection *connection, const char *method,
                   const char *path);
bool cs_api_has_bearer(const struct cs_api *api, struct MHD_Connection *connection);

/* ---- answer.c ---- */
/* Adds what every answer has, queues it and gives it up. NULL: no memory, the connection ends. */
enum MHD_Result cs_api_send(struct MHD_Connection *connection, unsigned status,
                            struct MHD_Response *owned_response);
/* {"error": {"status", "text"}} */
enum MHD_Result cs_api_refuse(struct MHD_Connection *connection, unsigned http_status,
                              enum cs_status status, const char *text);
/* 200, {name: value}; what was copied for it is wiped. */
enum MHD_Result cs_api_tell(struct MHD_Connection *connection, const char *name, const char *value);

/* ---- the routes ---- */
cs_api_handler cs_api_handle_page;
cs_api_handler cs_api_handle_session;
cs_api_handler cs_api_handle_command;
cs_api_handler cs_api_handle_join;
cs_api_handler cs_api_handle_passphrase;
cs_api_handler cs_api_handle_events;

/* ---- body.c ---- */
/* An empty file without a name, or -1. */
int cs_api_file(const char *purpose);
/* All of it in secret memory, from its beginning. CS_MALFORMED: there is nothing. For routes with a small body_max. */
enum cs_status cs_api_body_secret(const struct cs_api_request *request,
                                  struct cs_secret **out) CS_MUST_USE;

#endif
