/* What concerns the process; see server_main.h. */
#include "sync-server/commands/server_main.h"

#include "shared/crypto/secret.h"
#include "sync-server/commands/command.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Keys are in this process's memory: no core file and no other process of the same user may have it. */
static bool protect_process(void)
{
    (void)umask(077);
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

/* As many connections as the system lets us have; where it does not, the listener takes fewer. */
static void raise_open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int cs_server_main(int argument_count, char **arguments, const struct cs_registry *registry)
{
    if (!protect_process()) {
        (void)fputs("countersign-server: core dumps cannot be switched off\n", stderr);
        return CS_ADMIN_FAILED;
    }
    raise_open_files();
    if (cs_crypto_start() != CS_OK) {
        (void)fputs("countersign-server: the cryptographic library cannot start\n", stderr);
        return CS_ADMIN_FAILED;
    }
    struct cs_world world;
    struct cs_log log;
    cs_world_system(&world);
    cs_log_to_stderr(&log, CS_LOG_INFO);
    struct cs_admin_surroundings around = {registry, &world, &log, stdout, stderr};
    return (int)cs_admin_run(argument_count, arguments, &around);
}
