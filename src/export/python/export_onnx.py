#!/usr/bin/env python3
"""Makes an ONNX file or a torch.export archive of the model in this folder, for any batch and length, and checks it.

usage: export_onnx.py [--format onnx|torch-export] [--output FILE]

Needs torch; for ONNX also onnx and onnxscript (pip install onnx onnxscript), and onnxruntime to check what was written.
"""
import argparse
import importlib.util
import sys
from pathlib import Path

import torch

FOLDER = Path(__file__).resolve().parent
TOLERANCE = 1e-4  # of logits, relative to the largest: ONNX Runtime orders its sums in its own way
MAX_LEN = None  # <max_len>


def tokens_of(batch, seq, vocab):
    """Fixed tokens that differ from place to place."""
    return (torch.arange(batch * seq).reshape(batch, seq) * 7919 + 13) % vocab


def sizes():
    return [(b, n) for b, n in ((1, 1), (1, 7), (2, 33), (3, 64)) if MAX_LEN is None or n <= MAX_LEN]


def dynamic_shapes():
    seq = torch.export.Dim("seq", min=1, max=MAX_LEN)
    return ({0: torch.export.Dim("batch", min=1), 1: seq},)


def write_torch_export(model, example, path):
    program = torch.export.export(model, (example,), dynamic_shapes=dynamic_shapes())
    torch.export.save(program, path)
    return torch.export.load(path).module()


def write_onnx(model, example, path):
    missing = [name for name in ("onnx", "onnxscript") if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(f"ONNX needs {' and '.join(missing)}: pip install {' '.join(missing)}")
    torch.onnx.export(
        model, (example,), path, dynamo=True, external_data=False, verbose=False,
        dynamic_shapes=dynamic_shapes(), input_names=["tokens"], output_names=["logits"])
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda tokens: torch.from_numpy(session.run(None, {"tokens": tokens.numpy()})[0])


def check(model, exported, vocab):
    worst = 0.0
    for batch, seq in sizes():
        tokens = tokens_of(batch, seq, vocab)
        expected = model(tokens)
        error = (exported(tokens) - expected).abs().max() / expected.abs().max().clamp(min=1)
        worst = max(worst, error.item())
        if not error <= TOLERANCE:
            sys.exit(f"logits differ by {error:.1e} of the largest at batch {batch}, length {seq}")
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--format", choices=["onnx", "torch-export"], default="onnx")
    parser.add_argument("--output", help="file to write [model.onnx or model.pt2 in this folder]")
    options = parser.parse_args()
    sys.path.insert(0, str(FOLDER))
    from modeling_nas import load_model

    is_onnx = options.format == "onnx"
    path = options.output or str(FOLDER / ("model.onnx" if is_onnx else "model.pt2"))
    model = load_model(FOLDER)
    vocab = model.embedding.weight.shape[0]
    example = tokens_of(*sizes()[-1], vocab)
    with torch.no_grad():
        exported = (write_onnx if is_onnx else write_torch_export)(model, example, path)
        if exported is None:
            print(f"wrote {path}; not checked: onnxruntime is not installed")
            return
        worst = check(model, exported, vocab)
    print(f"wrote {path}; loaded back, logits agree to {worst:.1e} of the largest at {len(sizes())} sizes")


if __name__ == "__main__":
    main()
