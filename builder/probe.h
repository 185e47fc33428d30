/*
 * Which accelerator is worth using, found by a stopwatch: /dev/kvm existing says nothing. A guest
 * of a few instructions runs a counting loop at CPL 0 and at CPL 3, and each is compared with the
 * same loop in this process. No QEMU is involved; it takes a few milliseconds.
 */
#pragma once

#include <stdbool.h>

#include "vmflag.h"

enum kvm_kind {
    KVM_ABSENT, /* no /dev/kvm */
    KVM_DENIED, /* there, but not for us */
    KVM_BROKEN, /* opens, and then does not run a guest, or runs it slowly */
    KVM_RING3,  /* only 64-bit CPL 3 runs natively: no hardware virtualization beneath */
    KVM_NATIVE, /* CPL 0 and CPL 3 run natively */
};

struct kvm_probe {
    enum kvm_kind kind;
    char why[160];   /* for ABSENT, DENIED, BROKEN: what was seen; what to do */
    double host_ns;  /* one turn of the loop here, ns */
    double cpl0_ns;  /* in a guest at CPL 0; 0 if it did not come to that */
    double cpl3_ns;  /* in a guest at CPL 3 */
    double probe_ms; /* what the probe itself took */
};

void kvm_probe(struct kvm_probe *probe);

/* What was decided, and why in a phrase. */
struct accel_choice {
    enum accel accel; /* ACCEL_KVM or ACCEL_TCG */
    const char *cpu;  /* QEMU's -cpu for it */
    bool has_rdrand;  /* that CPU has the instruction */
    char why[240];
};

/**
 * Choose. ACCEL_AUTO takes KVM where everything runs natively, else TCG; ACCEL_KVM takes it
 * wherever CPL 3 does.
 *
 * Returns false if ACCEL_KVM was asked for and cannot be (reported with what to do)
 */
bool accel_choose(enum accel asked, struct accel_choice *choice);

/* The same decision from a probe's result, for tests. Pure but for reporting. */
bool accel_decide(enum accel asked, const struct kvm_probe *probe, bool host_has_rdrand,
                  struct accel_choice *choice);
