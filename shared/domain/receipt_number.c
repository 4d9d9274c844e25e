/* Numbers of receipts, see receipt_number.h. */
#include "shared/domain/receipt_number.h"

#include <string.h>

int cs_receipt_number_digits(int64_t number)
{
    int digits = 1;
    for (int64_t rest = number / 10; rest > 0; rest /= 10) {
        digits++;
    }
    return digits < CS_RECEIPT_DIGITS_MIN ? CS_RECEIPT_DIGITS_MIN : digits;
}

bool cs_receipt_number_parse(struct cs_bytes text, struct cs_receipt_number *out)
{
    size_t digits = 0;
    int64_t number = 0;
    int64_t weight = 1;
    while (digits < text.size && digits <= CS_RECEIPT_DIGITS_MAX) {
        uint8_t character = text.data[text.size - 1 - digits];
        if (character < '0' || character > '9') {
            break;
        }
        number += weight * (character - '0');
        weight *= 10;
        digits++;
    }
    if (digits > CS_RECEIPT_DIGITS_MAX || digits + 2 > text.size || number == 0 ||
        digits != (size_t)cs_receipt_number_digits(number) ||
        text.data[text.size - 1 - digits] != '-' ||
        text.size - 1 - digits > CS_RECEIPT_PREFIX_MAX) {
        return false;
    }
    out->prefix = cs_bytes_make(text.data, text.size - 1 - digits);
    out->number = number;
    return true;
}

bool cs_receipt_number_format(struct cs_bytes prefix, int64_t number,
                              char out[static CS_RECEIPT_NUMBER_TEXT_MAX], size_t *out_size)
{
    if (prefix.size == 0 || prefix.size > CS_RECEIPT_PREFIX_MAX || number < 1 ||
        number > CS_RECEIPT_NUMBER_LAST) {
        return false;
    }
    size_t digits = (size_t)cs_receipt_number_digits(number);
    size_t size = prefix.size + 1 + digits;
    memcpy(out, prefix.data, prefix.size);
    out[prefix.size] = '-';
    for (size_t i = 0; i < digits; i++) {
        out[size - 1 - i] = (char)('0' + number % 10);
        number /= 10;
    }
    out[size] = '\0';
    *out_size = size;
    return true;
}
