"""Writes golden.mjs: end values, and gradients of loss = y1 + 2 y2 at the end, by extrapolation in 34-digit arithmetic;
the gradients are central differences, whose error is below 1e-16. Needs mpmath, and
../../packages/testing/src/reference/extrapolation.py on PYTHONPATH."""
import json
from mpmath import mp, mpf, tanh, sin, nstr
from extrapolation import solve

HIDDEN = 8


def van_der_pol(p):
    return lambda t, y: [y[1], (p[0] - y[0] ** 2) * y[1] - y[0]]


def mlp(p):
    """y' = tanh(y W1 + b1) W2 + b2, the parameters one after the other."""
    w1, b1, w2, b2 = p[: 2 * HIDDEN], p[2 * HIDDEN : 3 * HIDDEN], p[3 * HIDDEN : 5 * HIDDEN], p[5 * HIDDEN :]

    def f(t, y):
        h = [tanh(y[0] * w1[j] + y[1] * w1[HIDDEN + j] + b1[j]) for j in range(HIDDEN)]
        return [sum(h[j] * w2[2 * j + i] for j in range(HIDDEN)) + b2[i] for i in range(2)]

    return f


def case(field, y0, parameters, t1):
    end = lambda y, p: solve(field(p), 0, y, t1)[0]
    loss = lambda y, p: (lambda e: e[0] + 2 * e[1])(end(y, p))
    step = mpf(10) ** -8

    def slope(values, of):
        moved = lambda n, h: [v + h if k == n else v for k, v in enumerate(values)]
        return [(of(moved(n, step)) - of(moved(n, -step))) / (2 * step) for n in range(len(values))]

    digits = lambda values: [float(nstr(v, 20)) for v in values]
    return {
        "y0": digits(y0),
        "parameters": digits(parameters),
        "t1": t1,
        "end": digits(end(y0, parameters)),
        "y0Bar": digits(slope(y0, lambda y: loss(y, parameters))),
        "parametersBar": digits(slope(parameters, lambda p: loss(y0, p))),
    }


# Doubles, so that the same numbers go into every solver.
weights = [mpf(float(sin(1 + 3 * n) * mpf("0.6"))) for n in range(5 * HIDDEN + 2)]
golden = {
    "vanDerPol": case(van_der_pol, [mpf(2), mpf(0)], [mpf(1)], 2),
    "mlp": case(mlp, [mpf(1), mpf("-0.5")], weights, 1),
}
with open("golden.mjs", "w") as file:
    file.write("// Written by make_golden.py.\n")
    for name, values in golden.items():
        file.write(f"export const {name} = {json.dumps(values, indent=2)};\n")
