/*
 * Row ids: 16 bytes in UUIDv7 layout (RFC 9562 §5.7), ascending within one generator.
 *
 *   48 bits  milliseconds since 1970 (never going back within a generator)
 *    4 bits  7
 *   12 bits  counter, high part   \ one 18-bit monotonic counter per millisecond;
 *    2 bits  binary 10            / on overflow the millisecond is advanced
 *    6 bits  counter, low part
 *   24 bits  of the device's log id
 *   32 bits  random, drawn once per process start
 *
 * So a batch from one device is a run of ids that differ in few bits, and two clones of a device do not collide.
 */
#ifndef CS_BASE_ID_H
#define CS_BASE_ID_H

#include "shared/base/bytes.h"

#define CS_ID_SIZE 16
/* "018f…-…": 36 characters and end mark. */
#define CS_ID_TEXT_SIZE 37

struct cs_id {
    uint8_t bytes[CS_ID_SIZE];
};

bool cs_id_equal(const struct cs_id *a, const struct cs_id *b);
int cs_id_compare(const struct cs_id *a, const struct cs_id *b);
bool cs_id_is_zero(const struct cs_id *id);
/* A view of the id's bytes. */
struct cs_bytes cs_id_bytes(const struct cs_id *id);
/* false if `bytes` is not 16 bytes long. */
bool cs_id_from_bytes(struct cs_bytes bytes, struct cs_id *out);
void cs_id_format(const struct cs_id *id, char out[static CS_ID_TEXT_SIZE]);
/* 32 hexadecimal digits, hyphens anywhere between them ignored. CS_INVALID otherwise. */
enum cs_status cs_id_parse(struct cs_bytes text, struct cs_id *out) CS_MUST_USE;

struct cs_id_generator {
    uint64_t last_ms;
    uint32_t counter;
    uint8_t tail[7];
};

/* `device` = first 3 bytes of the device's log id; `random` drawn by the caller, once per process start. */
void cs_id_generator_init(struct cs_id_generator *generator, const uint8_t device[static 3],
                          const uint8_t random[static 4]);
/* Never fails; ids ascend even if now_ms goes back. Negative times count as 0. */
struct cs_id cs_id_next(struct cs_id_generator *generator, int64_t now_ms);

#endif
