/* What all solvers in C do alike: read their rows of the linear system that assemble.py wrote, and tell
 * what they measured.
 *
 *     SOLVER DIRECTORY NX NY TOLERANCE [SOLUTION]
 *
 * The system is alpha x + (the sum over the faces of a cell of face (x - x of the neighbour)) = b, with 0
 * for neighbours outside. Each rank has some rows of cells, all nx of each; x runs fastest. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_ITERATIONS = 200 };

typedef struct {
    long nx, ny, low, rows; /* Cells, and the first row of this rank and how many it has. */
    double tolerance;       /* Of |b - A x| / |b|. */
    double *alpha, *b;      /* rows x nx */
    double *across_x;       /* Faces: rows x (nx + 1) */
    double *across_y;       /* Faces: (rows + 1) x nx */
    int rank, ranks;
    const char *solution;   /* Where to write it, or NULL. */
} System;

static void fail(const char *what) {
    fprintf(stderr, "error: %s\n", what);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static double *numbers(long count) {
    double *values = calloc(count, sizeof(double));
    if (!values)
        fail("not enough memory");
    return values;
}

static double *read_rows(const char *directory, const char *name, long low, long rows, long nx) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    double *values = numbers(rows * nx);
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, low * nx * (long)sizeof(double), SEEK_SET) ||
        fread(values, sizeof(double), rows * nx, file) != (size_t)(rows * nx))
        fail("the system cannot be read");
    fclose(file);
    return values;
}

static System read_system(int count, char **arguments) {
    if (count < 5)
        fail("usage: SOLVER DIRECTORY NX NY TOLERANCE [SOLUTION]");
    const char *directory = arguments[1];
    System s = {.nx = atol(arguments[2]), .ny = atol(arguments[3]), .tolerance = atof(arguments[4])};
    s.solution = count > 5 ? arguments[5] : NULL;
    MPI_Comm_rank(MPI_COMM_WORLD, &s.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &s.ranks);
    s.low = s.ny * s.rank / s.ranks;
    s.rows = s.ny * (s.rank + 1) / s.ranks - s.low;
    s.alpha = read_rows(directory, "alpha", s.low, s.rows, s.nx);
    s.b = read_rows(directory, "b", s.low, s.rows, s.nx);
    s.across_x = read_rows(directory, "across_x", s.low, s.rows, s.nx + 1);
    s.across_y = read_rows(directory, "across_y", s.low, s.rows + 1, s.nx);
    return s;
}

/* Seconds, at a moment when all ranks have come this far. */
static double now(void) {
    MPI_Barrier(MPI_COMM_WORLD);
    return MPI_Wtime();
}

/* Prints the measurement as a line of JSON, and writes this rank's rows of the solution if it is wanted. */
static void tell(const System *s, const double *x, double setup, double solve, int iterations,
                 const char *version) {
    if (s->solution) {
        MPI_File file;
        MPI_File_open(MPI_COMM_WORLD, s->solution, MPI_MODE_CREATE | MPI_MODE_WRONLY, MPI_INFO_NULL, &file);
        MPI_File_write_at_all(file, s->low * s->nx * (MPI_Offset)sizeof(double), x, (int)(s->rows * s->nx),
                              MPI_DOUBLE, MPI_STATUS_IGNORE);
        MPI_File_close(&file);
    }
    if (s->rank == 0)
        printf("{\"setup\": %.6f, \"solve\": %.6f, \"iterations\": %d, \"version\": \"%s\"}\n", setup, solve,
               iterations, version);
}
