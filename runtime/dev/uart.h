/*
 * The first serial port (16550, COM1): the console of every machine we boot on. Bytes go through
 * unchanged. An absent port swallows output and never has input. The functions fit struct
 * console_dev of file/console.h.
 */
#pragma once

#include "base/types.h"

/**
 * Send @len bytes, waiting while the transmitter is busy, but not for ever: when the line makes no
 * progress for about 0.1 s, the rest is dropped.
 *
 * Context  anywhere, start-up and panic included
 */
void uart_write(const void *buf, size_t len);

/* Take what has been received, at most @len bytes, without waiting. Returns how many. */
size_t uart_read(void *buf, size_t len);

/* Let a received byte end the idle, or no longer. With @on, returns whether one is there already.
 */
bool uart_arm(bool on);
