/*
 * The rule about gaps in a receipt series, see rules.h.
 *
 * A device gives the numbers of its series one after another and its log has no gaps. So when a number is accounted for (a receipt has
 * it, or it was declared void) and numbers before it are not, those are missing: refused, held, or never sent. The subject is the
 * series, the key is the number after the gap: each number that comes is asked about with its two neighbours, never the whole series.
 */
#include "sync-server/reconcile/rules_receipt.h"

#include "shared/domain/receipt_number.h"
#include "sync-server/reconcile/computed.h"

#include <string.h>

/* A series and the numbers in it that were declared void; few. */
struct series {
    struct cs_bytes prefix;
    struct cs_stored_row
        rows[8]; /* with this prefix; the first, with the smallest id, is the subject */
    size_t row_count;
    int64_t *voids;
    size_t void_count;
};

static enum cs_status load_voids(struct cs_reconcile *reconcile, struct series *series)
{
    enum cs_status status = CS_OK;
    series->voids =
        cs_arena_take_array(reconcile->arena, CS_RULE_SUBJECTS_MAX, sizeof *series->voids);
    if (series->voids == NULL) {
        return CS_NO_MEMORY;
    }
    for (size_t i = 0; status == CS_OK && i < series->row_count; i++) {
        struct cs_value id = cs_value_bytes(cs_id_bytes(&series->rows[i].id));
        struct cs_id *ids;
        size_t count = 0;
        status = cs_rule_find(reconcile, "receipt_void", "series", &id,
                              CS_RULE_SUBJECTS_MAX - series->void_count, &ids, &count);
        for (size_t j = 0; status == CS_OK && j < count; j++) {
            struct cs_stored_row row;
            struct cs_receipt_number number;
            status = cs_rule_load_id(reconcile, "receipt_void", &ids[j], &row);
            if (status == CS_OK &&
                cs_receipt_number_parse(cs_stored_value(&row, "number").bytes, &number) &&
                cs_bytes_equal(number.prefix, series->prefix)) {
                series->voids[series->void_count++] = number.number;
            }
        }
    }
    return status;
}

/* row_count 0: there is no such series. */
static enum cs_status load_series(struct cs_reconcile *reconcile, struct cs_bytes prefix,
                                  struct series *out)
{
    struct cs_value value = cs_value_text(prefix);
    struct cs_id *ids;
    size_t count = 0;
    *out = (struct series){.prefix = prefix};
    enum cs_status status = cs_rule_find(reconcile, "receipt_series", "prefix", &value,
                                         CS_COUNT(out->rows), &ids, &count);
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = cs_rule_load_id(reconcile, "receipt_series", &ids[i], &out->rows[i]);
    }
    out->row_count = status == CS_OK ? count : 0;
    return status != CS_OK || count == 0 ? status : load_voids(reconcile, out);
}

/* Texts between two numbers that are no numbers: so many are passed over. */
#define STRANGERS_MAX 16

/* The number of the series' receipts next to `from` in one direction among those of as many digits; -1: none. */
static enum cs_status nearest_of_width(struct cs_reconcile *reconcile, const struct series *series,
                                       struct cs_bytes from, enum cs_store_direction direction,
                                       int64_t *out)
{
    const struct cs_entity *receipt = cs_rule_entity(reconcile, "receipt");
    int field = receipt == NULL ? -1 : cs_entity_field_index(receipt, cs_bytes_of_text("number"));
    *out = -1;
    for (int i = 0; field >= 0 && i < STRANGERS_MAX; i++) {
        struct cs_bytes text;
        struct cs_receipt_number number;
        enum cs_status status =
            cs_store_nearest(reconcile->store, receipt, (size_t)field, series->prefix, from,
                             direction, reconcile->arena, &text);
        if (status != CS_OK) {
            return status == CS_NOT_FOUND ? CS_OK : status;
        }
        if (cs_receipt_number_parse(text, &number) &&
            cs_bytes_equal(number.prefix, series->prefix)) {
            *out = number.number;
            return CS_OK;
        }
        from = text;
    }
    return CS_OK;
}

static int64_t nearest_void(const struct series *series, int64_t number,
                            enum cs_store_direction direction)
{
    int64_t nearest = -1;
    for (size_t i = 0; i < series->void_count; i++) {
        int64_t other = series->voids[i];
        bool is_better = direction == CS_STORE_BELOW
                             ? other < number && other > nearest
                             : other > number && (nearest < 0 || other < nearest);
        nearest = is_better ? other : nearest;
    }
    return nearest;
}

/*
 * Where to look for neighbours among texts of so many digits: at the number itself, or, where it has more or fewer digits or is
 * zero, before the first or behind the last of them ('/' and ':' stand around the digits).
 */
static bool start_of(const struct series *series, int64_t number, int digits,
                     char out[static CS_RECEIPT_NUMBER_TEXT_MAX], struct cs_bytes *out_text)
{
    size_t size = 0;
    int own = cs_receipt_number_digits(number);
    if (!cs_receipt_number_format(series->prefix, number > 0 ? number : 1, out, &size)) {
        return false;
    }
    if (digits != own || number == 0) {
        size = series->prefix.size + 1 + (size_t)digits;
        memset(out + series->prefix.size + 1, digits < own && number > 0 ? ':' : '/',
               (size_t)digits);
    }
    *out_text = cs_bytes_make(out, size);
    return true;
}

/* The accounted number next to this one; -1: none. */
static enum cs_status nearest(struct cs_reconcile *reconcile, const struct series *series,
                              int64_t number, enum cs_store_direction direction, int64_t *out)
{
    bool below = direction == CS_STORE_BELOW;
    int64_t used = -1;
    enum cs_status status = CS_OK;
    for (int digits = cs_receipt_number_digits(number);
         status == CS_OK && used < 0 && digits >= CS_RECEIPT_DIGITS_MIN &&
         digits <= CS_RECEIPT_DIGITS_MAX;
         digits += below ? -1 : 1) {
        char text[CS_RECEIPT_NUMBER_TEXT_MAX];
        struct cs_bytes from;
        if (!start_of(series, number, digits, text, &from)) {
            break;
        }
        status = nearest_of_width(reconcile, series, from, direction, &used);
    }
    int64_t declared = nearest_void(series, number, direction);
    if (declared >= 0 && (used < 0 || (below ? declared > used : declared < used))) {
        used = declared;
    }
    if (status == CS_OK) {
        *out = used;
    }
    return status;
}

static enum cs_status describe(struct cs_reconcile *reconcile, const struct series *series,
                               int64_t first, int64_t last, int64_t after, struct cs_value *out)
{
    char texts[3][CS_RECEIPT_NUMBER_TEXT_MAX];
    size_t size;
    bool fits = cs_receipt_number_format(series->prefix, first, texts[0], &size) &&
                cs_receipt_number_format(series->prefix, last, texts[1], &size) &&
                cs_receipt_number_format(series->prefix, after, texts[2], &size);
    cs_require(fits);
    return first == last ? cs_computed_text(reconcile->arena, out, "%s is missing before %s",
                                            texts[0], texts[2])
                         : cs_computed_text(reconcile->arena, out, "%s to %s are missing before %s",
                                            texts[0], texts[1], texts[2]);
}

/* Is something missing right before this accounted number? */
static enum cs_status judge_before(struct cs_reconcile *reconcile, const struct series *series,
                                   int64_t number)
{
    struct cs_id key;
    int64_t below = -1;
    char text[CS_RECEIPT_NUMBER_TEXT_MAX];
    size_t size;
    if (!cs_receipt_number_format(series->prefix, number, text, &size)) {
        return CS_OK;
    }
    cs_rule_key(cs_bytes_make(text, size), &key);
    enum cs_status status = nearest(reconcile, series, number, CS_STORE_BELOW, &below);
    int64_t expected = below < 0 ? 1 : below + 1;
    struct cs_value detail = CS_NULL;
    if (status == CS_OK && expected < number) {
        status = describe(reconcile, series, expected, number - 1, number, &detail);
    }
    for (size_t i = 0; status == CS_OK && i < series->row_count; i++) {
        struct cs_finding finding = {.kind = "receipt_gap",
                                     .subject = &series->rows[i],
                                     .key = key,
                                     .holds = i == 0 && expected < number,
                                     .detail = detail};
        status = cs_exception_set(reconcile, &finding);
    }
    return status;
}

/* A number is accounted for now: what is before it, and what is before the next one. */
static enum cs_status judge_number(struct cs_reconcile *reconcile, struct cs_bytes text)
{
    struct cs_receipt_number number;
    struct series series;
    int64_t next = -1;
    if (!cs_receipt_number_parse(text, &number)) {
        return CS_OK;
    }
    enum cs_status status = load_series(reconcile, number.prefix, &series);
    if (status != CS_OK || series.row_count == 0) {
        return status;
    }
    status = judge_before(reconcile, &series, number.number);
    if (status == CS_OK) {
        status = nearest(reconcile, &series, number.number, CS_STORE_ABOVE, &next);
    }
    return status != CS_OK || next < 0 ? status : judge_before(reconcile, &series, next);
}

/* The series itself came after its numbers, or another one has the prefix too: all its numbers, up to so many. */
static enum cs_status judge_series(struct cs_reconcile *reconcile, const struct cs_value *prefix)
{
    struct series series;
    int64_t number = 0;
    enum cs_status status =
        prefix->kind == CS_VALUE_NULL ? CS_OK : load_series(reconcile, prefix->bytes, &series);
    if (status != CS_OK || prefix->kind == CS_VALUE_NULL || series.row_count == 0) {
        return status;
    }
    for (size_t i = 0; status == CS_OK && number >= 0 && i < CS_RULE_SUBJECTS_MAX; i++) {
        if (i > 0) {
            status = judge_before(reconcile, &series, number);
        }
        if (status == CS_OK) {
            status = nearest(reconcile, &series, number, CS_STORE_ABOVE, &number);
        }
    }
    return status;
}

enum cs_status cs_rule_receipt_gap(struct cs_reconcile *reconcile, const struct cs_working_row *row)
{
    const struct cs_stored_row *now = &row->now.row;
    if (cs_rule_is_about(now, "receipt") || cs_rule_is_about(now, "receipt_void")) {
        return judge_number(reconcile, cs_stored_value(now, "number").bytes);
    }
    struct cs_value prefix = cs_stored_value(now, "prefix");
    struct cs_value before = cs_stored_value(&row->before, "prefix");
    return cs_rule_is_about(now, "receipt_series") && !cs_value_equal(&prefix, &before)
               ? judge_series(reconcile, &prefix)
               : CS_OK;
}
