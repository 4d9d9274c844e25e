/*
 * The document of a KeePass database, see kdbx_format.h.
 *
 * Elements are known by what they stand in (the table below); anything else is skipped, but for protected values, which all go through
 * the key stream in the order in which they stand.
 */
#include "field-client/password_files/kdbx_entry.h"
#include "field-client/password_files/kdbx_format.h"

#include "field-client/password_files/base64.h"
#include "field-client/password_files/xml.h"
#include "shared/base/text.h"
#include "shared/crypto/hash.h"

#include <string.h>

/* 0001-01-01 in seconds before 1970, from where KDBX 4 counts; and what is not beyond the year 9999. */
#define SECONDS_BEFORE_1970 INT64_C(62135596800)
#define SECONDS_MAX INT64_C(315537897599)

enum place {
    PLACE_OTHER,
    PLACE_DOCUMENT,
    PLACE_FILE,
    PLACE_META,
    PLACE_HEADER_HASH,
    PLACE_ROOT,
    PLACE_GROUP,
    PLACE_GROUP_NAME,
    PLACE_ENTRY,
    PLACE_ENTRY_ID,
    PLACE_OVERRIDE_URL,
    PLACE_TAGS,
    PLACE_TIMES,
    PLACE_CREATED,
    PLACE_MODIFIED,
    PLACE_EXPIRY,
    PLACE_EXPIRES,
    PLACE_STRING,
    PLACE_STRING_KEY,
    PLACE_STRING_VALUE,
    PLACE_BINARY,
    PLACE_BINARY_KEY,
    PLACE_AUTO_TYPE,
    PLACE_ASSOCIATION,
    PLACE_CUSTOM_DATA,
    PLACE_CUSTOM_ITEM,
    PLACE_HISTORY,
    PLACE_FORMER,
};

static const struct {
    const char *name;
    enum place in;
    enum place is;
} places[] = {
    {"KeePassFile", PLACE_DOCUMENT, PLACE_FILE},
    {"Meta", PLACE_FILE, PLACE_META},
    {"HeaderHash", PLACE_META, PLACE_HEADER_HASH},
    {"Root", PLACE_FILE, PLACE_ROOT},
    {"Group", PLACE_ROOT, PLACE_GROUP},
    {"Group", PLACE_GROUP, PLACE_GROUP},
    {"Name", PLACE_GROUP, PLACE_GROUP_NAME},
    {"Entry", PLACE_GROUP, PLACE_ENTRY},
    {"UUID", PLACE_ENTRY, PLACE_ENTRY_ID},
    {"OverrideURL", PLACE_ENTRY, PLACE_OVERRIDE_URL},
    {"Tags", PLACE_ENTRY, PLACE_TAGS},
    {"Times", PLACE_ENTRY, PLACE_TIMES},
    {"CreationTime", PLACE_TIMES, PLACE_CREATED},
    {"LastModificationTime", PLACE_TIMES, PLACE_MODIFIED},
    {"ExpiryTime", PLACE_TIMES, PLACE_EXPIRY},
    {"Expires", PLACE_TIMES, PLACE_EXPIRES},
    {"String", PLACE_ENTRY, PLACE_STRING},
    {"Key", PLACE_STRING, PLACE_STRING_KEY},
    {"Value", PLACE_STRING, PLACE_STRING_VALUE},
    {"Binary", PLACE_ENTRY, PLACE_BINARY},
    {"Key", PLACE_BINARY, PLACE_BINARY_KEY},
    {"AutoType", PLACE_ENTRY, PLACE_AUTO_TYPE},
    {"Association", PLACE_AUTO_TYPE, PLACE_ASSOCIATION},
    {"CustomData", PLACE_ENTRY, PLACE_CUSTOM_DATA},
    {"Item", PLACE_CUSTOM_DATA, PLACE_CUSTOM_ITEM},
    {"History", PLACE_ENTRY, PLACE_HISTORY},
    {"Entry", PLACE_HISTORY, PLACE_FORMER},
};

/* An element that is open. */
struct element {
    enum place place;
    bool is_protected;
};

/* A group that is open, its name in the buffer of names. */
struct group {
    size_t name_offset;
    size_t name_size;
    bool has_content; /* its name can no longer come */
};

struct document {
    struct element stack[CS_PASSWORD_XML_DEPTH_MAX + 1];
    size_t depth;
    struct group groups[CS_PASSWORD_GROUP_DEPTH_MAX +
                        1]; /* the first is the root, whose name is not part of paths */
    size_t group_count;
    size_t root_count;
    struct cs_buffer group_names;
    struct cs_kdbx_entry entry;
    struct cs_kdbx_string string;
    struct cs_stream *stream;
    struct cs_buffer plain; /* a protected value, decoded */
    const struct cs_bytes *header;
    bool header_fits;
    struct cs_password_list *list;
};

static enum cs_status damaged(struct cs_problem *problem, const char *what)
{
    return cs_problem_set(problem, CS_MALFORMED, "the content of the KeePass file is damaged: %s",
                          what);
}

static enum place place_of(enum place in, const char *name)
{
    for (size_t i = 0; i < CS_COUNT(places); i++) {
        if (places[i].in == in && strcmp(places[i].name, name) == 0) {
            return places[i].is;
        }
    }
    return PLACE_OTHER;
}

static struct group *innermost(struct document *document)
{
    return &document->groups[document->group_count - 1];
}

static enum cs_status begin_group(struct document *document, enum place in,
                                  struct cs_problem *problem)
{
    if (document->group_count == CS_COUNT(document->groups)) {
        return cs_problem_set(problem, CS_LIMIT, "the file has more than %zu groups in each other",
                              CS_PASSWORD_GROUP_DEPTH_MAX);
    }
    if (in == PLACE_ROOT && document->root_count++ > 0) {
        return damaged(problem, "two outermost groups");
    }
    if (document->group_count > 0) {
        innermost(document)->has_content = true;
    }
    document->groups[document->group_count++] =
        (struct group){.name_offset = document->group_names.size};
    return CS_OK;
}

static enum cs_status on_begin(void *context, const char *name, const char *const *attributes,
                               struct cs_problem *problem)
{
    struct document *document = context;
    const char *protected = cs_xml_attribute(attributes, "Protected");
    enum place in = document->stack[document->depth].place;
    enum place place = place_of(in, name);
    if (document->depth == 0 && place != PLACE_FILE) {
        return damaged(problem, "it is no KeePass document");
    }
    document->stack[++document->depth] =
        (struct element){place, protected != NULL && strcmp(protected, "True") == 0};
    if (place == PLACE_GROUP) {
        return begin_group(document, in, problem);
    }
    if (place == PLACE_ENTRY) {
        innermost(document)->has_content = true;
        cs_kdbx_entry_clear(&document->entry);
    }
    if (place == PLACE_STRING) {
        document->string = (struct cs_kdbx_string){{0, 0}, {0, 0}, false};
    }
    return CS_OK;
}

/* The text of an element with Protected="True" is base 64 of what the stream covers. */
static enum cs_status uncover(struct document *document, struct cs_buffer *text,
                              struct cs_problem *problem)
{
    cs_buffer_clear(&document->plain);
    enum cs_status status = cs_base64_decode(cs_buffer_bytes(text), &document->plain);
    if (status == CS_MALFORMED) {
        return damaged(problem, "a protected value is no base 64");
    }
    if (status != CS_OK) {
        return status;
    }
    if (!cs_stream_apply(document->stream, document->plain.data, document->plain.size)) {
        return CS_LIMIT;
    }
    return CS_OK;
}

static enum cs_status end_entry(struct document *document, struct cs_problem *problem)
{
    struct cs_bytes names[CS_PASSWORD_GROUP_DEPTH_MAX];
    size_t count = document->group_count - 1;
    for (size_t i = 0; i < count; i++) {
        const struct group *group = &document->groups[i + 1];
        names[i] =
            group->name_size == 0
                ? CS_BYTES_NONE
                : cs_bytes_make(document->group_names.data + group->name_offset, group->name_size);
    }
    return cs_kdbx_entry_finish(&document->entry, names, count, document->list, problem);
}

static enum cs_status end_group_name(struct document *document, struct cs_bytes name,
                                     struct cs_problem *problem)
{
    struct group *group = innermost(document);
    if (group->has_content || group->name_size > 0) {
        return damaged(problem, "a group has its name behind its content, or two");
    }
    group->name_size = name.size;
    cs_buffer_append_bytes(&document->group_names, name);
    return document->group_names.status;
}

/* Over storage of the caller's; it never grows and is never released. */
static struct cs_buffer small_buffer(uint8_t *storage, size_t size)
{
    return (struct cs_buffer){storage, 0, size, size, CS_OK};
}

static enum cs_status end_entry_id(struct document *document, struct cs_bytes text,
                                   struct cs_problem *problem)
{
    uint8_t storage[CS_ID_SIZE];
    struct cs_buffer id = small_buffer(storage, sizeof storage);
    bool is_id = cs_base64_decode(text, &id) == CS_OK &&
                 cs_id_from_bytes(cs_buffer_bytes(&id), &document->entry.id);
    return is_id ? CS_OK : damaged(problem, "an entry's id is not 16 bytes");
}

/* KDBX 4: base 64 of the seconds since the year 1; before: as people write it. */
static bool read_time(struct cs_bytes text, int64_t *out_ms)
{
    uint8_t storage[8];
    struct cs_buffer bytes = small_buffer(storage, sizeof storage);
    int64_t instant = 0;
    if (cs_instant_parse(text, 0, &instant) == CS_OK) {
        *out_ms = cs_instant_utc_ms(instant);
        return true;
    }
    bool is_time = cs_base64_decode(text, &bytes) == CS_OK && bytes.size == sizeof storage;
    if (is_time) {
        struct cs_reader reader;
        cs_reader_init(&reader, cs_buffer_bytes(&bytes));
        uint64_t seconds = cs_kdbx_read_number(&reader, 8);
        is_time = seconds <= (uint64_t)SECONDS_MAX;
        *out_ms = is_time ? ((int64_t)seconds - SECONDS_BEFORE_1970) * 1000 : *out_ms;
    }
    return is_time;
}

static enum cs_status end_time(struct document *document, struct cs_bytes text, int64_t *out_ms,
                               struct cs_problem *problem)
{
    if (text.size == 0 || read_time(text, out_ms)) {
        return CS_OK;
    }
    return cs_kdbx_entry_add_note(&document->entry, CS_PASSWORD_LOSS_TIME,
                                  (struct cs_kdbx_place){0, 0}, problem);
}

static enum cs_status note(struct document *document, enum cs_password_loss_kind kind,
                           struct cs_bytes name, struct cs_problem *problem)
{
    return cs_kdbx_entry_add_note(&document->entry, kind,
                                  cs_kdbx_entry_keep(&document->entry, name), problem);
}

static enum cs_status end_tags(struct document *document, struct cs_bytes text,
                               struct cs_problem *problem)
{
    if (text.size == 0) {
        return CS_OK;
    }
    struct cs_kdbx_string tags = {
        .key = cs_kdbx_entry_keep(&document->entry, cs_bytes_of_text("Tags")),
        .value = cs_kdbx_entry_keep(&document->entry, text)};
    return cs_kdbx_entry_add_string(&document->entry, &tags, problem);
}

static void check_header_hash(struct document *document, struct cs_bytes text)
{
    uint8_t hash[CS_SHA256_SIZE];
    uint8_t storage[CS_SHA256_SIZE];
    struct cs_buffer stated = small_buffer(storage, sizeof storage);
    if (document->header == NULL) {
        return;
    }
    cs_sha256(*document->header, hash);
    document->header_fits = cs_base64_decode(text, &stated) == CS_OK &&
                            cs_bytes_equal(cs_buffer_bytes(&stated), cs_bytes_of_array(hash));
}

static enum cs_status end_of_time(struct document *document, enum place place, struct cs_bytes text,
                                  struct cs_problem *problem)
{
    struct cs_kdbx_entry *entry = &document->entry;
    switch ((int)place) {
    case PLACE_CREATED:
        return end_time(document, text, &entry->created_ms, problem);
    case PLACE_MODIFIED:
        return end_time(document, text, &entry->modified_ms, problem);
    case PLACE_EXPIRY:
        return end_time(document, text, &entry->expires_ms, problem);
    case PLACE_EXPIRES:
        entry->expires = cs_bytes_equal_text(text, "True");
        return CS_OK;
    default:
        return CS_OK;
    }
}

/* Parts of an entry. */
static enum cs_status end_part(struct document *document, const struct element *element,
                               struct cs_bytes text, struct cs_problem *problem)
{
    switch ((int)element->place) {
    case PLACE_ENTRY_ID:
        return end_entry_id(document, text, problem);
    case PLACE_TAGS:
        return end_tags(document, text, problem);
    case PLACE_OVERRIDE_URL:
        return text.size == 0 ? CS_OK
                              : note(document, CS_PASSWORD_LOSS_SETTING,
                                     cs_bytes_of_text("OverrideURL"), problem);
    case PLACE_STRING_KEY:
        document->string.key = cs_kdbx_entry_keep(&document->entry, text);
        return CS_OK;
    case PLACE_STRING_VALUE:
        document->string.value = cs_kdbx_entry_keep(&document->entry, text);
        document->string.is_protected = element->is_protected;
        return CS_OK;
    case PLACE_STRING:
        return cs_kdbx_entry_add_string(&document->entry, &document->string, problem);
    case PLACE_BINARY_KEY:
        return note(document, CS_PASSWORD_LOSS_ATTACHMENT, text, problem);
    case PLACE_ASSOCIATION:
        return note(document, CS_PASSWORD_LOSS_SETTING, cs_bytes_of_text("AutoType"), problem);
    case PLACE_CUSTOM_ITEM:
        return note(document, CS_PASSWORD_LOSS_SETTING, cs_bytes_of_text("CustomData"), problem);
    case PLACE_FORMER:
        document->entry.former_versions++;
        return CS_OK;
    default:
        return end_of_time(document, element->place, text, problem);
    }
}

static enum cs_status on_end(void *context, const char *name, struct cs_buffer *text,
                             struct cs_problem *problem)
{
    struct document *document = context;
    const struct element element = document->stack[document->depth--];
    struct cs_bytes content = cs_buffer_bytes(text);
    (void)name;
    if (element.is_protected) {
        enum cs_status status = uncover(document, text, problem);
        if (status != CS_OK) {
            return status;
        }
        content = cs_buffer_bytes(&document->plain);
    }
    switch ((int)element.place) {
    case PLACE_OTHER:
        return CS_OK;
    case PLACE_HEADER_HASH:
        check_header_hash(document, content);
        return CS_OK;
    case PLACE_GROUP_NAME:
        return end_group_name(document, content, problem);
    case PLACE_GROUP:
        document->group_names.size = innermost(document)->name_offset;
        document->group_count--;
        return CS_OK;
    case PLACE_ENTRY:
        return end_entry(document, problem);
    default:
        return end_part(document, &element, content, problem);
    }
}

enum cs_status cs_kdbx_document_read(struct cs_bytes document, struct cs_stream *stream,
                                     const struct cs_bytes *header, struct cs_password_list *list,
                                     struct cs_problem *problem)
{
    /* Its stack is too large for the machine's. */
    struct document *state = cs_alloc_zero(1, sizeof *state);
    if (state == NULL) {
        return CS_NO_MEMORY;
    }
    state->stack[0].place = PLACE_DOCUMENT;
    state->stream = stream;
    state->header = header;
    state->list = list;
    cs_kdbx_entry_init(&state->entry);
    cs_buffer_init(&state->group_names, CS_PASSWORD_FILE_UNPACKED_MAX);
    cs_buffer_init(&state->plain, CS_PASSWORD_FILE_UNPACKED_MAX);
    const struct cs_xml_handler handler = {state, on_begin, on_end};
    enum cs_status status = cs_xml_read(document, &handler, problem);
    if (status == CS_OK && header != NULL && !state->header_fits) {
        status = cs_problem_set(problem, CS_FORGED,
                                "the header of the KeePass file does not fit its content");
    }
    if (status == CS_OK && state->root_count == 0) {
        status = damaged(problem, "it has no group");
    }
    cs_kdbx_entry_release(&state->entry);
    cs_buffer_release(&state->group_names);
    cs_buffer_release(&state->plain);
    cs_free(state);
    return status;
}
