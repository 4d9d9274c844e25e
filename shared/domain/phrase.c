/* Phrases of problem texts, see phrase.h. */
#include "shared/domain/phrase.h"

#include "shared/base/text.h"
#include "shared/domain/choices.h"

#include <string.h>

/* The largest size that does not cut a character in two. */
static size_t whole_characters(struct cs_bytes bytes, size_t size)
{
    if (size >= bytes.size) {
        return bytes.size;
    }
    while (size > 0 && (bytes.data[size] & 0xC0) == 0x80) {
        size--;
    }
    return size;
}

void cs_phrase_add_bytes(struct cs_phrase *phrase, struct cs_bytes bytes)
{
    size_t size = whole_characters(bytes, sizeof phrase->text - 1 - phrase->size);
    if (size > 0) {
        memcpy(phrase->text + phrase->size, bytes.data, size);
    }
    phrase->size += size;
    phrase->text[phrase->size] = '\0';
}

void cs_phrase_add(struct cs_phrase *phrase, const char *text)
{
    cs_phrase_add_bytes(phrase, cs_bytes_of_text(text));
}

void cs_phrase_add_quoted(struct cs_phrase *phrase, struct cs_bytes bytes)
{
    uint8_t clean[CS_QUOTE_MAX];
    size_t size = whole_characters(bytes, CS_QUOTE_MAX);
    bool readable = cs_utf8_valid(cs_bytes_make(bytes.data, size));
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = bytes.data[i];
        bool shown = byte >= 0x80 ? readable : byte >= ' ' && byte != 0x7F;
        clean[i] = shown ? byte : '?';
    }
    cs_phrase_add(phrase, "\"");
    cs_phrase_add_bytes(phrase, cs_bytes_make(clean, size));
    cs_phrase_add(phrase, size < bytes.size ? "…\"" : "\"");
}

void cs_phrase_add_choices(struct cs_phrase *phrase, const char *choices)
{
    for (size_t i = 0; i < cs_choices_count(choices); i++) {
        cs_phrase_add(phrase, i > 0 ? ", " : "");
        cs_phrase_add_bytes(phrase, cs_choices_at(choices, i));
    }
}

void cs_phrase_add_roles(struct cs_phrase *phrase, cs_roles roles)
{
    const char *separator = "";
    for (size_t i = 0; i < CS_ROLE_COUNT; i++) {
        if ((roles & ((cs_roles)1 << i)) != 0) {
            cs_phrase_add(phrase, separator);
            cs_phrase_add(phrase, cs_role_name((enum cs_role_index)i));
            separator = ", ";
        }
    }
    if (*separator == '\0') {
        cs_phrase_add(phrase, "nobody");
    }
}
