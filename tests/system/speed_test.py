"""scripts/evidence/speed at its smallest, on the CPU: its tables, and that a second call measures nothing again."""
import json
import os
import subprocess
import unittest

from program import PROGRAM, SOURCE, StudyTest, tiny_text

SMALL = ("space.layers=1", "space.model_dim=32", "space.inner_dim=64", "training.steps=8", "training.batch_size=2",
         "training.seq_len=16", "training.eval_batches=1", "training.schedule.warmup_steps=1", "data.tokenizer.kind=bytes",
         "data.tokenizer.vocab_size=256", "budget.trials=4")


class SpeedTest(StudyTest):
    def setUp(self):
        super().setUp()
        self.python = os.environ.get("NAS_TEST_PYTHON")
        if not self.python:
            self.lack("NAS_TEST_PYTHON (a Python with torch) is not set")
        self.output = self.folder / "speed"

    def speed(self, *arguments):
        done = subprocess.run(
            [SOURCE / "scripts/evidence/speed", self.output, "--device", "cpu", "--modes", "eager", *map(str, arguments)],
            capture_output=True, text=True, cwd=self.folder,
            env=dict(self.environment, NAS=PROGRAM, NAS_TORCH_PYTHON=self.python))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done, json.loads((self.output / "results.json").read_text())

    def test_tables_and_nothing_twice(self):
        arguments = ("--parts", "steps", "cpu", "--sizes", "tiny", "--models", "primer", "--groups", 1, "--steps", 1,
                     "--cpu-groups", 1, "--cpu-steps", 1, "--threads", 1)
        first, results = self.speed(*arguments)
        steps, cpu = results["steps"]["primer-tiny"], results["cpu"]["primer-tiny"]
        self.assertEqual(set(steps), {"nas", "nas, not deterministic", "nas, unfused", "torch, eager"})
        self.assertEqual(len({row["params"] for row in (*steps.values(), *cpu.values())}), 1, "the same model")
        for row in (*steps.values(), *cpu.values()):
            self.assertGreater(row["step_ms"], 0)
        self.assertEqual(cpu["torch, eager"]["threads"], 1)
        self.assertEqual(first.stdout.count("| primer-tiny | torch, eager | "), 2)
        second, _ = self.speed(*arguments)
        self.assertEqual(second.stdout, first.stdout)
        self.assertNotIn("primer-tiny", second.stderr)

    def test_losses_of_fused_and_unfused_trainings(self):
        tiny_text(self.folder / "corpus.txt")
        settings = [word for setting in (*SMALL, f"data.corpus={self.folder}/corpus.txt") for word in ("--set", setting)]
        first, results = self.speed("--parts", "losses", "--loss-size", "tiny", "--loss-seeds", 2, "--loss-steps", 30, *settings)
        losses = results["losses"]["primer-tiny"]
        self.assertEqual([list(seed) for seed in losses["fused"]], [["6", "12", "18", "24", "30"]] * 2)
        for fused, unfused in zip(losses["fused"], losses["unfused"]):
            for step, loss in fused.items():
                self.assertAlmostEqual(loss, unfused[step], delta=1e-3)
        self.assertEqual(first.stdout.count("| 30 | "), 2)

    def test_searches_beside_torch(self):
        tiny_text(self.folder / "corpus.txt")
        settings = [word for setting in (*SMALL, f"data.corpus={self.folder}/corpus.txt") for word in ("--set", setting)]
        arguments = ("--parts", "search", "packing", "--warm-up", 1, "--workers", 1, 2, "--document-trials", 2, "--extrapolate", 1,
                     "--searches", "search-small",
                     *settings)
        first, results = self.speed(*arguments)
        search, packing = results["search"]["search-small"], list(results["packing"].values())
        self.assertEqual([row["workers"] for row in packing], [1, 2])
        for rows in (packing, [search["nas"], search["nas, one at a time"]]):
            self.assertEqual(len({row["results_hash"] for row in rows}), 1, "the same bits")
        self.assertEqual(search["nas, documents apart"]["trials"], 2)
        self.assertEqual(first.stdout.count(": the same bits."), 2)
        theirs = search["torch, eager"]
        self.assertEqual(theirs["programs"], search["nas"]["complete"])
        self.assertEqual(theirs["failed"], 0)
        self.assertTrue(theirs["extrapolated"])
        self.assertIn("| torch, eager | cpu | 1 | 4 | 0 | ", first.stdout)
        second, _ = self.speed(*arguments)
        self.assertEqual(second.stdout, first.stdout)
        self.assertNotIn("search", second.stderr)
        self.check_programs()

    def check_programs(self):
        """The programs that PyTorch trained are the study's, and one that it does not run is told."""
        study, programs = self.output / "studies/search-small", self.output / "programs/search-small"
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        (programs / "9999.py").write_text("class NasModel:\n    pass\n")
        done = subprocess.run(
            [self.python, SOURCE / "scripts/peers/torch_search.py", programs, "--device", "cpu", "--steps", "6", "--batch", "2",
             "--seq", "16", "--vocab", "256"], capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        *rows, whole = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertIn("AttributeError", rows.pop()["failed"])
        self.assertEqual([whole["programs"], whole["failed"], whole["extrapolated"]], [len(rows) + 1, 1, False])
        self.assertTrue(any(row["attentions"] for row in rows), "none has softmax attention")
        for row in rows:
            self.assertEqual(row["params"], trials[int(row["program"])]["metrics"]["params"]["value"])
            self.assertEqual(row["timed_steps"], 1)


if __name__ == "__main__":
    unittest.main()
