/*
 * Key files of KeePass, see kdbx_format.h. In the order in which KeePass tries: an XML key file (version 1: base 64; version 2: hexadecimal
 * with a check of it), 32 bytes as they are, 64 hexadecimal digits, and otherwise the SHA-256 of the file, whatever it is.
 */
#include "field-client/password_files/kdbx_format.h"

#include "field-client/password_files/base64.h"
#include "field-client/password_files/xml.h"
#include "shared/base/text.h"
#include "shared/crypto/hash.h"
#include "shared/crypto/secret.h"

#include <string.h>

#define KEY_SIZE CS_SHA256_SIZE

struct key_file {
    unsigned depth;
    bool is_key_file; /* the outermost element says so */
    unsigned version;
    bool has_key;
    char check[2 * 4 + 1]; /* of version 2: the first 4 bytes of the key's hash, in hexadecimal */
    uint8_t key[KEY_SIZE];
};

static enum cs_status on_begin(void *context, const char *name, const char *const *attributes,
                               struct cs_problem *problem)
{
    struct key_file *file = context;
    file->depth++;
    if (file->depth == 1) {
        file->is_key_file = strcmp(name, "KeyFile") == 0;
    }
    if (strcmp(name, "Data") == 0) {
        const char *check = cs_xml_attribute(attributes, "Hash");
        file->check[0] = '\0';
        if (check != NULL && strlen(check) == sizeof file->check - 1) {
            memcpy(file->check, check, sizeof file->check);
        }
    }
    (void)problem;
    return CS_OK;
}

static size_t without_spaces(uint8_t *text, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n') {
            text[kept++] = text[i];
        }
    }
    return kept;
}

/* Version 2 names the first bytes of the key's SHA-256, so that a slip of the pen is seen. */
static bool fits_check(const struct key_file *file)
{
    uint8_t hash[CS_SHA256_SIZE];
    uint8_t named[4];
    cs_sha256(cs_bytes_of_array(file->key), hash);
    return cs_hex_decode(cs_bytes_of_text(file->check), named, sizeof named) == CS_OK &&
           cs_secret_equal(cs_bytes_of_array(named), cs_bytes_make(hash, sizeof named));
}

static enum cs_status take_key(struct key_file *file, struct cs_buffer *text)
{
    if (file->version == 2) {
        text->size = without_spaces(text->data, text->size);
        file->has_key =
            cs_hex_decode(cs_buffer_bytes(text), file->key, KEY_SIZE) == CS_OK && fits_check(file);
        return CS_OK;
    }
    struct cs_buffer key;
    cs_buffer_init(&key, CS_PASSWORD_KEY_FILE_MAX);
    enum cs_status status = cs_base64_decode(cs_buffer_bytes(text), &key);
    file->has_key = status == CS_OK && key.size == KEY_SIZE;
    if (file->has_key) {
        memcpy(file->key, key.data, KEY_SIZE);
    }
    cs_buffer_release(&key);
    return status == CS_NO_MEMORY ? status : CS_OK;
}

static enum cs_status on_end(void *context, const char *name, struct cs_buffer *text,
                             struct cs_problem *problem)
{
    struct key_file *file = context;
    (void)problem;
    file->depth--;
    if (file->depth == 2 && strcmp(name, "Version") == 0) {
        struct cs_bytes version = cs_buffer_bytes(text);
        file->version = version.size > 0 && version.data[0] >= '1' && version.data[0] <= '9'
                            ? (unsigned)(version.data[0] - '0')
                            : 0u;
    } else if (file->depth == 2 && strcmp(name, "Data") == 0) {
        return take_key(file, text);
    }
    return CS_OK;
}

static enum cs_status read_xml(struct cs_bytes bytes, struct key_file *file)
{
    const struct cs_xml_handler handler = {file, on_begin, on_end};
    return cs_xml_read(bytes, &handler, NULL);
}

enum cs_status cs_kdbx_key_file_read(struct cs_bytes file, uint8_t out[static CS_SHA256_SIZE],
                                     struct cs_problem *problem)
{
    struct key_file read = {0};
    if (file.size > CS_PASSWORD_KEY_FILE_MAX) {
        return cs_problem_set(problem, CS_LIMIT, "the key file has %zu bytes, at most %zu are read",
                              file.size, CS_PASSWORD_KEY_FILE_MAX);
    }
    enum cs_status status = read_xml(file, &read);
    if (status == CS_NO_MEMORY) {
        cs_wipe(&read, sizeof read);
        return status;
    }
    if (read.is_key_file) {
        bool usable = status == CS_OK && read.has_key && read.version <= 2 && read.version > 0;
        if (usable) {
            memcpy(out, read.key, KEY_SIZE);
        }
        cs_wipe(&read, sizeof read);
        return usable ? CS_OK
                      : cs_problem_set(problem, CS_MALFORMED,
                                       "the key file is damaged, or of an unknown version");
    }
    cs_wipe(&read, sizeof read);
    if (file.size == KEY_SIZE) {
        memcpy(out, file.data, KEY_SIZE);
    } else if (cs_hex_decode(file, out, KEY_SIZE) != CS_OK) {
        cs_sha256(file, out);
    }
    return CS_OK;
}
