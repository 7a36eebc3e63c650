#!/usr/bin/env python3
"""A training step of the models of configs/bench/ as a user of PyTorch writes it, timed: what `nas bench step` is compared with.

usage: scripts/peers/torch_step.py [--sizes tiny small base] [--models primer vanilla] [--modes eager graphs] [--device cuda]
                                   [--threads N] [--groups N] [--steps N]

modes   eager    as it stands
        compile  torch.compile
        graphs   torch.compile(mode="reduce-overhead"), which captures CUDA graphs
The same model: learned positions, no biases but those of LayerNorm, an untied head, GELU or Primer-EZ (arXiv:2109.08668), whose
convolutions are shifted multiply-adds, the form that torch.compile makes most of. bf16 autocast on a GPU, fp32 weights, fused
AdamW. Less work than nas does: the batch stays the same, and there is no schedule and no check of the loss.
Prints a JSON line for each: median, smallest and largest of the groups' milliseconds a step, and those of the first step, which
compiles.
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

VOCAB = 8192
SIZES = {  # width, heads, layers, tokens of a window, windows
    "tiny": (128, 4, 4, 128, 32),
    "small": (256, 4, 6, 256, 16),
    "base": (768, 12, 12, 1024, 8),
}
# Steps before the clock starts, groups of steps that are timed, steps of each; a processor is slow.
ON_GPU, ON_CPU = (10, 9, 50), (2, 5, 3)


class Block(nn.Module):
    def __init__(self, width, heads, model):
        super().__init__()
        self.heads, self.model = heads, model
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.up = nn.Linear(width, 4 * width, bias=False)
        self.down = nn.Linear(4 * width, width, bias=False)
        if model == "primer":
            self.taps = nn.Parameter(torch.tensor([0.5, 0.5 / 3, 0.5 / 3])[:, None].repeat(1, 3 * width))

    def forward(self, x):
        batch, seq, width = x.shape
        y = self.qkv(self.norms[0](x))
        if self.model == "primer":
            taps = self.taps.to(y.dtype)
            y = sum(F.pad(y, (0, 0, j, 0))[:, :seq] * taps[j] for j in range(3))
        q, k, v = y.view(batch, seq, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, seq, width))
        hidden = self.up(self.norms[1](x))
        hidden = F.relu(hidden).square() if self.model == "primer" else F.gelu(hidden)
        return x + self.down(hidden)


class Decoder(nn.Module):
    def __init__(self, width, heads, layers, seq, model):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCAB, width), nn.Embedding(seq, width)
        self.blocks = nn.ModuleList(Block(width, heads, model) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, VOCAB, bias=False)

    def forward(self, tokens, places):
        x = self.tokens(tokens) + self.positions(places)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def measure(size, model_name, mode, options):
    device = options.device
    width, heads, layers, seq, batch = SIZES[size]
    torch._dynamo.reset()
    torch.manual_seed(0)
    is_gpu = device != "cpu"
    wait = torch.cuda.synchronize if is_gpu else lambda: None
    begin = time.perf_counter()
    model = Decoder(width, heads, layers, seq, model_name).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True, **({"capturable": True} if is_gpu else {}))
    tokens, targets = (torch.randint(VOCAB, (batch, seq), device=device) for _ in range(2))
    places = torch.arange(seq, device=device)

    def loss_of(tokens, targets):
        with torch.autocast("cuda", torch.bfloat16, enabled=is_gpu):
            logits = model(tokens, places)
        return F.cross_entropy(logits.view(-1, VOCAB).float(), targets.view(-1))

    function = {"eager": lambda: loss_of, "compile": lambda: torch.compile(loss_of),
                "graphs": lambda: torch.compile(loss_of, mode="reduce-overhead")}[mode]()

    def step():
        optimizer.zero_grad()
        function(tokens, targets).backward()
        optimizer.step()

    step()
    wait()
    first_ms = 1e3 * (time.perf_counter() - begin)
    warm_up, groups, steps = ON_GPU if is_gpu else ON_CPU
    groups, steps = options.groups or groups, options.steps or steps
    for _ in range(warm_up):
        step()
    step_ms = []
    for _ in range(groups):
        wait()
        begin = time.perf_counter()
        for _ in range(steps):
            step()
        wait()
        step_ms.append(1e3 * (time.perf_counter() - begin) / steps)
    print(json.dumps({"name": f"{model_name}-{size}", "mode": mode, "device": device, "torch": torch.__version__,
                      "threads": torch.get_num_threads(), "step_ms": statistics.median(step_ms), "step_ms_min": min(step_ms),
                      "step_ms_max": max(step_ms), "first_step_ms": first_ms, "params": sum(p.numel() for p in model.parameters())}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", nargs="+", default=["tiny", "small"], choices=list(SIZES))
    parser.add_argument("--models", nargs="+", default=["primer", "vanilla"], choices=["primer", "vanilla"])
    parser.add_argument("--modes", nargs="+", default=["eager", "graphs"], choices=["eager", "compile", "graphs"])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--groups", type=int, help=f"[{ON_GPU[1]}; {ON_CPU[1]} on a CPU]")
    parser.add_argument("--steps", type=int, help=f"of a group [{ON_GPU[2]}; {ON_CPU[2]} on a CPU]")
    parser.add_argument("--threads", type=int, default=0, help="of a CPU [PyTorch's choice]")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.set_float32_matmul_precision("high")
    for size in options.sizes:
        for model in options.models:
            for mode in options.modes:
                measure(size, model, mode, options)


if __name__ == "__main__":
    main()
