/* Secrets on a terminal or standard output, see secret_output.h. */
#include "field-client/console/secret_output.h"

#include "shared/base/limits.h"
#include "shared/base/memory.h"
#include "shared/base/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* The alternate screen, empty. */
#define SCREEN_OPEN "\033[?1049h\033[2J\033[H"
/* Cleared before it is left: some terminals keep it. */
#define SCREEN_CLOSE "\033[2J\033[H\033[?1049l"
#define CLEAR_MS_MAX 1000

/* ---- writing ---- */

static bool say(const struct cs_console *console, int file, const char *text)
{
    return cs_console_write(console, file, cs_bytes_of_text(text));
}

/* Also when the caller is gone; not longer than a moment, where somebody has stopped the terminal. */
static bool say_at_the_end(const struct cs_console *console, int file, const char *text)
{
    struct pollfd polled = {.fd = file, .events = POLLOUT};
    bool can =
        console == NULL || (poll(&polled, 1, CLEAR_MS_MAX) == 1 && (polled.revents & POLLOUT) != 0);
    return can && cs_console_write(NULL, file, cs_bytes_of_text(text));
}

static bool is_plain(uint8_t byte)
{
    return (byte >= 0x20 && byte != 0x7f) || byte == '\n' || byte == '\t';
}

/* Runs of what can be shown as they stand in secret memory; the rest by number. */
static bool show_visible(const struct cs_console *console, int terminal, struct cs_bytes secret)
{
    static const char digits[] = "0123456789abcdef";
    bool utf8 = cs_utf8_valid(secret);
    bool done = true;
    size_t at = 0;
    while (done && at < secret.size) {
        size_t end = at;
        while (end < secret.size && is_plain(secret.data[end]) &&
               (utf8 || secret.data[end] < 0x80)) {
            end++;
        }
        done = cs_console_write(console, terminal, cs_bytes_make(secret.data + at, end - at));
        if (done && end < secret.size) {
            char escape[4] = {'\\', 'x', digits[secret.data[end] >> 4],
                              digits[secret.data[end] & 15]};
            done = cs_console_write(console, terminal, cs_bytes_make(escape, sizeof escape));
            cs_wipe(escape, sizeof escape);
            end++;
        }
        at = end;
    }
    return done;
}

/* ---- waiting ---- */

static int64_t now_ms(void)
{
    struct timespec now = {0};
    cs_require(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void ends_programs(sigset_t *out)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP};
    (void)sigemptyset(out);
    for (size_t i = 0; i < CS_COUNT(signals); i++) {
        (void)sigaddset(out, signals[i]);
    }
}

/* `end` is readable when it is over for another reason. A key is read away, so that it does not reach the shell. */
static void wait_until(int terminal, int end, int64_t until_ms)
{
    struct pollfd polled[2] = {{.fd = end, .events = POLLIN | POLLRDHUP},
                               {.fd = terminal, .events = POLLIN}};
    for (int64_t left = until_ms - now_ms(); left > 0; left = until_ms - now_ms()) {
        int count = poll(polled, 2, left > 1000 ? 1000 : (int)left);
        if (count > 0 && polled[1].revents != 0) {
            uint8_t keys[64];
            ssize_t size = read(terminal, keys, sizeof keys);
            cs_wipe(keys, sizeof keys);
            (void)size; /* gone or pressed: it is over in both cases */
        }
        if (count > 0 || (count < 0 && errno != EINTR)) {
            return;
        }
    }
}

/* Keys come one by one and unseen; Ctrl-C is one of them. */
static bool enter_keys(const struct cs_console *console, int terminal, struct termios *out_before)
{
    if (terminal < 0 || tcgetattr(terminal, out_before) != 0) {
        return false;
    }
    struct termios keys = *out_before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | ISIG);
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    return cs_console_set_terminal(console, terminal, &keys);
}

static enum cs_status begin_and_end(const struct cs_console *console,
                                    const struct cs_for_a_while *what, int terminal, int end,
                                    int seconds_max)
{
    struct termios settings;
    bool keys = enter_keys(console, terminal, &settings);
    enum cs_status status = what->begin(what->context);
    if (status == CS_OK) {
        int64_t until_ms = now_ms() + (int64_t)seconds_max * 1000;
        if (console != NULL) {
            console->pause(console->context);
        }
        wait_until(keys ? terminal : -1, end, until_ms);
        if (console != NULL) {
            console->resume(console->context);
        }
        status = what->end(what->context);
    }
    if (keys) {
        (void)cs_console_set_terminal(console, terminal, &settings);
    }
    return status;
}

enum cs_status cs_for_a_while(const struct cs_console *console, const struct cs_for_a_while *what,
                              int terminal, int seconds_max)
{
    sigset_t wanted;
    sigset_t before;
    if (console != NULL) {
        return begin_and_end(console, what, terminal, console->caller, seconds_max);
    }
    ends_programs(&wanted);
    /* First of all: a signal in between would leave what `begin` did. */
    if (sigprocmask(SIG_BLOCK, &wanted, &before) != 0) {
        return CS_IO;
    }
    int signals = signalfd(-1, &wanted, SFD_CLOEXEC);
    enum cs_status status = begin_and_end(NULL, what, terminal, signals, seconds_max);
    if (signals >= 0) {
        (void)close(signals);
    }
    /* A signal that came in between arrives now. */
    return sigprocmask(SIG_SETMASK, &before, NULL) == 0 ? status : CS_IO;
}

void cs_secret_leave_screen(int terminal)
{
    (void)say_at_the_end(NULL, terminal, SCREEN_CLOSE);
}

struct showing {
    const struct cs_console *console;
    int terminal;
    const struct cs_secret_screen *screen;
    struct cs_bytes secret;
};

static enum cs_status clear_screen(void *context)
{
    const struct showing *showing = context;
    return say_at_the_end(showing->console, showing->terminal, SCREEN_CLOSE) ? CS_OK : CS_IO;
}

static bool show_title(const struct cs_console *console, int terminal, struct cs_bytes title)
{
    bool shown = true;
    for (size_t i = 0; shown && i < title.size; i++) {
        bool control = title.data[i] < 0x20 || title.data[i] == 0x7f;
        shown = cs_console_write(
            console, terminal, control ? cs_bytes_of_text(" ") : cs_bytes_make(&title.data[i], 1));
    }
    return shown;
}

static enum cs_status fill_screen(void *context)
{
    struct showing *showing = context;
    const struct cs_console *console = showing->console;
    int terminal = showing->terminal;
    bool shown =
        say(console, terminal, SCREEN_OPEN) &&
        show_title(console, terminal, showing->screen->title) && say(console, terminal, "\n\n") &&
        show_visible(console, terminal, showing->secret) && say(console, terminal, "\n\n") &&
        say(console, terminal, showing->screen->hint) && say(console, terminal, "\n");
    if (!shown) {
        (void)!clear_screen(context);
    }
    return shown ? CS_OK : CS_IO;
}

enum cs_status cs_secret_show(const struct cs_console *console, int terminal,
                              const struct cs_secret_screen *screen, struct cs_bytes secret)
{
    struct showing showing = {console, terminal, screen, secret};
    const struct cs_for_a_while what = {fill_screen, clear_screen, &showing};
    return isatty(terminal) == 0 ? CS_IO
                                 : cs_for_a_while(console, &what, terminal, screen->seconds_max);
}

/* ---- for programs ---- */

enum cs_status cs_secret_print(const struct cs_console *console, FILE *out, struct cs_bytes secret)
{
    return cs_console_put(console, out, secret) &&
                   cs_console_put(console, out, cs_bytes_of_text("\n"))
               ? CS_OK
               : CS_IO;
}

/* As JSON wants it in a text (RFC 8259 §7). */
static void escape(struct cs_bytes text, struct cs_buffer *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte == '"' || byte == '\\') {
            cs_buffer_append_u8(out, '\\');
            cs_buffer_append_u8(out, byte);
        } else if (byte < 0x20) {
            cs_buffer_append_bytes(out, cs_bytes_of_text("\\u00"));
            cs_buffer_append_u8(out, (uint8_t)digits[byte >> 4]);
            cs_buffer_append_u8(out, (uint8_t)digits[byte & 15]);
        } else {
            cs_buffer_append_u8(out, byte);
        }
    }
}

static void append_hex(struct cs_bytes bytes, struct cs_buffer *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        cs_buffer_append_u8(out, (uint8_t)digits[bytes.data[i] >> 4]);
        cs_buffer_append_u8(out, (uint8_t)digits[bytes.data[i] & 15]);
    }
}

/* The object without its closing brace, and the name of the member that follows. */
static enum cs_status begin_json(const struct cs_json *object, const char *name,
                                 const char *opening, struct cs_buffer *out)
{
    enum cs_status status = cs_json_write(object, 2, out);
    out->size -= out->size > 0 ? 1 : 0;
    while (out->size > 0 && out->data[out->size - 1] == '\n') {
        out->size--;
    }
    cs_buffer_append_bytes(out, cs_bytes_of_text(cs_json_count(object) > 0 ? ",\n  \"" : "\n  \""));
    cs_buffer_append_bytes(out, cs_bytes_of_text(name));
    cs_buffer_append_bytes(out, cs_bytes_of_text(opening));
    return status != CS_OK ? status : out->status;
}

enum cs_status cs_secret_print_json(const struct cs_console *console, FILE *out,
                                    const struct cs_json *object, const char *name,
                                    struct cs_bytes secret)
{
    struct cs_secret *room = NULL;
    struct cs_buffer head;
    bool hex = !cs_utf8_valid(secret);
    cs_buffer_init(&head, CS_MEBI);
    enum cs_status status = cs_secret_create(6 * secret.size, &room);
    if (status == CS_OK) {
        status = begin_json(object, name, hex ? "_hex\": \"" : "\": \"", &head);
    }
    if (status == CS_OK) {
        struct cs_buffer text = cs_secret_buffer(room);
        if (hex) {
            append_hex(secret, &text);
        } else {
            escape(secret, &text);
        }
        bool written = cs_console_put(console, out, cs_buffer_bytes(&head)) &&
                       cs_console_put(console, out, cs_buffer_bytes(&text)) &&
                       cs_console_put(console, out, cs_bytes_of_text("\"\n}\n"));
        status = written ? CS_OK : CS_IO;
    }
    cs_secret_destroy(room);
    cs_buffer_release(&head);
    return status;
}

/* `before` and the secret as a text in quotes. */
static enum cs_status put_quoted(const struct cs_console *console, FILE *out, const char *before,
                                 struct cs_bytes secret)
{
    struct cs_secret *room = NULL;
    enum cs_status status = cs_secret_create(6 * secret.size + 2, &room);
    if (status == CS_OK) {
        struct cs_buffer text = cs_secret_buffer(room);
        cs_buffer_append_u8(&text, '"');
        escape(secret, &text);
        cs_buffer_append_u8(&text, '"');
        bool written = cs_console_put(console, out, cs_bytes_of_text(before)) &&
                       cs_console_put(console, out, cs_buffer_bytes(&text));
        status = written ? CS_OK : CS_IO;
    }
    cs_secret_destroy(room);
    return status;
}

enum cs_status cs_secret_print_json_list(const struct cs_console *console, FILE *out,
                                         const struct cs_json *object, const char *name,
                                         struct cs_secret *const *secrets, size_t count)
{
    struct cs_buffer head;
    cs_buffer_init(&head, CS_MEBI);
    enum cs_status status = begin_json(object, name, "\": [", &head);
    if (status == CS_OK && !cs_console_put(console, out, cs_buffer_bytes(&head))) {
        status = CS_IO;
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = put_quoted(console, out, i == 0 ? "" : ", ", cs_secret_bytes(secrets[i]));
    }
    if (status == CS_OK && !cs_console_put(console, out, cs_bytes_of_text("]\n}\n"))) {
        status = CS_IO;
    }
    cs_buffer_release(&head);
    return status;
}
