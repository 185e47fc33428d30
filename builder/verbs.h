/* The verbs: cmd_X.c defines verb_X, main.c lists them. */
#pragma once

#include "opt.h"

extern const struct verb verb_new, verb_build, verb_run, verb_check, verb_inspect, verb_doctor,
    verb_cc;
