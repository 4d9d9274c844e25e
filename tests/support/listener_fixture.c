/* A listener in a thread of its own, see listener_fixture.h. */
#include "tests/support/listener_fixture.h"

#include "shared/base/memory.h"
#include "sync-server/listener/tls_identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct request {
    struct cs_bytes body;
    bool committed;
};

static bool begins_with(struct cs_bytes body, const char *text)
{
    size_t size = strlen(text);
    return body.size >= size && memcmp(body.data, text, size) == 0;
}

static enum cs_status service_open(void *context, struct cs_bytes body, void **out_request)
{
    struct listener_fixture *fixture = context;
    if (begins_with(body, "malformed")) {
        return CS_MALFORMED;
    }
    if (begins_with(body, "busy")) {
        return CS_BUSY;
    }
    struct request *request = calloc(1, sizeof *request);
    cs_require(request != NULL);
    request->body = body;
    pthread_mutex_lock(&fixture->mutex);
    fixture->opened++;
    fixture->live++;
    fixture->largest_body = body.size > fixture->largest_body ? body.size : fixture->largest_body;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
    *out_request = request;
    return CS_OK;
}

static void service_commit(void *context, void **requests, size_t count)
{
    struct listener_fixture *fixture = context;
    pthread_mutex_lock(&fixture->mutex);
    fixture->waiting_at_gate++;
    pthread_cond_broadcast(&fixture->changed);
    while (fixture->gate_closed) {
        pthread_cond_wait(&fixture->changed, &fixture->mutex);
    }
    fixture->waiting_at_gate--;
    for (size_t i = 0; i < count; i++) {
        ((struct request *)requests[i])->committed = true;
    }
    fixture->committed += (unsigned)count;
    fixture->batch_sizes[fixture->batches++ % FIXTURE_BATCHES_MAX] = count;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
}

static void end_request(struct listener_fixture *fixture, struct request *request, unsigned *sum)
{
    pthread_mutex_lock(&fixture->mutex);
    (*sum)++;
    fixture->live--;
    if (sum == &fixture->replied && !request->committed) {
        fixture->order_violations++;
    }
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
    free(request);
}

static enum cs_status service_reply(void *context, void *opaque, struct cs_buffer *response)
{
    struct request *request = opaque;
    struct cs_bytes body = request->body;
    enum cs_status status = CS_OK;
    if (begins_with(body, "fail")) {
        status = CS_DISK_FULL;
    } else if (begins_with(body, "big:")) {
        char digits[16] = {0};
        memcpy(digits, body.data + 4, body.size - 4 < 15 ? body.size - 4 : 15);
        size_t size = strtoul(digits, NULL, 10);
        uint8_t *place = cs_buffer_extend(response, size);
        if (place != NULL) {
            memset(place, 'x', size);
        }
    } else {
        cs_buffer_append_text(response, "echo:");
        cs_buffer_append_bytes(response, body);
    }
    struct listener_fixture *fixture = context;
    end_request(fixture, request, &fixture->replied);
    return status;
}

static void service_discard(void *context, void *request)
{
    struct listener_fixture *fixture = context;
    end_request(fixture, request, &fixture->discarded);
}

void listener_fixture_init(struct listener_fixture *fixture)
{
    *fixture = (struct listener_fixture){.options.address = "127.0.0.1:0"};
    cs_buffer_init(&fixture->key, 1024);
    cs_buffer_init(&fixture->certificate, 4096);
    cs_require(cs_tls_identity_create(&fixture->key, &fixture->certificate) == CS_OK);
    fixture->options.tls_key = cs_buffer_bytes(&fixture->key);
    fixture->options.tls_certificate = cs_buffer_bytes(&fixture->certificate);
    cs_listener_limits_default(&fixture->options.limits);
    cs_require(pthread_mutex_init(&fixture->mutex, NULL) == 0);
    cs_require(pthread_cond_init(&fixture->changed, NULL) == 0);
}

static void *run(void *argument)
{
    struct listener_fixture *fixture = argument;
    cs_require(cs_listener_run(fixture->listener) == CS_OK);
    return NULL;
}

void listener_fixture_start(struct listener_fixture *fixture)
{
    struct cs_listener_service service = {fixture,       service_open,    service_commit,
                                          service_reply, service_discard, NULL};
    struct cs_problem problem = {""};
    enum cs_status status =
        cs_listener_create(&fixture->options, &service, fixture->log, &fixture->listener, &problem);
    if (status != CS_OK) {
        (void)fprintf(stderr, "%s\n", problem.text);
        abort();
    }
    fixture->port = cs_listener_port(fixture->listener);
    cs_require(pthread_create(&fixture->thread, NULL, run, fixture) == 0);
    fixture->running = true;
}

void listener_fixture_join(struct listener_fixture *fixture)
{
    cs_require(fixture->running && pthread_join(fixture->thread, NULL) == 0);
    fixture->running = false;
}

void listener_fixture_release(struct listener_fixture *fixture)
{
    if (fixture->running) {
        listener_fixture_gate(fixture, FIXTURE_GATE_OPEN);
        cs_listener_stop(fixture->listener);
        listener_fixture_join(fixture);
    }
    cs_listener_destroy(fixture->listener);
    cs_require(fixture->live == 0 && fixture->order_violations == 0);
    cs_buffer_release(&fixture->key);
    cs_buffer_release(&fixture->certificate);
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->mutex);
}

int listener_fixture_setup(void **state)
{
    struct listener_fixture *fixture = calloc(1, sizeof *fixture);
    cs_require(fixture != NULL);
    listener_fixture_init(fixture);
    *state = fixture;
    return 0;
}

int listener_fixture_teardown(void **state)
{
    listener_fixture_release(*state);
    free(*state);
    return 0;
}

void listener_fixture_gate(struct listener_fixture *fixture, enum fixture_gate gate)
{
    pthread_mutex_lock(&fixture->mutex);
    fixture->gate_closed = gate == FIXTURE_GATE_CLOSED;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->mutex);
}

void listener_fixture_wait(struct listener_fixture *fixture, const unsigned *number,
                           unsigned wanted)
{
    struct timespec until;
    cs_require(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += 10;
    pthread_mutex_lock(&fixture->mutex);
    while (*number < wanted) {
        cs_require(pthread_cond_timedwait(&fixture->changed, &fixture->mutex, &until) == 0);
    }
    pthread_mutex_unlock(&fixture->mutex);
}

unsigned listener_fixture_read(struct listener_fixture *fixture, const unsigned *number)
{
    pthread_mutex_lock(&fixture->mutex);
    unsigned value = *number;
    pthread_mutex_unlock(&fixture->mutex);
    return value;
}

struct cs_listener_counters listener_fixture_counters(struct listener_fixture *fixture)
{
    struct cs_listener_counters counters;
    cs_listener_counters(fixture->listener, &counters);
    return counters;
}

struct tls_client *listener_fixture_client(struct listener_fixture *fixture)
{
    struct tls_client *client = tls_client_open(fixture->port, NULL);
    cs_require(client != NULL);
    return client;
}

bool listener_fixture_post(struct tls_client *client, struct cs_bytes body)
{
    char head[200];
    (void)snprintf(head, sizeof head,
                   "POST /v1/exchange HTTP/1.1\r\nHost: test\r\nContent-Length: %zu\r\n\r\n",
                   body.size);
    return tls_client_send_text(client, head) && tls_client_send(client, body.data, body.size);
}

bool listener_fixture_post_text(struct tls_client *client, const char *body)
{
    return listener_fixture_post(client, cs_bytes_of_text(body));
}
