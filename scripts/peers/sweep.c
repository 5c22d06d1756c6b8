// The explicit step as plain C: rows dealt to OpenMP threads, two matrices in turns. REAL is double or
// float.
#include <immintrin.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64, BLOCK = 1024 };

#ifdef __AVX512F__
typedef __m512i vector;
#define STREAM _mm512_stream_si512
#else
typedef __m128i vector;
#define STREAM _mm_stream_si128
#endif

// `at` is the first cell (or face) of the first row; it begins a cache line, as in every row.
struct matrix {
    REAL *at;
    long stride;
};

// A copy of a matrix with a frame of so many values. Its pages are first touched by the threads that use
// them. It is never freed: the program ends soon.
static struct matrix spread(const REAL *from, long rows, long columns, long frame) {
    long line = LINE / sizeof(REAL), lead = frame * line, width = columns + 2 * frame;
    long stride = (lead - frame + width + line - 1) / line * line;
    REAL *to = aligned_alloc(LINE, (rows + 2 * frame) * stride * sizeof(REAL));
    if (!to)
        abort();
#pragma omp parallel for schedule(static)
    for (long j = 0; j < rows + 2 * frame; j++)
        memcpy(to + j * stride + lead - frame, from + j * width, width * sizeof(REAL));
    return (struct matrix){to + frame * stride + lead, stride};
}

static void constant(REAL *restrict out, const REAL *u, long stride, REAL r, long n) {
    for (long i = 0; i < n; i++)
        out[i] = u[i] + r * (u[i - 1] + u[i + 1] + u[i - stride] + u[i + stride] - 4 * u[i]);
}

// Face conductivities of a cell: west[i], west[i + 1], south[i] and north[i].
static void per_cell(REAL *restrict out, const REAL *u, long stride, const REAL *west, const REAL *south,
                     const REAL *north, const REAL *s, long n) {
    for (long i = 0; i < n; i++)
        out[i] = u[i] + s[i] * (west[i] * (u[i - 1] - u[i]) + west[i + 1] * (u[i + 1] - u[i]) +
                                south[i] * (u[i - stride] - u[i]) + north[i] * (u[i + stride] - u[i]));
}

// Writes past the caches, so that the lines it overwrites are not read first. `to` and `from` begin cache
// lines.
static void stream(REAL *to, const REAL *from, long n) {
    long vectors = n * sizeof(REAL) / sizeof(vector), done = vectors * sizeof(vector) / sizeof(REAL);
    for (long i = 0; i < vectors; i++)
        STREAM((vector *)to + i, ((const vector *)from)[i]);
    memcpy(to + done, from + done, (n - done) * sizeof(REAL));
}

// Takes `steps` steps from `framed`, (ny + 2) x (nx + 2), which holds the last state afterwards. Without
// `faces_x` all cells have the coefficient `r`. Returns the seconds that the steps took.
double run(REAL *framed, const REAL *faces_x, const REAL *faces_y, const REAL *cells, REAL r, long nx,
           long ny, long steps, int streaming) {
    struct matrix u = spread(framed, ny, nx, 1), out = spread(framed, ny, nx, 1), kx, ky, s;
    if (faces_x) {
        kx = spread(faces_x, ny, nx + 1, 0);
        ky = spread(faces_y, ny + 1, nx, 0);
        s = spread(cells, ny, nx, 0);
    }
    double start = omp_get_wtime();
    for (long step = 0; step < steps; step++) {
#pragma omp parallel for schedule(static)
        for (long j = 0; j < ny; j++) {
            _Alignas(LINE) REAL block[BLOCK];
            for (long i = 0; i < nx; i += BLOCK) {
                long n = nx - i < BLOCK ? nx - i : BLOCK;
                const REAL *row = u.at + j * u.stride + i;
                REAL *to = out.at + j * out.stride + i, *result = streaming ? block : to;
                if (faces_x)
                    per_cell(result, row, u.stride, kx.at + j * kx.stride + i, ky.at + j * ky.stride + i,
                             ky.at + (j + 1) * ky.stride + i, s.at + j * s.stride + i, n);
                else
                    constant(result, row, u.stride, r, n);
                if (streaming)
                    stream(to, block, n);
            }
            if (streaming)
                _mm_sfence(); // or other threads might not see the row yet
        }
        struct matrix other = u;
        u = out;
        out = other;
    }
    double seconds = omp_get_wtime() - start;
    for (long j = 0; j < ny + 2; j++)
        memcpy(framed + j * (nx + 2), u.at + (j - 1) * u.stride - 1, (nx + 2) * sizeof(REAL));
    return seconds;
}
