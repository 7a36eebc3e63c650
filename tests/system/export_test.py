"""The exported model, loaded by stock PyTorch with nothing of ours, gives the loss that nas printed."""
import json
import os
import re
import subprocess
import unittest

from program import StudyTest, tiny_documents, tiny_text, tiny_training

CHECK = r"""
import json, math, struct, sys
import torch

def read_safetensors(path):
    raw = open(path, "rb").read()
    size, = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + size])
    meta = header.pop("__metadata__")
    kinds = {"I64": torch.int64, "F32": torch.float32}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        data = bytearray(raw[8 + size + begin:8 + size + end])
        tensors[name] = torch.frombuffer(data, dtype=kinds[entry["dtype"]]).reshape(entry["shape"])
    return tensors, meta

assert not any("nas" == name.split(".")[0] for name in sys.modules)
model = torch.jit.load(sys.argv[1])
tensors, meta = read_safetensors(sys.argv[2])
windows = tensors["windows"]
starts = tensors.get("document_starts", torch.zeros_like(windows[:, :-1]))
with torch.no_grad():
    losses = []
    for row, begins in zip(windows, starts):  # a document is a sequence of its own
        edges = [0] + [t for t in range(1, len(begins)) if begins[t] == t] + [len(begins)]
        for begin, end in zip(edges, edges[1:]):
            logits = model(row[None, begin:end])
            losses.append(torch.nn.functional.cross_entropy(
                logits[0].double(), row[begin + 1:end + 1], reduction="none"))
    loss = torch.cat(losses).mean().item()
    for batch, seq in ((1, 1), (1, 5), (3, 17), (2, 100)):
        out = model(torch.zeros(batch, seq, dtype=torch.long))
        assert out.shape[:2] == (batch, seq) and torch.isfinite(out).all(), out.shape
    sizes = [name.split(".")[1] for name in tensors if name.startswith("tokens.")]
    for size in sizes:  # the logits of nas's own module
        own, out = tensors["logits." + size], model(tensors["tokens." + size])
        difference = ((out - own).abs().max() / own.abs().max().clamp(min=1)).item()
        assert difference < 1e-5, (size, difference)
print(json.dumps({"loss": loss, "told": float(meta["loss_nats"]), "sizes": sizes}))
"""


class ExportTest(StudyTest):
    def setUp(self):
        super().setUp()
        self.python = os.environ.get("NAS_TEST_PYTHON")
        if not self.python:
            self.lack("NAS_TEST_PYTHON (a Python with torch) is not set")
        tiny_text(self.folder / "corpus.txt")
        self.study = self.folder / "study"
        self.search(self.folder / "corpus.txt")

    def search(self, corpus, **changes):
        self.succeed("search", "--config", self.config(tiny_training(corpus), **changes), "--study", self.study)

    def check_trial(self, *arguments):
        path, windows = self.folder / "model.pt", self.folder / "windows.safetensors"
        said = self.succeed("export", self.study, "--format", "torchscript", "--output", path,
                            "--windows", windows, *arguments).stdout
        self.assertIn("exported", said)
        printed = float(re.search(r"loss\s+([0-9.]+) nats/token", said).group(1))
        result = subprocess.run([self.python, "-W", "ignore", "-c", CHECK, path, windows],
                                capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        found = json.loads(result.stdout)
        self.assertAlmostEqual(found["loss"], printed, delta=1e-5)
        self.assertEqual(found["sizes"], ["1x3", "3x13", "2x60"])
        return printed

    def test_best_and_every_complete_trial(self):
        self.check_trial()
        trials = json.loads(self.succeed("trials", self.study, "--format", "json").stdout)
        complete = [trial for trial in trials if trial["state"] == "COMPLETE"]
        self.assertGreaterEqual(len(complete), 3)
        for trial in complete:
            printed = self.check_trial("--trial", trial["number"])
            self.assertAlmostEqual(printed, trial["metrics"]["val_loss_nats"]["value"], delta=1e-5)

    def test_documents(self):
        self.study = self.folder / "documents"
        tiny_documents(self.folder / "files")
        self.search(self.folder / "files", budget__trials=2)
        printed = self.check_trial()
        self.assertIn(b"document_starts", (self.folder / "windows.safetensors").read_bytes())
        best = json.loads(self.succeed("best", self.study, "--format", "json").stdout)
        self.assertAlmostEqual(printed, best["metrics"]["val_loss_nats"]["value"], delta=1e-5)

    def test_refusals(self):
        trials = json.loads(self.succeed("trials", self.study, "--format", "json").stdout)
        pruned = [trial for trial in trials if trial["state"] == "PRUNED"]
        self.assertTrue(pruned, "the hurdle prunes nothing in this study")
        out = self.folder / "x.pt"
        self.check(self.nas("export", self.study, "--trial", pruned[0]["number"], "--output", out), 2, "PRUNED")
        self.check(self.nas("export", self.study, "--trial", 99, "--output", out), 2, "99")
        best = json.loads(self.succeed("best", self.study, "--format", "json").stdout)["number"]
        weights = self.study / "trials" / str(best) / "model.safetensors"
        self.check(self.nas("export", self.study, "--output", "/dev/full/x.pt"), 1, "/dev/full")
        content = bytearray(weights.read_bytes())
        content[-1] ^= 1
        weights.write_bytes(content)
        self.check(self.nas("export", self.study, "--output", out), 6, "weights")
        weights.unlink()
        self.check(self.nas("export", self.study, "--output", out), 1, "nas replay")
        self.assertFalse(out.exists())
        self.succeed("replay", self.study, best, "--keep")
        self.succeed("export", self.study, "--output", out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
