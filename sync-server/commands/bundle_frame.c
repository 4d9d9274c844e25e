/* What both ends of DIR/control share, see bundle_service.h. */
#include "shared/base/status.h"
#include "sync-server/commands/bundle_service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* An address has room for short names only: the folder is named by its descriptor. */
static enum cs_status make_address(int folder, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length =
        snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/" CS_BUNDLE_SOCKET, folder);
    return length > 0 && (size_t)length < sizeof out->sun_path ? CS_OK : CS_INVALID;
}

static enum cs_status set_waits(int descriptor)
{
    const struct timeval wait = {.tv_sec = CS_BUNDLE_WAIT_SECONDS};
    return setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
                   setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0
               ? CS_OK
               : CS_IO;
}

static enum cs_status use_address(int descriptor, const struct sockaddr_un *address, int folder,
                                  bool listens)
{
    const struct sockaddr *general = (const struct sockaddr *)address;
    if (!listens) {
        return connect(descriptor, general, sizeof *address) == 0 ? set_waits(descriptor)
                                                                  : CS_NOT_FOUND;
    }
    /* What an ended process left; the folder's lock says that none lives. */
    (void)unlinkat(folder, CS_BUNDLE_SOCKET, 0);
    return bind(descriptor, general, sizeof *address) == 0 &&
                   fchmodat(folder, CS_BUNDLE_SOCKET, 0600, 0) == 0 && listen(descriptor, 4) == 0
               ? CS_OK
               : CS_IO;
}

enum cs_status cs_bundle_socket(const char *folder, bool listens, int *out)
{
    struct sockaddr_un address;
    int descriptor = -1;
    int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) {
        return CS_NOT_FOUND;
    }
    enum cs_status status = make_address(at, &address);
    if (status == CS_OK) {
        descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        status = descriptor < 0 ? CS_IO : use_address(descriptor, &address, at, listens);
    }
    (void)close(at);
    if (status != CS_OK && descriptor >= 0) {
        (void)close(descriptor);
    }
    if (status == CS_OK) {
        *out = descriptor;
    }
    return status;
}

static enum cs_status send_all(int descriptor, struct cs_bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t count = send(descriptor, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return CS_UNREACHABLE;
        }
        bytes.data += count;
        bytes.size -= (size_t)count;
    }
    return CS_OK;
}

static enum cs_status receive_all(int descriptor, uint8_t *out, size_t size)
{
    while (size > 0) {
        ssize_t count = recv(descriptor, out, size, 0);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return CS_UNREACHABLE;
        }
        out += count;
        size -= (size_t)count;
    }
    return CS_OK;
}

enum cs_status cs_bundle_frame_send(int socket, struct cs_bytes frame)
{
    struct cs_buffer size;
    cs_buffer_init(&size, sizeof(uint32_t));
    cs_buffer_append_u32(&size, (uint32_t)frame.size);
    enum cs_status status = frame.size > CS_BUNDLE_FRAME_MAX ? CS_TOO_LARGE : size.status;
    if (status == CS_OK) {
        status = send_all(socket, cs_buffer_bytes(&size));
    }
    cs_buffer_release(&size);
    return status != CS_OK ? status : send_all(socket, frame);
}

enum cs_status cs_bundle_frame_receive(int socket, struct cs_buffer *out)
{
    uint8_t prefix[sizeof(uint32_t)];
    struct cs_reader reader;
    enum cs_status status = receive_all(socket, prefix, sizeof prefix);
    if (status != CS_OK) {
        return status;
    }
    cs_reader_init(&reader, cs_bytes_of_array(prefix));
    size_t size = cs_read_u32(&reader);
    if (size == 0 || size > CS_BUNDLE_FRAME_MAX) {
        return CS_MALFORMED;
    }
    uint8_t *bytes = cs_buffer_extend(out, size);
    return bytes == NULL ? out->status : receive_all(socket, bytes, size);
}

void cs_bundle_taken_write(enum cs_status status, const struct cs_bundle_taken *taken,
                           struct cs_buffer *out)
{
    cs_buffer_append_prefixed(out, cs_bytes_of_text(cs_status_name(status)));
    cs_buffer_append_prefixed(out, cs_bytes_of_text(cs_status_name(taken->status)));
    cs_buffer_append_prefixed(out, taken->text);
    cs_buffer_append(out, taken->certificate, sizeof taken->certificate);
    cs_buffer_append_prefixed(out, taken->person_name);
    cs_buffer_append_prefixed(out, taken->device_name);
    cs_buffer_append_u64(out, taken->change_sets);
    cs_buffer_append_u64(out, taken->taken);
    cs_buffer_append_u64(out, taken->transactions);
    cs_buffer_append_u64(out, taken->refused);
    cs_buffer_append_u64(out, taken->held);
}

enum cs_status cs_bundle_status_read(struct cs_reader *reader)
{
    char name[64];
    enum cs_status status;
    struct cs_bytes bytes = cs_read_prefixed(reader);
    if (bytes.size == 0 || bytes.size >= sizeof name) {
        return CS_MALFORMED;
    }
    memcpy(name, bytes.data, bytes.size);
    name[bytes.size] = '\0';
    return cs_status_from_name(name, &status) ? status : CS_MALFORMED;
}

enum cs_status cs_bundle_taken_read(struct cs_bytes frame, struct cs_arena *arena,
                                    struct cs_bundle_taken *out)
{
    struct cs_reader reader;
    struct cs_bundle_taken taken;
    cs_reader_init(&reader, frame);
    enum cs_status answered = cs_bundle_status_read(&reader);
    taken.status = cs_bundle_status_read(&reader);
    struct cs_bytes text = cs_read_prefixed(&reader);
    cs_read_copy(&reader, taken.certificate, sizeof taken.certificate);
    struct cs_bytes person = cs_read_prefixed(&reader);
    struct cs_bytes device = cs_read_prefixed(&reader);
    taken.change_sets = cs_read_u64(&reader);
    taken.taken = cs_read_u64(&reader);
    taken.transactions = cs_read_u64(&reader);
    taken.refused = cs_read_u64(&reader);
    taken.held = cs_read_u64(&reader);
    enum cs_status status = cs_reader_finish(&reader);
    if (status == CS_OK) {
        status = cs_arena_copy(arena, text, &taken.text);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(arena, person, &taken.person_name);
    }
    if (status == CS_OK) {
        status = cs_arena_copy(arena, device, &taken.device_name);
    }
    if (status == CS_OK && answered == CS_OK) {
        *out = taken;
    }
    return status != CS_OK ? status : answered;
}
