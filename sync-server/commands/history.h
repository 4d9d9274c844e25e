/* What the files of the command `history` hand to each other: whose history is read, and how it is written as JSON. */
#ifndef CS_SERVER_COMMANDS_HISTORY_H
#define CS_SERVER_COMMANDS_HISTORY_H

#include "sync-server/commands/command.h"
#include "sync-server/history/states.h"

struct cs_admin_history {
    struct cs_store *store;
    const struct cs_entity *entity;
    struct cs_id row;     /* of a whole entity: zero */
    const char *row_text; /* as typed; NULL: a whole entity */
    bool has_moment;      /* the state then, not the changes */
    int64_t at_ms;
    int64_t reach_ms;   /* from when on every change is kept */
    int offset_minutes; /* of the times that people read */
    const struct cs_device *devices;
    size_t device_count;
};

/* A field's value. One that this program does not know is shown only where it is text. */
struct cs_json *cs_admin_history_value(const struct cs_entity *entity, struct cs_bytes field,
                                       const struct cs_value *value);
/* "author" and "device" where the log is known, "log". */
void cs_admin_history_author(const struct cs_admin_history *history, uint64_t log,
                             struct cs_json *json);
/* A whole state: "change", "from", "until", "deleted", whose change it was, "work", "fields", "waiting". */
enum cs_status cs_admin_history_state(const struct cs_admin_history *history,
                                      const struct cs_row_state *state, struct cs_arena *arena,
                                      struct cs_json **out) CS_MUST_USE;
/* A change: the same, but of "fields" only those that differ from the state before, each with "before" and "after", and "kind".
 * `earlier` NULL: the row was made with it, or what was before is not kept. */
enum cs_status cs_admin_history_change(const struct cs_admin_history *history,
                                       const struct cs_row_state *earlier,
                                       const struct cs_row_state *later, struct cs_arena *arena,
                                       struct cs_json **out) CS_MUST_USE;
/* history_entered.c: the transactions that named the row, as they were entered, oldest first. */
enum cs_status cs_admin_history_entered(struct cs_admin *admin,
                                        const struct cs_admin_history *history,
                                        struct cs_json **out) CS_MUST_USE;

#endif
