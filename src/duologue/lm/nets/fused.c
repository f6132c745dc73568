/* What a training step does besides its large products, each part in one pass: norms, turned heads, attention, SwiGLU, loss, AdamW.
 *
 * Knows fp32 numbers in rows; nothing of networks. Every row is computed on its own and in a fixed order of sums. Every function takes
 * the rows from `begin` to `end`, so that several threads may share them.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES), aligned(4)));

static inline vec all(float x) { /* `(vec){} + x` would be an addition, for the sake of -0 */
#if defined(__AVX512F__)
    return (vec)_mm512_set1_ps(x);
#elif defined(__AVX__)
    return (vec)_mm256_set1_ps(x);
#else
    return (vec){} + x;
#endif
}
static inline vec load(const float *p) { return *(const vec *)p; }
static inline void store(float *p, vec v) { *(vec *)p = v; }
static inline vec choose(ivec m, vec a, vec b) { return (vec)((m & (ivec)a) | (~m & (ivec)b)); }
static inline float sum_lanes(vec v) {
    float s = 0;
    for (int i = 0; i < LANES; i++) s += v[i];
    return s;
}
static inline vec roots(vec x) {
#if defined(__AVX512F__)
    return (vec)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX__)
    return (vec)_mm256_sqrt_ps((__m256)x);
#else
    for (int i = 0; i < LANES; i++) x[i] = sqrtf(x[i]);
    return x;
#endif
}
static inline vec exps(vec x) { /* Cephes: 2^n * polynomial on [-ln2/2, ln2/2]; relative error under 1e-7; not a number stays so */
    ivec odd = x != x;
    vec y = choose(x > 88.f, all(88.f), x);
    y = choose(y < -87.f, all(-87.f), y);
    y = choose(odd, all(0.f), y);
    vec n = (y * 1.44269504088896341f + 12582912.f) - 12582912.f;
    vec r = y - n * 0.693359375f + n * 2.12194440e-4f;
    vec p = ((((all(1.9875691500e-4f) * r + 1.3981999507e-3f) * r + 8.3334519073e-3f) * r + 4.1665795894e-2f) * r + 1.6666665459e-1f) * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.f;
    ivec e = (__builtin_convertvector(n, ivec) + 127) << 23;
    return choose(odd, x, p * (vec)e);
}

/* ---- RMS norm: y = x * s * w, s = 1 / sqrt(mean(x^2) + eps); c a multiple of 16 ----------------------------------------- */
static inline float rms_scale(const float *x, int64_t c, float eps) {
    vec s = all(0);
    for (int64_t i = 0; i < c; i += LANES) s += load(x + i) * load(x + i);
    return 1.f / sqrtf(sum_lanes(s) / (float)c + eps);
}

void rms_forward(int64_t begin, int64_t end, int64_t c, const float *x, const float *w, float eps, float *y, float *scale) {
    for (int64_t r = begin; r < end; r++) {
        const float *a = x + r * c, s = scale[r] = rms_scale(a, c, eps);
        for (int64_t i = 0; i < c; i += LANES) store(y + r * c + i, load(a + i) * s * load(w + i));
    }
}

/* dx = s (dy w - xn mean(dy w xn)), dw += dy xn, with xn = x s */
void rms_backward(int64_t begin, int64_t end, int64_t c, const float *dy, const float *x, const float *w, const float *scale,
                  float *dx, float *dw) {
    for (int64_t r = begin; r < end; r++) {
        const float *a = x + r * c, *d = dy + r * c, s = scale[r];
        vec dot = all(0);
        for (int64_t i = 0; i < c; i += LANES) {
            vec xd = load(a + i) * s * load(d + i);
            store(dw + i, load(dw + i) + xd);
            dot += xd * load(w + i);
        }
        float mean = sum_lanes(dot) / (float)c;
        for (int64_t i = 0; i < c; i += LANES) store(dx + r * c + i, (load(d + i) * load(w + i) - load(a + i) * (s * mean)) * s);
    }
}

/* ---- heads: x [B][T][H][D] normed (w, where given) and turned into y [B][H][T][D]; a row is one of B * T; D / 2 a multiple of 16 - */
void heads_forward(int64_t begin, int64_t end, int64_t t_all, int64_t heads, int64_t d, const float *x, const float *w, float eps,
                   const float *cosines, const float *sines, float *y, float *scale) {
    int64_t half = d / 2;
    for (int64_t r = begin; r < end; r++)
        for (int64_t h = 0; h < heads; h++) {
            const float *a = x + (r * heads + h) * d, *co = cosines + r * half, *si = sines + r * half;
            float *out = y + ((r / t_all * heads + h) * t_all + r % t_all) * d, s = 1;
            if (w) s = scale[r * heads + h] = rms_scale(a, d, eps);
            for (int64_t i = 0; i < half; i += LANES) {
                vec l = load(a + i) * s, m = load(a + half + i) * s, c = load(co + i), n = load(si + i);
                if (w) l *= load(w + i), m *= load(w + half + i);
                store(out + i, l * c - m * n);
                store(out + half + i, m * c + l * n);
            }
        }
}

/* dy lies at dy + b step_b + h step_h + t step_t; dx [B][T][H][D] */
void heads_backward(int64_t begin, int64_t end, int64_t t_all, int64_t heads, int64_t d, const float *dy, int64_t step_b,
                    int64_t step_h, int64_t step_t, const float *x, const float *w, const float *scale, const float *cosines,
                    const float *sines, float *dx, float *dw) {
    int64_t half = d / 2;
    for (int64_t r = begin; r < end; r++)
        for (int64_t h = 0; h < heads; h++) {
            const float *a = x + (r * heads + h) * d, *co = cosines + r * half, *si = sines + r * half;
            const float *g = dy + r / t_all * step_b + h * step_h + r % t_all * step_t;
            float *out = dx + (r * heads + h) * d, s = w ? scale[r * heads + h] : 1;
            vec dot = all(0);
            for (int64_t i = 0; i < half; i += LANES) {
                vec c = load(co + i), n = load(si + i), gl = load(g + i), gm = load(g + half + i);
                vec l = gl * c + gm * n, m = gm * c - gl * n;
                if (w) {
                    vec xl = load(a + i) * s * l, xm = load(a + half + i) * s * m;
                    store(dw + i, load(dw + i) + xl);
                    store(dw + half + i, load(dw + half + i) + xm);
                    dot += xl * load(w + i) + xm * load(w + half + i);
                    l *= load(w + i), m *= load(w + half + i);
                }
                store(out + i, l);
                store(out + half + i, m);
            }
            if (!w) continue;
            float mean = s * sum_lanes(dot) / (float)d;
            for (int64_t i = 0; i < d; i += LANES) store(out + i, (load(out + i) - load(a + i) * mean) * s);
        }
}

/* ---- causal attention, a block of queries at a time: scores never leave the nearest caches, and what lies ahead is not computed.
 * q [B][H][T][D], k [B][G][T][D], v and its gradient [B][T][G][D], out and its gradient [B][T][H][D], lse [B][H][T]; D a multiple of
 * 32; a row of `begin` to `end` is one of B * G, with the heads that share it. Source: Dao et al. 2022 (FlashAttention). ---------- */
#define TILE 6
#define WIDE (2 * LANES)
#define BLOCK 48

/* c [m][WIDE] = or += sum over n of a(i, n) b(n, :), with a(i, n) at a + i ai + n an; m is a constant where this is called */
static inline __attribute__((always_inline)) void tile(int m, int64_t count, const float *a, int64_t ai, int64_t an, const float *b,
                                                       int64_t bn, float *c, int64_t ci, int adds) {
    vec s[TILE][2];
#pragma GCC unroll 6
    for (int i = 0; i < m; i++) s[i][0] = adds ? load(c + i * ci) : all(0), s[i][1] = adds ? load(c + i * ci + LANES) : all(0);
    for (int64_t n = 0; n < count; n++) {
        vec b0 = load(b + n * bn), b1 = load(b + n * bn + LANES);
#pragma GCC unroll 6
        for (int i = 0; i < m; i++) {
            vec x = all(a[i * ai + n * an]);
            s[i][0] += x * b0, s[i][1] += x * b1;
        }
    }
#pragma GCC unroll 6
    for (int i = 0; i < m; i++) store(c + i * ci, s[i][0]), store(c + i * ci + LANES, s[i][1]);
}

/* c [m][w] = or += a b; w a multiple of WIDE */
static void product(int64_t m, int64_t w, int64_t count, const float *a, int64_t ai, int64_t an, const float *b, int64_t bn, float *c,
                    int64_t ci, int adds) {
    for (int64_t j = 0; j < w; j += WIDE) {
        int64_t i = 0;
        for (; i + TILE <= m; i += TILE) tile(TILE, count, a + i * ai, ai, an, b + j, bn, c + i * ci + j, ci, adds);
        for (; i < m; i++) tile(1, count, a + i * ai, ai, an, b + j, bn, c + i * ci + j, ci, adds);
    }
}

/* the length of a row of t numbers, which is no power of 2: else a column would share a few lines of the nearest cache */
static inline int64_t spread(int64_t t) { return (t + WIDE - 1) / WIDE * WIDE + WIDE; }

static void turn_over(int64_t rows, int64_t d, const float *x, int64_t step, float *out, int64_t wide) { /* out [d][wide], zeros behind */
    for (int64_t j = 0; j < d; j++) {
        for (int64_t r = 0; r < rows; r++) out[j * wide + r] = x[r * step + j];
        for (int64_t r = rows; r < wide; r++) out[j * wide + r] = 0;
    }
}

/* 0; 1 without memory */
int32_t attend_forward(int64_t begin, int64_t end, int64_t t, int64_t heads, int64_t groups, int64_t d, const float *q, const float *k,
                       const float *v, float factor, float *out, float *lse) {
    int64_t wide = spread(t), each = heads / groups;
    float *kt = malloc((size_t)(wide * (d + BLOCK)) * sizeof(float)), *s = kt + wide * d;
    if (!kt) return 1;
    for (int64_t g = begin; g < end; g++) {
        const float *values = v + g / groups * t * groups * d + g % groups * d;
        turn_over(t, d, k + g * t * d, d, kt, wide);
        for (int64_t h = g * each; h < (g + 1) * each; h++)
            for (int64_t r = 0; r < t; r += BLOCK) {
                int64_t m = t - r < BLOCK ? t - r : BLOCK, n = (r + m + WIDE - 1) / WIDE * WIDE;
                float *y = out + (h / heads * t + r) * heads * d + h % heads * d, shares[BLOCK];
                product(m, n, d, q + (h * t + r) * d, d, 1, kt, wide, s, wide, 0);
                for (int64_t i = 0; i < m; i++) {
                    float *row = s + i * wide, highest = -INFINITY;
                    for (int64_t j = r + i + 1; j < n; j++) row[j] = -INFINITY;
                    vec top = all(-INFINITY), sum = all(0);
                    for (int64_t j = 0; j < n; j += LANES) top = choose(load(row + j) > top, load(row + j), top);
                    for (int l = 0; l < LANES; l++) highest = top[l] > highest ? top[l] : highest;
                    for (int64_t j = 0; j < n; j += LANES) {
                        vec e = exps((load(row + j) - highest) * factor);
                        e = choose(load(row + j) == -INFINITY, all(0), e);
                        store(row + j, e);
                        sum += e;
                    }
                    float total = sum_lanes(sum);
                    lse[h * t + r + i] = highest * factor + logf(total);
                    shares[i] = 1.f / total;
                }
                product(m, d, r + m, s, wide, 1, values, groups * d, y, heads * d, 0);
                for (int64_t i = 0; i < m; i++)
                    for (int64_t j = 0; j < d; j += LANES) store(y + i * heads * d + j, load(y + i * heads * d + j) * shares[i]);
            }
    }
    free(kt);
    return 0;
}

/* dk and dv begin as zeros. 0; 1 without memory */
int32_t attend_backward(int64_t begin, int64_t end, int64_t t, int64_t heads, int64_t groups, int64_t d, const float *q, const float *k,
                        const float *v, float factor, const float *out, const float *lse, const float *dout, float *dq, float *dk,
                        float *dv) {
    int64_t wide = spread(t), each = heads / groups, step = heads * d;
    float *kt = malloc((size_t)(wide * 2 * (d + BLOCK)) * sizeof(float)), *vt = kt + wide * d, *p = vt + wide * d, *ds = p + wide * BLOCK;
    if (!kt) return 1;
    for (int64_t g = begin; g < end; g++) {
        const float *keys = k + g * t * d;
        int64_t at = g / groups * t * groups * d + g % groups * d;
        turn_over(t, d, keys, d, kt, wide);
        turn_over(t, d, v + at, groups * d, vt, wide);
        for (int64_t h = g * each; h < (g + 1) * each; h++)
            for (int64_t r = 0; r < t; r += BLOCK) {
                int64_t m = t - r < BLOCK ? t - r : BLOCK, n = (r + m + WIDE - 1) / WIDE * WIDE;
                const float *asked = q + (h * t + r) * d;
                const float *y = out + (h / heads * t + r) * step + h % heads * d, *dy = dout + (y - out);
                product(m, n, d, asked, d, 1, kt, wide, p, wide, 0);
                product(m, n, d, dy, step, 1, vt, wide, ds, wide, 0);
                for (int64_t i = 0; i < m; i++) {
                    float *row = p + i * wide, *other = ds + i * wide, mark = lse[h * t + r + i];
                    vec dot = all(0);
                    for (int64_t j = 0; j < d; j += LANES) dot += load(y + i * step + j) * load(dy + i * step + j);
                    float own = sum_lanes(dot);
                    for (int64_t j = 0; j < n; j += LANES) {
                        vec e = exps(load(row + j) * factor - mark);
                        store(row + j, e);
                        store(other + j, e * (load(other + j) - own) * factor);
                    }
                    for (int64_t j = r + i + 1; j < n; j++) row[j] = other[j] = 0;
                }
                product(m, d, r + m, ds, wide, 1, keys, d, dq + (h * t + r) * d, d, 0);
                product(r + m, d, m, ds, 1, wide, asked, d, dk + g * t * d, d, 1);
                product(r + m, d, m, p, 1, wide, dy, step, dv + at, groups * d, 1);
            }
    }
    free(kt);
    return 0;
}

/* ---- SwiGLU: h = g sigmoid(g) u; numbers from begin to end, multiples of 16 --------------------------------------------------- */
void swiglu_forward(int64_t begin, int64_t end, const float *g, const float *u, float *h) {
    for (int64_t i = begin; i < end; i += LANES) {
        vec x = load(g + i);
        store(h + i, x / (1.f + exps(-x)) * load(u + i));
    }
}

void swiglu_backward(int64_t begin, int64_t end, const float *dh, const float *g, const float *u, float *dg, float *du) {
    for (int64_t i = begin; i < end; i += LANES) {
        vec x = load(g + i), d = load(dh + i), s = 1.f / (1.f + exps(-x));
        store(du + i, d * x * s);
        store(dg + i, d * load(u + i) * s * (1.f + x * (1.f - s)));
    }
}

/* ---- GELU by its tanh: h = x sigmoid(z), z = 2 sqrt(2 / pi) (x + 0.044715 x^3), which is 0.5 x (1 + tanh(z / 2)) ------------------ */
#define SLOPE 1.5957691216057308f
#define CUBE 0.044715f
void gelu_forward(int64_t begin, int64_t end, const float *x, float *h) {
    for (int64_t i = begin; i < end; i += LANES) {
        vec a = load(x + i);
        store(h + i, a / (1.f + exps(a * (a * a * CUBE + 1.f) * -SLOPE)));
    }
}

void gelu_backward(int64_t begin, int64_t end, const float *dh, const float *x, float *dx) {
    for (int64_t i = begin; i < end; i += LANES) {
        vec a = load(x + i), s = 1.f / (1.f + exps(a * (a * a * CUBE + 1.f) * -SLOPE));
        store(dx + i, load(dh + i) * s * (1.f + a * (1.f - s) * (a * a * (3 * CUBE) + 1.f) * SLOPE));
    }
}

/* ---- loss: z [n][v] becomes softmax(z) - (1 - s) onehot(target) - s / v, where wanted; the losses are written one a row ---------- */
void loss_rows(int64_t begin, int64_t end, int64_t v, float *z, const int64_t *targets, float smoothing, int32_t wants_gradient,
               float *losses) {
    int64_t whole = v / LANES * LANES;
    for (int64_t r = begin; r < end; r++) {
        float *a = z + r * v, highest = -INFINITY, mean = 0, said = a[targets[r]];
        vec m = all(-INFINITY), s = all(0), t = all(0);
        for (int64_t i = 0; i < whole; i += LANES) m = choose(load(a + i) > m, load(a + i), m);
        for (int i = 0; i < LANES; i++) highest = m[i] > highest ? m[i] : highest;
        for (int64_t i = whole; i < v; i++) highest = a[i] > highest ? a[i] : highest;
        float sum = 0;
        if (smoothing > 0) {
            for (int64_t i = 0; i < whole; i += LANES) t += load(a + i);
            for (int64_t i = whole; i < v; i++) mean += a[i];
            mean = (mean + sum_lanes(t)) / (float)v;
        }
        for (int64_t i = 0; i < whole; i += LANES) {
            vec e = exps(load(a + i) - highest);
            store(a + i, e);
            s += e;
        }
        for (int64_t i = whole; i < v; i++) sum += a[i] = expf(a[i] - highest);
        sum += sum_lanes(s);
        losses[r] = highest + logf(sum) - (1 - smoothing) * said - (smoothing > 0 ? smoothing * mean : 0);
        if (!wants_gradient) continue;
        float share = 1.f / sum, spread = smoothing / (float)v;
        for (int64_t i = 0; i < whole; i += LANES) store(a + i, load(a + i) * share - spread);
        for (int64_t i = whole; i < v; i++) a[i] = a[i] * share - spread;
        a[targets[r]] -= 1 - smoothing;
    }
}

/* ---- AdamW, as lm/training/optim.py has it: decay only where it and the step agree ------------------------------------------------------- */
void adamw(int64_t begin, int64_t end, float *p, const float *g, float *m, float *v, float b1, float b2, float eps, float root,
           float rate, float decay) { /* root = sqrt(1 - b2^t), rate = lr / (1 - b1^t), decay = lr * weight decay */
    int64_t i = begin;
    for (; i + LANES <= end; i += LANES) {
        vec d = load(g + i), mm = load(m + i), vv = load(v + i) * b2 + d * d * (1 - b2), x = load(p + i);
        mm += (d - mm) * (1 - b1);
        store(m + i, mm);
        store(v + i, vv);
        x -= choose(mm * x > 0.f, x * decay, all(0.f));
        store(p + i, x - mm / (roots(vv) / root + eps) * rate);
    }
    for (; i < end; i++) {
        m[i] += (g[i] - m[i]) * (1 - b1);
        v[i] = v[i] * b2 + g[i] * g[i] * (1 - b2);
        if (m[i] * p[i] > 0) p[i] -= p[i] * decay;
        p[i] -= m[i] / (sqrtf(v[i]) / root + eps) * rate;
    }
}
