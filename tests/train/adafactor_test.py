#!/usr/bin/env python3
"""Compares 50 steps of nas's Adafactor with the paper's algorithm, written here in plain PyTorch in double precision.

usage: adafactor_test.py PROGRAM      PROGRAM is nas_train_adafactor_cases
Runs under the Python of NAS_TEST_PYTHON, which needs nothing but torch; skipped (77) when that is not set.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

SKIPPED = 77
TOLERANCE = 1e-6  # absolute; weights are of order 0.1 and steps of at most 0.02 times that, in float32


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        assert entry["dtype"] == "F32", entry
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32)
        tensors[name] = flat.reshape(entry["shape"]).double()
    return tensors, metadata


class Adafactor:
    """Shazeer and Stern 2018, algorithm 4 with the increasing decay of section 7.2, for one parameter.

    The factored moment is taken as a whole matrix V = R C^T / (1^T R), with sums R and C as in the paper, not means.
    """

    def __init__(self, weight, options):
        self.w = weight.clone()
        self.o = options
        sizes = sorted(range(weight.dim()), key=lambda axis: (-weight.shape[axis], axis))
        factored = weight.dim() >= 2 and weight.shape[sizes[1]] >= options["min_dim_size_to_factor"]
        self.axes = (sizes[0], sizes[1]) if factored else None
        self.r = self.c = self.v = self.m = 0.0

    def second_moment(self, squared, decay):
        if self.axes is None:
            self.v = decay * self.v + (1 - decay) * squared
            return self.v
        row, column = self.axes
        self.r = decay * self.r + (1 - decay) * squared.sum(column, keepdim=True)
        self.c = decay * self.c + (1 - decay) * squared.sum(row, keepdim=True)
        return self.r * self.c / self.r.sum(row, keepdim=True)

    def step(self, gradient, t, learning_rate):
        o = self.o
        decay = 1 - t ** -o["decay_rate"]
        update = gradient / self.second_moment(gradient ** 2 + o["epsilon1"], decay).sqrt()
        rms = lambda x: float((x ** 2).mean()) ** 0.5
        update = update / max(1.0, rms(update) / o["clip_threshold"])
        scale = max(o["epsilon2"], rms(self.w)) if o["multiply_by_parameter_scale"] else 1.0
        update = learning_rate * scale * update
        if o["momentum"]:
            self.m = o["momentum"] * self.m + (1 - o["momentum"]) * update
            update = self.m
        self.w = self.w - update


def check(path):
    tensors, metadata = read_safetensors(path)
    options = json.loads(metadata["options"])
    names = [name.removeprefix("before.") for name in tensors if name.startswith("before.")]
    assert names
    worst = moved = 0.0
    for name in names:
        reference = Adafactor(tensors["before." + name], options)
        for t in range(1, int(metadata["steps"]) + 1):
            reference.step(tensors[f"gradient.{t}.{name}"], t, 0.02 / t ** 0.5)
        difference = float((reference.w - tensors["after." + name]).abs().max())
        moved = max(moved, float((reference.w - tensors["before." + name]).abs().max()))
        worst = max(worst, difference)
        assert difference <= TOLERANCE, f"{path.name}, {name}: {difference}"
    assert moved > 100 * TOLERANCE, f"{path.name}: the weights hardly moved, {moved}"
    print(f"{path.name}: {len(names)} parameters agree to {worst:.2g} of {moved:.2g} moved")


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--compare":
        paths = sorted(pathlib.Path(sys.argv[2]).iterdir())
        assert len(paths) == 4, paths
        for path in paths:
            check(path)
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
        import torch
    sys.exit(main())
