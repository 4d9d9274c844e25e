/* UTF-8, hexadecimal, base64url and decimal numbers, see text.h. Dates and instants are in
 * civil_time.c. */
#include "shared/base/text.h"

#include <string.h>

/* Characters of one size share a lead-byte pattern; the least code point excludes over-long forms.
 */
static size_t sequence_size(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Decodes the character at the start of `bytes`; 0 when it is not well-formed, otherwise its size.
 */
static size_t decode(struct cs_bytes bytes, uint32_t *out_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint8_t lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t size = sequence_size(bytes.data[0]);
    if (size == 0 || size > bytes.size) {
        return 0;
    }
    uint32_t code = bytes.data[0] & lead_mask[size];
    for (size_t i = 1; i < size; i++) {
        if ((bytes.data[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (bytes.data[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < least[size] || code > 0x10ffff || surrogate) {
        return 0;
    }
    *out_code = code;
    return size;
}

bool cs_utf8_valid(struct cs_bytes bytes)
{
    while (bytes.size > 0) {
        /* Most of what is checked is ASCII. */
        bool ascii = bytes.data[0] != 0 && bytes.data[0] < 0x80;
        uint32_t code = 1;
        size_t size = ascii ? 1 : decode(bytes, &code);
        if (size == 0 || code == 0) {
            return false;
        }
        bytes.data += size;
        bytes.size -= size;
    }
    return true;
}

size_t cs_utf8_cut(const char *text, size_t size)
{
    /* The text may itself end in the middle of a character, so what counts is where the last one
     * starts. */
    size_t start = size;
    for (size_t back = 1; back <= 4 && back <= size; back++) {
        if (((uint8_t)text[size - back] & 0xc0) != 0x80) {
            start = size - back;
            break;
        }
    }
    return start < size && sequence_size((uint8_t)text[start]) > size - start ? start : size;
}

struct code_range {
    uint32_t first;
    uint32_t last;
};

static bool in_ranges(uint32_t code, const struct code_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static size_t code_columns(uint32_t code)
{
    /* Unicode TR 11, classes W and F, in blocks. */
    static const struct code_range wide[] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
        {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
        {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };
    /* Combining marks and other characters that take no room. */
    static const struct code_range none[] = {
        {0x0300, 0x036f}, {0x200b, 0x200f}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}};
    if (code < none[0].first) {
        return 1; /* letters: the ranges are all behind them */
    }
    if (in_ranges(code, none, CS_COUNT(none))) {
        return 0;
    }
    return in_ranges(code, wide, CS_COUNT(wide)) ? 2 : 1;
}

size_t cs_utf8_columns(struct cs_bytes text)
{
    size_t columns = 0;
    while (text.size > 0) {
        uint32_t code = 0;
        size_t size = decode(text, &code);
        /* A byte that is not text is shown by a terminal as one replacement character. */
        columns += size == 0 ? 1 : code_columns(code);
        size = size == 0 ? 1 : size;
        text.data += size;
        text.size -= size;
    }
    return columns;
}

void cs_hex_encode(struct cs_bytes bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        *out++ = digits[bytes.data[i] >> 4];
        *out++ = digits[bytes.data[i] & 0x0f];
    }
    *out = '\0';
}

/* -1 for what is no digit. */
static int hex_digit(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

enum cs_status cs_hex_decode(struct cs_bytes text, uint8_t *out, size_t size)
{
    if (text.size % 2 != 0 || text.size / 2 != size) {
        return CS_INVALID;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (hex_digit(text.data[i]) < 0) {
            return CS_INVALID;
        }
    }
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(hex_digit(text.data[2 * i]) << 4 | hex_digit(text.data[2 * i + 1]));
    }
    return CS_OK;
}

void cs_base64url_encode(struct cs_bytes bytes, struct cs_buffer *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    unsigned bit_count = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        bits = bits << 8 | bytes.data[i];
        bit_count += 8;
        while (bit_count >= 6) {
            bit_count -= 6;
            cs_buffer_append_u8(out, (uint8_t)alphabet[bits >> bit_count & 0x3f]);
        }
    }
    if (bit_count > 0) {
        cs_buffer_append_u8(out, (uint8_t)alphabet[bits << (6 - bit_count) & 0x3f]);
    }
}

/* -1 for what is not in the alphabet. */
static int base64url_digit(uint8_t digit)
{
    if (digit >= 'A' && digit <= 'Z') {
        return digit - 'A';
    }
    if (digit >= 'a' && digit <= 'z') {
        return digit - 'a' + 26;
    }
    if (digit >= '0' && digit <= '9') {
        return digit - '0' + 52;
    }
    if (digit == '-') {
        return 62;
    }
    return digit == '_' ? 63 : -1;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static enum cs_status base64url_decode_all(struct cs_bytes text, struct cs_buffer *out)
{
    uint32_t bits = 0;
    unsigned bit_count = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (is_space(text.data[i])) {
            continue;
        }
        int digit = base64url_digit(text.data[i]);
        if (digit < 0) {
            return CS_MALFORMED;
        }
        bits = bits << 6 | (uint32_t)digit;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            cs_buffer_append_u8(out, (uint8_t)(bits >> bit_count));
        }
    }
    uint32_t left_over = bits & (((uint32_t)1 << bit_count) - 1);
    return bit_count >= 6 || left_over != 0 ? CS_MALFORMED : out->status;
}

enum cs_status cs_base64url_decode(struct cs_bytes text, struct cs_buffer *out)
{
    size_t size_before = out->size;
    enum cs_status status = base64url_decode_all(text, out);
    if (status != CS_OK) {
        out->size = size_before;
    }
    return status;
}

enum cs_status cs_integer_parse(struct cs_bytes text, int64_t *out)
{
    bool negative = text.size > 0 && text.data[0] == '-';
    size_t start = negative ? 1 : 0;
    if (text.size == start) {
        return CS_INVALID;
    }
    /* Summed up below zero, where int64 has one number more. */
    int64_t value = 0;
    for (size_t i = start; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return CS_INVALID;
        }
        int digit = text.data[i] - '0';
        if (value < (INT64_MIN + digit) / 10) {
            return CS_INVALID;
        }
        value = value * 10 - digit;
    }
    if (!negative && value == INT64_MIN) {
        return CS_INVALID;
    }
    *out = negative ? value : -value;
    return CS_OK;
}
