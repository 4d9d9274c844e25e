/*
 * News for a page: text/event-stream (HTML standard, server-sent events), for as long as it listens.
 *
 * An event at once, and one whenever it has changed; a comment when nothing was said for a while, by which a page that is gone is noticed.
 */
#include "field-client/api/api_internal.h"

#include "field-client/replica/identity.h"
#include "shared/base/memory.h"

#include <stdio.h>
#include <unistd.h>

/* So often it is looked whether the listener ends. */
#define LOOK_MS 1000
#define SILENCE_LOOKS_MAX 15
#define ROOM ((size_t)1024)

struct listening {
    struct cs_api *api;
    struct cs_agent_view seen;
    bool told; /* once */
    bool joined;
};

static bool has_joined(const struct cs_api *api)
{
    char path[CS_HOME_PATH_MAX + sizeof "/" CS_IDENTITY_FILE];
    (void)snprintf(path, sizeof path, "%s/" CS_IDENTITY_FILE, api->setting.home);
    return access(path, F_OK) == 0;
}

static const char *word(bool yes)
{
    return yes ? "true" : "false";
}

static ssize_t tell(struct listening *listening, char *out, size_t size)
{
    int count =
        snprintf(out, size,
                 "event: state\ndata: {\"unlocked\":%s,\"joined\":%s,\"syncing\":%s,"
                 "\"generation\":%llu}\n\n",
                 word(listening->seen.unlocked), word(listening->joined),
                 word(listening->seen.syncing), (unsigned long long)listening->seen.generation);
    listening->told = true;
    return count > 0 && (size_t)count < size ? (ssize_t)count : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* Whatever is seen first is news. */
static bool has_changed(struct listening *listening)
{
    struct cs_agent_view now;
    struct cs_agent *agent = listening->api->setting.agent;
    bool changed = true;
    if (listening->told) {
        changed = cs_agent_watch(agent, &listening->seen, LOOK_MS, &now);
    } else {
        cs_agent_look(agent, &now);
    }
    bool joined = has_joined(listening->api);
    changed = changed || joined != listening->joined;
    listening->seen = now;
    listening->joined = joined;
    return changed;
}

static ssize_t read_news(void *context, uint64_t position, char *out, size_t size)
{
    struct listening *listening = context;
    (void)position;
    for (int i = 0; i < SILENCE_LOOKS_MAX; i++) {
        if (atomic_load(&listening->api->stopping)) {
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
        if (has_changed(listening)) {
            return tell(listening, out, size);
        }
    }
    return snprintf(out, size, ":\n\n");
}

static void end(void *context)
{
    cs_free(context);
}

enum MHD_Result cs_api_handle_events(struct cs_api *api, struct MHD_Connection *connection,
                                     struct cs_api_request *request)
{
    (void)request;
    struct listening *listening = cs_alloc_zero(1, sizeof *listening);
    if (listening == NULL) {
        return MHD_NO;
    }
    listening->api = api;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, ROOM, read_news, listening, end);
    if (response == NULL) {
        cs_free(listening);
        return MHD_NO;
    }
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream") !=
        MHD_YES) {
        MHD_destroy_response(response);
        return MHD_NO;
    }
    (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    return cs_api_send(connection, MHD_HTTP_OK, response);
}
