"""nas train: one architecture for longer, several seeds, killed and continued, refused when it is another."""
import json
import math
import re
import signal
import statistics
import unittest

from program import StudyTest, tiny_text, tiny_training

# Student's t(0.975) with 2 degrees of freedom, from tables.
T_TWO = 4.302652729911275


class TrainTest(StudyTest):
    def architecture(self):
        study = self.folder / "study"
        self.succeed("search", "--config", self.config(), "--study", study)
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        path = self.folder / "arch.json"
        path.write_text(json.dumps(best))  # the architecture is taken from it
        return study, best, path

    def real(self):
        """A tiny configuration of real trainings and an architecture that fits it."""
        tiny_text(self.folder / "corpus.txt")
        config = self.config(tiny_training(self.folder / "corpus.txt"), budget__trials=1, verify__top=0)
        study = self.folder / "study"
        self.succeed("search", "--config", config, "--study", study)
        return config, study

    def metrics(self, folder):
        metrics = json.loads((folder / "metrics.json").read_text())
        for seed in metrics["seeds"]:
            del seed["seconds"]
            for name in ("train_seconds", "steps_per_second"):
                seed["scores"].pop(name, None)
        for name in ("train_seconds", "steps_per_second"):
            metrics["summary"].pop(name, None)
        return metrics

    def test_a_trial_for_longer_with_error_bars(self):
        study, _, _ = self.architecture()
        output = self.folder / "long"
        said = self.succeed("train", study, "--trial", 0, "--set", "synthetic.noise=0.5", "--steps", 40, "--output", output)
        self.assertIn("95 % interval", said.stdout)
        metrics = self.metrics(output)
        self.assertTrue(metrics["finished"])
        self.assertEqual([seed["repeat"] for seed in metrics["seeds"]], [1, 2, 3])
        values = [seed["value"] for seed in metrics["seeds"]]
        self.assertEqual(len(set(values)), 3, "three seeds, three values")
        summary = metrics["summary"]["value"]
        mean, deviation = statistics.mean(values), statistics.stdev(values)
        self.assertAlmostEqual(summary["mean"], mean)
        self.assertAlmostEqual(summary["deviation"], deviation)
        half = T_TWO * deviation / math.sqrt(3)
        self.assertAlmostEqual(summary["interval_95"][0], mean - half)
        self.assertAlmostEqual(summary["interval_95"][1], mean + half)

    def test_a_seed_is_exported_and_generates(self):
        config, study = self.real()
        output = self.folder / "long"
        self.succeed("train", study, "--trial", 0, "--config", config, "--seeds", 2, "--output", output)
        values = [seed["value"] for seed in self.metrics(output)["seeds"]]
        best = 1 + values.index(min(values))
        said = self.succeed("export", output, "--output", self.folder / "best.pt").stdout
        self.assertIn(f"exported  seed {best} to ", said)
        # The exported fp32 model has the loss that its training ended with.
        bits = float(re.search(r"([0-9.]+) bits/byte", said).group(1))
        self.assertAlmostEqual(bits, min(values), places=5)
        other = 3 - best
        said = self.succeed("export", output, "--train-seed", other, "--format", "safetensors", "--no-loss",
                            "--output", self.folder / "hf", timeout=600).stdout
        self.assertIn(f"exported  seed {other} to ", said)
        card = (self.folder / "hf/README.md").read_text()
        self.assertIn(f", seed {other}\n", card)
        self.assertIn("over 2 seeds", card)
        self.assertEqual(self.generate(output, "--train-seed", other, "--prompt", "if", "--temperature", 0, "--tokens", 8),
                         self.generate(self.folder / "hf", "--prompt", "if", "--temperature", 0, "--tokens", 8))
        self.check(self.nas("export", output, "--train-seed", 3, "--output", self.folder / "no.pt"), 2, "seed 3")
        self.check(self.nas("export", output, "--trial", 0, "--output", self.folder / "no.pt"), 2, "--train-seed")
        self.check(self.nas("export", study, "--train-seed", 1, "--output", self.folder / "no.pt"), 2, "--trial")

    def test_finished_more_seeds_and_another_configuration(self):
        study, _, arch = self.architecture()
        output = self.folder / "long"
        command = ["train", study, "--output", output, "--seeds", 2]
        self.succeed(*command)
        before = self.metrics(output)
        again = self.succeed(*command)
        self.assertIn("is finished", again.stderr)
        self.assertEqual(self.metrics(output), before)
        self.succeed("train", study, "--output", output, "--seeds", 4)
        self.assertEqual(self.metrics(output)["seeds"][:2], before["seeds"])
        self.assertEqual(len(self.metrics(output)["seeds"]), 4)
        self.check(self.nas(*command, "--steps", 21), 2, "holds another training:\n  training.steps: 20 -> 21", "--output")
        other = json.loads(arch.read_text())["architecture"]
        other["layers"][0]["heads"] = 8
        arch.write_text(json.dumps(other))
        self.check(self.nas("train", "--arch", arch, "--config", study / "config.resolved.json", "--output", output),
                   2, "architecture: ")
        self.check(self.nas("train", study, "--output", study), 2, "holds something else")

    def test_killed_and_continued_it_is_the_same(self):
        config, study = self.real()
        base = ["train", study, "--seeds", 2, "--steps", 20, "--set", "training.checkpoint_every=4", "--output"]
        whole, killed = self.folder / "whole", self.folder / "killed"
        self.succeed(*base, whole)
        for phase in ("build:1", "train:6", "train:9", "evaluate:1", "train:3"):
            process = self.start(*base, killed, environment={"NAS_TEST_DIE_IN": phase})
            process.communicate(timeout=300)
            self.assertEqual(process.returncode, -signal.SIGKILL, phase)
        for k in (1, 4, 9):
            process = self.start(*base, killed, environment={"NAS_TEST_DIE_AT": str(k)})
            process.communicate(timeout=300)
            self.assertIn(process.returncode, (0, -signal.SIGKILL), k)
        self.succeed(*base, killed)
        self.assertEqual(self.metrics(killed), self.metrics(whole))
        for seed in (1, 2):
            self.assertEqual((killed / f"seed-{seed}/model.safetensors").read_bytes(),
                             (whole / f"seed-{seed}/model.safetensors").read_bytes())
        self.assertEqual(sorted(p.name for p in (whole / "tensorboard").iterdir()), ["seed-1", "seed-2"])

    def test_interrupted_it_says_how_to_go_on(self):
        study, _, _ = self.architecture()
        process = self.start("train", study, "--output", self.folder / "long", "--steps", 100000,
                             "--set", "synthetic.step_microseconds=1000")
        for line in process.stderr:  # the first progress line: it trains
            if "seed 1/3" in line:
                break
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, stderr)
        self.assertIn("the same command goes on", stderr)

    def test_an_architecture_alone_and_wrong_usage(self):
        study, best, arch = self.architecture()
        output = self.folder / "long"
        self.succeed("train", "--arch", arch, "--set", "evaluator=synthetic", "--steps", 5, "--seeds", 1, "--output", output)
        metrics = self.metrics(output)
        self.assertEqual(metrics["architecture_hash"], best["hash"])
        self.assertIsNone(metrics["summary"]["value"]["deviation"])
        self.check(self.nas("train", "--output", output), 2, "name a study, or --arch FILE")
        self.check(self.nas("train", study, "--arch", arch, "--output", output), 2, "name a study, or --arch FILE")
        self.check(self.nas("train", study, "--trial", 99, "--output", self.folder / "x"), 2, "there is no trial 99")
        self.check(self.nas("train", study, "--output", self.folder / "x", "--set", "synthetic.fail_share=1"), 5,
                   "no seed was trained to its end")

    def test_budgets(self):
        config, study = self.real()
        flops = self.folder / "flops"
        self.succeed("search", "--config", config, "--study", flops, "--set", "~training.steps", "--set",
                     "training.budget.flops=2e8", "--set", "budget.trials=4")
        self.assertIn("bit-identical", self.succeed("replay", flops, "--all").stdout)
        self.assertNotIn("not reproducible", self.succeed("status", flops).stdout)
        clock = self.folder / "clock"
        self.succeed("search", "--config", config, "--study", clock, "--set", "~training.steps", "--set",
                     "training.budget.seconds=0.2", "--set", "budget.trials=2")
        self.assertIn("not reproducible: training.budget.seconds", self.succeed("status", clock).stdout)
        self.assertIn("do not repeat", self.nas("replay", clock, 0).stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
