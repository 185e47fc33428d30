/*
 * The console: descriptors 0, 1 and 2. Output goes to the device byte for byte. Input is what has
 * arrived, as a pipe would give it, with the courtesies of a terminal: CR reads as NL, ^D ends the
 * input for good, and ^V takes the next byte as it is (abi/console.h).
 */
#pragma once

#include "base/types.h"

struct console_dev {
    /* Put out all @len bytes; may wait for the device. */
    void (*write)(const void *buf, size_t len);
    /* Take up to @len bytes that have arrived; never waits. Returns their number. */
    size_t (*read)(void *buf, size_t len);
    /* Switch the receive interrupt. With @on, returns whether a byte is there already. NULL: the
     * device has no interrupt; then input is only seen when something else ends the idle. */
    bool (*arm)(bool on);
};

/* Boot, early: where console output goes. Without a device it is dropped and input is at its end.
 */
void console_set_device(const struct console_dev *dev);

/* Boot: open descriptors 0, 1, 2. */
void console_open(void);

/* The console for one more reader or writer, with a reference: /dev/console. */
struct file;
struct file *console_file(void);
