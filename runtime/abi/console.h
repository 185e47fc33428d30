/*
 * Bytes on the console's input that are not themselves, as a terminal's line discipline has them
 * (termios(3): VEOF, VLNEXT). `skiff run` puts CONSOLE_LITERAL before each of these and before CR
 * where its own input is no terminal, so that every byte gets through.
 */
#pragma once

#define CONSOLE_END     0x04 /* ^D: the input ends, for good */
#define CONSOLE_LITERAL 0x16 /* ^V: the next byte is itself, whatever it is */
