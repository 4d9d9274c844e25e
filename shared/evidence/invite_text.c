/* Invites as people carry them, see invite_text.h. */
#include "shared/evidence/invite_text.h"

#include "shared/base/limits.h"
#include "shared/base/text.h"
#include "shared/evidence/signed_bytes.h"

#include <string.h>

#define PREFIX "CSI1-"
#define PREFIX_SIZE (sizeof PREFIX - 1)
#define CHECKSUM_SIZE ((size_t)8)
#define FIRST_ITEMS 6
#define DEVICE_ITEMS 9
/* "[ipv6]:port" and host names (RFC 1035: 253) fit. */
#define ADDRESS_MAX ((size_t)260)

static const char NOT_AN_INVITE[] = "this is not a Countersign invite: it must begin with " PREFIX;
static const char DAMAGED[] = "the invite is damaged or incomplete: ask for it again";

/* Finds typing errors and cut ends; it is no protection against anyone. */
static void checksum(struct cs_bytes content, uint8_t out[static CHECKSUM_SIZE])
{
    uint8_t hash[CS_HASH_SIZE];
    cs_hash("countersign invite text 1", content, hash);
    memcpy(out, hash, CHECKSUM_SIZE);
}

static bool address_valid(struct cs_bytes address)
{
    return cs_statement_name_valid(address, 1, ADDRESS_MAX) &&
           memchr(address.data, ' ', address.size) == NULL;
}

/* All that the kind of invite needs is there, and no more. */
static bool package_valid(const struct cs_invite_package *package)
{
    bool device_parts =
        package->server_identity.size > 0 && package->chain.size > 0 && package->invite.size > 0;
    bool no_parts =
        package->server_identity.size == 0 && package->chain.size == 0 && package->invite.size == 0;
    return address_valid(package->address) && package->server_statement.size > 0 &&
           (package->first ? no_parts : device_parts);
}

/* ---- encoding ---- */

static void put_package(struct cs_buffer *out, const struct cs_invite_package *package)
{
    cs_statement_begin(out, package->first ? FIRST_ITEMS : DEVICE_ITEMS);
    cs_cbor_put_boolean(out, package->first);
    cs_cbor_put_text(out, package->address);
    cs_cbor_put_bytes(out, package->server_statement);
    cs_cbor_put_bytes(out, cs_bytes_of_array(package->server));
    cs_cbor_put_bytes(out, cs_bytes_of_array(package->token));
    if (!package->first) {
        cs_cbor_put_bytes(out, package->server_identity);
        cs_cbor_put_bytes(out, package->chain);
        cs_cbor_put_bytes(out, package->invite);
    }
    if (out->status == CS_OK) {
        uint8_t sum[CHECKSUM_SIZE];
        checksum(cs_buffer_bytes(out), sum);
        cs_buffer_append(out, sum, sizeof sum);
    }
}

enum cs_status cs_invite_package_encode(const struct cs_invite_package *package,
                                        struct cs_buffer *out)
{
    if (!package_valid(package)) {
        return CS_INVALID;
    }
    struct cs_buffer content;
    struct cs_buffer text;
    put_package(&content, package);
    cs_buffer_init(&text, CS_INVITE_TEXT_MAX);
    enum cs_status status = content.status;
    if (status == CS_OK) {
        cs_buffer_append_text(&text, PREFIX);
        cs_base64url_encode(cs_buffer_bytes(&content), &text);
        cs_buffer_append_u8(&text, '\n');
        status = text.status;
    }
    status = status == CS_LIMIT ? CS_TOO_LARGE : status;
    if (status == CS_OK) {
        cs_buffer_append_bytes(out, cs_buffer_bytes(&text));
        status = out->status;
    }
    cs_buffer_release(&text);
    cs_buffer_release(&content);
    return status;
}

/* ---- decoding ---- */

static bool is_space(uint8_t character)
{
    return character == ' ' || (character >= '\t' && character <= '\r');
}

/* Copies everything but white space: mail and messengers wrap and indent. */
static void squeeze(struct cs_bytes text, struct cs_buffer *out)
{
    size_t from = 0;
    while (from < text.size && out->status == CS_OK) {
        size_t until = from;
        while (until < text.size && !is_space(text.data[until])) {
            until++;
        }
        cs_buffer_append(out, text.data + from, until - from);
        from = until + (until < text.size ? 1 : 0);
    }
}

/* The content without its checksum: a view into `decoded`. */
static enum cs_status unwrap(struct cs_bytes squeezed, struct cs_buffer *decoded,
                             struct cs_bytes *out, struct cs_problem *problem)
{
    if (squeezed.size < PREFIX_SIZE || memcmp(squeezed.data, PREFIX, PREFIX_SIZE) != 0) {
        return cs_problem_set(problem, CS_MALFORMED, "%s", NOT_AN_INVITE);
    }
    struct cs_bytes body = {squeezed.data + PREFIX_SIZE, squeezed.size - PREFIX_SIZE};
    enum cs_status status = cs_base64url_decode(body, decoded);
    if (status == CS_NO_MEMORY) {
        return status;
    }
    if (status != CS_OK || decoded->size <= CHECKSUM_SIZE) {
        return cs_problem_set(problem, CS_MALFORMED, "%s", DAMAGED);
    }
    struct cs_bytes content = {decoded->data, decoded->size - CHECKSUM_SIZE};
    uint8_t sum[CHECKSUM_SIZE];
    checksum(content, sum);
    if (memcmp(sum, content.data + content.size, sizeof sum) != 0) {
        return cs_problem_set(problem, CS_MALFORMED, "%s", DAMAGED);
    }
    *out = content;
    return CS_OK;
}

/* Views into `content`. The kind says how many items there must be; the count is read first, so
 * both are tried. */
static enum cs_status parse(struct cs_bytes content, struct cs_invite_package *out)
{
    struct cs_cbor_reader reader;
    struct cs_invite_package package = {.first = true};
    enum cs_status status = cs_statement_enter(&reader, content, FIRST_ITEMS);
    if (status == CS_MALFORMED) {
        package.first = false;
        status = cs_statement_enter(&reader, content, DEVICE_ITEMS);
    }
    if (status != CS_OK) {
        return status;
    }
    bool first = cs_cbor_take_boolean(&reader);
    package.address = cs_cbor_take_text(&reader);
    package.server_statement = cs_cbor_take_bytes(&reader);
    cs_cbor_take_fixed(&reader, package.server, sizeof package.server);
    cs_cbor_take_fixed(&reader, package.token, sizeof package.token);
    if (!package.first) {
        package.server_identity = cs_cbor_take_bytes(&reader);
        package.chain = cs_cbor_take_bytes(&reader);
        package.invite = cs_cbor_take_bytes(&reader);
    }
    status = cs_statement_leave(&reader);
    if (status == CS_OK && (first != package.first || !package_valid(&package))) {
        status = CS_MALFORMED;
    }
    if (status == CS_OK) {
        *out = package;
    }
    cs_wipe(package.token, sizeof package.token);
    return status;
}

/* The token stays out of the arena, which is not wiped: only what is no secret is copied there. */
static enum cs_status keep(struct cs_invite_package *package, struct cs_arena *arena)
{
    struct cs_bytes *const parts[] = {&package->address, &package->server_statement,
                                      &package->server_identity, &package->chain, &package->invite};
    for (size_t i = 0; i < CS_COUNT(parts); i++) {
        enum cs_status status = cs_arena_copy(arena, *parts[i], parts[i]);
        if (status != CS_OK) {
            return status;
        }
    }
    return CS_OK;
}

static enum cs_status decode(struct cs_bytes squeezed, struct cs_buffer *decoded,
                             struct cs_arena *arena, struct cs_invite_package *package,
                             struct cs_problem *problem)
{
    struct cs_bytes content;
    enum cs_status status = unwrap(squeezed, decoded, &content, problem);
    if (status != CS_OK) {
        return status;
    }
    status = parse(content, package);
    if (status == CS_UNSUPPORTED) {
        return cs_problem_set(problem, status,
                              "the invite was made by a newer Countersign: update this program");
    }
    if (status != CS_OK) {
        return cs_problem_set(problem, status, "%s", DAMAGED);
    }
    return keep(package, arena);
}

enum cs_status cs_invite_package_decode(struct cs_bytes text, struct cs_arena *arena,
                                        struct cs_invite_package *out, struct cs_problem *problem)
{
    struct cs_buffer squeezed;
    struct cs_buffer decoded;
    struct cs_invite_package package = {.first = false};
    cs_buffer_init(&squeezed, CS_INVITE_TEXT_MAX);
    cs_buffer_init(&decoded, CS_INVITE_TEXT_MAX);
    squeeze(text, &squeezed);
    enum cs_status status = squeezed.status;
    if (status == CS_LIMIT) {
        status = cs_problem_set(problem, CS_MALFORMED, "%s", NOT_AN_INVITE);
    }
    if (status == CS_OK) {
        status = decode(cs_buffer_bytes(&squeezed), &decoded, arena, &package, problem);
    }
    if (status == CS_OK) {
        *out = package;
    }
    cs_wipe(package.token, sizeof package.token);
    cs_buffer_release(&decoded);
    cs_buffer_release(&squeezed);
    return status;
}
