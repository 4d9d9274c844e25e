/* Bytes and descriptors between caller and agent, see socket.h. */
#include "field-client/agent/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 64
#define ANSWER_SIZE_MAX (10 + CS_PROBLEM_TEXT_MAX)

/* ---- where it is ---- */

/* Through the open folder where its own name is too long: sun_path has 108 bytes. */
static bool address_of(int folder, const char *home, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int size = snprintf(out->sun_path, sizeof out->sun_path, "%s/" CS_AGENT_SOCKET_FILE, home);
    if (size > 0 && (size_t)size < sizeof out->sun_path) {
        return true;
    }
    size = snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/" CS_AGENT_SOCKET_FILE,
                    folder);
    return size > 0 && (size_t)size < sizeof out->sun_path;
}

static int open_folder(const char *home)
{
    return open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool is_own_user(int connection)
{
    struct ucred peer = {.pid = 0};
    socklen_t size = sizeof peer;
    return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           size == sizeof peer && peer.uid == geteuid();
}

/* ---- listening ---- */

static enum cs_status check_folder(int folder, const char *home, struct cs_problem *problem)
{
    struct stat found;
    if (fstat(folder, &found) != 0) {
        return cs_problem_set(problem, CS_IO, "%.300s: %s", home, strerror(errno));
    }
    if (found.st_uid != geteuid() || (found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return cs_problem_set(problem, CS_DENIED,
                              "%.300s is open to other users, so no agent is started there: make "
                              "it your own (chmod 700)",
                              home);
    }
    return CS_OK;
}

static enum cs_status take_lock(struct cs_agent_listener *listener, const char *home,
                                struct cs_problem *problem)
{
    listener->lock = openat(listener->folder, CS_AGENT_LOCK_FILE,
                            O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (listener->lock < 0) {
        return cs_problem_set(problem, CS_IO, "%.300s/" CS_AGENT_LOCK_FILE ": %s", home,
                              strerror(errno));
    }
    if (flock(listener->lock, LOCK_EX | LOCK_NB) != 0) {
        return cs_problem_set(problem, errno == EWOULDBLOCK ? CS_EXISTS : CS_IO,
                              "an agent runs already for %.300s", home);
    }
    return CS_OK;
}

/* With the lock held: what stands there was left behind. */
static enum cs_status bind_socket(struct cs_agent_listener *listener, const char *home,
                                  struct cs_problem *problem)
{
    struct sockaddr_un address;
    (void)unlinkat(listener->folder, CS_AGENT_SOCKET_FILE, 0);
    listener->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->socket < 0 || !address_of(listener->folder, home, &address) ||
        bind(listener->socket, (const struct sockaddr *)&address, sizeof address) != 0 ||
        fchmodat(listener->folder, CS_AGENT_SOCKET_FILE, 0600, 0) != 0 ||
        listen(listener->socket, BACKLOG) != 0) {
        return cs_problem_set(problem, CS_IO,
                              "the socket %.300s/" CS_AGENT_SOCKET_FILE " cannot be made: %s", home,
                              strerror(errno));
    }
    return CS_OK;
}

enum cs_status cs_agent_listen(const char *home, struct cs_agent_listener *out,
                               struct cs_problem *problem)
{
    struct cs_agent_listener listener = {-1, -1, open_folder(home)};
    if (listener.folder < 0) {
        return cs_problem_set(problem, errno == ENOENT ? CS_NOT_FOUND : CS_IO, "%.300s: %s", home,
                              strerror(errno));
    }
    enum cs_status status = check_folder(listener.folder, home, problem);
    if (status == CS_OK) {
        status = take_lock(&listener, home, problem);
    }
    if (status == CS_OK) {
        status = bind_socket(&listener, home, problem);
        if (status != CS_OK) {
            (void)unlinkat(listener.folder, CS_AGENT_SOCKET_FILE, 0);
        }
    }
    if (status == CS_OK) {
        *out = listener;
        return CS_OK;
    }
    const int files[] = {listener.socket, listener.lock, listener.folder};
    for (size_t i = 0; i < CS_COUNT(files); i++) {
        if (files[i] >= 0) {
            (void)close(files[i]);
        }
    }
    return status;
}

void cs_agent_listener_close(struct cs_agent_listener *listener)
{
    (void)unlinkat(listener->folder, CS_AGENT_SOCKET_FILE, 0);
    (void)close(listener->socket);
    (void)close(listener->lock);
    (void)close(listener->folder);
}

int cs_agent_accept(const struct cs_agent_listener *listener)
{
    struct sockaddr_un peer;
    socklen_t size = sizeof peer;
    int connection =
        accept4(listener->socket, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection >= 0 && !is_own_user(connection)) {
        (void)close(connection);
        return -1;
    }
    return connection;
}

int cs_agent_connect(const char *home)
{
    struct sockaddr_un address;
    int folder = open_folder(home);
    int connection = folder < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Many callers at once wait in line here. */
    const struct timeval patience = {.tv_sec = CS_AGENT_SECONDS_MAX};
    bool connected =
        connection >= 0 && address_of(folder, home, &address) &&
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
        connect(connection, (const struct sockaddr *)&address, sizeof address) == 0 &&
        is_own_user(connection) && fcntl(connection, F_SETFL, O_NONBLOCK) == 0;
    if (folder >= 0) {
        (void)close(folder);
    }
    if (!connected && connection >= 0) {
        (void)close(connection);
    }
    return connected ? connection : -1;
}

/* ---- moving bytes ---- */

static int64_t now_ms(void)
{
    struct timespec now = {0};
    cs_require(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until `until_ms`; less than 0: for ever. */
static enum cs_status wait_for(int connection, short events, int64_t until_ms)
{
    struct pollfd polled = {.fd = connection, .events = events};
    for (;;) {
        int64_t left = until_ms < 0 ? -1 : until_ms - now_ms();
        if (until_ms >= 0 && left <= 0) {
            return CS_TIMEOUT;
        }
        int count = poll(&polled, 1, (int)left);
        if (count > 0) {
            return CS_OK;
        }
        if (count < 0 && errno != EINTR) {
            return CS_IO;
        }
    }
}

static bool try_again(ssize_t count)
{
    return count < 0 && (errno == EINTR || errno == EAGAIN);
}

static enum cs_status send_all(int connection, struct cs_bytes bytes, int64_t until_ms)
{
    while (bytes.size > 0) {
        enum cs_status status = wait_for(connection, POLLOUT, until_ms);
        if (status != CS_OK) {
            return status;
        }
        ssize_t count = send(connection, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (try_again(count)) {
            continue;
        }
        if (count <= 0) {
            return CS_IO;
        }
        bytes.data += count;
        bytes.size -= (size_t)count;
    }
    return CS_OK;
}

static enum cs_status receive_all(int connection, uint8_t *out, size_t size, int64_t until_ms)
{
    while (size > 0) {
        enum cs_status status = wait_for(connection, POLLIN, until_ms);
        if (status != CS_OK) {
            return status;
        }
        ssize_t count = recv(connection, out, size, 0);
        if (try_again(count)) {
            continue;
        }
        if (count <= 0) {
            return CS_IO;
        }
        out += count;
        size -= (size_t)count;
    }
    return CS_OK;
}

/* ---- descriptors ---- */

union control {
    char bytes[CMSG_SPACE(CS_AGENT_FILE_COUNT * sizeof(int))];
    struct cmsghdr align;
};

/* More than are wanted may fit: the room is rounded up. */
#define FILES_ROOM ((sizeof(union control) - CMSG_LEN(0)) / sizeof(int))

void cs_agent_files_close(struct cs_agent_files *files)
{
    for (size_t i = 0; i < CS_AGENT_FILE_COUNT; i++) {
        if (files->of[i] >= 0) {
            (void)close(files->of[i]);
            files->of[i] = -1;
        }
    }
}

static uint8_t mask_of(const struct cs_agent_files *files)
{
    unsigned mask = 0;
    for (unsigned i = 0; i < CS_AGENT_FILE_COUNT; i++) {
        mask |= files->of[i] >= 0 ? 1u << i : 0;
    }
    return (uint8_t)mask;
}

/* They go with the first byte. */
static enum cs_status send_first(int connection, uint8_t first, const struct cs_agent_files *files,
                                 int64_t until_ms)
{
    union control control = {.bytes = {0}};
    int list[CS_AGENT_FILE_COUNT];
    size_t count = 0;
    struct iovec part = {.iov_base = &first, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    for (size_t i = 0; i < CS_AGENT_FILE_COUNT; i++) {
        if (files->of[i] >= 0) {
            list[count++] = files->of[i];
        }
    }
    if (count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof list[0]);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        cs_require(head != NULL); /* there is room for it */
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(count * sizeof list[0]);
        memcpy(CMSG_DATA(head), list, count * sizeof list[0]);
    }
    for (;;) {
        enum cs_status status = wait_for(connection, POLLOUT, until_ms);
        if (status != CS_OK) {
            return status;
        }
        ssize_t sent = sendmsg(connection, &message, MSG_NOSIGNAL);
        if (!try_again(sent)) {
            return sent == 1 ? CS_OK : CS_IO;
        }
    }
}

/* Whatever came, so that all of it can be closed. */
static size_t take_files(struct msghdr *message, int *list, size_t room)
{
    size_t count = 0;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head != NULL;
         head = CMSG_NXTHDR(message, head)) {
        size_t here = head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS
                          ? (head->cmsg_len - CMSG_LEN(0)) / sizeof list[0]
                          : 0;
        cs_require(here <= room - count);
        memcpy(list + count, CMSG_DATA(head), here * sizeof list[0]);
        count += here;
    }
    return count;
}

static enum cs_status receive_first(int connection, uint8_t *out_first, int *list,
                                    size_t *out_count, int64_t until_ms)
{
    union control control = {.bytes = {0}};
    struct iovec part = {.iov_base = out_first, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t count = -1;
    do {
        enum cs_status status = wait_for(connection, POLLIN, until_ms);
        if (status != CS_OK) {
            return status;
        }
        count = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    } while (try_again(count));
    if (count != 1) {
        return CS_IO;
    }
    *out_count = take_files(&message, list, FILES_ROOM);
    return (message.msg_flags & MSG_CTRUNC) != 0 ? CS_MALFORMED : CS_OK;
}

/* Which of them is which, as the head says. */
static enum cs_status sort_files(uint8_t mask, const int *list, size_t count,
                                 struct cs_agent_files *out)
{
    size_t next = 0;
    for (unsigned i = 0; i < CS_AGENT_FILE_COUNT; i++) {
        bool there = (mask & (1u << i)) != 0;
        if (there && next == count) {
            return CS_MALFORMED;
        }
        out->of[i] = there ? list[next++] : -1;
    }
    return next == count ? CS_OK : CS_MALFORMED;
}

/* ---- requests and answers ---- */

enum cs_status cs_agent_send(int connection, const struct cs_agent_request *request,
                             const struct cs_agent_files *files)
{
    struct cs_buffer bytes;
    int64_t until_ms = now_ms() + (int64_t)CS_AGENT_SECONDS_MAX * 1000;
    cs_buffer_init(&bytes, CS_AGENT_REQUEST_MAX + CS_AGENT_HEAD_SIZE);
    enum cs_status status = cs_agent_request_encode(request, mask_of(files), &bytes);
    if (status == CS_OK) {
        status = send_first(connection, bytes.data[0], files, until_ms);
    }
    if (status == CS_OK) {
        status = send_all(connection, cs_bytes_make(bytes.data + 1, bytes.size - 1), until_ms);
    }
    cs_buffer_release(&bytes);
    return status;
}

static enum cs_status receive_rest(int connection, size_t size, struct cs_arena *arena,
                                   struct cs_agent_request *out, int64_t until_ms)
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, CS_AGENT_REQUEST_MAX);
    uint8_t *room = cs_buffer_extend(&bytes, size);
    enum cs_status status =
        room == NULL && size > 0 ? bytes.status : receive_all(connection, room, size, until_ms);
    if (status == CS_OK) {
        status = cs_agent_request_decode(cs_buffer_bytes(&bytes), arena, out);
    }
    cs_buffer_release(&bytes);
    return status;
}

enum cs_status cs_agent_receive(int connection, struct cs_arena *arena,
                                struct cs_agent_request *out, struct cs_agent_files *out_files)
{
    uint8_t head_bytes[CS_AGENT_HEAD_SIZE];
    struct cs_agent_head head;
    struct cs_agent_files files;
    int list[FILES_ROOM];
    size_t count = 0;
    int64_t until_ms = now_ms() + (int64_t)CS_AGENT_SECONDS_MAX * 1000;
    enum cs_status status = receive_first(connection, head_bytes, list, &count, until_ms);
    if (status == CS_OK) {
        status = receive_all(connection, head_bytes + 1, sizeof head_bytes - 1, until_ms);
    }
    if (status == CS_OK) {
        status = cs_agent_head_decode(head_bytes, &head);
    }
    if (status == CS_OK) {
        status = sort_files(head.files, list, count, &files);
    }
    if (status == CS_OK) {
        status = receive_rest(connection, head.size, arena, out, until_ms);
    }
    if (status == CS_OK) {
        *out_files = files;
        return CS_OK;
    }
    for (size_t i = 0; i < count; i++) {
        (void)close(list[i]);
    }
    return status;
}

enum cs_status cs_agent_answer(int connection, const struct cs_agent_answer *answer)
{
    struct cs_buffer bytes;
    cs_buffer_init(&bytes, ANSWER_SIZE_MAX);
    cs_agent_answer_encode(answer, &bytes);
    enum cs_status status = bytes.status;
    if (status == CS_OK) {
        status = send_all(connection, cs_buffer_bytes(&bytes),
                          now_ms() + (int64_t)CS_AGENT_SECONDS_MAX * 1000);
    }
    cs_buffer_release(&bytes);
    return status;
}

enum cs_status cs_agent_await(int connection, struct cs_agent_answer *out)
{
    uint8_t bytes[ANSWER_SIZE_MAX];
    struct cs_reader reader;
    enum cs_status status = receive_all(connection, bytes, CS_AGENT_HEAD_SIZE, -1);
    if (status != CS_OK) {
        return status;
    }
    cs_reader_init(&reader, cs_bytes_make(bytes + CS_AGENT_HEAD_SIZE - 4, 4));
    size_t size = cs_read_u32(&reader);
    if (size > sizeof bytes - CS_AGENT_HEAD_SIZE) {
        return CS_MALFORMED;
    }
    status = receive_all(connection, bytes + CS_AGENT_HEAD_SIZE, size, -1);
    return status != CS_OK
               ? status
               : cs_agent_answer_decode(cs_bytes_make(bytes, CS_AGENT_HEAD_SIZE + size), out);
}
