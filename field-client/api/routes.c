/* Session, commands and joining: see README.md for what is asked and answered. */
#include "field-client/api/command.h"
#include "field-client/api/words.h"

#include "shared/base/memory.h"
#include "shared/crypto/secret.h"
#include "shared/text/json.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- session ---- */

static enum cs_status read_token(const struct cs_api_request *request, struct cs_json **out_json,
                                 struct cs_bytes *out_token)
{
    struct cs_secret *body = NULL;
    enum cs_status status = cs_api_body_secret(request, &body);
    if (status == CS_OK) {
        status = cs_json_parse(cs_secret_bytes(body), out_json);
    }
    cs_secret_destroy(body);
    if (status == CS_OK && !cs_json_get_text(cs_json_get(*out_json, "token"), out_token)) {
        status = CS_MALFORMED;
    }
    return status;
}

enum MHD_Result cs_api_handle_session(struct cs_api *api, struct MHD_Connection *connection,
                                      struct cs_api_request *request)
{
    struct cs_json *json = NULL;
    struct cs_bytes token = {.size = 0};
    char bearer[CS_API_KEY_TEXT_SIZE] = "";
    enum cs_status status = read_token(request, &json, &token);
    if (status != CS_OK) {
        cs_json_destroy(json);
        return cs_api_refuse(connection, MHD_HTTP_BAD_REQUEST, status,
                             "a JSON object with a \"token\" is needed");
    }
    status = cs_api_session_exchange(api->session, token, bearer);
    cs_json_destroy(json);
    enum MHD_Result result =
        status == CS_OK
            ? cs_api_tell(connection, "bearer", bearer)
            : cs_api_refuse(connection, MHD_HTTP_FORBIDDEN, status,
                            "this address was used already, or is too old: countersign ui gives "
                            "a new one");
    cs_wipe(bearer, sizeof bearer);
    return result;
}

/* ---- commands ---- */

/*
 * Those that are about the process that serves the page, or that need more than a command line here.
 * Nor an option: it may stand before a command's name, and then it is not seen here which one is asked for.
 */
static bool is_for_terminals(const char *name)
{
    if (name[0] == '-') {
        return true;
    }
    static const char *const names[] = {"agent", "ui", "join", "passphrase"};
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

enum MHD_Result cs_api_handle_command(struct cs_api *api, struct MHD_Connection *connection,
                                      struct cs_api_request *request)
{
    struct cs_api_words words;
    struct cs_api_outcome outcome;
    cs_api_words_read(connection, &words);
    if (words.status != CS_OK) {
        return cs_api_refuse(connection, MHD_HTTP_BAD_REQUEST, words.status,
                             "the words of a command are needed: ?word=status&word=--json");
    }
    if (is_for_terminals(words.words[1])) {
        return cs_api_refuse(connection, MHD_HTTP_BAD_REQUEST, CS_DENIED,
                             "this command is not for pages");
    }
    bool unlocks = strcmp(words.words[1], "unlock") == 0;
    const struct cs_api_call call = {.words = words.words,
                                     .count = words.count,
                                     .input = unlocks ? -1 : request->body,
                                     .passphrase = unlocks ? request->body : -1};
    cs_api_run(api, connection, &call, &outcome);
    enum MHD_Result result = cs_api_answer_outcome(connection, words.json, &outcome);
    cs_api_outcome_close(&outcome);
    return result;
}

/* ---- what comes with passphrases ---- */

/* What a person typed, out of the request. The texts are the tree's. */
struct typed {
    struct cs_json *json;
    struct cs_bytes first; /* an invite, or the next passphrase */
    struct cs_bytes passphrase;
};

static enum cs_status read_typed(const struct cs_api_request *request, const char *first,
                                 struct typed *out)
{
    struct cs_secret *body = NULL;
    enum cs_status status = cs_api_body_secret(request, &body);
    if (status == CS_OK) {
        status = cs_json_parse(cs_secret_bytes(body), &out->json);
    }
    cs_secret_destroy(body);
    if (status == CS_OK &&
        (!cs_json_get_text(cs_json_get(out->json, first), &out->first) ||
         !cs_json_get_text(cs_json_get(out->json, "passphrase"), &out->passphrase))) {
        status = CS_MALFORMED;
    }
    return status;
}

/* NULL: it was not given. */
static const char *text_of(const struct typed *typed, const char *name)
{
    struct cs_bytes text;
    bool given = cs_json_get_text(cs_json_get(typed->json, name), &text) && text.size > 0;
    return given ? (const char *)text.data : NULL;
}

/* A file of the kernel's memory with these bytes, to be read from the beginning; -1. */
static int file_with(struct cs_bytes bytes)
{
    int file = cs_api_file("input");
    size_t done = 0;
    while (file >= 0 && done < bytes.size) {
        ssize_t count = write(file, bytes.data + done, bytes.size - done);
        if (count <= 0 && errno != EINTR) {
            (void)close(file);
            return -1;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    if (file >= 0) {
        (void)lseek(file, 0, SEEK_SET);
    }
    return file;
}

/* Runs a command that reads the first and is asked for the passphrase, and answers with what it said. */
static enum MHD_Result run_typed(struct cs_api *api, struct MHD_Connection *connection,
                                 const struct typed *typed, struct cs_api_call *call, int *out_code)
{
    struct cs_api_outcome outcome;
    call->input = file_with(typed->first);
    call->passphrase = file_with(typed->passphrase);
    cs_api_run(api, connection, call, &outcome);
    *out_code = outcome.code;
    enum MHD_Result result = cs_api_answer_outcome(connection, true, &outcome);
    cs_api_outcome_close(&outcome);
    if (call->input >= 0) {
        (void)close(call->input);
    }
    if (call->passphrase >= 0) {
        (void)close(call->passphrase);
    }
    return result;
}

/* ---- passphrase ---- */

enum MHD_Result cs_api_handle_passphrase(struct cs_api *api, struct MHD_Connection *connection,
                                         struct cs_api_request *request)
{
    const char *words[] = {"countersign", "passphrase", "--json", NULL};
    struct typed typed = {.json = NULL};
    struct cs_api_call call = {.words = (char **)(void *)words, .count = CS_COUNT(words) - 1};
    int code = 0;
    enum cs_status status = read_typed(request, "next", &typed);
    enum MHD_Result result =
        status == CS_OK ? run_typed(api, connection, &typed, &call, &code)
                        : cs_api_refuse(connection, MHD_HTTP_BAD_REQUEST, status,
                                        "a JSON object with \"passphrase\" and \"next\" is needed");
    cs_json_destroy(typed.json);
    return result;
}

/* ---- joining ---- */

/* join, outside the agent: it makes the identity anew, for which nothing may be open. */
static size_t join_words(const struct typed *typed, const char *out[static 9])
{
    const char *person = text_of(typed, "person");
    const char *device = text_of(typed, "device");
    size_t count = 0;
    out[count++] = "countersign";
    out[count++] = "join";
    out[count++] = "-";
    out[count++] = "--json";
    if (person != NULL) {
        out[count++] = "--person";
        out[count++] = person;
    }
    if (device != NULL) {
        out[count++] = "--device";
        out[count++] = device;
    }
    out[count] = NULL;
    return count;
}

static void unlock(struct cs_api *api, struct cs_bytes passphrase)
{
    struct cs_problem problem = {.text = ""};
    enum cs_status status = cs_agent_unlock(api->setting.agent, passphrase, &problem);
    (void)status; /* then the page asks for it */
}

static enum MHD_Result join(struct cs_api *api, struct MHD_Connection *connection,
                            const struct typed *typed)
{
    const char *words[9];
    int code = 0;
    struct cs_api_call call = {
        .count = join_words(typed, words), .words = (char **)(void *)words, .apart = true};
    enum MHD_Result result = run_typed(api, connection, typed, &call, &code);
    if (code == 0) {
        unlock(api, typed->passphrase);
    }
    return result;
}

/* One at a time: who asks twice finds what the first made. */
static enum MHD_Result join_alone(struct cs_api *api, struct MHD_Connection *connection,
                                  const struct typed *typed)
{
    struct cs_agent_view view;
    cs_require(pthread_mutex_lock(&api->joining) == 0);
    cs_agent_look(api->setting.agent, &view);
    enum MHD_Result result = view.unlocked
                                 ? cs_api_refuse(connection, MHD_HTTP_CONFLICT, CS_BUSY,
                                                 "what is joined here is in use: lock it first")
                                 : join(api, connection, typed);
    cs_require(pthread_mutex_unlock(&api->joining) == 0);
    return result;
}

enum MHD_Result cs_api_handle_join(struct cs_api *api, struct MHD_Connection *connection,
                                   struct cs_api_request *request)
{
    struct typed typed = {.json = NULL};
    enum cs_status status = read_typed(request, "invite", &typed);
    enum MHD_Result result =
        status == CS_OK
            ? join_alone(api, connection, &typed)
            : cs_api_refuse(connection, MHD_HTTP_BAD_REQUEST, status,
                            "a JSON object with \"invite\" and \"passphrase\" is needed");
    cs_json_destroy(typed.json);
    return result;
}
