"""Writes oracle/fixtures/torch/*.npz: inputs and results of PyTorch 1.13 for tests/Fovea.Torch.Tests/Parity.

Run with Debian's python3-torch:  /usr/bin/python3 oracle/torch_parity.py
For a case NAME the archive holds NAME.in0, NAME.in1, ... (arguments), NAME.out0, ... (results) and, where the case is differentiated,
NAME.grad0, ... : derivatives of sum(out0 * cotangent) with cotangent[i] = cos(i), i the row-major index.
"""
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "torch")
torch.set_num_threads(1)


def cotangent(t):
    return torch.cos(torch.arange(t.numel(), dtype=torch.float64)).to(t.dtype).reshape(t.shape)


class Archive:
    def __init__(self, name, seed):
        self.name, self.arrays = name, {}
        self.generator = torch.Generator().manual_seed(seed)

    def randn(self, *shape):
        return torch.randn(*shape, generator=self.generator)

    def ints(self, high, *shape):
        return torch.randint(0, high, shape, generator=self.generator)

    def put(self, key, tensor):
        assert key not in self.arrays, key
        self.arrays[key] = tensor.detach().float().numpy() if tensor.dtype == torch.bfloat16 else tensor.detach().numpy()

    def case(self, name, function, *inputs, grad=True):
        inputs = [t.clone().requires_grad_(grad and t.is_floating_point()) for t in inputs]
        for i, t in enumerate(inputs):
            self.put(f"{name}.in{i}", t)
        outputs = function(*inputs)
        outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
        for i, t in enumerate(outputs):
            self.put(f"{name}.out{i}", t)
        if grad:
            (outputs[0].float() * cotangent(outputs[0].float())).sum().backward()
            for i, t in enumerate(inputs):
                if t.grad is not None:
                    self.put(f"{name}.grad{i}", t.grad)

    def write(self):
        os.makedirs(FOLDER, exist_ok=True)
        path = os.path.join(FOLDER, self.name + ".npz")
        np.savez_compressed(path, **self.arrays)
        print(path, len(self.arrays), "arrays,", os.path.getsize(path), "bytes", file=sys.stderr)


def operators():
    a = Archive("operators", 1)
    x, y, row = a.randn(3, 4), a.randn(3, 4), a.randn(4)
    positive = a.randn(3, 4).abs() + 0.1
    for name, f in [
        ("add", lambda p, q: p + q), ("sub", lambda p, q: p - q), ("mul", lambda p, q: p * q), ("div", lambda p, q: p / q),
        ("maximum", torch.maximum), ("minimum", torch.minimum), ("matmul_t", lambda p, q: p @ q.t()),
        ("where", lambda p, q: torch.where(p > 0, p, q)),
    ]:
        a.case(name, f, x, y)
    a.case("add_broadcast", lambda p, q: p + q, x, row)
    a.case("scalar_chain", lambda p: (2 - (p + 1.5) * 3) / 4 - 0.5, x)
    for name, f in [
        ("neg", torch.neg), ("exp", torch.exp), ("abs", torch.abs), ("square", torch.square), ("clamp", lambda p: p.clamp(-0.5, 0.7)), ("clamp_min", lambda p: p.clamp(min=0.1)),
    ]:
        a.case(name, f, x)
    for name, f in [("log", torch.log), ("log1p", torch.log1p), ("sqrt", torch.sqrt), ("rsqrt", torch.rsqrt), ("pow", lambda p: p ** 1.7)]:
        a.case(name, f, positive)
    a.case("sign", torch.sign, x, grad=False)
    a.case("round", torch.round, x * 3, grad=False)

    cube = a.randn(2, 3, 4)
    for name, f in [
        ("sum", torch.sum), ("sum_dims", lambda p: p.sum((0, 2))), ("mean", torch.mean), ("mean_keep", lambda p: p.mean((1,), keepdim=True)),
        ("amax", lambda p: p.amax((1,))), ("amin", lambda p: p.amin((0, 2))), ("var", lambda p: p.var((1, 2))), ("var_biased", lambda p: p.var((2,), unbiased=False, keepdim=True)),
        ("norm", torch.norm), ("cumsum", lambda p: p.cumsum(1)), ("topk", lambda p: p.topk(2, -1)),
    ]:
        a.case(name, f, cube)
    a.case("argmax", lambda p: p.argmax(1), cube, grad=False)
    a.case("argsort", lambda p: p.argsort(-1, descending=True), cube, grad=False)
    a.case("compare", lambda p, q: ((p > 0.1).long() + 2 * (p < -0.1).long() + 4 * (p >= 0.5).long() + 8 * (p <= -0.5).long() + 16 * (p == q).long()), x, x * (y > 0), grad=False)
    a.case("all_any", lambda p: ((p > -9).all(), (p > 9).any()), x, grad=False)

    for name, f in [
        ("reshape", lambda p: p.reshape(4, -1)), ("permute", lambda p: p.permute(2, 0, 1)), ("transpose", lambda p: p.transpose(0, 2)), ("flatten", lambda p: p.flatten(1)),
        ("unsqueeze_expand", lambda p: p.unsqueeze(1).expand(2, 5, 3, 4)), ("flip", lambda p: p.flip((0, 2))), ("select", lambda p: p.select(1, 2)),
        ("narrow", lambda p: p.narrow(2, 1, 2)), ("slice", lambda p: p[:, :, 0:4:2]), ("split", lambda p: p.split(2, 2)), ("chunk", lambda p: p.chunk(3, 1)), ("unbind", lambda p: p.unbind(1)),
        ("cat", lambda p: torch.cat([p, p * 2], 1)), ("stack", lambda p: torch.stack([p, p + 1], 0)),
    ]:
        a.case(name, f, cube)
    a.case("index_select", lambda p, i: p.index_select(1, i), cube, torch.tensor([2, 0, 2]))
    a.case("gather", lambda p, i: p.gather(2, i), cube, a.ints(4, 2, 3, 2))
    a.case("index_mask", lambda p: p[p > 0], cube)
    a.case("index_rows", lambda p, i: p[:, i], cube, torch.tensor([1, 1, 0]))
    a.case("one_hot", lambda i: F.one_hot(i, 5), a.ints(5, 6), grad=False)
    a.write()


def layers():
    a = Archive("layers", 2)
    x = a.randn(2, 4, 9, 8)
    for name, options in [
        ("plain", {}), ("stride", dict(stride=2, padding=1)), ("dilation", dict(dilation=2, padding=2)), ("groups", dict(groups=2, padding=1)), ("oblong", dict(stride=(2, 1), padding=(1, 0))),
    ]:
        w = a.randn(6, 4 // options.get("groups", 1), 3, 3) * 0.3
        a.case("conv_" + name, lambda p, q, b, o=options: F.conv2d(p, q, b, **o), x, w, a.randn(6))
    a.case("conv_depthwise", lambda p, q: F.conv2d(p, q, None, 2, 1, 1, 4), x, a.randn(4, 1, 3, 3))
    a.case("conv_pointwise", lambda p, q: F.conv2d(p, q), x, a.randn(5, 4, 1, 1))
    a.case("linear", F.linear, a.randn(3, 7), a.randn(5, 7), a.randn(5))

    for name, options in [
        ("plain", dict(kernel_size=2)), ("stride", dict(kernel_size=3, stride=2, padding=1)), ("ceil", dict(kernel_size=3, stride=2, ceil_mode=True)), ("oblong", dict(kernel_size=(2, 3), stride=(1, 2))),
    ]:
        a.case("max_pool_" + name, lambda p, o=options: F.max_pool2d(p, **o), x)
        a.case("avg_pool_" + name, lambda p, o=options: F.avg_pool2d(p, **o), x)
    a.case("max_pool_dilation", lambda p: F.max_pool2d(p, 2, 2, 0, 2), x)
    a.case("avg_pool_exclude", lambda p: F.avg_pool2d(p, 3, 2, 1, count_include_pad=False), x)
    a.case("adaptive_avg", lambda p: F.adaptive_avg_pool2d(p, (3, 2)), x)
    a.case("adaptive_max", lambda p: F.adaptive_max_pool2d(p, (2, 3)), x)
    a.case("global_average", lambda p: p.mean((2, 3)), x)

    w, b = a.randn(4), a.randn(4)
    mean, var = a.randn(4), a.randn(4).abs() + 0.5

    def train(p, q, r):
        m, v = mean.clone(), var.clone()
        out = F.batch_norm(p, m, v, q, r, True, 0.1, 1e-5)
        return out, m, v

    a.put("running.mean", mean)
    a.put("running.var", var)
    a.case("batch_norm_train", train, x, w, b)
    a.case("batch_norm_infer", lambda p, q, r: F.batch_norm(p, mean, var, q, r, False, 0.1, 1e-3), x, w, b)
    a.case("batch_norm_vectors", lambda p, q, r: F.batch_norm(p, None, None, q, r, True), a.randn(6, 4), w, b)
    a.case("layer_norm", lambda p, q, r: F.layer_norm(p, (8,), q, r, 1e-6), x, a.randn(8), a.randn(8))
    a.case("layer_norm_2d", lambda p, q, r: F.layer_norm(p.permute(0, 2, 3, 1), (4,), q, r, 1e-6).permute(0, 3, 1, 2), x, w, b)
    a.case("group_norm", lambda p, q, r: F.group_norm(p, 2, q, r, 1e-5), x, w, b)

    v = a.randn(4, 10) * 4
    for name, f in [
        ("relu", F.relu), ("relu6", F.relu6), ("leaky_relu", lambda p: F.leaky_relu(p, 0.1)), ("elu", F.elu), ("hardswish", F.hardswish), ("hardsigmoid", F.hardsigmoid), ("silu", F.silu),
        ("gelu", F.gelu), ("gelu_tanh", lambda p: F.gelu(p, approximate="tanh")), ("sigmoid", torch.sigmoid), ("log_sigmoid", F.logsigmoid), ("tanh", torch.tanh), ("softplus", F.softplus),
        ("softmax", lambda p: F.softmax(p, 1)), ("log_softmax", lambda p: F.log_softmax(p, 0)),
    ]:
        a.case(name, f, v)

    for name, f in [
        ("bilinear_up", lambda p: F.interpolate(p, (13, 10), mode="bilinear", align_corners=False)), ("bilinear_down", lambda p: F.interpolate(p, (4, 5), mode="bilinear", align_corners=False)),
        ("bilinear_corners", lambda p: F.interpolate(p, (12, 11), mode="bilinear", align_corners=True)), ("nearest", lambda p: F.interpolate(p, (13, 5), mode="nearest")),
        ("pad", lambda p: F.pad(p, (1, 2, 3, 0), value=0.5)), ("pad_reflect", lambda p: F.pad(p, (1, 2, 3, 1), mode="reflect")), ("pad_replicate", lambda p: F.pad(p, (1, 2, 3, 0), mode="replicate")),
    ]:
        a.case(name, f, a.randn(1, 2, 6, 7))
    a.write()


def losses():
    a = Archive("losses", 3)
    logits, labels = a.randn(7, 5) * 3, a.ints(5, 7)
    weight = a.randn(5).abs() + 0.2
    a.put("class_weight", weight)
    probabilities = torch.softmax(a.randn(7, 5), 1)
    for name, options in [
        ("plain", {}), ("sum", dict(reduction="sum")), ("none", dict(reduction="none")), ("weight", dict(weight=weight)), ("smooth", dict(label_smoothing=0.1)),
        ("weight_smooth", dict(weight=weight, label_smoothing=0.2)), ("ignore", dict(ignore_index=2)),
    ]:
        a.case("cross_entropy_" + name, lambda p, t, o=options: F.cross_entropy(p, t, **o), logits, labels)
    a.case("cross_entropy_soft", lambda p, t: F.cross_entropy(p, t.detach()), logits, probabilities)
    a.case("cross_entropy_map", F.cross_entropy, a.randn(2, 3, 4, 5), a.ints(3, 2, 4, 5))
    a.case("nll", lambda p, t: F.nll_loss(F.log_softmax(p, 1), t, weight), logits, labels)
    targets = (a.randn(7, 5) > 0).float()
    element = a.randn(7, 5).abs()
    a.put("element_weight", element)
    for name, options in [
        ("plain", {}), ("sum", dict(reduction="sum")), ("pos_weight", dict(pos_weight=weight)), ("weight", dict(weight=element)), ("both", dict(weight=element, pos_weight=weight)),
    ]:
        a.case("bce_logits_" + name, lambda p, t, o=options: F.binary_cross_entropy_with_logits(p, t.detach(), **o), logits, targets)
    a.case("bce", lambda p, t: F.binary_cross_entropy(p, t.detach()), probabilities, targets)
    p, q = a.randn(6, 3), a.randn(6, 3)
    for name, f in [
        ("mse", F.mse_loss), ("mse_sum", lambda i, t: F.mse_loss(i, t, reduction="sum")), ("l1", F.l1_loss), ("smooth_l1", F.smooth_l1_loss),
        ("smooth_l1_beta", lambda i, t: F.smooth_l1_loss(i, t, beta=0.3)), ("huber", lambda i, t: F.huber_loss(i, t, delta=0.5)),
    ]:
        a.case(name, f, p, q)
    a.write()


STEPS = 20


def optimisers():
    """Parameters a, b, c start as in0.NAME; step s uses the gradient grad.NAME[s]; b has none in steps 5 to 8."""
    a = Archive("optimisers", 4)
    shapes = dict(a=(4, 3, 3, 3), b=(5,), c=(6, 7))
    start = {k: a.randn(*s) for k, s in shapes.items()}
    grads = {k: a.randn(STEPS, *s) * torch.linspace(1, 0.1, STEPS).reshape(-1, *[1] * len(s)) for k, s in shapes.items()}
    for k in shapes:
        a.put("start." + k, start[k])
        a.put("grad." + k, grads[k])
    O = torch.optim
    settings = {
        "sgd": lambda p: O.SGD(p, 0.05),
        "sgd_decay": lambda p: O.SGD(p, 0.05, weight_decay=0.01),
        "sgd_momentum": lambda p: O.SGD(p, 0.05, momentum=0.9, weight_decay=1e-3),
        "sgd_nesterov": lambda p: O.SGD(p, 0.05, momentum=0.8, nesterov=True, weight_decay=1e-3),
        "adam": lambda p: O.Adam(p, 0.02),
        "adam_decay": lambda p: O.Adam(p, 0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.05),
        "adamw": lambda p: O.AdamW(p, 0.02),
        "adamw_decay": lambda p: O.AdamW(p, 0.02, betas=(0.8, 0.95), weight_decay=0.2),
        "radam": lambda p: O.RAdam(p, 0.02),
        "radam_decay": lambda p: O.RAdam(p, 0.02, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.05),
        "rmsprop": lambda p: O.RMSprop(p, 0.02),
        "rmsprop_momentum": lambda p: O.RMSprop(p, 0.02, alpha=0.9, eps=1e-7, momentum=0.7, weight_decay=0.01),
        "rmsprop_centred": lambda p: O.RMSprop(p, 0.02, momentum=0.5, centered=True),
        "groups": lambda p: O.SGD([dict(params=p[:1], lr=0.1, weight_decay=0.0), dict(params=p[1:])], 0.05, momentum=0.9, weight_decay=0.01),
    }
    for name, make in settings.items():
        params = {k: torch.nn.Parameter(v.clone()) for k, v in start.items()}
        optimiser = make(list(params.values()))
        for step in range(STEPS):
            if step == 10:  # a schedule
                for group in optimiser.param_groups:
                    group["lr"] *= 0.5
            for k, p in params.items():
                p.grad = None if k == "b" and 5 <= step < 9 else grads[k][step].clone()
            optimiser.step()
        for k, p in params.items():
            a.put(f"{name}.{k}", p)

    # clipping: the gradients of step 0
    for bound in (0.5, 1000.0):
        params = [torch.nn.Parameter(v.clone()) for v in start.values()]
        for k, p in zip(start, params):
            p.grad = grads[k][0].clone()
        a.put(f"clip_{bound:g}.norm", torch.nn.utils.clip_grad_norm_(params, bound))
        for k, p in zip(start, params):
            a.put(f"clip_{bound:g}.{k}", p.grad)
    for k, p in zip(start, params):
        p.grad = grads[k][0].clone()
    torch.nn.utils.clip_grad_value_(params, 0.3)
    for k, p in zip(start, params):
        a.put(f"clip_value.{k}", p.grad)

    # moving average with decay 0.9 over start + grad[0], start + grad[1], ...
    averaged = torch.optim.swa_utils.AveragedModel(torch.nn.Linear(7, 6), avg_fn=lambda avg, p, n: 0.9 * avg + 0.1 * p)
    source = torch.nn.Linear(7, 6)
    with torch.no_grad():
        averaged.n_averaged.fill_(1)
        averaged.module.weight.copy_(start["c"])
        for step in range(STEPS):
            source.weight.copy_(start["c"] + grads["c"][step])
            averaged.update_parameters(source)
    a.put("ema.c", averaged.module.weight)
    a.write()


class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        n = torch.nn
        self.features = n.Sequential(n.Conv2d(3, 8, 3, 2, 1, bias=False), n.BatchNorm2d(8), n.ReLU6(), n.Conv2d(8, 8, 3, 1, 1, groups=8, bias=False), n.BatchNorm2d(8), n.ReLU6(), n.Conv2d(8, 12, 1))
        self.classifier = n.Linear(12, 5)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def network():
    """A small network over 20 steps of SGD in fp32; and one forward and backward pass under bfloat16 autocast."""
    a = Archive("network", 5)
    torch.manual_seed(5)
    net = Small()
    for k, v in net.state_dict().items():
        a.put("start." + k, v.clone())
    x, labels = a.randn(8, 3, 12, 12), a.ints(5, 8)
    a.put("x", x)
    a.put("labels", labels)

    half = Small()
    half.load_state_dict(net.state_dict())
    for p in half.parameters():
        p.data = p.data.to(memory_format=torch.channels_last) if p.dim() == 4 else p.data
    half.features[2] = half.features[5] = Clamp()  # 1.13 has no bfloat16 backward of ReLU6
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = half(x.to(memory_format=torch.channels_last))
    F.cross_entropy(out.float(), labels).backward()
    a.put("bf16.logits", out)
    for k, p in half.named_parameters():
        a.put("bf16.grad." + k, p.grad)

    optimiser = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9, weight_decay=1e-4)
    trace = []
    for _ in range(STEPS):
        loss = F.cross_entropy(net(x), labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        trace.append(loss.item())
    a.put("losses", torch.tensor(trace))
    for k, v in net.state_dict().items():
        a.put("end." + k, v)
    net.eval()
    a.put("end_logits", net(x))
    a.write()


class Clamp(torch.nn.Module):
    def forward(self, x):
        return x.clamp(0, 6)


if __name__ == "__main__":
    print("torch", torch.__version__, file=sys.stderr)
    operators()
    layers()
    losses()
    optimisers()
    network()
