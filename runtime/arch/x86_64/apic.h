/* The local APIC (xAPIC registers), inside arch/ only. */
#pragma once

#include "base/types.h"

#define APIC_PA 0xfee00000

/* An interrupt came: end it (the spurious one needs nothing). */
void apic_acknowledge(u32 vector);
