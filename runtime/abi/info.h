/*
 * What an image says about itself: a section that is not loaded, written by `skiff build` after the
 * link and read by `skiff inspect` and `skiff run`. Text, one KEY=VALUE per line, sorted as listed.
 *
 *      skiff=0.1.0                     version of the builder
 *      cc=gcc 12.2.0                   compiler
 *      flags=-Os                       what the service was compiled with
 *      src=main.c store.c              inputs, as given, base names
 *      bytes.service=1234              loaded bytes by origin: service, lib<NAME>, libc, and each
 *      bytes.libc=13400                runtime room ("bytes.runtime/net")
 *      calls=read write socket …       system calls reached and implemented
 *      stubs=fork execve               system calls reached that answer -ENOSYS
 *      floor=1310720                   least memory in bytes to boot and start main()
 */
#pragma once

#define INFO_SECTION ".skiff.info"
