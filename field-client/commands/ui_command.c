/* The command ui: the pages in a browser. The agent serves them (field-client/api); where none runs it is started. */
#include "field-client/agent/caller.h"
#include "field-client/commands/agent_process.h"
#include "field-client/commands/command_table.h"
#include "field-client/commands/home_folder.h"
#include "field-client/console/program.h"
#include "shared/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the home: the address has a token, and what programs are started with can be read by others. */
#define OPENING_FILE "open.html"
#define OPENER_LOOK_MS 50
#define OPENER_LOOKS_MAX 60

/* ---- in the agent ---- */

/* A file that sends the browser on. It is of no use to anyone when it was used. */
static enum cs_status write_opening(struct cs_command *command, const char *address,
                                    char out[static CS_CONSOLE_PATH_MAX])
{
    char text[2 * CS_HOST_ADDRESS_SIZE + 256];
    int size = snprintf(text, sizeof text,
                        "<!doctype html><meta charset=\"utf-8\"><title>Countersign</title>"
                        "<meta name=\"referrer\" content=\"no-referrer\">"
                        "<meta http-equiv=\"refresh\" content=\"0;url=%s\">\n",
                        address);
    int path_size = snprintf(out, CS_CONSOLE_PATH_MAX, "%s/" OPENING_FILE, command->home);
    if (size < 0 || (size_t)size >= sizeof text || path_size < 0 ||
        (size_t)path_size >= CS_CONSOLE_PATH_MAX) {
        return CS_LIMIT;
    }
    enum cs_status status = command->world->file_replace(
        command->world->context, out, cs_bytes_make((const uint8_t *)text, (size_t)size));
    cs_wipe(text, sizeof text);
    return status;
}

static bool has_desktop(const struct cs_console *console)
{
    const char *x = cs_console_variable(console, "DISPLAY");
    const char *wayland = cs_console_variable(console, "WAYLAND_DISPLAY");
    return (x != NULL && x[0] != '\0') || (wayland != NULL && wayland[0] != '\0');
}

/*
 * How it ended, or that it goes on: where no browser runs yet xdg-open may become one, and ends when the person closes its window. That is
 * not waited for (what is left of it goes when the agent ends), and meanwhile the page has to be answered.
 */
static bool has_opened(const struct cs_console *console, pid_t child)
{
    int result = 0;
    pid_t ended = 0;
    console->pause(console->context);
    for (int i = 0; i < OPENER_LOOKS_MAX && (ended == 0 || (ended < 0 && errno == EINTR)); i++) {
        ended = waitpid(child, &result, WNOHANG);
        if (ended == 0) {
            (void)poll(NULL, 0, OPENER_LOOK_MS);
        }
    }
    console->resume(console->context);
    return ended == 0 || (ended == child && WIFEXITED(result) && WEXITSTATUS(result) == 0);
}

static bool run_opener(const struct cs_console *console, const char *path)
{
    const char *const arguments[] = {"xdg-open", path, NULL};
    pid_t child = -1;
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0) {
        return false;
    }
    bool started = cs_program_start(console, arguments, nothing, &child);
    (void)close(nothing);
    return started && has_opened(console, child);
}

static bool open_browser(struct cs_command *command, const char *address)
{
    char path[CS_CONSOLE_PATH_MAX];
    return has_desktop(command->console) && write_opening(command, address, path) == CS_OK &&
           run_opener(command->console, path);
}

static enum cs_status answer(struct cs_command *command, bool browser)
{
    char address[CS_HOST_ADDRESS_SIZE];
    const struct cs_host *host = command->host;
    if (host->open_pages == NULL) {
        return cs_problem_set(&command->problem, CS_UNSUPPORTED, "this agent has no pages");
    }
    enum cs_status status = host->open_pages(host->context, address, &command->problem);
    if (status != CS_OK) {
        return status;
    }
    bool opened = browser && open_browser(command, address);
    if (command->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "address", cs_json_text(cs_bytes_of_text(address)));
        cs_json_set(json, "opened", cs_json_boolean(opened));
        status = cs_command_json(command, json);
    } else if (opened) {
        cs_command_print(command, "%s\n",
                         cs_command_words(command, "opened in the browser", "已在浏览器中打开"));
    } else {
        cs_command_print(
            command, "%s\n    %s\n",
            cs_command_words(command, "open this in the browser (it works once, within an hour):",
                             "请在浏览器中打开(一小时内有效,仅可使用一次):"),
            address);
    }
    cs_wipe(address, sizeof address);
    return status;
}

/* ---- before there is one ---- */

static enum cs_status ask_agent(struct cs_command *command, bool browser)
{
    char program[] = "countersign";
    char name[] = "ui";
    char json[] = "--json";
    char quiet[] = "--no-browser";
    char *arguments[5] = {program, name};
    int count = 2;
    int code = 0;
    enum cs_agent_outcome outcome = CS_AGENT_NOBODY;
    if (command->json) {
        arguments[count++] = json;
    }
    if (!browser) {
        arguments[count++] = quiet;
    }
    enum cs_status status =
        cs_agent_ask(command->home, count, arguments, -1, &outcome, &code, &command->problem);
    if (status == CS_OK && outcome != CS_AGENT_RAN) {
        status = cs_problem_set(&command->problem, CS_IO, "the agent ended before it answered");
    }
    if (status == CS_OK) {
        command->exit_code = (enum cs_exit)code;
    }
    return status;
}

enum cs_status cs_command_ui(struct cs_command *command)
{
    struct cs_agent_options options;
    bool started = false;
    bool browser = !cs_command_flag(command, "--no-browser");
    enum cs_status status = cs_agent_options_take(command, &options);
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 0);
    }
    if (status == CS_OK && command->host != NULL) {
        return answer(command, browser);
    }
    /* The passphrase is asked for by the page. */
    options.locked = true;
    options.unjoined = true;
    if (status == CS_OK) {
        status = cs_command_make_home(command);
    }
    if (status == CS_OK) {
        status = cs_agent_process_run(command, &options, &started);
    }
    return started ? ask_agent(command, browser) : status;
}
