#!/usr/bin/env python3
"""Candidates an hour as a user of PyTorch gets them: trains a folder of programs one after the other.

usage: scripts/peers/torch_search.py [options] PROGRAMS
PROGRAMS is a folder of files that `nas show DIR TRIAL --format python` wrote, each with a class NasModel.

modes   eager    as they stand
        compile  torch.compile
        graphs   torch.compile(mode="reduce-overhead"), which captures CUDA graphs
bf16 autocast on a GPU, fp32 weights, fused AdamW, a new batch of random tokens each step; softmax attention, which the files
spell out, by scaled_dot_product_attention wherever a program has it, as people write it. Less work than a trial of nas does: no
corpus, schedule, clipping or check of the loss, no evaluation, no weights written. What a process does once (libraries, the
compiler's workers) is done before the clock starts; caches on disk begin empty.

Prints a JSON line for each program, seconds from its construction to the end of its last step, and one for all. With
--extrapolate K only the first steps and K more are done, and the rest is reckoned at the pace of those K: such lines say
"extrapolated": true. A program that PyTorch does not run is told as "failed", with the reason.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import statistics
import sys
import tempfile
import time
import types

FIRST_STEPS = 5  # those that compile, warm up and capture

# Lines of a layer's forward(), which together are softmax attention.
SCORES = re.compile(r" +(v\d+) = self\.mask_scores\(aten\.matmul\((v\d+), aten\.transpose\((v\d+), -2, -1\)\)\)$")
SCALED = re.compile(r" +(v\d+) = aten\.mul\((v\d+), ([0-9.e-]+)\)$")
SOFTMAX = re.compile(r" +(v\d+) = self\.softmax_keys\((v\d+)\)$")
MIXED = re.compile(r"( +v\d+ = )aten\.matmul\(self\.mask_scores\((v\d+)\), self\.finite_rows\((v\d+)\)\)$")
VALUE = re.compile(r"(?<![.\w])v\d+\b")


def with_fused_attention(text):
    """A class's text with PyTorch's attention, and how often it stands there."""
    lines = [line.split("  # ")[0] for line in text.split("\n")]
    uses = collections.Counter(value for line in lines for value in VALUE.findall(line.split(" = ")[-1]))
    places = {VALUE.findall(line)[0]: i for i, line in enumerate(lines) if " = " in line and VALUE.search(line.split(" = ")[0])}

    def definition(pattern, value):
        """Of a value that nothing else uses."""
        return pattern.match(lines[places[value]]) if uses[value] == 1 and value in places else None

    count = 0
    for i, line in enumerate(lines):
        mixed = MIXED.match(line)
        softmax = mixed and definition(SOFTMAX, mixed[2])
        if not softmax:
            continue
        scaled = definition(SCALED, softmax[2])
        scores = definition(SCORES, scaled[2] if scaled else softmax[2])
        if not scores:
            continue
        scale = scaled[3] if scaled else "1.0"
        lines[i] = (f"{mixed[1]}nn.functional.scaled_dot_product_attention({scores[2]}, {scores[3]}, {mixed[3]}, "
                    f"is_causal=True, scale={scale})")
        for gone in (softmax, scaled, scores):
            if gone:
                lines[places[gone[1]]] = ""
        count += 1
    return "\n".join(lines), count


def read_program(path):
    """The class NasModel, and how many attentions of its layers' classes are PyTorch's own."""
    classes = [with_fused_attention(text) for text in re.split(r"(?=^class )", path.read_text(), flags=re.MULTILINE)]
    module = types.ModuleType(f"program_{path.stem}")
    sys.modules[module.__name__] = module  # where torch.compile looks for it
    exec(compile("".join(text for text, _ in classes), str(path), "exec"), vars(module))
    return module.NasModel, sum(count for _, count in classes)


def programs_of(options):
    paths = sorted(options.programs.glob("*.py"))[: options.limit]
    if not paths:
        raise SystemExit(f"{options.programs} holds no programs")
    return paths


class Trainer:
    """Trains one architecture after the other."""

    def __init__(self, options):
        import torch  # after main has said where its caches lie

        self.torch, self.options = torch, options
        self.is_gpu = options.device != "cpu"
        torch.set_float32_matmul_precision("high")
        if options.threads:
            torch.set_num_threads(options.threads)

    def wait(self):
        if self.is_gpu:
            self.torch.cuda.synchronize(self.options.device)

    def step_of(self, model, mode):
        """A function that does one training step."""
        torch, options = self.torch, self.options
        optimizer = torch.optim.AdamW(model.parameters(), lr=options.learning_rate, weight_decay=0.1, betas=(0.9, 0.95), fused=True,
                                      **({"capturable": True} if self.is_gpu else {}))

        def loss_of(tokens, targets):
            with torch.autocast("cuda", torch.bfloat16, enabled=self.is_gpu):
                logits = model(tokens)
            return torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())

        function = {"eager": lambda: loss_of, "compile": lambda: torch.compile(loss_of, dynamic=False),
                    "graphs": lambda: torch.compile(loss_of, mode="reduce-overhead", dynamic=False)}[mode]()

        def step():
            text = torch.randint(options.vocab, (options.batch, options.seq + 1), device=options.device)
            optimizer.zero_grad()
            function(text[:, :-1].contiguous(), text[:, 1:].contiguous()).backward()
            optimizer.step()

        return step

    def run(self, step, steps):
        begin = time.perf_counter()
        for _ in range(steps):
            step()
        self.wait()
        return time.perf_counter() - begin

    def train(self, path, mode, steps, sample):
        """What a training of `steps` steps takes, of which all are done, or with `sample` the first ones and as many more."""
        self.torch._dynamo.reset()
        self.torch.manual_seed(0)
        begin = time.perf_counter()
        model_class, attentions = read_program(path)
        model = model_class().to(self.options.device)
        step = self.step_of(model, mode)
        first = min(FIRST_STEPS, steps)
        self.run(step, first)
        seconds = time.perf_counter() - begin
        rest = steps - first
        timed = min(rest, sample) if sample else rest
        row = {"first_steps_seconds": seconds, "timed_steps": timed, "extrapolated": timed < rest,
               "attentions": attentions, "params": sum(p.numel() for p in model.parameters())}
        if timed:
            step_seconds = self.run(step, timed) / timed
            seconds += rest * step_seconds
            row["step_ms"] = 1e3 * step_seconds
        return dict(row, seconds=seconds)

    def try_program(self, path, mode, steps, sample=0):
        try:
            return self.train(path, mode, steps, sample)
        except Exception as error:  # whatever PyTorch has against a program
            return {"failed": f"{type(error).__name__}: {error}".strip().splitlines()[0][:300]}
        finally:
            if self.is_gpu:
                self.torch.cuda.empty_cache()

    def warm_up(self, path, mode):
        """What a process does once. Compiles nothing of the program: that is what is measured."""
        self.try_program(path, "eager", FIRST_STEPS)
        if mode != "eager":
            self.torch.compile(lambda x: 2 * x + 1)(self.torch.ones(8, device=self.options.device))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("programs", type=pathlib.Path)
    parser.add_argument("--mode", default="eager", choices=("eager", "compile", "graphs"))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--limit", type=int, help="programs, the first ones [all]")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seq", type=int, default=256)
    parser.add_argument("--vocab", type=int, default=8192)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=0, help="of a CPU [PyTorch's choice]")
    parser.add_argument("--extrapolate", type=int, default=0, metavar="K", help="steps to time after the first ones [all]")
    options = parser.parse_args()
    paths = programs_of(options)
    with tempfile.TemporaryDirectory(prefix="torch-search-") as caches:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = os.environ["TRITON_CACHE_DIR"] = caches
        trainer = Trainer(options)
        trainer.warm_up(paths[-1], options.mode)
        rows = []
        for path in paths:
            rows.append(trainer.try_program(path, options.mode, options.steps, options.extrapolate))
            print(json.dumps({"program": path.stem, "mode": options.mode, **rows[-1]}), flush=True)
    done = [row for row in rows if "failed" not in row]
    if not done:
        raise SystemExit("PyTorch ran none of the programs")
    seconds = sum(row["seconds"] for row in done)
    print(json.dumps({"mode": options.mode, "device": options.device, "torch": trainer.torch.__version__, "steps": options.steps,
                      "programs": len(rows), "failed": len(rows) - len(done), "extrapolated": any(row["extrapolated"] for row in done),
                      "seconds": seconds, "trial_seconds": statistics.median(row["seconds"] for row in done),
                      "candidates_per_hour": 3600 * len(done) / seconds}), flush=True)


if __name__ == "__main__":
    main()
