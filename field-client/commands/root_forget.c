/*
 * The files of a laptop that hold the root key, written anew without it; see root_forget.h.
 *
 * A file is replaced by another one, and then what stood in the former is overwritten through a descriptor that was opened before. What a
 * flash disk or a copying file system keeps of it elsewhere is beyond a program; it is encrypted under the passphrase.
 */
#include "field-client/commands/root_forget.h"

#include "field-client/console/passphrase_prompt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMER_MAX 64
#define NAME_MAX_SIZE 64

static enum cs_status overwrite(int file)
{
    static const uint8_t zeros[512];
    struct stat found;
    if (fstat(file, &found) != 0) {
        return CS_IO;
    }
    for (off_t at = 0; at < found.st_size;) {
        size_t left = (size_t)(found.st_size - at);
        ssize_t count = pwrite(file, zeros, left < sizeof zeros ? left : sizeof zeros, at);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return CS_IO;
        }
        at += count;
    }
    return fsync(file) == 0 ? CS_OK : CS_IO;
}

static enum cs_status forget_in(struct cs_command *command, struct cs_identity *identity,
                                const char *name)
{
    char path[CS_HOME_PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/%s", command->home, name);
    int before = size > 0 && (size_t)size < sizeof path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    if (before < 0) {
        return cs_problem_set(&command->problem, CS_IO, "%s cannot be written", name);
    }
    cs_identity_forget_root(identity);
    enum cs_status status = cs_identity_save(command->world, identity, command->home, name);
    if (status == CS_OK) {
        status = overwrite(before);
    }
    (void)close(before);
    return status == CS_OK
               ? CS_OK
               : cs_problem_set(&command->problem, status, "%s: %s", name, cs_status_text(status));
}

/* The names of former identities. CS_LIMIT: more than anybody has. */
static enum cs_status list_former(const struct cs_command *command, char (*out)[NAME_MAX_SIZE],
                                  size_t *out_count)
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
        if (count == FORMER_MAX || size >= NAME_MAX_SIZE) {
            status = CS_LIMIT;
        } else {
            memcpy(out[count++], entry->d_name, size + 1);
        }
    }
    (void)closedir(folder);
    *out_count = count;
    return status;
}

static enum cs_status forget_former(struct cs_command *command, const char *name,
                                    struct cs_bytes passphrase, size_t *in_out_files)
{
    struct cs_identity *identity = NULL;
    enum cs_status status = cs_identity_unlock(command->world, command->home, name, passphrase,
                                               &identity, &command->problem);
    if (status == CS_OK && cs_identity_root_key(identity) != NULL) {
        status = forget_in(command, identity, name);
        *in_out_files += status == CS_OK ? 1 : 0;
    }
    cs_identity_destroy(identity);
    return status;
}

static enum cs_status forget_all_former(struct cs_command *command, size_t *in_out_files)
{
    char names[FORMER_MAX][NAME_MAX_SIZE];
    size_t count = 0;
    struct cs_secret *passphrase = NULL;
    enum cs_status status = list_former(command, names, &count);
    if (status == CS_OK && count > 0) {
        status = cs_passphrase_read(command->console, CS_PASSPHRASE_UNLOCK, &passphrase,
                                    &command->problem);
    }
    for (size_t i = 0; status == CS_OK && i < count; i++) {
        status = forget_former(command, names[i], cs_secret_bytes(passphrase), in_out_files);
    }
    cs_secret_destroy(passphrase);
    return status;
}

/* Its file holds the keys of the next identity, of which nothing may be lost. */
static enum cs_status check_no_join(struct cs_command *command)
{
    char path[CS_HOME_PATH_MAX];
    struct cs_buffer content;
    int size = snprintf(path, sizeof path, "%s/" CS_IDENTITY_JOINING_FILE, command->home);
    if (size < 0 || (size_t)size >= sizeof path) {
        return CS_INVALID;
    }
    cs_buffer_init(&content, CS_MEBI);
    enum cs_status status = command->world->file_read(command->world->context, path, &content);
    bool unfinished = status == CS_OK && content.size > 0;
    cs_buffer_release(&content);
    if (unfinished) {
        return cs_problem_set(&command->problem, CS_DENIED,
                              "a join was begun here and not finished: run it again first");
    }
    return status == CS_NOT_FOUND ? CS_OK : status;
}

enum cs_status cs_root_forget(struct cs_command *command, size_t *out_files)
{
    size_t files = 0;
    enum cs_status status = check_no_join(command);
    if (status == CS_OK) {
        status = forget_all_former(command, &files);
    }
    if (status == CS_OK) {
        status = forget_in(command, command->identity, CS_IDENTITY_FILE);
    }
    if (status == CS_OK) {
        *out_files = files + 1;
    }
    return status;
}
