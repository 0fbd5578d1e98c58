/* The floor of the ring: the least that a C11 single-producer single-consumer ring of 64-byte messages does.
 *
 * Prints one JSON object: throughput in million messages a second, and p50 and p99 of a round trip through two rings
 * in ns. native/core/benches/ring.rs does the same with ours; bench/ring.py runs the two in turn. Both sides keep a
 * copy of the other's position, as ours does: a floor that is slower than it need be would flatter us. */
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLOTS = 1024, MESSAGES = 5000000, TRIPS = 200000, WARM = 20000 };

struct ring {
    alignas(128) _Atomic uint64_t tail;
    uint64_t head_seen; /* the producer's copy of head */
    alignas(128) _Atomic uint64_t head;
    uint64_t tail_seen; /* the consumer's copy of tail */
    alignas(128) uint64_t slots[SLOTS][8];
};

static struct ring one, two;

static inline void pause_cpu(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static inline int push(struct ring *ring, const uint64_t message[8]) {
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (tail - ring->head_seen == SLOTS) {
        ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
        if (tail - ring->head_seen == SLOTS) return 0;
    }
    memcpy(ring->slots[tail % SLOTS], message, 64);
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return 1;
}

static inline int pop(struct ring *ring, uint64_t message[8]) {
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (head == ring->tail_seen) {
        ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
        if (head == ring->tail_seen) return 0;
    }
    memcpy(message, ring->slots[head % SLOTS], 64);
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return 1;
}

static uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void *produce(void *unused) {
    uint64_t message[8] = {0};
    for (uint64_t n = 0; n < MESSAGES; n++) {
        message[0] = n;
        while (!push(&one, message)) pause_cpu();
    }
    return unused;
}

static void *echo(void *unused) {
    uint64_t message[8];
    for (int n = 0; n < WARM + TRIPS; n++) {
        while (!pop(&one, message)) pause_cpu();
        while (!push(&two, message)) pause_cpu();
    }
    return unused;
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int main(void) {
    uint64_t message[8] = {0}, sum = 0, *trips = malloc(TRIPS * sizeof *trips);
    pthread_t thread;
    if (!trips || pthread_create(&thread, NULL, produce, NULL)) return 1;
    uint64_t from = now_ns();
    for (uint64_t n = 0; n < MESSAGES; n++) {
        while (!pop(&one, message)) pause_cpu();
        sum += message[0];
    }
    double rate = MESSAGES * 1e3 / (double)(now_ns() - from);
    pthread_join(thread, NULL);
    if (sum != (uint64_t)MESSAGES * (MESSAGES - 1) / 2 || pthread_create(&thread, NULL, echo, NULL)) return 1;
    for (int n = 0; n < WARM + TRIPS; n++) {
        uint64_t sent = now_ns();
        while (!push(&one, message)) pause_cpu();
        while (!pop(&two, message)) pause_cpu();
        if (n >= WARM) trips[n - WARM] = now_ns() - sent;
    }
    pthread_join(thread, NULL);
    qsort(trips, TRIPS, sizeof *trips, ascending);
    printf("{\"rate_m\":%.3f,\"p50_ns\":%llu,\"p99_ns\":%llu}\n", rate, (unsigned long long)trips[TRIPS / 2],
           (unsigned long long)trips[TRIPS / 100 * 99]);
    free(trips);
    return 0;
}
