/* XML, see xml.h. */
#include "field-client/password_files/xml.h"

#include "shared/base/limits.h"
#include "shared/base/wiped.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

struct reading {
    XML_Parser parser;
    const struct cs_xml_handler *handler;
    struct cs_problem *problem;
    struct cs_buffer text;
    unsigned depth;
    enum cs_status status;
};

static void stop(struct reading *reading, enum cs_status status)
{
    if (status != CS_OK && reading->status == CS_OK) {
        reading->status = status;
        (void)XML_StopParser(reading->parser, XML_FALSE);
    }
}

static void XMLCALL on_begin(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *reading = context;
    if (reading->status != CS_OK) {
        return;
    }
    cs_buffer_clear(&reading->text);
    if (++reading->depth > CS_PASSWORD_XML_DEPTH_MAX) {
        stop(reading, cs_problem_set(reading->problem, CS_LIMIT,
                                     "the file's XML is more than %u elements deep",
                                     CS_PASSWORD_XML_DEPTH_MAX));
        return;
    }
    stop(reading, reading->handler->begin(reading->handler->context, name,
                                          (const char *const *)attributes, reading->problem));
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
    struct reading *reading = context;
    if (reading->status != CS_OK) {
        return;
    }
    reading->depth--;
    if (reading->text.status != CS_OK) {
        stop(reading, reading->text.status);
        return;
    }
    stop(reading,
         reading->handler->end(reading->handler->context, name, &reading->text, reading->problem));
    cs_buffer_clear(&reading->text);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int size)
{
    struct reading *reading = context;
    cs_buffer_append(&reading->text, text, (size_t)size);
}

static void XMLCALL on_document_type(void *context, const XML_Char *name, const XML_Char *system,
                                     const XML_Char *public, int has_subset)
{
    struct reading *reading = context;
    (void)name;
    (void)system;
    (void)public;
    (void)has_subset;
    stop(reading, cs_problem_set(reading->problem, CS_MALFORMED,
                                 "the file's XML has a document type, which no such file needs"));
}

static enum cs_status parse_status(struct reading *reading)
{
    enum XML_Error error = XML_GetErrorCode(reading->parser);
    if (reading->status != CS_OK) {
        return reading->status;
    }
    if (error == XML_ERROR_NO_MEMORY) {
        return CS_NO_MEMORY;
    }
    return cs_problem_set(reading->problem, CS_MALFORMED, "the file's XML is damaged: line %lu: %s",
                          (unsigned long)XML_GetCurrentLineNumber(reading->parser),
                          XML_ErrorString(error));
}

enum cs_status cs_xml_read(struct cs_bytes document, const struct cs_xml_handler *handler,
                           struct cs_problem *problem)
{
    static const XML_Memory_Handling_Suite memory = {cs_wiped_alloc, cs_wiped_resize,
                                                     cs_wiped_free};
    struct reading reading = {.handler = handler, .problem = problem};
    if (document.size > INT_MAX) {
        return CS_LIMIT;
    }
    reading.parser = XML_ParserCreate_MM("UTF-8", &memory, NULL);
    if (reading.parser == NULL) {
        return CS_NO_MEMORY;
    }
    cs_buffer_init(&reading.text, CS_PASSWORD_FILE_UNPACKED_MAX);
    XML_SetUserData(reading.parser, &reading);
    XML_SetElementHandler(reading.parser, on_begin, on_end);
    XML_SetCharacterDataHandler(reading.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reading.parser, on_document_type);
    enum cs_status status = CS_OK;
    if (XML_Parse(reading.parser, (const char *)document.data, (int)document.size, XML_TRUE) !=
        XML_STATUS_OK) {
        status = parse_status(&reading);
    }
    XML_ParserFree(reading.parser);
    cs_buffer_release(&reading.text);
    return status;
}

const char *cs_xml_attribute(const char *const *attributes, const char *name)
{
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        if (strcmp(attributes[i], name) == 0) {
            return attributes[i + 1];
        }
    }
    return NULL;
}

void cs_xml_escape(struct cs_bytes text, struct cs_buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        switch (text.data[i]) {
        case '&':
            cs_buffer_append_text(out, "&amp;");
            break;
        case '<':
            cs_buffer_append_text(out, "&lt;");
            break;
        case '>':
            cs_buffer_append_text(out, "&gt;");
            break;
        case '"':
            cs_buffer_append_text(out, "&quot;");
            break;
        case '\r': /* bare, a parser makes it a line feed */
            cs_buffer_append_text(out, "&#13;");
            break;
        default:
            cs_buffer_append_u8(out, text.data[i]);
        }
    }
}

bool cs_xml_can_hold(struct cs_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool is_space = byte == '\t' || byte == '\n' || byte == '\r';
        /* U+FFFE and U+FFFF are no characters of XML either. */
        bool is_none = byte == 0xef && text.size - i > 2 && text.data[i + 1] == 0xbf &&
                       text.data[i + 2] >= 0xbe;
        if ((byte < 0x20 && !is_space) || is_none) {
            return false;
        }
    }
    return true;
}
