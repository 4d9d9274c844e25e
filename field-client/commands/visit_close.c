/* visit sign and visit finish. */
#include "field-client/commands/visit_command.h"
#include "field-client/replica/query.h"
#include "field-client/visit/strokes.h"
#include "shared/base/text.h"

#include <inttypes.h>
#include <stdio.h>

static enum cs_status sign_options(struct cs_command *command, const char **signer,
                                   const char **file)
{
    enum cs_status status = cs_command_option(command, "--signer", signer);
    if (status == CS_OK) {
        status = cs_command_option(command, "--strokes", file);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status == CS_OK && (*signer == NULL || *file == NULL)) {
        status = cs_command_usage(command, "visit sign needs --signer NAME and --strokes FILE");
    }
    return status;
}

static enum cs_status answer_sign(struct cs_command *command, const struct cs_id *visit,
                                  const struct cs_visit_signed *made)
{
    struct cs_lines warnings;
    cs_lines_init(&warnings);
    char time[CS_TIME_TEXT_MAX];
    cs_instant_format(made->signed_at, time);
    struct cs_json *json = cs_visit_answer("receipt", &made->receipt);
    cs_json_set(json, "number", cs_json_text(cs_bytes_of_text(made->number)));
    cs_json_set(json, "visit", cs_command_json_id(visit));
    cs_json_set(json, "signed_at", cs_json_text(cs_bytes_of_text(time)));
    enum cs_status status = cs_visit_conclude(command, json, made->number, &warnings);
    cs_lines_release(&warnings);
    return status;
}

enum cs_status cs_visit_command_sign(struct cs_command *command)
{
    const char *signer = NULL;
    const char *file = NULL;
    struct cs_replica *replica;
    struct cs_id visit;
    struct cs_visit_signed made;
    struct cs_buffer strokes;
    cs_buffer_init(&strokes, CS_STROKES_MAX);
    enum cs_status status = sign_options(command, &signer, &file);
    if (status == CS_OK) {
        status = cs_command_read_file(command, file, &strokes);
    }
    if (status == CS_OK) {
        status = cs_visit_argument(command, &replica, &visit);
    }
    if (status == CS_OK) {
        struct cs_visit_sign sign = {cs_bytes_of_text(signer), cs_buffer_bytes(&strokes)};
        status = cs_visit_sign(replica, &visit, &sign, &made, &command->problem);
    }
    cs_buffer_release(&strokes);
    return status == CS_OK ? answer_sign(command, &visit, &made) : status;
}

/* What has not left this laptop: a technician wants to know before driving off. */
static enum cs_status answer_finish(struct cs_command *command, struct cs_replica *replica,
                                    const struct cs_id *visit, const struct cs_lines *warnings)
{
    struct cs_pending_counts counts;
    enum cs_status status = cs_query_pending_counts(replica, &counts);
    if (status != CS_OK) {
        return status;
    }
    int64_t unsent = counts.waiting + counts.packed;
    char text[200];
    (void)snprintf(text, sizeof text,
                   command->chinese ? "已完成;%" PRId64 " 项修改待发送:countersign sync"
                                    : "finished; %" PRId64
                                      " changes wait to be sent: countersign sync",
                   unsent);
    struct cs_json *json = cs_visit_answer("visit", visit);
    cs_json_set(json, "waiting", cs_json_integer(unsent));
    return cs_visit_conclude(command, json, text, warnings);
}

enum cs_status cs_visit_command_finish(struct cs_command *command)
{
    struct cs_visit_finish finish = {.left = {.given = false}};
    const char *reason = NULL;
    struct cs_replica *replica;
    struct cs_id visit;
    enum cs_status status = cs_visit_option_time(command, "--left", &finish.left);
    if (status == CS_OK) {
        status = cs_command_option(command, "--unsigned", &reason);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 1, 1);
    }
    if (status == CS_OK) {
        status = cs_visit_argument(command, &replica, &visit);
    }
    if (status != CS_OK) {
        return status;
    }
    finish.unsigned_reason = reason == NULL ? CS_BYTES_NONE : cs_bytes_of_text(reason);
    struct cs_lines warnings;
    cs_lines_init(&warnings);
    status = cs_visit_finish(replica, &visit, &finish, &warnings, &command->problem);
    if (status == CS_OK) {
        status = answer_finish(command, replica, &visit, &warnings);
    }
    cs_lines_release(&warnings);
    return status;
}
