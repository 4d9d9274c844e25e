/* The client `countersign`: everything is in commands/. */
#include "field-client/commands/client_main.h"
#include "shared/domain/descriptor.h"

int main(int argument_count, char **arguments)
{
    return cs_client_main(argument_count, arguments, cs_registry_core());
}
