/* The command invite: makes an invite, offline. Its text is a secret: standard output, or a file of mode 0600. */
#include "field-client/replica/invite.h"
#include "field-client/commands/command_table.h"
#include "shared/base/text.h"

#define EXPIRES_DAYS_DEFAULT 14
#define EXPIRES_DAYS_MAX 365
#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct arguments {
    const char *person;
    const char *role;
    const char *output;
    int64_t expires_days;
    cs_roles roles;
};

static enum cs_status take_arguments(struct cs_command *command, struct arguments *out)
{
    enum cs_status status = cs_command_option(command, "--person", &out->person);
    if (status == CS_OK) {
        status = cs_command_option(command, "--role", &out->role);
    }
    if (status == CS_OK) {
        status = cs_command_option(command, "--output", &out->output);
    }
    if (status == CS_OK) {
        status = cs_command_option_number(command, "--expires-days", 1, EXPIRES_DAYS_MAX,
                                          &out->expires_days);
    }
    if (status == CS_OK) {
        status = cs_command_expect(command, 0, 0);
    }
    if (out->output != NULL && cs_command_is_stream(out->output)) {
        out->output = NULL; /* as without it */
    }
    if (status == CS_OK && (out->person == NULL || out->role == NULL)) {
        return cs_command_usage(command, "--person NAME and --role ROLE[,ROLE] are needed");
    }
    if (status == CS_OK &&
        cs_roles_parse(cs_bytes_of_text(out->role), &out->roles, &command->problem) != CS_OK) {
        status = CS_USAGE;
    }
    return status;
}

/* People see what they handed out; programs get the text in the object when it is in no file. */
static enum cs_status answer(struct cs_command *command, const struct arguments *arguments,
                             const struct cs_invite_made *made, int64_t expires,
                             struct cs_bytes text)
{
    char until[CS_TIME_TEXT_MAX];
    cs_instant_format(expires, until);
    cs_command_note(command,
                    CS_WORDS(command,
                             "the invite is a secret for one device of %s, valid until %s; the new "
                             "device is pending until "
                             "its fingerprint, which %s reads out to you, is confirmed",
                             "邀请码是给 %s 一台设备的秘密,有效期至 %s;由 %s "
                             "念出设备指纹并确认之前,新设备处于待确认状态"),
                    arguments->person, until, arguments->person);
    if (!command->json) {
        if (arguments->output == NULL) {
            cs_command_print_bytes(command, text);
        }
        return CS_OK;
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "person", cs_command_json_id(&made->person));
    cs_json_set(json, "person_is_new", cs_json_boolean(made->person_is_new));
    cs_json_set(json, "expires", cs_json_text(cs_bytes_of_text(until)));
    if (arguments->output == NULL) {
        cs_json_set(json, "invite", cs_json_text(text));
    } else {
        cs_json_set(json, "file", cs_json_text(cs_bytes_of_text(arguments->output)));
    }
    return cs_command_json(command, json);
}

static enum cs_status make(struct cs_command *command, struct cs_replica *replica,
                           const struct arguments *arguments, struct cs_buffer *text)
{
    const struct cs_world *world = command->world;
    int64_t expires_ms = world->wall_ms(world->context) + arguments->expires_days * DAY_MS;
    struct cs_invite_made made;
    enum cs_status status =
        cs_invite_make(replica, cs_bytes_of_text(arguments->person), arguments->roles, expires_ms,
                       text, &made, &command->problem);
    if (status == CS_OK && arguments->output != NULL) {
        status = cs_command_write_file(command, arguments->output, cs_buffer_bytes(text));
    }
    int64_t expires = cs_instant_make(expires_ms, world->offset_minutes(world->context));
    return status != CS_OK ? status
                           : answer(command, arguments, &made, expires, cs_buffer_bytes(text));
}

enum cs_status cs_command_invite(struct cs_command *command)
{
    struct arguments arguments = {NULL, NULL, NULL, EXPIRES_DAYS_DEFAULT, CS_ROLES_NONE};
    struct cs_replica *replica;
    enum cs_status status = take_arguments(command, &arguments);
    if (status == CS_OK) {
        status = cs_command_open_replica(command, &replica);
    }
    if (status != CS_OK) {
        return status;
    }
    struct cs_buffer text;
    cs_buffer_init(&text, CS_INVITE_TEXT_MAX);
    status = make(command, replica, &arguments, &text);
    cs_buffer_release(&text);
    return status;
}
