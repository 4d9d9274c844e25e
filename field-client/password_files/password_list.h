/*
 * What a password file of another program holds, in no program's terms: entries, and a report of what could not be taken.
 *
 * Readers fill it (kdbx.h, bitwarden.h, password_csv.h), writers write it. All texts are UTF-8 and live in guarded memory that is wiped
 * with the list; the arrays around them hold no secret.
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_PASSWORD_LIST_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_PASSWORD_LIST_H

#include "field-client/password_files/guarded.h"
#include "shared/base/id.h"
#include "shared/base/limits.h"
#include "shared/base/memory.h"

/* A field beside the usual ones. Its name is not empty and unlike those of the entry's other fields. */
struct cs_password_field {
    struct cs_bytes name;
    struct cs_bytes value;
    bool is_protected; /* the file marked it as a secret */
};

/* No such time in the file. */
#define CS_PASSWORD_TIME_NONE INT64_MIN

struct cs_password_entry {
    struct cs_id id;               /* zero: the file gives none */
    const struct cs_bytes *groups; /* folder names, outermost first; any character may be in them */
    size_t group_count;
    struct cs_bytes title;
    struct cs_bytes user_name;
    struct cs_bytes password;
    struct cs_bytes url;
    struct cs_bytes notes;
    struct cs_bytes totp; /* an otpauth URI, or a seed in base 32, as the file has it */
    const struct cs_password_field *fields;
    size_t field_count;
    int64_t created_ms; /* since 1970 UTC */
    int64_t modified_ms;
    int64_t expires_ms;
};

/* An entry without anything. */
#define CS_PASSWORD_ENTRY_NONE                                                                     \
    ((struct cs_password_entry){.created_ms = CS_PASSWORD_TIME_NONE,                               \
                                .modified_ms = CS_PASSWORD_TIME_NONE,                              \
                                .expires_ms = CS_PASSWORD_TIME_NONE})

/* name, text for people: what was left out */
#define CS_PASSWORD_LOSS_TABLE(X)                                                                  \
    X(ATTACHMENT, "attached file")                                                                 \
    X(FORMER_VERSIONS, "former versions")                                                          \
    X(PASSKEY, "passkey")                                                                          \
    X(LINKED_FIELD, "field that points to another")                                                \
    X(SETTING, "setting of the other program")                                                     \
    X(TIME, "time that cannot be read")                                                            \
    X(RENAMED, "name that had to be changed")                                                      \
    X(COLUMN, "unknown column")                                                                    \
    X(ROW, "row that cannot be read")                                                              \
    X(ENTRY_KIND, "entry of an unknown kind")

enum cs_password_loss_kind {
#define CS_PASSWORD_LOSS_ENUM(name, text) CS_PASSWORD_LOSS_##name,
    CS_PASSWORD_LOSS_TABLE(CS_PASSWORD_LOSS_ENUM)
#undef CS_PASSWORD_LOSS_ENUM
};

/* Not of an entry, but of the file. */
#define CS_PASSWORD_LOSS_OF_FILE SIZE_MAX

/* Something of the file that is not in the list. */
struct cs_password_loss {
    enum cs_password_loss_kind kind;
    size_t entry;         /* index, or CS_PASSWORD_LOSS_OF_FILE */
    struct cs_bytes name; /* of the file attached, the column, the setting; may be empty */
    size_t count;         /* how many; 1 where the name says it */
};

struct cs_password_list {
    struct cs_password_entry *entries;
    size_t count;
    size_t capacity;
    struct cs_password_loss *losses;
    size_t loss_count;
    size_t loss_capacity;
    struct cs_guarded texts;
    struct cs_arena arrays;
};

void cs_password_list_init(struct cs_password_list *list);
/* Wipes all of it. */
void cs_password_list_release(struct cs_password_list *list);

/*
 * Takes a copy of an entry, texts included. Names of fields and groups are made usable: control characters become blanks, an empty
 * name becomes "field", a repeated one gets a number; each is noted as a loss. CS_LIMIT with the limit in `problem`; CS_MALFORMED for
 * text that is not UTF-8 or holds NUL; CS_NO_MEMORY. The list is unchanged on failure.
 */
enum cs_status cs_password_list_add(struct cs_password_list *list,
                                    const struct cs_password_entry *entry,
                                    struct cs_problem *problem) CS_MUST_USE;
/* Notes what was left out. The name is cut at CS_NAME_MAX × 4 bytes. */
enum cs_status cs_password_list_lose(struct cs_password_list *list, enum cs_password_loss_kind kind,
                                     size_t entry, struct cs_bytes name, size_t count,
                                     struct cs_problem *problem) CS_MUST_USE;
/* CS_MALFORMED if two entries have the same id: such a file was put together by hand or is damaged. */
enum cs_status cs_password_list_check_ids(const struct cs_password_list *list,
                                          struct cs_problem *problem) CS_MUST_USE;
/* "attached file", …; static storage. */
const char *cs_password_loss_text(enum cs_password_loss_kind kind);

#endif
