/* The server `countersign-server`: everything is in commands/. */
#include "shared/domain/descriptor.h"
#include "sync-server/commands/server_main.h"

int main(int argument_count, char **arguments)
{
    return cs_server_main(argument_count, arguments, cs_registry_core());
}
