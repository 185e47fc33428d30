/* From an image's info and flags to a VM, its boot line and QEMU's words: precedence, encoding,
 * and the accelerator's choice (builder/vmspec.h, bootcfg.h, qemu.h, probe.h). */
/* sources: builder/vmspec.c builder/vmflag.c builder/bootcfg.c builder/qemu.c builder/probe.c */
/* sources: builder/manifest.c builder/info.c builder/opt.c builder/proc.c builder/text.c */
/* sources: builder/msg.c */
/* libs: yaml */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/bootcfg.h"
#include "bootcfg.h"
#include "image.h"
#include "opt.h"
#include "probe.h"
#include "qemu.h"
#include "vmspec.h"

static const struct opt table[] = {
    {'p', "port", "P", "", NULL, NULL},
    {'m', "memory", "S", "", "T_MEMORY", NULL},
    {'e', "env", "E", "", NULL, NULL},
    {0, "env-file", "F", "", NULL, NULL},
    {0, "machine", "M", "", NULL, NULL},
    {0, "net", "N", "", NULL, NULL},
    {0, "timeout", "T", "", NULL, NULL},
    {0, "vsock", "V", "", NULL, NULL},
    {0},
};
static const struct verb verb = {.name = "run", .options = table};

static const char info_text[] = "floor=1310720\n"
                                "run.memory=4194304\n"
                                "run.machine=q35\n"
                                "run.port=8080:80\n"
                                "run.env=LANG=C\n"
                                "run.env=MODE=slow\n"
                                "run.arg=--serve\n";

static struct image image;
static struct opts opts;
static struct vmspec vm;

static int setup(void **state)
{
    (void)state;
    memset(&image, 0, sizeof(image));
    image.path = "/tmp/shop.elf";
    assert_true(info_parse(&image.info, info_text, sizeof(info_text) - 1));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vmspec_fini(&vm);
    opt_fini(&opts);
    info_fini(&image.info);
    return 0;
}

#define MAKE(...) make((char *[]){"run", ##__VA_ARGS__, NULL})

static bool make(char **argv)
{
    int argc = 0;

    while (argv[argc])
        argc++;
    vmspec_fini(&vm);
    opt_fini(&opts);
    assert_true(opt_parse(&verb, argc, argv, &opts));
    return vmspec_make(&vm, &image, &opts);
}

static void the_image_speaks_where_flags_are_silent(void **state)
{
    (void)state;
    assert_true(MAKE("x"));
    assert_string_equal(vm.name, "shop");
    assert_int_equal(vm.memory_bytes, 4 << 20);
    assert_int_equal(vm.machine, MACHINE_Q35);
    assert_int_equal(vm.n_ports, 1);
    assert_int_equal(vm.ports[0].host, 8080);
    assert_string_equal(vm.ports[0].host_ip, "127.0.0.1");
    assert_int_equal(vm.env.n, 2);
    assert_int_equal(vm.args.n, 1);
}

static void flags_beat_environment_beats_image(void **state)
{
    (void)state;
    setenv("T_MEMORY", "8M", 1);
    assert_true(MAKE("x"));
    assert_int_equal(vm.memory_bytes, 8 << 20);
    assert_true(MAKE("-m", "2M", "--machine", "pc", "-p", "1:2/udp", "-e", "MODE=fast", "--", "a"));
    assert_int_equal(vm.memory_bytes, 2 << 20);
    assert_int_equal(vm.machine, MACHINE_PC);
    assert_int_equal(vm.n_ports, 1);
    assert_true(vm.ports[0].is_udp);
    assert_string_equal(vm.env.items[1], "MODE=fast");
    assert_int_equal(vm.env.n, 2);
    assert_int_equal(vm.args.n, 1);
    assert_string_equal(vm.args.items[0], "a");
    assert_true(MAKE("x", "--"));
    assert_int_equal(vm.args.n, 0);
    unsetenv("T_MEMORY");
}

static void ports_of_the_image_yield_to_net_none(void **state)
{
    (void)state;
    assert_true(MAKE("--net", "none"));
    assert_int_equal(vm.n_ports, 0);
    assert_false(MAKE("--net", "none", "-p", "1:1"));
}

static void memory_is_checked_against_the_floor(void **state)
{
    (void)state;
    assert_false(MAKE("-m", "1M"));
    assert_true(MAKE("-m", "1280K"));
    image.end_pa = 100 << 20;
    assert_false(MAKE("-m", "64M"));
    assert_true(MAKE("-m", "100M"));
}

static void the_boot_line_is_encoded(void **state)
{
    struct text t = {0};

    (void)state;
    bootcfg_add(&t, "env", "A=b c%\"'\x7f\xc3\xa9,=-");
    bootcfg_add(&t, "arg", "");
    assert_string_equal(text_str(&t), "env=A=b%20c%25%22%27%7F%C3%A9,=- arg=");
    text_fini(&t);
    assert_true(MAKE("--net", "tap=t0,ip=10.0.0.2/24,gw=10.0.0.1,dns=10.0.0.3", "--", "x y"));
    vm.time_ns = 5;
    char *line = bootcfg_line(&vm);
    assert_string_equal(line, "skiff=1 name=shop ip=10.0.0.2/24 gw=10.0.0.1 dns=10.0.0.3 exit=0xf4 "
                              "ctl=0xe9 time=5 env=LANG=C env=MODE=slow arg=x%20y");
    free(line);
}

static void a_boot_line_that_would_not_fit_is_refused(void **state)
{
    (void)state;
    assert_true(MAKE("x"));
    char *big = malloc(BOOTCFG_MAX_BYTES);
    memset(big, 'x', BOOTCFG_MAX_BYTES - 1);
    big[BOOTCFG_MAX_BYTES - 1] = '\0';
    strvec_take(&vm.args, big);
    assert_null(bootcfg_line(&vm));
}

static bool has_pair(const struct strvec *argv, const char *a, const char *b)
{
    for (size_t i = 0; i + 1 < argv->n; i++)
        if (strcmp(argv->items[i], a) == 0 && strcmp(argv->items[i + 1], b) == 0)
            return true;
    return false;
}

static void qemu_words(void **state)
{
    struct strvec argv = {0}, again = {0};

    (void)state;
    assert_true(MAKE("-m", "1536K", "-p", "8080:80", "-p", "0.0.0.0:53:53/udp"));
    vm.needs_rng = true;
    assert_true(qemu_argv(&vm, "qemu", &argv));
    assert_string_equal(argv.items[0], "qemu");
    assert_true(has_pair(&argv, "-M", "q35"));
    assert_true(has_pair(&argv, "-m", "1536k"));
    assert_true(has_pair(&argv, "-netdev",
                         "user,id=net,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp:0.0.0.0:53-:53"));
    assert_true(has_pair(&argv, "-device", "virtio-rng-pci"));
    assert_true(has_pair(&argv, "-kernel", "/tmp/shop.elf"));
    /* Pure: the same vmspec, the same words. */
    assert_true(qemu_argv(&vm, "qemu", &again));
    assert_int_equal(argv.n, again.n);
    for (size_t i = 0; i < argv.n; i++)
        assert_string_equal(argv.items[i], again.items[i]);
    strvec_fini(&argv);
    strvec_fini(&again);
}

static void env_files(void **state)
{
    struct strvec env = {0};

    (void)state;
    setenv("T_OURS", "1", 1);
    unsetenv("T_NOT_OURS");
    assert_true(env_parse(&env, "f", "# c\n\nA=1\r\nB=x=y z\nA=2\nT_OURS\nT_NOT_OURS\nC="));
    assert_int_equal(env.n, 4);
    assert_string_equal(env.items[0], "A=2");
    assert_string_equal(env.items[1], "B=x=y z");
    assert_string_equal(env.items[2], "T_OURS=1");
    assert_string_equal(env.items[3], "C=");
    assert_false(env_parse(&env, "f", "=x\n"));
    assert_false(env_parse(&env, "f", "a b=x\n"));
    strvec_fini(&env);
    unsetenv("T_OURS");
}

static void decides(enum accel asked, enum kvm_kind kind, bool want, enum accel accel,
                    const char *cpu)
{
    struct kvm_probe probe = {.kind = kind, .host_ns = 0.3, .cpl0_ns = 500, .cpl3_ns = 0.3};
    struct accel_choice choice;

    assert_int_equal(accel_decide(asked, &probe, true, &choice), want);
    if (!want)
        return;
    assert_int_equal(choice.accel, accel);
    assert_string_equal(choice.cpu, cpu);
    assert_true(choice.why[0]);
}

static void the_accelerator_follows_the_stopwatch(void **state)
{
    (void)state;
    decides(ACCEL_AUTO, KVM_NATIVE, true, ACCEL_KVM, "host");
    decides(ACCEL_AUTO, KVM_RING3, true, ACCEL_TCG, "max");
    decides(ACCEL_AUTO, KVM_BROKEN, true, ACCEL_TCG, "max");
    decides(ACCEL_AUTO, KVM_DENIED, true, ACCEL_TCG, "max");
    decides(ACCEL_AUTO, KVM_ABSENT, true, ACCEL_TCG, "max");
    decides(ACCEL_KVM, KVM_NATIVE, true, ACCEL_KVM, "host");
    decides(ACCEL_KVM, KVM_RING3, true, ACCEL_KVM, "host,-arch-capabilities");
    decides(ACCEL_KVM, KVM_BROKEN, false, ACCEL_KVM, "");
    decides(ACCEL_KVM, KVM_ABSENT, false, ACCEL_KVM, "");
    decides(ACCEL_TCG, KVM_NATIVE, true, ACCEL_TCG, "max");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_image_speaks_where_flags_are_silent),
        TEST(flags_beat_environment_beats_image),
        TEST(ports_of_the_image_yield_to_net_none),
        TEST(memory_is_checked_against_the_floor),
        TEST(the_boot_line_is_encoded),
        TEST(a_boot_line_that_would_not_fit_is_refused),
        TEST(qemu_words),
        TEST(env_files),
        TEST(the_accelerator_follows_the_stopwatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
