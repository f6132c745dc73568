/* Rows of fp32 times a matrix in bfloat16, sums in fp32: y = (x W) * scale + bias. Knows numbers only.
 *
 * Rows are rounded to bfloat16 on their way in. A matrix of int8 is exact in bfloat16, its scales stay outside. Every row is computed
 * on its own and in a fixed order of sums, whatever other rows are there.
 * Layout of the matrix: panels of 32 outputs, [panel][k / 2][32][2]; outputs beyond n and an odd k are filled with zeros.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#if defined(__AVX512BF16__) && defined(__AVX512BW__)
#include <immintrin.h>
#define HAS_BF16 1
#else
#define HAS_BF16 0
#endif

#define PANEL 32
#define TILE 12

int32_t is_fast(void) { return HAS_BF16; }

#if HAS_BF16
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
#endif

/* x [rows][k], w packed, scale and bias [n], out [rows][n]. Returns 0; 1 without memory, 2 on a processor that cannot. */
int32_t multiply(const float *x, int64_t rows, int64_t k, const uint16_t *w, int64_t n, const float *scale, const float *bias, float *out) {
#if HAS_BF16
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
#else
    (void)x, (void)rows, (void)k, (void)w, (void)n, (void)scale, (void)bias, (void)out;
    return 2;
#endif
}
