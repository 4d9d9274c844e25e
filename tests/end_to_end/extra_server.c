/* The server with one entity more; everything else is the product's. Started by made_up_entity.sh. */
#include "sync-server/commands/server_main.h"
#include "tests/end_to_end/extra_registry.h"

int main(int argument_count, char **arguments)
{
    return cs_server_main(argument_count, arguments, extra_registry());
}
