/*
 * A TCP proxy on loopback that cuts the connection where it is told to: cut_connections.sh stands it between client and server.
 *
 * usage: end_to_end_proxy LISTEN_PORT TARGET_PORT
 *
 * Prints "ready", then obeys one line on standard input at a time and answers each with one line, until the input ends:
 *
 *   pass            everything goes through, and the counts begin anew
 *   cut up N KIND   after N bytes from the client all connections end, and every new one at once
 *   cut down N KIND the same for bytes from the server; KIND is "close" (FIN) or "reset" (RST)
 *   count           answers "UP DOWN CONNECTIONS" since the last "pass" or "cut"
 *
 * What must stay true: one thread, one poll loop; bytes are neither changed nor invented; beyond byte N of a direction nothing
 * gets through, in either direction.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS_MAX 32
#define CHUNK_SIZE ((size_t)16384)
#define LINE_MAX_SIZE ((size_t)128)
#define NO_LIMIT UINT64_MAX

enum direction { UP, DOWN, DIRECTIONS };

/* Bytes on their way from `from` to `to`. */
struct flow {
    uint8_t data[CHUNK_SIZE];
    size_t begin;
    size_t end;
    bool ended;  /* nothing more comes */
    bool passed; /* and the other side was told so */
};

struct pair {
    bool used;
    int sockets
        [DIRECTIONS]; /* [UP] is the client's, where bytes that go up come from; [DOWN] the server's */
    struct flow flows[DIRECTIONS];
};

struct proxy {
    int listener;
    uint16_t target_port;
    uint64_t limits[DIRECTIONS];
    uint64_t counts[DIRECTIONS];
    uint64_t connections;
    bool cut;
    bool reset;
    struct pair pairs[PAIRS_MAX];
    char line[LINE_MAX_SIZE];
    size_t line_size;
};

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* A listening socket, or -1. */
static int listen_on(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int one = 1;
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file >= 0 && (setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
                      bind(file, (struct sockaddr *)&address, sizeof address) != 0 ||
                      listen(file, PAIRS_MAX) != 0)) {
        (void)close(file);
        file = -1;
    }
    return file;
}

static void close_socket(int file, bool reset)
{
    if (reset) {
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(file, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    (void)close(file);
}

static void end_pair(struct pair *pair, bool reset)
{
    close_socket(pair->sockets[UP], reset);
    close_socket(pair->sockets[DOWN], reset);
    pair->used = false;
}

static void end_all(struct proxy *proxy, bool reset)
{
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (proxy->pairs[i].used) {
            end_pair(&proxy->pairs[i], reset);
        }
    }
}

/* ---- connections ---- */

/* Loopback: it connects at once, or not at all. */
static int connect_target(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file >= 0 && (connect(file, (struct sockaddr *)&address, sizeof address) != 0 ||
                      fcntl(file, F_SETFL, O_NONBLOCK) != 0)) {
        (void)close(file);
        file = -1;
    }
    return file;
}

static struct pair *free_pair(struct proxy *proxy)
{
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (!proxy->pairs[i].used) {
            return &proxy->pairs[i];
        }
    }
    return NULL;
}

static void accept_one(struct proxy *proxy)
{
    int file = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (file < 0) {
        return;
    }
    proxy->connections++;
    struct pair *pair = free_pair(proxy);
    int target = proxy->cut || pair == NULL ? -1 : connect_target(proxy->target_port);
    if (target < 0) {
        close_socket(file, proxy->reset);
        return;
    }
    memset(pair, 0, sizeof *pair);
    pair->used = true;
    pair->sockets[UP] = file;
    pair->sockets[DOWN] = target;
}

/* ---- bytes ---- */

/* Takes in what has come, as far as the limit allows. False: the connection is over. */
static bool take_in(struct proxy *proxy, struct pair *pair, enum direction direction)
{
    struct flow *flow = &pair->flows[direction];
    uint64_t left = proxy->limits[direction] - proxy->counts[direction];
    size_t room = left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE;
    ssize_t count = room == 0 ? 0 : recv(pair->sockets[direction], flow->data, room, 0);
    if (count < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    flow->begin = 0;
    flow->end = (size_t)count;
    flow->ended = count == 0;
    proxy->counts[direction] += (uint64_t)count;
    return true;
}

static bool send_on(struct pair *pair, enum direction direction)
{
    struct flow *flow = &pair->flows[direction];
    int to = pair->sockets[direction == UP ? DOWN : UP];
    while (flow->begin < flow->end) {
        ssize_t count = send(to, flow->data + flow->begin, flow->end - flow->begin, MSG_NOSIGNAL);
        if (count < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        flow->begin += (size_t)count;
    }
    if (flow->ended && !flow->passed) {
        flow->passed = true;
        return shutdown(to, SHUT_WR) == 0;
    }
    return true;
}

static bool is_empty(const struct flow *flow)
{
    return flow->begin == flow->end;
}

/* The limit is reached and all before it has been sent on. */
static bool is_cut(const struct proxy *proxy, const struct pair *pair)
{
    for (int i = UP; i < DIRECTIONS; i++) {
        if (proxy->counts[i] >= proxy->limits[i] && is_empty(&pair->flows[i])) {
            return true;
        }
    }
    return false;
}

static void serve_pair(struct proxy *proxy, struct pair *pair, const short ready[static DIRECTIONS])
{
    bool alive = true;
    for (int i = UP; alive && i < DIRECTIONS; i++) {
        struct flow *flow = &pair->flows[i];
        if (is_empty(flow) && !flow->ended && (ready[i] & (POLLIN | POLLHUP | POLLERR)) != 0) {
            alive = take_in(proxy, pair, (enum direction)i);
        }
        alive = alive && send_on(pair, (enum direction)i);
        if (alive && is_cut(proxy, pair)) {
            proxy->cut = true;
            end_all(proxy, proxy->reset);
            return;
        }
    }
    if (!alive || (pair->flows[UP].passed && pair->flows[DOWN].passed)) {
        end_pair(pair, !alive);
    }
}

/* ---- what it is told ---- */

static void begin_anew(struct proxy *proxy)
{
    end_all(proxy, true);
    proxy->counts[UP] = proxy->counts[DOWN] = proxy->connections = 0;
    proxy->limits[UP] = proxy->limits[DOWN] = NO_LIMIT;
    proxy->cut = proxy->reset = false;
}

/* False: a line that it does not understand. */
static bool obey(struct proxy *proxy, const char *line)
{
    char direction[8];
    char kind[8];
    uint64_t limit;
    if (strcmp(line, "pass") == 0) {
        begin_anew(proxy);
        (void)printf("ok\n");
        return true;
    }
    if (strcmp(line, "count") == 0) {
        (void)printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", proxy->counts[UP],
                     proxy->counts[DOWN], proxy->connections);
        return true;
    }
    if (sscanf(line, "cut %7s %" SCNu64 " %7s", direction, &limit, kind) != 3) {
        return false;
    }
    begin_anew(proxy);
    proxy->limits[strcmp(direction, "up") == 0 ? UP : DOWN] = limit;
    proxy->reset = strcmp(kind, "reset") == 0;
    proxy->cut = limit == 0;
    (void)printf("ok\n");
    return true;
}

/* False: the input has ended, or is not understood. */
static bool read_input(struct proxy *proxy)
{
    if (proxy->line_size >= sizeof proxy->line) {
        return false; /* a line that is too long */
    }
    ssize_t count =
        read(STDIN_FILENO, proxy->line + proxy->line_size, sizeof proxy->line - proxy->line_size);
    if (count <= 0) {
        return false;
    }
    proxy->line_size += (size_t)count;
    char *end;
    while ((end = memchr(proxy->line, '\n', proxy->line_size)) != NULL) {
        *end = '\0';
        if (!obey(proxy, proxy->line) || fflush(stdout) != 0) {
            return false;
        }
        size_t used = (size_t)(end - proxy->line) + 1;
        memmove(proxy->line, end + 1, proxy->line_size - used);
        proxy->line_size -= used;
    }
    return true;
}

/* ---- the loop ---- */

/* What to wait for on one socket: bytes it may give, or room for bytes it shall get. */
static short wanted(const struct pair *pair, enum direction side)
{
    const struct flow *in = &pair->flows[side];
    const struct flow *back = &pair->flows[side == UP ? DOWN : UP];
    return (short)((is_empty(in) && !in->ended ? POLLIN : 0) | (is_empty(back) ? 0 : POLLOUT));
}

static bool turn(struct proxy *proxy)
{
    struct pollfd files[2 + DIRECTIONS * PAIRS_MAX];
    files[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    files[1] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        const struct pair *pair = &proxy->pairs[i];
        for (int side = UP; side < DIRECTIONS; side++) {
            short events = pair->used ? wanted(pair, (enum direction)side) : 0;
            /* Without events a hang-up would be reported again and again. */
            files[2 + 2 * i + (size_t)side] =
                (struct pollfd){.fd = events == 0 ? -1 : pair->sockets[side], .events = events};
        }
    }
    if (poll(files, 2 + DIRECTIONS * PAIRS_MAX, -1) < 0) {
        return errno == EINTR;
    }
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (proxy->pairs[i].used) {
            short ready[DIRECTIONS] = {files[2 + 2 * i].revents, files[3 + 2 * i].revents};
            serve_pair(proxy, &proxy->pairs[i], ready);
        }
    }
    if (files[1].revents != 0) {
        accept_one(proxy);
    }
    return files[0].revents == 0 || read_input(proxy);
}

static bool parse_port(const char *text, uint16_t *out)
{
    char *end;
    long port = strtol(text, &end, 10);
    if (*end != '\0' || port < 1 || port > UINT16_MAX) {
        return false;
    }
    *out = (uint16_t)port;
    return true;
}

int main(int argument_count, char **arguments)
{
    static struct proxy proxy;
    uint16_t port;
    if (argument_count != 3 || !parse_port(arguments[1], &port) ||
        !parse_port(arguments[2], &proxy.target_port)) {
        (void)fputs("usage: end_to_end_proxy LISTEN_PORT TARGET_PORT\n", stderr);
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    begin_anew(&proxy);
    proxy.listener = listen_on(port);
    if (proxy.listener < 0) {
        perror("end_to_end_proxy: the port cannot be had");
        return 1;
    }
    (void)printf("ready\n");
    bool alive = fflush(stdout) == 0;
    while (alive) {
        alive = turn(&proxy);
    }
    end_all(&proxy, false);
    (void)close(proxy.listener);
    return 0;
}
