/* visit start, part, note, fault, work, result: what is written down on site. */
#include "field-client/commands/visit_command.h"
#include "shared/base/text.h"

#include <inttypes.h>
#include <stdio.h>

static enum cs_status start_options(struct cs_command *command, struct cs_visit_start *start)
{
    enum cs_status status = cs_visit_option_time(command, "--departed", &start->departed);
    if (status == CS_OK) {
        status = cs_visit_option_time(command, "--arrived", &start->arrived);
    }
    start->another = cs_command_flag(command, "--another");
    return status == CS_OK ? cs_command_expect(command, 1, 1) : status;
}

static enum cs_status answer_start(struct cs_command *command,
                                   const struct cs_visit_started *started,
                                   struct cs_lines *warnings)
{
    char id[CS_ID_TEXT_SIZE];
    cs_id_format(&started->visit, id);
    struct cs_json *json = cs_visit_answer("visit", &started->visit);
    cs_json_set(json, "work_order", cs_command_json_id(&started->work_order));
    cs_json_set(json, "existed", cs_json_boolean(started->existed));
    if (started->existed) {
        cs_lines_add(warnings, "%s",
                     cs_command_words(command,
                                      "this visit was started already and is not finished; "
                                      "--another starts a second one",
                                      "该上门服务已开始且未完成;--another 另开一次"));
    }
    return cs_visit_conclude(command, json, id, warnings);
}

enum cs_status cs_visit_command_start(struct cs_command *command)
{
    struct cs_visit_start start = {.another = false};
    struct cs_visit_started started;
    struct cs_replica *replica;
    enum cs_status status = start_options(command, &start);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    start.work_order = cs_command_argument(command, 0);
    struct cs_lines warnings;
    cs_lines_init(&warnings);
    status = cs_visit_start(replica, &start, &warnings, &started, &command->problem);
    if (status == CS_OK) {
        status = answer_start(command, &started, &warnings);
    }
    cs_lines_release(&warnings);
    return status;
}

static enum cs_status part_options(struct cs_command *command, struct cs_visit_part *part)
{
    const char *serial = NULL;
    const char *from = NULL;
    enum cs_status status = cs_command_option(command, "--serial", &serial);
    if (status == CS_OK) {
        status = cs_command_option(command, "--from", &from);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 3, 3);
    }
    if (status != CS_OK) {
        return status;
    }
    part->serial = serial == NULL ? CS_BYTES_NONE : cs_bytes_of_text(serial);
    part->from = from == NULL ? CS_BYTES_NONE : cs_bytes_of_text(from);
    part->part = cs_command_argument(command, 1);
    if (cs_integer_parse(cs_command_argument(command, 2), &part->quantity) != CS_OK) {
        return cs_command_usage(command, "QTY must be a whole number, for instance 2");
    }
    return CS_OK;
}

static enum cs_status answer_part(struct cs_command *command, const struct cs_id *visit,
                                  const struct cs_visit_parted *parted,
                                  const struct cs_lines *warnings)
{
    char text[160];
    (void)snprintf(text, sizeof text,
                   command->chinese ? "已登记,取出处余 %" PRId64
                                    : "recorded; %" PRId64 " left where it was taken from",
                   parted->balance);
    struct cs_json *json = cs_visit_answer("stock_movement", &parted->movement);
    cs_json_set(json, "visit", cs_command_json_id(visit));
    cs_json_set(json, "from", cs_command_json_id(&parted->from));
    cs_json_set(json, "balance", cs_json_integer(parted->balance));
    return cs_visit_conclude(command, json, text, warnings);
}

enum cs_status cs_visit_command_part(struct cs_command *command)
{
    struct cs_visit_part part;
    struct cs_visit_parted parted;
    struct cs_replica *replica;
    struct cs_id visit;
    enum cs_status status = part_options(command, &part);
    if (status == CS_OK) {
        status = cs_visit_argument(command, &replica, &visit);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_lines warnings;
    cs_lines_init(&warnings);
    status = cs_visit_use_part(replica, &visit, &part, &warnings, &parted, &command->problem);
    if (status == CS_OK) {
        status = answer_part(command, &visit, &parted, &warnings);
    }
    cs_lines_release(&warnings);
    return status;
}

/* `field` NULL: the note. */
static enum cs_status record(struct cs_command *command, const char *field)
{
    struct cs_replica *replica;
    struct cs_id visit;
    enum cs_status status = cs_command_expect(command, 2, 2);
    if (status == CS_OK) {
        status = cs_visit_argument(command, &replica, &visit);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_lines warnings;
    cs_lines_init(&warnings);
    struct cs_bytes text = cs_command_argument(command, 1);
    status = field == NULL ? cs_visit_add_note(replica, &visit, text, &command->problem)
                           : cs_visit_record(replica, &visit, cs_bytes_of_text(field), text,
                                             &warnings, &command->problem);
    if (status == CS_OK) {
        status = cs_visit_conclude(command, cs_visit_answer("visit", &visit),
                                   cs_command_words(command, "recorded", "已登记"), &warnings);
    }
    cs_lines_release(&warnings);
    return status;
}

enum cs_status cs_visit_command_note(struct cs_command *command)
{
    return record(command, NULL);
}

enum cs_status cs_visit_command_fault(struct cs_command *command)
{
    return record(command, "actual_fault");
}

enum cs_status cs_visit_command_work(struct cs_command *command)
{
    return record(command, "work_done");
}

enum cs_status cs_visit_command_result(struct cs_command *command)
{
    return record(command, "result");
}
