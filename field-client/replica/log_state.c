/* Checkpoint and alarm in _meta, see log_state.h. */
#include "field-client/replica/log_state.h"

#include "field-client/replica/meta.h"

#include <string.h>

enum cs_status cs_log_state_load(struct cs_replica *replica, struct cs_log_state *out)
{
    struct cs_log_state state = {.any = false};
    struct cs_buffer note;
    cs_buffer_init(&note, CS_CHECKPOINT_MAX);
    enum cs_status status = cs_replica_meta_bytes(replica, CS_META_CHECKPOINT, &note);
    if (status == CS_OK && note.size > 0) {
        status = cs_checkpoint_read(cs_buffer_bytes(&note), &state.checkpoint);
        status = status == CS_MALFORMED ? CS_CORRUPT : status;
        state.any = true;
        memcpy(state.note, note.data, note.size);
        state.note_size = note.size;
    }
    cs_buffer_release(&note);
    if (status == CS_OK) {
        *out = state;
    }
    return status;
}

enum cs_status cs_log_state_save(struct cs_replica *replica, const struct cs_log_state *state)
{
    return !state->any ? CS_OK
                       : cs_replica_meta_set_bytes(replica, CS_META_CHECKPOINT,
                                                   cs_bytes_make(state->note, state->note_size));
}

enum cs_status cs_log_alarm(struct cs_replica *replica, struct cs_buffer *out)
{
    return cs_replica_meta_bytes(replica, CS_META_LOG_ALARM, out);
}

enum cs_status cs_log_alarm_set(struct cs_replica *replica, struct cs_bytes text)
{
    struct cs_buffer before;
    cs_buffer_init(&before, CS_PROBLEM_TEXT_MAX);
    enum cs_status status = cs_log_alarm(replica, &before);
    if (status == CS_OK && !cs_bytes_equal(cs_buffer_bytes(&before), text)) {
        status = cs_replica_meta_set_bytes(replica, CS_META_LOG_ALARM, text);
    }
    cs_buffer_release(&before);
    return status;
}
