/* The helper `countersign-rotate-linux`: everything is in linux_account/ and in the frame of our helpers. */
#include "field-client/rotation/linux_account/linux_account.h"

int main(int argument_count, char **arguments)
{
    static const struct cs_rotation_helper helper = {"countersign-rotate-linux", cs_linux_options,
                                                     cs_linux_rotate};
    (void)arguments;
    return cs_rotation_helper_run(&helper, argument_count);
}
