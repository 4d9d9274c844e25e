/* vault members: who may what in a vault, which devices have its newest key, and which of a member's devices have no grant. */
#include "field-client/commands/vault/vault_change.h"
#include "field-client/console/table.h"
#include "field-client/vault/due.h"
#include "shared/base/text.h"

#include <string.h>

struct view {
    struct cs_vault_work *work;
    struct cs_vault_standing_grant *grants;
    size_t grant_count;
    struct cs_table table;
    struct cs_json *members;
};

/* One device, with its grant or (NULL) without. */
struct member {
    const struct cs_chain *chain;
    const struct cs_vault_standing_grant *standing;
};

/* ---- one line ---- */

static const char *key_words(const struct cs_command *command, const struct member *member)
{
    const struct cs_vault_standing_grant *standing = member->standing;
    if (standing == NULL) {
        return cs_command_words(command, "NO GRANT: vault grant", "无授权:vault grant");
    }
    if (standing->revoked) {
        return cs_command_words(command, "REVOKED: vault rekey", "已吊销:vault rekey");
    }
    if (standing->expired) {
        return cs_command_words(command, "expired", "已到期");
    }
    return standing->lacks
               ? cs_command_words(command, "LACKS KEY: vault rekey", "缺少密钥:vault rekey")
               : cs_command_words(command, "has the key", "持有密钥");
}

static void put_row(struct view *view, const struct member *member)
{
    char fingerprint[24];
    char until[CS_TIME_TEXT_MAX] = "";
    struct cs_buffer rights;
    const struct cs_certificate *leaf = &member->chain->leaf;
    cs_buffer_init(&rights, CS_KIBI);
    if (member->standing != NULL) {
        cs_vault_rights_format(member->standing->grant.rights, &rights);
    }
    if (member->standing != NULL && member->standing->grant.expires_ms != 0) {
        cs_instant_format(cs_instant_make(member->standing->grant.expires_ms, 0), until);
    }
    cs_certificate_fingerprint(member->chain->leaf_id, fingerprint);
    cs_table_put(&view->table, leaf->person_name);
    cs_table_put(&view->table, leaf->device_name);
    cs_table_put_text(&view->table, fingerprint);
    cs_table_put(&view->table, cs_buffer_bytes(&rights));
    cs_table_put_text(&view->table, until);
    cs_table_put_text(&view->table, key_words(view->work->command, member));
    cs_buffer_release(&rights);
}

static void put_json(struct view *view, const struct member *member)
{
    char fingerprint[24];
    const struct cs_vault_standing_grant *standing = member->standing;
    const struct cs_certificate *leaf = &member->chain->leaf;
    struct cs_json *json = cs_json_object();
    cs_certificate_fingerprint(member->chain->leaf_id, fingerprint);
    cs_json_set(json, "person", cs_command_json_id(&leaf->person));
    cs_json_set(json, "person_name", cs_json_text(leaf->person_name));
    cs_json_set(json, "device", cs_json_text(leaf->device_name));
    cs_json_set(json, "fingerprint", cs_json_text(cs_bytes_of_text(fingerprint)));
    cs_json_set(json, "granted", cs_json_boolean(standing != NULL));
    cs_json_set(json, "rights",
                cs_vault_rights_json(standing == NULL ? 0 : standing->grant.rights));
    cs_json_set(json, "until",
                standing == NULL || standing->grant.expires_ms == 0
                    ? cs_json_null()
                    : cs_vault_time_json(standing->grant.expires_ms));
    cs_json_set(json, "has_key", cs_json_boolean(standing != NULL && !standing->lacks));
    cs_json_set(json, "revoked", cs_json_boolean(standing != NULL && standing->revoked));
    cs_json_set(json, "expired", cs_json_boolean(standing != NULL && standing->expired));
    cs_json_append(view->members, json);
}

static void put(struct view *view, const struct member *member)
{
    if (view->work->command->json) {
        put_json(view, member);
    } else {
        put_row(view, member);
    }
}

/* ---- all of them ---- */

static const struct cs_vault_standing_grant *grant_of(const struct view *view,
                                                      const uint8_t *certificate)
{
    for (size_t i = 0; i < view->grant_count; i++) {
        if (memcmp(view->grants[i].grant.recipient, certificate, CS_HASH_SIZE) == 0) {
            return &view->grants[i];
        }
    }
    return NULL;
}

/* Was a device of this person shown already, with an earlier grant? */
static bool shown(const struct view *view, size_t index, const struct cs_chain *chain)
{
    for (size_t i = 0; i < index; i++) {
        const struct cs_chain *other = NULL;
        if (cs_vault_book_chain(view->work->book, view->grants[i].grant.recipient, &other) ==
                CS_OK &&
            cs_id_equal(&other->leaf.person, &chain->leaf.person)) {
            return true;
        }
    }
    return false;
}

/* All devices of the person: those with a grant, and those in force without. */
static enum cs_status put_person(struct view *view, const struct cs_chain *chain)
{
    struct cs_vault_person person;
    const struct cs_vault_directory *directory = cs_vault_book_directory(view->work->book);
    enum cs_status status =
        cs_vault_book_person(view->work->book, chain->leaf_id, &view->work->arena, &person);
    for (size_t i = 0; status == CS_OK && i < person.count; i++) {
        const struct cs_chain *found = NULL;
        const struct member member = {person.devices[i],
                                      grant_of(view, person.devices[i]->leaf_id)};
        if (member.standing != NULL ||
            directory->find(directory->context, person.devices[i]->leaf_id, &found) == CS_OK) {
            put(view, &member);
        }
    }
    return status;
}

static enum cs_status put_members(struct view *view)
{
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < view->grant_count; i++) {
        const struct cs_chain *chain = NULL;
        status = cs_vault_book_chain(view->work->book, view->grants[i].grant.recipient, &chain);
        if (status == CS_NOT_FOUND) {
            status = CS_OK; /* its row comes with the next sync */
        } else if (status == CS_OK && !shown(view, i, chain)) {
            status = put_person(view, chain);
        }
    }
    return status;
}

static enum cs_status answer(struct view *view, const struct cs_vault_of_project *vault,
                             const struct cs_vault_log *log)
{
    struct cs_command *command = view->work->command;
    const struct cs_vault_epoch *epoch = cs_vault_log_epoch_at(log, cs_vault_log_position(log));
    if (!command->json) {
        return cs_table_print(&view->table, command);
    }
    struct cs_json *json = cs_json_object();
    cs_json_set(json, "vault", cs_command_json_id(&vault->vault));
    cs_json_set(json, "project", cs_command_json_id(&vault->project));
    cs_json_set(json, "epoch", cs_json_integer(epoch == NULL ? 0 : epoch->number));
    cs_json_set(json, "four_eyes", cs_json_boolean(epoch != NULL && epoch->four_eyes));
    cs_json_set(json, "members", view->members);
    view->members = NULL;
    return cs_command_json(command, json);
}

static enum cs_status show(struct view *view)
{
    struct cs_vault_of_project vault;
    struct cs_vault_log *log = NULL;
    struct cs_vault_work *work = view->work;
    enum cs_status status =
        cs_vault_work_vault(work, cs_command_argument(work->command, 0), &vault);
    if (status == CS_OK) {
        status = cs_vault_book_log(work->book, &vault.vault, &log, &work->command->problem);
    }
    if (status == CS_OK) {
        status =
            cs_vault_due_grants(work->book, log, &work->arena, &view->grants, &view->grant_count);
    }
    if (status == CS_OK) {
        status = put_members(view);
    }
    return status != CS_OK ? status : answer(view, &vault, log);
}

enum cs_status cs_vault_command_members(struct cs_command *command)
{
    struct cs_vault_work work;
    enum cs_status status = cs_command_expect(command, 1, 1);
    if (status != CS_OK) {
        return status;
    }
    struct view view = {.work = &work, .members = cs_json_array()};
    cs_table_init(&view.table, 6);
    cs_table_put_text(&view.table, cs_command_words(command, "person", "人员"));
    cs_table_put_text(&view.table, cs_command_words(command, "device", "设备"));
    cs_table_put_text(&view.table, cs_command_words(command, "fingerprint", "指纹"));
    cs_table_put_text(&view.table, cs_command_words(command, "rights", "权限"));
    cs_table_put_text(&view.table, cs_command_words(command, "until", "截止"));
    cs_table_put_text(&view.table, cs_command_words(command, "key", "密钥"));
    status = cs_vault_work_begin(command, &work);
    if (status == CS_OK) {
        status = show(&view);
    }
    cs_table_release(&view.table);
    cs_json_destroy(view.members);
    cs_vault_work_end(&work);
    return status;
}
