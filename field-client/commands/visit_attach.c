/* visit attach: a photo or another file with a visit. */
#include "field-client/attachments/attachments.h"
#include "field-client/commands/visit_command.h"
#include "field-client/console/console.h"

#include "shared/base/text.h"

#include <stdio.h>

static enum cs_status options(struct cs_command *command, struct cs_attachment_new *what)
{
    const char *note = NULL;
    const char *name = NULL;
    struct cs_visit_time taken = {.given = false};
    enum cs_status status = cs_command_option(command, "--note", &note);
    if (status == CS_OK) {
        status = cs_command_option(command, "--name", &name);
    }
    if (status == CS_OK) {
        status = cs_visit_option_time(command, "--taken", &taken);
    }
    what->note = note == NULL ? CS_BYTES_NONE : cs_bytes_of_text(note);
    what->taken = taken.given;
    what->taken_at = taken.instant;
    what->name = name == NULL ? CS_BYTES_NONE : cs_bytes_of_text(name);
    if (status == CS_OK) {
        status = cs_command_expect(command, 2, 2);
    }
    if (status == CS_OK && cs_command_is_stream(command->arguments[1]) != (name != NULL)) {
        return cs_command_usage(command, "--name FILE_NAME goes with - (standard input), and - "
                                         "with it");
    }
    return status == CS_OK && !cs_utf8_valid(what->name)
               ? cs_command_usage(command, "--name is not UTF-8")
               : status;
}

static enum cs_status answer(struct cs_command *command, const struct cs_attachment_new *what,
                             const struct cs_attachment_added *added, struct cs_lines *warnings)
{
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(&added->row, text);
    struct cs_json *json = cs_visit_answer("attachment", &added->row);
    cs_json_set(json, "visit", cs_command_json_id(&what->visit));
    cs_json_set(json, "size", cs_json_integer((int64_t)added->size));
    return cs_visit_conclude(command, json, text, warnings);
}

/* Where it is: the file, or all of standard input. */
static enum cs_status find_content(struct cs_command *command, struct cs_attachment_new *what,
                                   char path[static CS_CONSOLE_PATH_MAX], struct cs_buffer *content)
{
    enum cs_status status = CS_OK;
    if (cs_command_is_stream(command->arguments[1])) {
        status = cs_command_read_file(command, "-", content);
        what->content = cs_buffer_bytes(content);
        return status;
    }
    what->path = path;
    return cs_console_path(command->console, command->arguments[1], path, &command->problem);
}

static enum cs_status attach(struct cs_command *command, struct cs_attachment_new *what)
{
    struct cs_attachment_added added;
    struct cs_replica *replica;
    struct cs_lines warnings;
    cs_lines_init(&warnings);
    enum cs_status status = cs_visit_argument(command, &replica, &what->visit);
    if (status == CS_OK) {
        status = cs_attachment_add(replica, what, &added, &command->problem);
    }
    if (status == CS_OK) {
        status = answer(command, what, &added, &warnings);
    }
    cs_lines_release(&warnings);
    return status;
}

enum cs_status cs_visit_command_attach(struct cs_command *command)
{
    struct cs_attachment_new what = {.taken = false};
    struct cs_buffer content;
    char path[CS_CONSOLE_PATH_MAX];
    cs_buffer_init(&content, CS_ATTACHMENT_SIZE_MAX);
    enum cs_status status = options(command, &what);
    if (status == CS_OK) {
        status = find_content(command, &what, path, &content);
    }
    if (status == CS_OK) {
        status = attach(command, &what);
    }
    cs_buffer_release(&content);
    return status;
}
