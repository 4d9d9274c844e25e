/* Identity files written anew, see identity_files.h. */
#include "field-client/commands/identity_files.h"

#include "shared/base/overwrite.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum cs_status cs_identity_replace(struct cs_command *command, const char *name,
                                   enum cs_status (*save)(void *context, const char *name),
                                   void *context)
{
    char path[CS_HOME_PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", command->home, name);
    int before = size > 0 && (size_t)size < sizeof path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    if (before < 0) {
        return cs_problem_set(&command->problem, CS_IO, "%s cannot be written", name);
    }
    enum cs_status status = save(context, name);
    bool saved = status == CS_OK;
    if (saved) {
        status = cs_file_overwrite(before);
    }
    (void)close(before);
    return status == CS_OK
               ? CS_OK
               : cs_problem_set(&command->problem, status,
                                saved ? "%s is changed, and what is new in it counts; but what it "
                                        "held before may still be read from the disk: it could "
                                        "not be overwritten (%s)"
                                      : "%s: %s",
                                name, cs_status_text(status));
}

enum cs_status cs_former_identities_list(const struct cs_command *command,
                                         struct cs_former_identities *out)
{
    enum cs_status status = CS_OK;
    const struct dirent *entry;
    size_t count = 0;
    DIR *folder = opendir(command->home);
    if (folder == NULL) {
        return CS_IO;
    }
    while (status == CS_OK && (entry = readdir(folder)) != NULL) {
        if (strncmp(entry->d_name, CS_IDENTITY_FORMER_FILE, strlen(CS_IDENTITY_FORMER_FILE)) != 0) {
            continue;
        }
        size_t size = strlen(entry->d_name);
        if (count == CS_FORMER_MAX || size >= CS_FORMER_NAME_SIZE) {
            status = CS_LIMIT;
        } else {
            memcpy(out->names[count++], entry->d_name, size + 1);
        }
    }
    (void)closedir(folder);
    out->count = count;
    return status;
}

enum cs_status cs_identity_check_no_join(struct cs_command *command,
                                         const struct cs_identity *identity)
{
    const struct cs_world *world = command->world;
    char path[CS_HOME_PATH_MAX];
    struct cs_buffer content;
    int size = snprintf(path, sizeof path, "%s/" CS_IDENTITY_JOINING_FILE, command->home);
    if (size < 0 || (size_t)size >= sizeof path) {
        return CS_INVALID;
    }
    cs_buffer_init(&content, CS_MEBI);
    enum cs_status status = world->file_read(world->context, path, &content);
    bool any = status == CS_OK && content.size > 0;
    cs_buffer_release(&content);
    if (!any) {
        return status == CS_NOT_FOUND ? CS_OK : status;
    }
    if (!cs_identity_is_saved(world, identity, command->home, CS_IDENTITY_JOINING_FILE)) {
        return cs_problem_set(&command->problem, CS_DENIED,
                              "a join was begun here and not finished: run it again first");
    }
    return world->file_replace(world->context, path, CS_BYTES_NONE);
}
