/* Running a command for a page, see command.h. */
#include "field-client/api/command.h"

#include "shared/base/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of what was said on standard error. */
#define REMARKS_MAX ((size_t)2048)
#define EXIT_LOCKED 3
#define EXIT_USAGE 2

/* ---- running it ---- */

static bool speaks_chinese(struct MHD_Connection *connection)
{
    const char *language =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_LANGUAGE);
    return language != NULL && strncmp(language, "zh", 2) == 0;
}

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

/* Writes straight into the files: nobody is there to be waited for. */
static int run_apart(struct cs_api *api, const struct cs_api_call *call,
                     const struct cs_console *console)
{
    FILE *out = fdopen(dup(console->output), "wb");
    FILE *err = fdopen(dup(console->errors), "wb");
    const struct cs_agent_run run = {.argument_count = (int)call->count,
                                     .arguments = call->words,
                                     .out = out,
                                     .err = err,
                                     .console = console,
                                     .world = api->setting.world,
                                     .home = api->setting.home};
    int code = out == NULL || err == NULL ? 1 : api->setting.run_apart(api->setting.context, &run);
    if (out != NULL) {
        (void)fclose(out);
    }
    if (err != NULL) {
        (void)fclose(err);
    }
    return code;
}

void cs_api_run(struct cs_api *api, struct MHD_Connection *connection,
                const struct cs_api_call *call, struct cs_api_outcome *out)
{
    *out = (struct cs_api_outcome){
        .code = 1, .output = cs_api_file("answer"), .errors = cs_api_file("remarks")};
    if (out->output < 0 || out->errors < 0) {
        return;
    }
    struct cs_agent_call agent_call = {
        .arguments = call->words,
        .argument_count = call->count,
        .unattended = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                  "Countersign-Unattended") != NULL,
        .console = {.input = call->input,
                    .output = out->output,
                    .errors = out->errors,
                    .terminal = -1,
                    .passphrase_file = call->passphrase,
                    .caller = socket_of(connection),
                    .folder = "/",
                    .no_files = true,
                    .variables = speaks_chinese(connection) ? api->chinese : api->english}};
    cs_console_set_alone(&agent_call.console); /* an agent sets its own */
    /* However long it takes. */
    (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    out->code = call->apart ? run_apart(api, call, &agent_call.console)
                            : cs_agent_call(api->setting.agent, &agent_call);
    (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, CS_API_SECONDS_MAX);
}

void cs_api_outcome_close(struct cs_api_outcome *outcome)
{
    if (outcome->output >= 0) {
        (void)close(outcome->output);
    }
    if (outcome->errors >= 0) {
        (void)close(outcome->errors);
    }
    outcome->output = outcome->errors = -1;
}

/* ---- answering ---- */

static unsigned http_status_of(int code)
{
    return code == 0             ? MHD_HTTP_OK
           : code == EXIT_USAGE  ? MHD_HTTP_BAD_REQUEST
           : code == EXIT_LOCKED ? MHD_HTTP_LOCKED
                                 : MHD_HTTP_UNPROCESSABLE_CONTENT;
}

static bool is_plain(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.' || byte == '~';
}

/* RFC 3986 §2.1, so that any text fits into a field of the head. */
static void read_remarks(int errors, char out[static 3 * REMARKS_MAX + 1])
{
    uint8_t text[REMARKS_MAX];
    ssize_t count = pread(errors, text, sizeof text, 0);
    size_t used = 0;
    for (ssize_t i = 0; i < count; i++) {
        if (is_plain(text[i])) {
            out[used++] = (char)text[i];
        } else {
            used += (size_t)snprintf(out + used, 4, "%%%02X", text[i]);
        }
    }
    out[used] = '\0';
}

static bool add_heads(struct MHD_Response *response, bool json, int code, int errors)
{
    char number[16];
    char remarks[3 * REMARKS_MAX + 1];
    (void)snprintf(number, sizeof number, "%d", code);
    read_remarks(errors, remarks);
    return MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                   json ? CS_API_JSON : "application/octet-stream") == MHD_YES &&
           MHD_add_response_header(response, "Countersign-Exit", number) == MHD_YES &&
           (remarks[0] == '\0' ||
            MHD_add_response_header(response, "Countersign-Remarks", remarks) == MHD_YES);
}

enum MHD_Result cs_api_answer_outcome(struct MHD_Connection *connection, bool json,
                                      struct cs_api_outcome *outcome)
{
    struct stat found;
    if (outcome->output < 0 || outcome->errors < 0 || fstat(outcome->output, &found) != 0) {
        return MHD_NO;
    }
    struct MHD_Response *response =
        MHD_create_response_from_fd64((uint64_t)found.st_size, outcome->output);
    if (response == NULL) {
        return MHD_NO;
    }
    outcome->output = -1;
    if (!add_heads(response, json, outcome->code, outcome->errors)) {
        MHD_destroy_response(response);
        return MHD_NO;
    }
    return cs_api_send(connection, http_status_of(outcome->code), response);
}
