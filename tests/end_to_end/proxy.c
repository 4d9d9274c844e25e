/*
 * A TCP proxy on loopback that cuts connections, or does them other harm, where it is told to: scripts stand it between client and server.
 *
 * usage: end_to_end_proxy LISTEN_PORT TARGET_PORT
 *
 * Prints "ready", then obeys one line on standard input at a time and answers each with one line, until the input ends:
 *
 *   pass            everything goes through, and the counts begin anew
 *   cut up N KIND   after N bytes from the client all connections end, and every new one at once
 *   cut down N KIND the same for bytes from the server; KIND is "close" (FIN) or "reset" (RST)
 *   count           answers "UP DOWN CONNECTIONS" since the last "pass", "cut", "harm" or "chance"
 *   harm KIND up N  every new connection is done this harm, once, after N bytes from the client; or: down, from the server
 *   chance SEED     every new connection is done a harm drawn from the seed, or none
 *   harms           answers how often each was done since the start: "lost=N twice=N …"
 *
 * Harms: lost (up to 64 bytes vanish), twice (some come again), end (FIN in both directions), reset (RST), pause (a second or two in which nothing
 * moves), stall (nothing moves ever again, and nobody is told), half (the server's side is closed, the client is not told), drip (one byte a
 * second for three bytes), crawl (the same for good).
 *
 * What must stay true: one thread, one poll loop; with "pass" and "cut" bytes are neither changed nor invented; beyond byte N of a cut
 * direction nothing gets through, in either direction.
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
#include <time.h>
#include <unistd.h>

#define PAIRS_MAX 32
#define CHUNK_SIZE ((size_t)16384)
#define LINE_MAX_SIZE ((size_t)128)
#define NO_LIMIT UINT64_MAX
#define LOST_MAX ((size_t)64)
#define SECOND_MS ((int64_t)1000)
#define DRIPS 3
/* Where harm comes by chance: after so many bytes at most, which is more than an exchange of a few rows. */
#define CHANCE_BYTES_MAX 1500

enum direction { UP, DOWN, DIRECTIONS };

#define HARMS(X) X(lost) X(twice) X(end) X(reset) X(pause) X(stall) X(half) X(drip) X(crawl)
#define HARM_OF(name) HARM_##name,
#define NAME_OF(name) #name,
enum harm { HARM_none, HARMS(HARM_OF) HARM_COUNT };
static const char *const harm_names[] = {"none", HARMS(NAME_OF)};

/* What is done to one connection, once. */
struct fate {
    enum harm harm;
    enum direction direction;
    uint64_t after; /* bytes of that direction */
    bool done;
};

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
    uint64_t taken[DIRECTIONS];
    struct fate fate;
    int64_t rest_until_ms; /* nothing moves before; INT64_MAX: never again */
    size_t drips;          /* bytes that come one by one, a second apart */
};

struct proxy {
    int listener;
    uint16_t target_port;
    uint64_t limits[DIRECTIONS];
    uint64_t counts[DIRECTIONS];
    uint64_t connections;
    bool cut;
    bool reset;
    struct fate fate; /* of every new connection */
    bool by_chance;   /* it is drawn instead */
    uint64_t chance;  /* splitmix64 */
    uint64_t done[HARM_COUNT];
    struct pair pairs[PAIRS_MAX];
    char line[LINE_MAX_SIZE];
    size_t line_size;
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

static uint64_t draw(struct proxy *proxy, uint64_t below)
{
    uint64_t z = (proxy->chance += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

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
    if (pair->sockets[DOWN] >= 0) {
        close_socket(pair->sockets[DOWN], reset);
    }
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

/* The harms that never end are not drawn: whoever meets one waits for a minute. */
static struct fate draw_fate(struct proxy *proxy)
{
    static const enum harm drawn[] = {HARM_none,  HARM_lost,  HARM_twice, HARM_end,
                                      HARM_reset, HARM_pause, HARM_drip};
    struct fate fate = {.harm = drawn[draw(proxy, sizeof drawn / sizeof drawn[0])]};
    fate.direction = draw(proxy, 2) == 0 ? UP : DOWN;
    fate.after = draw(proxy, CHANCE_BYTES_MAX);
    return fate;
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
    pair->fate = proxy->by_chance ? draw_fate(proxy) : proxy->fate;
}

/* ---- bytes ---- */

/* How much may be taken in: not beyond the limit, nor beyond where harm is done. */
static size_t room_of(const struct proxy *proxy, const struct pair *pair, enum direction direction)
{
    const struct fate *fate = &pair->fate;
    uint64_t left = proxy->limits[direction] - proxy->counts[direction];
    uint64_t room = left < CHUNK_SIZE ? left : CHUNK_SIZE;
    if (fate->harm != HARM_none && !fate->done && fate->direction == direction &&
        pair->taken[direction] < fate->after && fate->after - pair->taken[direction] < room) {
        room = fate->after - pair->taken[direction];
    }
    return pair->drips > 0 && room > 1 ? 1 : (size_t)room;
}

/* Takes in what has come. False: the connection is over. */
static bool take_in(struct proxy *proxy, struct pair *pair, enum direction direction)
{
    struct flow *flow = &pair->flows[direction];
    size_t room = room_of(proxy, pair, direction);
    ssize_t count = room == 0 ? 0 : recv(pair->sockets[direction], flow->data, room, 0);
    if (count < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    flow->begin = 0;
    flow->end = (size_t)count;
    flow->ended = count == 0;
    pair->taken[direction] += (uint64_t)count;
    proxy->counts[direction] += (uint64_t)count;
    if (pair->drips > 0 && count > 0) {
        pair->rest_until_ms = now_ms() + SECOND_MS;
        pair->drips--;
    }
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

/* ---- harm ---- */

/* The side of the server ends; the client's stays as it is, and nobody reads it. */
static void halve(struct pair *pair)
{
    close_socket(pair->sockets[DOWN], false);
    pair->sockets[DOWN] = -1;
    pair->rest_until_ms = INT64_MAX;
}

/* The first bytes of a chunk vanish. */
static void lose(struct flow *flow)
{
    size_t size = flow->end - flow->begin;
    flow->begin += size < LOST_MAX ? size : LOST_MAX;
}

/* True: its time has come. What vanishes or comes twice has to be there first. */
static bool is_due(const struct pair *pair)
{
    const struct fate *fate = &pair->fate;
    const struct flow *flow = &pair->flows[fate->direction];
    if (fate->harm == HARM_none || fate->done || pair->taken[fate->direction] < fate->after) {
        return false;
    }
    return fate->harm != HARM_lost && fate->harm != HARM_twice ? true : !is_empty(flow);
}

/* False: the connection has ended by it. */
static bool do_harm(struct proxy *proxy, struct pair *pair)
{
    struct flow *flow = &pair->flows[pair->fate.direction];
    pair->fate.done = true;
    proxy->done[pair->fate.harm]++;
    switch (pair->fate.harm) {
    case HARM_lost:
        lose(flow);
        return true;
    case HARM_twice:
        if (!send_on(pair, pair->fate.direction)) {
            return false;
        }
        flow->begin = is_empty(flow) ? 0 : flow->begin;
        return true;
    case HARM_end:
    case HARM_reset:
        end_pair(pair, pair->fate.harm == HARM_reset);
        return false;
    case HARM_pause:
        pair->rest_until_ms = now_ms() + SECOND_MS + (int64_t)draw(proxy, SECOND_MS);
        return true;
    case HARM_stall:
        pair->rest_until_ms = INT64_MAX;
        return true;
    case HARM_half:
        halve(pair);
        return true;
    case HARM_drip:
    case HARM_crawl:
        pair->drips = pair->fate.harm == HARM_drip ? DRIPS : SIZE_MAX;
        return true;
    case HARM_none:
    case HARM_COUNT:
        break;
    }
    return true;
}

static bool rests(const struct pair *pair)
{
    return pair->rest_until_ms > now_ms();
}

static void serve_pair(struct proxy *proxy, struct pair *pair, const short ready[static DIRECTIONS])
{
    bool alive = true;
    for (int i = UP; alive && i < DIRECTIONS; i++) {
        struct flow *flow = &pair->flows[i];
        if (is_empty(flow) && !flow->ended && (ready[i] & (POLLIN | POLLHUP | POLLERR)) != 0) {
            alive = take_in(proxy, pair, (enum direction)i);
        }
        if (alive && is_due(pair) && !do_harm(proxy, pair)) {
            return;
        }
        if (rests(pair)) {
            return;
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
    proxy->fate = (struct fate){0};
    proxy->by_chance = false;
}

/* False: there is no such harm. */
static bool set_fate(struct proxy *proxy, const char *name, const char *direction, uint64_t after)
{
    for (int i = HARM_none + 1; i < HARM_COUNT; i++) {
        if (strcmp(harm_names[i], name) == 0) {
            proxy->fate = (struct fate){.harm = (enum harm)i, .after = after};
            proxy->fate.direction = strcmp(direction, "up") == 0 ? UP : DOWN;
            return true;
        }
    }
    return false;
}

static void tell_harms(const struct proxy *proxy)
{
    for (int i = HARM_none + 1; i < HARM_COUNT; i++) {
        (void)printf("%s=%" PRIu64 "%s", harm_names[i], proxy->done[i],
                     i + 1 < HARM_COUNT ? " " : "\n");
    }
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
    if (strcmp(line, "harms") == 0) {
        tell_harms(proxy);
        return true;
    }
    if (sscanf(line, "chance %" SCNu64, &limit) == 1) {
        begin_anew(proxy);
        proxy->by_chance = true;
        proxy->chance = limit;
        (void)printf("ok\n");
        return true;
    }
    if (sscanf(line, "harm %7s %7s %" SCNu64, kind, direction, &limit) == 3) {
        begin_anew(proxy);
        bool known = set_fate(proxy, kind, direction, limit);
        (void)printf(known ? "ok\n" : "no such harm\n");
        return known;
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

/* Until a connection goes on that rests; -1: none does. */
static int wait_ms(const struct proxy *proxy)
{
    int64_t wait = -1;
    int64_t now = now_ms();
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        const struct pair *pair = &proxy->pairs[i];
        int64_t left = pair->rest_until_ms - now;
        if (pair->used && left > 0 && pair->rest_until_ms != INT64_MAX &&
            (wait < 0 || left < wait)) {
            wait = left;
        }
    }
    return (int)wait;
}

static bool turn(struct proxy *proxy)
{
    struct pollfd files[2 + DIRECTIONS * PAIRS_MAX];
    files[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    files[1] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        const struct pair *pair = &proxy->pairs[i];
        for (int side = UP; side < DIRECTIONS; side++) {
            short events = pair->used && !rests(pair) ? wanted(pair, (enum direction)side) : 0;
            /* Without events a hang-up would be reported again and again. */
            files[2 + 2 * i + (size_t)side] =
                (struct pollfd){.fd = events == 0 ? -1 : pair->sockets[side], .events = events};
        }
    }
    if (poll(files, 2 + DIRECTIONS * PAIRS_MAX, wait_ms(proxy)) < 0) {
        return errno == EINTR;
    }
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (proxy->pairs[i].used && !rests(&proxy->pairs[i])) {
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
