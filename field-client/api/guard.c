/*
 * Which requests are listened to at all.
 *
 * Every page that the browser has open can send requests to 127.0.0.1. Host: a name that an attacker's name server maps to this address
 * (DNS rebinding) is not ours. Origin and Sec-Fetch-Site (Fetch standard; W3C Fetch Metadata): the browser says where a request comes from.
 * No answer allows another origin anything, so that none can read one, or send the Authorization header.
 *
 * A window may come to the first page from wherever it was: `countersign ui` opens a file that sends it on, and a person's bookmarks do. There is
 * nothing in that page but the program's own text, and no frame shows it (Sec-Fetch-Dest tells a window from a frame).
 */
#include "field-client/api/api_internal.h"

#include <string.h>

static const char *head(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool says(struct MHD_Connection *connection, const char *name, const char *value)
{
    const char *said = head(connection, name);
    return said != NULL && strcmp(said, value) == 0;
}

static bool is_arrival(struct MHD_Connection *connection, const char *method, const char *path)
{
    return strcmp(method, MHD_HTTP_METHOD_GET) == 0 && strcmp(path, "/") == 0 &&
           says(connection, "Sec-Fetch-Mode", "navigate") &&
           says(connection, "Sec-Fetch-Dest", "document");
}

bool cs_api_is_own(const struct cs_api *api, struct MHD_Connection *connection, const char *method,
                   const char *path)
{
    const char *host = head(connection, MHD_HTTP_HEADER_HOST);
    const char *origin = head(connection, MHD_HTTP_HEADER_ORIGIN);
    const char *site = head(connection, "Sec-Fetch-Site");
    return host != NULL && strcmp(host, api->own_host) == 0 &&
           (origin == NULL || strcmp(origin, api->own_origin) == 0) &&
           (site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0 ||
            is_arrival(connection, method, path));
}

bool cs_api_has_bearer(const struct cs_api *api, struct MHD_Connection *connection)
{
    static const char scheme[] = "Bearer ";
    const char *text = head(connection, MHD_HTTP_HEADER_AUTHORIZATION);
    return text != NULL && strncmp(text, scheme, sizeof scheme - 1) == 0 &&
           cs_api_session_is_bearer(api->session, cs_bytes_of_text(text + sizeof scheme - 1));
}
