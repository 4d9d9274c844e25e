/* The note about the last difference from the server, see difference_note.h. */
#include "field-client/commands/difference_note.h"

#include "field-client/replica/repair_note.h"
#include "shared/base/text.h"

static const char *outcome_name(enum cs_compare_outcome outcome)
{
    switch (outcome) {
    case CS_COMPARE_REPAIRED:
        return "repaired";
    case CS_COMPARE_SUMS_MENDED:
        return "sums_mended";
    case CS_COMPARE_SERVER_SUM:
        return "server_sums_wrong";
    case CS_COMPARE_UNREPAIRED:
        break;
    }
    return "unrepaired";
}

static void format_time(struct cs_replica *replica, int64_t ms, char out[static CS_TIME_TEXT_MAX])
{
    const struct cs_world *world = cs_replica_world(replica);
    cs_instant_format(cs_instant_make(ms, world->offset_minutes(world->context)), out);
}

enum cs_status cs_difference_note_json(struct cs_replica *replica, struct cs_json **out)
{
    struct cs_repair_note note;
    enum cs_status status = cs_repair_note_load(replica, &note);
    if (status != CS_OK || note.times == 0) {
        *out = status == CS_OK ? cs_json_null() : NULL;
        return status;
    }
    char at[CS_TIME_TEXT_MAX];
    char text[CS_REPAIR_NOTE_TEXT_MAX];
    format_time(replica, note.at_ms, at);
    cs_repair_note_text(&note, false, text);
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "times", cs_json_integer(note.times));
    cs_json_set(json, "at", cs_json_text(cs_bytes_of_text(at)));
    cs_json_set(json, "outcome", cs_json_text(cs_bytes_of_text(outcome_name(note.report.outcome))));
    cs_json_set(json, "rows", cs_json_integer((int64_t)note.report.rows));
    cs_json_set(json, "departed", cs_json_integer((int64_t)note.report.departed));
    cs_json_set(json, "sums", cs_json_integer((int64_t)note.report.sums));
    cs_json_set(json, "reported", cs_json_boolean(!note.unreported));
    cs_json_set(json, "text", cs_json_text(cs_bytes_of_text(text)));
    *out = json;
    return CS_OK;
}

enum cs_status cs_difference_note_print(struct cs_command *command, struct cs_replica *replica)
{
    struct cs_repair_note note;
    enum cs_status status = cs_repair_note_load(replica, &note);
    if (status != CS_OK || note.times == 0) {
        return status;
    }
    char at[CS_TIME_TEXT_MAX];
    char text[CS_REPAIR_NOTE_TEXT_MAX];
    format_time(replica, note.at_ms, at);
    cs_repair_note_text(&note, command->chinese, text);
    cs_command_print(command, CS_WORDS(command, "note, %s: %s", "注意,%s:%s"), at, text);
    if (note.times > 1) {
        cs_command_print(command, CS_WORDS(command, " (%lld times so far)", "(累计 %lld 次)"),
                         (long long)note.times);
    }
    cs_command_print(command, "\n");
    return CS_OK;
}
