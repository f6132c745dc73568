/* One step of a decoder in plain C: rows of tokens in, logits out, keys and values in pages of 16 tokens.
 *
 * Knows shapes and numbers; nothing of requests or of text. Every row is computed on its own and in a fixed order of sums,
 * whatever other rows are there: so a token's logits are the same bits alone or in a batch, read in one chunk or many.
 * Weights are fp32, fp16 (storage) or int8 (one scale per output; activations one scale per row, sums exact in int32).
 *
 * Layout: weights in panels of 32 outputs, [panel][k][32] (int8: [panel][k/4][32][4]); keys [group][block][d][16], values
 * [group][block][16][d], so that scores of 16 tokens are one vector without a sum across it, and a head's pages follow one another.
 */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define PANEL 32
#define BLOCK 16
#define MAX_THREADS 16
#define SPINS 1000
#define AHEAD 2048 /* int8 weights are asked for so many bytes early on AVX2: 10.9 GB/s became 13.1 on one thread, both in large pages */
#define ROWS 4 /* of a prompt attend together */
#define MOST_PIECES (1u << 20)
enum { F32 = 0, F16 = 1, I8 = 2 };
enum { SWIGLU = 0, GELU = 1, RELU = 2 };
#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
#define WIDE (PANEL / LANES) /* vectors of a panel */
#define PAGE (BLOCK / LANES) /* vectors of a page's scores */
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4))); /* as wide as the processor's: wider ones live in memory */
typedef int32_t ivec __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int8_t bvec __attribute__((vector_size(LANES), aligned(1)));

typedef struct { int32_t n, k, kind, unused; const void *w; const float *scale, *bias; } Linear;
typedef struct { const float *weight, *bias; } Norm;
typedef struct { Linear q, k, v, o, gate, up, down; Norm attn, ffn; const float *q_norm, *k_norm; } Layer;
typedef struct { const float *a, *b; int32_t rank; float scale; } Lora; /* a [rank][k], b [n][rank] */
typedef struct {
    int32_t layers, d_model, heads, groups, d_head, d_ff, vocab, ffn, is_rms, is_half_kv, is_half_embed, is_rotary;
    float eps; int32_t threads;
    const Layer *layer; Norm norm; Linear head;
    const void *embed; const float *positions, *cos, *sin; /* cos, sin [context][d_head / 2] */
    void *keys, *values; int64_t num_blocks;
    const Lora *lora; /* [adapter][layer][7] */
} Model;
typedef struct {
    int32_t rows, wanted, table_width, unused;
    const int32_t *ids, *position, *sequence, *want, *tables, *adapter; /* tables [sequence][width], adapter [sequence], 0: none */
    float *logits, *lse; int32_t *best; /* logits [wanted][vocab] */
} Batch;

int32_t capabilities(void) { /* 1: fp16 storage; 2: int8 dot products in hardware */
    int32_t c = 0;
#if defined(__F16C__) || defined(__AVX512F__)
    c |= 1;
#endif
#if defined(__AVX2__) || defined(__AVX512VNNI__)
    c |= 2;
#endif
    return c;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------------- */
static inline int up(int n, int to) { return (n + to - 1) / to * to; }
static inline vec all(float x) { return (vec){} + x; }
static inline vec load(const float *p) { return *(const vec *)p; }
static inline void store(float *p, vec v) { *(vec *)p = v; }
static inline float sum_lanes(vec v) {
    float s = 0;
    for (int i = 0; i < LANES; i++) s += v[i];
    return s;
}
static inline float max_lanes(vec v) {
    float s = v[0];
    for (int i = 1; i < LANES; i++) s = v[i] > s ? v[i] : s;
    return s;
}
static inline vec load_half(const uint16_t *p) {
#if defined(__AVX512F__)
    return (vec)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
#elif defined(__F16C__)
    return (vec)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
#else
    (void)p;
    return all(0);
#endif
}
static inline uint16_t to_half(float x) {
#if defined(__F16C__)
    return (uint16_t)_cvtss_sh(x, 0);
#else
    (void)x;
    return 0;
#endif
}
static inline float from_half(uint16_t x) {
#if defined(__F16C__)
    return _cvtsh_ss(x);
#else
    (void)x;
    return 0;
#endif
}
static inline vec choose(ivec m, vec a, vec b) { return (vec)((m & (ivec)a) | (~m & (ivec)b)); }
static inline vec exps(vec x) { /* Cephes: 2^n * polynomial on [-ln2/2, ln2/2]; relative error under 1e-7 */
    x = choose(x > 88.f, all(88.f), x);
    x = choose(x < -87.f, all(-87.f), x);
    vec n = (x * 1.44269504088896341f + 12582912.f) - 12582912.f;
    vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
    vec p = ((((all(1.9875691500e-4f) * r + 1.3981999507e-3f) * r + 8.3334519073e-3f) * r + 4.1665795894e-2f) * r + 1.6666665459e-1f) * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.f;
    ivec e = (__builtin_convertvector(n, ivec) + 127) << 23;
    return p * (vec)e;
}

/* ---- weights ---------------------------------------------------------------------------------------------------------- */
int64_t packed_bytes(int32_t kind, int32_t n, int32_t k) {
    return (int64_t)up(n, PANEL) * (kind == I8 ? up(k, 4) : k) * (kind == F32 ? 4 : kind == F16 ? 2 : 1);
}
static inline uint8_t offset8(int q) {
#if defined(__AVX512VNNI__)
    return (uint8_t)(q + 128); /* vpdpbusd wants one side unsigned; 128 * sum(x) is taken off again, exactly */
#else
    return (uint8_t)q;
#endif
}
void pack(int32_t kind, const float *w, int32_t n, int32_t k, void *out, float *scale) { /* w [n][k]; scale [n up to 32] */
    int kq = up(k, 4) / 4;
    for (int o = 0; o < up(n, PANEL); o++) {
        const float *row = w + (size_t)o * k;
        size_t panel = o / PANEL, lane = o % PANEL;
        float top = 0;
        if (kind == I8 && o < n)
            for (int i = 0; i < k; i++) top = fabsf(row[i]) > top ? fabsf(row[i]) : top;
        if (kind == I8) scale[o] = top / 127.f;
        for (int i = 0; i < (kind == I8 ? kq * 4 : k); i++) {
            float x = o < n && i < k ? row[i] : 0.f;
            if (kind == F32) ((float *)out)[(panel * k + i) * PANEL + lane] = x;
            else if (kind == F16) ((uint16_t *)out)[(panel * k + i) * PANEL + lane] = to_half(x);
            else ((uint8_t *)out)[((panel * kq + i / 4) * PANEL + lane) * 4 + i % 4] = offset8(top > 0 ? (int)lrintf(x * (127.f / top)) : 0);
        }
    }
}

/* ---- one panel of a matrix times M rows ---------------------------------------------------------------------------------- */
#if defined(__AVX512F__)
#define TILE 8
#else
#define TILE 2
#endif
#define FLOAT_TILE(NAME, TYPE, LOAD)                                                                                       \
    static inline __attribute__((always_inline)) void NAME(const TYPE *w, int k, const float *x, size_t ld, int m, vec *acc) { \
        vec a[TILE][WIDE];                                                                                                 \
        for (int r = 0; r < m; r++) for (int j = 0; j < WIDE; j++) a[r][j] = all(0);                                       \
        for (int i = 0; i < k; i++, w += PANEL)                                                                            \
            for (int j = 0; j < WIDE; j++) {                                                                               \
                vec v = LOAD(w + j * LANES);                                                                               \
                for (int r = 0; r < m; r++) a[r][j] += v * x[r * ld + i];                                                  \
            }                                                                                                              \
        for (int r = 0; r < m; r++) for (int j = 0; j < WIDE; j++) acc[WIDE * r + j] = a[r][j];                            \
    }
FLOAT_TILE(tile_f32, float, load)
FLOAT_TILE(tile_f16, uint16_t, load_half)

#if defined(__AVX2__) && !defined(__AVX512VNNI__)
#define SIGN_APART 1 /* rows of int8 are kept as |x| and, in the second half of their room, a mask of x < 0 */
/* The unsigned side of maddubs is |x|. x * w is |x| * w, or -|x| * w = |x| * (~w + 1) where x < 0: the mask turns w into ~w, and what the
 * ones add up to belongs to the row (`sum`). vpsignb would do it too, but shares two ports with the products; no pair exceeds 16 bits. */
#define DOTS(A, X, SIGNS)                                                                                                  \
    for (int h = 0; h < 4; h++) {                                                                                          \
        __m256i p = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(w + 32 * h)), SIGNS);                            \
        A[h] = _mm256_add_epi32(A[h], _mm256_madd_epi16(_mm256_maddubs_epi16(X, p), one));                                 \
    }
static inline __m256i four(const int8_t *x) { int32_t s; memcpy(&s, x, 4); return _mm256_set1_epi32(s); }
static inline __attribute__((always_inline)) void two_rows(const uint8_t *w, int kq, const int8_t *x, size_t ld, const int32_t *sum, int two, int is_first, __m256i *to) {
    __m256i a[4], b[4], one = _mm256_set1_epi16(1);
    for (int h = 0; h < 4; h++) a[h] = b[h] = _mm256_setzero_si256();
    for (int i = 0; i < kq; i++, w += 4 * PANEL, x += 4) {
        if (is_first) _mm_prefetch((const char *)w + AHEAD, _MM_HINT_T0), _mm_prefetch((const char *)w + AHEAD + 64, _MM_HINT_T0);
        DOTS(a, four(x), four(x + ld / 2))
        if (two) { DOTS(b, four(x + ld), four(x + ld + ld / 2)) }
        __asm__("" : "+x"(a[0]), "+x"(a[1]), "+x"(a[2]), "+x"(a[3])); /* sums stay in registers */
        if (two) __asm__("" : "+x"(b[0]), "+x"(b[1]), "+x"(b[2]), "+x"(b[3]));
    }
    for (int h = 0; h < 4; h++) {
        _mm256_storeu_si256(to + h, _mm256_add_epi32(a[h], _mm256_set1_epi32(sum[0])));
        if (two) _mm256_storeu_si256(to + 4 + h, _mm256_add_epi32(b[h], _mm256_set1_epi32(sum[1])));
    }
}
#else
#define SIGN_APART 0
#endif
static inline __attribute__((always_inline)) void tile_i8(const uint8_t *w, int kq, const int8_t *x, size_t ld, const int32_t *sum, int m, int is_first, ivec *acc) {
    (void)is_first;
#if defined(__AVX512VNNI__)
    __m512i a[TILE][2], b[2];
    for (int r = 0; r < m; r++) a[r][0] = a[r][1] = _mm512_setzero_si512();
    b[0] = b[1] = _mm512_setzero_si512();
    int i = 0;
    if (m == 1) /* two more chains: integers add up exactly in any order */
        for (; i + 2 <= kq; i += 2, w += 8 * PANEL) {
            int32_t s, t;
            memcpy(&s, x + 4 * i, 4), memcpy(&t, x + 4 * i + 4, 4);
            a[0][0] = _mm512_dpbusd_epi32(a[0][0], _mm512_loadu_si512(w), _mm512_set1_epi32(s));
            a[0][1] = _mm512_dpbusd_epi32(a[0][1], _mm512_loadu_si512(w + 64), _mm512_set1_epi32(s));
            b[0] = _mm512_dpbusd_epi32(b[0], _mm512_loadu_si512(w + 128), _mm512_set1_epi32(t));
            b[1] = _mm512_dpbusd_epi32(b[1], _mm512_loadu_si512(w + 192), _mm512_set1_epi32(t));
        }
    for (; i < kq; i++, w += 4 * PANEL) {
        __m512i w0 = _mm512_loadu_si512(w), w1 = _mm512_loadu_si512(w + 64);
        for (int r = 0; r < m; r++) {
            int32_t s;
            memcpy(&s, x + r * ld + 4 * i, 4);
            __m512i v = _mm512_set1_epi32(s);
            a[r][0] = _mm512_dpbusd_epi32(a[r][0], w0, v);
            a[r][1] = _mm512_dpbusd_epi32(a[r][1], w1, v);
        }
    }
    for (int r = 0; r < m; r++)
        for (int h = 0; h < 2; h++) acc[2 * r + h] = (ivec)(m == 1 ? _mm512_add_epi32(a[r][h], b[h]) : a[r][h]) - 128 * sum[r];
#elif defined(__AVX2__)
    for (int r = 0; r < m; r += 2) two_rows(w, kq, x + r * ld, ld, sum + r, r + 1 < m, is_first && !r, (__m256i *)(acc + WIDE * r));
#else
    (void)sum;
    int32_t out[PANEL];
    for (int r = 0; r < m; r++) {
        memset(out, 0, sizeof out);
        for (int i = 0; i < kq; i++)
            for (int j = 0; j < PANEL; j++)
                for (int b = 0; b < 4; b++) out[j] += (int8_t)w[(i * PANEL + j) * 4 + b] * x[r * ld + 4 * i + b];
        memcpy(acc + WIDE * r, out, sizeof out);
    }
#endif
}

typedef struct { const float *x; const int8_t *q; const float *scale; const int32_t *sum; size_t ld; int rows; } Input;

static inline __attribute__((always_inline)) void panel_rows(const Linear *l, int p, const Input *in, int row, int m, int is_first, float *y, size_t ldy, int add) {
    int o = p * PANEL, left = l->n - o;
    vec f[WIDE * TILE];
    if (l->kind == I8) {
        ivec a[WIDE * TILE];
        int kq = up(l->k, 4) / 4;
        tile_i8((const uint8_t *)l->w + (size_t)p * kq * 4 * PANEL, kq, in->q + row * in->ld, in->ld, in->sum + row, m, is_first, a);
        for (int j = 0; j < WIDE; j++) {
            vec s = load(l->scale + o + j * LANES);
            for (int r = 0; r < m; r++) f[WIDE * r + j] = __builtin_convertvector(a[WIDE * r + j], vec) * (s * in->scale[row + r]);
        }
    } else if (l->kind == F16)
        tile_f16((const uint16_t *)l->w + (size_t)p * l->k * PANEL, l->k, in->x + row * in->ld, in->ld, m, f);
    else
        tile_f32((const float *)l->w + (size_t)p * l->k * PANEL, l->k, in->x + row * in->ld, in->ld, m, f);
    for (int r = 0; r < m; r++) {
        float *to = y + (row + r) * ldy + o;
        vec *v = f + WIDE * r;
        if (l->bias) for (int j = 0; j < WIDE; j++) v[j] += load(l->bias + o + j * LANES);
        if (left >= PANEL)
            for (int j = 0; j < WIDE; j++) store(to + j * LANES, add ? v[j] + load(to + j * LANES) : v[j]);
        else
            for (int j = 0; j < left; j++) to[j] = (add ? to[j] : 0.f) + v[j / LANES][j % LANES];
    }
}
static void panel(const Linear *l, int p, const Input *in, float *y, size_t ldy, int add) {
    int row = 0;
#if TILE == 8
    for (; row + 8 <= in->rows; row += 8) panel_rows(l, p, in, row, 8, 0, y, ldy, add);
    if (row + 4 <= in->rows) panel_rows(l, p, in, row, 4, 0, y, ldy, add), row += 4;
#else
    if (in->rows > 1) panel_rows(l, p, in, 0, 2, 1, y, ldy, add), row = 2; /* the first to read this panel from memory */
#endif
    for (; row + 2 <= in->rows; row += 2) panel_rows(l, p, in, row, 2, 0, y, ldy, add);
    if (row < in->rows) panel_rows(l, p, in, row, 1, 1, y, ldy, add);
}
static inline int panels(const Linear *l) { return up(l->n, PANEL) / PANEL; }

typedef struct { const Linear *l; float *y; size_t ld; int add; } Job;
typedef struct { Job job[3]; int count; Input in; } Jobs; /* matrices that read the same rows: one phase */

/* ---- threads: pieces of a phase are claimed, so that a helper that the system does not run holds nobody up. The first thread takes
 * them from the beginning, the others from the end: each then reads weights that follow one another, which the processor foresees. */
struct Run;
typedef void (*Piece)(struct Run *, int piece, int thread);
typedef struct { Piece fn; int32_t pieces; } Phase;
typedef struct Pool {
    pthread_t thread[MAX_THREADS];
    pthread_mutex_t lock; pthread_cond_t wake;
    int count, is_ended; unsigned started;
    struct Run *run;
    Phase phase[2];
    _Atomic uint64_t state; /* number of the phase << 40 | pieces taken from the end << 20 | pieces taken from the beginning */
    _Atomic int32_t done; _Atomic int is_active, inside;
} Pool;
typedef struct Run {
    const Model *m; const Batch *b; Pool *pool; const Layer *l; int layer;
    float *x, *h, *q, *k, *v, *a, *up, *gate, *last, *scores[MAX_THREADS], *scale; int8_t *bytes; int32_t *sum;
    size_t ldx, ldq, ldk, ldf, ldmax; int context;
    const float *from; size_t ldfrom; int size; /* what is being turned into int8 */
    const Jobs *jobs;
    int32_t *first; int tiles; size_t room; /* which rows attend together; scores of one of them */
} Run;

static inline void rest(int *idle) { /* some 20 microseconds, about as long as one thread works alone; then others may have the core */
#if defined(__x86_64__)
    if (++*idle < SPINS) { _mm_pause(); return; }
#else
    if (++*idle < SPINS) return;
#endif
    sched_yield();
}
static int claim(Pool *p, int thread) { /* one piece of the present phase; whether there was one */
    uint64_t s = atomic_load_explicit(&p->state, memory_order_acquire);
    Phase *f = &p->phase[(s >> 40) & 1];
    uint32_t low = s & (MOST_PIECES - 1), high = (s >> 20) & (MOST_PIECES - 1);
    uint32_t pieces = (uint32_t)__atomic_load_n(&f->pieces, __ATOMIC_RELAXED);
    if (low + high >= pieces) return 0;
    Piece fn = f->fn;
    if (!atomic_compare_exchange_strong(&p->state, &s, s + (thread ? MOST_PIECES : 1))) return 1;
    fn(p->run, (int)(thread ? pieces - 1 - high : low), thread);
    atomic_fetch_add_explicit(&p->done, 1, memory_order_acq_rel);
    return 1;
}
typedef struct { Pool *pool; int index; } Start;
static void *help(void *arg) {
    Start s = *(Start *)arg;
    free(arg);
    unsigned seen = 0;
    for (;;) {
        pthread_mutex_lock(&s.pool->lock);
        while (s.pool->started == seen && !s.pool->is_ended) pthread_cond_wait(&s.pool->wake, &s.pool->lock);
        seen = s.pool->started;
        int is_ended = s.pool->is_ended;
        pthread_mutex_unlock(&s.pool->lock);
        if (is_ended) return NULL;
        atomic_fetch_add(&s.pool->inside, 1);
        int idle = 0;
        while (atomic_load(&s.pool->is_active)) {
            if (claim(s.pool, s.index)) idle = 0;
            else rest(&idle);
        }
        atomic_fetch_sub(&s.pool->inside, 1);
    }
}
void *pool_new(int32_t threads) {
    Pool *p = calloc(1, sizeof *p);
    pthread_mutex_init(&p->lock, NULL), pthread_cond_init(&p->wake, NULL);
    p->count = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
    for (int i = 1; i < p->count; i++) {
        Start *s = malloc(sizeof *s);
        *s = (Start){p, i};
        if (pthread_create(&p->thread[i], NULL, help, s)) { free(s); p->count = i; }
    }
    return p;
}
void pool_free(void *pool) {
    Pool *p = pool;
    pthread_mutex_lock(&p->lock);
    p->is_ended = 1;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (int i = 1; i < p->count; i++) pthread_join(p->thread[i], NULL);
    free(p);
}
static void phase(Run *r, Piece fn, int pieces) {
    Pool *p = r->pool;
    if (p->count == 1 || pieces == 1 || (uint32_t)pieces >= MOST_PIECES) {
        for (int i = 0; i < pieces; i++) fn(r, i, 0);
        return;
    }
    uint64_t next = (atomic_load(&p->state) >> 40) + 1;
    atomic_store(&p->done, 0);
    p->phase[next & 1].fn = fn;
    __atomic_store_n(&p->phase[next & 1].pieces, pieces, __ATOMIC_RELAXED);
    atomic_store_explicit(&p->state, next << 40, memory_order_release);
    while (claim(p, 0)) {}
    for (int idle = 0; atomic_load_explicit(&p->done, memory_order_acquire) < pieces;) rest(&idle);
}
#include "native_step.h"
