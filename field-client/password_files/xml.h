/*
 * XML, element by element. The only file pair with expat, whose memory is wiped when freed.
 *
 * UTF-8 only, whatever the document claims. A document type is refused, and with it every entity but the five of XML itself: nothing is
 * fetched, nothing is expanded. Depth is bounded (CS_PASSWORD_XML_DEPTH_MAX).
 */
#ifndef CS_FIELD_CLIENT_PASSWORD_FILES_XML_H
#define CS_FIELD_CLIENT_PASSWORD_FILES_XML_H

#include "shared/base/bytes.h"

struct cs_xml_handler {
    void *context;
    /* A failure ends the reading and is its result. `attributes`: name, value, …, NULL. */
    enum cs_status (*begin)(void *context, const char *name, const char *const *attributes,
                            struct cs_problem *problem);
    /* `text` is the text of the element behind its last child; the handler may change it in place. */
    enum cs_status (*end)(void *context, const char *name, struct cs_buffer *text,
                          struct cs_problem *problem);
};

/* CS_MALFORMED with line in `problem`, CS_LIMIT, CS_NO_MEMORY, or what the handler says. */
enum cs_status cs_xml_read(struct cs_bytes document, const struct cs_xml_handler *handler,
                           struct cs_problem *problem) CS_MUST_USE;
/* Value of an attribute; NULL if absent. */
const char *cs_xml_attribute(const char *const *attributes, const char *name);
/* Appends text with what XML needs escaped. */
void cs_xml_escape(struct cs_bytes text, struct cs_buffer *out);
/* Whether every character may stand in XML 1.0 and comes back as it was (control characters do not). */
bool cs_xml_can_hold(struct cs_bytes text);

#endif
