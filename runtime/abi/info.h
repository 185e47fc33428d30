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
 *      run.memory=4194304              what `skiff run` starts unless its flags say otherwise, from
 *      run.machine=q35                 skiff.yaml; each only if given there. memory is in bytes,
 *      run.net=none                    net as --net takes it
 *      run.port=8080:80                as -p takes it; repeats
 *      run.env=LANG=C                  repeats
 *      run.arg=--verbose               repeats, in order
 *      sum=6f1e…                       last line: SHA-256 of the loaded segments and of the lines
 *                                      above (builder/image.h says exactly what goes in)
 *
 * bytes.other is what belongs to nobody: headers, notes, padding. The bytes lines add up to the
 * bytes loaded from the file; zeroed memory (bss) is not in them.
 */
#pragma once

#define INFO_SECTION          ".skiff.info"

/* Only in OUT.debug and in what `skiff cc` links: which input every byte came from, from the link
 * map. Text, "HEXADDR HEXSIZE ORIGIN OBJECT" per line, sorted by address. */
#define INFO_ORIGIN_SECTION   ".skiff.origin"

/* floor= is the end of the image in memory plus what the runtime takes before main(). */
#define INFO_FLOOR_WORK_BYTES (512 * 1024)
