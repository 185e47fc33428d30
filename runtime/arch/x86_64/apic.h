/* The local APIC (xAPIC registers), inside arch/ only. */
#pragma once

#define APIC_PA 0xfee00000

void apic_eoi(void);
void apic_timer_fired(void);
