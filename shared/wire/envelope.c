/*
 * Envelopes (PROTOCOL.md, chapter "Envelope"), see envelope.h.
 *
 * What is signed is clear header ‖ inner header ‖ hash of the body, so that a signature can be checked, and a request named,
 * without the body at hand.
 */
#include "shared/wire/envelope.h"

#include "shared/base/limits.h"

#include <string.h>

#define VERSION 1
#define MAGIC_SIZE 4
static const uint8_t request_magic[MAGIC_SIZE] = {'C', 'S', 'R', 'Q'};
static const uint8_t response_magic[MAGIC_SIZE] = {'C', 'S', 'R', 'S'};

#define REQUEST_LABEL "countersign request 1"
#define REQUEST_HASH_LABEL "countersign request"
#define REQUEST_BODY_LABEL "countersign request body"
#define RESPONSE_LABEL "countersign response 1"
#define RESPONSE_BODY_LABEL "countersign response body"

/* magic ‖ version ‖ kind ‖ organisation ‖ recipient key */
#define REQUEST_CLEAR_SIZE (MAGIC_SIZE + 1 + 1 + CS_HASH_SIZE + CS_SEAL_KEY_SIZE)
/* certificate ‖ counter ‖ nonce ‖ log sequence ‖ log head */
#define SENDER_SIZE (CS_HASH_SIZE + 8 + 16 + 8 + CS_HASH_SIZE)
/* clear header ‖ sender header ‖ body hash */
#define REQUEST_SIGNED_SIZE (REQUEST_CLEAR_SIZE + SENDER_SIZE + CS_HASH_SIZE)
/* magic ‖ version */
#define RESPONSE_CLEAR_SIZE (MAGIC_SIZE + 1)
/* kind ‖ request hash */
#define ANSWER_SIZE (1 + CS_HASH_SIZE)
#define RESPONSE_SIGNED_SIZE (RESPONSE_CLEAR_SIZE + ANSWER_SIZE + CS_HASH_SIZE)

/* Checks magic and version of either kind of envelope, and that `clear_size` bytes are there. */
static enum cs_status check_clear(struct cs_bytes envelope, const uint8_t magic[static MAGIC_SIZE],
                                  size_t clear_size)
{
    if (envelope.size < clear_size || memcmp(envelope.data, magic, MAGIC_SIZE) != 0) {
        return CS_MALFORMED;
    }
    return envelope.data[MAGIC_SIZE] == VERSION ? CS_OK : CS_UNSUPPORTED;
}

/* Signs `signed_part` and seals signature ‖ `inside` ‖ body for the recipient, after the clear header, into `out`. */
static enum cs_status sign_and_seal(const struct cs_world *world, const char *label,
                                    struct cs_bytes clear, struct cs_bytes inside,
                                    struct cs_bytes body, struct cs_bytes signed_part,
                                    const struct cs_sign_key *key,
                                    const uint8_t recipient[static CS_SEAL_KEY_SIZE],
                                    struct cs_buffer *out)
{
    struct cs_buffer plain;
    cs_buffer_init(&plain, CS_SIGNATURE_SIZE + inside.size + body.size);
    size_t size_before = out->size;
    uint8_t *signature = cs_buffer_extend(&plain, CS_SIGNATURE_SIZE);
    if (signature != NULL) {
        cs_sign(key, label, signed_part, signature);
    }
    cs_buffer_append_bytes(&plain, inside);
    cs_buffer_append_bytes(&plain, body);
    enum cs_status status = plain.status;
    if (status == CS_OK) {
        cs_buffer_append_bytes(out, clear);
        status = out->status;
    }
    if (status == CS_OK) {
        status = cs_seal(world, recipient, label, clear, cs_buffer_bytes(&plain), out);
    }
    if (status != CS_OK) {
        out->size = size_before;
    }
    cs_buffer_release(&plain);
    return status;
}

static void put_request_headers(struct cs_buffer *out, const struct cs_request_header *header,
                                const uint8_t bundle_key[static CS_SEAL_KEY_SIZE])
{
    cs_buffer_append(out, request_magic, MAGIC_SIZE);
    cs_buffer_append_u8(out, VERSION);
    cs_buffer_append_u8(out, (uint8_t)header->kind);
    cs_buffer_append(out, header->organisation, sizeof header->organisation);
    cs_buffer_append(out, bundle_key, CS_SEAL_KEY_SIZE);
    cs_buffer_append(out, header->certificate, sizeof header->certificate);
    cs_buffer_append_u64(out, header->counter);
    cs_buffer_append(out, header->nonce, sizeof header->nonce);
    cs_buffer_append_u64(out, header->log_sequence);
    cs_buffer_append(out, header->log_head, sizeof header->log_head);
}

static bool is_request_kind(unsigned kind)
{
    return kind == CS_MESSAGE_JOIN || kind == CS_MESSAGE_SYNC || kind == CS_MESSAGE_COMPARE ||
           kind == CS_MESSAGE_RECOVER || kind == CS_MESSAGE_VAULT || kind == CS_MESSAGE_HISTORY ||
           kind == CS_MESSAGE_BUNDLE || kind == CS_MESSAGE_ATTACHMENT;
}

enum cs_status cs_request_seal(const struct cs_world *world, const struct cs_request_header *header,
                               struct cs_bytes body, const struct cs_sign_key *key,
                               const uint8_t bundle_key[static CS_SEAL_KEY_SIZE],
                               struct cs_buffer *out, uint8_t out_hash[static CS_HASH_SIZE])
{
    if (!is_request_kind(header->kind)) {
        return CS_INVALID;
    }
    if (body.size >
        CS_REQUEST_MAX - REQUEST_CLEAR_SIZE - CS_SEAL_OVERHEAD - CS_SIGNATURE_SIZE - SENDER_SIZE) {
        return CS_TOO_LARGE;
    }
    uint8_t body_hash[CS_HASH_SIZE];
    cs_hash(REQUEST_BODY_LABEL, body, body_hash);
    struct cs_buffer part;
    cs_buffer_init(&part, REQUEST_SIGNED_SIZE);
    put_request_headers(&part, header, bundle_key);
    cs_buffer_append(&part, body_hash, sizeof body_hash);
    enum cs_status status = part.status;
    if (status == CS_OK) {
        status = sign_and_seal(world, REQUEST_LABEL, cs_bytes_make(part.data, REQUEST_CLEAR_SIZE),
                               cs_bytes_make(part.data + REQUEST_CLEAR_SIZE, SENDER_SIZE), body,
                               cs_buffer_bytes(&part), key, bundle_key, out);
    }
    if (status == CS_OK) {
        cs_hash(REQUEST_HASH_LABEL, cs_buffer_bytes(&part), out_hash);
    }
    cs_buffer_release(&part);
    return status;
}

enum cs_status cs_request_recipient(struct cs_bytes request,
                                    uint8_t out_key[static CS_SEAL_KEY_SIZE])
{
    enum cs_status status = check_clear(request, request_magic, REQUEST_CLEAR_SIZE);
    if (status == CS_OK && !is_request_kind(request.data[MAGIC_SIZE + 1])) {
        status = CS_UNSUPPORTED;
    }
    if (status == CS_OK) {
        memcpy(out_key, request.data + REQUEST_CLEAR_SIZE - CS_SEAL_KEY_SIZE, CS_SEAL_KEY_SIZE);
    }
    return status;
}

static void read_request_headers(struct cs_bytes part, struct cs_request_header *out)
{
    struct cs_reader reader;
    cs_reader_init(&reader, part);
    (void)cs_read_bytes(&reader, MAGIC_SIZE + 1);
    out->kind = (enum cs_message_kind)cs_read_u8(&reader);
    cs_read_copy(&reader, out->organisation, sizeof out->organisation);
    (void)cs_read_bytes(&reader, CS_SEAL_KEY_SIZE);
    cs_read_copy(&reader, out->certificate, sizeof out->certificate);
    out->counter = cs_read_u64(&reader);
    cs_read_copy(&reader, out->nonce, sizeof out->nonce);
    out->log_sequence = cs_read_u64(&reader);
    cs_read_copy(&reader, out->log_head, sizeof out->log_head);
}

/*
 * Appends signature ‖ clear header ‖ sender header ‖ body hash to the opened plaintext, where it starts at `start`: the
 * verifier gets one view. Then fills `out`, whose views must not be taken before, since appending may move the storage.
 */
static enum cs_status lay_out_request(struct cs_bytes clear, struct cs_buffer *plain, size_t start,
                                      struct cs_opened_request *out)
{
    if (plain->size - start < CS_SIGNATURE_SIZE + SENDER_SIZE) {
        return CS_MALFORMED;
    }
    size_t body_start = start + CS_SIGNATURE_SIZE + SENDER_SIZE;
    size_t body_size = plain->size - body_start;
    uint8_t *tail = cs_buffer_extend(plain, CS_SIGNATURE_SIZE + REQUEST_SIGNED_SIZE);
    if (tail == NULL) {
        return plain->status;
    }
    struct cs_bytes body = cs_bytes_make(plain->data + body_start, body_size);
    uint8_t *part = tail + CS_SIGNATURE_SIZE;
    memcpy(tail, plain->data + start, CS_SIGNATURE_SIZE);
    memcpy(part, clear.data, REQUEST_CLEAR_SIZE);
    memcpy(part + REQUEST_CLEAR_SIZE, plain->data + start + CS_SIGNATURE_SIZE, SENDER_SIZE);
    cs_hash(REQUEST_BODY_LABEL, body, part + REQUEST_CLEAR_SIZE + SENDER_SIZE);
    struct cs_opened_request opened = {.body = body};
    opened.signed_part = cs_bytes_make(tail, CS_SIGNATURE_SIZE + REQUEST_SIGNED_SIZE);
    read_request_headers(cs_bytes_make(part, REQUEST_SIGNED_SIZE), &opened.header);
    cs_hash(REQUEST_HASH_LABEL, cs_bytes_make(part, REQUEST_SIGNED_SIZE), opened.hash);
    *out = opened;
    return CS_OK;
}

enum cs_status cs_request_open(struct cs_bytes request, const struct cs_seal_key *key,
                               struct cs_buffer *plain, struct cs_opened_request *out)
{
    uint8_t recipient[CS_SEAL_KEY_SIZE];
    uint8_t own[CS_SEAL_KEY_SIZE];
    enum cs_status status = cs_request_recipient(request, recipient);
    if (status != CS_OK) {
        return status;
    }
    if (request.size > CS_REQUEST_MAX) {
        return CS_LIMIT;
    }
    cs_seal_key_public(key, own);
    if (memcmp(own, recipient, sizeof own) != 0) {
        return CS_FORGED;
    }
    size_t start = plain->size;
    struct cs_bytes clear = cs_bytes_make(request.data, REQUEST_CLEAR_SIZE);
    struct cs_bytes sealed =
        cs_bytes_make(request.data + REQUEST_CLEAR_SIZE, request.size - REQUEST_CLEAR_SIZE);
    status = cs_unseal(key, REQUEST_LABEL, clear, sealed, plain);
    if (status == CS_OK) {
        status = lay_out_request(clear, plain, start, out);
    }
    if (status != CS_OK) {
        plain->size = start;
    }
    return status;
}

enum cs_status cs_request_verify(const struct cs_opened_request *request,
                                 const uint8_t device_key[static CS_SIGN_PUBLIC_SIZE])
{
    struct cs_bytes part = request->signed_part;
    if (part.size != CS_SIGNATURE_SIZE + REQUEST_SIGNED_SIZE) {
        return CS_MALFORMED;
    }
    return cs_sign_verify(
        device_key, REQUEST_LABEL,
        cs_bytes_make(part.data + CS_SIGNATURE_SIZE, part.size - CS_SIGNATURE_SIZE), part.data);
}

static bool is_response_kind(unsigned kind)
{
    return is_request_kind(kind) || kind == CS_MESSAGE_FAILURE || kind == CS_MESSAGE_REVOKED;
}

/* What the server signs: clear header ‖ kind ‖ request hash ‖ body hash. */
static void write_response_part(uint8_t out[static RESPONSE_SIGNED_SIZE], uint8_t kind,
                                const uint8_t request_hash[static CS_HASH_SIZE],
                                struct cs_bytes body)
{
    memcpy(out, response_magic, MAGIC_SIZE);
    out[MAGIC_SIZE] = VERSION;
    out[RESPONSE_CLEAR_SIZE] = kind;
    memcpy(out + RESPONSE_CLEAR_SIZE + 1, request_hash, CS_HASH_SIZE);
    cs_hash(RESPONSE_BODY_LABEL, body, out + RESPONSE_CLEAR_SIZE + ANSWER_SIZE);
}

enum cs_status cs_response_seal(const struct cs_world *world, enum cs_message_kind kind,
                                const uint8_t request_hash[static CS_HASH_SIZE],
                                struct cs_bytes body, const struct cs_sign_key *server_key,
                                const uint8_t device_key[static CS_SEAL_KEY_SIZE],
                                struct cs_buffer *out)
{
    if (!is_response_kind(kind)) {
        return CS_INVALID;
    }
    if (body.size > CS_RESPONSE_MAX - RESPONSE_CLEAR_SIZE - CS_SEAL_OVERHEAD - CS_SIGNATURE_SIZE -
                        ANSWER_SIZE) {
        return CS_TOO_LARGE;
    }
    uint8_t part[RESPONSE_SIGNED_SIZE];
    write_response_part(part, (uint8_t)kind, request_hash, body);
    return sign_and_seal(world, RESPONSE_LABEL, cs_bytes_make(part, RESPONSE_CLEAR_SIZE),
                         cs_bytes_make(part + RESPONSE_CLEAR_SIZE, ANSWER_SIZE), body,
                         cs_bytes_of_array(part), server_key, device_key, out);
}

/* Checks signature, request hash and kind of an opened response, in this order. */
static enum cs_status check_response(struct cs_bytes opened,
                                     const uint8_t server_key[static CS_SIGN_PUBLIC_SIZE],
                                     const uint8_t request_hash[static CS_HASH_SIZE])
{
    if (opened.size < CS_SIGNATURE_SIZE + ANSWER_SIZE) {
        return CS_MALFORMED;
    }
    const uint8_t *answer = opened.data + CS_SIGNATURE_SIZE;
    uint8_t part[RESPONSE_SIGNED_SIZE];
    write_response_part(
        part, answer[0], answer + 1,
        cs_bytes_make(answer + ANSWER_SIZE, opened.size - CS_SIGNATURE_SIZE - ANSWER_SIZE));
    if (cs_sign_verify(server_key, RESPONSE_LABEL, cs_bytes_of_array(part), opened.data) != CS_OK) {
        /* The seal is whole, so nobody altered it on the way: somebody else made it. */
        return CS_WRONG_SERVER;
    }
    if (memcmp(answer + 1, request_hash, CS_HASH_SIZE) != 0) {
        return CS_FORGED;
    }
    return is_response_kind(answer[0]) ? CS_OK : CS_UNSUPPORTED;
}

enum cs_status cs_response_open(struct cs_bytes response, const struct cs_seal_key *key,
                                const uint8_t server_key[static CS_SIGN_PUBLIC_SIZE],
                                const uint8_t request_hash[static CS_HASH_SIZE],
                                struct cs_buffer *plain, enum cs_message_kind *out_kind,
                                struct cs_bytes *out_body)
{
    enum cs_status status = check_clear(response, response_magic, RESPONSE_CLEAR_SIZE);
    if (status != CS_OK) {
        return status;
    }
    if (response.size > CS_RESPONSE_MAX) {
        return CS_LIMIT;
    }
    size_t start = plain->size;
    struct cs_bytes sealed =
        cs_bytes_make(response.data + RESPONSE_CLEAR_SIZE, response.size - RESPONSE_CLEAR_SIZE);
    status = cs_unseal(key, RESPONSE_LABEL, cs_bytes_make(response.data, RESPONSE_CLEAR_SIZE),
                       sealed, plain);
    if (status == CS_OK) {
        struct cs_bytes opened = cs_bytes_make(plain->data + start, plain->size - start);
        status = check_response(opened, server_key, request_hash);
        if (status == CS_OK) {
            *out_kind = (enum cs_message_kind)opened.data[CS_SIGNATURE_SIZE];
            size_t skipped = CS_SIGNATURE_SIZE + ANSWER_SIZE;
            *out_body = cs_bytes_make(opened.data + skipped, opened.size - skipped);
        }
    }
    if (status != CS_OK) {
        plain->size = start;
    }
    return status;
}

enum cs_status cs_response_verify(struct cs_bytes opened,
                                  const uint8_t server_key[static CS_SIGN_PUBLIC_SIZE],
                                  enum cs_message_kind *out_kind, struct cs_bytes *out_body)
{
    size_t skipped = CS_SIGNATURE_SIZE + ANSWER_SIZE;
    if (opened.size < skipped) {
        return CS_MALFORMED;
    }
    enum cs_status status = check_response(opened, server_key, opened.data + CS_SIGNATURE_SIZE + 1);
    if (status == CS_OK) {
        *out_kind = (enum cs_message_kind)opened.data[CS_SIGNATURE_SIZE];
        *out_body = cs_bytes_make(opened.data + skipped, opened.size - skipped);
    }
    return status;
}
