"""The Hugging Face folder and `nas generate`: torch alone runs the folder, and greedy text is the same everywhere."""
import json
import os
import shutil
import subprocess
import unittest

from program import DNA, StudyTest, tiny_text, tiny_training

PROMPT = "alpha beta"
TOKENS = 40

# Greedy text by the exported code, with torch alone.
GREEDY = r"""
import sys
sys.path.insert(0, sys.argv[1])
sys.modules["transformers"] = None
import torch
from modeling_nas import load_model
model = load_model()
text = list(sys.argv[2].encode())
with torch.no_grad():
    for _ in range(int(sys.argv[3])):
        text.append(model(torch.tensor([text]))[0, -1].argmax().item())
sys.stdout.buffer.write(bytes(text))
"""


class HfExportTest(StudyTest):
    def setUp(self):
        super().setUp()
        self.python = os.environ.get("NAS_TEST_PYTHON")
        if not self.python:
            self.lack("NAS_TEST_PYTHON (a Python with torch) is not set")
        tiny_text(self.folder / "corpus.txt")
        self.study = self.folder / "study"

    def search(self, **changes):
        config = self.config(tiny_training(self.folder / "corpus.txt"), training__steps=60, **changes)
        self.succeed("search", "--config", config, "--study", self.study)

    def greedy_by_torch(self, folder):
        done = subprocess.run([self.python, "-W", "ignore", "-c", GREEDY, folder, PROMPT, str(TOKENS)], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def check_variant(self, **changes):
        """A search of two trials, its export run by torch, and the same greedy text everywhere."""
        self.search(budget__trials=2, verify__top=0, **changes)
        folder, script = self.folder / "hf", self.folder / "model.pt"
        said = self.succeed("export", self.study, "--format", "safetensors", "--output", folder, "--python", self.python).stdout
        self.assertIn("modeling_nas.py under torch", said)
        self.succeed("export", self.study, "--output", script, "--no-loss")
        greedy = self.text(self.study)
        self.assertEqual(self.greedy_by_torch(folder), greedy)
        for model in (folder, script):
            self.assertEqual(self.text(model), greedy, model)

    def test_a_dna(self):
        self.check_variant(space=dict(DNA["space"]))

    def test_positions_of_t5(self):
        self.check_variant(model={"positions": "t5"}, space={
            "layers": 2, "model_dim": 16, "heads": 2, "inner_dim": 32, "mixer": "t5_attention",
            "feed_forward": {"choice": ["relu", "squared_relu"]}}, search={"name": "random"})

    def text(self, model, *arguments, tokens=TOKENS):
        return self.generate(model, "--prompt", PROMPT, "--tokens", tokens, *arguments)

    def test_folder_and_generation(self):
        self.search()
        folder, script = self.folder / "out/hf", self.folder / "model.pt"
        said = self.succeed("export", self.study, "--format", "safetensors", "--output", folder,
                            "--python", self.python).stdout
        for text in ("exported", "logits bit for bit at 4 sizes", "modeling_nas.py under torch", "not done"):
            self.assertIn(text, said)
        self.check_files(folder)
        self.succeed("export", self.study, "--output", script, "--no-loss")

        greedy = self.text(self.study)
        self.assertTrue(greedy.startswith(PROMPT.encode()))
        self.assertEqual(len(greedy), len(PROMPT) + TOKENS)
        self.assertEqual(self.greedy_by_torch(folder), greedy)
        drawn = ("--temperature", 1.5, "--top-k", 40, "--seed", 3)
        sampled = self.text(self.study, *drawn)
        for model in (folder, script):
            self.assertEqual(self.text(model), greedy, model)
            self.assertEqual(self.text(model, *drawn), sampled, model)
        self.assertNotEqual(sampled, greedy)
        self.assertNotEqual(sampled, self.text(self.study, *drawn[:-1], 4))
        self.assertEqual(self.text(self.study, "--top-k", 1, "--temperature", 2), greedy)
        self.check_replacing(folder)
        self.check_generate_refusals(folder, script)

    def check_files(self, folder):
        self.assertEqual({path.name for path in folder.iterdir()},
                         {"README.md", "config.json", "export_onnx.py", "generation_config.json", "model.safetensors",
                          "modeling_nas.py", "tokenization_nas.py", "tokenizer_config.json"})
        best = json.loads(self.succeed("best", self.study, "--format", "json").stdout)
        config = json.loads((folder / "config.json").read_text())
        self.assertEqual(config["model_type"], "nas")
        self.assertEqual(config["nas"]["architecture"], best["architecture"])
        self.assertEqual(config["nas"]["architecture_hash"], best["hash"])
        self.assertEqual(config["nas"]["trial"], best["number"])
        card = (folder / "README.md").read_text()
        for text in (best["hash"], "trust_remote_code", "## Limits", "fresh seeds"):
            self.assertIn(text, card)
        self.assertEqual([path.name for path in folder.parent.iterdir()], ["hf"], "something was left behind")

    def check_replacing(self, folder):
        """An export is replaced whole; what is not an export stays."""
        trials = json.loads(self.succeed("trials", self.study, "--format", "json").stdout)
        best = json.loads((folder / "config.json").read_text())["nas"]["trial"]
        other = next(t["number"] for t in trials if t["state"] == "COMPLETE" and t["number"] != best)
        export = ("export", self.study, "--format", "safetensors", "--no-loss", "--output")
        (folder / "__pycache__").mkdir(exist_ok=True)
        self.succeed(*export, folder, "--trial", other, "--python", self.python)
        self.assertEqual(json.loads((folder / "config.json").read_text())["nas"]["trial"], other)
        self.assertFalse((folder / "__pycache__").exists())
        self.assertEqual([path.name for path in folder.parent.iterdir()], ["hf"])

        notes = folder / "notes.txt"
        notes.write_text("mine")
        self.check(self.nas(*export, folder), 2, "notes.txt", "another folder")
        self.assertEqual(notes.read_text(), "mine")
        notes.unlink()
        foreign = self.folder / "foreign"
        foreign.mkdir()
        (foreign / "config.json").write_text('{"model_type": "llama"}')
        self.check(self.nas(*export, foreign), 2, "not empty and no export of nas")
        self.assertEqual([path.name for path in foreign.iterdir()], ["config.json"])
        self.check(self.nas(*export, self.folder / "corpus.txt"), 2, "no folder")
        self.check(self.nas(*export, self.folder / "corpus.txt/hf"), 1, "corpus.txt")
        self.check(self.nas(*export, self.folder / "x", "--python", "/no/such/python"), 2, "--python /no/such/python")
        self.check(self.nas("export", self.study, "--output", self.folder / "x.pt", "--python", self.python), 2,
                   "--format safetensors")
        failed = self.nas(*export, self.folder / "full", environment={"NAS_TEST_FAIL_AT": "5"})
        self.check(failed, 1, "No space left")
        for name in ("x", "full"):
            self.assertEqual(list(self.folder.glob(name + "*")), [], "a refused export left something")

        pruned = next(trial["number"] for trial in trials if trial["state"] == "PRUNED")
        self.check(self.nas(*export, self.folder / "x", "--trial", pruned), 2, "PRUNED")
        weights = self.study / "trials" / str(other) / "model.safetensors"
        weights.rename(self.folder / "hidden")
        self.check(self.nas(*export, self.folder / "x", "--trial", other), 1, "nas replay")
        self.check(self.nas("generate", self.study, "--prompt", "a", "--trial", other), 1, "nas replay")
        (self.folder / "hidden").rename(weights)

    def check_generate_refusals(self, folder, script):
        def generate(model, *more):
            return self.nas("generate", model, "--prompt", PROMPT, *more)

        self.check(generate(self.folder / "nothing"), 2, "there is no", "nothing")
        self.check(generate(self.folder), 2, "is no study, no training")
        self.check(generate(self.folder / "corpus.txt"), 2, "cannot be loaded as a TorchScript file")
        self.check(generate(script, "--trial", 0), 2, "--trial")
        self.check(generate(self.study, "--trial", 99), 2, "99")
        self.check(generate(self.study, "--temperature", -1), 2)
        somebodys = self.folder / "somebodys.pt"
        subprocess.run([self.python, "-W", "ignore", "-c",
                        "import sys, torch; torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), sys.argv[1])",
                        somebodys], check=True, stderr=subprocess.DEVNULL)
        self.check(generate(somebodys), 2, "nas.json", "nas export")
        broken = self.folder / "broken"
        shutil.copytree(folder, broken)
        content = (broken / "model.safetensors").read_bytes()
        (broken / "model.safetensors").write_bytes(content[:-8])
        self.check(generate(broken), 2, "model.safetensors")
        (broken / "model.safetensors").unlink()
        self.check(generate(broken), 1, "model.safetensors")
        config = json.loads((broken / "config.json").read_text())
        config["nas"]["format"] = 99
        (broken / "config.json").write_text(json.dumps(config))
        self.check(generate(broken), 2, "newer nas")

    def test_bytes_are_passed_through(self):
        """Bytes drawn at random are mostly no UTF-8, and reach the output as they are."""
        self.search(budget__trials=1, verify__top=0)
        text = self.text(self.study, "--temperature", 1e6, "--seed", 1, tokens=300)
        self.assertEqual(len(text), len(PROMPT) + 300)
        with self.assertRaises(UnicodeDecodeError):
            text.decode()

    def test_prompt_tokens_and_context(self):
        self.search(budget__trials=1, verify__top=0)
        self.assertEqual(len(self.generate(self.study, "--prompt", "", "--tokens", 5)), 5)
        self.assertEqual(self.text(self.study, tokens=0), PROMPT.encode())
        # A model that sees one token gives after it always the same.
        text = self.text(self.study, "--context", 1, tokens=60)[len(PROMPT) - 1:]
        self.assertEqual(len(set(zip(text, text[1:]))), len(set(text[:-1])))


if __name__ == "__main__":
    unittest.main(verbosity=2)
