/*
 * A virtio device as the other side of the registers and rings, written from the spec alone (no
 * table of the driver is used). It behaves until a test sets one of the lies or writes a ring
 * itself.
 */
#pragma once

#include "base/types.h"

#define MODEL_QUEUES 3
#define MODEL_SEGS   64

struct model_queue {
    u16 max; /* what the device says */
    u16 num;
    u16 vector;
    u16 notify_off;
    u64 desc, avail, used;
    bool is_enabled;
    u16 last_avail; /* next the device looks at */
    u16 used_idx;
    unsigned n_kicks;
};

struct model {
    bool is_legacy;
    u32 magic, version, device_id;
    u64 offered, accepted;
    u8 status;
    u32 sel_dev, sel_drv;
    u16 queue_sel;
    struct model_queue q[MODEL_QUEUES];
    u8 isr;
    u8 config[256];
    unsigned n_resets, n_acks;
    /* lies */
    bool never_resets;       /* status stays */
    bool refuses_features;   /* clears FEATURES_OK */
    bool is_config_restless; /* the generation changes with every look */
    u32 generation;
};

extern struct model model;

/* A behaving device of the given kind with queues of 256. */
void model_init(u32 device_id, bool is_legacy, u64 offered);

/* Registers in the three layouts; @off from the start of each. */
u32 model_mmio_read(u32 off, unsigned width);
void model_mmio_write(u32 off, u32 v, unsigned width);
u32 model_common_read(u32 off, unsigned width); /* modern PCI */
void model_common_write(u32 off, u32 v, unsigned width);
u32 model_legacy_read(u32 off, unsigned width, bool has_msix); /* legacy PCI */
void model_legacy_write(u32 off, u32 v, unsigned width, bool has_msix);
void model_kick(u32 queue);

/* One chain the driver made available. */
struct model_chain {
    u16 head;
    unsigned n;
    struct {
        u8 *data;
        u32 len;
        bool is_write;
    } seg[MODEL_SEGS];
};
unsigned model_n_avail(unsigned q);                 /* chains to take */
bool model_take(unsigned q, struct model_chain *c); /* false: none. Checks what the driver wrote */
void model_give(unsigned q, u32 id, u32 len);       /* one used entry, index included */
void model_set_used_idx(unsigned q, u16 idx);
bool model_may_interrupt(unsigned q, u16 old_used_idx); /* does the driver want one by now? */
void model_no_kicks(unsigned q, bool on);
