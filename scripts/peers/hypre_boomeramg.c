/* hypre's BoomerAMG as a preconditioner of conjugate gradients.
 *
 * hypre's defaults, of all that were tried the best here: HMIS coarsening, extended interpolation of at
 * most 4 elements a row, one sweep of l1-Gauss-Seidel forwards on the way down and one backwards on the way
 * up. */
#include "system.h"

#include <HYPRE.h>
#include <HYPRE_krylov.h>
#include <HYPRE_parcsr_ls.h>

int main(int count, char **arguments) {
    MPI_Init(&count, &arguments);
    HYPRE_Init();
    const System s = read_system(count, arguments);
    const long nx = s.nx, cells = s.rows * nx, first = s.low * nx, last = first + cells - 1;

    HYPRE_IJMatrix ij;
    HYPRE_IJMatrixCreate(MPI_COMM_WORLD, first, last, first, last, &ij);
    HYPRE_IJMatrixSetObjectType(ij, HYPRE_PARCSR);
    HYPRE_IJMatrixInitialize(ij);
    HYPRE_Int *of_line = calloc(nx, sizeof *of_line);
    HYPRE_BigInt *rows = calloc(nx, sizeof *rows), *columns = calloc(5 * nx, sizeof *columns);
    double *values = numbers(5 * nx);
    for (long j = 0; j < s.rows; j++) {
        long elements = 0;
        for (long i = 0; i < nx; i++) {
            const long row = first + j * nx + i;
            const double *ax = s.across_x + j * (nx + 1) + i, *ay = s.across_y + j * nx + i;
            const struct { int inside; long column; double value; } element[5] = {
                {1, row, s.alpha[j * nx + i] + ax[0] + ax[1] + ay[0] + ay[nx]},
                {i > 0, row - 1, -ax[0]},
                {i + 1 < nx, row + 1, -ax[1]},
                {s.low + j > 0, row - nx, -ay[0]},
                {s.low + j + 1 < s.ny, row + nx, -ay[nx]},
            };
            const long before = elements;
            for (int k = 0; k < 5; k++)
                if (element[k].inside) {
                    columns[elements] = element[k].column;
                    values[elements++] = element[k].value;
                }
            rows[i] = row;
            of_line[i] = (HYPRE_Int)(elements - before);
        }
        HYPRE_IJMatrixSetValues(ij, (HYPRE_Int)nx, of_line, rows, columns, values);
    }
    HYPRE_IJMatrixAssemble(ij);
    HYPRE_ParCSRMatrix a;
    HYPRE_IJMatrixGetObject(ij, (void **)&a);

    HYPRE_IJVector ijb, ijx;
    HYPRE_ParVector b, x;
    HYPRE_BigInt *all = calloc(cells, sizeof *all);
    double *solution = numbers(cells);
    for (long cell = 0; cell < cells; cell++)
        all[cell] = first + cell;
    HYPRE_IJVectorCreate(MPI_COMM_WORLD, first, last, &ijb);
    HYPRE_IJVectorSetObjectType(ijb, HYPRE_PARCSR);
    HYPRE_IJVectorInitialize(ijb);
    HYPRE_IJVectorSetValues(ijb, (HYPRE_Int)cells, all, s.b);
    HYPRE_IJVectorAssemble(ijb);
    HYPRE_IJVectorGetObject(ijb, (void **)&b);
    HYPRE_IJVectorCreate(MPI_COMM_WORLD, first, last, &ijx);
    HYPRE_IJVectorSetObjectType(ijx, HYPRE_PARCSR);
    HYPRE_IJVectorInitialize(ijx);
    HYPRE_IJVectorSetValues(ijx, (HYPRE_Int)cells, all, solution);
    HYPRE_IJVectorAssemble(ijx);
    HYPRE_IJVectorGetObject(ijx, (void **)&x);

    const double start = now();
    HYPRE_Solver amg, cg;
    HYPRE_BoomerAMGCreate(&amg);
    HYPRE_BoomerAMGSetTol(amg, 0);
    HYPRE_BoomerAMGSetMaxIter(amg, 1);
    HYPRE_ParCSRPCGCreate(MPI_COMM_WORLD, &cg);
    HYPRE_PCGSetTol(cg, s.tolerance);
    HYPRE_PCGSetTwoNorm(cg, 1);
    HYPRE_PCGSetMaxIter(cg, MOST_ITERATIONS);
    HYPRE_PCGSetPrecond(cg, (HYPRE_PtrToSolverFcn)HYPRE_BoomerAMGSolve,
                        (HYPRE_PtrToSolverFcn)HYPRE_BoomerAMGSetup, amg);
    HYPRE_ParCSRPCGSetup(cg, a, b, x);
    const double ready = now();
    HYPRE_ParCSRPCGSolve(cg, a, b, x);
    const double done = now();

    HYPRE_Int iterations;
    HYPRE_PCGGetNumIterations(cg, &iterations);
    if (iterations == MOST_ITERATIONS)
        fail("hypre did not get to the tolerance");
    HYPRE_IJVectorGetValues(ijx, (HYPRE_Int)cells, all, solution);
    tell(&s, solution, ready - start, done - ready, iterations, "hypre " HYPRE_RELEASE_VERSION);
    MPI_Finalize();
}
