/*
 * What libcurl and HTTP say, in our terms: a status, and a text that says what to do.
 */
#ifndef CS_TRANSPORT_CURL_STATUS_H
#define CS_TRANSPORT_CURL_STATUS_H

#include "shared/base/status.h"

#include <curl/curl.h>

/* CS_OK for CURLE_OK. `detail` is libcurl's own text, may be empty. */
enum cs_status cs_curl_status(CURLcode code, const char *address, const char *detail,
                              struct cs_problem *problem);
/* CS_OK for 200. */
enum cs_status cs_http_status(long http_status, const char *address, struct cs_problem *problem);

#endif
