/* The local APIC (xAPIC registers), inside arch/ only. */
#pragma once

#include "base/types.h"

#define APIC_PA 0xfee00000

/* The idle was ended by @vector. */
void apic_idle_ended(u32 vector);

/* @vector came while code ran; a device has been acknowledged before. @is_postponed: nobody could
 * look after it; ask again soon. */
void apic_interrupted(u32 vector, bool is_postponed);
