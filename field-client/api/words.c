/* A command line in the address of a request, see words.h. */
#include "field-client/api/words.h"

#include <string.h>

static enum MHD_Result take(void *context, enum MHD_ValueKind kind, const char *name,
                            size_t name_size, const char *value, size_t size)
{
    struct cs_api_words *words = context;
    (void)kind;
    if (words->count > CS_API_WORDS_MAX) {
        words->status = CS_LIMIT;
        return MHD_NO;
    }
    if (name_size != 4 || memcmp(name, "word", 4) != 0 || value == NULL || strlen(value) != size) {
        words->status = CS_INVALID;
        return MHD_NO;
    }
    /* Of the connection, which is this thread's; a command only reorders the pointers. */
    memcpy(&words->words[words->count++], &value, sizeof value);
    words->json = words->json || strcmp(value, "--json") == 0;
    return MHD_YES;
}

void cs_api_words_read(struct MHD_Connection *connection, struct cs_api_words *out)
{
    static char program[] = "countersign";
    *out = (struct cs_api_words){.words = {program}, .count = 1, .status = CS_OK};
    (void)MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, take, out);
    if (out->status == CS_OK && out->count == 1) {
        out->status = CS_INVALID;
    }
}
