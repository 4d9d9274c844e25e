/*
 * Shares as text, see shares.h: Crockford's base 32, which has no letters that look alike, in groups of five.
 *
 * Letters are found by arithmetic on what is not secret only: the alphabet is scanned as a whole for each character.
 */
#include "field-client/vault/shares.h"

#include "shared/base/memory.h"

#include <string.h>

#define PREFIX_SIZE ((size_t)4)
#define GROUP_SIZE ((size_t)5)
#define CHARACTERS ((size_t)90)
#define CHECKSUM_SIZE ((size_t)5)
#define CONTENT_SIZE ((size_t)(CS_ID_SIZE + 3 + CS_VAULT_SHARE_SIZE))
#define WHOLE_SIZE (CONTENT_SIZE + CHECKSUM_SIZE)

/* By kind. The last character of the prefix is the version. */
static const struct {
    const char *prefix;
    const char *checksum;
} kinds[] = {
    [CS_VAULT_SHARE_RECOVERY] = {"CSR1", "countersign recovery share text 1"},
    [CS_VAULT_SHARE_ROOT] = {"CSK1", "countersign root share text 1"},
};

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void put_checksum(enum cs_vault_share_kind kind, uint8_t *whole)
{
    uint8_t hash[CS_HASH_SIZE];
    cs_hash(kinds[kind].checksum, cs_bytes_make(whole, CONTENT_SIZE), hash);
    memcpy(whole + CONTENT_SIZE, hash, CHECKSUM_SIZE);
    cs_wipe(hash, sizeof hash);
}

/* Character `number` of the alphabet, without a look-up by it. */
static uint8_t character_of(unsigned number)
{
    unsigned found = 0;
    for (unsigned i = 0; i < 32; i++) {
        unsigned differs = (i ^ number) + 31u; /* has bit 5 unless i is the number */
        found |= (unsigned)(uint8_t)alphabet[i] & (((differs >> 5) & 1u) - 1u);
    }
    return (uint8_t)found;
}

/* The 5 bits at this place of the content, the last ones filled up with zeros. */
static unsigned bits_at(const uint8_t *whole, size_t place)
{
    size_t bit = place * 5;
    unsigned first = whole[bit / 8];
    unsigned second = bit / 8 + 1 < WHOLE_SIZE ? whole[bit / 8 + 1] : 0;
    return ((first << 8 | second) >> (11 - bit % 8)) & 31u;
}

static void write_text(enum cs_vault_share_kind kind, const uint8_t *whole, uint8_t *out)
{
    memcpy(out, kinds[kind].prefix, PREFIX_SIZE);
    out += PREFIX_SIZE;
    for (size_t i = 0; i < CHARACTERS; i++) {
        if (i % GROUP_SIZE == 0) {
            *out++ = '-';
        }
        *out++ = character_of(bits_at(whole, i));
    }
}

enum cs_status cs_vault_share_print(const struct cs_vault_share *share, struct cs_secret **out)
{
    struct cs_secret *whole = NULL;
    enum cs_status status = cs_secret_create(WHOLE_SIZE, &whole);
    *out = NULL;
    if (status == CS_OK) {
        status = cs_secret_create(CS_VAULT_SHARE_TEXT_SIZE, out);
    }
    if (status == CS_OK) {
        struct cs_buffer content = cs_secret_buffer(whole);
        cs_buffer_append_bytes(&content, cs_id_bytes(&share->set));
        cs_buffer_append_u8(&content, (uint8_t)share->threshold);
        cs_buffer_append_u8(&content, (uint8_t)share->count);
        cs_buffer_append_u8(&content, (uint8_t)share->index);
        cs_buffer_append_bytes(&content, cs_secret_bytes(share->value));
        cs_require(content.status == CS_OK && content.size == CONTENT_SIZE);
        put_checksum(share->kind, cs_secret_data(whole));
        write_text(share->kind, cs_secret_bytes(whole).data, cs_secret_data(*out));
    }
    cs_secret_destroy(whole);
    return status;
}

/* ---- reading ---- */

static bool is_skipped(uint8_t character)
{
    return character == '-' || character == ' ' || character == '\t' || character == '\r' ||
           character == '\n';
}

/* What was meant by what was typed: its capital letter; O is zero, I and L are one. */
static uint8_t meant(uint8_t character)
{
    if (character >= 'a' && character <= 'z') {
        character = (uint8_t)(character - 'a' + 'A');
    }
    return character == 'O' ? '0' : character == 'I' || character == 'L' ? '1' : character;
}

/* 32 for none. */
static unsigned number_of(uint8_t character)
{
    unsigned found = 32;
    for (unsigned i = 0; i < 32; i++) {
        unsigned differs = ((unsigned)character ^ (unsigned)(uint8_t)alphabet[i]) + 255u;
        unsigned same = ((differs >> 8) & 1u) - 1u; /* all ones if it is this one */
        found = (found & ~same) | (i & same);
    }
    return found;
}

/* The characters that count, as they were meant. CS_INVALID if they are not as many as a share has. */
static enum cs_status condense(struct cs_bytes text, uint8_t *out)
{
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (is_skipped(text.data[i])) {
            continue;
        }
        if (size == PREFIX_SIZE + CHARACTERS) {
            return CS_INVALID;
        }
        out[size++] = meant(text.data[i]);
    }
    return size == PREFIX_SIZE + CHARACTERS ? CS_OK : CS_INVALID;
}

static enum cs_status read_bits(const uint8_t *characters, uint8_t *whole)
{
    unsigned invalid = 0;
    memset(whole, 0, WHOLE_SIZE);
    for (size_t i = 0; i < CHARACTERS; i++) {
        unsigned number = number_of(characters[i]);
        size_t bit = i * 5;
        unsigned shifted = (number & 31u) << (11 - bit % 8);
        invalid |= number >> 5;
        whole[bit / 8] |= (uint8_t)(shifted >> 8);
        if (bit / 8 + 1 < WHOLE_SIZE) {
            whole[bit / 8 + 1] |= (uint8_t)shifted;
        } else {
            invalid |= shifted & 0xffu; /* bits behind the end */
        }
    }
    return invalid == 0 ? CS_OK : CS_INVALID;
}

static enum cs_status check_whole(enum cs_vault_share_kind kind, uint8_t *whole)
{
    uint8_t written[CHECKSUM_SIZE];
    memcpy(written, whole + CONTENT_SIZE, sizeof written);
    put_checksum(kind, whole);
    return cs_secret_equal(cs_bytes_of_array(written),
                           cs_bytes_make(whole + CONTENT_SIZE, CHECKSUM_SIZE))
               ? CS_OK
               : CS_INVALID;
}

static enum cs_status take_content(enum cs_vault_share_kind kind, struct cs_bytes content,
                                   struct cs_vault_share *out)
{
    struct cs_reader reader;
    struct cs_vault_share found = {.kind = kind};
    cs_reader_init(&reader, content);
    cs_read_copy(&reader, found.set.bytes, CS_ID_SIZE);
    found.threshold = cs_read_u8(&reader);
    found.count = cs_read_u8(&reader);
    found.index = cs_read_u8(&reader);
    if (found.threshold < CS_VAULT_SHARES_MIN || found.threshold > found.count ||
        found.count > CS_VAULT_SHARES_MAX || found.index < 1 || found.index > found.count) {
        return CS_INVALID;
    }
    enum cs_status status = cs_secret_create_copy(reader.rest, &found.value);
    if (status == CS_OK) {
        *out = found;
    }
    return status;
}

/* CS_INVALID for no share at all, CS_UNSUPPORTED for one of a newer version. */
static enum cs_status find_kind(const uint8_t *typed, enum cs_vault_share_kind *out)
{
    for (size_t i = 0; i < CS_COUNT(kinds); i++) {
        if (memcmp(typed, kinds[i].prefix, PREFIX_SIZE - 1) == 0) {
            *out = (enum cs_vault_share_kind)i;
            return typed[PREFIX_SIZE - 1] == (uint8_t)kinds[i].prefix[PREFIX_SIZE - 1]
                       ? CS_OK
                       : CS_UNSUPPORTED;
        }
    }
    return CS_INVALID;
}

/* `memory` has room for what is typed and for what it says. */
static enum cs_status parse(struct cs_bytes text, uint8_t *memory, struct cs_vault_share *out)
{
    uint8_t *whole = memory + PREFIX_SIZE + CHARACTERS;
    enum cs_vault_share_kind kind = CS_VAULT_SHARE_RECOVERY;
    enum cs_status status = condense(text, memory);
    if (status == CS_OK) {
        status = find_kind(memory, &kind);
    }
    if (status == CS_OK) {
        status = read_bits(memory + PREFIX_SIZE, whole);
    }
    if (status == CS_OK) {
        status = check_whole(kind, whole);
    }
    return status != CS_OK ? status : take_content(kind, cs_bytes_make(whole, CONTENT_SIZE), out);
}

enum cs_status cs_vault_share_parse(struct cs_bytes text, struct cs_vault_share *out,
                                    struct cs_problem *problem)
{
    struct cs_secret *memory = NULL;
    enum cs_status status = cs_secret_create(PREFIX_SIZE + CHARACTERS + WHOLE_SIZE, &memory);
    if (status == CS_OK) {
        status = parse(text, cs_secret_data(memory), out);
    }
    cs_secret_destroy(memory);
    if (status == CS_INVALID) {
        return cs_problem_set(problem, status,
                              "this is not a share of a key, or it has a typing error");
    }
    return status == CS_UNSUPPORTED
               ? cs_problem_set(problem, status, "this share was made by a newer version")
               : status;
}
