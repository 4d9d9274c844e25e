/*
 * Text: UTF-8 checks, hexadecimal, base64url, decimal numbers, civil time.
 *
 * Pure. Nothing here depends on the locale or the time zone of the machine.
 */
#ifndef CS_BASE_TEXT_H
#define CS_BASE_TEXT_H

#include "shared/base/bytes.h"

/* Well-formed UTF-8 (RFC 3629) without NUL. */
bool cs_utf8_valid(struct cs_bytes bytes);
/* The largest length ≤ size that does not cut a character of `text` (size ≤ strlen). */
size_t cs_utf8_cut(const char *text, size_t size);
/* Columns on a terminal: East Asian wide characters count 2. */
size_t cs_utf8_columns(struct cs_bytes text);

/* Lower case; `out` takes 2 × size + 1 bytes. */
void cs_hex_encode(struct cs_bytes bytes, char *out);
/* Exactly 2 × size digits, either case. */
enum cs_status cs_hex_decode(struct cs_bytes text, uint8_t *out, size_t size) CS_MUST_USE;

/* RFC 4648 §5 without padding. */
void cs_base64url_encode(struct cs_bytes bytes, struct cs_buffer *out);
/* White space is skipped; anything else outside the alphabet, and non-zero left-over bits, is CS_MALFORMED. */
enum cs_status cs_base64url_decode(struct cs_bytes text, struct cs_buffer *out) CS_MUST_USE;

/* Whole text must be a number: optional '-', digits, no leading '+', within int64. CS_INVALID otherwise. */
enum cs_status cs_integer_parse(struct cs_bytes text, int64_t *out) CS_MUST_USE;

/*
 * Instants: one int64 that sorts by time and keeps the author's UTC offset:
 * (milliseconds since 1970-01-01T00:00:00Z) × 4096 + (offset in minutes + 2048).
 */
#define CS_INSTANT_OFFSET_MIN (-1439)
#define CS_INSTANT_OFFSET_MAX 1439
int64_t cs_instant_make(int64_t utc_ms, int offset_minutes);
int64_t cs_instant_utc_ms(int64_t instant);
int cs_instant_offset_minutes(int64_t instant);
bool cs_instant_valid(int64_t instant);

/* Room for any rendered instant or date, bytes with end mark. */
#define CS_TIME_TEXT_MAX 40
/* "2026-11-23T09:05:07.123+08:00" (RFC 3339; milliseconds left out when zero). */
void cs_instant_format(int64_t instant, char out[static CS_TIME_TEXT_MAX]);
/* RFC 3339; also "YYYY-MM-DD HH:MM" with the given default offset. CS_INVALID otherwise. */
enum cs_status cs_instant_parse(struct cs_bytes text, int default_offset_minutes,
                                int64_t *out) CS_MUST_USE;

/* Dates: days since 1970-01-01 in the proleptic Gregorian calendar; years 0001 to 9999. */
void cs_date_format(int64_t days, char out[static CS_TIME_TEXT_MAX]);
enum cs_status cs_date_parse(struct cs_bytes text, int64_t *out) CS_MUST_USE;
bool cs_date_valid(int64_t days);

#endif
