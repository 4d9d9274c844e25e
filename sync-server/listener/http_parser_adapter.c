/* What one request head says, see http_parser_adapter.h. */
#include "sync-server/listener/http_parser_adapter.h"

#include <string.h>
#include <strings.h>

#if CS_HAVE_LLHTTP
#include <llhttp.h>
typedef llhttp_t library_parser;
typedef llhttp_settings_t library_settings;
#else
#include <http_parser.h>
typedef http_parser library_parser;
typedef http_parser_settings library_settings;
#endif

/* Longer names and values are kept cut: they match nothing that we look for. */
#define VALUE_SIZE_MAX 64

struct text {
    char data[VALUE_SIZE_MAX + 1];
    size_t size; /* of the whole, also where data is cut */
};

struct parse {
    struct cs_http_request request;
    struct text name;
    struct text value;
    bool in_value;
    size_t fields;
    size_t fields_max;
    size_t target_size;
    size_t hosts;
    bool complete;
    int refusal; /* HTTP status, 0 = none */
};

static void refuse(struct parse *parse, int status)
{
    if (parse->refusal == 0) {
        parse->refusal = status;
    }
}

static void text_add(struct text *text, const char *data, size_t size)
{
    if (text->size < VALUE_SIZE_MAX) {
        size_t room = VALUE_SIZE_MAX - text->size;
        size_t kept = size < room ? size : room;
        memcpy(text->data + text->size, data, kept);
        text->data[text->size + kept] = '\0';
    }
    text->size += size;
}

static bool text_is(const struct text *text, const char *wanted)
{
    return text->size == strlen(wanted) && text->size <= VALUE_SIZE_MAX &&
           strcasecmp(text->data, wanted) == 0;
}

/* White space after a value belongs to the line, not to the value (RFC 9112 §5). */
static void trim_value(struct text *value)
{
    while (value->size > 0 && value->size <= VALUE_SIZE_MAX &&
           (value->data[value->size - 1] == ' ' || value->data[value->size - 1] == '\t')) {
        value->data[--value->size] = '\0';
    }
}

static void take_content_length(struct parse *parse)
{
    const struct text *value = &parse->value;
    if (parse->request.has_content_length || value->size == 0 || value->size > 18 ||
        strspn(value->data, "0123456789") != value->size) {
        refuse(parse, 400);
        return;
    }
    uint64_t length = 0;
    for (size_t i = 0; i < value->size; i++) {
        length = length * 10 + (uint64_t)(value->data[i] - '0');
    }
    parse->request.has_content_length = true;
    parse->request.content_length = length;
}

static void finish_field(struct parse *parse)
{
    if (!parse->in_value) {
        return;
    }
    trim_value(&parse->value);
    const struct text *value = &parse->value;
    if (text_is(&parse->name, "host")) {
        parse->hosts++;
        if (value->size == 0) {
            refuse(parse, 400);
        }
    } else if (text_is(&parse->name, "content-length")) {
        take_content_length(parse);
    } else if (text_is(&parse->name, "transfer-encoding")) {
        refuse(parse, 400);
    } else if (text_is(&parse->name, "expect")) {
        bool known = text_is(value, "100-continue");
        parse->request.expects_continue = parse->request.expects_continue || known;
        parse->request.expects_other = parse->request.expects_other || !known;
    } else if (text_is(&parse->name, "content-type")) {
        parse->request.has_other_content =
            parse->request.has_other_content || !text_is(value, "application/octet-stream");
    }
    parse->in_value = false;
    parse->name = (struct text){0};
    parse->value = (struct text){0};
}

/* RFC 9110 §5.6.2 */
static bool is_token_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/*
 * The request line, checked before the library sees it, for Debian's http-parser is built without its strict mode and
 * takes "HTTX/1.1" for HTTP: METHOD SP TARGET SP "HTTP/" DIGIT "." DIGIT CR LF (RFC 9112 §3). 0, 400 or 505.
 */
static int check_request_line(struct cs_bytes head)
{
    const char *text = (const char *)head.data;
    const char *end = head.size == 0 ? NULL : memchr(text, '\r', head.size);
    size_t size = end == NULL ? 0 : (size_t)(end - text);
    static const char version[] = " HTTP/1.1";
    size_t version_size = sizeof version - 1;
    size_t i = 0;
    while (i < size && is_token_character(text[i])) {
        i++;
    }
    if (i == 0 || i >= size || text[i] != ' ') {
        return 400;
    }
    size_t target_start = ++i;
    while (i < size && text[i] > ' ' && text[i] < 0x7f) {
        i++;
    }
    const char *rest = text + i;
    if (i == target_start || size - i != version_size || memcmp(rest, version, 6) != 0 ||
        rest[7] != '.' || rest[6] < '0' || rest[6] > '9' || rest[8] < '0' || rest[8] > '9') {
        return 400;
    }
    return memcmp(rest, version, version_size) == 0 ? 0 : 505;
}

/*
 * Counts the field lines; false if one of them is not NAME ":" … CR LF. The count is compared with what the library
 * reports, so that both see the same fields (llhttp takes a line without a name for a field).
 */
static bool count_field_lines(struct cs_bytes head, size_t *out_count)
{
    const char *text = (const char *)head.data;
    const char *end = text + head.size;
    const char *line = memchr(text, '\n', head.size);
    size_t count = 0;
    while (line != NULL && ++line < end && *line != '\r') {
        const char *c = line;
        while (c < end && is_token_character(*c)) {
            c++;
        }
        if (c == line || c == end || *c != ':') {
            return false;
        }
        count++;
        line = memchr(c, '\n', (size_t)(end - c));
    }
    *out_count = count;
    return line != NULL && line < end;
}

static int on_url(library_parser *parser, const char *at, size_t size)
{
    struct parse *parse = parser->data;
    size_t room = CS_HTTP_TARGET_MAX - parse->target_size;
    size_t kept = size < room ? size : room;
    memcpy(parse->request.target + parse->target_size, at, kept);
    parse->target_size += kept;
    return 0;
}

static int on_header_field(library_parser *parser, const char *at, size_t size)
{
    struct parse *parse = parser->data;
    finish_field(parse);
    if (parse->name.size == 0 && ++parse->fields > parse->fields_max) {
        refuse(parse, 431);
    }
    text_add(&parse->name, at, size);
    return 0;
}

static int on_header_value(library_parser *parser, const char *at, size_t size)
{
    struct parse *parse = parser->data;
    parse->in_value = true;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)at[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            refuse(parse, 400);
        }
    }
    text_add(&parse->value, at, size);
    return 0;
}

static bool library_keeps_alive(const library_parser *parser)
{
#if CS_HAVE_LLHTTP
    return llhttp_should_keep_alive(parser) != 0;
#else
    return http_should_keep_alive(parser) != 0;
#endif
}

static int on_headers_complete(library_parser *parser)
{
    struct parse *parse = parser->data;
    finish_field(parse);
    parse->complete = true;
    parse->request.method = parser->method == HTTP_GET    ? CS_HTTP_METHOD_GET
                            : parser->method == HTTP_POST ? CS_HTTP_METHOD_POST
                                                          : CS_HTTP_METHOD_OTHER;
    parse->request.keep_alive = library_keeps_alive(parser);
    if (parse->hosts != 1) {
        refuse(parse, 400);
    }
    return 1; /* no body follows for the library: connection.c counts it */
}

/* Whether the library found no fault in the head. */
static bool run_library(struct cs_bytes head, struct parse *parse)
{
    library_settings settings;
    library_parser parser;
#if CS_HAVE_LLHTTP
    llhttp_settings_init(&settings);
#else
    http_parser_settings_init(&settings);
#endif
    settings.on_url = on_url;
    settings.on_header_field = on_header_field;
    settings.on_header_value = on_header_value;
    settings.on_headers_complete = on_headers_complete;
#if CS_HAVE_LLHTTP
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = parse;
    llhttp_errno_t code = llhttp_execute(&parser, (const char *)head.data, head.size);
    return (code == HPE_OK || code == HPE_PAUSED_UPGRADE) && parse->complete;
#else
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = parse;
    size_t used = http_parser_execute(&parser, &settings, (const char *)head.data, head.size);
    return HTTP_PARSER_ERRNO(&parser) == HPE_OK && used == head.size && parse->complete;
#endif
}

int cs_http_request_parse(struct cs_bytes head, size_t fields_max,
                          struct cs_http_request *out_request)
{
    struct parse parse = {.fields_max = fields_max};
    int refusal = check_request_line(head);
    size_t lines = 0;
    if (refusal != 0) {
        return refusal;
    }
    if (!count_field_lines(head, &lines)) {
        return 400;
    }
    bool sound = run_library(head, &parse);
    /* Our own refusals first: the library stops at the same place with a less telling reason. */
    if (parse.refusal != 0) {
        return parse.refusal;
    }
    if (!sound || parse.fields != lines) {
        return 400;
    }
    *out_request = parse.request;
    return 0;
}
