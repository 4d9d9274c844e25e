/*
 * An entry of a KeePass document, see kdbx_entry.h.
 *
 * Seeds of one-time passwords are fields by convention: "otp" (an otpauth URI: KeePassXC), "TOTP Seed" with "TOTP Settings" (KeePassXC
 * before, KeeTrayTOTP), "TimeOtp-Secret-Base32" (KeePass 2). The first that is there becomes the entry's; what is beside it stays a field,
 * but for settings that say the usual.
 */
#include "field-client/password_files/kdbx_entry.h"

#define USUAL_TOTP_SETTINGS "30;6"

void cs_kdbx_entry_init(struct cs_kdbx_entry *entry)
{
    cs_buffer_init(&entry->texts, CS_PASSWORD_FILE_UNPACKED_MAX);
    cs_kdbx_entry_clear(entry);
}

void cs_kdbx_entry_release(struct cs_kdbx_entry *entry)
{
    cs_buffer_release(&entry->texts);
}

void cs_kdbx_entry_clear(struct cs_kdbx_entry *entry)
{
    cs_buffer_clear(&entry->texts);
    entry->string_count = 0;
    entry->note_count = 0;
    entry->former_versions = 0;
    entry->id = (struct cs_id){{0}};
    entry->created_ms = CS_PASSWORD_TIME_NONE;
    entry->modified_ms = CS_PASSWORD_TIME_NONE;
    entry->expires_ms = CS_PASSWORD_TIME_NONE;
    entry->expires = false;
}

struct cs_kdbx_place cs_kdbx_entry_keep(struct cs_kdbx_entry *entry, struct cs_bytes text)
{
    struct cs_kdbx_place place = {entry->texts.size, text.size};
    cs_buffer_append_bytes(&entry->texts, text);
    return place;
}

static struct cs_bytes text_at(const struct cs_kdbx_entry *entry, struct cs_kdbx_place place)
{
    return place.size == 0 ? CS_BYTES_NONE
                           : cs_bytes_make(entry->texts.data + place.offset, place.size);
}

enum cs_status cs_kdbx_entry_add_string(struct cs_kdbx_entry *entry,
                                        const struct cs_kdbx_string *string,
                                        struct cs_problem *problem)
{
    if (entry->string_count == CS_KDBX_STRINGS_MAX) {
        return cs_problem_set(problem, CS_LIMIT, "an entry has more than %zu fields",
                              CS_PASSWORD_FIELDS_MAX);
    }
    entry->strings[entry->string_count++] = *string;
    return CS_OK;
}

enum cs_status cs_kdbx_entry_add_note(struct cs_kdbx_entry *entry, enum cs_password_loss_kind kind,
                                      struct cs_kdbx_place name, struct cs_problem *problem)
{
    if (entry->note_count == CS_KDBX_NOTES_MAX) {
        return cs_problem_set(problem, CS_LIMIT, "more than %d things of an entry cannot be taken",
                              CS_KDBX_NOTES_MAX);
    }
    entry->notes[entry->note_count++] = (struct cs_kdbx_note){kind, name, 1};
    return CS_OK;
}

static bool has_key(const struct cs_kdbx_entry *entry, size_t index, const char *key)
{
    return cs_bytes_equal_text(text_at(entry, entry->strings[index].key), key);
}

/* Where the entry keeps the text of a field with one of the usual names; NULL for another, or if it has one already. */
static struct cs_bytes *usual_place(struct cs_password_entry *out, struct cs_bytes key)
{
    const struct {
        const char *key;
        struct cs_bytes *place;
    } usual[] = {
        {"Title", &out->title}, {"UserName", &out->user_name}, {"Password", &out->password},
        {"URL", &out->url},     {"Notes", &out->notes},
    };
    for (size_t i = 0; i < CS_COUNT(usual); i++) {
        if (cs_bytes_equal_text(key, usual[i].key) && usual[i].place->size == 0) {
            return usual[i].place;
        }
    }
    return NULL;
}

/* Index of the field with the seed; SIZE_MAX if there is none. */
static size_t find_totp(const struct cs_kdbx_entry *entry)
{
    static const char *const names[] = {"otp", "TOTP Seed", "TimeOtp-Secret-Base32"};
    for (size_t i = 0; i < CS_COUNT(names); i++) {
        for (size_t j = 0; j < entry->string_count; j++) {
            if (has_key(entry, j, names[i]) && entry->strings[j].value.size > 0) {
                return j;
            }
        }
    }
    return SIZE_MAX;
}

static bool is_usual_setting(const struct cs_kdbx_entry *entry, size_t index, size_t totp)
{
    return totp != SIZE_MAX && has_key(entry, totp, "TOTP Seed") &&
           has_key(entry, index, "TOTP Settings") &&
           cs_bytes_equal_text(text_at(entry, entry->strings[index].value), USUAL_TOTP_SETTINGS);
}

static enum cs_status add_notes(const struct cs_kdbx_entry *entry, struct cs_password_list *list,
                                struct cs_problem *problem)
{
    size_t index = list->count - 1;
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < entry->note_count; i++) {
        const struct cs_kdbx_note *note = &entry->notes[i];
        status = cs_password_list_lose(list, note->kind, index, text_at(entry, note->name),
                                       note->count, problem);
    }
    if (status == CS_OK && entry->former_versions > 0) {
        status = cs_password_list_lose(list, CS_PASSWORD_LOSS_FORMER_VERSIONS, index, CS_BYTES_NONE,
                                       entry->former_versions, problem);
    }
    return status;
}

enum cs_status cs_kdbx_entry_finish(const struct cs_kdbx_entry *entry,
                                    const struct cs_bytes *groups, size_t group_count,
                                    struct cs_password_list *list, struct cs_problem *problem)
{
    struct cs_password_field fields[CS_KDBX_STRINGS_MAX];
    struct cs_password_entry out = {.id = entry->id,
                                    .groups = groups,
                                    .group_count = group_count,
                                    .fields = fields,
                                    .created_ms = entry->created_ms,
                                    .modified_ms = entry->modified_ms,
                                    .expires_ms = CS_PASSWORD_TIME_NONE};
    if (entry->texts.status != CS_OK) {
        return entry->texts.status;
    }
    out.expires_ms = entry->expires ? entry->expires_ms : CS_PASSWORD_TIME_NONE;
    size_t totp = find_totp(entry);
    for (size_t i = 0; i < entry->string_count; i++) {
        const struct cs_kdbx_string *string = &entry->strings[i];
        struct cs_bytes key = text_at(entry, string->key);
        struct cs_bytes value = text_at(entry, string->value);
        struct cs_bytes *place = i == totp ? &out.totp : usual_place(&out, key);
        if (place != NULL) {
            *place = value;
        } else if (!is_usual_setting(entry, i, totp)) {
            fields[out.field_count++] =
                (struct cs_password_field){key, value, string->is_protected};
        }
    }
    enum cs_status status = cs_password_list_add(list, &out, problem);
    return status == CS_OK ? add_notes(entry, list, problem) : status;
}
