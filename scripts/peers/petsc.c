/* PETSc's conjugate gradients, preconditioned by its geometric multigrid, or with -DBOOMERAMG by
 * BoomerAMG with the coarsening and interpolation that hypre has for defaults.
 *
 * Multigrid: one cycle of full multigrid; cells are halved along both axes as long as every rank has an even
 * number of rows; bilinear interpolation between centres and its transpose; coarse operators discretised
 * anew, which is sooner done than Galerkin's; one symmetric sweep of Gauss-Seidel before and one after; LU on
 * the coarsest grid. (DMDA's own interpolation is between vertices, or constant in cells, which takes more
 * iterations.) */
#include "system.h"

#include <petscksp.h>

enum { DEEPEST = 32 };

static Mat matrix(const System *s) {
    const PetscInt nx = s->nx, cells = s->rows * nx;
    Mat a;
    MatCreateAIJ(MPI_COMM_WORLD, cells, cells, PETSC_DETERMINE, PETSC_DETERMINE, 5, NULL, 1, NULL, &a);
    for (PetscInt j = 0; j < s->rows; j++)
        for (PetscInt i = 0; i < nx; i++) {
            const double *ax = s->across_x + j * (nx + 1) + i, *ay = s->across_y + j * nx + i;
            const double diagonal = s->alpha[j * nx + i] + ax[0] + ax[1] + ay[0] + ay[nx];
            const PetscInt row = (s->low + j) * nx + i;
            /* PETSc passes over columns below 0. */
            const PetscInt columns[5] = {row - nx, i > 0 ? row - 1 : -1, row, i + 1 < nx ? row + 1 : -1,
                                         s->low + j + 1 < s->ny ? row + nx : -1};
            const double values[5] = {-ay[0], -ax[0], diagonal, -ax[1], -ay[nx]};
            MatSetValues(a, 1, &row, 5, columns, values, INSERT_VALUES);
        }
    MatAssemblyBegin(a, MAT_FINAL_ASSEMBLY);
    MatAssemblyEnd(a, MAT_FINAL_ASSEMBLY);
    return a;
}

#ifdef BOOMERAMG
static void precondition(PC pc, const System *s, Mat a) {
    (void)s, (void)a;
    PCSetType(pc, PCHYPRE);
    PCHYPRESetType(pc, "boomeramg");
    PetscOptionsSetValue(NULL, "-pc_hypre_boomeramg_coarsen_type", "HMIS");
    PetscOptionsSetValue(NULL, "-pc_hypre_boomeramg_interp_type", "ext+i");
    PetscOptionsSetValue(NULL, "-pc_hypre_boomeramg_P_max", "4");
    PCSetFromOptions(pc);
}
#else
static int can_be_halved(const System *s) {
    int even = s->nx % 2 == 0 && s->low % 2 == 0 && s->rows % 2 == 0;
    MPI_Allreduce(MPI_IN_PLACE, &even, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return even;
}

/* A coarse cell has the capacity of its four fine ones, a face of it the mean of its two. */
static System halved(const System *s) {
    System c = *s;
    c.nx /= 2, c.ny /= 2, c.low /= 2, c.rows /= 2;
    c.alpha = numbers(c.rows * c.nx);
    c.across_x = numbers(c.rows * (c.nx + 1));
    c.across_y = numbers((c.rows + 1) * c.nx);
    for (long j = 0; j <= c.rows; j++)
        for (long i = 0; i <= c.nx; i++) {
            const double *alpha = s->alpha + 2 * j * s->nx + 2 * i;
            const double *ax = s->across_x + 2 * j * (s->nx + 1) + 2 * i;
            const double *ay = s->across_y + 2 * j * s->nx + 2 * i;
            if (j < c.rows && i < c.nx)
                c.alpha[j * c.nx + i] = alpha[0] + alpha[1] + alpha[s->nx] + alpha[s->nx + 1];
            if (j < c.rows)
                c.across_x[j * (c.nx + 1) + i] = (ax[0] + ax[s->nx + 1]) / 2;
            if (i < c.nx)
                c.across_y[j * c.nx + i] = (ay[0] + ay[1]) / 2;
        }
    return c;
}

/* Beyond a wall that holds a temperature the error changes its sign, beyond an insulated one it does not. */
static Mat interpolation(const System *fine, const System *coarse) {
    const PetscInt nx = fine->nx, cells = fine->rows * nx, coarse_cells = coarse->rows * coarse->nx;
    Mat p;
    MatCreateAIJ(MPI_COMM_WORLD, cells, coarse_cells, PETSC_DETERMINE, PETSC_DETERMINE, 4, NULL, 2, NULL,
                 &p);
    for (PetscInt j = 0; j < fine->rows; j++)
        for (PetscInt i = 0; i < nx; i++) {
            const PetscInt at[2] = {i, fine->low + j}, row = at[1] * nx + i;
            const double face[2] = {fine->across_x[j * (nx + 1) + i + i % 2],
                                    fine->across_y[(j + at[1] % 2) * nx + i]};
            PetscInt cell[2][2], columns[4];
            double weight[2][2], values[4];
            for (int axis = 0; axis < 2; axis++) {
                const PetscInt far = at[axis] / 2 + (at[axis] % 2 ? 1 : -1);
                const int wall = far < 0 || far == (axis ? coarse->ny : coarse->nx);
                cell[axis][0] = at[axis] / 2, cell[axis][1] = wall ? -1 : far;
                weight[axis][0] = !wall ? 0.75 : face[axis] > 0 ? 0.5 : 1;
                weight[axis][1] = 0.25;
            }
            for (int k = 0; k < 4; k++) {
                const PetscInt x = cell[0][k % 2], y = cell[1][k / 2];
                columns[k] = x < 0 || y < 0 ? -1 : y * coarse->nx + x;
                values[k] = weight[0][k % 2] * weight[1][k / 2];
            }
            MatSetValues(p, 1, &row, 4, columns, values, INSERT_VALUES);
        }
    MatAssemblyBegin(p, MAT_FINAL_ASSEMBLY);
    MatAssemblyEnd(p, MAT_FINAL_ASSEMBLY);
    return p;
}

static void precondition(PC pc, const System *s, Mat a) {
    System grids[DEEPEST] = {*s};
    int levels = 1;
    for (; can_be_halved(&grids[levels - 1]); levels++)
        grids[levels] = halved(&grids[levels - 1]);
    PCSetType(pc, PCMG);
    PCMGSetLevels(pc, levels, NULL);
    PCMGSetType(pc, PC_MG_FULL);
    /* PETSc counts its levels from the coarsest. */
    for (int k = 0; k < levels; k++) {
        const int level = levels - 1 - k;
        KSP smoother;
        PC relaxation;
        PCMGGetSmoother(pc, level, &smoother);
        Mat of_level = k ? matrix(&grids[k]) : a;
        KSPSetOperators(smoother, of_level, of_level);
        if (level == 0)
            break;
        KSPSetType(smoother, KSPRICHARDSON);
        KSPSetTolerances(smoother, 0, 0, PETSC_DEFAULT, 1);
        KSPGetPC(smoother, &relaxation);
        PCSetType(relaxation, PCSOR);
        PCSORSetSymmetric(relaxation, SOR_LOCAL_SYMMETRIC_SWEEP);
        PCMGSetInterpolation(pc, level, interpolation(&grids[k], &grids[k + 1]));
    }
    PCSetFromOptions(pc);
}
#endif

int main(int count, char **arguments) {
    PetscInitializeNoArguments();
    const System s = read_system(count, arguments);
    Mat a = matrix(&s);
    Vec b, x;
    MatCreateVecs(a, &x, &b);
    VecPlaceArray(b, s.b);

    const double start = now();
    KSP ksp;
    PC pc;
    KSPCreate(MPI_COMM_WORLD, &ksp);
    KSPSetType(ksp, KSPCG);
    KSPSetOperators(ksp, a, a);
    KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED);
    KSPSetTolerances(ksp, s.tolerance, 0, PETSC_DEFAULT, MOST_ITERATIONS);
    KSPGetPC(ksp, &pc);
    precondition(pc, &s, a);
    KSPSetUp(ksp);
    KSPSetUpOnBlocks(ksp);
    const double ready = now();
    KSPSolve(ksp, b, x);
    const double done = now();

    KSPConvergedReason reason;
    PetscInt iterations;
    KSPGetConvergedReason(ksp, &reason);
    KSPGetIterationNumber(ksp, &iterations);
    if (reason < 0)
        fail("PETSc did not get to the tolerance");
    char version[64];
    const double *values;
    snprintf(version, sizeof version, "PETSc %d.%d.%d", PETSC_VERSION_MAJOR, PETSC_VERSION_MINOR,
             PETSC_VERSION_SUBMINOR);
    VecGetArrayRead(x, &values);
    tell(&s, values, ready - start, done - ready, iterations, version);
    PetscFinalize();
}
