/* The master key, see master_key.h. */
#include "sync-server/commands/master_key.h"

#include "shared/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX ((size_t)256)
#define CREDENTIAL "countersign-master-key"

enum cs_status cs_master_key_path(const struct cs_admin *admin, const char *folder,
                                  char out[static CS_FOLDER_PATH_MAX], struct cs_problem *problem)
{
    const char *given = admin->master_key_file;
    if (given == NULL) {
        given = getenv("COUNTERSIGN_MASTER_KEY_FILE");
    }
    if (given != NULL && given[0] != '\0') {
        int length = snprintf(out, CS_FOLDER_PATH_MAX, "%s", given);
        return length >= 0 && length < CS_FOLDER_PATH_MAX
                   ? CS_OK
                   : cs_problem_set(problem, CS_INVALID, "the master key's path is too long");
    }
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    if (credentials != NULL && cs_folder_has(credentials, CREDENTIAL)) {
        return cs_folder_path(credentials, CREDENTIAL, out, problem);
    }
    return cs_folder_path(folder, CS_FOLDER_MASTER_KEY, out, problem);
}

/* White space at the end belongs to a text, never to raw bytes: those are exactly 32. */
static bool decode(struct cs_bytes content, uint8_t out[static CS_MASTER_KEY_SIZE])
{
    if (content.size == CS_MASTER_KEY_SIZE) {
        memcpy(out, content.data, CS_MASTER_KEY_SIZE);
        return true;
    }
    while (content.size > 0 && strchr("\r\n\t ", content.data[content.size - 1]) != NULL) {
        content.size--;
    }
    return content.size == (size_t)2 * CS_MASTER_KEY_SIZE &&
           cs_hex_decode(content, out, CS_MASTER_KEY_SIZE) == CS_OK;
}

static enum cs_status read_problem(struct cs_admin *admin, enum cs_status status, const char *path)
{
    switch ((int)status) {
    case CS_NOT_FOUND:
        return cs_problem_set(&admin->problem, status,
                              "there is no master key at %s: name its file with --master-key",
                              path);
    case CS_LIMIT:
        return cs_problem_set(&admin->problem, CS_INVALID,
                              "%s is no master key: it must be 64 hexadecimal digits or 32 bytes",
                              path);
    default:
        return cs_problem_set(&admin->problem, status, "the master key %s cannot be read: %s", path,
                              cs_status_text(status));
    }
}

static void warn_if_open(struct cs_admin *admin, const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && (info.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        cs_admin_note(admin, "everyone on this machine can read the master key: chmod 0600 %s",
                      path);
    }
}

static enum cs_status load_path(struct cs_admin *admin, const char *path, struct cs_secret **out)
{
    const struct cs_world *world = admin->around.world;
    struct cs_buffer content;
    cs_buffer_init(&content, FILE_MAX);
    uint8_t key[CS_MASTER_KEY_SIZE];
    enum cs_status status = world->file_read(world->context, path, &content);
    if (status == CS_OK && !decode(cs_buffer_bytes(&content), key)) {
        status = CS_LIMIT;
    }
    if (status != CS_OK) {
        status = read_problem(admin, status, path);
    } else {
        warn_if_open(admin, path);
        status = cs_secret_create_copy(cs_bytes_of_array(key), out);
    }
    cs_wipe(key, sizeof key);
    cs_buffer_release(&content);
    return status;
}

enum cs_status cs_master_key_load(struct cs_admin *admin, const char *folder,
                                  struct cs_secret **out)
{
    char path[CS_FOLDER_PATH_MAX];
    enum cs_status status = cs_master_key_path(admin, folder, path, &admin->problem);
    return status == CS_OK ? load_path(admin, path, out) : status;
}

static enum cs_status make(struct cs_admin *admin, const char *path)
{
    const struct cs_world *world = admin->around.world;
    uint8_t key[CS_MASTER_KEY_SIZE];
    char text[2 * CS_MASTER_KEY_SIZE + 2];
    world->random(world->context, key, sizeof key);
    cs_hex_encode(cs_bytes_of_array(key), text);
    text[sizeof text - 2] = '\n';
    enum cs_status status =
        world->file_replace(world->context, path, cs_bytes_make(text, sizeof text - 1));
    cs_wipe(key, sizeof key);
    cs_wipe(text, sizeof text);
    if (status != CS_OK) {
        return cs_problem_set(&admin->problem, status, "the master key %s cannot be written: %s",
                              path, cs_status_text(status));
    }
    return CS_OK;
}

enum cs_status cs_master_key_load_or_make(struct cs_admin *admin, const char *folder,
                                          struct cs_secret **out, bool *out_made)
{
    char path[CS_FOLDER_PATH_MAX];
    enum cs_status status = cs_master_key_path(admin, folder, path, &admin->problem);
    if (status != CS_OK) {
        return status;
    }
    status = load_path(admin, path, out);
    bool made = status == CS_NOT_FOUND;
    if (made) {
        admin->problem.text[0] = '\0';
        status = make(admin, path);
        if (status == CS_OK) {
            status = load_path(admin, path, out);
        }
    }
    if (status == CS_OK) {
        *out_made = made;
    }
    return status;
}
