/*
 * Phrases of problem texts: a short text of bounded size, built without allocation. Internal to
 * this folder.
 *
 * What people typed is quoted, shortened at a character boundary, and harmless to a terminal.
 */
#ifndef CS_DOMAIN_PHRASE_H
#define CS_DOMAIN_PHRASE_H

#include "shared/domain/descriptor.h"

#define CS_PHRASE_MAX 256
/* Longest quotation of a value, bytes. */
#define CS_QUOTE_MAX ((size_t)40)

struct cs_phrase {
    char text[CS_PHRASE_MAX]; /* NUL-terminated; what does not fit is left out */
    size_t size;
};

#define CS_PHRASE_EMPTY ((struct cs_phrase){"", 0})

void cs_phrase_add(struct cs_phrase *phrase, const char *text);
/* The bytes as they are, as far as whole characters fit. */
void cs_phrase_add_bytes(struct cs_phrase *phrase, struct cs_bytes bytes);
/*
 * "…" with at most CS_QUOTE_MAX bytes of it; control characters and broken UTF-8 become question
 * marks.
 */
void cs_phrase_add_quoted(struct cs_phrase *phrase, struct cs_bytes bytes);
/* "draft, assigned" from "draft|assigned". */
void cs_phrase_add_choices(struct cs_phrase *phrase, const char *choices);
/* "owner, office", or "nobody". */
void cs_phrase_add_roles(struct cs_phrase *phrase, cs_roles roles);

#endif
