/* Lets a floor program be timed in turns with other programs: it tells its result once, then answers every number n on
   its standard input with the wall-clock milliseconds that n repetitions took. */
static void serve(void (*once)(void), const double *result, int count) {
  printf("@result [");
  for (int i = 0; i < count; i++) printf("%s%.17g", i ? "," : "", result[i]);
  printf("]\n");
  fflush(stdout);
  long n;
  while (scanf("%ld", &n) == 1) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (long i = 0; i < n; i++) once();
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("@ms %.9g\n", (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) * 1e-6);
    fflush(stdout);
  }
}
