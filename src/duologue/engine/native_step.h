/* The step itself, over the kernels and threads of native.c: norm, projections, positions, attention, feed-forward, logits. */

static void norm_row(const Model *m, const Norm *n, const float *x, float *y, int size, float eps) {
    int is_rms = m->is_rms, i = 0;
    float mean = 0, square = 0;
    vec s = all(0);
    if (!is_rms) {
        for (; i + LANES <= size; i += LANES) s += load(x + i);
        mean = sum_lanes(s);
        for (; i < size; i++) mean += x[i];
        mean /= (float)size;
    }
    s = all(0);
    for (i = 0; i + LANES <= size; i += LANES) { vec d = load(x + i) - mean; s += d * d; }
    square = sum_lanes(s);
    for (; i < size; i++) square += (x[i] - mean) * (x[i] - mean);
    float r = 1.f / sqrtf(square / (float)size + eps);
    for (i = 0; i < size; i++) y[i] = (x[i] - mean) * r * n->weight[i] + (n->bias ? n->bias[i] : 0.f);
}
static void embed_row(Run *r, int row, int thread) {
    const Model *m = r->m;
    size_t at = (size_t)r->b->ids[row] * m->d_model;
    float *x = r->x + row * r->ldx;
    for (int i = 0; i < m->d_model; i++) x[i] = m->is_half_embed ? from_half(((const uint16_t *)m->embed)[at + i]) : ((const float *)m->embed)[at + i];
    if (m->positions)
        for (int i = 0; i < m->d_model; i++) x[i] += m->positions[(size_t)r->b->position[row] * m->d_model + i];
    (void)thread;
}
static void attn_norm_row(Run *r, int row, int t) { norm_row(r->m, &r->l->attn, r->x + row * r->ldx, r->h + row * r->ldx, r->m->d_model, r->m->eps); (void)t; }
static void ffn_norm_row(Run *r, int row, int t) { norm_row(r->m, &r->l->ffn, r->x + row * r->ldx, r->h + row * r->ldx, r->m->d_model, r->m->eps); (void)t; }
static void last_norm_row(Run *r, int i, int t) {
    norm_row(r->m, &r->m->norm, r->x + r->b->want[i] * r->ldx, r->last + i * r->ldx, r->m->d_model, r->m->eps);
    (void)t;
}
static void quantise_row(Run *r, int row, int thread) { /* one scale per row: what else is in the batch can't touch it */
    const float *x = r->from + row * r->ldfrom;
    int8_t *q = r->bytes + row * r->ldmax * (1 + SIGN_APART);
    int size = up(r->size, 16);
    vec top = all(0);
    for (int i = 0; i < size; i += LANES) {
        vec v = load(x + i);
        v = choose(v < 0.f, -v, v);
        top = choose(v > top, v, top);
    }
    float most = max_lanes(top), inverse = most > 0 ? 127.f / most : 0.f;
    int32_t sum = 0;
#if SIGN_APART
    __m256i sums = _mm256_setzero_si256(), none = sums, order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for (int i = 0; i < size; i += 32) { /* a row has room for whole panels, nought at its end */
        __m256i w[4];
        for (int j = 0; j < 4; j++) w[j] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i + 8 * j), _mm256_set1_ps(inverse)));
        __m256i b = _mm256_packs_epi16(_mm256_packs_epi32(w[0], w[1]), _mm256_packs_epi32(w[2], w[3]));
        b = _mm256_permutevar8x32_epi32(b, order);
        __m256i minus = _mm256_cmpgt_epi8(none, b), size8 = _mm256_abs_epi8(b);
        sums = _mm256_add_epi64(sums, _mm256_sad_epu8(_mm256_and_si256(size8, minus), none));
        _mm256_storeu_si256((__m256i *)(q + i), size8);
        _mm256_storeu_si256((__m256i *)(q + r->ldmax + i), minus);
    }
    for (int j = 0; j < 4; j++) sum += (int32_t)((const long long *)&sums)[j];
#else
    ivec sums = {0};
    for (int i = 0; i < size; i += LANES) {
        vec v = (load(x + i) * inverse + 12582912.f) - 12582912.f; /* to the nearest whole number */
        ivec w = __builtin_convertvector(v, ivec);
        sums += w;
        *(bvec *)(q + i) = __builtin_convertvector(w, bvec);
    }
    for (int j = 0; j < LANES; j++) sum += sums[j];
#endif
    r->scale[row] = most / 127.f;
    r->sum[row] = sum;
    (void)thread;
}
static Input input(Run *r, const Linear *l, const float *x, size_t ld, int rows) {
    r->from = x, r->ldfrom = ld, r->size = l->k;
    if (l->kind == I8) phase(r, quantise_row, rows);
    return (Input){x, r->bytes, r->scale, r->sum, l->kind == I8 ? r->ldmax * (1 + SIGN_APART) : ld, rows};
}

static void job_piece(Run *r, int piece, int thread);

static void adapt(Run *r, const Lora *table, int which, const float *x, size_t ldx, float *y, size_t ldy, const Linear *l) {
    for (int row = 0; row < r->b->rows && table; row++) {
        int a = r->b->adapter[r->b->sequence[row]];
        if (!a) continue;
        const Lora *w = table + ((size_t)(a - 1) * r->m->layers + r->layer) * 7 + which;
        for (int i = 0; i < w->rank; i++) {
            const float *down = w->a + (size_t)i * l->k, *in = x + row * ldx;
            float s = 0;
            for (int j = 0; j < l->k; j++) s += down[j] * in[j];
            s *= w->scale;
            const float *back = w->b + (size_t)i * l->n; /* b is kept [rank][n] */
            for (int j = 0; j < l->n; j++) y[row * ldy + j] += s * back[j];
        }
    }
}

static inline size_t page(const Run *r, int row, int block, int g) {
    const Model *m = r->m;
    int id = r->b->tables[(size_t)r->b->sequence[row] * r->b->table_width + block];
    return (((size_t)r->layer * m->groups + g) * m->num_blocks + id) * up(m->d_head, 16) * BLOCK;
}
static void turn(const Model *m, float *x, int position, const Norm *n) {
    if (n->weight) norm_row(&(Model){.is_rms = 1}, n, x, x, m->d_head, m->eps);
    int half = m->d_head / 2;
    const float *c = m->cos + (size_t)position * half, *s = m->sin + (size_t)position * half;
    for (int i = 0; i < half && m->is_rotary; i++) {
        float a = x[i], b = x[i + half];
        x[i] = a * c[i] - b * s[i];
        x[i + half] = b * c[i] + a * s[i];
    }
}
static void place_row(Run *r, int row, int thread) { /* norms and positions of queries and keys; keys and values into their page */
    const Model *m = r->m;
    int at = r->b->position[row], off = at % BLOCK, d = m->d_head, padded = up(d, 16);
    for (int h = 0; h < m->heads; h++) turn(m, r->q + row * r->ldq + h * d, at, &(Norm){r->l->q_norm, NULL});
    for (int g = 0; g < m->groups; g++) {
        float *k = r->k + row * r->ldk + g * d, *v = r->v + row * r->ldk + g * d;
        turn(m, k, at, &(Norm){r->l->k_norm, NULL});
        size_t p = page(r, row, at / BLOCK, g);
        for (int i = 0; i < d; i++)
            if (m->is_half_kv) {
                ((uint16_t *)m->keys)[p + i * BLOCK + off] = to_half(k[i]);
                ((uint16_t *)m->values)[p + off * padded + i] = to_half(v[i]);
            } else {
                ((float *)m->keys)[p + i * BLOCK + off] = k[i];
                ((float *)m->values)[p + off * padded + i] = v[i];
            }
    }
    (void)thread;
}
static inline float soften(float *score, int count) { /* scores of a row's tokens to their exponentials; one over the sum */
    int room = up(count, BLOCK);
    for (int i = count; i < room; i++) score[i] = -INFINITY;
    vec top = load(score), total = all(0);
    for (int i = LANES; i < room; i += LANES) { vec s = load(score + i); top = choose(s > top, s, top); }
    float most = max_lanes(top);
    for (int i = 0; i < room; i += LANES) {
        vec e = exps(load(score + i) - most);
        if (i + LANES > count) for (int j = count > i ? count - i : 0; j < LANES; j++) e[j] = 0;
        total += e;
        store(score + i, e);
    }
    return 1.f / sum_lanes(total);
}
/* Pages are asked for before they are needed: the processor does not foresee the next one, and waited for half of the time after 2,000 tokens. */
#define ATTEND(NAME, TYPE, LOAD)                                                                                           \
    static inline __attribute__((always_inline)) void NAME(Run *r, int row, int g, const int d, float *score) {            \
        const Model *m = r->m;                                                                                             \
        int count = r->b->position[row] + 1, blocks = up(count, BLOCK) / BLOCK, padded = up(d, 16), each = m->heads / m->groups; \
        float scale = 1.f / sqrtf((float)d);                                                                               \
        for (int h = g * each; h < (g + 1) * each; h++) {                                                                  \
            const float *q = r->q + row * r->ldq + h * d;                                                                  \
            int b = 0;                                                                                                     \
            for (; b + 4 <= blocks; b += 4) { /* four pages at once, each in the same order as alone */                    \
                const TYPE *k[4], *next[4];                                                                                \
                vec s[4][PAGE];                                                                                            \
                for (int j = 0; j < 4; j++) {                                                                              \
                    k[j] = (const TYPE *)m->keys + page(r, row, b + j, g);                                                 \
                    next[j] = (const TYPE *)m->keys + page(r, row, b + 4 + j < blocks ? b + 4 + j : b + j, g);             \
                    for (int c = 0; c < PAGE; c++) s[j][c] = all(0);                                                       \
                }                                                                                                          \
                for (int i = 0; i < d; i++)                                                                                \
                    for (int j = 0; j < 4; j++) {                                                                          \
                        if (i * BLOCK * sizeof(TYPE) % 64 == 0) __builtin_prefetch(next[j] + i * BLOCK);                   \
                        for (int c = 0; c < PAGE; c++) s[j][c] += LOAD(k[j] + i * BLOCK + c * LANES) * q[i];               \
                    }                                                                                                      \
                for (int j = 0; j < 4; j++)                                                                                \
                    for (int c = 0; c < PAGE; c++) store(score + (b + j) * BLOCK + c * LANES, s[j][c] * scale);            \
            }                                                                                                              \
            for (; b < blocks; b++) {                                                                                      \
                const TYPE *k = (const TYPE *)m->keys + page(r, row, b, g);                                                \
                vec s[PAGE];                                                                                               \
                for (int c = 0; c < PAGE; c++) s[c] = all(0);                                                              \
                for (int i = 0; i < d; i++)                                                                                \
                    for (int c = 0; c < PAGE; c++) s[c] += LOAD(k + i * BLOCK + c * LANES) * q[i];                         \
                for (int c = 0; c < PAGE; c++) store(score + b * BLOCK + c * LANES, s[c] * scale);                         \
            }                                                                                                              \
            vec y[512 / LANES];                                                                                            \
            float inverse = soften(score, count);                                                                          \
            for (int i = 0; i < padded / LANES; i++) y[i] = all(0);                                                        \
            for (b = 0; b < blocks; b++) {                                                                                 \
                const TYPE *v = (const TYPE *)m->values + page(r, row, b, g);                                              \
                int last = b == blocks - 1 ? count - b * BLOCK : BLOCK;                                                    \
                const char *next = (const char *)((const TYPE *)m->values + page(r, row, b + 2 < blocks ? b + 2 : b, g));  \
                for (size_t i = 0; i < padded * BLOCK * sizeof(TYPE); i += 64) __builtin_prefetch(next + i);               \
                for (int t = 0; t < last; t++)                                                                             \
                    for (int i = 0; i < padded / LANES; i++) y[i] += LOAD(v + t * padded + i * LANES) * score[b * BLOCK + t];\
            }                                                                                                              \
            float *out = r->a + row * r->ldq + h * d;                                                                      \
            for (int i = 0; i < d; i++) out[i] = y[i / LANES][i % LANES] * inverse;                                        \
        }                                                                                                                  \
    }
/* Rows of one text that follow one another: a page is read once for all of them, each row's sums in the same order as alone. */
#define ATTEND_ROWS(NAME, TYPE, LOAD)                                                                                      \
    static void NAME(Run *r, int row, int g, float *score) {                                                               \
        const Model *m = r->m;                                                                                             \
        int count = r->b->position[row] + 1, blocks = up(count + ROWS - 1, BLOCK) / BLOCK, whole = count / BLOCK;          \
        int d = m->d_head, padded = up(d, 16), each = m->heads / m->groups;                                                \
        size_t room = r->room, ld = r->ldq;                                                                                \
        float scale = 1.f / sqrtf((float)d), inverse[ROWS];                                                                \
        for (int h = g * each; h < (g + 1) * each; h++) {                                                                  \
            const float *q = r->q + row * ld + h * d;                                                                      \
            for (int b = 0; b < blocks; b++) {                                                                             \
                const TYPE *k = (const TYPE *)m->keys + page(r, row, b, g);                                                \
                vec s[ROWS][PAGE];                                                                                         \
                for (int j = 0; j < ROWS; j++) for (int c = 0; c < PAGE; c++) s[j][c] = all(0);                            \
                for (int i = 0; i < d; i++)                                                                                \
                    for (int c = 0; c < PAGE; c++) {                                                                       \
                        vec x = LOAD(k + i * BLOCK + c * LANES);                                                           \
                        for (int j = 0; j < ROWS; j++) s[j][c] += x * q[j * ld + i];                                       \
                    }                                                                                                      \
                for (int j = 0; j < ROWS; j++)                                                                             \
                    for (int c = 0; c < PAGE; c++) store(score + j * room + b * BLOCK + c * LANES, s[j][c] * scale);       \
            }                                                                                                              \
            for (int j = 0; j < ROWS; j++) inverse[j] = soften(score + j * room, count + j);                               \
            for (int i = 0; i < padded; i += BLOCK) {                                                                      \
                vec y[ROWS][PAGE];                                                                                         \
                for (int j = 0; j < ROWS; j++) for (int c = 0; c < PAGE; c++) y[j][c] = all(0);                            \
                for (int b = 0; b < whole; b++) {                                                                          \
                    const TYPE *v = (const TYPE *)m->values + page(r, row, b, g) + i;                                      \
                    const float *w = score + b * BLOCK;                                                                    \
                    for (int t = 0; t < BLOCK; t++)                                                                        \
                        for (int c = 0; c < PAGE; c++) {                                                                   \
                            vec x = LOAD(v + t * padded + c * LANES);                                                      \
                            for (int j = 0; j < ROWS; j++) y[j][c] += x * w[j * room + t];                                 \
                        }                                                                                                  \
                }                                                                                                          \
                for (int j = 0; j < ROWS; j++) {                                                                           \
                    float *out = r->a + (row + j) * ld + h * d;                                                            \
                    for (int t = whole * BLOCK; t < count + j; t++) {                                                      \
                        const TYPE *v = (const TYPE *)m->values + page(r, row, t / BLOCK, g) + t % BLOCK * padded + i;     \
                        for (int c = 0; c < PAGE; c++) y[j][c] += LOAD(v + c * LANES) * score[j * room + t];               \
                    }                                                                                                      \
                    for (int c = 0; c < BLOCK && i + c < d; c++) out[i + c] = y[j][c / LANES][c % LANES] * inverse[j];     \
                }                                                                                                          \
            }                                                                                                              \
        }                                                                                                                  \
    }
ATTEND(attend_float, float, load)
ATTEND(attend_half, uint16_t, load_half)
ATTEND_ROWS(attend_rows_float, float, load)
ATTEND_ROWS(attend_rows_half, uint16_t, load_half)
static void attend_piece(Run *r, int piece, int thread) {
    int first = r->first[piece / r->m->groups], row = first >> 1, g = piece % r->m->groups, d = r->m->d_head;
    float *score = r->scores[thread];
    if (r->m->is_half_kv) {
        if (first & 1) attend_rows_half(r, row, g, score);
        else if (d == 64) attend_half(r, row, g, 64, score);
        else if (d == 128) attend_half(r, row, g, 128, score);
        else attend_half(r, row, g, d, score);
    } else {
        if (first & 1) attend_rows_float(r, row, g, score);
        else if (d == 64) attend_float(r, row, g, 64, score);
        else if (d == 128) attend_float(r, row, g, 128, score);
        else attend_float(r, row, g, d, score);
    }
}
static int tile_rows(const Batch *b, int32_t *first) { /* where rows attend together: the first row twice, and one more where there are ROWS */
    int tiles = 0;
    for (int row = 0, n; row < b->rows; row += n) {
        for (n = 1; n < ROWS && row + n < b->rows; n++)
            if (b->sequence[row + n] != b->sequence[row] || b->position[row + n] != b->position[row] + n) break;
        if (n < ROWS) n = 1;
        first[tiles++] = 2 * row + (n == ROWS);
    }
    return tiles;
}
static void activate_row(Run *r, int row, int thread) {
    float *u = r->up + row * r->ldf, *g = r->gate + row * r->ldf;
    for (int i = 0; i < up(r->m->d_ff, 16); i += LANES) {
        vec x = load(u + i);
        if (r->m->ffn == SWIGLU) { vec y = load(g + i); x = y / (1.f + exps(-y)) * x; }
        else if (r->m->ffn == GELU) x = x / (1.f + exps((x + x * x * x * 0.044715f) * -1.5957691216057308f));
        else x = choose(x > 0.f, x, all(0));
        store(u + i, x);
    }
    (void)thread;
}
static void stats_row(Run *r, int i, int thread) { /* the likeliest token, and the logarithm of the sum of all */
    int n = r->m->vocab, at = 0, j = 0;
    const float *x = r->b->logits + (size_t)i * n;
    vec top = all(-INFINITY), total = all(0);
    for (; j + LANES <= n; j += LANES) { vec v = load(x + j); top = choose(v > top, v, top); }
    float most = max_lanes(top);
    for (; j < n; j++) most = x[j] > most ? x[j] : most;
    while (at < n - 1 && x[at] != most) at++;
    for (j = 0; j + LANES <= n; j += LANES) total += exps(load(x + j) - most);
    float sum = sum_lanes(total);
    for (; j < n; j++) sum += expf(x[j] - most);
    r->b->best[i] = at;
    r->b->lse[i] = most + logf(sum);
    (void)thread;
}
static void linears(Run *r, Jobs *jobs) {
    int pieces = 0;
    for (int i = 0; i < jobs->count; i++) pieces += panels(jobs->job[i].l);
    r->jobs = jobs;
    phase(r, job_piece, pieces);
}
static void job_piece(Run *r, int piece, int thread) {
    const Jobs *jobs = r->jobs;
    int i = 0;
    while (piece >= panels(jobs->job[i].l)) piece -= panels(jobs->job[i++].l);
    const Job *j = &jobs->job[i];
    panel(j->l, piece, &jobs->in, j->y, j->ld, j->add);
    (void)thread;
}
static void do_layer(Run *r) {
    const Layer *l = r->l;
    const Lora *lora = r->b->adapter ? r->m->lora : NULL;
    int rows = r->b->rows;
    phase(r, attn_norm_row, rows);
    Jobs qkv = {{{&l->q, r->q, r->ldq, 0}, {&l->k, r->k, r->ldk, 0}, {&l->v, r->v, r->ldk, 0}}, 3, input(r, &l->q, r->h, r->ldx, rows)};
    linears(r, &qkv);
    adapt(r, lora, 0, r->h, r->ldx, r->q, r->ldq, &l->q);
    adapt(r, lora, 1, r->h, r->ldx, r->k, r->ldk, &l->k);
    adapt(r, lora, 2, r->h, r->ldx, r->v, r->ldk, &l->v);
    phase(r, place_row, rows);
    phase(r, attend_piece, r->tiles * r->m->groups);
    Jobs o = {{{&l->o, r->x, r->ldx, 1}}, 1, input(r, &l->o, r->a, r->ldq, rows)};
    linears(r, &o);
    adapt(r, lora, 3, r->a, r->ldq, r->x, r->ldx, &l->o);
    phase(r, ffn_norm_row, rows);
    Jobs ffn = {{{&l->up, r->up, r->ldf, 0}, {&l->gate, r->gate, r->ldf, 0}}, r->m->ffn == SWIGLU ? 2 : 1, input(r, &l->up, r->h, r->ldx, rows)};
    linears(r, &ffn);
    if (r->m->ffn == SWIGLU) adapt(r, lora, 4, r->h, r->ldx, r->gate, r->ldf, &l->gate);
    adapt(r, lora, 5, r->h, r->ldx, r->up, r->ldf, &l->up);
    phase(r, activate_row, rows);
    Jobs down = {{{&l->down, r->x, r->ldx, 1}}, 1, input(r, &l->down, r->up, r->ldf, rows)};
    linears(r, &down);
    adapt(r, lora, 6, r->up, r->ldf, r->x, r->ldx, &l->down);
}
static void *take(char **at, size_t bytes) { void *p = *at; *at += (bytes + 63) / 64 * 64; return p; }

int32_t step(const Model *m, const Batch *b, void *pool) { /* 0, or 1 where there is no memory */
    Run r = {.m = m, .b = b, .pool = pool, .ldx = up(m->d_model, PANEL), .ldf = up(m->d_ff, PANEL)};
    size_t rows = b->rows > b->wanted ? b->rows : b->wanted, most = 0;
    r.ldq = up(m->heads * m->d_head, PANEL), r.ldk = up(m->groups * m->d_head, PANEL);
    r.ldmax = r.ldx > r.ldq ? r.ldx : r.ldq;
    r.ldmax = r.ldmax > r.ldf ? r.ldmax : r.ldf;
    for (int i = 0; i < b->rows; i++) most = (size_t)b->position[i] > most ? (size_t)b->position[i] : most;
    r.room = up((int)most + 1, BLOCK);
    size_t score = r.room * ROWS;
    size_t floats = rows * (3 * r.ldx + 2 * r.ldq + 2 * r.ldk + 2 * r.ldf + 3) + score * r.pool->count;
    char *memory = calloc(1, floats * 4 + rows * r.ldmax * (1 + SIGN_APART) + 64 * 32), *at = memory;
    if (!memory) return 1;
    at += (64 - (uintptr_t)at % 64) % 64;
    r.x = take(&at, rows * r.ldx * 4), r.h = take(&at, rows * r.ldx * 4), r.last = take(&at, rows * r.ldx * 4);
    r.q = take(&at, rows * r.ldq * 4), r.a = take(&at, rows * r.ldq * 4);
    r.k = take(&at, rows * r.ldk * 4), r.v = take(&at, rows * r.ldk * 4);
    r.up = take(&at, rows * r.ldf * 4), r.gate = take(&at, rows * r.ldf * 4);
    r.scale = take(&at, rows * 4), r.sum = take(&at, rows * 4), r.bytes = take(&at, rows * r.ldmax * (1 + SIGN_APART));
    for (int i = 0; i < r.pool->count; i++) r.scores[i] = take(&at, score * 4);
    r.first = take(&at, rows * 4), r.tiles = tile_rows(b, r.first);
    Pool *p = pool;
    p->run = &r;
    if (p->count > 1) {
        pthread_mutex_lock(&p->lock);
        atomic_store(&p->is_active, 1);
        p->started++;
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
    }
    phase(&r, embed_row, b->rows);
    for (r.layer = 0; r.layer < m->layers; r.layer++) {
        r.l = &m->layer[r.layer];
        do_layer(&r);
    }
    if (b->wanted) {
        phase(&r, last_norm_row, b->wanted);
        Jobs head = {{{&m->head, b->logits, m->vocab, 0}}, 1, input(&r, &m->head, r.last, r.ldx, b->wanted)};
        linears(&r, &head);
        phase(&r, stats_row, b->wanted);
    }
    if (p->count > 1) {
        atomic_store(&p->is_active, 0);
        while (atomic_load(&p->inside)) sched_yield();
    }
    free(memory);
    return 0;
}
