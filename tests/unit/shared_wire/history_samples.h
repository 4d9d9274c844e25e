/* A question about a row and its answer, for the tests of the messages. */
#ifndef TESTS_UNIT_SHARED_WIRE_HISTORY_SAMPLES_H
#define TESTS_UNIT_SHARED_WIRE_HISTORY_SAMPLES_H

#include "shared/wire/history.h"

#include <string.h>

static inline struct cs_history_request sample_history_request(void)
{
    struct cs_history_request request = {
        .entity = cs_bytes_of_text("part"), .at_ms = INT64_C(1772413200000), .from = 41};
    memset(request.incarnation, 0x11, sizeof request.incarnation);
    memset(request.row.bytes, 0x22, sizeof request.row.bytes);
    return request;
}

/* Three states of one row: the present one, which somebody else's value waits beside, one before it, and how it was made. */
static inline struct cs_history_response sample_history_response(struct cs_history_state states[3])
{
    static struct cs_named_value fields[3][2];
    static struct cs_history_head head;
    static const char *const names[] = {"\xe4\xb8\x99", "\xe4\xb9\x99", "\xe7\x94\xb2"};
    struct cs_history_response response = {
        .reach_ms = CS_HISTORY_LONG_SINCE, .states = states, .state_count = 3, .more = 17};
    memset(response.incarnation, 0x11, sizeof response.incarnation);
    head = (struct cs_history_head){
        cs_bytes_of_text("name"), {UINT64_MAX, 5}, cs_bytes_of_text("packed")};
    for (size_t i = 0; i < 3; i++) {
        fields[i][0] = (struct cs_named_value){cs_bytes_of_text("name"),
                                               cs_value_text(cs_bytes_of_text(names[i]))};
        fields[i][1] =
            (struct cs_named_value){cs_bytes_of_text("price_cents"), cs_value_integer(990)};
        states[i] = (struct cs_history_state){
            .number = 2 - i,
            .from_ms = INT64_C(1772413200000) - (int64_t)i * 1000,
            .until_ms = i == 0 ? CS_HISTORY_STILL : INT64_C(1772413200000),
            .author = {UINT64_C(0x8000000000000000) + i, 9},
            .claimed = INT64_C(1772413200000) * 4096 + 2528,
            .received_ms = INT64_C(1772413200001),
            .row = {.entity = cs_bytes_of_text("part"),
                    .id = {{1, 2, 3}},
                    .deleted = i == 1,
                    .versions = cs_bytes_of_text("\x01\x02\x03\x04\x05\x06\x07\x08\x09"),
                    .fields = fields[i],
                    .field_count = 2},
        };
    }
    states[0].heads = &head;
    states[0].head_count = 1;
    return response;
}

#endif
