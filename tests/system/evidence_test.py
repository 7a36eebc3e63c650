"""scripts/evidence/primer at a tiny size: its table, and that a second call does nothing again."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from program import PROGRAM, SOURCE, StudyTest, tiny_text, tiny_training

SEEDS = 2
SEARCH_SECONDS = 30
STEPS = 15
TRIALS = 3


def tiny_dna(corpus):
    config = tiny_training(corpus)
    config["space"].update(model_dim=32, inner_dim=64)
    config["training"]["eval_batches"] = 64  # text enough for xz to pay for its header
    config["space"]["layer"] = {"program": {
        "language": "dna", "vocabulary": "primer", "initial": "primer_transformer", "max_nodes": 256,
        "max_instructions": 128, "sample_mutations": 2}}
    return config


class EvidenceTest(StudyTest):
    def setUp(self):
        super().setUp()
        tiny_text(self.folder / "corpus.txt")
        self.configuration = self.config(tiny_dna(self.folder / "corpus.txt"))
        self.output = self.folder / "evidence"

    def evidence(self):
        done = subprocess.run(
            [SOURCE / "scripts/evidence/primer", self.output, str(SEARCH_SECONDS), str(STEPS), "--config",
             self.configuration, "--seeds", str(SEEDS), "--trials", str(TRIALS)],
            capture_output=True, text=True, cwd=self.folder, env=dict(self.environment, NAS=PROGRAM))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_table_and_nothing_twice(self):
        first = self.evidence()
        results = json.loads((self.output / "results.json").read_text())
        self.assertEqual(set(results["trainings"]), {"winner", "random_winner", "initial", "vanilla", "primer_ez"})
        for name, search in results["searches"].items():
            self.assertEqual(search["trials"], TRIALS, name)
            self.assertEqual(search["complete"] + search["pruned"] + search["failed"], TRIALS, name)
            self.assertEqual(search["winner"], search["verification"]["winner"], name)
            self.assertIn(f"trial {search['winner']}: ", first.stdout)
            self.assertIn("(initial layer ", first.stdout)
        for name, row in results["trainings"].items():
            metrics = json.loads((self.output / "train" / name / "metrics.json").read_text())
            self.assertEqual(row["values"], [seed["value"] for seed in metrics["seeds"]], name)
            self.assertEqual(len(set(row["values"])), SEEDS, "each seed has its own value")
            self.assertIn(f"| {name} | {sum(row['values']) / SEEDS:.4f} ", first.stdout)
        self.assertGreater(results["trainings"]["primer_ez"]["params"], results["trainings"]["vanilla"]["params"])
        self.assertEqual(results["xz"]["bytes"], results["xz"]["windows"] * 16)
        self.assertTrue(0 < results["xz"]["bits_per_byte"] < 8)
        self.assertIn("2 fresh seeds of 15 steps", first.stdout)
        second = self.evidence()
        self.assertEqual(second.stdout, first.stdout)
        self.assertNotIn("evidence: ", second.stderr)

    def test_seconds_before_a_kill_count(self):
        """What is left for a search is its budget less the seconds by the clock, whatever its workers did in them."""
        command = [SOURCE / "scripts/evidence/primer", self.output, str(SEARCH_SECONDS), str(STEPS), "--config",
                   self.configuration, "--seeds", str(SEEDS)]
        spent = self.output / "evolution.seconds"
        begun = subprocess.Popen(command, cwd=self.folder, env=dict(self.environment, NAS=PROGRAM), start_new_session=True,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not spent.exists() or float(spent.read_text()) < 3:
            self.assertIsNone(begun.poll(), "ended early")
            time.sleep(0.1)
        os.killpg(begun.pid, signal.SIGKILL)
        begun.wait()
        said = self.evidence().stderr
        left = float(re.search(r"evolution: (\d+) s of search", said).group(1))
        self.assertLessEqual(left, SEARCH_SECONDS - 2)

    def test_goes_on_where_it_was_stopped(self):
        first = self.evidence().stdout
        (self.output / "random.json").unlink()
        shutil.rmtree(self.output / "train/vanilla")
        again = self.evidence()
        self.assertEqual(again.stdout, first)
        self.assertIn("vanilla: 2 trainings", again.stderr)
        self.assertNotIn("winner: 2 trainings", again.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
