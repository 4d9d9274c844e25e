/*
 * Fuzzing entries of the readers of password files, see targets.h. Whatever is accepted has no text that is not UTF-8, and can be written as
 * CSV and read again. Slow keys are bounded to what takes no time, so Argon2 is not run.
 */
#include "tests/fuzz/targets.h"

#include "field-client/password_files/bitwarden.h"
#include "field-client/password_files/kdbx_format.h"
#include "field-client/password_files/password_csv.h"
#include "shared/base/text.h"

static const struct cs_key_derivation_bounds quick = {0, 0, 0, 5000};

static void check_entry(const struct cs_password_entry *entry)
{
    cs_require(cs_utf8_valid(entry->title) && cs_utf8_valid(entry->password) &&
               cs_utf8_valid(entry->notes));
    for (size_t i = 0; i < entry->field_count; i++) {
        cs_require(entry->fields[i].name.size > 0 && cs_utf8_valid(entry->fields[i].value));
    }
}

static void check_list(const struct cs_password_list *list)
{
    struct cs_password_list again;
    struct cs_buffer file;
    for (size_t i = 0; i < list->count; i++) {
        check_entry(&list->entries[i]);
    }
    cs_password_list_init(&again);
    cs_buffer_init(&file, CS_PASSWORD_FILE_MAX);
    if (cs_password_csv_write(list, &file, NULL) == CS_OK) {
        cs_require(cs_password_csv_read(cs_buffer_bytes(&file), &again, NULL) == CS_OK);
        /* Entries with nothing in them have no row. */
        cs_require(again.count <= list->count);
    }
    cs_password_list_release(&again);
    cs_buffer_release(&file);
}

static void start(struct cs_password_list *list)
{
    cs_require(cs_crypto_start() == CS_OK);
    cs_password_list_init(list);
}

static void finish(struct cs_password_list *list, enum cs_status status)
{
    if (status == CS_OK) {
        check_list(list);
    }
    cs_password_list_release(list);
}

void fuzz_password_kdbx(const uint8_t *data, size_t size)
{
    const struct cs_kdbx_key key = {.password = cs_bytes_of_text("correct horse")};
    struct cs_password_list list;
    start(&list);
    finish(&list, cs_kdbx_read(cs_bytes_make(data, size), &key, &quick, &list, NULL));
}

void fuzz_password_document(const uint8_t *data, size_t size)
{
    struct cs_password_list list;
    start(&list);
    finish(&list, cs_kdbx_inner_read(cs_bytes_make(data, size), &list, NULL));
}

void fuzz_password_bitwarden(const uint8_t *data, size_t size)
{
    struct cs_password_list list;
    start(&list);
    finish(&list, cs_bitwarden_read(cs_bytes_make(data, size), cs_bytes_of_text("correct horse"),
                                    &quick, &list, NULL));
}

void fuzz_password_csv(const uint8_t *data, size_t size)
{
    struct cs_password_list list;
    start(&list);
    finish(&list, cs_password_csv_read(cs_bytes_make(data, size), &list, NULL));
}
