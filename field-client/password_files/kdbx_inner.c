/* Inner header of a KDBX 4 database and the stream that covers protected values, see kdbx_format.h. */
#include "field-client/password_files/kdbx_format.h"

#include "shared/crypto/hash.h"

#include <inttypes.h>

/* KeePass fixes the nonce: the key is used once. */
static const uint8_t salsa20_nonce[8] = {0xe8, 0x30, 0x09, 0x4b, 0x97, 0x20, 0x5d, 0x2a};

enum cs_status cs_kdbx_stream_init(uint64_t id, struct cs_bytes key, struct cs_stream *out,
                                   struct cs_problem *problem)
{
    uint8_t hash[CS_SHA512_SIZE];
    switch (id) {
    case CS_KDBX_STREAM_SALSA20:
        cs_sha256(key, hash);
        cs_stream_init(out, CS_STREAM_SALSA20, hash, salsa20_nonce);
        break;
    case CS_KDBX_STREAM_CHACHA20:
        cs_sha512_parts(&key, 1, hash);
        cs_stream_init(out, CS_STREAM_CHACHA20, hash, hash + 32);
        break;
    default:
        return cs_problem_set(
            problem, CS_UNSUPPORTED,
            "the KeePass file protects its values in an unknown way (%" PRIu64 ")", id);
    }
    cs_wipe(hash, sizeof hash);
    return CS_OK;
}

/* Attached files are skipped here: entries name them, and there they are noted as left out. */
static enum cs_status read_header(struct cs_reader *reader, uint64_t *out_id,
                                  struct cs_bytes *out_key, struct cs_problem *problem)
{
    for (unsigned type = CS_KDBX_INNER_BINARY; type != CS_KDBX_INNER_END;) {
        type = cs_read_u8(reader);
        struct cs_bytes content = cs_read_bytes(reader, (size_t)cs_kdbx_read_number(reader, 4));
        if (reader->status != CS_OK || (type == CS_KDBX_INNER_STREAM_ID && content.size != 4)) {
            return cs_problem_set(problem, CS_MALFORMED,
                                  "the inner header of the KeePass file is damaged");
        }
        if (type == CS_KDBX_INNER_STREAM_ID) {
            struct cs_reader number;
            cs_reader_init(&number, content);
            *out_id = cs_kdbx_read_number(&number, content.size);
        } else if (type == CS_KDBX_INNER_STREAM_KEY) {
            *out_key = content;
        }
    }
    return CS_OK;
}

enum cs_status cs_kdbx_inner_read(struct cs_bytes content, struct cs_password_list *list,
                                  struct cs_problem *problem)
{
    struct cs_reader reader;
    struct cs_stream stream;
    struct cs_bytes key = CS_BYTES_NONE;
    uint64_t id = 0;
    cs_reader_init(&reader, content);
    enum cs_status status = read_header(&reader, &id, &key, problem);
    status = status == CS_OK ? cs_kdbx_stream_init(id, key, &stream, problem) : status;
    if (status == CS_OK) {
        status = cs_kdbx_document_read(reader.rest, &stream, NULL, list, problem);
        cs_stream_release(&stream);
    }
    return status;
}
