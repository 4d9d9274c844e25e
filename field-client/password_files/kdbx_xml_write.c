/*
 * Writes the document of a KeePass database, see kdbx_format.h.
 *
 * Passwords, seeds and protected fields go through the key stream; so does any text that XML cannot hold, since what the stream covers may be
 * anything.
 */
#include "field-client/password_files/kdbx_format.h"

#include "field-client/password_files/base64.h"
#include "field-client/password_files/xml.h"

#include <stdlib.h>
#include <string.h>

#define SECONDS_BEFORE_1970 INT64_C(62135596800)
#define ROOT_NAME "Countersign"
/* What KeePassXC takes for the usual where it finds a bare seed. */
#define TOTP_SEED "TOTP Seed"
#define TOTP_SETTINGS "TOTP Settings"
#define USUAL_TOTP_SETTINGS "30;6"

struct writing {
    struct cs_buffer *out;
    struct cs_stream *stream;
    struct cs_buffer covered; /* a value under the stream */
    struct cs_buffer name;    /* a field's name that had to be changed */
    const struct cs_world *world;
    int64_t now_ms;
};

static void put(struct writing *writing, const char *text)
{
    cs_buffer_append_text(writing->out, text);
}

/* base 64 of an id; a fresh one where there is none. */
static void put_id(struct writing *writing, const struct cs_id *id)
{
    struct cs_id used = *id;
    if (cs_id_is_zero(id)) {
        writing->world->random(writing->world->context, used.bytes, sizeof used.bytes);
    }
    put(writing, "<UUID>");
    cs_base64_encode(cs_id_bytes(&used), writing->out);
    put(writing, "</UUID>");
}

static void put_time(struct writing *writing, const char *element, int64_t time_ms)
{
    uint8_t bytes[8];
    int64_t used_ms = time_ms == CS_PASSWORD_TIME_NONE ? writing->now_ms : time_ms;
    uint64_t seconds = (uint64_t)(used_ms / 1000 + SECONDS_BEFORE_1970);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(seconds >> (8 * i));
    }
    cs_buffer_append_format(writing->out, "<%s>", element);
    cs_base64_encode(cs_bytes_of_array(bytes), writing->out);
    cs_buffer_append_format(writing->out, "</%s>", element);
}

static void put_times(struct writing *writing, const struct cs_password_entry *entry)
{
    put(writing, "<Times>");
    put_time(writing, "CreationTime", entry->created_ms);
    put_time(writing, "LastModificationTime", entry->modified_ms);
    put_time(writing, "LastAccessTime", entry->modified_ms);
    put_time(writing, "ExpiryTime", entry->expires_ms);
    put(writing, entry->expires_ms == CS_PASSWORD_TIME_NONE ? "<Expires>False</Expires>"
                                                            : "<Expires>True</Expires>");
    put(writing, "<UsageCount>0</UsageCount>");
    put_time(writing, "LocationChanged", entry->modified_ms);
    put(writing, "</Times>");
}

static void put_protected(struct writing *writing, struct cs_bytes value)
{
    cs_buffer_clear(&writing->covered);
    cs_buffer_append_bytes(&writing->covered, value);
    if (writing->covered.status == CS_OK &&
        !cs_stream_apply(writing->stream, writing->covered.data, writing->covered.size)) {
        writing->covered.status = CS_LIMIT;
    }
    put(writing, "<Value Protected=\"True\">");
    cs_base64_encode(cs_buffer_bytes(&writing->covered), writing->out);
    put(writing, "</Value>");
    if (writing->out->status == CS_OK) {
        writing->out->status = writing->covered.status;
    }
}

static void put_string(struct writing *writing, struct cs_bytes name, struct cs_bytes value,
                       bool is_protected)
{
    put(writing, "<String><Key>");
    cs_xml_escape(name, writing->out);
    put(writing, "</Key>");
    if (is_protected || !cs_xml_can_hold(value)) {
        put_protected(writing, value);
    } else {
        put(writing, "<Value>");
        cs_xml_escape(value, writing->out);
        put(writing, "</Value>");
    }
    put(writing, "</String>");
}

static void put_usual(struct writing *writing, const char *name, struct cs_bytes value)
{
    put_string(writing, cs_bytes_of_text(name), value, strcmp(name, "Password") == 0);
}

static bool is_uri(struct cs_bytes totp)
{
    static const char scheme[] = "otpauth://";
    return totp.size >= sizeof scheme - 1 && memcmp(totp.data, scheme, sizeof scheme - 1) == 0;
}

static bool has_field(const struct cs_password_entry *entry, struct cs_bytes name)
{
    for (size_t i = 0; i < entry->field_count; i++) {
        if (cs_bytes_equal(entry->fields[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Whether a field of this name would stand beside, or be taken for, one of the entry's own. */
static bool is_taken(const struct cs_password_entry *entry, struct cs_bytes name)
{
    static const char *const usual[] = {"Title", "UserName", "Password", "URL", "Notes"};
    for (size_t i = 0; i < CS_COUNT(usual); i++) {
        if (cs_bytes_equal_text(name, usual[i])) {
            return true;
        }
    }
    return entry->totp.size > 0 && (cs_bytes_equal_text(name, "otp") ||
                                    (!is_uri(entry->totp) && cs_bytes_equal_text(name, TOTP_SEED)));
}

/* The field's name, with a number where it would be taken for another. */
static struct cs_bytes name_for(struct writing *writing, const struct cs_password_entry *entry,
                                struct cs_bytes name)
{
    if (!is_taken(entry, name)) {
        return name;
    }
    struct cs_bytes numbered = name;
    for (size_t number = 2; writing->name.status == CS_OK; number++) {
        cs_buffer_clear(&writing->name);
        cs_buffer_append_bytes(&writing->name, name);
        cs_buffer_append_format(&writing->name, " (%zu)", number);
        numbered = cs_buffer_bytes(&writing->name);
        if (!has_field(entry, numbered)) {
            break;
        }
    }
    return numbered;
}

static void put_totp(struct writing *writing, const struct cs_password_entry *entry)
{
    if (entry->totp.size == 0) {
        return;
    }
    if (is_uri(entry->totp)) {
        put_string(writing, cs_bytes_of_text("otp"), entry->totp, true);
        return;
    }
    put_string(writing, cs_bytes_of_text(TOTP_SEED), entry->totp, true);
    if (!has_field(entry, cs_bytes_of_text(TOTP_SETTINGS))) {
        put_usual(writing, TOTP_SETTINGS, cs_bytes_of_text(USUAL_TOTP_SETTINGS));
    }
}

static void put_entry(struct writing *writing, const struct cs_password_entry *entry)
{
    put(writing, "<Entry>");
    put_id(writing, &entry->id);
    put(writing, "<IconID>0</IconID>");
    put_times(writing, entry);
    put_usual(writing, "Title", entry->title);
    put_usual(writing, "UserName", entry->user_name);
    put_usual(writing, "Password", entry->password);
    put_usual(writing, "URL", entry->url);
    put_usual(writing, "Notes", entry->notes);
    put_totp(writing, entry);
    for (size_t i = 0; i < entry->field_count; i++) {
        const struct cs_password_field *field = &entry->fields[i];
        put_string(writing, name_for(writing, entry, field->name), field->value,
                   field->is_protected);
    }
    put(writing, "</Entry>\n");
}

static void open_group(struct writing *writing, struct cs_bytes name)
{
    static const struct cs_id none;
    put(writing, "<Group>");
    put_id(writing, &none);
    put(writing, "<Name>");
    cs_xml_escape(name, writing->out);
    put(writing, "</Name>\n");
}

/* A group before what is in it, names by their bytes; within a group the order of the list. */
static int compare_entries(const void *a, const void *b)
{
    const struct cs_password_entry *first = *(const struct cs_password_entry *const *)a;
    const struct cs_password_entry *second = *(const struct cs_password_entry *const *)b;
    for (size_t i = 0; i < first->group_count && i < second->group_count; i++) {
        int order = cs_bytes_compare(first->groups[i], second->groups[i]);
        if (order != 0) {
            return order;
        }
    }
    if (first->group_count != second->group_count) {
        return first->group_count < second->group_count ? -1 : 1;
    }
    return first < second ? -1 : first > second ? 1 : 0;
}

static size_t common_groups(const struct cs_password_entry *a, const struct cs_password_entry *b)
{
    size_t count = 0;
    while (a != NULL && count < a->group_count && count < b->group_count &&
           cs_bytes_equal(a->groups[count], b->groups[count])) {
        count++;
    }
    return count;
}

static void put_entries(struct writing *writing, const struct cs_password_entry **entries,
                        size_t count)
{
    const struct cs_password_entry *previous = NULL;
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        size_t common = common_groups(previous, entries[i]);
        for (; open > common; open--) {
            put(writing, "</Group>\n");
        }
        for (; open < entries[i]->group_count; open++) {
            open_group(writing, entries[i]->groups[open]);
        }
        put_entry(writing, entries[i]);
        previous = entries[i];
    }
    for (; open > 0; open--) {
        put(writing, "</Group>\n");
    }
}

static void put_document(struct writing *writing, const struct cs_password_entry **entries,
                         size_t count)
{
    put(writing, "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\n"
                 "<KeePassFile><Meta><Generator>Countersign</Generator><MemoryProtection>"
                 "<ProtectTitle>False</ProtectTitle><ProtectUserName>False</ProtectUserName>"
                 "<ProtectPassword>True</ProtectPassword><ProtectURL>False</ProtectURL>"
                 "<ProtectNotes>False</ProtectNotes></MemoryProtection></Meta>\n<Root>");
    open_group(writing, cs_bytes_of_text(ROOT_NAME));
    put_entries(writing, entries, count);
    put(writing, "</Group></Root></KeePassFile>\n");
}

enum cs_status cs_kdbx_document_write(const struct cs_password_list *list, struct cs_stream *stream,
                                      const struct cs_world *world, struct cs_buffer *out)
{
    struct writing writing = {
        .out = out, .stream = stream, .world = world, .now_ms = world->wall_ms(world->context)};
    const struct cs_password_entry **entries = cs_alloc_zero(list->count, sizeof *entries);
    if (entries == NULL) {
        return CS_NO_MEMORY;
    }
    cs_buffer_init(&writing.covered, CS_PASSWORD_TEXT_MAX);
    cs_buffer_init(&writing.name, 2 * CS_PASSWORD_TEXT_MAX);
    for (size_t i = 0; i < list->count; i++) {
        entries[i] = &list->entries[i];
    }
    qsort(entries, list->count, sizeof *entries, compare_entries);
    put_document(&writing, entries, list->count);
    enum cs_status status = out->status != CS_OK ? out->status : writing.name.status;
    cs_buffer_release(&writing.covered);
    cs_buffer_release(&writing.name);
    cs_free(entries);
    return status;
}
