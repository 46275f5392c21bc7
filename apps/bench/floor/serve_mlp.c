/* The floor program mlp.c, timed in turns. Its argument is the file of the problem; the result is the gradient. */
#define main floor_main
#include "mlp.c"
#undef main
#include "serve.h"
#define COUNT 252
static double gradient[COUNT];
static void once(void) {
  step_grad(tso[NOBS - 1], 1e-4, 1e-5, 0);
  for (int i = 0; i < COUNT; i++)
    gradient[i] = i < 100   ? (i & 1 ? Gp.W1y : Gp.W1x)[i / 2]
                  : i < 150 ? Gp.b1[i - 100]
                  : i < 200 ? Gp.W2x[i - 150]
                  : i < 250 ? Gp.W2y[i - 200]
                            : Gp.b2[i - 250];
}
int main(int argc, char **argv) {
  double orbit[NOBS * B * 2], w[COUNT];
  FILE *file = argc > 1 ? fopen(argv[1], "rb") : 0;
  if (!file || fread(tso, 8, NOBS, file) != NOBS || fread(orbit, 8, NOBS * B * 2, file) != NOBS * B * 2 ||
      fread(w, 8, COUNT, file) != COUNT)
    return fprintf(stderr, "no problem\n"), 1;
  for (int o = 0; o < NOBS; o++)
    for (int b = 0; b < B; b++)
      for (int q = 0; q < 2; q++) by[o][b][q] = orbit[(o * B + b) * 2 + q];
  for (int b = 0; b < B; b++) {
    y00[b] = by[0][b][0];
    y00[B + b] = by[0][b][1];
  }
  for (int h = 0; h < HD; h++) {
    P.W1x[h] = w[2 * h];
    P.W1y[h] = w[2 * h + 1];
    P.b1[h] = w[100 + h];
    P.W2x[h] = w[150 + h];
    P.W2y[h] = w[200 + h];
  }
  P.b2[0] = w[250];
  P.b2[1] = w[251];
  once();
  serve(once, gradient, COUNT);
}
