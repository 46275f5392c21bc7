"""Times torchdiffeq or torch-ACA in turns with other programs.

    python3 torch_peers.py CLONES METHOD PROBLEM.json

tells the result once (end states, or the gradient of the parameters), then answers every number n on standard input with
the wall-clock milliseconds that n repetitions took. One thread. Exits with 3 when something is not installed.
"""
import json
import sys
import time
import types
import warnings


def missing(what):
    print(what, file=sys.stderr)
    sys.exit(3)


clones, method, path = sys.argv[1:]
warnings.filterwarnings("ignore")
try:
    import torch
except ImportError as error:
    missing(f"python3 has no torch ({error})")
sys.path[:0] = [f"{clones}/torchdiffeq", f"{clones}/torch-ACA"]
try:
    import matplotlib.pylab  # torch-ACA imports it and draws nothing here
except ImportError:
    module = types.ModuleType("matplotlib")
    module.pylab = types.ModuleType("matplotlib.pylab")
    sys.modules.update({"matplotlib": module, "matplotlib.pylab": module.pylab})
try:
    if method.startswith("torchdiffeq"):
        from torchdiffeq import odeint, odeint_adjoint
    else:
        from torch_ACA import odesolve, odesolve_adjoint, odesolve_endtime
except ImportError as error:
    missing(f"{clones} does not give {error.name or error}")
torch.set_num_threads(1)
problem = json.load(open(path))
rtol, atol = problem["rtol"], problem["atol"]
tensor = lambda values: torch.tensor(values, dtype=torch.float32)


def aca_options(t0, t1, times=None):
    options = dict(method="RK45", h=None, t0=t0, t1=t1, rtol=rtol, atol=atol, print_neval=False, neval_max=500000)
    return options if times is None else dict(options, t_eval=list(times))


def solve(f, y0, times):
    """The states at `times`, the first being the start."""
    if method == "torchdiffeq":
        return odeint(f, y0, tensor(times), rtol=rtol, atol=atol, method="dopri5")
    if method == "torchdiffeq adjoint":
        return odeint_adjoint(f, y0, tensor(times), rtol=rtol, atol=atol, method="dopri5")
    if method == "torch-ACA":
        return odesolve(f, y0, aca_options(times[0], times[-1], times))
    if method == "torch-ACA checkpointed":
        # It knows end times only, so it starts anew at every output.
        ys = [y0]
        for t0, t1 in zip(times[:-1], times[1:]):
            ys.append(odesolve_adjoint(f, ys[-1], aca_options(t0, t1)))
        return torch.stack(ys)
    raise KeyError(method)


class VanDerPol(torch.nn.Module):
    def forward(self, t, y):
        x, v = y[..., 0], y[..., 1]
        return torch.stack([v, (1 - x * x) * v - x], -1)


class ThreeBody(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.masses = torch.nn.Parameter(tensor(problem["masses"]))
        self.register_buffer("eye", torch.eye(3))

    def forward(self, t, w):
        r = w[..., :9].reshape(3, 3)
        d = r[None] - r[:, None]
        q = (d * d).sum(-1) + self.eye
        a = ((problem["k1"] * self.masses) * q**-1.5).unsqueeze(-1) * d
        return torch.cat((problem["k2"] * w[..., 9:], a.sum(1).reshape(1, 9)), -1)


class Mlp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for weight, bias in problem["layers"]:
            linear = torch.nn.Linear(len(weight[0]), len(weight))
            with torch.no_grad():
                linear.weight.copy_(tensor(weight))
                linear.bias.copy_(tensor(bias))
            layers += [linear, torch.nn.Tanh()]
        self.net = torch.nn.Sequential(*layers[:-1])

    def forward(self, t, y):
        return self.net(y**3 if problem["cube"] else y)


def van_der_pol():
    f, y0, (t0, t1) = VanDerPol(), tensor(problem["starts"]), problem["span"]

    def once():
        with torch.no_grad():
            if method == "torch-ACA":
                return odesolve_endtime(f, y0, aca_options(t0, t1))
            return solve(f, y0, [t0, t1])[-1]

    return once


def gradient(f, y0, loss):
    def once():
        for parameter in f.parameters():
            parameter.grad = None
        # As in training an encoder before the solve: torch-ACA's checkpointed solve needs it.
        loss(solve(f, y0.detach().requires_grad_(True), problem["ts"])).backward()
        return torch.cat([parameter.grad.reshape(-1) for parameter in f.parameters()])

    return once


def three_body():
    positions, weights = tensor(problem["positions"]), tensor(problem["weights"])
    loss = lambda ys: (((ys[:, 0, :9] - positions) ** 2).sum(-1) * weights).sum()
    return gradient(ThreeBody(), tensor([problem["y0"]]), loss)


def mlp():
    targets = problem["targets"] and tensor(problem["targets"])
    loss = (lambda ys: (ys**2).mean()) if targets is None else (lambda ys: (ys - targets).abs().mean())
    return gradient(Mlp(), tensor(problem["y0"]), loss)


once = {"van-der-pol": van_der_pol, "three-body": three_body, "mlp": mlp}[problem["kind"]]()
print("@result", json.dumps(once().double().reshape(-1).tolist()), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(int(line)):
        once()
    print("@ms", (time.perf_counter() - start) * 1e3, flush=True)
