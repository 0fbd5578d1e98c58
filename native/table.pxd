# The C side of strategy kernels: the core's function table and the records a kernel sees (native/core/src/kernel.rs).
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef extern from *:
    """
    #include <stdint.h>
    #define TW_KERNEL_ABI 1
    #define TW_LEVELS_MAX 16
    typedef struct { int64_t price; int64_t qty; } tw_level;
    typedef struct { uint64_t id; uint64_t tag; int64_t price; int64_t qty;
                     uint8_t side; uint8_t state; uint8_t pending; uint8_t pad[5]; } tw_own_order;
    typedef struct { int64_t now; uint64_t seq; uint32_t happened; uint32_t instrument;
                     int64_t bid, bid_qty, ask, ask_qty, last_price, last_qty, position, mark_e8;
                     const tw_own_order *orders; uint32_t order_count; uint32_t halted; } tw_view;
    typedef struct { uint8_t action, side, order_type, tif; uint32_t flags; uint64_t target;
                     int64_t price; int64_t qty; uint64_t tag; } tw_wish;
    typedef struct { uint32_t count; uint32_t post_only; int64_t step_ticks, size, min_spread_ticks, max_position; } tw_shape;
    typedef struct { tw_level bids[TW_LEVELS_MAX]; tw_level asks[TW_LEVELS_MAX]; uint32_t bid_count, ask_count; } tw_ladder;
    typedef struct { uint32_t version; uint32_t size;
                     double (*ln)(double); double (*exp)(double); double (*sqrt)(double);
                     int32_t (*glft)(double, double, double, double, double, double, double *, double *);
                     int32_t (*ladder)(const tw_shape *, double, double, double, int64_t, int64_t, int64_t, tw_ladder *);
    } tw_table;
    typedef int32_t (*tw_kernel_fn)(void *, const tw_view *, tw_wish *, uint32_t);
    typedef struct { uint32_t version; uint32_t pad; tw_kernel_fn entry; void *state; } tw_kernel;
    """
    uint32_t TW_KERNEL_ABI
    ctypedef struct tw_level:
        int64_t price
        int64_t qty
    ctypedef struct tw_own_order:
        uint64_t id
        uint64_t tag
        int64_t price
        int64_t qty
        uint8_t side
        uint8_t state
        uint8_t pending
    ctypedef struct tw_view:
        int64_t now
        uint64_t seq
        uint32_t happened
        uint32_t instrument
        int64_t bid
        int64_t bid_qty
        int64_t ask
        int64_t ask_qty
        int64_t last_price
        int64_t last_qty
        int64_t position
        int64_t mark_e8
        const tw_own_order *orders
        uint32_t order_count
        uint32_t halted
    ctypedef struct tw_wish:
        uint8_t action
        uint8_t side
        uint8_t order_type
        uint8_t tif
        uint32_t flags
        uint64_t target
        int64_t price
        int64_t qty
        uint64_t tag
    ctypedef struct tw_shape:
        uint32_t count
        uint32_t post_only
        int64_t step_ticks
        int64_t size
        int64_t min_spread_ticks
        int64_t max_position
    ctypedef struct tw_ladder:
        tw_level bids[16]
        tw_level asks[16]
        uint32_t bid_count
        uint32_t ask_count
    ctypedef struct tw_table:
        uint32_t version
        uint32_t size
        double (*ln)(double) noexcept nogil
        double (*exp)(double) noexcept nogil
        double (*sqrt)(double) noexcept nogil
        int32_t (*glft)(double, double, double, double, double, double, double *, double *) noexcept nogil
        int32_t (*ladder)(const tw_shape *, double, double, double, int64_t, int64_t, int64_t, tw_ladder *) noexcept nogil
    ctypedef int32_t (*tw_kernel_fn)(void *, const tw_view *, tw_wish *, uint32_t) noexcept nogil
    ctypedef struct tw_kernel:
        uint32_t version
        uint32_t pad
        tw_kernel_fn entry
        void *state
