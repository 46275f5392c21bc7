/* The floor program van_der_pol.c, timed in turns: `STARTS` solves from points of a circle of radius 2, each with steps of
   its own; compiled with -DNB=1024 one solve of all of them with shared steps. */
#define main floor_main
#include "van_der_pol.c"
#undef main
#include "serve.h"
#ifndef STARTS
#define STARTS 1
#endif
static double ends[2 * STARTS * NB];
static R starts[STARTS][N];
static void once(void) {
  for (int s = 0; s < STARTS; s++) {
    R y[N];
    memcpy(y, starts[s], sizeof y);
    solve(y, 10, 1e-5, 1e-5);
    for (int i = 0; i < NB; i++) {
      ends[2 * (s * NB + i)] = y[i];
      ends[2 * (s * NB + i) + 1] = y[NB + i];
    }
  }
}
int main(void) {
  int count = STARTS * NB;
  for (int s = 0; s < STARTS; s++)
    for (int i = 0; i < NB; i++) {
      starts[s][i] = 2 * cos(2 * M_PI * (s * NB + i) / count);
      starts[s][NB + i] = count == 1 ? 0 : 2 * sin(2 * M_PI * (s * NB + i) / count);
    }
  once();
  serve(once, ends, 2 * count);
}
