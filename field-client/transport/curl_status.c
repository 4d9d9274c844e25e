/* What libcurl and HTTP say, in our terms, see curl_status.h. */
#include "field-client/transport/curl_status.h"

/* The status alone; texts are in cs_curl_status. Codes of newer libcurl versions fall under "connection lost". */
static enum cs_status status_of(CURLcode code)
{
    static const struct {
        CURLcode code;
        enum cs_status status;
    } known[] = {
        {CURLE_OK, CS_OK},
        {CURLE_OUT_OF_MEMORY, CS_NO_MEMORY},
        {CURLE_OPERATION_TIMEDOUT, CS_TIMEOUT},
        {CURLE_SSL_PINNEDPUBKEYNOTMATCH, CS_WRONG_SERVER},
        {CURLE_SSL_CONNECT_ERROR, CS_TLS},
        {CURLE_SSL_CIPHER, CS_TLS},
        {CURLE_SSL_CERTPROBLEM, CS_TLS},
        {CURLE_SSL_ENGINE_INITFAILED, CS_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, CS_TLS},
        {CURLE_URL_MALFORMAT, CS_INVALID},
        {CURLE_FILESIZE_EXCEEDED, CS_LIMIT},
        {CURLE_PARTIAL_FILE, CS_UNREACHABLE},
        {CURLE_WEIRD_SERVER_REPLY, CS_MALFORMED},
        {CURLE_UNSUPPORTED_PROTOCOL, CS_MALFORMED},
        {CURLE_BAD_CONTENT_ENCODING, CS_MALFORMED},
    };
    for (size_t i = 0; i < CS_COUNT(known); i++) {
        if (known[i].code == code) {
            return known[i].status;
        }
    }
    return CS_UNREACHABLE;
}

/* What a person can do about it; %s is the address, then libcurl's detail. */
static enum cs_status explain(enum cs_status status, const char *address, const char *detail,
                              struct cs_problem *problem)
{
    switch ((int)status) {
    case CS_TIMEOUT:
        return cs_problem_set(problem, status,
                              "%s did not answer in time; try again when the network is better",
                              address);
    case CS_WRONG_SERVER:
        return cs_problem_set(problem, status,
                              "%s shows another key than the server of your organisation; nothing "
                              "was sent. Check the address and the network (a captive portal?); if "
                              "the server was set up anew, ask the office for a new invite",
                              address);
    case CS_TLS:
        return cs_problem_set(problem, status,
                              "no secure connection to %s (%s); check that the address and port "
                              "are those of the server, and the network for interception",
                              address, detail);
    case CS_INVALID:
        return cs_problem_set(problem, status, "%s is not a server address; it has to be HOST:PORT",
                              address);
    case CS_LIMIT:
        return cs_problem_set(problem, status, "the answer of %s is larger than allowed", address);
    case CS_MALFORMED:
        return cs_problem_set(
            problem, status, "%s does not speak as a server of Countersign (%s); check the address",
            address, detail);
    case CS_NO_MEMORY:
        return cs_problem_set(problem, status, "out of memory");
    default:
        return cs_problem_set(problem, status,
                              "no connection to %s (%s); check the network and the address",
                              address, detail);
    }
}

enum cs_status cs_curl_status(CURLcode code, const char *address, const char *detail,
                              struct cs_problem *problem)
{
    enum cs_status status = status_of(code);
    if (status == CS_OK) {
        return CS_OK;
    }
    const char *shown = detail[0] != '\0' ? detail : curl_easy_strerror(code);
    return explain(status, address, shown, problem);
}

enum cs_status cs_http_status(long http_status, const char *address, struct cs_problem *problem)
{
    switch (http_status) {
    case 200:
        return CS_OK;
    case 408:
    case 429:
    case 503:
        return cs_problem_set(problem, CS_UNAVAILABLE,
                              "%s cannot answer now (HTTP %ld); try again in a few minutes",
                              address, http_status);
    case 413:
        return cs_problem_set(problem, CS_TOO_LARGE, "%s finds the request too large (HTTP 413)",
                              address);
    case 400:
        return cs_problem_set(problem, CS_MALFORMED,
                              "%s refuses the request as malformed (HTTP 400); check that client "
                              "and server have versions that fit",
                              address);
    default:
        return cs_problem_set(problem, CS_MALFORMED,
                              "%s answers with HTTP %ld; check that the address and port are those "
                              "of the server",
                              address, http_status);
    }
}
