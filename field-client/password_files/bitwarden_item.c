/* An item of a Bitwarden export, see bitwarden_parts.h. */
#include "field-client/password_files/bitwarden_parts.h"

#include "shared/base/text.h"

#include <stdio.h>
#include <string.h>

#define NOTES_MAX 16

enum item_type {
    ITEM_LOGIN = 1,
    ITEM_NOTE = 2,
    ITEM_CARD = 3,
    ITEM_IDENTITY = 4,
    ITEM_SSH_KEY = 5
};
enum field_type { FIELD_TEXT = 0, FIELD_HIDDEN = 1, FIELD_BOOLEAN = 2, FIELD_LINKED = 3 };

struct note {
    enum cs_password_loss_kind kind;
    struct cs_bytes name;
    size_t count;
};

/* An item while it is read. Texts are those of the JSON tree. */
struct item {
    struct cs_password_entry entry;
    struct cs_bytes groups[CS_PASSWORD_GROUP_DEPTH_MAX];
    struct cs_password_field fields[CS_PASSWORD_FIELDS_MAX];
    char address_names[CS_PASSWORD_FIELDS_MAX][24];
    bool is_full;
    struct note notes[NOTES_MAX];
    size_t note_count;
};

struct cs_bytes cs_bitwarden_text(const struct cs_json *object, const char *key)
{
    struct cs_bytes text = CS_BYTES_NONE;
    return cs_json_get_text(cs_json_get(object, key), &text) ? text : CS_BYTES_NONE;
}

/* One note of a kind and name, with the sum of their counts. */
static void add_note(struct item *item, enum cs_password_loss_kind kind, const char *name,
                     size_t count)
{
    for (size_t i = 0; i < item->note_count; i++) {
        if (item->notes[i].kind == kind && cs_bytes_equal_text(item->notes[i].name, name)) {
            item->notes[i].count += count;
            return;
        }
    }
    if (count > 0) {
        cs_require(item->note_count < NOTES_MAX);
        item->notes[item->note_count++] = (struct note){kind, cs_bytes_of_text(name), count};
    }
}

static struct cs_password_field *add_field(struct item *item, struct cs_bytes name,
                                           struct cs_bytes value, bool is_protected)
{
    if (item->entry.field_count == CS_PASSWORD_FIELDS_MAX) {
        item->is_full = true;
        return NULL;
    }
    struct cs_password_field *field = &item->fields[item->entry.field_count++];
    *field = (struct cs_password_field){name, value, is_protected};
    return field;
}

/* The first address is the entry's; the others get the names by which KeePassXC knows further addresses. */
static void read_addresses(struct item *item, const struct cs_json *uris)
{
    size_t further = 0;
    for (size_t i = 0; i < cs_json_count(uris); i++) {
        const struct cs_json *uri = cs_json_at(uris, i);
        struct cs_bytes address = cs_bitwarden_text(uri, "uri");
        int64_t match = 0;
        add_note(item, CS_PASSWORD_LOSS_SETTING, "match",
                 cs_json_get_integer(cs_json_get(uri, "match"), &match) ? 1 : 0);
        if (address.size == 0) {
            continue;
        }
        if (item->entry.url.size == 0) {
            item->entry.url = address;
            continue;
        }
        struct cs_password_field *field = add_field(item, CS_BYTES_NONE, address, false);
        if (field != NULL) {
            char *name = item->address_names[item->entry.field_count - 1];
            (void)snprintf(name, sizeof item->address_names[0],
                           further == 0 ? "KP2A_URL" : "KP2A_URL_%zu", further);
            field->name = cs_bytes_of_text(name);
            further++;
        }
    }
}

static void read_login(struct item *item, const struct cs_json *login)
{
    item->entry.user_name = cs_bitwarden_text(login, "username");
    item->entry.password = cs_bitwarden_text(login, "password");
    item->entry.totp = cs_bitwarden_text(login, "totp");
    read_addresses(item, cs_json_get(login, "uris"));
    add_note(item, CS_PASSWORD_LOSS_PASSKEY, "",
             cs_json_count(cs_json_get(login, "fido2Credentials")));
}

/* Cards, identities and keys: every text becomes a field; all of them are personal, so all are protected. */
static void read_members(struct item *item, const struct cs_json *object)
{
    size_t count = cs_json_count(object);
    /* Finding a member looks at all before it. */
    item->is_full = item->is_full || count > CS_PASSWORD_FIELDS_MAX;
    for (size_t i = 0; i < count && !item->is_full; i++) {
        const char *key = cs_json_key_at(object, i);
        struct cs_bytes value = key == NULL ? CS_BYTES_NONE : cs_bitwarden_text(object, key);
        if (value.size > 0) {
            (void)add_field(item, cs_bytes_of_text(key), value, true);
        }
    }
}

static void read_fields(struct item *item, const struct cs_json *fields)
{
    for (size_t i = 0; i < cs_json_count(fields); i++) {
        const struct cs_json *field = cs_json_at(fields, i);
        int64_t type = FIELD_TEXT;
        (void)cs_json_get_integer(cs_json_get(field, "type"), &type);
        if (type == FIELD_LINKED) {
            add_note(item, CS_PASSWORD_LOSS_LINKED_FIELD, "", 1);
        } else {
            (void)add_field(item, cs_bitwarden_text(field, "name"),
                            cs_bitwarden_text(field, "value"),
                            type != FIELD_TEXT && type != FIELD_BOOLEAN);
        }
    }
}

static int64_t read_time(struct item *item, const struct cs_json *json, const char *key)
{
    struct cs_bytes text = cs_bitwarden_text(json, key);
    int64_t instant = 0;
    if (text.size == 0) {
        return CS_PASSWORD_TIME_NONE;
    }
    if (cs_instant_parse(text, 0, &instant) != CS_OK) {
        add_note(item, CS_PASSWORD_LOSS_TIME, key, 1);
        return CS_PASSWORD_TIME_NONE;
    }
    return cs_instant_utc_ms(instant);
}

/* Parts between slashes; what is deeper than the limit stays in the last. */
static void read_folder(struct item *item, struct cs_bytes folder)
{
    while (folder.size > 0) {
        const uint8_t *slash = item->entry.group_count + 1 < CS_PASSWORD_GROUP_DEPTH_MAX
                                   ? memchr(folder.data, '/', folder.size)
                                   : NULL;
        size_t size = slash == NULL ? folder.size : (size_t)(slash - folder.data);
        if (size > 0) {
            item->groups[item->entry.group_count++] = cs_bytes_make(folder.data, size);
        }
        size += slash == NULL ? 0 : 1;
        folder = cs_bytes_make(folder.data + size, folder.size - size);
    }
}

static void read_by_type(struct item *item, const struct cs_json *json)
{
    int64_t type = 0;
    (void)cs_json_get_integer(cs_json_get(json, "type"), &type);
    switch (type) {
    case ITEM_LOGIN:
        read_login(item, cs_json_get(json, "login"));
        break;
    case ITEM_NOTE:
        break;
    case ITEM_CARD:
        read_members(item, cs_json_get(json, "card"));
        break;
    case ITEM_IDENTITY:
        read_members(item, cs_json_get(json, "identity"));
        break;
    case ITEM_SSH_KEY:
        read_members(item, cs_json_get(json, "sshKey"));
        break;
    default:
        add_note(item, CS_PASSWORD_LOSS_ENTRY_KIND, "", 1);
    }
}

static void read_settings(struct item *item, const struct cs_json *json)
{
    bool is_favorite = false;
    int64_t reprompt = 0;
    (void)cs_json_get_boolean(cs_json_get(json, "favorite"), &is_favorite);
    (void)cs_json_get_integer(cs_json_get(json, "reprompt"), &reprompt);
    size_t collections = cs_json_count(cs_json_get(json, "collectionIds"));
    add_note(item, CS_PASSWORD_LOSS_SETTING, "favorite", is_favorite ? 1 : 0);
    add_note(item, CS_PASSWORD_LOSS_SETTING, "reprompt", reprompt != 0 ? 1 : 0);
    add_note(item, CS_PASSWORD_LOSS_SETTING, "collection", collections > 1 ? collections - 1 : 0);
    add_note(item, CS_PASSWORD_LOSS_ATTACHMENT, "",
             cs_json_count(cs_json_get(json, "attachments")));
    add_note(item, CS_PASSWORD_LOSS_FORMER_VERSIONS, "",
             cs_json_count(cs_json_get(json, "passwordHistory")));
}

static enum cs_status keep(const struct item *item, struct cs_password_list *list,
                           struct cs_problem *problem)
{
    if (item->is_full) {
        return cs_problem_set(problem, CS_LIMIT, "entry %zu has more than %zu fields",
                              list->count + 1, CS_PASSWORD_FIELDS_MAX);
    }
    enum cs_status status = cs_password_list_add(list, &item->entry, problem);
    for (size_t i = 0; status == CS_OK && i < item->note_count; i++) {
        status = cs_password_list_lose(list, item->notes[i].kind, list->count - 1,
                                       item->notes[i].name, item->notes[i].count, problem);
    }
    return status;
}

enum cs_status cs_bitwarden_item_read(const struct cs_json *json, struct cs_bytes folder,
                                      struct cs_password_list *list, struct cs_problem *problem)
{
    struct cs_bytes id = cs_bitwarden_text(json, "id");
    struct item *item = cs_alloc_zero(1, sizeof *item);
    if (item == NULL) {
        return CS_NO_MEMORY;
    }
    item->entry = CS_PASSWORD_ENTRY_NONE;
    item->entry.groups = item->groups;
    item->entry.fields = item->fields;
    item->entry.title = cs_bitwarden_text(json, "name");
    item->entry.notes = cs_bitwarden_text(json, "notes");
    item->entry.created_ms = read_time(item, json, "creationDate");
    item->entry.modified_ms = read_time(item, json, "revisionDate");
    /* Without an id, or with one that is none, the entry has none. */
    if (id.size == 0 || cs_id_parse(id, &item->entry.id) != CS_OK) {
        item->entry.id = (struct cs_id){{0}};
    }
    read_folder(item, folder);
    read_by_type(item, json);
    read_fields(item, cs_json_get(json, "fields"));
    read_settings(item, json);
    enum cs_status status = keep(item, list, problem);
    cs_free(item);
    return status;
}
