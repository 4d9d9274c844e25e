/*
 * Numbers of receipts: the prefix of a series, a hyphen, at least six digits: "7KQ3-000001". The client gives them, the server accounts
 * for them. Pure.
 */
#ifndef CS_DOMAIN_RECEIPT_NUMBER_H
#define CS_DOMAIN_RECEIPT_NUMBER_H

#include "shared/base/bytes.h"

#define CS_RECEIPT_PREFIX_MAX ((size_t)32)
#define CS_RECEIPT_DIGITS_MIN 6
#define CS_RECEIPT_DIGITS_MAX 9
#define CS_RECEIPT_NUMBER_LAST INT64_C(999999999)
/* With end mark. */
#define CS_RECEIPT_NUMBER_TEXT_MAX (CS_RECEIPT_PREFIX_MAX + 1 + CS_RECEIPT_DIGITS_MAX + 1)

struct cs_receipt_number {
    struct cs_bytes prefix; /* a view into the text */
    int64_t number;         /* 1 … CS_RECEIPT_NUMBER_LAST */
};

/* false: not written as such a number is (too few digits, superfluous zeros, no prefix). */
bool cs_receipt_number_parse(struct cs_bytes text, struct cs_receipt_number *out);
/* NUL-terminated; *out_size without the end mark. false: prefix empty or too long, number out of range. */
bool cs_receipt_number_format(struct cs_bytes prefix, int64_t number,
                              char out[static CS_RECEIPT_NUMBER_TEXT_MAX], size_t *out_size);
/* Digits of a number, 6 … 9. */
int cs_receipt_number_digits(int64_t number);

#endif
