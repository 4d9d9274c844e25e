/*
 * The lists of choices in descriptors: "draft|assigned|…". Pure; views into static text.
 */
#ifndef CS_DOMAIN_CHOICES_H
#define CS_DOMAIN_CHOICES_H

#include "shared/base/bytes.h"

/* Names in the list; NULL and "" have none. */
size_t cs_choices_count(const char *choices);
/* The index-th name; empty beyond the end. */
struct cs_bytes cs_choices_at(const char *choices, size_t index);
/* Index of `name`, or -1. The empty name is never found. */
int cs_choices_find(const char *choices, struct cs_bytes name);

#endif
