#pragma once

#include <stddef.h>

double sum(const double *values, size_t n);
