/* The program's pages, as they were built in; see field-client/interface. */
#include "field-client/api/api_internal.h"

#include "field-client/api/assets.h"

#include <string.h>

/* Their names have a hash of the content, so that a name never means something else. */
#define FOREVER "public, max-age=31536000, immutable"

static const struct cs_asset *find(const char *path)
{
    size_t count = 0;
    const struct cs_asset *assets = cs_assets(&count);
    const char *wanted = strcmp(path, "/") == 0 ? "/index.html" : path;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(assets[i].path, wanted) == 0) {
            return &assets[i];
        }
    }
    return NULL;
}

static bool add_heads(struct MHD_Response *response, const struct cs_asset *asset)
{
    bool named_by_hash = strncmp(asset->path, "/assets/", 8) == 0;
    return MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, asset->media_type) ==
               MHD_YES &&
           (!asset->compressed ||
            MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip") ==
                MHD_YES) &&
           (!named_by_hash ||
            MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, FOREVER) == MHD_YES);
}

enum MHD_Result cs_api_handle_page(struct cs_api *api, struct MHD_Connection *connection,
                                   struct cs_api_request *request)
{
    (void)api;
    const struct cs_asset *asset = find(request->path);
    if (asset == NULL) {
        return cs_api_refuse(connection, MHD_HTTP_NOT_FOUND, CS_NOT_FOUND, "there is nothing here");
    }
    union {
        const uint8_t *read_only;
        void *taken;
    } bytes = {.read_only = asset->bytes}; /* the library copies nothing, and changes nothing */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(asset->size, bytes.taken, MHD_RESPMEM_PERSISTENT);
    if (response != NULL && !add_heads(response, asset)) {
        MHD_destroy_response(response);
        return MHD_NO;
    }
    return cs_api_send(connection, MHD_HTTP_OK, response);
}
