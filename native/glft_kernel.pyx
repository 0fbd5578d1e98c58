# cython: boundscheck=False, wraparound=False, cdivision=True
"""The GLFT market maker as a compiled kernel: the rule of `pycore.glft_maker`, order for order.

catalogue: P4. The model is Guéant, Lehalle, Fernandez-Tapia (Guéant 2016, equations 4.6 and 4.7) in the core; this
file is the rule around it: estimate volatility once a second of event time, quote a ladder around the mid with
inventory skew, and move only orders whose price is off by `requote_ticks` or more. A level whose wish came to nothing
waits before it places or moves an order again (pycore/patience.py); a cancel never waits.
"""

from cpython.pycapsule cimport PyCapsule_Import, PyCapsule_New
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from native.table cimport (
    TW_KERNEL_ABI, tw_kernel, tw_ladder, tw_level, tw_own_order, tw_shape, tw_table, tw_view, tw_wish,
)

import native._core  # the capsule's module must be imported before PyCapsule_Import finds it

cdef int64_t NO_PRICE = 0x7FFFFFFFFFFFFFFF
cdef int64_t SAMPLE_NS = 1_000_000_000
cdef int64_t MS_NS = 1_000_000
cdef int64_t LONGEST = 32
cdef const tw_table *API = <const tw_table *>PyCapsule_Import("native._core._API", 0)
if API.version != TW_KERNEL_ABI or API.size != sizeof(tw_table):
    raise ImportError(f"native._core has kernel table version {API.version}, this kernel needs {TW_KERNEL_ABI}")


# The last wish of a tag: the order's id and price then, how long to wait (0: no wish is remembered), and until when.
cdef struct Asked:
    uint64_t id
    int64_t price, wait_ns, again_ns


cdef struct Maker:
    double a, k, gamma, xi, decay, variance, half, skew, last_mid
    int64_t last_sample, requote_ticks, retry_ns
    uint32_t ready
    tw_shape shape
    Asked asked[32]


cdef int32_t cancel_all(const tw_view *view, tw_wish *out, uint32_t capacity) noexcept nogil:
    cdef uint32_t i
    cdef int32_t count = 0
    for i in range(view.order_count):
        if view.orders[i].pending == 0 and <uint32_t>count < capacity:
            put(&out[count], 2, 0, view.orders[i].id, NO_PRICE, 0, 0)
            count += 1
    return count


cdef void put(tw_wish *wish, uint8_t action, uint8_t side, uint64_t target, int64_t price, int64_t qty,
              uint64_t tag) noexcept nogil:
    wish.action = action
    wish.side = side
    wish.order_type = 1
    wish.tif = 2
    wish.flags = 0
    wish.target = target
    wish.price = price
    wish.qty = qty
    wish.tag = tag


cdef int32_t estimate(Maker *maker, const tw_view *view, double mid) noexcept nogil:
    """Folds the mid into the variance once a second of event time and recomputes the model."""
    cdef double move
    if maker.last_sample == 0:
        maker.last_sample, maker.last_mid = view.now, mid
    elif view.now - maker.last_sample >= SAMPLE_NS:
        move = mid - maker.last_mid
        maker.variance = maker.decay * maker.variance + (1.0 - maker.decay) * (move * move)
        maker.last_sample, maker.last_mid = view.now, mid
        maker.ready = 0
    if maker.ready == 0:
        if API.glft(maker.a, maker.k, maker.gamma, maker.xi, API.sqrt(maker.variance), 1.0,
                    &maker.half, &maker.skew) != 0:
            return -1
        maker.ready = 1
    return 0


cdef bint may_ask(Asked *asked, int64_t now, const tw_own_order *own) noexcept nogil:
    """Whether a wish about this tag may be made; forgets the last one when it shows in the order."""
    if asked.wait_ns == 0:
        return True
    if own == NULL:
        if asked.id == 0:
            return now >= asked.again_ns
    elif own.pending != 0 or own.state != 1:
        return False
    elif own.id == asked.id and own.price == asked.price:
        return now >= asked.again_ns
    asked.wait_ns = 0
    return True


cdef void note_wish(Asked *asked, int64_t retry_ns, int64_t now, const tw_own_order *own) noexcept nogil:
    """Remembers that a wish is made, and doubles the wait where the one before came to nothing."""
    asked.wait_ns = min(2 * asked.wait_ns, LONGEST * retry_ns) if asked.wait_ns != 0 else retry_ns
    asked.again_ns = now + asked.wait_ns
    asked.id = 0 if own == NULL else own.id
    asked.price = NO_PRICE if own == NULL else own.price


cdef int32_t side_wishes(Maker *maker, const tw_view *view, uint8_t side, const tw_level *levels, uint32_t wanted,
                         tw_wish *out, uint32_t capacity) noexcept nogil:
    """Compares one side's ladder with the own orders on it, level by level."""
    cdef uint32_t level, i
    cdef int32_t count = 0
    cdef int64_t off
    cdef bint patient
    cdef uint64_t tag
    cdef const tw_own_order *own
    for level in range(maker.shape.count):
        if <uint32_t>count >= capacity:
            return count
        tag = <uint64_t>side * 16 + level
        own = NULL
        for i in range(view.order_count):
            if view.orders[i].tag == tag:
                own = &view.orders[i]
        patient = may_ask(&maker.asked[tag], view.now, own)
        if own == NULL:
            if level < wanted and patient:
                note_wish(&maker.asked[tag], maker.retry_ns, view.now, own)
                put(&out[count], 1, side, 0, levels[level].price, levels[level].qty, tag)
                count += 1
        elif own.pending == 0 and own.state == 1:
            if level >= wanted:
                put(&out[count], 2, 0, own.id, NO_PRICE, 0, 0)
                count += 1
            else:
                off = own.price - levels[level].price
                if patient and (off >= maker.requote_ticks or -off >= maker.requote_ticks):
                    note_wish(&maker.asked[tag], maker.retry_ns, view.now, own)
                    put(&out[count], 3, side, own.id, levels[level].price, levels[level].qty, tag)
                    count += 1
    return count


cdef int32_t on_batch(void *state, const tw_view *view, tw_wish *out, uint32_t capacity) noexcept nogil:
    cdef Maker *maker = <Maker *>state
    cdef tw_ladder ladder
    cdef double mid
    cdef int32_t count
    if view.bid == NO_PRICE or view.ask == NO_PRICE or view.halted != 0:
        return cancel_all(view, out, capacity)
    mid = 0.5 * (<double>view.bid + <double>view.ask)
    if estimate(maker, view, mid) != 0:
        return -1
    if API.ladder(&maker.shape, mid, maker.half, maker.skew, view.position, view.bid, view.ask, &ladder) != 0:
        return -2
    count = side_wishes(maker, view, 0, ladder.bids, ladder.bid_count, out, capacity)
    return count + side_wishes(maker, view, 1, ladder.asks, ladder.ask_count, out + count, capacity - count)


cdef class GlftKernel:
    """The compiled GLFT maker; `capsule` goes to `Engine.attach_kernel`, which keeps this object alive.

    Parameters are those of `pycore.glft_maker.GlftParams`, prices in ticks, sizes in lots, time in seconds.
    """

    cdef Maker maker
    cdef tw_kernel kernel
    cdef object _capsule

    def __init__(self, *, double a, double k, double gamma, double xi, double sigma, double decay, int64_t size,
                 uint32_t levels, int64_t step_ticks, int64_t min_spread_ticks, int64_t requote_ticks,
                 int64_t max_position, int64_t retry_ms):
        if not 1 <= levels <= 16:
            raise native._core.InputError(f"levels must be 1 to 16, was {levels}")
        if not 0.0 <= decay < 1.0:
            raise native._core.InputError(f"decay must be at least 0 and below 1, was {decay}")
        if requote_ticks < 1:
            raise native._core.InputError(f"requote_ticks must be at least 1, was {requote_ticks}")
        if not 0 <= retry_ms <= 60_000:
            raise native._core.InputError(f"retry_ms must be 0 to 60000, was {retry_ms}")
        self.maker.retry_ns = retry_ms * MS_NS
        self.maker.a, self.maker.k, self.maker.gamma, self.maker.xi = a, k, gamma, xi
        self.maker.decay, self.maker.variance = decay, sigma * sigma
        self.maker.last_sample, self.maker.ready, self.maker.requote_ticks = 0, 0, requote_ticks
        self.maker.shape.count, self.maker.shape.post_only = levels, 1
        self.maker.shape.step_ticks, self.maker.shape.size = step_ticks, size
        self.maker.shape.min_spread_ticks, self.maker.shape.max_position = min_spread_ticks, max_position
        cdef double half = 0.0, skew = 0.0
        if API.glft(a, k, gamma, xi, sigma, 1.0, &half, &skew) != 0:
            raise native._core.InputError(
                f"GLFT parameters must be positive and finite, was a={a} k={k} gamma={gamma} xi={xi} sigma={sigma}"
            )
        cdef tw_ladder probe
        if API.ladder(&self.maker.shape, 1000.0, half, skew, 0, 999, 1001, &probe) != 0:
            raise native._core.InputError(
                f"the ladder is out of range, was step_ticks={step_ticks} size={size} "
                f"min_spread_ticks={min_spread_ticks} max_position={max_position}"
            )
        self.kernel.version, self.kernel.entry = TW_KERNEL_ABI, on_batch
        self.kernel.state = &self.maker
        self._capsule = PyCapsule_New(&self.kernel, "native.kernel", NULL)

    @property
    def capsule(self):
        """The capsule `native.kernel` with the kernel's version, entry and state."""
        return self._capsule

    @property
    def variance(self):
        """The variance estimate in ticks squared per second."""
        return self.maker.variance
