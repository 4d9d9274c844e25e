/* What comes with a request, in a file of the kernel's memory that has no name. */
#include "field-client/api/api_internal.h"

#include "shared/crypto/secret.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int cs_api_file(const char *purpose)
{
    return memfd_create(purpose, MFD_CLOEXEC);
}

enum cs_status cs_api_body_secret(const struct cs_api_request *request, struct cs_secret **out)
{
    struct cs_secret *secret = NULL;
    size_t done = 0;
    if (request->size == 0) {
        return CS_MALFORMED;
    }
    enum cs_status status = cs_secret_create((size_t)request->size, &secret);
    while (status == CS_OK && done < request->size) {
        ssize_t count = pread(request->body, cs_secret_data(secret) + done,
                              (size_t)request->size - done, (off_t)done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        done += count > 0 ? (size_t)count : 0;
        status = count > 0 ? CS_OK : CS_IO;
    }
    if (status != CS_OK) {
        cs_secret_destroy(secret);
        return status;
    }
    *out = secret;
    return CS_OK;
}
