/* Nothing: syscall_arch.h folds cancellation points into direct calls. */
typedef int skiff_empty;
