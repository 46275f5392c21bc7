/* The floor program three_body.c, timed in turns. Its argument is the file of observations; the result is the gradient. */
#define main floor_main
#include "three_body.c"
#undef main
#include "serve.h"
static double start[D] = {0, 0.2, 0, 0.5, 0, 0.5, 0, 0, 0.5, 0, 0.1, 0, 0, 0, 0.1, 0.1, 0, 0}, gradient[3];
static void once(void) {
  R g[3];
  m[0] = 0.95, m[1] = 1.05, m[2] = 1;
  step_grad(start, 1e-5, 1e-5, g);
  for (int i = 0; i < 3; i++) gradient[i] = g[i];
}
int main(int argc, char **argv) {
  double mass = 1.989e30, length = 5.326e12, velocity = 30000, time = 79.91 * 365 * 24 * 3600 * 0.51;
  K1 = 6.67408e-11 * time * mass / (length * length * velocity);
  K2 = velocity * time / length;
  double states[NOBS * D];
  FILE *file = argc > 1 ? fopen(argv[1], "rb") : 0;
  if (!file || fread(states, 8, NOBS * D, file) != NOBS * D) return fprintf(stderr, "no observations\n"), 1;
  for (int o = 0; o < NOBS; o++) {
    for (int i = 0; i < 9; i++) tr[o][i] = states[o * D + i];
    tso[o] = o / 99.;
    wt[o] = pow(0.01, tso[o]);
  }
  once();
  serve(once, gradient, 3);
}
