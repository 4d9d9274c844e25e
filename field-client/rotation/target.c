/* From an address to helper, host and options, see target.h. */
#include "field-client/rotation/target.h"

#include <string.h>

/* Which helper is for which scheme, and as which option it takes the path. */
static const struct {
    const char *scheme;
    const char *helper;
    const char *path_option; /* NULL: there is no path */
} schemes[] = {
    {"postgres", "countersign-rotate-postgresql", "database"},
    {"postgresql", "countersign-rotate-postgresql", "database"},
    {"ssh", "countersign-rotate-linux", NULL},
};

/* What stands before the first of these bytes; *rest begins with that one, or is empty. */
static struct cs_bytes take_until(struct cs_bytes *rest, const char *ends)
{
    size_t size = 0;
    while (size < rest->size &&
           (rest->data[size] == '\0' || strchr(ends, rest->data[size]) == NULL)) {
        size++;
    }
    struct cs_bytes taken = cs_bytes_make(rest->data, size);
    *rest = cs_bytes_make(rest->data + size, rest->size - size);
    return taken;
}

static bool skip(struct cs_bytes *rest, uint8_t byte)
{
    if (rest->size == 0 || rest->data[0] != byte) {
        return false;
    }
    *rest = cs_bytes_make(rest->data + 1, rest->size - 1);
    return true;
}

/* ---- percent ---- */

static int digit_of(uint8_t byte)
{
    return byte >= '0' && byte <= '9'   ? byte - '0'
           : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
           : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                        : -1;
}

static enum cs_status decode(struct cs_bytes text, struct cs_arena *arena, struct cs_bytes *out,
                             struct cs_problem *problem)
{
    uint8_t *decoded = cs_arena_take(arena, text.size + 1);
    size_t size = 0;
    if (decoded == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte == '%') {
            int high = i + 2 < text.size ? digit_of(text.data[i + 1]) : -1;
            int low = i + 2 < text.size ? digit_of(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return cs_problem_set(problem, CS_INVALID,
                                      "the address has a %% without two hexadecimal digits");
            }
            byte = (uint8_t)(high * 16 + low);
            i += 2;
        }
        decoded[size++] = byte;
    }
    *out = cs_bytes_make(decoded, size);
    return CS_OK;
}

/* ---- options ---- */

enum cs_status cs_rotation_target_option(struct cs_rotation_target *target, struct cs_bytes name,
                                         struct cs_bytes value, struct cs_problem *problem)
{
    size_t at = 0;
    while (at < target->option_count && cs_bytes_compare(target->options[at].name, name) < 0) {
        at++;
    }
    if (at < target->option_count && cs_bytes_equal(target->options[at].name, name)) {
        target->options[at].value = value;
        return CS_OK;
    }
    if (target->option_count == CS_ROTATION_OPTIONS_MAX) {
        return cs_problem_set(problem, CS_INVALID, "there are more than %d options",
                              (int)CS_ROTATION_OPTIONS_MAX);
    }
    memmove(&target->options[at + 1], &target->options[at],
            (target->option_count - at) * sizeof target->options[0]);
    target->options[at] = (struct cs_rotation_option){name, value};
    target->option_count++;
    return CS_OK;
}

static bool has_option(const struct cs_rotation_target *target, struct cs_bytes name)
{
    for (size_t i = 0; i < target->option_count; i++) {
        if (cs_bytes_equal(target->options[i].name, name)) {
            return true;
        }
    }
    return false;
}

static enum cs_status take_option(struct cs_bytes pair, struct cs_arena *arena,
                                  struct cs_rotation_target *target, struct cs_problem *problem)
{
    struct cs_bytes value = pair;
    struct cs_bytes name = take_until(&value, "=");
    if (name.size == 0 || !skip(&value, '=')) {
        return cs_problem_set(problem, CS_INVALID,
                              "what follows ? in the address is not name=value");
    }
    if (has_option(target, name)) {
        return cs_problem_set(problem, CS_INVALID, "the address says \"%.*s\" twice",
                              (int)(name.size < 32 ? name.size : 32), (const char *)name.data);
    }
    enum cs_status status = decode(value, arena, &value, problem);
    return status != CS_OK ? status : cs_rotation_target_option(target, name, value, problem);
}

static enum cs_status take_options(struct cs_bytes rest, struct cs_arena *arena,
                                   struct cs_rotation_target *target, struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    if (!skip(&rest, '?')) {
        return CS_OK;
    }
    do {
        status = take_option(take_until(&rest, "&"), arena, target, problem);
    } while (status == CS_OK && skip(&rest, '&'));
    return status;
}

/* ---- authority and path ---- */

static enum cs_status take_port(struct cs_bytes text, uint16_t *out, struct cs_problem *problem)
{
    unsigned long port = 0;
    bool good = text.size > 0;
    for (size_t i = 0; good && i < text.size; i++) {
        good = text.data[i] >= '0' && text.data[i] <= '9';
        port = port * 10 + (unsigned long)(text.data[i] - '0');
        good = good && port <= UINT16_MAX;
    }
    *out = (uint16_t)port;
    return good && port > 0
               ? CS_OK
               : cs_problem_set(problem, CS_INVALID, "the port in the address is none");
}

static enum cs_status take_authority(struct cs_bytes authority, struct cs_arena *arena,
                                     struct cs_rotation_target *target, struct cs_problem *problem)
{
    struct cs_bytes rest = authority;
    struct cs_bytes user = take_until(&rest, "@");
    if (skip(&rest, '@')) {
        enum cs_status status = decode(user, arena, &target->user, problem);
        if (status != CS_OK) {
            return status;
        }
    } else {
        rest = authority;
    }
    if (skip(&rest, '[')) {
        target->host = take_until(&rest, "]");
        if (!skip(&rest, ']')) {
            return cs_problem_set(problem, CS_INVALID, "the address has a [ without a ]");
        }
    } else {
        target->host = take_until(&rest, ":");
    }
    if (target->host.size == 0) {
        return cs_problem_set(problem, CS_INVALID, "the address names no host");
    }
    if (skip(&rest, ':')) {
        return take_port(rest, &target->port, problem);
    }
    return rest.size == 0
               ? CS_OK
               : cs_problem_set(problem, CS_INVALID, "the host in the address cannot be read");
}

static enum cs_status take_path(struct cs_bytes *rest, const char *option, struct cs_arena *arena,
                                struct cs_rotation_target *target, struct cs_problem *problem)
{
    struct cs_bytes path;
    if (!skip(rest, '/')) {
        return CS_OK;
    }
    path = take_until(rest, "?");
    if (path.size == 0 || option == NULL) {
        return CS_OK; /* nothing of a helper depends on it */
    }
    enum cs_status status = decode(path, arena, &path, problem);
    return status != CS_OK
               ? status
               : cs_rotation_target_option(target, cs_bytes_of_text(option), path, problem);
}

/* Takes "scheme://" away; the index into `schemes`, or CS_COUNT(schemes). */
static size_t take_scheme(struct cs_bytes *rest, bool *out_there)
{
    struct cs_bytes after = *rest;
    struct cs_bytes name = take_until(&after, ":/");
    *out_there = after.size >= 3 && memcmp(after.data, "://", 3) == 0;
    if (!*out_there) {
        return CS_COUNT(schemes);
    }
    *rest = cs_bytes_make(after.data + 3, after.size - 3);
    size_t i = 0;
    while (i < CS_COUNT(schemes) && !cs_bytes_equal_text(name, schemes[i].scheme)) {
        i++;
    }
    return i;
}

enum cs_status cs_rotation_target_parse(struct cs_bytes address, struct cs_arena *arena,
                                        struct cs_rotation_target *out, struct cs_problem *problem)
{
    struct cs_rotation_target target = {.helper = NULL};
    struct cs_bytes rest = address;
    const char *path_option = NULL;
    bool has_scheme = false;
    if (address.size == 0) {
        return cs_problem_set(problem, CS_INVALID, "the credential has no address");
    }
    size_t scheme = take_scheme(&rest, &has_scheme);
    if (scheme < CS_COUNT(schemes)) {
        target.helper = schemes[scheme].helper;
        path_option = schemes[scheme].path_option;
    }
    enum cs_status status = take_authority(take_until(&rest, "/?"), arena, &target, problem);
    if (status == CS_OK) {
        status = take_path(&rest, path_option, arena, &target, problem);
    }
    if (status == CS_OK) {
        status = take_options(rest, arena, &target, problem);
    }
    if (status == CS_INVALID && !has_scheme) {
        target =
            (struct cs_rotation_target){.host = address}; /* words of people, not of this form */
        status = cs_problem_set(problem, CS_OK, "%s", "");
    }
    if (status == CS_OK) {
        *out = target;
    }
    return status;
}
