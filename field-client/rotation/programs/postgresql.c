/* The helper `countersign-rotate-postgresql`: everything is in postgresql/ and in the frame of our helpers. */
#include "field-client/rotation/postgresql/postgresql.h"

int main(int argument_count, char **arguments)
{
    static const struct cs_rotation_helper helper = {"countersign-rotate-postgresql",
                                                     cs_postgresql_options, cs_postgresql_rotate};
    (void)arguments;
    return cs_rotation_helper_run(&helper, argument_count);
}
