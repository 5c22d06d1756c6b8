/* hypre's PFMG on its structured grids, alone or, with -DCG, as a preconditioner of conjugate gradients.
 *
 * Red-black Gauss-Seidel, one sweep before and one after, symmetric under conjugate gradients only;
 * Galerkin's coarse operators; relaxation skipped on the grids where isotropic problems do not need it, as
 * the manual says. Where all links are alike they are one number for hypre, which then takes a third less
 * time; else the matrix is symmetric and half of it is kept. */
#include "system.h"

#include <HYPRE_struct_ls.h>

enum { ENTRIES = 5, SYMMETRIC_ENTRIES = 3 };

static double diagonal(const System *s, long i, long j) {
    const double *ax = s->across_x + j * (s->nx + 1) + i, *ay = s->across_y + j * s->nx + i;
    return s->alpha[j * s->nx + i] + ax[0] + ax[1] + ay[0] + ay[s->nx];
}

/* Whether this rank's cells have links of one strength; that of its first face lies in `link`. */
static int is_constant(const System *s, double *link) {
    int constant = 1;
    *link = s->across_x[1];
    for (long j = 0; j < s->rows; j++)
        for (long i = 0; i < s->nx; i++)
            constant &= (i == 0 || s->across_x[j * (s->nx + 1) + i] == *link) &&
                        (s->low + j == 0 || s->across_y[j * s->nx + i] == *link);
    MPI_Allreduce(MPI_IN_PLACE, &constant, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return constant;
}

static HYPRE_StructMatrix matrix(const System *s, HYPRE_StructGrid grid, int *low, int *high) {
    double link;
    const int constant = is_constant(s, &link), count = constant ? ENTRIES : SYMMETRIC_ENTRIES;
    int offsets[ENTRIES][2] = {{0, 0}, {1, 0}, {0, 1}, {-1, 0}, {0, -1}}, entries[ENTRIES] = {0, 1, 2, 3, 4};
    HYPRE_StructStencil stencil;
    HYPRE_StructStencilCreate(2, count, &stencil);
    for (int entry = 0; entry < count; entry++)
        HYPRE_StructStencilSetElement(stencil, entry, offsets[entry]);

    HYPRE_StructMatrix a;
    HYPRE_StructMatrixCreate(MPI_COMM_WORLD, grid, stencil, &a);
    if (constant)
        HYPRE_StructMatrixSetConstantEntries(a, ENTRIES - 1, entries + 1);
    else
        HYPRE_StructMatrixSetSymmetric(a, 1);
    HYPRE_StructMatrixInitialize(a);
    const int of_cell = constant ? 1 : SYMMETRIC_ENTRIES;
    double *values = numbers(of_cell * s->rows * s->nx), *row = values;
    for (long j = 0; j < s->rows; j++)
        for (long i = 0; i < s->nx; i++, row += of_cell) {
            row[0] = diagonal(s, i, j);
            if (!constant) {
                row[1] = i + 1 < s->nx ? -s->across_x[j * (s->nx + 1) + i + 1] : 0;
                row[2] = s->low + j + 1 < s->ny ? -s->across_y[(j + 1) * s->nx + i] : 0;
            }
        }
    HYPRE_StructMatrixSetBoxValues(a, low, high, of_cell, entries, values);
    if (constant) {
        double links[ENTRIES - 1] = {-link, -link, -link, -link};
        HYPRE_StructMatrixSetConstantValues(a, ENTRIES - 1, entries + 1, links);
    }
    HYPRE_StructMatrixAssemble(a);
    free(values);
    return a;
}

static HYPRE_StructVector vector(HYPRE_StructGrid grid, int *low, int *high, double *values) {
    HYPRE_StructVector v;
    HYPRE_StructVectorCreate(MPI_COMM_WORLD, grid, &v);
    HYPRE_StructVectorInitialize(v);
    HYPRE_StructVectorSetBoxValues(v, low, high, values);
    HYPRE_StructVectorAssemble(v);
    return v;
}

int main(int count, char **arguments) {
    MPI_Init(&count, &arguments);
    HYPRE_Init();
    const System s = read_system(count, arguments);
    int low[2] = {0, (int)s.low}, high[2] = {(int)s.nx - 1, (int)(s.low + s.rows) - 1}, iterations;
    HYPRE_StructGrid grid;
    HYPRE_StructGridCreate(MPI_COMM_WORLD, 2, &grid);
    HYPRE_StructGridSetExtents(grid, low, high);
    HYPRE_StructGridAssemble(grid);
    double *solution = numbers(s.rows * s.nx);
    HYPRE_StructMatrix a = matrix(&s, grid, low, high);
    HYPRE_StructVector b = vector(grid, low, high, s.b), x = vector(grid, low, high, solution);

    const double start = now();
    HYPRE_StructSolver pfmg;
    HYPRE_StructPFMGCreate(MPI_COMM_WORLD, &pfmg);
    HYPRE_StructPFMGSetSkipRelax(pfmg, 1);
    HYPRE_StructPFMGSetZeroGuess(pfmg);
#ifdef CG
    HYPRE_StructPFMGSetRelaxType(pfmg, 2);
    HYPRE_StructPFMGSetTol(pfmg, 0);
    HYPRE_StructPFMGSetMaxIter(pfmg, 1);
    HYPRE_StructSolver cg;
    HYPRE_StructPCGCreate(MPI_COMM_WORLD, &cg);
    HYPRE_StructPCGSetTol(cg, s.tolerance);
    HYPRE_StructPCGSetTwoNorm(cg, 1);
    HYPRE_StructPCGSetMaxIter(cg, MOST_ITERATIONS);
    HYPRE_StructPCGSetPrecond(cg, HYPRE_StructPFMGSolve, HYPRE_StructPFMGSetup, pfmg);
    HYPRE_StructPCGSetup(cg, a, b, x);
    const double ready = now();
    HYPRE_StructPCGSolve(cg, a, b, x);
    const double done = now();
    HYPRE_StructPCGGetNumIterations(cg, &iterations);
#else
    HYPRE_StructPFMGSetRelaxType(pfmg, 3);
    HYPRE_StructPFMGSetTol(pfmg, s.tolerance);
    HYPRE_StructPFMGSetMaxIter(pfmg, MOST_ITERATIONS);
    HYPRE_StructPFMGSetup(pfmg, a, b, x);
    const double ready = now();
    HYPRE_StructPFMGSolve(pfmg, a, b, x);
    const double done = now();
    HYPRE_StructPFMGGetNumIterations(pfmg, &iterations);
#endif
    if (iterations == MOST_ITERATIONS)
        fail("hypre did not get to the tolerance");
    HYPRE_StructVectorGetBoxValues(x, low, high, solution);
    tell(&s, solution, ready - start, done - ready, iterations, "hypre " HYPRE_RELEASE_VERSION);
    MPI_Finalize();
}
