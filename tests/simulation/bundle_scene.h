/* The organisation of scopes_fixture.h with a stick. */
#ifndef TESTS_SIMULATION_BUNDLE_SCENE_H
#define TESTS_SIMULATION_BUNDLE_SCENE_H

#include "tests/simulation/scopes_fixture.h"
#include "tests/simulation/stick.h"

#endif
