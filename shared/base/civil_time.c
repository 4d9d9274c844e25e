/*
 * Dates and instants as text, see text.h. The proleptic Gregorian calendar, no leap seconds (as in
 * POSIX time).
 *
 * Used wherever a time is shown to or taken from people; whoever calls gets the same answer on
 * every machine.
 */
#include "shared/base/text.h"

#include <stdio.h>
#include <string.h>

#define MS_PER_MINUTE ((int64_t)60 * 1000)
#define MS_PER_DAY ((int64_t)24 * 60 * 60 * 1000)
/* 0001-01-01 and 9999-12-31. */
#define DAYS_MIN ((int64_t)-719162)
#define DAYS_MAX ((int64_t)2932896)
/* Places of an instant's low part, and the offset's middle. */
#define INSTANT_SCALE ((int64_t)4096)
#define INSTANT_MIDDLE 2048
/* What fits into an instant, with the offset. */
#define UTC_MS_MAX (INT64_MAX / INSTANT_SCALE - 1)

struct civil_date {
    int year;
    int month;
    int day;
};

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0 ? 1 : 0);
}

/* Counts years from March, so that the leap day is a year's last; 400 years have 146,097 days. */
static int64_t days_of_date(struct civil_date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t month_from_march = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct civil_date date_of_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = floor_divide(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    return (struct civil_date){(int)year, (int)month,
                               (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

int64_t cs_instant_make(int64_t utc_ms, int offset_minutes)
{
    if (utc_ms > UTC_MS_MAX) {
        utc_ms = UTC_MS_MAX;
    } else if (utc_ms < -UTC_MS_MAX) {
        utc_ms = -UTC_MS_MAX;
    }
    if (offset_minutes > CS_INSTANT_OFFSET_MAX) {
        offset_minutes = CS_INSTANT_OFFSET_MAX;
    } else if (offset_minutes < CS_INSTANT_OFFSET_MIN) {
        offset_minutes = CS_INSTANT_OFFSET_MIN;
    }
    return utc_ms * INSTANT_SCALE + offset_minutes + INSTANT_MIDDLE;
}

int64_t cs_instant_utc_ms(int64_t instant)
{
    return floor_divide(instant, INSTANT_SCALE);
}

int cs_instant_offset_minutes(int64_t instant)
{
    return (int)((uint64_t)instant % (uint64_t)INSTANT_SCALE) - INSTANT_MIDDLE;
}

static int64_t local_ms(int64_t instant)
{
    return cs_instant_utc_ms(instant) + cs_instant_offset_minutes(instant) * MS_PER_MINUTE;
}

bool cs_instant_valid(int64_t instant)
{
    int offset = cs_instant_offset_minutes(instant);
    return offset >= CS_INSTANT_OFFSET_MIN && offset <= CS_INSTANT_OFFSET_MAX &&
           cs_date_valid(floor_divide(local_ms(instant), MS_PER_DAY));
}

bool cs_date_valid(int64_t days)
{
    return days >= DAYS_MIN && days <= DAYS_MAX;
}

void cs_date_format(int64_t days, char out[static CS_TIME_TEXT_MAX])
{
    if (!cs_date_valid(days)) {
        memcpy(out, "invalid", sizeof "invalid");
        return;
    }
    struct civil_date date = date_of_days(days);
    (void)snprintf(out, CS_TIME_TEXT_MAX, "%04d-%02d-%02d", date.year, date.month, date.day);
}

/* "Z", or "+08:00". */
static void format_offset(int offset, char *out, size_t size)
{
    int minutes = offset < 0 ? -offset : offset;
    if (offset == 0) {
        (void)snprintf(out, size, "Z");
    } else {
        (void)snprintf(out, size, "%c%02d:%02d", offset < 0 ? '-' : '+', minutes / 60,
                       minutes % 60);
    }
}

void cs_instant_format(int64_t instant, char out[static CS_TIME_TEXT_MAX])
{
    if (!cs_instant_valid(instant)) {
        memcpy(out, "invalid", sizeof "invalid");
        return;
    }
    int64_t days = floor_divide(local_ms(instant), MS_PER_DAY);
    int of_day = (int)(local_ms(instant) - days * MS_PER_DAY);
    cs_date_format(days, out);
    size_t size = strlen(out);
    size += (size_t)snprintf(out + size, CS_TIME_TEXT_MAX - size, "T%02d:%02d:%02d",
                             of_day / 3600000, of_day / 60000 % 60, of_day / 1000 % 60);
    if (of_day % 1000 != 0) {
        size += (size_t)snprintf(out + size, CS_TIME_TEXT_MAX - size, ".%03d", of_day % 1000);
    }
    format_offset(cs_instant_offset_minutes(instant), out + size, CS_TIME_TEXT_MAX - size);
}

/* A reader of fixed-width fields; a wrong character makes the reader fail for good. */
static int take_number(struct cs_reader *reader, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        uint8_t digit = cs_read_u8(reader);
        if (digit < '0' || digit > '9') {
            reader->status = CS_INVALID;
            return 0;
        }
        value = value * 10 + (digit - '0');
    }
    return value;
}

/* One character out of `allowed`; 0 after a failure. */
static char take_one_of(struct cs_reader *reader, const char *allowed)
{
    uint8_t byte = cs_read_u8(reader);
    if (byte == 0 || strchr(allowed, byte) == NULL) {
        reader->status = CS_INVALID;
        return 0;
    }
    return (char)byte;
}

static bool next_is(const struct cs_reader *reader, char wanted)
{
    return reader->status == CS_OK && reader->rest.size > 0 &&
           reader->rest.data[0] == (uint8_t)wanted;
}

static int64_t take_date(struct cs_reader *reader)
{
    struct civil_date date = {.year = take_number(reader, 4)};
    (void)take_one_of(reader, "-");
    date.month = take_number(reader, 2);
    (void)take_one_of(reader, "-");
    date.day = take_number(reader, 2);
    if (reader->status != CS_OK || date.year < 1 || date.month < 1 || date.month > 12 ||
        date.day < 1 || date.day > days_in_month(date.year, date.month)) {
        reader->status = CS_INVALID;
        return 0;
    }
    return days_of_date(date);
}

enum cs_status cs_date_parse(struct cs_bytes text, int64_t *out)
{
    struct cs_reader reader;
    cs_reader_init(&reader, text);
    int64_t days = take_date(&reader);
    if (cs_reader_finish(&reader) != CS_OK) {
        return CS_INVALID;
    }
    *out = days;
    return CS_OK;
}

/* Digits after the point; what is finer than a millisecond is dropped. */
static int take_fraction_ms(struct cs_reader *reader)
{
    int ms = take_number(reader, 1) * 100;
    int place = 10;
    while (reader->status == CS_OK && reader->rest.size > 0 && reader->rest.data[0] >= '0' &&
           reader->rest.data[0] <= '9') {
        ms += take_number(reader, 1) * place;
        place /= 10;
    }
    return ms;
}

/* Hours and minutes in minutes; used by the time of day and by the offset. */
static int take_hours_minutes(struct cs_reader *reader)
{
    int hours = take_number(reader, 2);
    (void)take_one_of(reader, ":");
    int minutes = take_number(reader, 2);
    if (hours > 23 || minutes > 59) {
        reader->status = CS_INVALID;
    }
    return hours * 60 + minutes;
}

static int take_seconds_ms(struct cs_reader *reader)
{
    (void)take_one_of(reader, ":");
    int seconds = take_number(reader, 2);
    if (seconds > 59) {
        reader->status = CS_INVALID;
    }
    int ms = seconds * 1000;
    if (next_is(reader, '.')) {
        (void)cs_read_u8(reader);
        ms += take_fraction_ms(reader);
    }
    return ms;
}

static int take_offset(struct cs_reader *reader)
{
    char sign = take_one_of(reader, "+-Zz");
    if (sign == 'Z' || sign == 'z') {
        return 0;
    }
    int minutes = take_hours_minutes(reader);
    return sign == '-' ? -minutes : minutes;
}

enum cs_status cs_instant_parse(struct cs_bytes text, int default_offset_minutes, int64_t *out)
{
    struct cs_reader reader;
    cs_reader_init(&reader, text);
    int64_t ms = take_date(&reader) * MS_PER_DAY;
    char separator = take_one_of(&reader, "Tt ");
    ms += take_hours_minutes(&reader) * MS_PER_MINUTE;
    int offset = default_offset_minutes;
    bool short_form = separator == ' ' && reader.rest.size == 0;
    if (!short_form) {
        ms += take_seconds_ms(&reader);
        offset = take_offset(&reader);
    }
    if (cs_reader_finish(&reader) != CS_OK || offset < CS_INSTANT_OFFSET_MIN ||
        offset > CS_INSTANT_OFFSET_MAX) {
        return CS_INVALID;
    }
    *out = cs_instant_make(ms - offset * MS_PER_MINUTE, offset);
    return CS_OK;
}
