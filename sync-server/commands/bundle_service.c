/* Bundles beside a running server: the serving end, see bundle_service.h. */
#include "sync-server/commands/bundle_service.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* After a caller that could not be accepted. */
#define PAUSE_MS 200

struct cs_bundle_service {
    struct cs_server *server;
    int folder;
    int listening;
    int stop[2]; /* readable: to stop */
    pthread_t thread;
    pthread_mutex_t lock; /* of both below */
    int caller;           /* -1: none */
    bool stopping;
};

/* One command that is connected. */
struct caller {
    struct cs_bundle_service *service;
    int socket;
    struct cs_buffer request;
    struct cs_buffer answer;
    struct cs_bundle_export *export;
};

static enum cs_status answer_names(struct caller *caller)
{
    uint8_t organisation[CS_HASH_SIZE];
    uint8_t identity[CS_HASH_SIZE];
    enum cs_status status = cs_server_bundle_names(caller->service->server, organisation, identity);
    if (status == CS_OK) {
        cs_buffer_append(&caller->answer, organisation, sizeof organisation);
        cs_buffer_append(&caller->answer, identity, sizeof identity);
        status = caller->answer.status;
    }
    return status;
}

static enum cs_status answer_take(struct caller *caller, struct cs_bytes part)
{
    struct cs_arena arena;
    struct cs_bundle_taken taken = {.status = CS_OK};
    cs_arena_init(&arena, CS_MESSAGE_ARENA_MAX);
    enum cs_status status =
        cs_server_take_bundle_part(caller->service->server, part, &arena, &taken);
    cs_bundle_taken_write(status, &taken, &caller->answer);
    cs_arena_release(&arena);
    return caller->answer.status;
}

static enum cs_status answer_export(struct caller *caller, struct cs_bytes certificate)
{
    struct cs_problem problem = {""};
    if (certificate.size != CS_HASH_SIZE) {
        return CS_MALFORMED;
    }
    cs_server_export_end(caller->export);
    caller->export = NULL;
    enum cs_status status = cs_server_export_begin(caller->service->server, certificate.data,
                                                   &caller->export, &problem);
    cs_buffer_append_prefixed(&caller->answer, cs_bytes_of_text(cs_status_name(status)));
    cs_buffer_append_prefixed(&caller->answer, cs_bytes_of_text(problem.text));
    return caller->answer.status;
}

static enum cs_status answer_part(struct caller *caller)
{
    bool more = false;
    cs_buffer_append_u8(&caller->answer, CS_BUNDLE_PART_NEXT);
    enum cs_status status = caller->export == NULL
                                ? CS_NOT_FOUND
                                : cs_server_export_next(caller->export, &caller->answer, &more);
    if (status == CS_OK && more) {
        return caller->answer.status;
    }
    cs_buffer_clear(&caller->answer);
    cs_buffer_append_u8(&caller->answer,
                        status == CS_OK ? CS_BUNDLE_PART_NONE : CS_BUNDLE_PART_FAILED);
    if (status != CS_OK) {
        cs_buffer_append_prefixed(&caller->answer, cs_bytes_of_text(cs_status_name(status)));
    }
    return caller->answer.status;
}

static enum cs_status answer_one(struct caller *caller)
{
    cs_buffer_clear(&caller->request);
    cs_buffer_clear(&caller->answer);
    enum cs_status status = cs_bundle_frame_receive(caller->socket, &caller->request);
    if (status != CS_OK) {
        return status;
    }
    struct cs_bytes content = cs_bytes_make(caller->request.data + 1, caller->request.size - 1);
    switch (caller->request.data[0]) {
    case 'N':
        status = answer_names(caller);
        break;
    case 'T':
        status = answer_take(caller, content);
        break;
    case 'X':
        status = answer_export(caller, content);
        break;
    case 'P':
        status = answer_part(caller);
        break;
    default:
        status = CS_MALFORMED;
        break;
    }
    return status != CS_OK ? status
                           : cs_bundle_frame_send(caller->socket, cs_buffer_bytes(&caller->answer));
}

/* The folder's own user, or root, who could read it all anyway. */
static bool may_call(int descriptor)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

/* False: the service is to stop, and nobody would end this caller. */
static bool set_caller(struct cs_bundle_service *service, int descriptor)
{
    (void)pthread_mutex_lock(&service->lock);
    service->caller = descriptor;
    bool goes_on = !service->stopping;
    (void)pthread_mutex_unlock(&service->lock);
    return goes_on;
}

static void answer_caller(struct cs_bundle_service *service, int descriptor)
{
    const struct timeval wait = {.tv_sec = CS_BUNDLE_WAIT_SECONDS};
    struct caller caller = {.service = service, .socket = descriptor};
    if (!may_call(descriptor) ||
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0) {
        return;
    }
    cs_buffer_init(&caller.request, CS_BUNDLE_FRAME_MAX);
    cs_buffer_init(&caller.answer, CS_BUNDLE_FRAME_MAX);
    bool goes_on = set_caller(service, descriptor);
    while (goes_on && answer_one(&caller) == CS_OK) {
    }
    (void)set_caller(service, -1);
    cs_server_export_end(caller.export);
    cs_buffer_release(&caller.request);
    cs_buffer_release(&caller.answer);
}

static void *run(void *context)
{
    struct cs_bundle_service *service = context;
    for (;;) {
        struct pollfd polled[] = {{.fd = service->stop[0], .events = POLLIN},
                                  {.fd = service->listening, .events = POLLIN}};
        if (poll(polled, CS_COUNT(polled), -1) < 0) {
            continue;
        }
        if (polled[0].revents != 0) {
            return NULL;
        }
        struct sockaddr_un peer;
        socklen_t size = sizeof peer;
        int descriptor = accept4(service->listening, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC);
        if (descriptor >= 0) {
            answer_caller(service, descriptor);
            (void)close(descriptor);
        } else {
            /* Where no descriptor is left the caller stays in the queue, and would be announced without end. */
            (void)poll(polled, 1, PAUSE_MS);
        }
    }
}

static void release(struct cs_bundle_service *service)
{
    const int all[] = {service->folder, service->listening, service->stop[0], service->stop[1]};
    for (size_t i = 0; i < CS_COUNT(all); i++) {
        if (all[i] >= 0) {
            (void)close(all[i]);
        }
    }
    (void)pthread_mutex_destroy(&service->lock);
    cs_free(service);
}

enum cs_status cs_bundle_service_start(struct cs_server *server, const char *folder,
                                       struct cs_bundle_service **out, struct cs_problem *problem)
{
    struct cs_bundle_service *service = cs_alloc_zero(1, sizeof *service);
    if (service == NULL) {
        return CS_NO_MEMORY;
    }
    *service = (struct cs_bundle_service){
        .server = server, .listening = -1, .stop = {-1, -1}, .caller = -1};
    cs_require(pthread_mutex_init(&service->lock, NULL) == 0);
    service->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum cs_status status = service->folder < 0 || pipe2(service->stop, O_CLOEXEC) != 0
                                ? CS_IO
                                : cs_bundle_socket(folder, true, &service->listening);
    if (status == CS_OK && pthread_create(&service->thread, NULL, run, service) != 0) {
        status = CS_NO_MEMORY;
    }
    if (status != CS_OK) {
        release(service);
        return cs_problem_set(problem, status, "%s/" CS_BUNDLE_SOCKET " cannot be made: %s", folder,
                              cs_status_text(status));
    }
    *out = service;
    return CS_OK;
}

void cs_bundle_service_stop(struct cs_bundle_service *owned_service)
{
    if (owned_service != NULL) {
        ssize_t told = write(owned_service->stop[1], "", 1);
        cs_require(told == 1);
        (void)pthread_mutex_lock(&owned_service->lock);
        owned_service->stopping = true;
        if (owned_service->caller >= 0) {
            (void)shutdown(owned_service->caller, SHUT_RDWR);
        }
        (void)pthread_mutex_unlock(&owned_service->lock);
        (void)pthread_join(owned_service->thread, NULL);
        (void)unlinkat(owned_service->folder, CS_BUNDLE_SOCKET, 0);
        release(owned_service);
    }
}
