/*
 * An entry of a KeePass document while it is read: texts in one wiped buffer, named by their places in it. Inside
 * field-client/password_files only.
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_KDBX_ENTRY_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_KDBX_ENTRY_H

#include "field-client/password_files/password_list.h"

/* Title, user name and so on are fields too in the document. */
#define CS_KDBX_STRINGS_MAX (CS_PASSWORD_FIELDS_MAX + 16)
#define CS_KDBX_NOTES_MAX 512

struct cs_kdbx_place {
    size_t offset;
    size_t size;
};

struct cs_kdbx_string {
    struct cs_kdbx_place key;
    struct cs_kdbx_place value;
    bool is_protected;
};

/* Something of this entry that is left out. */
struct cs_kdbx_note {
    enum cs_password_loss_kind kind;
    struct cs_kdbx_place name;
    size_t count;
};

struct cs_kdbx_entry {
    struct cs_buffer texts;
    struct cs_kdbx_string strings[CS_KDBX_STRINGS_MAX];
    size_t string_count;
    struct cs_kdbx_note notes[CS_KDBX_NOTES_MAX];
    size_t note_count;
    size_t former_versions;
    struct cs_id id;
    int64_t created_ms;
    int64_t modified_ms;
    int64_t expires_ms;
    bool expires;
};

void cs_kdbx_entry_init(struct cs_kdbx_entry *entry);
void cs_kdbx_entry_release(struct cs_kdbx_entry *entry);
/* Empty again; the storage stays. */
void cs_kdbx_entry_clear(struct cs_kdbx_entry *entry);
struct cs_kdbx_place cs_kdbx_entry_keep(struct cs_kdbx_entry *entry, struct cs_bytes text);
/* CS_LIMIT. */
enum cs_status cs_kdbx_entry_add_string(struct cs_kdbx_entry *entry,
                                        const struct cs_kdbx_string *string,
                                        struct cs_problem *problem) CS_MUST_USE;
enum cs_status cs_kdbx_entry_add_note(struct cs_kdbx_entry *entry, enum cs_password_loss_kind kind,
                                      struct cs_kdbx_place name,
                                      struct cs_problem *problem) CS_MUST_USE;
/* Into the list, with its notes. `groups` as in cs_password_entry. */
enum cs_status cs_kdbx_entry_finish(const struct cs_kdbx_entry *entry,
                                    const struct cs_bytes *groups, size_t group_count,
                                    struct cs_password_list *list,
                                    struct cs_problem *problem) CS_MUST_USE;

#endif
