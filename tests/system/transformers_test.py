"""transformers loads an exported folder with nothing of ours installed: logits, generate(), loss, tokenizers; ONNX."""
import json
import os
import subprocess
import unittest

from program import SOURCE, StudyTest, tiny_text, tiny_training

PROMPT = "alpha beta"

CHECK = r"""
import json, os, sys, tempfile
os.environ.update(HF_HUB_OFFLINE="1", HF_HOME=sys.argv[4], HF_MODULES_CACHE=sys.argv[4])
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
folder, prompt, tokens = sys.argv[1], sys.argv[2], int(sys.argv[3])

model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True)
tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=True)
assert len(tokenizer) == model.config.vocab_size
inputs = tokenizer(prompt, return_tensors="pt")
out = model.generate(**inputs, max_new_tokens=tokens)
text = tokenizer.decode_bytes(out[0].tolist())

# The loss is the mean over next tokens.
log_p = model(out).logits[:, :-1].log_softmax(-1)
expected = -log_p.gather(-1, out[:, 1:, None]).mean()
assert torch.allclose(model(out, labels=out).loss, expected, atol=1e-6)
ignored = out.clone()
ignored[:, 5:] = -100
assert torch.allclose(model(out, labels=ignored).loss, -log_p.gather(-1, out[:, 1:, None])[:, :4].mean(), atol=1e-6)

# Padding behind a text changes nothing of it; before it is refused.
padded = torch.cat([out, torch.zeros(1, 3, dtype=torch.long)], 1)
mask = torch.ones_like(padded)
mask[:, -3:] = 0
assert torch.allclose(model(padded, attention_mask=mask).logits[:, :-3], model(out).logits, atol=1e-5)
try:
    model(padded, attention_mask=mask.flip(1))
    raise SystemExit("padding before the text was accepted")
except ValueError as error:
    assert "pad behind it" in str(error)
model.generate(**inputs, max_new_tokens=3, do_sample=True, top_k=5)
model.generate(**inputs, max_new_tokens=3, num_beams=2)

# A model made anew has usable first values, and one step of training lowers the loss.
fresh = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder, trust_remote_code=True), trust_remote_code=True)
before = fresh(out, labels=out).loss
before.backward()
with torch.no_grad():
    for parameter in fresh.parameters():
        if parameter.grad is not None:
            parameter -= 0.01 * parameter.grad / (1e-8 + parameter.grad.norm())
assert torch.isfinite(before) and fresh(out, labels=out).loss < before

# What is saved again is loaded again.
with tempfile.TemporaryDirectory() as again:
    model.save_pretrained(again)
    tokenizer.save_pretrained(again)
    second = AutoModelForCausalLM.from_pretrained(again, trust_remote_code=True)
    assert torch.equal(second(out).logits, model(out).logits)
    copied = AutoTokenizer.from_pretrained(again, trust_remote_code=True)
    assert copied(prompt)["input_ids"] == tokenizer(prompt)["input_ids"]

texts = ["", " ", "\n", "  two  spaces \t\r\n\n", "<unk> <s> </s> <0x41>", "\u2581 \u2581\u2581", "a\0b",
         "\u00e9 \u65e5\u672c \U0001d11e", "x" * 5000, open(sys.argv[5]).read()]
for sample in texts:
    ids = tokenizer(sample)["input_ids"]
    assert tokenizer.decode(ids) == sample, (sample, tokenizer.decode(ids))
    assert tokenizer.decode_bytes(ids) == sample.encode()
broken = b"a\xff\xfeb\xe6\x97"
assert tokenizer.decode_bytes(tokenizer(broken.decode("utf-8", "surrogateescape"))["input_ids"]) == broken
sys.stdout.buffer.write(text)
"""


class TransformersTest(StudyTest):
    def setUp(self):
        super().setUp()
        self.python = os.environ.get("NAS_HF_PYTHON")
        if not self.python or not os.path.exists(self.python):
            self.lack("NAS_HF_PYTHON (a Python with torch, transformers and onnx) is not there")
        tiny_text(self.folder / "corpus.txt")

    def exported(self, **changes):
        study, folder = self.folder / "study", self.folder / "hf"
        config = tiny_training(self.folder / "corpus.txt")
        config["training"]["steps"] = 60
        self.succeed("search", "--config", self.config(config, **changes), "--study", study)
        said = self.succeed("export", study, "--format", "safetensors", "--output", folder, "--python", self.python).stdout
        self.assertIn("and transformers", said)
        self.assertIn("the tokenizer in transformers: ids and text of a sample are equal", said)
        self.assertNotIn("not done", said)
        return study, folder

    def check_transformers(self, study, folder):
        result = subprocess.run(
            [self.python, "-W", "ignore", "-c", CHECK, folder, PROMPT, "30", self.folder / "hub",
             SOURCE / "docs/determinism.md"], capture_output=True, cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        for model in (study, folder):
            self.assertEqual(self.generate(model, "--prompt", PROMPT, "--tokens", 30), result.stdout)

    def run_script(self, folder, *arguments):
        result = subprocess.run([self.python, "-W", "ignore", folder / "export_onnx.py", *map(str, arguments)],
                                capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_bytes(self):
        study, folder = self.exported()
        self.check_transformers(study, folder)
        said = self.run_script(folder)
        self.assertIn("loaded back, logits agree", said)
        self.assertTrue((folder / "model.onnx").exists())
        said = self.run_script(folder, "--format", "torch-export", "--output", self.folder / "x.pt2")
        self.assertIn("loaded back, logits agree", said)
        # What the script made is part of an export, which is replaced as a whole.
        self.succeed("export", study, "--format", "safetensors", "--output", folder, "--no-loss")
        self.assertFalse((folder / "model.onnx").exists())

    def test_sentencepiece_and_learned_positions(self):
        with open(self.folder / "corpus.txt", "a") as corpus:
            corpus.write((SOURCE / "docs/run-format.md").read_text() * 3)
        study, folder = self.exported(data__tokenizer={"kind": "sentencepiece", "vocab_size": 512},
                                      model={"positions": "learned", "max_len": 64})
        self.check_transformers(study, folder)
        config = json.loads((folder / "config.json").read_text())
        self.assertEqual(config["max_position_embeddings"], 64)
        self.assertTrue((folder / "tokenizer.model").exists())
        self.check(self.nas("generate", folder, "--prompt", "a", "--context", 65), 2, "64")
        self.generate(folder, "--prompt", "a", "--tokens", 80)  # beyond the table: its last 64 tokens
        said = self.run_script(folder, "--format", "torch-export")
        self.assertIn("at 4 sizes", said)
        (self.folder / "corpus.txt").write_text((SOURCE / "docs/determinism.md").read_text() * 6)
        self.check(self.nas("generate", study, "--prompt", "a"), 2, "its tokenizer cannot be made again")
        self.check(self.nas("export", study, "--format", "safetensors", "--output", self.folder / "x"), 2,
                   "its tokenizer cannot be made again")
        self.check(self.nas("export", study, "--output", self.folder / "x.pt", "--no-loss"), 0, "holds no tokenizer")
        self.check(self.nas("generate", self.folder / "x.pt", "--prompt", "a"), 2, "\"tokenizer\"")


if __name__ == "__main__":
    unittest.main(verbosity=2)
