/* `invite-owner`: the owner's laptop was copied, and no other device could invite it; or every owner's laptop is lost (--lost). */
#include "shared/base/text.h"
#include "sync-server/commands/facts.h"
#include "sync-server/commands/folder.h"
#include "sync-server/commands/master_key.h"
#include "sync-server/handlers/owner_return.h"

#define INVITE_MAX (64 * CS_KIBI)
#define DEVICES_ARENA_MAX (256 * CS_MEBI)

static enum cs_status make(struct cs_admin *admin, bool lost, struct cs_buffer *out)
{
    const char *folder = admin->arguments[0];
    struct cs_secret *master_key = NULL;
    int lock = -1;
    enum cs_status status = cs_folder_check(folder, &admin->problem);
    if (status == CS_OK) {
        status = cs_folder_lock(folder, &lock, &admin->problem);
    }
    if (status == CS_OK) {
        status = cs_master_key_load(admin, folder, &master_key);
    }
    if (status == CS_OK) {
        struct cs_server_options options = {
            .world = admin->around.world,
            .folder = folder,
            .registry = admin->around.registry,
            .master_key = cs_secret_bytes(master_key),
            .log = admin->around.log,
        };
        status = lost ? cs_server_invite_lost_owner(&options, out, &admin->problem)
                      : cs_server_invite_owner(&options, out, &admin->problem);
    }
    cs_secret_destroy(master_key);
    cs_folder_unlock(lock);
    return status;
}

/* ---- who the owners were ---- */

static struct cs_json *owner_json(const struct cs_device *device)
{
    char person[CS_ID_TEXT_SIZE];
    struct cs_json *json = cs_json_object();
    cs_id_format(&device->person, person);
    cs_json_set(json, "person", cs_admin_json_text(person));
    cs_json_set(json, "person_name", cs_json_text(device->person_name));
    cs_json_set(json, "device_name", cs_json_text(device->device_name));
    cs_json_set(json, "state", cs_admin_json_text(cs_facts_device_state(device->state)));
    cs_json_set(json, "seen", cs_admin_json_time(device->seen_ms));
    return json;
}

/* Names in certificates have no control characters. */
static void note_owner(struct cs_admin *admin, const struct cs_device *device)
{
    char person[CS_ID_TEXT_SIZE];
    char seen[CS_TIME_TEXT_MAX];
    cs_id_format(&device->person, person);
    cs_instant_format(cs_instant_make(device->seen_ms - device->seen_ms % 1000, 0), seen);
    cs_admin_note(admin, "owner %.*s, person id %s, device %.*s: %s, last seen %s",
                  (int)device->person_name.size, (const char *)device->person_name.data, person,
                  (int)device->device_name.size,
                  device->device_name.size == 0 ? "" : (const char *)device->device_name.data,
                  cs_facts_device_state(device->state), seen);
}

/* For the operator, who has to be sure that they are lost, and for the new laptop: --person-id. */
static enum cs_status show_owners(struct cs_admin *admin, struct cs_json *list)
{
    struct cs_arena arena;
    struct cs_store *store = NULL;
    struct cs_device *devices = NULL;
    size_t count = 0;
    cs_arena_init(&arena, DEVICES_ARENA_MAX);
    enum cs_status status =
        cs_folder_open_reader(&admin->around, admin->arguments[0], &store, &admin->problem);
    if (status == CS_OK) {
        status = cs_store_devices(store, &arena, &devices, &count);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        if ((devices[i].roles & CS_ROLE(OWNER)) == 0) {
            continue;
        }
        note_owner(admin, &devices[i]);
        if (list != NULL) {
            cs_json_append(list, owner_json(&devices[i]));
        }
    }
    cs_store_close(store);
    cs_arena_release(&arena);
    return status;
}

/* ---- the answer ---- */

static enum cs_status answer_json(struct cs_admin *admin, bool lost, const char *output,
                                  struct cs_bytes invite)
{
    enum cs_status status = CS_OK;
    struct cs_json *json = cs_json_object();
    if (output != NULL) {
        cs_json_set(json, "invite_file", cs_admin_json_text(output));
    } else {
        cs_json_set(json, "invite", cs_json_text(invite));
    }
    if (lost) {
        struct cs_json *owners = cs_json_array();
        status = show_owners(admin, owners);
        cs_json_set(json, "owners", owners);
    }
    if (status != CS_OK) {
        cs_json_destroy(json);
        return status;
    }
    return cs_admin_json(admin, json);
}

static enum cs_status answer(struct cs_admin *admin, bool lost, const char *output,
                             struct cs_bytes invite)
{
    const struct cs_world *world = admin->around.world;
    if (output != NULL) {
        enum cs_status status = world->file_replace(world->context, output, invite);
        if (status != CS_OK) {
            return cs_problem_set(&admin->problem, status, "the invite cannot be written to %s: %s",
                                  output, cs_status_text(status));
        }
    }
    if (admin->json) {
        return answer_json(admin, lost, output, invite);
    }
    if (output == NULL) {
        (void)fwrite(invite.data, 1, invite.size, admin->around.out);
    }
    return lost ? show_owners(admin, NULL) : CS_OK;
}

static void note_next(struct cs_admin *admin, bool lost)
{
    if (lost) {
        cs_admin_note(admin, "start the server again; then, on a new laptop: countersign join FILE "
                             "--root-shares --person NAME --person-id ID, with the id of one of "
                             "these persons, whose place it takes");
        cs_admin_note(admin, "it works once, and only with enough shares of the organisation's "
                             "root key. Be sure that these devices are lost: until they are "
                             "revoked they stay what they are");
        return;
    }
    cs_admin_note(admin, "start the server again; then, on the owner's laptop and in its "
                         "folder: countersign join with this invite");
    cs_admin_note(admin, "it works once, and only where the organisation's root key is. Be "
                         "sure whose laptop it is: a copy of the disk has that key too");
}

enum cs_status cs_admin_invite_owner(struct cs_admin *admin)
{
    const char *output = NULL;
    struct cs_buffer invite;
    bool lost = cs_admin_flag(admin, "--lost");
    enum cs_status status = cs_admin_option(admin, "--output", &output);
    if (status == CS_OK) {
        status = cs_admin_expect(admin, 1);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_init(&invite, INVITE_MAX);
    status = make(admin, lost, &invite);
    if (status == CS_OK) {
        status = answer(admin, lost, output, cs_buffer_bytes(&invite));
    }
    if (status == CS_OK) {
        note_next(admin, lost);
    }
    cs_buffer_release(&invite);
    return status;
}
