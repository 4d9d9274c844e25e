/* A list of passwords, see password_list.h. */
#include "field-client/password_files/password_list.h"

#include "shared/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Views only; the texts are elsewhere. */
#define ARRAYS_MAX (256 * CS_MEBI)
#define LOSS_NAME_MAX (4 * CS_NAME_MAX)

const char *cs_password_loss_text(enum cs_password_loss_kind kind)
{
    static const char *const texts[] = {
#define LOSS_TEXT(name, text) text,
        CS_PASSWORD_LOSS_TABLE(LOSS_TEXT)
#undef LOSS_TEXT
    };
    cs_require((size_t)kind < CS_COUNT(texts));
    return texts[kind];
}

void cs_password_list_init(struct cs_password_list *list)
{
    *list = (struct cs_password_list){0};
    cs_guarded_init(&list->texts);
    cs_arena_init(&list->arrays, ARRAYS_MAX);
}

void cs_password_list_release(struct cs_password_list *list)
{
    cs_free(list->entries);
    cs_free(list->losses);
    cs_guarded_release(&list->texts);
    cs_arena_release(&list->arrays);
    cs_password_list_init(list);
}

/* Room for one more item of `size` bytes. Only views live here, so moving them leaves no secret behind. */
static bool grow(void **items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return true;
    }
    size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
    void *grown = cs_resize(*items, wanted * size);
    if (grown == NULL) {
        return false;
    }
    *items = grown;
    *capacity = wanted;
    return true;
}

enum cs_status cs_password_list_lose(struct cs_password_list *list, enum cs_password_loss_kind kind,
                                     size_t entry, struct cs_bytes name, size_t count,
                                     struct cs_problem *problem)
{
    if (list->loss_count == CS_PASSWORD_LOSSES_MAX) {
        return cs_problem_set(problem, CS_LIMIT, "more than %zu things in the file cannot be taken",
                              CS_PASSWORD_LOSSES_MAX);
    }
    struct cs_password_loss loss = {.kind = kind, .entry = entry, .count = count};
    while (name.size > LOSS_NAME_MAX || !cs_utf8_valid(name)) {
        name.size = name.size > LOSS_NAME_MAX ? LOSS_NAME_MAX : name.size - 1;
    }
    enum cs_status status = cs_guarded_copy(&list->texts, name, &loss.name);
    void *losses = list->losses;
    if (status == CS_OK &&
        !grow(&losses, list->loss_count, &list->loss_capacity, sizeof *list->losses)) {
        status = CS_NO_MEMORY;
    }
    list->losses = losses;
    if (status == CS_OK) {
        list->losses[list->loss_count++] = loss;
    }
    return status;
}

static enum cs_status copy_text(struct cs_password_list *list, struct cs_bytes text,
                                struct cs_bytes *out, struct cs_problem *problem)
{
    if (text.size > CS_PASSWORD_TEXT_MAX) {
        return cs_problem_set(problem, CS_LIMIT,
                              "entry %zu has a text of %zu bytes, at most %zu are taken",
                              list->count + 1, text.size, CS_PASSWORD_TEXT_MAX);
    }
    if (!cs_utf8_valid(text)) {
        return cs_problem_set(problem, CS_MALFORMED, "entry %zu has a text that is not UTF-8",
                              list->count + 1);
    }
    return cs_guarded_copy(&list->texts, text, out);
}

static bool is_control(uint8_t byte)
{
    return byte < 0x20 || byte == 0x7f;
}

static bool has_field(const struct cs_password_field *fields, size_t count, struct cs_bytes name)
{
    for (size_t i = 0; i < count; i++) {
        if (cs_bytes_equal(fields[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* U+FFFE and U+FFFF, which XML cannot hold, from this byte on. */
static bool is_no_character(struct cs_bytes name, size_t at)
{
    return name.data[at] == 0xef && name.size - at > 2 && name.data[at + 1] == 0xbf &&
           name.data[at + 2] >= 0xbe;
}

/* With blanks for control characters; `scratch` is where a changed name is made. */
static struct cs_bytes printable(struct cs_bytes name, struct cs_buffer *scratch)
{
    bool changed = false;
    cs_buffer_clear(scratch);
    for (size_t i = 0; i < name.size; i++) {
        bool is_wide = is_no_character(name, i);
        bool is_replaced = is_wide || is_control(name.data[i]);
        cs_buffer_append_u8(scratch, is_replaced ? ' ' : name.data[i]);
        changed = changed || is_replaced;
        i += is_wide ? 2 : 0;
    }
    return changed ? cs_buffer_bytes(scratch) : name;
}

/* A name of its own for the field behind the `count` first. */
static struct cs_bytes unique(const struct cs_password_field *fields, size_t count,
                              struct cs_bytes name, struct cs_buffer *scratch)
{
    struct cs_bytes base = name.size == 0 ? cs_bytes_of_text("field") : printable(name, scratch);
    if (!has_field(fields, count, base)) {
        return base;
    }
    /* `base` may lie in `scratch`: appended behind itself, and cut again for each attempt. */
    if (base.data != scratch->data) {
        cs_buffer_clear(scratch);
        cs_buffer_append_bytes(scratch, base);
    }
    size_t base_size = base.size;
    for (size_t number = 2; scratch->status == CS_OK; number++) {
        scratch->size = base_size;
        cs_buffer_append_format(scratch, " (%zu)", number);
        if (!has_field(fields, count, cs_buffer_bytes(scratch))) {
            break;
        }
    }
    return cs_buffer_bytes(scratch);
}

static enum cs_status note_renamed(struct cs_password_list *list, struct cs_bytes before,
                                   struct cs_bytes after, struct cs_problem *problem)
{
    return cs_bytes_equal(before, after) ? CS_OK
                                         : cs_password_list_lose(list, CS_PASSWORD_LOSS_RENAMED,
                                                                 list->count, after, 1, problem);
}

static enum cs_status copy_fields(struct cs_password_list *list,
                                  const struct cs_password_entry *entry,
                                  struct cs_password_entry *out, struct cs_buffer *scratch,
                                  struct cs_problem *problem)
{
    struct cs_password_field *fields =
        cs_arena_take_array(&list->arrays, entry->field_count, sizeof *fields);
    enum cs_status status = fields == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < entry->field_count; i++) {
        struct cs_bytes name = unique(fields, i, entry->fields[i].name, scratch);
        fields[i].is_protected = entry->fields[i].is_protected;
        status = scratch->status;
        status = status == CS_OK ? copy_text(list, name, &fields[i].name, problem) : status;
        status = status == CS_OK
                     ? copy_text(list, entry->fields[i].value, &fields[i].value, problem)
                     : status;
        status = status == CS_OK
                     ? note_renamed(list, entry->fields[i].name, fields[i].name, problem)
                     : status;
    }
    out->fields = fields;
    return status;
}

static enum cs_status copy_groups(struct cs_password_list *list,
                                  const struct cs_password_entry *entry,
                                  struct cs_password_entry *out, struct cs_buffer *scratch,
                                  struct cs_problem *problem)
{
    struct cs_bytes *groups =
        cs_arena_take_array(&list->arrays, entry->group_count, sizeof *groups);
    enum cs_status status = groups == NULL ? CS_NO_MEMORY : CS_OK;
    for (size_t i = 0; status == CS_OK && i < entry->group_count; i++) {
        struct cs_bytes name = printable(entry->groups[i], scratch);
        status = scratch->status;
        status = status == CS_OK ? copy_text(list, name, &groups[i], problem) : status;
        status =
            status == CS_OK ? note_renamed(list, entry->groups[i], groups[i], problem) : status;
    }
    out->groups = groups;
    return status;
}

static enum cs_status check_counts(const struct cs_password_list *list,
                                   const struct cs_password_entry *entry,
                                   struct cs_problem *problem)
{
    if (list->count == CS_PASSWORD_ENTRIES_MAX) {
        return cs_problem_set(problem, CS_LIMIT, "the file has more than %zu entries",
                              CS_PASSWORD_ENTRIES_MAX);
    }
    if (entry->field_count > CS_PASSWORD_FIELDS_MAX) {
        return cs_problem_set(problem, CS_LIMIT, "entry %zu has more than %zu fields",
                              list->count + 1, CS_PASSWORD_FIELDS_MAX);
    }
    if (entry->group_count > CS_PASSWORD_GROUP_DEPTH_MAX) {
        return cs_problem_set(problem, CS_LIMIT, "entry %zu lies more than %zu groups deep",
                              list->count + 1, CS_PASSWORD_GROUP_DEPTH_MAX);
    }
    return CS_OK;
}

static enum cs_status copy_texts(struct cs_password_list *list,
                                 const struct cs_password_entry *entry,
                                 struct cs_password_entry *out, struct cs_problem *problem)
{
    const struct cs_bytes *const from[] = {&entry->title, &entry->user_name, &entry->password,
                                           &entry->url,   &entry->notes,     &entry->totp};
    struct cs_bytes *const to[] = {&out->title, &out->user_name, &out->password,
                                   &out->url,   &out->notes,     &out->totp};
    enum cs_status status = CS_OK;
    for (size_t i = 0; status == CS_OK && i < CS_COUNT(from); i++) {
        status = copy_text(list, *from[i], to[i], problem);
    }
    return status;
}

enum cs_status cs_password_list_add(struct cs_password_list *list,
                                    const struct cs_password_entry *entry,
                                    struct cs_problem *problem)
{
    struct cs_password_entry copy = *entry;
    size_t losses_before = list->loss_count;
    struct cs_buffer scratch;
    enum cs_status status = check_counts(list, entry, problem);
    if (status != CS_OK) {
        return status;
    }
    cs_buffer_init(&scratch, 2 * CS_PASSWORD_TEXT_MAX);
    status = copy_texts(list, entry, &copy, problem);
    status = status == CS_OK ? copy_fields(list, entry, &copy, &scratch, problem) : status;
    status = status == CS_OK ? copy_groups(list, entry, &copy, &scratch, problem) : status;
    cs_buffer_release(&scratch);
    void *entries = list->entries;
    if (status == CS_OK && !grow(&entries, list->count, &list->capacity, sizeof *list->entries)) {
        status = CS_NO_MEMORY;
    }
    list->entries = entries;
    if (status != CS_OK) {
        list->loss_count = losses_before;
        return status;
    }
    list->entries[list->count++] = copy;
    return CS_OK;
}

static int compare_ids(const void *a, const void *b)
{
    return cs_id_compare(a, b);
}

enum cs_status cs_password_list_check_ids(const struct cs_password_list *list,
                                          struct cs_problem *problem)
{
    struct cs_id *ids = cs_alloc_zero(list->count, sizeof *ids);
    enum cs_status status = ids == NULL ? CS_NO_MEMORY : CS_OK;
    if (status == CS_OK) {
        for (size_t i = 0; i < list->count; i++) {
            ids[i] = list->entries[i].id;
        }
        qsort(ids, list->count, sizeof *ids, compare_ids);
    }
    for (size_t i = 1; status == CS_OK && i < list->count; i++) {
        if (!cs_id_is_zero(&ids[i]) && cs_id_equal(&ids[i], &ids[i - 1])) {
            char text[CS_ID_TEXT_SIZE];
            cs_id_format(&ids[i], text);
            status = cs_problem_set(problem, CS_MALFORMED, "two entries have the same id %s", text);
        }
    }
    cs_free(ids);
    return status;
}
