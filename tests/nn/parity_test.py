#!/usr/bin/env python3
"""Compares models of nas with ones written here in plain PyTorch: logits, loss and every gradient; and with the
Python that nas writes of them: logits.

usage: parity_test.py PROGRAM      PROGRAM is nas_nn_parity_cases
Runs under the Python of NAS_TEST_PYTHON, which needs nothing but torch; skipped (77) when that is not set.
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import warnings

SKIPPED = 77
LOGIT_TOLERANCE = 1e-5     # absolute; logits are of order 1
GRADIENT_TOLERANCE = 1e-4  # of the gradient's norm


def read_safetensors(path):
    """Tensors by name and the metadata."""
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    types = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=types[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors, metadata


class Program:
    """The text of a layer's program, to find out which node plays which part of a known block."""

    def __init__(self, text):
        self.nodes = {}
        for name, primitive, arguments in re.findall(r"(\w+) = (\w+)\(([^)]*)\)", text):
            arguments = [argument.strip() for argument in arguments.split(",")]
            inputs = [argument for argument in arguments if "=" not in argument]
            fields = dict(argument.split("=") for argument in arguments if "=" in argument)
            self.nodes[name] = (primitive, inputs, fields)

    def only(self, primitive, where=lambda name: True):
        (name,) = [n for n, node in self.nodes.items() if node[0] == primitive and where(n)]
        return name

    def above(self, name, primitive):
        """The nearest node of a primitive on the way up from `name` through first inputs."""
        while self.nodes[name][0] != primitive:
            name = self.nodes[name][1][0]
        return name

    def parts(self):
        """Part of a pre-norm layer -> node."""
        scores = self.only("matmul_nt")
        values = self.only("matmul")
        query, key = self.nodes[scores][1]
        value = self.nodes[values][1][1]
        parts = {}
        for part, heads in (("query", query), ("key", key), ("value", value)):
            parts[part] = self.above(heads, "linear")
            if any(node[0] == "causal_depthwise_conv" for node in self.nodes.values()):
                parts[part + "_conv"] = self.above(heads, "causal_depthwise_conv")
        merged = self.only("merge_heads")
        parts["out"] = self.only("linear", lambda n: self.nodes[n][1][0] == merged)
        parts["up"] = self.only("linear", lambda n: self.nodes[n][2].get("out") == "inner_dim")
        (parts["down"],) = {n for n, node in self.nodes.items() if node[0] == "linear"} - set(parts.values())
        parts["attention_norm"] = self.above(parts["query"], "layer_norm")
        parts["feed_forward_norm"] = self.above(parts["up"], "layer_norm")
        return parts


def define_models():
    nn = torch.nn
    F = torch.nn.functional

    def rotate(x, base=10000.0):
        half = x.shape[-1] // 2
        frequency = base ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.arange(x.shape[-2], dtype=torch.float64)[:, None] * frequency
        turn = torch.polar(torch.ones_like(angle), angle)
        turned = torch.complex(x[..., :half].double(), x[..., half:].double()) * turn
        return torch.cat([turned.real, turned.imag], -1).to(x.dtype)

    class Conv(nn.Module):
        """Causal depthwise convolution by a left-padded grouped Conv1d; its taps run backwards in time."""

        def __init__(self, channels, width):
            super().__init__()
            self.width = width
            self.conv = nn.Conv1d(channels, channels, width, groups=channels, bias=False)

        def forward(self, x):
            return self.conv(F.pad(x.transpose(1, 2), (self.width - 1, 0))).transpose(1, 2)

    class Layer(nn.Module):
        def __init__(self, sizes, is_primer):
            super().__init__()
            dim, inner = sizes["model_dim"], sizes["inner_dim"]
            self.heads, self.is_primer = sizes["heads"], is_primer
            self.attention_norm = nn.LayerNorm(dim)
            self.feed_forward_norm = nn.LayerNorm(dim)
            for part in ("query", "key", "value", "out"):
                setattr(self, part, nn.Linear(dim, dim, bias=False))
                if is_primer and part != "out":
                    setattr(self, part + "_conv", Conv(dim, 3))
            self.up = nn.Linear(dim, inner, bias=False)
            self.down = nn.Linear(inner, dim, bias=False)

        def project(self, part, x):
            x = getattr(self, part)(x)
            if self.is_primer:
                x = getattr(self, part + "_conv")(x)
            return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        def forward(self, x):
            h = self.attention_norm(x)
            query, key = rotate(self.project("query", h)), rotate(self.project("key", h))
            # Primer has the factor head_dim^-1/2 in the query's initialisation.
            scale = 1.0 if self.is_primer else query.shape[-1] ** -0.5
            mixed = F.scaled_dot_product_attention(query, key, self.project("value", h), is_causal=True, scale=scale)
            x = x + self.out(mixed.transpose(1, 2).flatten(2))
            hidden = self.up(self.feed_forward_norm(x))
            hidden = F.relu(hidden) ** 2 if self.is_primer else F.gelu(hidden)
            return x + self.down(hidden)

    class Model(nn.Module):
        def __init__(self, sizes, is_primer):
            super().__init__()
            self.embedding = nn.Embedding(sizes["vocab_size"], sizes["model_dim"])
            self.layers = nn.ModuleList(Layer(sizes, is_primer) for _ in range(sizes["layers"]))
            self.final_norm = nn.LayerNorm(sizes["model_dim"])

        def forward(self, tokens):
            x = self.embedding(tokens)
            for layer in self.layers:
                x = layer(x)
            return F.linear(self.final_norm(x), self.embedding.weight)

    return Model


def paths(metadata):
    """Path of each of our tensors -> name of the parameter here."""
    names = {"embedding.weight": "embedding.weight", "final_norm.weight": "final_norm.weight",
             "final_norm.bias": "final_norm.bias"}
    for i in range(int(metadata["layers"])):
        for part, node in Program(metadata[f"program.{i}"]).parts().items():
            inner = ".conv" if part.endswith("_conv") else ""
            names[f"layers.{i}.{node}.weight"] = f"layers.{i}.{part}{inner}.weight"
            if part.endswith("_norm"):
                names[f"layers.{i}.{node}.bias"] = f"layers.{i}.{part}.bias"
    return names


def to_ours(name, tensor):
    """A tensor of this model in nas's layout: taps [channels, width], the newest token first."""
    return tensor.squeeze(1).flip(-1) if "_conv" in name else tensor


def to_here(name, tensor):
    return tensor.flip(-1).unsqueeze(1) if "_conv" in name else tensor


def check(condition, message):
    if not condition:
        raise SystemExit("FAILED: " + message)


def compare_case(folder, name):
    tensors, metadata = read_safetensors(f"{folder}/{name}.safetensors")
    sizes = {key: int(value) for key, value in metadata.items() if not key.startswith("program")}
    model = define_models()(sizes, is_primer=name.startswith("primer"))
    names = paths(metadata)
    weights = {key for key in tensors if "." in key and not key.startswith("grad.")}
    check(weights == set(names), f"{name}: tensors {weights ^ set(names)} have no counterpart")
    model.load_state_dict({here: to_here(here, tensors[ours]) for ours, here in names.items()})
    logits = model(tensors["tokens"])
    error = (logits - tensors["logits"]).abs().max().item()
    check(error <= LOGIT_TOLERANCE, f"{name}: logits differ by {error}")
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tensors["targets"].flatten())
    check(abs(loss.item() - tensors["loss"].item()) <= LOGIT_TOLERANCE, f"{name}: losses differ")
    loss.backward()
    parameters = dict(model.named_parameters())
    worst = 0.0
    for ours, here in names.items():
        expected = to_ours(here, parameters[here].grad)
        check(expected.norm() > 0, f"{name}: the gradient of {here} is zero")
        difference = ((tensors["grad." + ours] - expected).norm() / expected.norm()).item()
        check(difference <= GRADIENT_TOLERANCE, f"{name}: gradient of {here} differs by {difference}")
        worst = max(worst, difference)
    print(f"{name}: logits within {error:.1e}, {len(names)} gradients within {worst:.1e} of their norm")


def compare_export(folder, name, sizes):
    tensors, _ = read_safetensors(f"{folder}/{name}.safetensors")
    module = torch.jit.load(f"{folder}/{name}.pt")
    for size in sizes:
        for _ in range(2):  # the second run is the optimised graph's
            with torch.no_grad():
                logits = module(tensors["tokens" + size])
            expected = tensors["logits" + size]
            difference = relative_difference(logits, expected)
            check(difference <= LOGIT_TOLERANCE, f"{name}.pt{size}: logits differ by {difference} of the largest")
    print(f"{name}.pt: loaded by torch.jit.load, same logits")


PYTHON_IMPORTS = """from __future__ import annotations
import math
import torch
from torch import Tensor, nn
"""


def relative_difference(found, expected):
    """Largest difference over the largest expected value, or 1; entries that are both NaN are equal."""
    same = (found == expected) | (found.isnan() & expected.isnan())
    apart = (found - expected).abs().nan_to_num(nan=float("inf")).masked_fill(same, 0.0)
    scale = expected.abs().nan_to_num(nan=0.0, posinf=0.0).max().clamp(min=1.0)
    return (apart.max() / scale).item()


def compare_python(path):
    """The largest difference of logits of one model's Python, whether its logits are numbers, and what its own rounding
    makes of the logits: the difference of float32 from float64. Where the program makes a rounding large (quotients,
    signs, exponentials), two ways to compute it in float32 cannot be asked to be nearer than that."""
    tensors, metadata = read_safetensors(path)
    names = {}
    exec(compile(PYTHON_IMPORTS + metadata["source"], path, "exec"), names)
    model = names["NasModel"]()
    first = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    check(all(value.isfinite().all() for value in first.values()), f"{path}: a first value is no number")
    weights = {name: value for name, value in tensors.items() if name.split(".")[0] not in ("tokens", "logits")}
    model.load_state_dict(weights)  # strict: the same names and shapes
    worst = rounding = 0.0
    found = {}
    with torch.no_grad():
        for size in ("small", "large"):
            found[size] = model(tensors["tokens." + size])
            worst = max(worst, relative_difference(found[size], tensors["logits." + size]))
        if metadata["amplifies"] == "yes":
            torch.set_default_dtype(torch.float64)
            exact = model.double()
            rounding = max(relative_difference(found[size].double(), exact(tensors["tokens." + size])) for size in found)
            torch.set_default_dtype(torch.float32)
        else:
            check(worst <= LOGIT_TOLERANCE, f"{metadata['what']}: logits differ by {worst}\n{metadata['source']}")
    return worst, bool(tensors["logits.large"].isfinite().all()), metadata["amplifies"] == "yes", rounding


def compare_pythons(folder):
    paths = sorted(os.path.join(folder, name) for name in os.listdir(folder))
    results = [compare_python(path) for path in paths]
    exact = [worst for worst, _, amplifies, _ in results if not amplifies]
    amplifying = [(worst, rounding) for worst, _, amplifies, rounding in results if amplifies]
    check(len(exact) >= 204, f"204 models as Python were expected, found {len(exact)}")
    finite = sum(is_finite for _, is_finite, _, _ in results)
    check(finite >= 0.8 * len(paths), f"only {finite} of {len(paths)} models have finite logits")
    check(len(amplifying) >= 200, f"only {len(amplifying)} have quotients and signs, those of a DNA included")
    within = [worst for worst, rounding in amplifying if worst <= max(LOGIT_TOLERANCE, 10 * rounding)]
    # A sign of nearly nothing may fall either way in both float32 forms and not in float64.
    check(len(within) >= 0.99 * len(amplifying),
          f"only {len(within)} of {len(amplifying)} with quotients and signs agree within their own rounding")
    close = sum(worst <= LOGIT_TOLERANCE for worst, _ in amplifying)
    check(close >= 0.85 * len(amplifying), f"only {close} of {len(amplifying)} with quotients and signs are within {LOGIT_TOLERANCE}")
    print(f"{len(exact)} models as Python: logits within {max(exact):.1e}; of {len(amplifying)} with quotients, signs "
          f"and exponentials {close} too, {len(within)} within ten times the rounding of their own")


def compare(folder):
    compare_pythons(os.path.join(folder, "python"))
    cases = sorted(f[:-len(".pt")] for f in os.listdir(folder) if f.endswith(".pt"))
    check(len(cases) == 9, f"nine cases were expected, found {cases}")
    for name in cases:
        if name.startswith("export"):
            compare_export(folder, name, [".small", ".large"])
        else:
            compare_case(folder, name)
            compare_export(folder, name, [""])


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--compare":
        compare(sys.argv[2])
        return 0
    python = os.environ.get("NAS_TEST_PYTHON")
    if not python:
        print("skipped: NAS_TEST_PYTHON does not name a Python with torch")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        return subprocess.run([python, __file__, "--compare", folder]).returncode


if __name__ == "__main__":
    if "--compare" in sys.argv:
        warnings.filterwarnings("ignore")  # NumPy is not needed; torch.jit.load is deprecated
        import torch
        torch.set_num_threads(1)  # the tensors are small
    sys.exit(main())
