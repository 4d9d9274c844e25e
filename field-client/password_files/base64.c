/* Base 64, see base64.h. */
#include "field-client/password_files/base64.h"

#include "shared/base/memory.h"

/* 0 … 63; 64 for none. */
static unsigned value_of(uint8_t character)
{
    if (character >= 'A' && character <= 'Z') {
        return character - 'A';
    }
    if (character >= 'a' && character <= 'z') {
        return character - 'a' + 26u;
    }
    if (character >= '0' && character <= '9') {
        return character - '0' + 52u;
    }
    return character == '+' ? 62u : character == '/' ? 63u : 64u;
}

static bool is_space(uint8_t character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

/* false for what is no base 64. */
static bool decode(struct cs_bytes text, struct cs_buffer *out)
{
    uint32_t bits = 0;
    size_t digits = 0;
    size_t padding = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t character = text.data[i];
        unsigned value = value_of(character);
        if (is_space(character)) {
            continue;
        }
        padding += character == '=';
        if (character == '=') {
            continue;
        }
        if (value == 64u || padding > 0) {
            return false;
        }
        bits = bits << 6 | value;
        digits++;
        if (digits % 4 != 1) {
            cs_buffer_append_u8(out, (uint8_t)(bits >> (6 - 2 * ((digits + 3) % 4))));
        }
    }
    size_t rest = digits % 4;
    unsigned left_over = rest == 2 ? bits & 15u : rest == 3 ? bits & 3u : 0;
    return rest != 1 && left_over == 0 && padding == (4 - rest) % 4;
}

enum cs_status cs_base64_decode(struct cs_bytes text, struct cs_buffer *out)
{
    size_t size_before = out->size;
    bool decoded = decode(text, out);
    if (decoded && out->status == CS_OK) {
        return CS_OK;
    }
    if (out->size > size_before) {
        cs_wipe(out->data + size_before, out->size - size_before);
        out->size = size_before;
    }
    return out->status != CS_OK ? out->status : CS_MALFORMED;
}

void cs_base64_encode(struct cs_bytes bytes, struct cs_buffer *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t bits = (uint32_t)bytes.data[i] << 16 |
                        (left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0) |
                        (left > 2 ? bytes.data[i + 2] : 0u);
        for (size_t j = 0; j < 4; j++) {
            char digit = j > left ? '=' : digits[bits >> (18 - 6 * j) & 63u];
            cs_buffer_append_u8(out, (uint8_t)digit);
        }
    }
}
