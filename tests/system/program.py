"""What the system tests share: running the built program and making small studies."""
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ["NAS_PROGRAM"]

SYNTHETIC = {
    "name": "synthetic",
    "seed": 7,
    "device": "cpu",
    "evaluator": "synthetic",
    "space": {
        "layers": 1,
        "model_dim": 32,
        "heads": 4,
        "inner_dim": {"choice": [32, 64, 128], "initial": 64},
        "layer": {
            "program": {
                "vocabulary": "causal",
                "max_nodes": 60,
                "sample_mutations": 4,
                "initial": {"mixer": "softmax_attention", "feed_forward": "relu",
                            "norm": "layer_norm", "norm_place": "pre"},
            }
        },
    },
    "search": {"name": "regularized_evolution", "parallelism": 1,
               "options": {"population": 8, "tournament": 3}},
    "training": {"steps": 20, "eval_every": 5, "checkpoint_every": 5, "batch_size": 4, "seq_len": 16,
                 "hurdles": {"count": 2, "minimum": 3}},
    "budget": {"trials": 12},
    "verify": {"top": 1, "repeats": 2},
}


def tiny_text(path, lines=4000):
    """A corpus that a tiny model learns something from."""
    words = ["alpha", "beta", "gamma", "delta", "if", "then", "return", "while"]
    with open(path, "w") as file:
        for i in range(lines):
            file.write(" ".join(words[(i * 7 + j * (i % 5 + 1)) % len(words)] for j in range(6)) + "\n")


# Several trainings of each candidate, two objectives, a verification beside random search.
EVERYTHING = dict(SYNTHETIC, name="everything", repeat={"seeds": 2},
                  synthetic={"noise": 0.05},
                  objectives=[{"metric": "val_bpb"}, {"metric": "params"}],
                  budget={"trials": 6},
                  verify={"top": 2, "repeats": 2, "random_search": True})


# SYNTHETIC's search in Primer's own language: subprograms with banks.
DNA = dict(SYNTHETIC, name="dna",
           space={"layers": 1, "model_dim": 32, "heads": 4, "inner_dim": 128,
                  "layer": {"program": {"language": "dna", "vocabulary": "primer", "initial": "primer_transformer",
                                        "max_nodes": 256}}})


def tiny_documents(folder, files=300):
    """A corpus of many short files, so that most windows hold several documents."""
    folder.mkdir()
    for i in range(files):
        (folder / f"{i}.txt").write_text(f"file {i} counts {i % 7} and {i % 11}\n"[:8 + i % 20])


def tiny_training(corpus):
    """SYNTHETIC's search on a real, tiny training."""
    config = json.loads(json.dumps(SYNTHETIC))
    del config["evaluator"]
    config.update(name="tiny", data={"corpus": str(corpus), "tokenizer": {"kind": "bytes"}})
    config["space"]["model_dim"] = 16
    config["space"]["heads"] = 2
    config["space"]["inner_dim"] = {"choice": [16, 32], "initial": 32}
    config["training"].update(steps=12, eval_every=0, checkpoint_every=4, eval_batches=2, seq_len=16)
    config["budget"]["trials"] = 8
    return config


class StudyTest(unittest.TestCase):
    """A temporary folder, the program, and looks into a study."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nas-system-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = dict(os.environ, XDG_CACHE_HOME=str(self.folder / "cache"))

    def lack(self, what):
        """Ends a test that cannot run: as failed where scripts/test has promised that all is there."""
        if "NAS_TEST_COMPLETE" in os.environ:
            self.fail(what)
        self.skipTest(what)

    def config(self, content=None, name="config.json", **changes):
        content = json.loads(json.dumps(SYNTHETIC if content is None else content))
        for key, value in changes.items():
            target = content
            *path, last = key.split("__")
            for part in path:
                target = target.setdefault(part, {})
            target[last] = value
        path = self.folder / name
        path.write_text(json.dumps(content, indent=1))
        return path

    def nas(self, *arguments, environment=None, timeout=300, program=PROGRAM):
        return subprocess.run(
            [program, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
            cwd=self.folder, env=dict(self.environment, **(environment or {})))

    def start(self, *arguments, environment=None):
        return subprocess.Popen(
            [PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, cwd=self.folder, env=dict(self.environment, **(environment or {})))

    def check(self, result, code, *texts):
        """The exit code and every text in stderr; the message itself shows on failure."""
        said = f"exit {result.returncode}\nstdout: {result.stdout}\nstderr: {result.stderr}"
        self.assertEqual(result.returncode, code, said)
        for text in texts:
            self.assertIn(text, result.stderr, said)

    def succeed(self, *arguments, **options):
        result = self.nas(*arguments, **options)
        self.check(result, 0)
        return result

    def generate(self, model, *arguments):
        """The text of `nas generate`, as bytes: it may be no UTF-8."""
        result = subprocess.run([PROGRAM, "generate", str(model), *map(str, arguments)], capture_output=True,
                                timeout=300, cwd=self.folder, env=self.environment)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def facts(self, study):
        """Everything of a study that must be the same whatever was killed."""
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        with sqlite3.connect(f"file:{study}/study.db?mode=ro", uri=True) as database:
            intermediate = database.execute(
                "select t.number, i.step, i.intermediate_value from trial_intermediate_values i "
                "join trials t using (trial_id) order by t.number, i.step").fetchall()
            attributes = database.execute(
                "select t.number, a.key, a.value_json from trial_user_attributes a "
                "join trials t using (trial_id) where a.key in ('nas:arch', 'nas:weights_hash', "
                "'nas:parents', 'nas:changes', 'nas:duplicate_of', 'nas:weights_hashes') order by t.number, a.key").fetchall()
        for trial in trials:
            del trial["seconds"]
            trial["metrics"] = {name: metric for name, metric in trial["metrics"].items()
                                if not name.startswith("latency") and not name.endswith("seconds")
                                and name != "steps_per_second"}
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        front = json.loads(self.succeed("pareto", study, "--format", "json").stdout)
        facts = {"trials": trials, "intermediate": intermediate, "attributes": attributes,
                 "best": best["hash"], "verification": best["verification"],
                 "front": [point["number"] for point in front["trials"]]}
        if (study / "random").exists():
            facts["random"] = self.facts(study / "random")
        return facts

    def assert_same(self, expected, study):
        found = self.facts(study)
        for part in expected:
            self.assertEqual(expected[part], found[part], f"{part} differs in {study}")
