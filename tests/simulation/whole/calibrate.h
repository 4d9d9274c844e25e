/* Does the simulator find what is wrong? Bugs are planted one by one, and seeds are run until one of them finds it. */
#ifndef TESTS_SIMULATION_WHOLE_CALIBRATE_H
#define TESTS_SIMULATION_WHOLE_CALIBRATE_H

/* Each must be found within so many seeds, from the first on. */
#define SIM_CALIBRATION_FIRST 2001
#define SIM_CALIBRATION_SEEDS 2000

/* Switches a bug on; 0: none. */
void sim_plant(unsigned bug);
/* Its number by its name; 0 if there is none, as in builds without planted bugs. */
unsigned sim_planted_find(const char *name);
/* Prints the table; 0 if every bug was found in time. */
int sim_calibrate(unsigned jobs);

#endif
