/* The home folder, see home_folder.h. */
#include "field-client/commands/home_folder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static enum cs_status make_folder(struct cs_command *command, const char *path)
{
    struct stat found;
    if (mkdir(path, 0700) == 0) {
        return CS_OK;
    }
    if (errno == EEXIST && stat(path, &found) == 0) {
        return S_ISDIR(found.st_mode)
                   ? CS_OK
                   : cs_problem_set(&command->problem, CS_INVALID,
                                    "%.300s is a file: --home needs a folder", path);
    }
    return cs_problem_set(&command->problem, CS_IO, "the folder %.300s cannot be made: %s", path,
                          strerror(errno));
}

/* The home folder and all above it. */
enum cs_status cs_command_make_home(struct cs_command *command)
{
    char path[CS_HOME_PATH_MAX];
    size_t size = strlen(command->home);
    if (size == 0 || size >= sizeof path) {
        return cs_problem_set(&command->problem, CS_INVALID, "the path of the home is too long");
    }
    memcpy(path, command->home, size + 1);
    enum cs_status status = CS_OK;
    for (size_t i = 1; status == CS_OK && i < size; i++) {
        if (path[i] == '/') {
            path[i] = '\0';
            status = make_folder(command, path);
            path[i] = '/';
        }
    }
    return status != CS_OK ? status : make_folder(command, path);
}
