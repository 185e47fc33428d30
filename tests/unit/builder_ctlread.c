/* The control channel as the starter reads it: facts out of lines, and nothing out of nonsense
 * (runtime/abi/ctl.h). */
/* sources: builder/ctlread.c builder/text.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ctlread.h"

static struct ctl_reader ctl;
static char heard[256];

static void on_line(void *arg, const char *key, const char *rest)
{
    (void)arg;
    snprintf(heard, sizeof(heard), "%s|%s", key, rest);
}

static int setup(void **state)
{
    (void)state;
    memset(&ctl, 0, sizeof(ctl));
    ctl.on_line = on_line;
    heard[0] = '\0';
    return 0;
}

static void say(const char *s)
{
    ctl_feed(&ctl, s, strlen(s));
}

static void every_status(void **state)
{
    char line[32];

    (void)state;
    for (int i = 0; i < 256; i++) {
        snprintf(line, sizeof(line), "exit %d\n", i);
        ctl.has_exit = false;
        say(line);
        assert_true(ctl.has_exit);
        assert_int_equal(ctl.exit_status, i);
    }
}

static void lines_arrive_in_pieces(void **state)
{
    (void)state;
    say("ex");
    say("it 1");
    assert_false(ctl.has_exit);
    say("7\nsig");
    assert_int_equal(ctl.exit_status, 17);
    say("nal 11\n");
    assert_int_equal(ctl.signal, 11);
}

static void others_are_handed_on(void **state)
{
    (void)state;
    say("listen 80/tcp\n");
    assert_string_equal(heard, "listen|80/tcp");
    say("log net: a = b\n");
    assert_string_equal(heard, "log|net: a = b");
    say("log \033[2Jx\n");
    assert_string_equal(heard, "log|?[2Jx");
    heard[0] = '\0';
    say("unknown thing\n\n \n");
    assert_string_equal(heard, "");
}

static void a_fault_block(void **state)
{
    struct text t = {0};

    (void)state;
    say("fault what=write addr=0x10 rip=0x101234 error=0x6\n"
        "frame 0x101234\nframe 0x101300\nreg rax=0x0 rsp=0x7fff0\nreg rip=0x101234\nsignal 11\n");
    assert_true(ctl.fault.is_set);
    assert_int_equal(ctl.fault.rip, 0x101234);
    assert_int_equal(ctl.n_frames, 2);
    assert_int_equal(ctl.n_regs, 3);
    assert_int_equal(ctl.regs[1].value, 0x7fff0);
    ctl_describe_fault(&ctl, &t);
    assert_string_equal(text_str(&t), "write to 0x10, a null pointer");
    text_fini(&t);
}

static void describes(const char *fault, const char *want)
{
    struct text t = {0};

    setup(NULL);
    say("reg rsp=0x20001000\n");
    say(fault);
    ctl_describe_fault(&ctl, &t);
    assert_string_equal(text_str(&t), want);
    text_fini(&t);
}

static void faults_in_words(void **state)
{
    (void)state;
    describes("fault what=read addr=0x5000 rip=0x1 error=0x4\n",
              "read of 0x5000, which is not mapped");
    describes("fault what=write addr=0x5000 rip=0x1 error=0x7\n",
              "write to 0x5000, which may not be written");
    describes("fault what=execute addr=0x5000 rip=0x1 error=0x15\n",
              "execution of 0x5000, which may not be executed");
    describes("fault what=write addr=0x20000ff8 rip=0x1 error=0x6\n",
              "write to 0x20000ff8, the guard below the stack: the stack is full");
    describes("fault what=divide addr=0 rip=0x1 error=0\n",
              "division by zero, or a quotient too large");
    describes("fault what=new addr=0 rip=0x1 error=0\n", "new");
    describes("fault\n", "fault");
}

static void the_stack_comes_in_pieces(void **state)
{
    (void)state;
    say("stack 0x7000 0011223344556677\nstack 0x7008 8899aabbccddeeff\n");
    say("stack 0x7018 00\n"); /* a gap: not taken */
    assert_int_equal(ctl.stack_va, 0x7000);
    assert_int_equal(ctl.stack_bytes, 16);
    assert_int_equal(ctl.stack[15], 0xff);
    say("stack 0x7010 0g\nstack\nstack 0x7010\nstack x 00\nstack 0x7010 1\n");
    assert_int_equal(ctl.stack_bytes, 16);
    for (unsigned va = 0x7010; va < 0x7010 + 2 * CTL_MAX_STACK; va += 4) {
        char line[64];
        snprintf(line, sizeof(line), "stack 0x%x 01020304\n", va);
        say(line);
    }
    assert_int_equal(ctl.stack_bytes, CTL_MAX_STACK);
}

static void nonsense_is_bounded(void **state)
{
    static char longest[3 * CTL_MAX_LINE];

    (void)state;
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "exit 3", 6);
    ctl_feed(&ctl, longest, sizeof(longest));
    say("\nexit 4\n");
    assert_int_equal(ctl.exit_status, 4);
    for (int i = 0; i < 3 * CTL_MAX_FRAMES; i++)
        say("frame 0x1\nreg a=1 b=2 abcdefghijklmnop=3\n");
    assert_int_equal(ctl.n_frames, CTL_MAX_FRAMES);
    assert_int_equal(ctl.n_regs, CTL_MAX_REGS);
    setup(NULL);
    say("exit 256\nexit -1\nexit\nsignal 0\nsignal 65\nframe\nframe zz\nreg =\nreg a\nfault =\n");
    ctl_feed(&ctl, "exit\0 1\n", 8);
    assert_false(ctl.has_exit);
    assert_int_equal(ctl.signal, 0);
    assert_int_equal(ctl.n_frames, 0);
    assert_int_equal(ctl.n_regs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_status, setup),
        cmocka_unit_test_setup(lines_arrive_in_pieces, setup),
        cmocka_unit_test_setup(others_are_handed_on, setup),
        cmocka_unit_test_setup(a_fault_block, setup),
        cmocka_unit_test_setup(faults_in_words, setup),
        cmocka_unit_test_setup(the_stack_comes_in_pieces, setup),
        cmocka_unit_test_setup(nonsense_is_bounded, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
