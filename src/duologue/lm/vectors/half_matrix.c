/* Rows of fp32 times a matrix of int8 with a scale for each output, in 16 bits: y = (x W) * scale + bias. Knows numbers only.
 *
 * way() says which: 1, AVX-512's bfloat16 unit: rows are rounded to bfloat16 on their way in, the matrix is exact in it, sums are
 * fp32. 2, AVX2: each row becomes int16 by a scale of its own, as fine as sums in int32 allow (15 bits up to 516 inputs, 13 at
 * 1,536), and sums are exact. Every row is computed on its own, so that it is the same whatever other rows are there.
 * Layouts of the matrix: 1, panels of 32 outputs in bfloat16, [panel][k / 2][32][2]; 2, panels of 16 in int8, [panel][k / 2][16][2].
 * Outputs beyond n and an odd k are filled with zeros.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#if defined(__AVX512BF16__) && defined(__AVX512BW__)
#include <immintrin.h>
#define WAY 1
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define WAY 2
#else
#define WAY 0
#endif

int32_t way(void) { return WAY; }

#if WAY == 1
#define PANEL 32
#define TILE 12

static void rows_by_panel(int m, const uint32_t *x, size_t stride, const uint16_t *w, size_t pairs, int wide, const float *scale,
                          const float *bias, float *out, size_t out_stride) {
    __m512 a[TILE][2];
    for (int r = 0; r < TILE; r++) a[r][0] = a[r][1] = _mm512_setzero_ps();
    for (size_t k = 0; k < pairs; k++) {
        __m512bh w0 = (__m512bh)_mm512_loadu_si512(w + k * PANEL * 2);
        __m512bh w1 = (__m512bh)_mm512_loadu_si512(w + k * PANEL * 2 + PANEL);
#pragma GCC unroll 12
        for (int r = 0; r < TILE; r++) {
            __m512bh v = (__m512bh)_mm512_set1_epi32((int)x[r * stride + k]);
            a[r][0] = _mm512_dpbf16_ps(a[r][0], w0, v);
            a[r][1] = _mm512_dpbf16_ps(a[r][1], w1, v);
        }
    }
    for (int half = 0; half < 2; half++) {
        int left = wide - 16 * half;
        if (left <= 0) break;
        __mmask16 mask = left >= 16 ? 0xffff : (__mmask16)((1u << left) - 1);
        __m512 s = _mm512_maskz_loadu_ps(mask, scale + 16 * half), b = _mm512_maskz_loadu_ps(mask, bias + 16 * half);
        for (int r = 0; r < m; r++) _mm512_mask_storeu_ps(out + r * out_stride + 16 * half, mask, _mm512_fmadd_ps(a[r][half], s, b));
    }
}

static int32_t product(const float *x, int64_t rows, int64_t k, const uint16_t *w, int64_t n, const float *scale, const float *bias, float *out) {
    size_t pairs = (size_t)(k + 1) / 2, padded = ((size_t)rows + TILE - 1) / TILE * TILE;
    uint16_t *half = calloc(padded * pairs, 4);
    if (!half) return 1;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < k; i += 16) {
            __mmask16 mask = k - i >= 16 ? 0xffff : (__mmask16)((1u << (k - i)) - 1);
            __m256bh v = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, x + r * k + i));
            _mm256_mask_storeu_epi16(half + (size_t)r * pairs * 2 + i, mask, (__m256i)v);
        }
    for (int64_t p = 0; p * PANEL < n; p++) /* a panel stays in the nearest cache while all rows pass */
        for (int64_t r = 0; r < rows; r += TILE)
            rows_by_panel((int)(rows - r < TILE ? rows - r : TILE), (const uint32_t *)half + (size_t)r * pairs, pairs,
                          w + (size_t)p * pairs * PANEL * 2, pairs, (int)(n - p * PANEL < PANEL ? n - p * PANEL : PANEL),
                          scale + p * PANEL, bias + p * PANEL, out + r * n + p * PANEL, (size_t)n);
    free(half);
    return 0;
}
#endif

#if WAY == 2
#define PANEL 16
#define TILE 6
#define LARGEST 32767.0f

/* One row as int16, and by what these are to be multiplied again. */
static float narrow(const float *x, int64_t k, float largest, int16_t *out) {
    __m256 top = _mm256_setzero_ps(), sign = _mm256_set1_ps(-0.0f);
    float most = 0;
    int64_t i = 0;
    for (; i + 8 <= k; i += 8) top = _mm256_max_ps(top, _mm256_andnot_ps(sign, _mm256_loadu_ps(x + i)));
    for (int64_t j = i; j < k; j++) most = fmaxf(most, fabsf(x[j]));
    float tops[8];
    _mm256_storeu_ps(tops, top);
    for (int j = 0; j < 8; j++) most = fmaxf(most, tops[j]);
    if (!(most > 0)) return 0; /* `out` is zeros already */
    float by = largest / most;
    for (i = 0; i + 16 <= k; i += 16) {
        __m256i low = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_set1_ps(by)));
        __m256i high = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i + 8), _mm256_set1_ps(by)));
        __m256i both = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
        _mm256_storeu_si256((__m256i *)(out + i), both);
    }
    for (; i < k; i++) out[i] = (int16_t)lrintf(x[i] * by);
    return most / largest;
}

/* R rows (a constant where it is called) by one panel; the sums stay in registers, which the compiler has to be told. */
static inline __attribute__((always_inline)) void rows_by_panel(int R, const int32_t *x, size_t pairs, const int8_t *w, int wide, const float *row,
                                                                const float *scale, const float *bias, float *out, size_t stride) {
    __m256i a[TILE][2];
#pragma GCC unroll 6
    for (int r = 0; r < R; r++) a[r][0] = a[r][1] = _mm256_setzero_si256();
    for (size_t k = 0; k < pairs; k++) {
        __m256i w0 = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(w + k * PANEL * 2)));
        __m256i w1 = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(w + k * PANEL * 2 + PANEL)));
#pragma GCC unroll 6
        for (int r = 0; r < R; r++) {
            __m256i v = _mm256_set1_epi32(x[r * pairs + k]);
            a[r][0] = _mm256_add_epi32(a[r][0], _mm256_madd_epi16(w0, v));
            a[r][1] = _mm256_add_epi32(a[r][1], _mm256_madd_epi16(w1, v));
            __asm__ volatile("" : "+x"(a[r][0]), "+x"(a[r][1]));
        }
    }
    float s[PANEL] = {0}, b[PANEL] = {0}, y[PANEL];
    for (int i = 0; i < wide; i++) s[i] = scale[i], b[i] = bias[i];
#pragma GCC unroll 6
    for (int r = 0; r < R; r++) {
        for (int half = 0; half < 2; half++) {
            __m256 sum = _mm256_mul_ps(_mm256_cvtepi32_ps(a[r][half]), _mm256_set1_ps(row[r]));
            _mm256_storeu_ps(y + 8 * half, _mm256_fmadd_ps(sum, _mm256_loadu_ps(s + 8 * half), _mm256_loadu_ps(b + 8 * half)));
        }
        for (int i = 0; i < wide; i++) out[r * stride + i] = y[i];
    }
}

static int32_t product(const float *x, int64_t rows, int64_t k, const int8_t *w, int64_t n, const float *scale, const float *bias, float *out) {
    size_t pairs = (size_t)(k + 1) / 2;
    int16_t *narrowed = calloc((size_t)rows * pairs, 4);
    float *row = malloc((size_t)rows * sizeof(float)), most = floorf(2147483000.0f / 127.0f / (float)k);
    if (!narrowed || !row) return free(narrowed), free(row), 1;
    for (int64_t r = 0; r < rows; r++) row[r] = narrow(x + r * k, k, most < LARGEST ? most : LARGEST, narrowed + (size_t)r * pairs * 2);
    for (int64_t p = 0; p * PANEL < n; p++) /* a panel stays in the nearest cache while all rows pass */
        for (int64_t r = 0; r < rows; r += TILE) {
            const int32_t *from = (const int32_t *)narrowed + (size_t)r * pairs;
            const int8_t *by = w + (size_t)p * pairs * PANEL * 2;
            const float *s = scale + p * PANEL, *b = bias + p * PANEL;
            float *to = out + r * n + p * PANEL;
            int wide = (int)(n - p * PANEL < PANEL ? n - p * PANEL : PANEL);
            switch (rows - r) {
            case 1: rows_by_panel(1, from, pairs, by, wide, row + r, s, b, to, (size_t)n); break;
            case 2: rows_by_panel(2, from, pairs, by, wide, row + r, s, b, to, (size_t)n); break;
            case 3: rows_by_panel(3, from, pairs, by, wide, row + r, s, b, to, (size_t)n); break;
            case 4: rows_by_panel(4, from, pairs, by, wide, row + r, s, b, to, (size_t)n); break;
            case 5: rows_by_panel(5, from, pairs, by, wide, row + r, s, b, to, (size_t)n); break;
            default: rows_by_panel(TILE, from, pairs, by, wide, row + r, s, b, to, (size_t)n);
            }
        }
    free(narrowed), free(row);
    return 0;
}
#endif

#if WAY
/* e^x within 2e-7 of its size, x at most 87; below -87 it is nearly nothing. Powers of two by their exponent, the rest by a series. */
static inline __m256 power_of_e(__m256 x) {
    x = _mm256_max_ps(x, _mm256_set1_ps(-87.0f));
    __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 f = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x));
    static const float series[] = {1 / 720.0f, 1 / 120.0f, 1 / 24.0f, 1 / 6.0f, 0.5f, 1.0f, 1.0f};
    __m256 y = _mm256_set1_ps(series[0]);
    for (int i = 1; i < 7; i++) y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(series[i]));
    return _mm256_mul_ps(y, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23)));
}

/* x / (1 + e^-2u), u = 0.79788456 (x + 0.044715 x^3): x (1 + tanh u) / 2. */
static inline __m256 gelu_of(__m256 x) {
    __m256 c = _mm256_fmadd_ps(_mm256_mul_ps(x, x), _mm256_set1_ps(-2 * 0.7978845608f * 0.044715f), _mm256_set1_ps(-2 * 0.7978845608f));
    __m256 e = power_of_e(_mm256_min_ps(_mm256_mul_ps(x, c), _mm256_set1_ps(87.0f)));
    return _mm256_div_ps(x, _mm256_add_ps(e, _mm256_set1_ps(1.0f)));
}
#endif

/* x [n] becomes its GELU by tanh, in place. Returns 0; 2 on a processor that cannot. */
int32_t gelu(float *x, int64_t n) {
#if WAY
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(x + i, gelu_of(_mm256_loadu_ps(x + i)));
    float rest[8] = {0};
    for (int64_t j = i; j < n; j++) rest[j - i] = x[j];
    _mm256_storeu_ps(rest, gelu_of(_mm256_loadu_ps(rest)));
    for (int64_t j = i; j < n; j++) x[j] = rest[j - i];
    return 0;
#else
    (void)x, (void)n;
    return 2;
#endif
}

/* x [rows][k], w packed, scale and bias [n], out [rows][n]. Returns 0; 1 without memory, 2 on a processor that cannot. */
int32_t multiply(const float *x, int64_t rows, int64_t k, const void *w, int64_t n, const float *scale, const float *bias, float *out) {
#if WAY
    return product(x, rows, k, w, n, scale, bias, out);
#else
    (void)x, (void)rows, (void)k, (void)w, (void)n, (void)scale, (void)bias, (void)out;
    return 2;
#endif
}
