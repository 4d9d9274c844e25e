/* Seeds of one-time passwords with their settings, see totp.h. The format is that of the key URIs of authenticator programs. */
#include "field-client/vault/totp.h"

#include "shared/base/text.h"

#include <string.h>

#define SCHEME "otpauth://"
#define KIND "totp/"

struct address {
    struct cs_bytes secret; /* as it stands there, percent signs and all */
    enum cs_totp_algorithm algorithm;
    unsigned digits;
    unsigned period_s;
};

static uint8_t lower(uint8_t character)
{
    return character >= 'A' && character <= 'Z' ? (uint8_t)(character + 32) : character;
}

static bool equals(struct cs_bytes text, const char *word)
{
    size_t size = strlen(word);
    bool same = text.size == size;
    for (size_t i = 0; same && i < size; i++) {
        same = lower(text.data[i]) == (uint8_t)word[i];
    }
    return same;
}

static bool begins(struct cs_bytes text, const char *word)
{
    size_t size = strlen(word);
    return text.size >= size && equals(cs_bytes_make(text.data, size), word);
}

static struct cs_bytes without_first(struct cs_bytes text, size_t size)
{
    return cs_bytes_make(text.data + size, text.size - size);
}

/* Up to the character, which is taken too; all of it where there is none. */
static struct cs_bytes cut_at(struct cs_bytes *rest, uint8_t character)
{
    const uint8_t *end = rest->size == 0 ? NULL : memchr(rest->data, character, rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
    struct cs_bytes part = cs_bytes_make(rest->data, size);
    *rest = without_first(*rest, end == NULL ? size : size + 1);
    return part;
}

static bool read_number(struct cs_bytes text, unsigned *out)
{
    unsigned number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (i == 3 || text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        number = number * 10 + (unsigned)(text.data[i] - '0');
    }
    *out = number;
    return text.size > 0;
}

static enum cs_status read_algorithm(struct cs_bytes value, enum cs_totp_algorithm *out,
                                     struct cs_problem *problem)
{
    static const struct {
        const char *name;
        enum cs_totp_algorithm algorithm;
    } known[] = {{"sha1", CS_TOTP_SHA1}, {"sha256", CS_TOTP_SHA256}, {"sha512", CS_TOTP_SHA512}};
    for (size_t i = 0; i < CS_COUNT(known); i++) {
        if (equals(value, known[i].name)) {
            *out = known[i].algorithm;
            return CS_OK;
        }
    }
    return cs_problem_set(problem, CS_UNSUPPORTED,
                          "the one-time password wants an algorithm that is not known here");
}

static enum cs_status read_parameter(struct cs_bytes name, struct cs_bytes value,
                                     struct address *out, struct cs_problem *problem)
{
    bool valid = true;
    if (equals(name, "secret")) {
        out->secret = value;
    } else if (equals(name, "algorithm")) {
        return read_algorithm(value, &out->algorithm, problem);
    } else if (equals(name, "digits")) {
        valid = read_number(value, &out->digits);
    } else if (equals(name, "period")) {
        valid = read_number(value, &out->period_s);
    }
    return valid ? CS_OK
                 : cs_problem_set(problem, CS_INVALID,
                                  "digits or period of the one-time password is no number");
}

static enum cs_status read_address(struct cs_bytes text, struct address *out,
                                   struct cs_problem *problem)
{
    enum cs_status status = CS_OK;
    struct cs_bytes rest = without_first(text, strlen(SCHEME));
    if (!begins(rest, KIND)) {
        return cs_problem_set(problem, CS_UNSUPPORTED,
                              "only one-time passwords by time are known (otpauth://totp)");
    }
    (void)cut_at(&rest, '?');
    while (status == CS_OK && rest.size > 0) {
        struct cs_bytes value = cut_at(&rest, '&');
        struct cs_bytes name = cut_at(&value, '=');
        status = read_parameter(name, value, out, problem);
    }
    return status;
}

static int hex_value(uint8_t character)
{
    uint8_t small = lower(character);
    if (small >= '0' && small <= '9') {
        return small - '0';
    }
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/* %3D is what some programs write for the padding. */
static bool unescape(struct cs_bytes text, struct cs_buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t character = text.data[i];
        if (character == '%') {
            bool whole = text.size - i > 2;
            int high = whole ? hex_value(text.data[i + 1]) : -1;
            int low = whole ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            character = (uint8_t)(high * 16 + low);
            i += 2;
        }
        cs_buffer_append_u8(out, character);
    }
    return true;
}

static enum cs_status read_seed(struct cs_bytes text, bool escaped, struct cs_secret **out)
{
    struct cs_secret *memory = NULL;
    enum cs_status status = cs_secret_create(text.size, &memory);
    if (status == CS_OK) {
        struct cs_buffer plain = cs_secret_buffer(memory);
        if (!escaped) {
            cs_buffer_append_bytes(&plain, text);
        }
        status = escaped && !unescape(text, &plain)
                     ? CS_INVALID
                     : cs_totp_seed_parse(cs_buffer_bytes(&plain), out);
    }
    cs_secret_destroy(memory);
    return status;
}

static bool is_usable(const struct address *address)
{
    return address->digits >= 6 && address->digits <= CS_TOTP_DIGITS_MAX &&
           address->period_s >= 1 && address->period_s <= 300;
}

enum cs_status cs_totp_parse(struct cs_bytes text, struct cs_totp *out, struct cs_secret **out_seed,
                             struct cs_problem *problem)
{
    struct address address = {
        .secret = text, .algorithm = CS_TOTP_SHA1, .digits = 6, .period_s = 30};
    bool is_address = begins(text, SCHEME);
    struct cs_secret *seed = NULL;
    *out_seed = NULL;
    if (is_address) {
        address.secret = CS_BYTES_NONE;
        enum cs_status status = read_address(text, &address, problem);
        if (status != CS_OK) {
            return status;
        }
    }
    enum cs_status status = read_seed(address.secret, is_address, &seed);
    if (status == CS_OK && !is_usable(&address)) {
        cs_secret_destroy(seed);
        return cs_problem_set(problem, CS_INVALID,
                              "digits or period of the one-time password is out of bounds");
    }
    if (status == CS_INVALID) {
        return cs_problem_set(problem, status,
                              "the seed of the one-time password cannot be read (base 32)");
    }
    if (status == CS_OK) {
        *out = (struct cs_totp){.seed = cs_secret_bytes(seed),
                                .algorithm = address.algorithm,
                                .digits = address.digits,
                                .period_s = address.period_s};
        *out_seed = seed;
    }
    return status;
}
