/* Checkpoints, see checkpoint.h. The reader takes a note apart, builds it again from what it found
 * and compares: so nothing but the one form is accepted. */
#include "shared/evidence/checkpoint.h"

#include "shared/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ORIGIN_START "countersign/"
#define ORIGIN_START_SIZE (sizeof ORIGIN_START - 1)
#define ORIGIN_SIZE                                                                                \
    (ORIGIN_START_SIZE + 2 * (size_t)CS_HASH_SIZE + 1 + 2 * (size_t)CS_INCARNATION_SIZE)
#define POSITION_START "position "
#define SIGNATURE_START "\xe2\x80\x94 " /* em dash, space */
#define KEY_ID_SIZE ((size_t)4)
/* Type 0x01: Ed25519 over the text. */
#define NOTE_TYPE_ED25519 0x01
#define NUMBER_MAX ((uint64_t)INT64_MAX)

/* RFC 4648 §4 with padding, from the url form without it. */
static void put_base64(struct cs_buffer *out, struct cs_bytes bytes)
{
    size_t start = out->size;
    cs_base64url_encode(bytes, out);
    for (size_t i = start; i < out->size; i++) {
        out->data[i] = out->data[i] == '-' ? '+' : out->data[i] == '_' ? '/' : out->data[i];
    }
    while (out->status == CS_OK && (out->size - start) % 4 != 0) {
        cs_buffer_append_u8(out, '=');
    }
}

/* The very form put_base64 gives, of `size` bytes. */
static enum cs_status take_base64(struct cs_bytes text, uint8_t *out, size_t size)
{
    struct cs_buffer url;
    struct cs_buffer decoded;
    struct cs_buffer again;
    cs_buffer_init(&url, CS_CHECKPOINT_MAX);
    cs_buffer_init(&decoded, CS_CHECKPOINT_MAX);
    cs_buffer_init(&again, CS_CHECKPOINT_MAX);
    for (size_t i = 0; i < text.size && text.data[i] != '='; i++) {
        uint8_t byte = text.data[i];
        cs_buffer_append_u8(&url, byte == '+' ? '-' : byte == '/' ? '_' : byte);
    }
    enum cs_status status = url.status;
    if (status == CS_OK) {
        status = cs_base64url_decode(cs_buffer_bytes(&url), &decoded);
    }
    if (status == CS_OK) {
        put_base64(&again, cs_buffer_bytes(&decoded));
        status = again.status;
    }
    if (status == CS_OK) {
        bool same = decoded.size == size && cs_bytes_equal(cs_buffer_bytes(&again), text);
        status = same ? CS_OK : CS_MALFORMED;
    }
    if (status == CS_OK) {
        memcpy(out, decoded.data, size);
    }
    cs_buffer_release(&url);
    cs_buffer_release(&decoded);
    cs_buffer_release(&again);
    return status;
}

static void put_origin(struct cs_buffer *out, const uint8_t *organisation,
                       const uint8_t *incarnation)
{
    char organisation_text[2 * CS_HASH_SIZE + 1];
    char incarnation_text[2 * CS_INCARNATION_SIZE + 1];
    cs_hex_encode(cs_bytes_make(organisation, CS_HASH_SIZE), organisation_text);
    cs_hex_encode(cs_bytes_make(incarnation, CS_INCARNATION_SIZE), incarnation_text);
    cs_buffer_append_format(out, ORIGIN_START "%s/%s", organisation_text, incarnation_text);
}

/* The text that is signed. */
static void put_text(struct cs_buffer *out, const struct cs_checkpoint *checkpoint,
                     const uint8_t *organisation)
{
    put_origin(out, organisation, checkpoint->incarnation);
    cs_buffer_append_format(out, "\n%" PRIu64 "\n", checkpoint->size);
    put_base64(out, cs_bytes_of_array(checkpoint->root));
    cs_buffer_append_format(out, "\n" POSITION_START "%" PRIu64 "\n", checkpoint->position);
}

/* The first 4 bytes of SHA-256(key name ‖ newline ‖ type ‖ public key). */
static enum cs_status key_id(struct cs_bytes name, const uint8_t *identity, uint8_t *out)
{
    struct cs_buffer named;
    uint8_t hash[32];
    cs_buffer_init(&named, CS_CHECKPOINT_MAX);
    cs_buffer_append_bytes(&named, name);
    cs_buffer_append_u8(&named, '\n');
    cs_buffer_append_u8(&named, NOTE_TYPE_ED25519);
    cs_buffer_append(&named, identity, CS_SIGN_PUBLIC_SIZE);
    enum cs_status status = named.status;
    if (status == CS_OK) {
        cs_sha256(cs_buffer_bytes(&named), hash);
        memcpy(out, hash, KEY_ID_SIZE);
    }
    cs_buffer_release(&named);
    return status;
}

static void put_signature_line(struct cs_buffer *out, struct cs_bytes origin,
                               const uint8_t signature[static KEY_ID_SIZE + CS_SIGNATURE_SIZE])
{
    cs_buffer_append_text(out, SIGNATURE_START);
    cs_buffer_append_bytes(out, origin);
    cs_buffer_append_text(out, " ");
    put_base64(out, cs_bytes_make(signature, KEY_ID_SIZE + CS_SIGNATURE_SIZE));
    cs_buffer_append_text(out, "\n");
}

static enum cs_status put_note(struct cs_buffer *note, const struct cs_checkpoint *checkpoint,
                               const uint8_t *organisation, const struct cs_sign_key *identity)
{
    uint8_t signature[KEY_ID_SIZE + CS_SIGNATURE_SIZE];
    uint8_t public_key[CS_SIGN_PUBLIC_SIZE];
    struct cs_buffer origin;
    put_text(note, checkpoint, organisation);
    cs_buffer_init(&origin, ORIGIN_SIZE + 1);
    put_origin(&origin, organisation, checkpoint->incarnation);
    enum cs_status status = note->status != CS_OK ? note->status : origin.status;
    if (status == CS_OK) {
        cs_sign_key_public(identity, public_key);
        status = key_id(cs_buffer_bytes(&origin), public_key, signature);
    }
    if (status == CS_OK) {
        cs_sign_bare(identity, cs_buffer_bytes(note), signature + KEY_ID_SIZE);
        cs_buffer_append_text(note, "\n");
        put_signature_line(note, cs_buffer_bytes(&origin), signature);
        status = note->status;
    }
    cs_buffer_release(&origin);
    return status;
}

enum cs_status cs_checkpoint_encode(const struct cs_checkpoint *checkpoint,
                                    const uint8_t organisation[static CS_HASH_SIZE],
                                    const struct cs_sign_key *identity, struct cs_buffer *out)
{
    if (checkpoint->size > NUMBER_MAX || checkpoint->position > NUMBER_MAX) {
        return CS_INVALID;
    }
    struct cs_buffer note;
    cs_buffer_init(&note, CS_CHECKPOINT_MAX);
    enum cs_status status = put_note(&note, checkpoint, organisation, identity);
    if (status == CS_OK) {
        cs_buffer_append_bytes(out, cs_buffer_bytes(&note));
        status = out->status;
    }
    cs_buffer_release(&note);
    return status;
}

/* The next line without its newline; `*rest` begins behind it. */
static enum cs_status take_line(struct cs_bytes *rest, struct cs_bytes *out)
{
    const uint8_t *end = rest->size == 0 ? NULL : memchr(rest->data, '\n', rest->size);
    if (end == NULL) {
        return CS_MALFORMED;
    }
    size_t size = (size_t)(end - rest->data);
    *out = cs_bytes_make(rest->data, size);
    *rest = cs_bytes_make(end + 1, rest->size - size - 1);
    return CS_OK;
}

enum note_line {
    LINE_ORIGIN,
    LINE_SIZE,
    LINE_ROOT,
    LINE_POSITION,
    LINE_BLANK,
    LINE_SIGNATURE,
    LINES
};

struct note {
    struct cs_bytes lines[LINES];
    struct cs_bytes text; /* the first four lines with their newlines */
};

static enum cs_status split_note(struct cs_bytes bytes, struct note *out)
{
    struct cs_bytes rest = bytes;
    for (size_t i = 0; i < LINES; i++) {
        if (i == LINE_BLANK) {
            out->text = cs_bytes_make(bytes.data, bytes.size - rest.size);
        }
        if (take_line(&rest, &out->lines[i]) != CS_OK) {
            return CS_MALFORMED;
        }
    }
    bool whole = rest.size == 0 && out->lines[LINE_BLANK].size == 0 &&
                 out->lines[LINE_ORIGIN].size == ORIGIN_SIZE;
    return whole ? CS_OK : CS_MALFORMED;
}

/* The signature line: dash, the origin as key name, base64 of key id and signature. */
static enum cs_status check_signature(const struct note *note, const uint8_t *identity)
{
    const size_t start = sizeof SIGNATURE_START - 1 + ORIGIN_SIZE + 1;
    struct cs_bytes line = note->lines[LINE_SIGNATURE];
    struct cs_bytes origin = note->lines[LINE_ORIGIN];
    uint8_t signature[KEY_ID_SIZE + CS_SIGNATURE_SIZE];
    uint8_t expected[KEY_ID_SIZE];
    if (line.size < start || memcmp(line.data, SIGNATURE_START, sizeof SIGNATURE_START - 1) != 0 ||
        memcmp(line.data + sizeof SIGNATURE_START - 1, origin.data, ORIGIN_SIZE) != 0 ||
        line.data[start - 1] != ' ') {
        return CS_MALFORMED;
    }
    enum cs_status status = take_base64(cs_bytes_make(line.data + start, line.size - start),
                                        signature, sizeof signature);
    if (status == CS_OK) {
        status = key_id(origin, identity, expected);
    }
    if (status == CS_OK && memcmp(expected, signature, KEY_ID_SIZE) != 0) {
        status = CS_FORGED;
    }
    return status != CS_OK ? status
                           : cs_sign_verify_bare(identity, note->text, signature + KEY_ID_SIZE);
}

static enum cs_status take_number(struct cs_bytes text, uint64_t *out)
{
    int64_t number;
    if (cs_integer_parse(text, &number) != CS_OK || number < 0) {
        return CS_MALFORMED;
    }
    *out = (uint64_t)number;
    return CS_OK;
}

static enum cs_status take_position(struct cs_bytes line, uint64_t *out)
{
    const size_t start = sizeof POSITION_START - 1;
    return line.size < start
               ? CS_MALFORMED
               : take_number(cs_bytes_make(line.data + start, line.size - start), out);
}

static enum cs_status take_origin(struct cs_bytes line, uint8_t *organisation, uint8_t *incarnation)
{
    const uint8_t *names = line.data + ORIGIN_START_SIZE;
    const size_t organisation_size = 2 * (size_t)CS_HASH_SIZE;
    bool valid =
        cs_hex_decode(cs_bytes_make(names, organisation_size), organisation, CS_HASH_SIZE) ==
            CS_OK &&
        cs_hex_decode(cs_bytes_make(names + organisation_size + 1, 2 * (size_t)CS_INCARNATION_SIZE),
                      incarnation, CS_INCARNATION_SIZE) == CS_OK;
    return valid ? CS_OK : CS_MALFORMED;
}

/* Whatever the parts were read from, the whole must be what they give again. */
static enum cs_status check_form(const struct note *note, const struct cs_checkpoint *checkpoint,
                                 const uint8_t *organisation)
{
    struct cs_buffer again;
    cs_buffer_init(&again, CS_CHECKPOINT_MAX);
    put_text(&again, checkpoint, organisation);
    enum cs_status status = again.status;
    if (status == CS_OK && !cs_bytes_equal(cs_buffer_bytes(&again), note->text)) {
        status = CS_MALFORMED;
    }
    cs_buffer_release(&again);
    return status;
}

static enum cs_status read_note(const struct note *note, uint8_t named[static CS_HASH_SIZE],
                                struct cs_checkpoint *out)
{
    enum cs_status status = take_origin(note->lines[LINE_ORIGIN], named, out->incarnation);
    if (status == CS_OK) {
        status = take_number(note->lines[LINE_SIZE], &out->size);
    }
    if (status == CS_OK) {
        status = take_base64(note->lines[LINE_ROOT], out->root, sizeof out->root);
    }
    if (status == CS_OK) {
        status = take_position(note->lines[LINE_POSITION], &out->position);
    }
    if (status == CS_OK) {
        status = check_form(note, out, named);
    }
    return status;
}

enum cs_status cs_checkpoint_verify(struct cs_bytes note,
                                    const uint8_t organisation[static CS_HASH_SIZE],
                                    const uint8_t identity[static CS_SIGN_PUBLIC_SIZE],
                                    struct cs_checkpoint *out)
{
    struct note split;
    struct cs_checkpoint found;
    uint8_t named[CS_HASH_SIZE];
    if (note.size > CS_CHECKPOINT_MAX) {
        return CS_LIMIT;
    }
    enum cs_status status = split_note(note, &split);
    if (status == CS_OK) {
        status = check_signature(&split, identity);
    }
    if (status == CS_OK) {
        status = read_note(&split, named, &found);
    }
    if (status == CS_OK && memcmp(named, organisation, sizeof named) != 0) {
        status = CS_WRONG_ORGANISATION;
    }
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

enum cs_status cs_checkpoint_read(struct cs_bytes note, struct cs_checkpoint *out)
{
    struct note split;
    struct cs_checkpoint found;
    uint8_t named[CS_HASH_SIZE];
    if (note.size > CS_CHECKPOINT_MAX) {
        return CS_LIMIT;
    }
    enum cs_status status = split_note(note, &split);
    if (status == CS_OK) {
        status = read_note(&split, named, &found);
    }
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

void cs_checkpoint_digits(const struct cs_checkpoint *checkpoint,
                          char out[static CS_CHECKPOINT_DIGITS_SIZE])
{
    uint8_t size[8];
    uint8_t hash[CS_HASH_SIZE];
    for (size_t i = 0; i < sizeof size; i++) {
        size[i] = (uint8_t)(checkpoint->size >> (56 - 8 * i));
    }
    const struct cs_bytes parts[] = {cs_bytes_of_array(checkpoint->incarnation),
                                     cs_bytes_of_array(size), cs_bytes_of_array(checkpoint->root)};
    cs_hash_parts("countersign checkpoint digits", parts, CS_COUNT(parts), hash);
    for (size_t group = 0; group < 5; group++) {
        uint64_t number = 0;
        for (size_t i = 0; i < 6; i++) {
            number = number << 8 | hash[6 * group + i];
        }
        (void)snprintf(out + 6 * group, 7, "%05u%s", (unsigned)(number % 100000),
                       group < 4 ? " " : "");
    }
}
