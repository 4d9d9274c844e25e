/* What a helper answers, see answer.h. */
#include "field-client/rotation/answer.h"

#include <string.h>

static const char *const words[] = {"unknown", "applied", "failed", "old",
                                    "new",     "both",    "neither"};

const char *cs_rotation_answer_text(enum cs_rotation_answer answer)
{
    return words[answer];
}

static bool belongs(enum cs_rotation_operation operation, enum cs_rotation_answer answer)
{
    bool of_apply = answer == CS_ROTATION_APPLIED || answer == CS_ROTATION_FAILED;
    return answer != CS_ROTATION_UNKNOWN && of_apply == (operation == CS_ROTATION_APPLY);
}

enum cs_rotation_answer cs_rotation_answer_parse(enum cs_rotation_operation operation,
                                                 struct cs_bytes output)
{
    if (output.size == 0 || output.data[output.size - 1] != '\n') {
        return CS_ROTATION_UNKNOWN;
    }
    struct cs_bytes word = cs_bytes_make(output.data, output.size - 1);
    for (size_t i = 0; i < CS_COUNT(words); i++) {
        enum cs_rotation_answer answer = (enum cs_rotation_answer)i;
        if (cs_bytes_equal_text(word, words[i]) && belongs(operation, answer)) {
            return answer;
        }
    }
    return CS_ROTATION_UNKNOWN;
}
