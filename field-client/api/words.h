/* The words of a command line in the address of a request: ?word=list&word=part. */
#ifndef CS_API_WORDS_H
#define CS_API_WORDS_H

#include "field-client/api/api_internal.h"

#define CS_API_WORDS_MAX ((size_t)512)

struct cs_api_words {
    char *words[CS_API_WORDS_MAX + 2]; /* the program's name first, NULL at the end */
    size_t count;
    bool json; /* --json is one of them */
    enum cs_status
        status; /* CS_LIMIT: too many; CS_INVALID: another parameter, a NUL, or none at all */
};
/* The texts are the connection's. */
void cs_api_words_read(struct MHD_Connection *connection, struct cs_api_words *out);

#endif
