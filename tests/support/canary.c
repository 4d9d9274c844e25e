/* Finds a text in all its forms, see canary.h. Nothing here takes memory that a test makes fail, but for whole files. */
#include "tests/support/canary.h"

#include "shared/base/bytes.h"
#include "shared/base/limits.h"
#include "shared/base/text.h"
#include "tests/support/testing.h"

#include <ctype.h>
#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define CANARY_MAX 64

static void assert_lacks(struct cs_bytes hay, struct cs_bytes needle, const char *form,
                         const char *where)
{
    assert_true(needle.size > 0);
    if (hay.size > 0 && memmem(hay.data, hay.size, needle.data, needle.size) != NULL) {
        fail_msg("%s holds the canary %s", where, form);
    }
}

static void assert_no_hex(struct cs_bytes hay, struct cs_bytes canary, const char *where)
{
    char hex[2 * CANARY_MAX + 1];
    cs_hex_encode(canary, hex);
    assert_lacks(hay, cs_bytes_of_text(hex), "in hexadecimal", where);
    for (size_t i = 0; hex[i] != '\0'; i++) {
        hex[i] = (char)toupper((unsigned char)hex[i]);
    }
    assert_lacks(hay, cs_bytes_of_text(hex), "in capital hexadecimal", where);
}

static void assert_no_utf16(struct cs_bytes hay, struct cs_bytes canary, const char *where)
{
    uint8_t wide[2 * CANARY_MAX + 1] = {0};
    for (size_t i = 0; i < canary.size; i++) {
        wide[2 * i + 1] = canary.data[i];
    }
    /* One zero byte between any two: the same bytes in both orders. */
    assert_lacks(hay, cs_bytes_make(wide + 1, 2 * canary.size - 1), "as UTF-16", where);
}

static void assert_no_base64(struct cs_bytes hay, struct cs_bytes canary, const char *where)
{
    static const int alphabets[] = {sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
                                    sodium_base64_VARIANT_URLSAFE_NO_PADDING};
    for (size_t i = 0; i < CS_COUNT(alphabets); i++) {
        for (size_t skip = 0; skip < 3; skip++) {
            char encoded[2 * CANARY_MAX];
            (void)sodium_bin2base64(encoded, sizeof encoded, canary.data + skip,
                                    (canary.size - skip) / 3 * 3, alphabets[i]);
            assert_lacks(hay, cs_bytes_of_text(encoded), "in base64", where);
        }
    }
}

void canary_assert_none(struct cs_bytes hay, const char *canary, const char *where)
{
    struct cs_bytes bytes = cs_bytes_of_text(canary);
    assert_in_range(bytes.size, 8, CANARY_MAX);
    assert_lacks(hay, bytes, "as it is", where);
    assert_no_hex(hay, bytes, where);
    assert_no_utf16(hay, bytes, where);
    assert_no_base64(hay, bytes, where);
}

size_t canary_assert_folder(const char *folder, const char *canary)
{
    size_t files = 0;
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char path[512];
        uint8_t block[65536];
        struct cs_buffer content;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (file == NULL) {
            continue;
        }
        cs_buffer_init(&content, 256 * CS_MEBI);
        size_t size = fread(block, 1, sizeof block, file);
        while (size > 0) {
            cs_buffer_append(&content, block, size);
            size = fread(block, 1, sizeof block, file);
        }
        (void)fclose(file);
        assert_ok(content.status);
        canary_assert_none(cs_buffer_bytes(&content), canary, path);
        files += content.size > 0 ? 1 : 0;
        cs_buffer_release(&content);
    }
    (void)closedir(directory);
    return files;
}
