/* The transport over libcurl, see transport.h. */
#include "field-client/transport/transport.h"

#include "field-client/transport/curl_status.h"
#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/base/text.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ADDRESS_SIZE_MAX 300
#define PATH "/v1/exchange"
#define RESPONSE_SIZE_MAX (CS_RESPONSE_MAX + 4 * CS_KIBI)
/* The server closes idle connections after 30 s; not to meet it at that moment. */
#define CONNECTION_AGE_MAX_S 25L

struct cs_transport {
    CURL *curl;
    struct curl_slist *fields;
    struct cs_transport_options options;
    struct cs_transport_counters counters;
    char error[CURL_ERROR_SIZE];

    /* Of the exchange in progress. */
    struct cs_buffer *response;
    size_t response_start; /* size of the buffer before */
    bool response_too_large;
};

void cs_transport_options_default(struct cs_transport_options *out)
{
    *out = (struct cs_transport_options){
        .connect_ms_max = 10000,
        .total_ms_max = 1200000,
        .stall_s_max = 60,
    };
}

/* libcurl's debug hook: the only place where it tells exactly which bytes of HTTP went over the wire. */
static int on_debug(CURL *curl, curl_infotype type, char *data, size_t size, void *context)
{
    struct cs_transport *transport = context;
    (void)curl;
    (void)data;
    if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT) {
        transport->counters.bytes_up += size;
    } else if (type == CURLINFO_HEADER_IN || type == CURLINFO_DATA_IN) {
        transport->counters.bytes_down += size;
    }
    return 0;
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
    struct cs_transport *transport = context;
    struct cs_buffer *response = transport->response;
    (void)one;
    if (size > RESPONSE_SIZE_MAX - (response->size - transport->response_start)) {
        transport->response_too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    cs_buffer_append(response, data, size);
    return response->status == CS_OK ? size : CURL_WRITEFUNC_ERROR;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    const struct cs_transport *transport = context;
    (void)down_total;
    (void)up_total;
    const struct cs_transport_options *options = &transport->options;
    if (options->progress != NULL) {
        options->progress(options->progress_context, (uint64_t)up, (uint64_t)down);
    }
    return options->hang_up != NULL && options->hang_up(options->hang_up_context) ? 1 : 0;
}

/*
 * A server that is gone must give an error, not SIGPIPE, in every call in which libcurl may write (closing too); the rest
 * of the process keeps its ways.
 */
struct signal_guard {
    sigset_t before;
};

static void hold_sigpipe(struct signal_guard *guard)
{
    sigset_t pipe_only;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    cs_require(pthread_sigmask(SIG_BLOCK, &pipe_only, &guard->before) == 0);
}

static void release_sigpipe(const struct signal_guard *guard)
{
    sigset_t pipe_only;
    const struct timespec now = {0, 0};
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    if (sigismember(&guard->before, SIGPIPE) == 0) {
        while (sigtimedwait(&pipe_only, NULL, &now) == SIGPIPE) {
        }
    }
    cs_require(pthread_sigmask(SIG_SETMASK, &guard->before, NULL) == 0);
}

/* --- Creating --- */

static void init_library(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* Everything that is not the person's choice. The result is the first failure. */
static CURLcode set_rules(CURL *curl)
{
    const struct {
        CURLoption option;
        long value;
    } rules[] = {
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_SSL_ENABLE_ALPN, 0},
        {CURLOPT_SSL_SESSIONID_CACHE, 0},
        /* The pin is the trust: the server's certificate is signed by itself. */
        {CURLOPT_SSL_VERIFYPEER, 0},
        {CURLOPT_SSL_VERIFYHOST, 0},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_NOSIGNAL, 1},
        /* Hanging up does not wait for a name server that does not answer. */
        {CURLOPT_QUICK_EXIT, 1},
        {CURLOPT_POST, 1},
        {CURLOPT_MAXAGE_CONN, CONNECTION_AGE_MAX_S},
        {CURLOPT_MAXCONNECTS, 1},
        {CURLOPT_LOW_SPEED_LIMIT, 1},
        {CURLOPT_VERBOSE, 1}, /* for on_debug; nothing is printed */
        {CURLOPT_HTTP09_ALLOWED, 0},
    };
    CURLcode code = CURLE_OK;
    for (size_t i = 0; i < CS_COUNT(rules) && code == CURLE_OK; i++) {
        code = curl_easy_setopt(curl, rules[i].option, rules[i].value);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    }
    if (code == CURLE_OK) {
        /* Only suites with a certificate: without one libcurl would have nothing to compare with the pin. */
        code = curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST,
                                "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
                                "ECDHE-ECDSA-CHACHA20-POLY1305");
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)RESPONSE_SIZE_MAX);
    }
    return code;
}

static CURLcode set_options(struct cs_transport *transport)
{
    CURL *curl = transport->curl;
    const struct cs_transport_options *options = &transport->options;
    CURLcode code = set_rules(curl);
    const struct {
        CURLoption option;
        int64_t value;
    } times[] = {
        {CURLOPT_CONNECTTIMEOUT_MS, options->connect_ms_max},
        {CURLOPT_TIMEOUT_MS, options->total_ms_max},
        {CURLOPT_LOW_SPEED_TIME, options->stall_s_max},
        {CURLOPT_NOPROGRESS, options->progress == NULL && options->hang_up == NULL},
    };
    for (size_t i = 0; i < CS_COUNT(times) && code == CURLE_OK; i++) {
        code = curl_easy_setopt(curl, times[i].option, (long)times[i].value);
    }
    if (code == CURLE_OK) {
        /* "" also switches off the proxy that environment variables name. */
        code = curl_easy_setopt(curl, CURLOPT_PROXY, options->proxy == NULL ? "" : options->proxy);
    }
    transport->options.proxy = NULL; /* libcurl has its copy */
    return code;
}

static CURLcode set_hooks(struct cs_transport *transport)
{
    CURL *curl = transport->curl;
    CURLcode codes[] = {
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transport->error),
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transport->fields),
        curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug),
        curl_easy_setopt(curl, CURLOPT_DEBUGDATA, transport),
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body),
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, transport),
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress),
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transport),
    };
    for (size_t i = 0; i < CS_COUNT(codes); i++) {
        if (codes[i] != CURLE_OK) {
            return codes[i];
        }
    }
    return CURLE_OK;
}

/* No field that libcurl would add by itself: each costs bytes on every sync. */
static bool make_fields(struct cs_transport *transport)
{
    static const char *const lines[] = {"Content-Type: application/octet-stream",
                                        "Accept:", "Expect:"};
    for (size_t i = 0; i < CS_COUNT(lines); i++) {
        struct curl_slist *longer = curl_slist_append(transport->fields, lines[i]);
        if (longer == NULL) {
            return false;
        }
        transport->fields = longer;
    }
    return true;
}

static bool proxy_is_sound(const char *proxy)
{
    return proxy == NULL || strncmp(proxy, "http://", 7) == 0 ||
           strncmp(proxy, "socks5h://", 10) == 0;
}

enum cs_status cs_transport_create(const struct cs_transport_options *options,
                                   struct cs_transport **out_transport)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (options != NULL && !proxy_is_sound(options->proxy)) {
        return CS_INVALID;
    }
    cs_require(pthread_once(&once, init_library) == 0);
    struct cs_transport *transport = cs_alloc_zero(1, sizeof *transport);
    if (transport == NULL) {
        return CS_NO_MEMORY;
    }
    if (options != NULL) {
        transport->options = *options;
    } else {
        cs_transport_options_default(&transport->options);
    }
    transport->curl = curl_easy_init();
    if (transport->curl == NULL || !make_fields(transport) || set_options(transport) != CURLE_OK ||
        set_hooks(transport) != CURLE_OK) {
        cs_transport_destroy(transport);
        return CS_NO_MEMORY;
    }
    *out_transport = transport;
    return CS_OK;
}

void cs_transport_destroy(struct cs_transport *transport)
{
    if (transport == NULL) {
        return;
    }
    /* First the handle, which uses the others. */
    struct signal_guard guard;
    hold_sigpipe(&guard);
    curl_easy_cleanup(transport->curl);
    release_sigpipe(&guard);
    curl_slist_free_all(transport->fields);
    cs_free(transport);
}

/* --- Exchanging --- */

/* HOST:PORT, with nothing that would mean something else in a URL. */
static bool address_is_sound(const char *address)
{
    static const char host_characters[] = "abcdefghijklmnopqrstuvwxyz"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:";
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address || strlen(address) > ADDRESS_SIZE_MAX ||
        strspn(address, host_characters) != strlen(address)) {
        return false;
    }
    size_t port_size = strlen(colon + 1);
    long port = strtol(colon + 1, NULL, 10);
    return port_size > 0 && port_size <= 5 && strspn(colon + 1, "0123456789") == port_size &&
           port > 0 && port <= UINT16_MAX;
}

/* "sha256//" and standard base64, as CURLOPT_PINNEDPUBLICKEY wants it. */
static enum cs_status append_pin(struct cs_buffer *out, const uint8_t hash[static 32])
{
    cs_buffer_append_text(out, "sha256//");
    size_t start = out->size;
    cs_base64url_encode(cs_bytes_make(hash, 32), out);
    for (size_t i = start; i < out->size; i++) {
        out->data[i] = out->data[i] == '-' ? '+' : out->data[i] == '_' ? '/' : out->data[i];
    }
    cs_buffer_append_text(out, "="); /* 32 bytes: one character of padding */
    return cs_buffer_text(out) == NULL ? out->status : CS_OK;
}

static enum cs_status set_peer(struct cs_transport *transport, const struct cs_peer *peer)
{
    char url[sizeof "https://" + ADDRESS_SIZE_MAX + sizeof PATH];
    (void)snprintf(url, sizeof url, "https://%s%s", peer->address, PATH);
    struct cs_buffer pin;
    cs_buffer_init(&pin, 64);
    enum cs_status status = append_pin(&pin, peer->tls_key_hash);
    if (status == CS_OK && (curl_easy_setopt(transport->curl, CURLOPT_URL, url) != CURLE_OK ||
                            curl_easy_setopt(transport->curl, CURLOPT_PINNEDPUBLICKEY,
                                             (const char *)pin.data) != CURLE_OK)) {
        status = CS_NO_MEMORY;
    }
    cs_buffer_release(&pin);
    return status;
}

static CURLcode perform(CURL *curl)
{
    struct signal_guard guard;
    hold_sigpipe(&guard);
    CURLcode code = curl_easy_perform(curl);
    release_sigpipe(&guard);
    return code;
}

/* An answer counts as whole only by its own Content-Length: an end of the connection proves nothing. */
static enum cs_status check_whole(struct cs_transport *transport, const char *address,
                                  struct cs_problem *problem)
{
    curl_off_t length = -1;
    CURLcode code = curl_easy_getinfo(transport->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    size_t received = transport->response->size - transport->response_start;
    if (code == CURLE_OK && length >= 0 && (uint64_t)length == received) {
        return CS_OK;
    }
    return cs_problem_set(problem, CS_MALFORMED,
                          "%s sent an answer that is not whole; try again, or check the network",
                          address);
}

static enum cs_status judge(struct cs_transport *transport, CURLcode code, const char *address,
                            struct cs_problem *problem)
{
    if (transport->response_too_large) {
        return cs_curl_status(CURLE_FILESIZE_EXCEEDED, address, "", problem);
    }
    if (transport->response->status != CS_OK) {
        return cs_problem_set(problem, transport->response->status,
                              "the answer of %s cannot be taken in: %s", address,
                              cs_status_text(transport->response->status));
    }
    enum cs_status status = cs_curl_status(code, address, transport->error, problem);
    if (status != CS_OK) {
        return status;
    }
    long http_status = 0;
    (void)curl_easy_getinfo(transport->curl, CURLINFO_RESPONSE_CODE, &http_status);
    transport->counters.requests++;
    status = cs_http_status(http_status, address, problem);
    return status == CS_OK ? check_whole(transport, address, problem) : status;
}

static enum cs_status post(struct cs_transport *transport, const char *address,
                           struct cs_bytes request, struct cs_problem *problem)
{
    CURL *curl = transport->curl;
    transport->error[0] = '\0';
    transport->response_too_large = false;
    const void *body = request.size == 0 ? "" : (const void *)request.data;
    if (curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request.size) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) != CURLE_OK) {
        return cs_problem_set(problem, CS_NO_MEMORY, "out of memory");
    }
    CURLcode code = perform(curl);
    return judge(transport, code, address, problem);
}

enum cs_status cs_transport_exchange(struct cs_transport *transport, const struct cs_peer *peer,
                                     struct cs_bytes request, struct cs_buffer *response,
                                     struct cs_problem *problem)
{
    if (!address_is_sound(peer->address)) {
        return cs_curl_status(CURLE_URL_MALFORMAT, peer->address, "", problem);
    }
    if (response->status != CS_OK) {
        return response->status;
    }
    enum cs_status status = set_peer(transport, peer);
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "out of memory");
    }
    transport->response = response;
    transport->response_start = response->size;
    status = post(transport, peer->address, request, problem);
    if (status != CS_OK) {
        response->status = CS_OK;
        response->size = transport->response_start;
    }
    transport->response = NULL;
    return status;
}

static enum cs_status exchange(void *context, const struct cs_peer *peer, struct cs_bytes request,
                               struct cs_buffer *response, struct cs_problem *problem)
{
    return cs_transport_exchange(context, peer, request, response, problem);
}

void cs_transport_attach(struct cs_transport *transport, struct cs_world *world)
{
    world->exchange_context = transport;
    world->exchange = exchange;
}

void cs_transport_counters(const struct cs_transport *transport, struct cs_transport_counters *out)
{
    *out = transport->counters;
}
