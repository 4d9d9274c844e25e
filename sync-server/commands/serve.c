/*
 * `serve`: the request core behind the listener, until it is told to stop.
 *
 * What must stay true: one process serves a folder (its lock), and the ready line is printed only when connections are
 * already taken.
 */
#include "sync-server/commands/bundle_service.h"
#include "sync-server/commands/folder.h"
#include "sync-server/commands/master_key.h"
#include "sync-server/listener/listener.h"

#include <signal.h>
#include <string.h>

#define LISTEN_DEFAULT "127.0.0.1:8443"
/* Requests of one commit, see commit below. */
#define BATCH_MAX ((size_t)64)

/* ---- the listener's service: the request core in its terms ---- */

static enum cs_status service_open(void *context, struct cs_bytes body, void **out_request)
{
    struct cs_server_request *request = NULL;
    enum cs_status status = cs_server_open_request(context, body, &request);
    if (status == CS_OK) {
        *out_request = request;
    }
    return status;
}

static void service_commit(void *context, void **requests, size_t count)
{
    struct cs_server_request *batch[BATCH_MAX];
    while (count > 0) {
        size_t size = count < BATCH_MAX ? count : BATCH_MAX;
        for (size_t i = 0; i < size; i++) {
            batch[i] = requests[i];
        }
        cs_server_commit(context, batch, size);
        requests += size;
        count -= size;
    }
}

static void service_upkeep(void *context)
{
    cs_server_upkeep(context);
}

static enum cs_status service_reply(void *context, void *request, struct cs_buffer *response)
{
    return cs_server_reply(context, request, response);
}

static void service_discard(void *context, void *request)
{
    (void)context;
    cs_server_discard(request);
}

/* ---- stopping ---- */

/*
 * The listener catches signals itself while it runs. A signal between the ready line and that moment would end the process
 * without a clean stop; a handler has no other way to what it must stop than a static variable.
 */
static struct cs_listener *volatile listener_to_stop;

static void on_early_signal(int number)
{
    (void)number;
    struct cs_listener *listener = listener_to_stop;
    if (listener != NULL) {
        cs_listener_stop(listener);
    }
}

static void catch_signals(struct cs_listener *listener)
{
    struct sigaction action = {.sa_handler = on_early_signal};
    listener_to_stop = listener;
    (void)sigemptyset(&action.sa_mask);
    cs_require(sigaction(SIGTERM, &action, NULL) == 0);
    cs_require(sigaction(SIGINT, &action, NULL) == 0);
}

static void release_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    listener_to_stop = NULL;
}

/* ---- the command ---- */

/* The address as it was asked for, with the real port. */
static enum cs_status announce(struct cs_admin *admin, const char *address, uint16_t port)
{
    const char *colon = strrchr(address, ':');
    int host = colon == NULL ? (int)strlen(address) : (int)(colon - address);
    enum cs_status status = CS_OK;
    if (admin->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "event", cs_admin_json_text("listening"));
        cs_json_set(json, "host", cs_json_text(cs_bytes_make(address, (size_t)host)));
        cs_json_set(json, "port", cs_json_integer(port));
        status = cs_admin_json(admin, json);
    } else {
        cs_admin_print(admin, "listening on %.*s:%u\n", host, address, (unsigned)port);
    }
    if (status == CS_OK && fflush(admin->around.out) != 0) {
        status = CS_IO;
    }
    return status;
}

static void log_sums(struct cs_admin *admin, const struct cs_listener *listener)
{
    struct cs_listener_counters sums;
    cs_listener_counters(listener, &sums);
    cs_log_event(admin->around.log, CS_LOG_INFO, "sums", CS_LOG_NUMBER("accepted", sums.accepted),
                 CS_LOG_NUMBER("requests", sums.requests), CS_LOG_NUMBER("batches", sums.batches),
                 CS_LOG_NUMBER("answers_ok", sums.answers_ok),
                 CS_LOG_NUMBER("answers_refused", sums.answers_refused),
                 CS_LOG_NUMBER("answers_failed", sums.answers_failed));
}

static enum cs_status listen_and_run(struct cs_admin *admin, struct cs_server *server,
                                     const char *address)
{
    const struct cs_tls_material *tls = cs_server_tls(server);
    struct cs_listener_options options = {
        .address = address, .tls_key = tls->key, .tls_certificate = tls->certificate};
    cs_listener_limits_default(&options.limits);
    if (options.limits.batch_requests_max > BATCH_MAX) {
        options.limits.batch_requests_max = BATCH_MAX;
    }
    const struct cs_listener_service service = {
        .context = server,
        .open = service_open,
        .commit = service_commit,
        .upkeep = service_upkeep,
        .reply = service_reply,
        .discard = service_discard,
    };
    struct cs_listener *listener = NULL;
    enum cs_status status =
        cs_listener_create(&options, &service, admin->around.log, &listener, &admin->problem);
    if (status == CS_INVALID) {
        struct cs_problem problem = admin->problem;
        return cs_admin_usage(admin, "%s", problem.text);
    }
    if (status != CS_OK) {
        return status;
    }
    catch_signals(listener);
    status = announce(admin, address, cs_listener_port(listener));
    if (status == CS_OK) {
        status = cs_listener_run(listener);
        log_sums(admin, listener);
    }
    release_signals();
    cs_listener_destroy(listener);
    return status;
}

static enum cs_status open_server(struct cs_admin *admin, const char *folder,
                                  struct cs_server **out)
{
    struct cs_secret *master_key = NULL;
    enum cs_status status = cs_master_key_load(admin, folder, &master_key);
    if (status != CS_OK) {
        return status;
    }
    struct cs_server_options options = {
        .world = admin->around.world,
        .folder = folder,
        .registry = admin->around.registry,
        .master_key = cs_secret_bytes(master_key),
        .log = admin->around.log,
    };
    status = cs_server_open(&options, out, &admin->problem);
    cs_secret_destroy(master_key);
    return status;
}

enum cs_status cs_admin_serve(struct cs_admin *admin)
{
    const char *address;
    enum cs_status status = cs_admin_option(admin, "--listen", &address);
    if (status == CS_OK) {
        status = cs_admin_expect(admin, 1);
    }
    if (status != CS_OK) {
        return status;
    }
    const char *folder = admin->arguments[0];
    int lock = -1;
    struct cs_server *server = NULL;
    status = cs_folder_check(folder, &admin->problem);
    if (status == CS_OK) {
        status = cs_folder_lock(folder, &lock, &admin->problem);
    }
    if (status == CS_OK) {
        status = open_server(admin, folder, &server);
    }
    struct cs_bundle_service *bundles = NULL;
    if (status == CS_OK) {
        status = cs_bundle_service_start(server, folder, &bundles, &admin->problem);
    }
    if (status == CS_OK) {
        status = listen_and_run(admin, server, address == NULL ? LISTEN_DEFAULT : address);
    }
    cs_bundle_service_stop(bundles);
    cs_server_close(server);
    cs_folder_unlock(lock);
    return status;
}
