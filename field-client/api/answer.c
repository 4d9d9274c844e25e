/* What every answer has in common: what the browser may do with it. */
#include "field-client/api/api_internal.h"

#include "shared/base/memory.h"
#include "shared/text/json.h"

/* Everything comes from here: no script or style in a page's text, no other host, no frame, no form that is sent somewhere. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

static const struct {
    const char *name;
    const char *value;
} common[] = {
    {"Content-Security-Policy", policy},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(self), geolocation=(), microphone=()"},
};

enum MHD_Result cs_api_send(struct MHD_Connection *connection, unsigned status,
                            struct MHD_Response *owned_response)
{
    enum MHD_Result result = owned_response == NULL ? MHD_NO : MHD_YES;
    for (size_t i = 0; result == MHD_YES && i < CS_COUNT(common); i++) {
        result = MHD_add_response_header(owned_response, common[i].name, common[i].value);
    }
    if (result == MHD_YES &&
        MHD_get_response_header(owned_response, MHD_HTTP_HEADER_CACHE_CONTROL) == NULL) {
        result = MHD_add_response_header(owned_response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    }
    if (result == MHD_YES) {
        result = MHD_queue_response(connection, status, owned_response);
    }
    if (owned_response != NULL) {
        MHD_destroy_response(owned_response);
    }
    return result;
}

static void wipe(void *context)
{
    struct cs_buffer *text = context;
    cs_wipe(text->data, text->size);
    cs_buffer_release(text);
    cs_free(text);
}

static enum MHD_Result send_json(struct MHD_Connection *connection, unsigned status,
                                 struct cs_json *owned_json)
{
    struct cs_buffer *text = cs_alloc_zero(1, sizeof *text);
    struct MHD_Response *response = NULL;
    if (text != NULL) {
        cs_buffer_init(text, 64 * CS_KIBI);
        if (cs_json_write(owned_json, 0, text) == CS_OK) {
            response = MHD_create_response_from_buffer_with_free_callback_cls(
                text->size, text->data, wipe, text);
        }
        if (response == NULL) {
            wipe(text);
        }
    }
    cs_json_destroy(owned_json);
    if (response != NULL &&
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, CS_API_JSON) != MHD_YES) {
        MHD_destroy_response(response);
        response = NULL;
    }
    return cs_api_send(connection, status, response);
}

enum MHD_Result cs_api_refuse(struct MHD_Connection *connection, unsigned http_status,
                              enum cs_status status, const char *text)
{
    struct cs_json *error = cs_json_object();
    struct cs_json *json = cs_json_object();
    cs_json_set(error, "status", cs_json_text(cs_bytes_of_text(cs_status_name(status))));
    cs_json_set(error, "text", cs_json_text(cs_bytes_of_text(text)));
    cs_json_set(json, "error", error);
    return send_json(connection, http_status, json);
}

enum MHD_Result cs_api_tell(struct MHD_Connection *connection, const char *name, const char *value)
{
    struct cs_json *json = cs_json_object();
    cs_json_set(json, name, cs_json_text(cs_bytes_of_text(value)));
    return send_json(connection, MHD_HTTP_OK, json);
}
