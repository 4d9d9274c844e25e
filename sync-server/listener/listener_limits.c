/* The limits a server runs with, see listener.h. */
#include "sync-server/listener/listener.h"

#include "shared/base/limits.h"

void cs_listener_limits_default(struct cs_listener_limits *out)
{
    *out = (struct cs_listener_limits){
        .header_bytes_max = 16 * CS_KIBI,
        .header_fields_max = 64,
        .body_bytes_max = CS_REQUEST_MAX + 4 * CS_KIBI,
        .buffered_bytes_max = 512 * CS_MEBI,

        .handshake_ms_max = 5000,
        .idle_ms_max = 30000,
        .header_ms_max = 10000,
        /* The largest body at 9 KiB/s: a slow mobile link still gets it through. */
        .body_ms_max = 900000,
        .rate_grace_ms = 10000,
        .rate_min = 1024,
        .write_stall_ms_max = 15000,
        .linger_ms_max = 2000,
        .stop_grace_ms = 20000,

        .connections_max = 4096,
        /* A whole office may stand behind one address. */
        .connections_per_address_max = 256,
        .requests_per_connection_max = 1000,
        .descriptors_reserved = 64,
        .penalty_max = 200,
        .penalty_half_life_ms = 60000,

        .batch_requests_max = 64,
        .batch_bytes_max = 32 * CS_MEBI,
    };
}
