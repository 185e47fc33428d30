/*
 * Exit statuses of the tool, as container tools have them. `skiff run` ends with the service's own
 * status, 0 to 255, or one of these; `check` and `doctor` answer 0 or 1; `cc` ends as a compiler
 * does (1 when the C is wrong). Every other failure of ours is STATUS_SKIFF.
 */
#pragma once

#define STATUS_TIMEOUT  124 /* --timeout passed                                          */
#define STATUS_SKIFF    125 /* bad flags, failed build, QEMU missing: the fault is ours  */
#define STATUS_NO_BOOT  126 /* the image is there and cannot boot                        */
#define STATUS_NO_IMAGE 127 /* there is no such image                                    */
#define STATUS_SIGNAL   128 /* plus the number of the signal the service died of         */
