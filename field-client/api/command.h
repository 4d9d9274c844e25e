/* One command line for a page: from its words and what it reads to what it printed. */
#ifndef CS_API_COMMAND_H
#define CS_API_COMMAND_H

#include "field-client/api/api_internal.h"

struct cs_api_call {
    char **words; /* the program's name first, NULL at the end */
    size_t count;
    int input;      /* its standard input; -1: none */
    int passphrase; /* what it asks for as the passphrase in force; -1: none */
    bool apart;     /* outside the agent */
};

/* What it came to. The files are the caller's to close; -1: they could not be made. */
struct cs_api_outcome {
    int code; /* exit code */
    int output;
    int errors;
};
void cs_api_run(struct cs_api *api, struct MHD_Connection *connection,
                const struct cs_api_call *call, struct cs_api_outcome *out);
void cs_api_outcome_close(struct cs_api_outcome *outcome);

/* The answer: exit code, remarks, output. Takes outcome->output. */
enum MHD_Result cs_api_answer_outcome(struct MHD_Connection *connection, bool json,
                                      struct cs_api_outcome *outcome);

#endif
