/* The pages of the browser interface, as they are embedded in the program.
 *
 * The definition is made at build time from field-client/interface (CMakeLists.txt there), library cs_field_client_assets.
 */
#ifndef CS_FIELD_CLIENT_API_ASSETS_H
#define CS_FIELD_CLIENT_API_ASSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cs_asset {
    const char *
        path; /* "/index.html", "/assets/index-4f1c.js": what is below /assets/ never changes under its name */
    const char *media_type; /* for Content-Type */
    const uint8_t *bytes;
    size_t size;
    bool compressed; /* @bytes is gzip: Content-Encoding */
};

/* All of them, in the order of their paths. They live as long as the program. */
const struct cs_asset *cs_assets(size_t *out_count);

#endif
