/*
 * What a command line is between a caller and the agent: bytes, and which descriptors come with them.
 *
 * Both ends are the same program at the same version on one machine, under one user; other versions are refused, so that this format needs no
 * history. Pure: socket.h moves the bytes.
 *
 *   request: "CSAG" ‖ u8 format 1 ‖ u8 files ‖ u32 size of the rest ‖ prefixed version ‖ prefixed folder
 *            ‖ u32 count ‖ count × prefixed argument ‖ u32 count ‖ count × prefixed "NAME=value"
 *            `files` has a bit for each descriptor that comes along, in the order of enum cs_agent_file
 *   answer:  "CSAA" ‖ u8 kind ‖ u8 exit code ‖ u32 size of the rest ‖ text for people
 */
#ifndef CS_AGENT_REQUEST_H
#define CS_AGENT_REQUEST_H

#include "shared/base/limits.h"
#include "shared/base/memory.h"

enum cs_agent_file {
    CS_AGENT_INPUT,
    CS_AGENT_OUTPUT,
    CS_AGENT_ERRORS,
    CS_AGENT_TERMINAL,
    CS_AGENT_PASSPHRASE, /* of unlock: the file that COUNTERSIGN_PASSPHRASE_FILE names */
    CS_AGENT_FILE_COUNT
};

#define CS_AGENT_HEAD_SIZE ((size_t)10)

struct cs_agent_head {
    uint8_t files;
    size_t size;
};

struct cs_agent_request {
    const char *folder; /* absolute */
    char **arguments;   /* NULL at the end; the program's name is the first */
    size_t argument_count;
    char **variables; /* NULL at the end */
    size_t variable_count;
};

/* Head and rest, appended. CS_LIMIT: more than CS_AGENT_REQUEST_MAX or CS_AGENT_TEXTS_MAX. */
enum cs_status cs_agent_request_encode(const struct cs_agent_request *request, uint8_t files,
                                       struct cs_buffer *out) CS_MUST_USE;
/* CS_MALFORMED; CS_UNSUPPORTED: another format; CS_LIMIT. */
enum cs_status cs_agent_head_decode(const uint8_t bytes[static CS_AGENT_HEAD_SIZE],
                                    struct cs_agent_head *out) CS_MUST_USE;
/* Texts are copied into the arena. CS_UNSUPPORTED: the caller is of another version. CS_MALFORMED: also a folder that is not absolute, no
 * argument, a text with a NUL in it. */
enum cs_status cs_agent_request_decode(struct cs_bytes rest, struct cs_arena *arena,
                                       struct cs_agent_request *out) CS_MUST_USE;

enum cs_agent_answer_kind {
    CS_AGENT_DONE = 1,      /* it ran; with its exit code */
    CS_AGENT_REFUSED = 2,   /* it did not; the text says why */
    CS_AGENT_ELSEWHERE = 3, /* the caller may run it itself: nothing is open here */
};
struct cs_agent_answer {
    enum cs_agent_answer_kind kind;
    uint8_t exit_code;
    char text[CS_PROBLEM_TEXT_MAX]; /* cut to what fits */
};
void cs_agent_answer_encode(const struct cs_agent_answer *answer, struct cs_buffer *out);
/* The whole answer. */
enum cs_status cs_agent_answer_decode(struct cs_bytes bytes,
                                      struct cs_agent_answer *out) CS_MUST_USE;

#endif
