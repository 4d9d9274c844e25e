/*
 * The commands there are. command_table.c says of each how it is used; client_main.c runs it. Those of one command's subcommands are
 * in headers of their own (visit_command.h, vault/vault_command.h).
 */
#ifndef CS_COMMANDS_COMMAND_TABLE_H
#define CS_COMMANDS_COMMAND_TABLE_H

#include "field-client/console/command.h"

/* NULL beyond the end; in the order of the help. */
const struct cs_command_entry *cs_command_at(size_t index);
/* NULL: no such command. */
const struct cs_command_entry *cs_command_find(const char *name);

enum cs_status cs_command_join(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_invite(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_devices(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_revoke(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_root(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_review(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_status(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_sync(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_bundle(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_new(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_set(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_get(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_list(struct cs_command *command) CS_MUST_USE;
/* summary.c */
enum cs_status cs_command_summary(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_today(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_draft(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_delete(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_import(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_export(struct cs_command *command) CS_MUST_USE;
/* visit_*.c and receipt_*.c */
enum cs_status cs_command_visit(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_receipt(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_attachment(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_conflicts(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_resolve(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_exceptions(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_merge(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_history(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_revert(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_refusals(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_entities(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_passphrase(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_doctor(struct cs_command *command) CS_MUST_USE;
/* ui_command.c */
enum cs_status cs_command_ui(struct cs_command *command) CS_MUST_USE;
/* agent_command.c */
enum cs_status cs_command_agent(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_unlock(struct cs_command *command) CS_MUST_USE;
enum cs_status cs_command_lock(struct cs_command *command) CS_MUST_USE;

#endif
