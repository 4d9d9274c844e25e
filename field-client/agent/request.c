/* Requests to the agent and its answers as bytes, see request.h. */
#include "field-client/agent/request.h"

#include <string.h>

#define FORMAT 1

static const uint8_t request_mark[4] = {'C', 'S', 'A', 'G'};
static const uint8_t answer_mark[4] = {'C', 'S', 'A', 'A'};

static void append_texts(char *const *texts, size_t count, struct cs_buffer *out)
{
    cs_buffer_append_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        cs_buffer_append_prefixed(out, cs_bytes_of_text(texts[i]));
    }
}

enum cs_status cs_agent_request_encode(const struct cs_agent_request *request, uint8_t files,
                                       struct cs_buffer *out)
{
    struct cs_buffer rest;
    if (request->argument_count > CS_AGENT_TEXTS_MAX ||
        request->variable_count > CS_AGENT_TEXTS_MAX) {
        return CS_LIMIT;
    }
    cs_buffer_init(&rest, CS_AGENT_REQUEST_MAX);
    cs_buffer_append_prefixed(&rest, cs_bytes_of_text(CS_VERSION));
    cs_buffer_append_prefixed(&rest, cs_bytes_of_text(request->folder));
    append_texts(request->arguments, request->argument_count, &rest);
    append_texts(request->variables, request->variable_count, &rest);
    enum cs_status status = rest.status;
    if (status == CS_OK) {
        cs_buffer_append_bytes(out, cs_bytes_of_array(request_mark));
        cs_buffer_append_u8(out, FORMAT);
        cs_buffer_append_u8(out, files);
        cs_buffer_append_prefixed(out, cs_buffer_bytes(&rest));
        status = out->status;
    }
    cs_buffer_release(&rest);
    return status;
}

enum cs_status cs_agent_head_decode(const uint8_t bytes[static CS_AGENT_HEAD_SIZE],
                                    struct cs_agent_head *out)
{
    struct cs_reader reader;
    cs_reader_init(&reader, cs_bytes_make(bytes, CS_AGENT_HEAD_SIZE));
    struct cs_bytes mark = cs_read_bytes(&reader, sizeof request_mark);
    uint8_t format = cs_read_u8(&reader);
    uint8_t files = cs_read_u8(&reader);
    size_t size = cs_read_u32(&reader);
    if (!cs_bytes_equal(mark, cs_bytes_of_array(request_mark)) ||
        files >= 1u << CS_AGENT_FILE_COUNT) {
        return CS_MALFORMED;
    }
    if (format != FORMAT) {
        return CS_UNSUPPORTED;
    }
    if (size > CS_AGENT_REQUEST_MAX) {
        return CS_LIMIT;
    }
    *out = (struct cs_agent_head){files, size};
    return CS_OK;
}

/* A text of ours: no NUL in it. */
static enum cs_status read_text(struct cs_reader *reader, struct cs_arena *arena, char **out)
{
    struct cs_bytes bytes = cs_read_prefixed(reader);
    if (reader->status != CS_OK ||
        (bytes.size > 0 && memchr(bytes.data, '\0', bytes.size) != NULL)) {
        return CS_MALFORMED;
    }
    *out = cs_arena_text(arena, bytes);
    return *out == NULL ? CS_NO_MEMORY : CS_OK;
}

static enum cs_status read_texts(struct cs_reader *reader, struct cs_arena *arena, char ***out,
                                 size_t *out_count)
{
    size_t count = cs_read_u32(reader);
    if (reader->status != CS_OK || count > reader->rest.size / 4) {
        return CS_MALFORMED;
    }
    if (count > CS_AGENT_TEXTS_MAX) {
        return CS_LIMIT;
    }
    char **texts = cs_arena_take_array(arena, count + 1, sizeof *texts);
    enum cs_status status = texts == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = read_text(reader, arena, &texts[i]);
    }
    if (status == CS_OK) {
        texts[count] = NULL;
        *out = texts;
        *out_count = count;
    }
    return status;
}

enum cs_status cs_agent_request_decode(struct cs_bytes rest, struct cs_arena *arena,
                                       struct cs_agent_request *out)
{
    struct cs_reader reader;
    struct cs_agent_request request = {.folder = NULL};
    char *folder = NULL;
    cs_reader_init(&reader, rest);
    struct cs_bytes version = cs_read_prefixed(&reader);
    if (reader.status == CS_OK && !cs_bytes_equal_text(version, CS_VERSION)) {
        return CS_UNSUPPORTED;
    }
    enum cs_status status = read_text(&reader, arena, &folder);
    if (status == CS_OK) {
        status = read_texts(&reader, arena, &request.arguments, &request.argument_count);
    }
    if (status == CS_OK) {
        status = read_texts(&reader, arena, &request.variables, &request.variable_count);
    }
    if (status == CS_OK) {
        status = cs_reader_finish(&reader);
    }
    if (status == CS_OK && (folder[0] != '/' || request.argument_count == 0)) {
        status = CS_MALFORMED;
    }
    if (status == CS_OK) {
        request.folder = folder;
        *out = request;
    }
    return status;
}

void cs_agent_answer_encode(const struct cs_agent_answer *answer, struct cs_buffer *out)
{
    cs_buffer_append_bytes(out, cs_bytes_of_array(answer_mark));
    cs_buffer_append_u8(out, (uint8_t)answer->kind);
    cs_buffer_append_u8(out, answer->exit_code);
    cs_buffer_append_prefixed(out, cs_bytes_of_text(answer->text));
}

enum cs_status cs_agent_answer_decode(struct cs_bytes bytes, struct cs_agent_answer *out)
{
    struct cs_reader reader;
    cs_reader_init(&reader, bytes);
    struct cs_bytes mark = cs_read_bytes(&reader, sizeof answer_mark);
    uint8_t kind = cs_read_u8(&reader);
    uint8_t exit_code = cs_read_u8(&reader);
    struct cs_bytes text = cs_read_prefixed(&reader);
    enum cs_status status = cs_reader_finish(&reader);
    if (status != CS_OK) {
        return status;
    }
    if (!cs_bytes_equal(mark, cs_bytes_of_array(answer_mark)) || kind < CS_AGENT_DONE ||
        kind > CS_AGENT_ELSEWHERE || text.size >= sizeof out->text) {
        return CS_MALFORMED;
    }
    *out =
        (struct cs_agent_answer){.kind = (enum cs_agent_answer_kind)kind, .exit_code = exit_code};
    if (text.size > 0) {
        memcpy(out->text, text.data, text.size);
    }
    return CS_OK;
}
