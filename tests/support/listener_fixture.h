/*
 * A listener in a thread of its own, with a service that records what it sees. For tests that link the listener.
 *
 * The service answers "echo:" and the body, except for bodies that begin with
 *   "malformed"  open fails with CS_MALFORMED       "busy"       open fails with CS_BUSY
 *   "big:N"      an answer of N bytes               "fail"       reply fails with CS_DISK_FULL
 */
#ifndef TESTS_SUPPORT_LISTENER_FIXTURE_H
#define TESTS_SUPPORT_LISTENER_FIXTURE_H

#include "sync-server/listener/listener.h"
#include "tests/support/tls_client.h"

#include <pthread.h>

#define FIXTURE_BATCHES_MAX 256

struct listener_fixture {
    struct cs_listener_options options; /* set limits between init and start */
    const struct cs_log *log;           /* likewise; NULL = none */
    struct cs_buffer key, certificate;
    struct cs_listener *listener;
    uint16_t port;
    pthread_t thread;
    bool running;

    pthread_mutex_t mutex; /* of everything below */
    pthread_cond_t changed;
    bool gate_closed; /* commit waits while this is set */
    unsigned waiting_at_gate;
    unsigned opened, committed, replied, discarded;
    unsigned live; /* requests opened and not ended */
    unsigned batches;
    size_t batch_sizes[FIXTURE_BATCHES_MAX];
    size_t largest_body;
    unsigned order_violations; /* replied before committed */
};

/* A key and certificate, default limits, any port of 127.0.0.1. */
void listener_fixture_init(struct listener_fixture *fixture);
void listener_fixture_start(struct listener_fixture *fixture);
/* Waits until run has returned. */
void listener_fixture_join(struct listener_fixture *fixture);
/* Stops if it runs, checks that no request is left and the order was kept, frees. */
void listener_fixture_release(struct listener_fixture *fixture);
/* For cmocka: a fixture on the heap as the state of one test. */
int listener_fixture_setup(void **state);
int listener_fixture_teardown(void **state);

enum fixture_gate { FIXTURE_GATE_OPEN, FIXTURE_GATE_CLOSED };
void listener_fixture_gate(struct listener_fixture *fixture, enum fixture_gate gate);
/* Waits until `*number` (a field above) is at least `wanted`; aborts after 10 s. */
void listener_fixture_wait(struct listener_fixture *fixture, const unsigned *number,
                           unsigned wanted);
unsigned listener_fixture_read(struct listener_fixture *fixture, const unsigned *number);
struct cs_listener_counters listener_fixture_counters(struct listener_fixture *fixture);

/* A client, connected; aborts if that fails. */
struct tls_client *listener_fixture_client(struct listener_fixture *fixture);
/* Head and body of a POST to the exchange route. */
bool listener_fixture_post(struct tls_client *client, struct cs_bytes body);
bool listener_fixture_post_text(struct tls_client *client, const char *body);

#endif
