/* The note about the last difference, see repair_note.h. Kept as one value of _meta. */
#include "field-client/replica/repair_note.h"

#include "field-client/replica/meta.h"

#include <stdio.h>

#define NUMBERS 7

enum cs_status cs_repair_note_load(struct cs_replica *replica, struct cs_repair_note *out)
{
    struct cs_buffer kept;
    struct cs_reader reader;
    cs_buffer_init(&kept, CS_KIBI);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_REPAIR_NOTE, &kept);
    struct cs_repair_note note = {.times = 0};
    if (status == CS_OK && kept.size > 0) {
        cs_reader_init(&reader, cs_buffer_bytes(&kept));
        note.times = (int64_t)cs_read_u64(&reader);
        note.at_ms = (int64_t)cs_read_u64(&reader);
        uint64_t outcome = cs_read_u64(&reader);
        note.report.outcome = (enum cs_compare_outcome)outcome;
        note.report.rows = cs_read_u64(&reader);
        note.report.departed = cs_read_u64(&reader);
        note.report.sums = cs_read_u64(&reader);
        note.unreported = cs_read_u64(&reader) != 0;
        if (cs_reader_finish(&reader) != CS_OK || outcome < CS_COMPARE_REPAIRED ||
            outcome > CS_COMPARE_UNREPAIRED) {
            status = CS_CORRUPT;
        }
    }
    cs_buffer_release(&kept);
    if (status == CS_OK) {
        *out = note;
    }
    return status;
}

enum cs_status cs_repair_note_save(struct cs_replica *replica, const struct cs_repair_note *note)
{
    const uint64_t numbers[NUMBERS] = {
        (uint64_t)note->times,    (uint64_t)note->at_ms, (uint64_t)note->report.outcome,
        note->report.rows,        note->report.departed, note->report.sums,
        note->unreported ? 1 : 0,
    };
    struct cs_buffer kept;
    cs_buffer_init(&kept, sizeof numbers);
    for (size_t i = 0; i < NUMBERS; i++) {
        cs_buffer_append_u64(&kept, numbers[i]);
    }
    enum cs_status status =
        kept.status != CS_OK
            ? kept.status
            : cs_replica_meta_set_bytes(replica, CS_META_REPAIR_NOTE, cs_buffer_bytes(&kept));
    cs_buffer_release(&kept);
    return status;
}

void cs_repair_note_text(const struct cs_repair_note *note, bool chinese,
                         char out[static CS_REPAIR_NOTE_TEXT_MAX])
{
    unsigned long long rows = note->report.rows;
    unsigned long long departed = note->report.departed;
    switch (note->report.outcome) {
    case CS_COMPARE_REPAIRED:
        (void)snprintf(
            out, CS_REPAIR_NOTE_TEXT_MAX,
            chinese ? "本机数据曾与服务器不一致:已补正 %llu 行,移除 %llu 行,现已一致"
                    : "this laptop differed from the server (rows put right: %llu, taken away: "
                      "%llu); it is equal again",
            rows, departed);
        return;
    case CS_COMPARE_SUMS_MENDED:
        (void)snprintf(out, CS_REPAIR_NOTE_TEXT_MAX,
                       chinese
                           ? "本机 %llu 个范围的校验和有误,已重新计算,数据无误"
                           : "sums on this laptop that were wrong and were counted anew: %llu; its "
                             "rows were right",
                       (unsigned long long)note->report.sums);
        return;
    case CS_COMPARE_SERVER_SUM:
        (void)snprintf(out, CS_REPAIR_NOTE_TEXT_MAX, "%s",
                       chinese ? "服务器的校验和有误,已重新计算;本机数据与服务器一致"
                               : "the server's sums were wrong and were counted anew; this laptop "
                                 "holds the same rows");
        return;
    case CS_COMPARE_UNREPAIRED:
        break;
    }
    (void)snprintf(
        out, 256,
        chinese
            ? "本机数据与服务器不一致且未能修复(已补正 %llu 行,移除 %llu 行):请再次同步,仍不一致时"
              "请告知办公室"
            : "this laptop DIFFERS from the server and could not be put right (rows that "
              "were: %llu, taken away: %llu): sync again, and tell the office if it stays so",
        rows, departed);
}
