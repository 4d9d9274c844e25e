/* One-time passwords, see totp.h. */
#include "field-client/vault/totp.h"

#include "shared/base/memory.h"

#include <mbedtls/md.h>

#define SEED_SIZE_MIN ((size_t)10)
#define SEED_SIZE_MAX ((size_t)128)
#define PERIOD_MAX_S 300u

static mbedtls_md_type_t hash_of(enum cs_totp_algorithm algorithm)
{
    switch (algorithm) {
    case CS_TOTP_SHA1:
        return MBEDTLS_MD_SHA1;
    case CS_TOTP_SHA256:
        return MBEDTLS_MD_SHA256;
    case CS_TOTP_SHA512:
        break;
    }
    return MBEDTLS_MD_SHA512;
}

static bool fits(const struct cs_totp *totp, int64_t time_ms)
{
    return totp->seed.size >= SEED_SIZE_MIN && totp->seed.size <= SEED_SIZE_MAX &&
           totp->digits >= 6 && totp->digits <= CS_TOTP_DIGITS_MAX && totp->period_s >= 1 &&
           totp->period_s <= PERIOD_MAX_S && time_ms >= 0;
}

/* RFC 4226 §5.3: four bytes from where the last four bits say, as digits. */
static void take_digits(const uint8_t *mac, size_t size, unsigned digits, char *out)
{
    size_t offset = mac[size - 1] & 15u;
    uint32_t number = (uint32_t)(mac[offset] & 127u) << 24 | (uint32_t)mac[offset + 1] << 16 |
                      (uint32_t)mac[offset + 2] << 8 | mac[offset + 3];
    for (unsigned i = digits; i > 0; i--) {
        out[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    out[digits] = '\0';
}

enum cs_status cs_totp_code(const struct cs_totp *totp, int64_t time_ms,
                            char out[static CS_TOTP_DIGITS_MAX + 1])
{
    uint8_t mac[MBEDTLS_MD_MAX_SIZE];
    uint8_t counter[8];
    if (!fits(totp, time_ms)) {
        return CS_INVALID;
    }
    uint64_t step = (uint64_t)time_ms / 1000 / totp->period_s;
    for (size_t i = 0; i < sizeof counter; i++) {
        counter[i] = (uint8_t)(step >> (8 * (sizeof counter - 1 - i)));
    }
    const mbedtls_md_info_t *hash = mbedtls_md_info_from_type(hash_of(totp->algorithm));
    cs_require(hash != NULL);
    /* It can fail for want of memory only. */
    enum cs_status status =
        mbedtls_md_hmac(hash, totp->seed.data, totp->seed.size, counter, sizeof counter, mac) == 0
            ? CS_OK
            : CS_NO_MEMORY;
    if (status == CS_OK) {
        take_digits(mac, mbedtls_md_get_size(hash), totp->digits, out);
    }
    cs_wipe(mac, sizeof mac);
    return status;
}

/* 0 … 31; 32 for none. */
static unsigned value_of(uint8_t character)
{
    if (character >= 'a' && character <= 'z') {
        return character - 'a';
    }
    if (character >= 'A' && character <= 'Z') {
        return character - 'A';
    }
    return character >= '2' && character <= '7' ? character - '2' + 26u : 32u;
}

static bool is_skipped(uint8_t character)
{
    return character == ' ' || character == '-' || character == '\n' || character == '\r' ||
           character == '\t';
}

/* The seed into `out`, which is long enough; false for what is no base 32. */
static bool decode(struct cs_bytes text, struct cs_buffer *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    bool padding = false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned value = value_of(text.data[i]);
        if (is_skipped(text.data[i])) {
            continue;
        }
        padding = padding || text.data[i] == '=';
        if (padding && text.data[i] == '=') {
            continue;
        }
        if (padding || value == 32u) {
            return false;
        }
        bits = (bits << 5 | value) & 0xfffu;
        held += 5;
        if (held >= 8) {
            held -= 8;
            cs_buffer_append_u8(out, (uint8_t)(bits >> held));
        }
    }
    /* What is left over is less than a byte, and zero. */
    return held < 5 && (bits & ((1u << held) - 1u)) == 0;
}

enum cs_status cs_totp_seed_parse(struct cs_bytes text, struct cs_secret **out)
{
    struct cs_secret *memory = NULL;
    *out = NULL;
    if (text.size > 4 * SEED_SIZE_MAX) {
        return CS_INVALID;
    }
    enum cs_status status = cs_secret_create(text.size, &memory);
    if (status != CS_OK) {
        return status;
    }
    struct cs_buffer seed = cs_secret_buffer(memory);
    bool decoded = decode(text, &seed);
    status = decoded && seed.size >= SEED_SIZE_MIN && seed.size <= SEED_SIZE_MAX
                 ? cs_secret_create_copy(cs_buffer_bytes(&seed), out)
                 : CS_INVALID;
    cs_secret_destroy(memory);
    return status;
}
