/* `invite-owner`: the owner's laptop was copied, and no other device could invite it. */
#include "sync-server/commands/folder.h"
#include "sync-server/commands/master_key.h"
#include "sync-server/handlers/owner_return.h"

#define INVITE_MAX (64 * CS_KIBI)

static enum cs_status make(struct cs_admin *admin, struct cs_buffer *out)
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
        status = cs_server_invite_owner(&options, out, &admin->problem);
    }
    cs_secret_destroy(master_key);
    cs_folder_unlock(lock);
    return status;
}

static enum cs_status answer(struct cs_admin *admin, const char *output, struct cs_bytes invite)
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
        struct cs_json *json = cs_json_object();
        if (output != NULL) {
            cs_json_set(json, "invite_file", cs_admin_json_text(output));
        } else {
            cs_json_set(json, "invite", cs_json_text(invite));
        }
        return cs_admin_json(admin, json);
    }
    if (output == NULL) {
        (void)fwrite(invite.data, 1, invite.size, admin->around.out);
    }
    return CS_OK;
}

enum cs_status cs_admin_invite_owner(struct cs_admin *admin)
{
    const char *output = NULL;
    struct cs_buffer invite;
    enum cs_status status = cs_admin_option(admin, "--output", &output);
    if (status == CS_OK) {
        status = cs_admin_expect(admin, 1);
    }
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_init(&invite, INVITE_MAX);
    status = make(admin, &invite);
    if (status == CS_OK) {
        status = answer(admin, output, cs_buffer_bytes(&invite));
    }
    if (status == CS_OK) {
        cs_admin_note(admin, "start the server again; then, on the owner's laptop and in its "
                             "folder: countersign join with this invite");
        cs_admin_note(admin, "it works once, and only where the organisation's root key is. Be "
                             "sure whose laptop it is: a copy of the disk has that key too");
    }
    cs_buffer_release(&invite);
    return status;
}
