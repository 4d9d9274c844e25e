/* Row ids, see id.h. */
#include "shared/base/id.h"

#include "shared/base/text.h"

#include <string.h>

bool cs_id_equal(const struct cs_id *a, const struct cs_id *b)
{
    return memcmp(a->bytes, b->bytes, CS_ID_SIZE) == 0;
}

int cs_id_compare(const struct cs_id *a, const struct cs_id *b)
{
    return memcmp(a->bytes, b->bytes, CS_ID_SIZE);
}

bool cs_id_is_zero(const struct cs_id *id)
{
    static const uint8_t zero[CS_ID_SIZE];
    return memcmp(id->bytes, zero, CS_ID_SIZE) == 0;
}

struct cs_bytes cs_id_bytes(const struct cs_id *id)
{
    return cs_bytes_make(id->bytes, CS_ID_SIZE);
}

bool cs_id_from_bytes(struct cs_bytes bytes, struct cs_id *out)
{
    if (bytes.size != CS_ID_SIZE) {
        return false;
    }
    memcpy(out->bytes, bytes.data, CS_ID_SIZE);
    return true;
}

void cs_id_format(const struct cs_id *id, char out[static CS_ID_TEXT_SIZE])
{
    static const size_t group_sizes[] = {4, 2, 2, 2, 6};
    size_t from = 0;
    for (size_t i = 0; i < CS_COUNT(group_sizes); i++) {
        if (i > 0) {
            *out++ = '-';
        }
        cs_hex_encode(cs_bytes_make(id->bytes + from, group_sizes[i]), out);
        out += 2 * group_sizes[i];
        from += group_sizes[i];
    }
}

enum cs_status cs_id_parse(struct cs_bytes text, struct cs_id *out)
{
    uint8_t digits[2 * CS_ID_SIZE];
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '-') {
            continue;
        }
        if (count == sizeof digits) {
            return CS_INVALID;
        }
        digits[count++] = text.data[i];
    }
    struct cs_id id = {{0}};
    if (count != sizeof digits ||
        cs_hex_decode(cs_bytes_of_array(digits), id.bytes, CS_ID_SIZE) != CS_OK) {
        return CS_INVALID;
    }
    *out = id;
    return CS_OK;
}

/* 18 bits. */
#define COUNTER_END ((uint32_t)1 << 18)
/* 48 bits: a clock set beyond that counts as standing still. */
#define MS_MAX (((uint64_t)1 << 48) - 1)

void cs_id_generator_init(struct cs_id_generator *generator, const uint8_t device[static 3],
                          const uint8_t random[static 4])
{
    *generator = (struct cs_id_generator){0};
    memcpy(generator->tail, device, 3);
    memcpy(generator->tail + 3, random, 4);
}

struct cs_id cs_id_next(struct cs_id_generator *generator, int64_t now_ms)
{
    uint64_t now = now_ms < 0 ? 0 : (uint64_t)now_ms;
    now = now > MS_MAX ? MS_MAX : now;
    if (now > generator->last_ms) {
        generator->last_ms = now;
        generator->counter = 0;
    } else if (++generator->counter == COUNTER_END) {
        generator->last_ms++;
        generator->counter = 0;
    }
    uint64_t ms = generator->last_ms;
    uint32_t counter = generator->counter;
    struct cs_id id = {{(uint8_t)(ms >> 40), (uint8_t)(ms >> 32), (uint8_t)(ms >> 24),
                        (uint8_t)(ms >> 16), (uint8_t)(ms >> 8), (uint8_t)ms,
                        (uint8_t)(0x70 | (counter >> 14 & 0x0f)), (uint8_t)(counter >> 6),
                        (uint8_t)(0x80 | (counter & 0x3f))}};
    memcpy(id.bytes + 9, generator->tail, sizeof generator->tail);
    return id;
}
