/* Arguments and answers of a command, see command.h. */
#include "field-client/console/command.h"

#include "shared/base/text.h"

#include <stdarg.h>
#include <string.h>

#define OUTPUT_MAX (1024 * CS_MEBI)

static size_t option_end(const struct cs_command *command)
{
    return command->operand_start < command->argument_count ? command->operand_start
                                                            : command->argument_count;
}

static void take_out(struct cs_command *command, size_t index, size_t count)
{
    size_t behind = command->argument_count - index - count;
    memmove(command->arguments + index, command->arguments + index + count,
            behind * sizeof *command->arguments);
    command->argument_count -= count;
    if (command->operand_start != SIZE_MAX && command->operand_start > index) {
        command->operand_start -= count;
    }
}

enum cs_status cs_command_usage(struct cs_command *command, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(command->problem.text, sizeof command->problem.text, format, list);
    va_end(list);
    command->problem.text[cs_utf8_cut(command->problem.text, strlen(command->problem.text))] = '\0';
    return CS_USAGE;
}

/* One occurrence: its value and how many arguments it takes up; false if there is none. */
static bool find_option(const struct cs_command *command, const char *name, size_t *out_index,
                        const char **out_value, size_t *out_count)
{
    size_t size = strlen(name);
    size_t end = option_end(command);
    for (size_t i = 0; i < end; i++) {
        const char *argument = command->arguments[i];
        if (strncmp(argument, name, size) != 0 ||
            (argument[size] != '\0' && argument[size] != '=')) {
            continue;
        }
        *out_index = i;
        *out_count = 1;
        *out_value = NULL;
        if (argument[size] == '=') {
            *out_value = argument + size + 1;
        } else if (i + 1 < end && strncmp(command->arguments[i + 1], "--", 2) != 0) {
            *out_value = command->arguments[i + 1];
            *out_count = 2;
        }
        return true;
    }
    return false;
}

enum cs_status cs_command_option(struct cs_command *command, const char *name, const char **out)
{
    const char *found = NULL;
    const char *value;
    size_t index;
    size_t count;
    while (find_option(command, name, &index, &value, &count)) {
        if (value == NULL) {
            return cs_command_usage(command, "%s needs a value", name);
        }
        if (found != NULL) {
            return cs_command_usage(command, "%s is given twice", name);
        }
        found = value;
        take_out(command, index, count);
    }
    *out = found;
    return CS_OK;
}

enum cs_status cs_command_option_number(struct cs_command *command, const char *name,
                                        int64_t minimum, int64_t maximum, int64_t *in_out)
{
    const char *text = NULL;
    enum cs_status status = cs_command_option(command, name, &text);
    if (status != CS_OK || text == NULL) {
        return status;
    }
    int64_t number = 0;
    if (cs_integer_parse(cs_bytes_of_text(text), &number) != CS_OK || number < minimum ||
        number > maximum) {
        return cs_command_usage(command, "%s: %.40s is not a whole number from %lld to %lld", name,
                                text, (long long)minimum, (long long)maximum);
    }
    *in_out = number;
    return CS_OK;
}

bool cs_command_flag(struct cs_command *command, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < option_end(command);) {
        if (strcmp(command->arguments[i], name) == 0) {
            take_out(command, i, 1);
            found = true;
        } else {
            i++;
        }
    }
    return found;
}

/* "something; usage: countersign vault show CREDENTIAL" */
static enum cs_status wrong_use(struct cs_command *command, const char *what, const char *argument)
{
    const struct cs_subcommand *subcommand = command->subcommand;
    bool own = subcommand != NULL && subcommand->synopsis != NULL;
    const char *synopsis = own                      ? subcommand->synopsis
                           : command->entry == NULL ? ""
                                                    : command->entry->synopsis;
    return cs_command_usage(command, "%s%.60s; usage: countersign %s%s%s%s%s", what, argument,
                            command->name, own ? " " : "", own ? subcommand->name : "",
                            synopsis[0] == '\0' && own ? "" : " ", synopsis);
}

enum cs_status cs_command_expect(struct cs_command *command, size_t minimum, size_t maximum)
{
    for (size_t i = 0; i < option_end(command); i++) {
        const char *argument = command->arguments[i];
        if (argument[0] == '-' && argument[1] != '\0') {
            return wrong_use(command, "there is no option ", argument);
        }
    }
    if (command->argument_count < minimum) {
        return wrong_use(command, "something is missing", "");
    }
    return command->argument_count > maximum
               ? wrong_use(command, "there are too many arguments", "")
               : CS_OK;
}

struct cs_bytes cs_command_argument(const struct cs_command *command, size_t index)
{
    return index < command->argument_count ? cs_bytes_of_text(command->arguments[index])
                                           : CS_BYTES_NONE;
}

const char *cs_command_shift(struct cs_command *command)
{
    if (command->argument_count == 0) {
        return NULL;
    }
    const char *argument = command->arguments[0];
    take_out(command, 0, 1);
    return argument;
}

bool cs_command_split_assignment(struct cs_bytes argument, struct cs_bytes *out_field,
                                 struct cs_bytes *out_value)
{
    const uint8_t *equals = argument.size == 0 ? NULL : memchr(argument.data, '=', argument.size);
    if (equals == NULL || equals == argument.data) {
        return false;
    }
    size_t size = (size_t)(equals - argument.data);
    *out_field = cs_bytes_make(argument.data, size);
    *out_value = cs_bytes_make(equals + 1, argument.size - size - 1);
    return true;
}

void cs_command_print(struct cs_command *command, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vfprintf(command->out, format, list);
    va_end(list);
}

void cs_command_print_bytes(struct cs_command *command, struct cs_bytes bytes)
{
    if (bytes.size > 0) {
        (void)fwrite(bytes.data, 1, bytes.size, command->out);
    }
}

/* C0, DEL, and C1 in its UTF-8 form: what a terminal could take for a command. */
static size_t control_size(struct cs_bytes text, size_t at)
{
    uint8_t byte = text.data[at];
    if (byte < 0x20 || byte == 0x7f) {
        return 1;
    }
    bool c1 = byte == 0xc2 && at + 1 < text.size && text.data[at + 1] < 0xa0;
    return c1 ? 2 : 0;
}

void cs_write_safe(FILE *stream, struct cs_bytes text)
{
    for (size_t i = 0; i < text.size;) {
        uint8_t byte = text.data[i];
        size_t size = byte == '\n' || byte == '\t' ? 0 : control_size(text, i);
        (void)fputc(size > 0 ? '?' : byte, stream);
        i += size > 0 ? size : 1;
    }
}

void cs_command_print_safe(struct cs_command *command, struct cs_bytes text)
{
    cs_write_safe(command->out, text);
}

void cs_command_note(struct cs_command *command, const char *format, ...)
{
    /* What was answered already should stand before the remark on a terminal. */
    (void)fflush(command->out);
    (void)fprintf(command->err, "countersign %s: ", command->name);
    va_list list;
    va_start(list, format);
    (void)vfprintf(command->err, format, list);
    va_end(list);
    (void)fputc('\n', command->err);
}

enum cs_status cs_command_json(struct cs_command *command, struct cs_json *owned_json)
{
    struct cs_buffer text;
    cs_buffer_init(&text, OUTPUT_MAX);
    enum cs_status status = owned_json == NULL ? CS_NO_MEMORY : cs_json_write(owned_json, 2, &text);
    cs_buffer_append_u8(&text, '\n');
    if (status == CS_OK) {
        status = text.status;
    }
    if (status == CS_OK) {
        cs_command_print_bytes(command, cs_buffer_bytes(&text));
    }
    cs_buffer_release(&text);
    cs_json_destroy(owned_json);
    return status;
}

struct cs_json *cs_command_json_id(const struct cs_id *id)
{
    char text[CS_ID_TEXT_SIZE];
    cs_id_format(id, text);
    return cs_json_text(cs_bytes_of_text(text));
}

const char *cs_command_words(const struct cs_command *command, const char *english,
                             const char *chinese)
{
    return command->chinese ? chinese : english;
}
