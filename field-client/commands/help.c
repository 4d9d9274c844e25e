/* Help texts, see help.h. */
#include "field-client/commands/help.h"
#include "field-client/commands/command_table.h"

#include "shared/base/text.h"

#include <string.h>

#define NAME_COLUMNS 12
#define NEAR_DISTANCE_MAX 2
#define NAME_SIZE_MAX 32

static const char *summary_of(const struct cs_command_entry *entry, bool chinese)
{
    return chinese ? entry->summary_zh : entry->summary;
}

void cs_help_all(FILE *stream, bool chinese)
{
    (void)fprintf(stream, "%s countersign [--home DIR] [--json] %s\n\n",
                  chinese ? "用法:" : "usage:", chinese ? "命令 …" : "COMMAND …");
    for (size_t i = 0; cs_command_at(i) != NULL; i++) {
        const struct cs_command_entry *entry = cs_command_at(i);
        (void)fprintf(stream, "  %-*s%s\n", NAME_COLUMNS, entry->name, summary_of(entry, chinese));
    }
    (void)fputs(chinese
                    ? "\ncountersign help 命令:查看该命令的说明。\n"
                      "口令取自 COUNTERSIGN_PASSPHRASE_FILE 所指文件,否则在终端询问。\n"
                      "退出码:0 完成,1 失败,2 用法错误,3 已锁定或口令错误。\n"
                    : "\ncountersign help COMMAND tells more about one.\n"
                      "Data: --home DIR, else COUNTERSIGN_HOME, else ~/.local/share/countersign.\n"
                      "Passphrase: from the file named in COUNTERSIGN_PASSPHRASE_FILE, else asked "
                      "for on the terminal.\n"
                      "Exit code: 0 done, 1 failed, 2 wrong use, 3 locked or wrong passphrase.\n",
                stream);
}

void cs_help_command(FILE *stream, const struct cs_command_entry *entry, bool chinese)
{
    (void)fprintf(stream, "%s countersign %s%s%s\n\n%s\n",
                  chinese ? "用法:" : "usage:", entry->name, entry->synopsis[0] == '\0' ? "" : " ",
                  entry->synopsis, summary_of(entry, chinese));
    if (entry->details[0] != '\0') {
        (void)fprintf(stream, "\n%s\n", entry->details);
    }
    if (entry->more != NULL) {
        (void)fprintf(stream, "%s\n", entry->more);
    }
}

/* Levenshtein; names are short. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_SIZE_MAX + 1];
    size_t size = strlen(b);
    for (size_t j = 0; j <= size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= size; j++) {
            size_t best = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[size];
}

void cs_help_near(const char *name, struct cs_buffer *out)
{
    bool first = true;
    if (strlen(name) > NAME_SIZE_MAX) {
        return;
    }
    for (size_t i = 0; cs_command_at(i) != NULL; i++) {
        const char *known = cs_command_at(i)->name;
        bool begins = strlen(name) >= 2 && strncmp(known, name, strlen(name)) == 0;
        if (begins || distance(name, known) <= NEAR_DISTANCE_MAX) {
            cs_buffer_append_text(out, first ? "" : ", ");
            cs_buffer_append_text(out, known);
            first = false;
        }
    }
}
