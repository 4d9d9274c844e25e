/* Fuzzing entry of what a caller sends to the agent, and of its answers; see targets.h. */
#include "field-client/agent/request.h"
#include "shared/base/limits.h"
#include "tests/fuzz/targets.h"

#include <string.h>

#define ARENA_MAX (16 * CS_MEBI)

static void try_head(struct cs_bytes bytes)
{
    uint8_t first[CS_AGENT_HEAD_SIZE] = {0};
    struct cs_agent_head head;
    if (bytes.size >= sizeof first) {
        memcpy(first, bytes.data, sizeof first);
        if (cs_agent_head_decode(first, &head) == CS_OK) {
            cs_require(head.size <= CS_AGENT_REQUEST_MAX && head.files < 1u << CS_AGENT_FILE_COUNT);
        }
    }
}

static void require_equal(char *const *first, size_t first_count, char *const *second,
                          size_t second_count)
{
    cs_require(first_count == second_count && first[first_count] == NULL &&
               second[second_count] == NULL);
    for (size_t i = 0; i < first_count; i++) {
        cs_require(strcmp(first[i], second[i]) == 0);
    }
}

static void try_request(struct cs_bytes bytes, struct cs_arena *arena)
{
    struct cs_buffer again;
    struct cs_agent_request first;
    struct cs_agent_request second;
    if (cs_agent_request_decode(bytes, arena, &first) != CS_OK) {
        return;
    }
    cs_require(first.folder[0] == '/' && first.argument_count > 0);
    cs_buffer_init(&again, CS_AGENT_HEAD_SIZE + CS_AGENT_REQUEST_MAX);
    cs_require(cs_agent_request_encode(&first, 0, &again) == CS_OK);
    cs_require(again.size == CS_AGENT_HEAD_SIZE + bytes.size);
    const struct cs_bytes rest =
        cs_bytes_make(again.data + CS_AGENT_HEAD_SIZE, again.size - CS_AGENT_HEAD_SIZE);
    cs_require(cs_agent_request_decode(rest, arena, &second) == CS_OK);
    cs_require(strcmp(first.folder, second.folder) == 0);
    require_equal(first.arguments, first.argument_count, second.arguments, second.argument_count);
    require_equal(first.variables, first.variable_count, second.variables, second.variable_count);
    cs_buffer_release(&again);
}

/* What is behind a NUL in its text is left out: so no more than that differs. */
static void try_answer(struct cs_bytes bytes)
{
    struct cs_buffer again;
    struct cs_agent_answer first;
    struct cs_agent_answer second;
    if (cs_agent_answer_decode(bytes, &first) != CS_OK) {
        return;
    }
    cs_buffer_init(&again, CS_KIBI + CS_PROBLEM_TEXT_MAX);
    cs_agent_answer_encode(&first, &again);
    cs_require(again.status == CS_OK);
    cs_require(cs_agent_answer_decode(cs_buffer_bytes(&again), &second) == CS_OK);
    cs_require(first.kind == second.kind && first.exit_code == second.exit_code &&
               strcmp(first.text, second.text) == 0);
    cs_buffer_release(&again);
}

void fuzz_agent(const uint8_t *data, size_t size)
{
    struct cs_arena arena;
    struct cs_bytes bytes = cs_bytes_make(data, size);
    if (size > CS_AGENT_REQUEST_MAX) {
        return;
    }
    cs_arena_init(&arena, ARENA_MAX);
    try_head(bytes);
    try_request(bytes, &arena);
    try_answer(bytes);
    cs_arena_release(&arena);
}
