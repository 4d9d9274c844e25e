/* `init`: a new server, its keys, and the owner's invite. */
#include "shared/base/text.h"
#include "sync-server/commands/folder.h"
#include "sync-server/commands/master_key.h"
#include "sync-server/listener/tls_identity.h"

#include <string.h>

#define INVITE_MAX (64 * CS_KIBI)
#define TLS_MAX (16 * CS_KIBI)

struct init {
    const char *folder;
    const char *address;
    const char *output; /* NULL: standard output */
    int lock;
    bool made_key;
    char key_path[CS_FOLDER_PATH_MAX];
    struct cs_secret *master_key;
    struct cs_buffer invite; /* a secret */
};

/* "host:port" with a port from 1 to 65535; a numeric IPv6 address stands in brackets. Devices do the rest. */
static enum cs_status check_address(struct cs_admin *admin, const char *address)
{
    if (address == NULL) {
        return cs_admin_usage(admin, "--address is missing: HOST:PORT that devices connect to");
    }
    const char *colon = strrchr(address, ':');
    size_t host = colon == NULL ? 0 : (size_t)(colon - address);
    int64_t port = 0;
    bool fine = host > 0 && host <= 255 &&
                cs_integer_parse(cs_bytes_of_text(colon + 1), &port) == CS_OK && port >= 1 &&
                port <= 65535;
    bool bracketed = fine && address[0] == '[' && address[host - 1] == ']';
    for (size_t i = 0; fine && i < host; i++) {
        unsigned char c = (unsigned char)address[i];
        fine = c > 0x20 && c < 0x7f && c != '/' && (bracketed || c != ':');
    }
    return fine ? CS_OK : cs_admin_usage(admin, "%s is not HOST:PORT", address);
}

static enum cs_status parse(struct cs_admin *admin, struct init *init)
{
    enum cs_status status = cs_admin_option(admin, "--address", &init->address);
    if (status == CS_OK) {
        status = cs_admin_option(admin, "--output", &init->output);
    }
    if (status == CS_OK) {
        status = cs_admin_expect(admin, 1);
    }
    if (status == CS_OK) {
        status = check_address(admin, init->address);
    }
    init->folder = status == CS_OK ? admin->arguments[0] : NULL;
    return status;
}

static enum cs_status prepare_folder(struct cs_admin *admin, struct init *init)
{
    struct cs_problem *problem = &admin->problem;
    bool made;
    enum cs_status status = cs_folder_make(init->folder, &made, problem);
    if (status == CS_OK) {
        status = cs_folder_lock(init->folder, &init->lock, problem);
    }
    if (status == CS_OK && (cs_folder_has(init->folder, CS_SERVER_KEYS_FILE) ||
                            cs_folder_has(init->folder, CS_SERVER_DATABASE_FILE))) {
        return cs_problem_set(problem, CS_EXISTS,
                              "%s holds a server already: choose another folder", init->folder);
    }
    if (status == CS_OK) {
        status = cs_master_key_path(admin, init->folder, init->key_path, problem);
    }
    if (status == CS_OK) {
        status =
            cs_master_key_load_or_make(admin, init->folder, &init->master_key, &init->made_key);
    }
    return status;
}

static enum cs_status make_server(struct cs_admin *admin, struct init *init)
{
    struct cs_buffer key;
    struct cs_buffer certificate;
    cs_buffer_init(&key, TLS_MAX);
    cs_buffer_init(&certificate, TLS_MAX);
    struct cs_tls_material tls;
    enum cs_status status = cs_tls_identity_create(&key, &certificate);
    if (status == CS_OK) {
        tls.key = cs_buffer_bytes(&key);
        tls.certificate = cs_buffer_bytes(&certificate);
        status = cs_tls_identity_pin(tls.certificate, tls.key_hash);
    }
    if (status == CS_OK) {
        struct cs_server_options options = {
            .world = admin->around.world,
            .folder = init->folder,
            .registry = admin->around.registry,
            .master_key = cs_secret_bytes(init->master_key),
            .log = admin->around.log,
        };
        status = cs_server_init(&options, &tls, init->address, &init->invite, &admin->problem);
    }
    cs_buffer_release(&key);
    cs_buffer_release(&certificate);
    return status;
}

static enum cs_status write_invite(struct cs_admin *admin, const struct init *init)
{
    const struct cs_world *world = admin->around.world;
    if (init->output == NULL) {
        return CS_OK;
    }
    enum cs_status status =
        world->file_replace(world->context, init->output, cs_buffer_bytes(&init->invite));
    if (status != CS_OK) {
        return cs_problem_set(&admin->problem, status, "the invite cannot be written to %s: %s",
                              init->output, cs_status_text(status));
    }
    return CS_OK;
}

static enum cs_status answer(struct cs_admin *admin, const struct init *init)
{
    struct cs_bytes invite = cs_buffer_bytes(&init->invite);
    if (admin->json) {
        struct cs_json *json = cs_json_object();
        cs_json_set(json, "folder", cs_admin_json_text(init->folder));
        cs_json_set(json, "address", cs_admin_json_text(init->address));
        cs_json_set(json, "master_key_file", cs_admin_json_text(init->key_path));
        if (init->output != NULL) {
            cs_json_set(json, "invite_file", cs_admin_json_text(init->output));
        } else {
            cs_json_set(json, "invite", cs_json_text(invite));
        }
        return cs_admin_json(admin, json);
    }
    if (init->output == NULL) {
        (void)fwrite(invite.data, 1, invite.size, admin->around.out);
    }
    return CS_OK;
}

static void show_next_steps(struct cs_admin *admin, const struct init *init)
{
    cs_admin_note(admin, "the server is in %s; devices will connect to %s", init->folder,
                  init->address);
    cs_admin_note(admin, "%s master key is %s: keep a copy of it apart from all backups",
                  init->made_key ? "its new" : "its", init->key_path);
    cs_admin_note(admin, "next: countersign-server serve %s --listen ADDR:PORT", init->folder);
    cs_admin_note(admin, "then, on the owner's computer: countersign join, with %s%s",
                  init->output == NULL ? "the invite printed here" : "the invite in ",
                  init->output == NULL ? "" : init->output);
    cs_admin_note(admin, "the invite works once; whoever uses it first is the owner: hand it "
                         "over in person and delete it");
}

enum cs_status cs_admin_init(struct cs_admin *admin)
{
    struct init init = {.lock = -1};
    enum cs_status status = parse(admin, &init);
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_init(&init.invite, INVITE_MAX);
    status = prepare_folder(admin, &init);
    if (status == CS_OK) {
        status = make_server(admin, &init);
        if (status == CS_OK) {
            status = write_invite(admin, &init);
        }
        if (status != CS_OK) {
            /* Neither was there before. A server whose invite nobody has can never be joined. */
            cs_folder_remove(init.folder, CS_SERVER_KEYS_FILE);
            cs_folder_remove_database(init.folder);
        }
    }
    if (status == CS_OK) {
        status = answer(admin, &init);
    }
    if (status == CS_OK) {
        show_next_steps(admin, &init);
    }
    cs_buffer_release(&init.invite);
    cs_secret_destroy(init.master_key);
    cs_folder_unlock(init.lock);
    return status;
}
