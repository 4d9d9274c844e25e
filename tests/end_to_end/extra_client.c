/* The client with one entity more; everything else is the product's. Started by made_up_entity.sh. */
#include "field-client/commands/client_main.h"
#include "tests/end_to_end/extra_registry.h"

int main(int argument_count, char **arguments)
{
    return cs_client_main(argument_count, arguments, extra_registry());
}
