/* The conversation with passwd(1), see passwd_dialogue.h. */
#include "field-client/rotation/passwd_dialogue.h"

#include "shared/base/limits.h"

#include <string.h>

#define TEXT_MAX (16 * CS_KIBI)
#define QUESTION_MAX ((size_t)200)

enum question {
    NO_QUESTION,
    ASKS_OLD,
    ASKS_NEW,
    ASKS_NEW_AGAIN,
    ASKS_A_PASSWORD, /* without saying which */
    ASKS_SOMETHING,
};

void cs_passwd_dialogue_init(struct cs_passwd_dialogue *dialogue)
{
    *dialogue = (struct cs_passwd_dialogue){.sent_old = false};
    cs_buffer_init(&dialogue->text, TEXT_MAX);
}

void cs_passwd_dialogue_release(struct cs_passwd_dialogue *dialogue)
{
    cs_buffer_release(&dialogue->text);
}

void cs_passwd_dialogue_hear(struct cs_passwd_dialogue *dialogue, struct cs_bytes shown)
{
    cs_buffer_append_bytes(&dialogue->text, shown);
}

/* What stands behind the last line feed. */
static struct cs_bytes last_line(const struct cs_passwd_dialogue *dialogue)
{
    const uint8_t *data = dialogue->text.data;
    size_t start = dialogue->text.size;
    while (start > 0 && data[start - 1] != '\n' && data[start - 1] != '\r') {
        start--;
    }
    return start == dialogue->text.size ? CS_BYTES_NONE
                                        : cs_bytes_make(data + start, dialogue->text.size - start);
}

static bool has(const char *line, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strstr(line, *words) != NULL) {
            return true;
        }
    }
    return false;
}

static enum question classify(const char *line)
{
    static const char *const again[] = {"retype", "re-type", "re-enter", "reenter", "again",
                                        "repeat", "confirm", "verify",   NULL};
    static const char *const old_words[] = {"current", "old ", NULL};
    static const char *const new_words[] = {"new", NULL};
    if (strstr(line, "password") == NULL) {
        return ASKS_SOMETHING;
    }
    if (has(line, again)) {
        return ASKS_NEW_AGAIN;
    }
    if (has(line, old_words)) {
        return ASKS_OLD;
    }
    return has(line, new_words) ? ASKS_NEW : ASKS_A_PASSWORD;
}

/* A question is an unfinished line that ends with a colon or a question mark, and perhaps blanks. */
static enum question question_of(const struct cs_passwd_dialogue *dialogue)
{
    struct cs_bytes line = last_line(dialogue);
    char text[QUESTION_MAX + 1];
    while (line.size > 0 && line.data[line.size - 1] == ' ') {
        line.size--;
    }
    if (line.size == 0 || (line.data[line.size - 1] != ':' && line.data[line.size - 1] != '?')) {
        return NO_QUESTION;
    }
    if (line.size > QUESTION_MAX) {
        return ASKS_SOMETHING;
    }
    for (size_t i = 0; i < line.size; i++) {
        uint8_t byte = line.data[i];
        text[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
    }
    text[line.size] = '\0';
    return classify(text);
}

static enum cs_passwd_step answered_with_new(struct cs_passwd_dialogue *dialogue)
{
    dialogue->sent_new++;
    cs_buffer_clear(&dialogue->text);
    return CS_PASSWD_SEND_NEW;
}

enum cs_passwd_step cs_passwd_dialogue_next(struct cs_passwd_dialogue *dialogue)
{
    if (dialogue->text.status != CS_OK) {
        return CS_PASSWD_STOP;
    }
    switch (question_of(dialogue)) {
    case NO_QUESTION:
        return CS_PASSWD_WAIT;
    case ASKS_OLD:
    case ASKS_A_PASSWORD:
        if (dialogue->sent_old || dialogue->sent_new > 0) {
            return CS_PASSWD_STOP;
        }
        dialogue->sent_old = true;
        cs_buffer_clear(&dialogue->text);
        return CS_PASSWD_SEND_OLD;
    case ASKS_NEW:
        return dialogue->sent_new == 0 ? answered_with_new(dialogue) : CS_PASSWD_STOP;
    case ASKS_NEW_AGAIN:
        return dialogue->sent_new == 1 ? answered_with_new(dialogue) : CS_PASSWD_STOP;
    case ASKS_SOMETHING:
        break;
    }
    return CS_PASSWD_STOP;
}

struct cs_bytes cs_passwd_dialogue_said(const struct cs_passwd_dialogue *dialogue)
{
    struct cs_bytes said = cs_buffer_bytes(&dialogue->text);
    if (question_of(dialogue) != NO_QUESTION) {
        said.size -= last_line(dialogue).size;
    }
    return said;
}
