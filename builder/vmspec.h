/*
 * One virtual machine to be started: everything `skiff run` decides, and nothing about how QEMU
 * spells it. Filled from the image (what skiff.yaml said at build time) and the flags.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"
#include "vmflag.h"

struct image;
struct opts;
struct accel_choice;

#define MEMORY_DEFAULT_BYTES (32ull << 20)

struct vmspec {
    char *image; /* path */
    char *name;  /* argv[0] of the service */
    enum machine machine;
    uint64_t memory_bytes;
    struct net net;
    struct vsock vsock;
    struct port *ports;
    char **port_asks; /* who asked for ports[i]: "-p 8080:80", "port 8080:80 of the image" */
    size_t n_ports;
    struct strvec env;  /* K=V, each K once, in the order first named */
    struct strvec args; /* of main(), without argv[0] */
    uint64_t timeout_s; /* 0: none */

    /* Decided with the accelerator, vmspec_set_accel(). */
    enum accel accel; /* ACCEL_KVM or ACCEL_TCG */
    const char *cpu;  /* QEMU's -cpu */
    bool needs_rng;   /* the CPU has no RDRAND: a virtio-rng device instead */
    bool uses_qboot;  /* q35: a firmware that is quick where ring 0 is slow */

    const char *log_level; /* of the runtime; NULL: its default */
    uint64_t time_ns;      /* wall time to start with; 0: the machine's own clock */
};

/**
 * Decide all but the accelerator. Reads the files that --env-file names, nothing else.
 *
 * @opts  of verb run; SKIFF_* of the environment stand in for flags that are not there
 * Returns false if a flag is wrong or cannot go with another (reported); vmspec_fini() it anyway
 */
bool vmspec_make(struct vmspec *vm, const struct image *image, const struct opts *opts);
void vmspec_set_accel(struct vmspec *vm, const struct accel_choice *choice);
void vmspec_fini(struct vmspec *vm);

/**
 * Add the lines of an --env-file: K=V, or K to pass our own value on; empty lines and # comments.
 *
 * @path  what messages call it
 * Returns false if a line is neither (reported with its number)
 */
bool env_parse(struct strvec *env, const char *path, const char *data);

/* Set K=V in the list, in place of an earlier K. */
void env_set(struct strvec *env, const char *pair);
