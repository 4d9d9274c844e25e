/* Key files, see key_file.h. */
#include "sync-server/commands/key_file.h"

#include "shared/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX ((size_t)256)

const struct cs_key_file_kind cs_key_file_master = {
    .noun = "master key",
    .option = "--master-key",
    .variable = "COUNTERSIGN_MASTER_KEY_FILE",
    .credential = "countersign-master-key",
    .file = CS_FOLDER_MASTER_KEY,
};
const struct cs_key_file_kind cs_key_file_backup = {
    .noun = "backup key",
    .option = "--key",
    .variable = "COUNTERSIGN_BACKUP_KEY_FILE",
    .credential = "countersign-backup-key",
    .file = CS_FOLDER_BACKUP_KEY,
};

enum cs_status cs_key_file_path(const struct cs_key_file_kind *kind, const char *given,
                                const char *folder, char out[static CS_FOLDER_PATH_MAX],
                                struct cs_problem *problem)
{
    if (given == NULL) {
        given = getenv(kind->variable);
    }
    if (given != NULL && given[0] != '\0') {
        int length = snprintf(out, CS_FOLDER_PATH_MAX, "%s", given);
        return length >= 0 && length < CS_FOLDER_PATH_MAX
                   ? CS_OK
                   : cs_problem_set(problem, CS_INVALID, "the %s's path is too long", kind->noun);
    }
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    if (credentials != NULL && cs_folder_has(credentials, kind->credential)) {
        return cs_folder_path(credentials, kind->credential, out, problem);
    }
    return folder != NULL ? cs_folder_path(folder, kind->file, out, problem)
                          : cs_problem_set(problem, CS_USAGE, "name the %s's file with %s",
                                           kind->noun, kind->option);
}

/* White space at the end belongs to a text, never to raw bytes: those are exactly 32. */
static bool decode(struct cs_bytes content, uint8_t out[static CS_KEY_FILE_KEY_SIZE])
{
    if (content.size == CS_KEY_FILE_KEY_SIZE) {
        memcpy(out, content.data, CS_KEY_FILE_KEY_SIZE);
        return true;
    }
    while (content.size > 0 && strchr("\r\n\t ", content.data[content.size - 1]) != NULL) {
        content.size--;
    }
    return content.size == (size_t)2 * CS_KEY_FILE_KEY_SIZE &&
           cs_hex_decode(content, out, CS_KEY_FILE_KEY_SIZE) == CS_OK;
}

static enum cs_status read_problem(const struct cs_key_file_kind *kind, struct cs_admin *admin,
                                   enum cs_status status, const char *path)
{
    switch ((int)status) {
    case CS_NOT_FOUND:
        return cs_problem_set(&admin->problem, status,
                              "there is no %s at %s: name its file with %s", kind->noun, path,
                              kind->option);
    case CS_LIMIT:
        return cs_problem_set(&admin->problem, CS_INVALID,
                              "%s is no %s: it must be 64 hexadecimal digits or 32 bytes", path,
                              kind->noun);
    default:
        return cs_problem_set(&admin->problem, status, "the %s %s cannot be read: %s", kind->noun,
                              path, cs_status_text(status));
    }
}

static void warn_if_open(const struct cs_key_file_kind *kind, struct cs_admin *admin,
                         const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && (info.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        cs_admin_note(admin, "everyone on this machine can read the %s: chmod 0600 %s", kind->noun,
                      path);
    }
}

enum cs_status cs_key_file_load(const struct cs_key_file_kind *kind, struct cs_admin *admin,
                                const char *path, struct cs_secret **out)
{
    const struct cs_world *world = admin->around.world;
    struct cs_buffer content;
    cs_buffer_init(&content, FILE_MAX);
    uint8_t key[CS_KEY_FILE_KEY_SIZE];
    enum cs_status status = world->file_read(world->context, path, &content);
    if (status == CS_OK && !decode(cs_buffer_bytes(&content), key)) {
        status = CS_LIMIT;
    }
    if (status != CS_OK) {
        status = read_problem(kind, admin, status, path);
    } else {
        warn_if_open(kind, admin, path);
        status = cs_secret_create_copy(cs_bytes_of_array(key), out);
    }
    cs_wipe(key, sizeof key);
    cs_buffer_release(&content);
    return status;
}

enum cs_status cs_key_file_make(const struct cs_key_file_kind *kind, struct cs_admin *admin,
                                const char *path)
{
    const struct cs_world *world = admin->around.world;
    uint8_t key[CS_KEY_FILE_KEY_SIZE];
    char text[2 * CS_KEY_FILE_KEY_SIZE + 2];
    struct stat info;
    if (stat(path, &info) == 0) {
        return cs_problem_set(&admin->problem, CS_EXISTS, "there is a file %s already", path);
    }
    world->random(world->context, key, sizeof key);
    cs_hex_encode(cs_bytes_of_array(key), text);
    text[sizeof text - 2] = '\n';
    enum cs_status status =
        world->file_replace(world->context, path, cs_bytes_make(text, sizeof text - 1));
    cs_wipe(key, sizeof key);
    cs_wipe(text, sizeof text);
    if (status != CS_OK) {
        return cs_problem_set(&admin->problem, status, "the %s %s cannot be written: %s",
                              kind->noun, path, cs_status_text(status));
    }
    return CS_OK;
}
