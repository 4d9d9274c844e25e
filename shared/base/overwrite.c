/* Overwriting, see overwrite.h. */
#include "shared/base/overwrite.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

enum cs_status cs_file_overwrite(int file)
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
