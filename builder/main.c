/*
 * skiff: one C service in, one bootable image out.
 *
 * The program is a pipe of printable structs, one way (builder/README.md walks it):
 *
 *      argv -> cmd_<verb> -> manifest -> plan -> compile/link -> elfcheck -> image -> IMAGE
 *      IMAGE -> inspect | vmspec -> qemu argv -> exec
 *
 *      main.c      this: the table of verbs
 *      cmd_*.c     one verb each: reads its flags, calls the pipe, prints
 *      opt         the command line; --help, man page and completion from the same tables
 *      manifest    skiff.yaml -> struct manifest
 *      plan        manifest + flags + host facts -> what will be compiled and linked
 *      compile     runs the compiler and the linker as the plan says
 *      elfcheck    what an ELF reaches, and whether the runtime has it
 *      image       an image: is it whole, is it ours; info: what it says about itself
 *      vmspec      image + flags -> which machine, memory, ports, network
 *      qemu        vmspec -> argv; probe: which accelerator is worth using
 *      vm          runs that argv, relays the console, hears how the service ended
 *      symbolize   addresses -> function, file, line; unwind: registers and stack -> the calls
 *      sysroot     where the runtime lies; proc: the only place that spawns
 *      msg, text   what is said; strings
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "opt.h"
#include "status.h"
#include "verbs.h"
#include "version.h"

static const struct verb *const verbs[] = {
    &verb_new, &verb_build, &verb_run, &verb_check, &verb_inspect, &verb_doctor, &verb_cc, NULL,
};

static const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; verbs[i]; i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}

static int unknown_verb(const char *name)
{
    const char *names[sizeof(verbs) / sizeof(verbs[0])];
    size_t n = 0;

    for (; verbs[n]; n++)
        names[n] = verbs[n]->name;
    const char *near = text_nearest(name, names, n);
    if (near)
        msg_error("unknown verb \"%s\"; did you mean \"%s\"?", name, near);
    else
        msg_error("unknown verb \"%s\"; see skiff --help", name);
    return STATUS_SKIFF;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    struct opts opts;
    int status;

    if (verb->is_raw)
        return verb->run_raw(argc, argv);
    if (!opt_parse(verb, argc, argv, &opts))
        return STATUS_SKIFF;
    if (opt_has(&opts, "help")) {
        opt_print_help(verb);
        status = 0;
    } else {
        if (opt_has(&opts, "quiet"))
            msg_level_set(MSG_QUIET);
        else if (opt_has(&opts, "verbose"))
            msg_level_set(MSG_VERBOSE);
        status = verb->run(&opts);
    }
    opt_fini(&opts);
    return status;
}

/* A result that could not be written (disk full, pipe closed) is no success. */
static int flushed(int status)
{
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0) {
        msg_error("cannot write to the standard output");
        return STATUS_SKIFF;
    }
    return status;
}

/* A caller may have closed 0, 1 or 2: what we open next must not become one of them. */
static void fill_standard_fds(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "--help";
    const struct verb *verb = verb_find(word);

    fill_standard_fds();
    if (verb)
        return flushed(run_verb(verb, argc - 1, argv + 1));
    if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
        printf("skiff %s\n", SKIFF_VERSION);
        return flushed(0);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        const struct verb *about = argc > 2 ? verb_find(argv[2]) : NULL;
        if (argc > 2 && !about)
            return unknown_verb(argv[2]);
        if (about)
            opt_print_help(about);
        else
            opt_print_usage(verbs);
        return flushed(argc > 1 ? 0 : STATUS_SKIFF);
    }
    if (strcmp(word, "man") == 0) {
        opt_print_man(verbs);
        return flushed(0);
    }
    if (strcmp(word, "completion") == 0) {
        if (argc < 3) {
            msg_error("completion for which shell? bash, zsh or fish");
            return STATUS_SKIFF;
        }
        return flushed(opt_print_completion(verbs, argv[2]) ? 0 : STATUS_SKIFF);
    }
    if (word[0] == '-') {
        msg_error("unknown option %s; see skiff --help", word);
        return STATUS_SKIFF;
    }
    return unknown_verb(word);
}
