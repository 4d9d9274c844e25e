/*
 * What the subcommands of `vault rotate` share (field-client/vault/campaign.h says what a campaign is): the first argument is a project, the
 * others name credentials of it.
 */
#ifndef CS_COMMANDS_VAULT_ROTATE_H
#define CS_COMMANDS_VAULT_ROTATE_H

#include "field-client/commands/vault/vault_command.h"
#include "field-client/vault/campaign.h"
#include "field-client/vault/exposure_read.h"

enum cs_status cs_vault_command_rotate(struct cs_command *command) CS_MUST_USE;
cs_command_function cs_vault_rotate_begin;
cs_command_function cs_vault_rotate_prepare;
cs_command_function cs_vault_rotate_status;
cs_command_function cs_vault_rotate_apply;
cs_command_function cs_vault_rotate_applied;
cs_command_function cs_vault_rotate_verified;
cs_command_function cs_vault_rotate_failed;
cs_command_function cs_vault_rotate_confirm;
cs_command_function cs_vault_rotate_end;

struct cs_rotate_item {
    struct cs_id item;
    struct cs_vault_listing listing;
    bool named; /* by an argument */
};
struct cs_rotate {
    struct cs_vault_work work;
    struct cs_vault_of_project vault;
    const char *project_text; /* as typed */
    const char *field;        /* --field; else the campaign's */
    bool field_typed;
    struct cs_rotate_item *items; /* by id */
    size_t item_count;
    size_t named_count; /* 0: all are meant */
};

/* ---- from options to credentials ---- */

/* --field, then the arguments: PROJECT and at least `minimum` CREDENTIALs. Wrong use. */
enum cs_status cs_rotate_take(struct cs_command *command, size_t minimum,
                              struct cs_rotate *out) CS_MUST_USE;
/* Unlocks; asks the server first, or (CS_ROTATE_HERE) not, and a server that cannot be reached is only said. Finds the project's vault and the
 * credentials. To be ended in any case. */
enum cs_rotate_sync { CS_ROTATE_HERE, CS_ROTATE_SYNC };
enum cs_status cs_rotate_open(struct cs_command *command, enum cs_rotate_sync sync,
                              struct cs_rotate *rotate) CS_MUST_USE;
void cs_rotate_end(struct cs_rotate *rotate);
/* The item; NULL: its listing data is not here. */
const struct cs_rotate_item *cs_rotate_item(const struct cs_rotate *rotate,
                                            const struct cs_id *item);
/* Is this field meant: of a credential that was named (or none was), and the one that was typed or the campaign's? */
bool cs_rotate_means(const struct cs_rotate *rotate, const struct cs_vault_field *field);
/* All fields, as they are now; in the work's arena. */
enum cs_status cs_rotate_fields(struct cs_rotate *rotate, struct cs_vault_field **out,
                                size_t *out_count) CS_MUST_USE;
/* Has every credential that was named the field? CS_NOT_FOUND (exit code 2) names the first that has not. */
enum cs_status cs_rotate_check_named(struct cs_rotate *rotate, const struct cs_vault_field *list,
                                     size_t count) CS_MUST_USE;
/* One of them, loaded anew into `arena`. CS_NOT_FOUND. */
enum cs_status cs_rotate_field(struct cs_rotate *rotate, const struct cs_id *item,
                               struct cs_bytes name, struct cs_arena *arena,
                               const struct cs_vault_field **out) CS_MUST_USE;

/* ---- what is due ---- */

/* Who knows what of the vault; destroyed by the caller. */
struct cs_rotate_due {
    struct cs_exposure *exposure;
    const struct cs_exposure_view *view;
};
enum cs_status cs_rotate_due_read(struct cs_rotate *rotate, struct cs_rotate_due *out) CS_MUST_USE;
void cs_rotate_due_release(struct cs_rotate_due *due);
/* Why this field is due (exposure.h); *out_count 0: it is not. */
const struct cs_due *cs_rotate_due_of(const struct cs_rotate_due *due,
                                      const struct cs_vault_field *field, size_t *out_count);

/* ---- what was signed ---- */

/* Sends it where the server can be reached; else it is on disk, goes with the next sync, and that is said. */
enum cs_status cs_rotate_send_if_possible(struct cs_rotate *rotate) CS_MUST_USE;
/* What the server refused of campaigns, states and these versions: told on standard error and put aside. *out_count: how many. */
enum cs_status cs_rotate_refusals(struct cs_rotate *rotate, size_t *out_count) CS_MUST_USE;

/* ---- answers ---- */

/* The number of fields in each step of the campaign. */
struct cs_json *cs_rotate_counts_json(const struct cs_vault_campaign_progress *progress);
/* Fields that are in the campaign and not done. */
size_t cs_rotate_left(const struct cs_vault_campaign_progress *progress);
/* The campaign's id in hexadecimal. */
struct cs_json *cs_rotate_campaign_json(const uint8_t id[static CS_HASH_SIZE]);
/* "unprepared", "待准备" */
const char *cs_rotate_step_words(const struct cs_command *command,
                                 enum cs_vault_campaign_step step);
/* The members id, name, user, address and field. */
struct cs_json *cs_rotate_field_json(const struct cs_rotate *rotate,
                                     const struct cs_vault_field *field);
/* Name and field for people: "核心交换机", "核心交换机 (enable)"; in the work's arena. */
const char *cs_rotate_field_text(struct cs_rotate *rotate, const struct cs_vault_field *field);

#endif
