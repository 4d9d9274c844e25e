/*
 * Preloaded into a client: looks for a password in the process's own memory, while it is written out (a control: there it must be) and when
 * the process ends after everything was closed and wiped (there it must not be).
 *
 * COUNTERSIGN_SCAN_FOR names a file with the password, each byte XOR 0x5a, so that nothing here ever holds it in clear; what is found is
 * appended to the file COUNTERSIGN_SCAN_REPORT: "shown N", "ended N", one line for each place, and "dumpable N core N". Looked for as it
 * is, in hexadecimal of both cases, UTF-16 of both orders, and base64 of both alphabets at each offset.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define MASK 0x5a
#define PASSWORD_MAX 64
#define PATTERNS_MAX 11
#define CHUNK (64 * 1024)

struct pattern {
    uint8_t masked[2 * PASSWORD_MAX];
    size_t size;
    const char *name;
};

static struct pattern patterns[PATTERNS_MAX];
static size_t pattern_count;
static int maps = -1;
static int memory = -1;
static int report = -1;
static int scanning;

static void add(struct pattern **next, const char *name)
{
    *next = &patterns[pattern_count++];
    (*next)->name = name;
}

static void put(struct pattern *pattern, unsigned byte)
{
    pattern->masked[pattern->size++] = (uint8_t)(byte ^ MASK);
}

static void add_hex(const uint8_t *masked, size_t size, const char *digits, const char *name)
{
    struct pattern *pattern;
    add(&pattern, name);
    for (size_t i = 0; i < size; i++) {
        unsigned byte = masked[i] ^ MASK;
        put(pattern, (uint8_t)digits[byte >> 4]);
        put(pattern, (uint8_t)digits[byte & 15]);
    }
}

static void add_wide(const uint8_t *masked, size_t size, int big, const char *name)
{
    struct pattern *pattern;
    add(&pattern, name);
    for (size_t i = 0; i < size; i++) {
        if (big == 0 || i > 0) {
            put(pattern, big != 0 ? 0 : (unsigned)(masked[i] ^ MASK));
        }
        if (big != 0 || i + 1 < size) {
            put(pattern, big != 0 ? (unsigned)(masked[i] ^ MASK) : 0);
        }
    }
}

static void add_base64(const uint8_t *masked, size_t size, size_t skip, const char *alphabet,
                       const char *name)
{
    struct pattern *pattern;
    add(&pattern, name);
    for (size_t i = skip; i + 3 <= size; i += 3) {
        unsigned group = (unsigned)(masked[i] ^ MASK) << 16 |
                         (unsigned)(masked[i + 1] ^ MASK) << 8 | (unsigned)(masked[i + 2] ^ MASK);
        for (int shift = 18; shift >= 0; shift -= 6) {
            put(pattern, (uint8_t)alphabet[group >> shift & 63]);
        }
    }
}

static void make_patterns(const uint8_t *masked, size_t size)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char other[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct pattern *raw;
    add(&raw, "raw");
    memcpy(raw->masked, masked, size);
    raw->size = size;
    add_hex(masked, size, "0123456789abcdef", "hex");
    add_hex(masked, size, "0123456789ABCDEF", "HEX");
    add_wide(masked, size, 0, "utf-16le");
    add_wide(masked, size, 1, "utf-16be");
    for (size_t skip = 0; skip < 3; skip++) {
        add_base64(masked, size, skip, alphabet, "base64");
        add_base64(masked, size, skip, other, "base64url");
    }
}

static int is_here(const uint8_t *hay, const struct pattern *pattern)
{
    size_t i = 0;
    while (i < pattern->size && (hay[i] ^ MASK) == pattern->masked[i]) {
        i++;
    }
    return i == pattern->size;
}

/* Pieces overlap by the longest pattern. */
static unsigned scan_range(unsigned long long from, unsigned long long to, const char *name)
{
    static uint8_t chunk[CHUNK];
    unsigned found = 0;
    while (from < to) {
        unsigned long long left = to - from;
        ssize_t size = pread(memory, chunk, left < CHUNK ? (size_t)left : CHUNK, (off_t)from);
        if (size <= 0) {
            return found; /* guard pages */
        }
        for (size_t at = 0; at < (size_t)size; at++) {
            for (size_t p = 0; p < pattern_count; p++) {
                if (patterns[p].size > 0 && at + patterns[p].size <= (size_t)size &&
                    is_here(chunk + at, &patterns[p])) {
                    dprintf(report, "  %s at %llx in %s\n", patterns[p].name, from + at, name);
                    found++;
                }
            }
        }
        memset(chunk, 0, sizeof chunk);
        if ((size_t)size <= 2 * PASSWORD_MAX || (unsigned long long)size == left) {
            return found;
        }
        from += (unsigned long long)size - 2 * PASSWORD_MAX;
    }
    return found;
}

static unsigned scan(void)
{
    static char text[512 * 1024];
    size_t size = 0;
    unsigned found = 0;
    ssize_t count = 0;
    (void)lseek(maps, 0, SEEK_SET);
    while (size + 1 < sizeof text &&
           (count = read(maps, text + size, sizeof text - 1 - size)) > 0) {
        size += (size_t)count;
    }
    text[size] = '\0';
    for (char *line = text; line != NULL && *line != '\0';) {
        unsigned long long from = 0;
        unsigned long long to = 0;
        char rights[8] = "";
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        if (sscanf(line, "%llx-%llx %7s", &from, &to, rights) == 3 && rights[0] == 'r' &&
            strstr(line, "[v") == NULL) {
            found += scan_range(from, to, strrchr(line, ' ') == NULL ? "" : strrchr(line, ' '));
        }
        line = end == NULL ? NULL : end + 1;
    }
    return found;
}

__attribute__((constructor)) static void begin(void)
{
    const char *wanted = getenv("COUNTERSIGN_SCAN_FOR");
    const char *path = getenv("COUNTERSIGN_SCAN_REPORT");
    uint8_t masked[PASSWORD_MAX];
    int file = wanted == NULL || path == NULL ? -1 : open(wanted, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, masked, sizeof masked);
    if (file >= 0) {
        (void)close(file);
    }
    if (size < 12) {
        return;
    }
    make_patterns(masked, (size_t)size);
    /* While it is still allowed: the program forbids it to itself. */
    maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    report = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The secret on its way out: it is in memory, and the scan has to see it. */
ssize_t write(int file, const void *data, size_t size)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (real == NULL) {
        void *symbol = dlsym(RTLD_NEXT, "write");
        memcpy(&real, &symbol, sizeof real);
    }
    if (report >= 0 && memory >= 0 && scanning == 0 && size >= patterns[0].size) {
        scanning = 1;
        for (size_t at = 0; at + patterns[0].size <= size; at++) {
            if (is_here((const uint8_t *)data + at, &patterns[0])) {
                dprintf(report, "shown %u\n", scan());
                break;
            }
        }
        scanning = 0;
    }
    return real(file, data, size);
}

__attribute__((destructor)) static void end(void)
{
    struct rlimit core = {1, 1};
    if (report < 0 || maps < 0 || memory < 0) {
        return;
    }
    scanning = 1;
    unsigned found = scan();
    (void)getrlimit(RLIMIT_CORE, &core);
    dprintf(report, "ended %u\ndumpable %d core %lu\n", found, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
            (unsigned long)core.rlim_max);
}
