/* Seeds of requests to the agent without their head, and of its answers, see make_corpus.c. */
#include "field-client/agent/request.h"
#include "tests/fuzz/make_corpus.h"

#include <stdio.h>

static void make_answer(struct sample_random *random, struct cs_buffer *out)
{
    struct cs_agent_answer answer = {
        .kind = (enum cs_agent_answer_kind)(CS_AGENT_DONE + random->state / 2 % 3),
        .exit_code = (uint8_t)(random->state / 8)};
    (void)snprintf(answer.text, sizeof answer.text, "the agent says %u",
                   (unsigned)(random->state / 16 % 1000));
    cs_agent_answer_encode(&answer, out);
}

void make_agent(struct sample_random *random, struct cs_arena *arena, struct cs_buffer *out)
{
    char words[][16] = {"countersign", "--json", "list", "part", "名称=继电器", ""};
    char language[] = "LANG=zh_CN.UTF-8";
    char *arguments[CS_COUNT(words) + 1] = {NULL};
    char *variables[] = {language, NULL};
    struct cs_buffer whole;
    (void)arena;
    if (random->state % 2 == 0) {
        make_answer(random, out);
        return;
    }
    size_t count = 1 + (size_t)(random->state / 2 % CS_COUNT(words));
    for (size_t i = 0; i < count; i++) {
        arguments[i] = words[i];
    }
    const struct cs_agent_request request = {.folder = "/home/li/工作",
                                             .arguments = arguments,
                                             .argument_count = count,
                                             .variables = variables,
                                             .variable_count = random->state / 32 % 2};
    variables[request.variable_count] = NULL;
    cs_buffer_init(&whole, CS_MEBI);
    cs_require(cs_agent_request_encode(&request, 7, &whole) == CS_OK);
    cs_buffer_append_bytes(
        out, cs_bytes_make(whole.data + CS_AGENT_HEAD_SIZE, whole.size - CS_AGENT_HEAD_SIZE));
    cs_buffer_release(&whole);
}
