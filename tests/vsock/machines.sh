#!/bin/bash
# virtio 1.2 §4.1, §4.2: the same image on q35 and pc (PCI), and on microvm with a legacy device.
# shellcheck source=tests/vsock/lib.sh
. "$(dirname "$0")/lib.sh"
vsock_start machines
for machine in q35 pc; do
    vsock_run "up bulk=4,200000,65536 stall quit gone" "-m 32M --machine $machine" serve
done
# QEMU's own default for virtio-mmio is the legacy interface.
cat > qemu << 'EOF'
#!/bin/bash
exec "${SKIFF_REAL_QEMU:-qemu-system-x86_64}" "${@//virtio-mmio.force-legacy=false/virtio-mmio.force-legacy=true}"
EOF
chmod +x qemu
export SKIFF_REAL_QEMU=${SKIFF_QEMU:-qemu-system-x86_64}
export SKIFF_QEMU=$PWD/qemu
vsock_run "up bulk=4,200000,65536 stall quit gone" "-m 8M" serve
