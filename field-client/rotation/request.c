/* The message to a helper, see request.h. */
#include "field-client/rotation/request.h"

#include "shared/base/text.h"
#include "shared/crypto/secret.h"

#include <string.h>

#define MESSAGE_HEAD "countersign rotation 1\n"
#define MESSAGE_END "end\n"
#define OPTION_PREFIX "option."
#define OPTION_NAME_MAX ((size_t)32)
/* "option." and the longest name; digits of the largest size. */
#define FIELD_NAME_MAX (sizeof OPTION_PREFIX - 1 + OPTION_NAME_MAX)
#define SIZE_DIGITS_MAX ((size_t)5)

static const char *const operation_names[] = {"apply", "verify"};

/* --- what is allowed ------------------------------------------------------------------------------------------------ */

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_lower(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z';
}

static bool is_host_byte(uint8_t byte)
{
    return is_lower(byte) || is_digit(byte) || (byte >= 'A' && byte <= 'Z') ||
           strchr(".:-_", byte) != NULL;
}

static bool host_is_good(struct cs_bytes host)
{
    if (host.size == 0 || host.size > CS_ROTATION_NAME_MAX || host.data[0] == '-') {
        return false;
    }
    for (size_t i = 0; i < host.size; i++) {
        if (host.data[i] == '\0' || !is_host_byte(host.data[i])) {
            return false;
        }
    }
    return true;
}

static bool user_is_good(struct cs_bytes user)
{
    if (user.size == 0 || user.size > CS_ROTATION_NAME_MAX || !cs_utf8_valid(user)) {
        return false;
    }
    for (size_t i = 0; i < user.size; i++) {
        if (user.data[i] < 0x20 || user.data[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool secret_is_good(struct cs_bytes secret)
{
    return secret.size > 0 && secret.size <= CS_ROTATION_SECRET_MAX;
}

static bool option_name_is_good(struct cs_bytes name)
{
    if (name.size == 0 || name.size > OPTION_NAME_MAX || !is_lower(name.data[0])) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        if (!is_lower(name.data[i]) && !is_digit(name.data[i]) && name.data[i] != '_') {
            return false;
        }
    }
    return true;
}

static bool options_are_good(const struct cs_rotation_request *request)
{
    if (request->option_count > CS_ROTATION_OPTIONS_MAX) {
        return false;
    }
    for (size_t i = 0; i < request->option_count; i++) {
        const struct cs_rotation_option *option = &request->options[i];
        if (!option_name_is_good(option->name) || option->value.size > CS_ROTATION_OPTION_MAX ||
            !cs_utf8_valid(option->value) ||
            (i > 0 && cs_bytes_compare(request->options[i - 1].name, option->name) >= 0)) {
            return false;
        }
    }
    return true;
}

enum cs_status cs_rotation_request_check(const struct cs_rotation_request *request,
                                         struct cs_problem *problem)
{
    const char *wrong = NULL;
    if (!host_is_good(request->host)) {
        wrong = "the host is not a name or an address";
    } else if (!user_is_good(request->user)) {
        wrong = "the user's name is empty, too long or not readable text";
    } else if (!secret_is_good(request->old_secret) || !secret_is_good(request->new_secret)) {
        wrong = "a password is empty or too long";
    } else if (cs_secret_equal(request->old_secret, request->new_secret)) {
        wrong = "the new password is the old one";
    } else if (request->seconds == 0 || request->seconds > CS_ROTATION_SECONDS_MAX) {
        wrong = "the time limit is not between 1 and 600 seconds";
    } else if (!options_are_good(request)) {
        wrong = "an option has a wrong name, is too long, there twice or out of order";
    }
    return wrong == NULL ? CS_OK : cs_problem_set(problem, CS_INVALID, "%s", wrong);
}

struct cs_bytes cs_rotation_option(const struct cs_rotation_request *request, const char *name)
{
    for (size_t i = 0; i < request->option_count; i++) {
        if (cs_bytes_equal_text(request->options[i].name, name)) {
            return request->options[i].value;
        }
    }
    return CS_BYTES_NONE;
}

/* --- writing -------------------------------------------------------------------------------------------------------- */

/* Digit by digit: formatting would want room for an end mark behind it, and the buffer may be secret memory, which never grows. */
static void put_decimal(struct cs_buffer *out, size_t value)
{
    if (value >= 10) {
        put_decimal(out, value / 10);
    }
    cs_buffer_append_u8(out, (uint8_t)('0' + value % 10));
}

static void put_field(struct cs_buffer *out, struct cs_bytes name, struct cs_bytes value)
{
    cs_buffer_append_bytes(out, name);
    cs_buffer_append_u8(out, ' ');
    put_decimal(out, value.size);
    cs_buffer_append_u8(out, ' ');
    cs_buffer_append_bytes(out, value);
    cs_buffer_append_u8(out, '\n');
}

static void put_named(struct cs_buffer *out, const char *name, struct cs_bytes value)
{
    put_field(out, cs_bytes_of_text(name), value);
}

static void put_number(struct cs_buffer *out, const char *name, uint32_t value)
{
    uint8_t digits[SIZE_DIGITS_MAX];
    size_t first = sizeof digits;
    do {
        digits[--first] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0 && first > 0);
    put_named(out, name, cs_bytes_make(digits + first, sizeof digits - first));
}

enum cs_status cs_rotation_request_encode(const struct cs_rotation_request *request,
                                          struct cs_buffer *out, struct cs_problem *problem)
{
    enum cs_status status = cs_rotation_request_check(request, problem);
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_append_text(out, MESSAGE_HEAD);
    put_named(out, "operation", cs_bytes_of_text(operation_names[request->operation]));
    put_named(out, "host", request->host);
    put_number(out, "port", request->port);
    put_named(out, "user", request->user);
    put_named(out, "old", request->old_secret);
    put_named(out, "new", request->new_secret);
    put_number(out, "seconds", request->seconds);
    for (size_t i = 0; i < request->option_count; i++) {
        cs_buffer_append_text(out, OPTION_PREFIX);
        put_field(out, request->options[i].name, request->options[i].value);
    }
    cs_buffer_append_text(out, MESSAGE_END);
    return out->status;
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

static bool take_text(struct cs_bytes *rest, const char *text)
{
    size_t size = strlen(text);
    if (rest->size < size || memcmp(rest->data, text, size) != 0) {
        return false;
    }
    *rest = cs_bytes_make(rest->data + size, rest->size - size);
    return true;
}

/* What comes before the next blank, which is taken too; false if there is none within size_max bytes. */
static bool take_word(struct cs_bytes *rest, size_t size_max, struct cs_bytes *out)
{
    for (size_t i = 0; i < rest->size && i <= size_max; i++) {
        if (rest->data[i] == ' ') {
            *out = cs_bytes_make(rest->data, i);
            *rest = cs_bytes_make(rest->data + i + 1, rest->size - i - 1);
            return i > 0;
        }
    }
    return false;
}

/* Decimal, no sign, no leading zero. */
static bool number_of(struct cs_bytes text, uint32_t max, uint32_t *out)
{
    uint32_t value = 0;
    if (text.size == 0 || text.size > SIZE_DIGITS_MAX || (text.size > 1 && text.data[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i])) {
            return false;
        }
        value = value * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out = value;
    return value <= max;
}

static bool take_field(struct cs_bytes *rest, struct cs_bytes *out_name, struct cs_bytes *out_value)
{
    struct cs_bytes digits;
    uint32_t size;
    if (!take_word(rest, FIELD_NAME_MAX, out_name) || !take_word(rest, SIZE_DIGITS_MAX, &digits) ||
        !number_of(digits, (uint32_t)CS_ROTATION_MESSAGE_MAX, &size) || rest->size <= size ||
        rest->data[size] != '\n') {
        return false;
    }
    *out_value = cs_bytes_make(rest->data, size);
    *rest = cs_bytes_make(rest->data + size + 1, rest->size - size - 1);
    return true;
}

static bool take_named(struct cs_bytes *rest, const char *name, struct cs_bytes *out)
{
    struct cs_bytes found;
    return take_field(rest, &found, out) && cs_bytes_equal_text(found, name);
}

static bool take_number(struct cs_bytes *rest, const char *name, uint32_t max, uint32_t *out)
{
    struct cs_bytes text;
    return take_named(rest, name, &text) && number_of(text, max, out);
}

static bool take_operation(struct cs_bytes *rest, enum cs_rotation_operation *out)
{
    struct cs_bytes text;
    if (!take_named(rest, "operation", &text)) {
        return false;
    }
    for (size_t i = 0; i < CS_COUNT(operation_names); i++) {
        if (cs_bytes_equal_text(text, operation_names[i])) {
            *out = (enum cs_rotation_operation)i;
            return true;
        }
    }
    return false;
}

static bool take_options(struct cs_bytes *rest, struct cs_rotation_request *out)
{
    while (out->option_count < CS_ROTATION_OPTIONS_MAX && take_text(rest, OPTION_PREFIX)) {
        struct cs_rotation_option *option = &out->options[out->option_count++];
        if (!take_field(rest, &option->name, &option->value)) {
            return false;
        }
    }
    return take_text(rest, MESSAGE_END) && rest->size == 0;
}

enum cs_status cs_rotation_request_decode(struct cs_bytes message, struct cs_rotation_request *out,
                                          struct cs_problem *problem)
{
    struct cs_rotation_request request = {0};
    uint32_t port = 0;
    if (message.size > CS_ROTATION_MESSAGE_MAX) {
        return cs_problem_set(problem, CS_MALFORMED, "the message is too long");
    }
    if (!take_text(&message, MESSAGE_HEAD)) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "the input is no message of rotation format 1");
    }
    if (!take_operation(&message, &request.operation) ||
        !take_named(&message, "host", &request.host) ||
        !take_number(&message, "port", UINT16_MAX, &port) ||
        !take_named(&message, "user", &request.user) ||
        !take_named(&message, "old", &request.old_secret) ||
        !take_named(&message, "new", &request.new_secret) ||
        !take_number(&message, "seconds", CS_ROTATION_SECONDS_MAX, &request.seconds) ||
        !take_options(&message, &request)) {
        return cs_problem_set(problem, CS_MALFORMED, "the message is malformed");
    }
    request.port = (uint16_t)port;
    enum cs_status status = cs_rotation_request_check(&request, problem);
    if (status == CS_OK) {
        *out = request;
    }
    return status;
}
