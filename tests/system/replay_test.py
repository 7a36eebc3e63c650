"""nas replay reproduces every trial bit for bit, and notices when one is not what is stored."""
import json
import sqlite3
import unittest

from program import StudyTest, tiny_text, tiny_training


class ReplayTest(StudyTest):
    def setUp(self):
        super().setUp()
        tiny_text(self.folder / "corpus.txt")
        self.study = self.folder / "study"
        self.succeed("search", "--config",
                     self.config(tiny_training(self.folder / "corpus.txt"), search__parallelism=4), "--study", self.study)

    def test_every_trial(self):
        trials = json.loads(self.succeed("trials", self.study, "--format", "json").stdout)
        said = self.succeed("replay", self.study, "--all").stdout
        self.assertEqual(said.count("bit-identical"), len(trials))

    def test_every_trial_of_several_seeds_and_objectives(self):
        study = self.folder / "several"
        config = dict(tiny_training(self.folder / "corpus.txt"), repeat={"seeds": 2},
                      objectives=[{"metric": "val_loss_nats"}, {"metric": "latency_us"}],
                      profile={"latency": True, "batch": 1, "seq": 16, "repeats": 3, "warmup": 1})
        self.succeed("search", "--config", self.config(config, search__parallelism=2, verify__top=0,
                                                       budget__trials=5), "--study", study)
        self.assertEqual(self.succeed("replay", study, "--all").stdout.count("bit-identical"), 5)

    def test_weights_stay_where_others_come_out(self):
        """--keep brings lost weights back, and leaves those that are there when this machine computes others."""
        best = json.loads(self.succeed("best", self.study, "--format", "json").stdout)["number"]
        folder = self.study / "trials" / str(best)
        weights = folder / "model.safetensors"
        content = weights.read_bytes()
        other = self.nas("replay", self.study, best, "--keep", environment={"ATEN_CPU_CAPABILITY": "default"})
        self.assertEqual(weights.read_bytes(), content)
        if other.returncode == 0:
            print("not shown: the plain kernels compute the same bits here")
        else:
            self.check(other, 1)
        weights.unlink()
        self.succeed("replay", self.study, best, "--keep")
        self.assertEqual(weights.read_bytes(), content)
        self.assertEqual([path.name for path in folder.iterdir()], ["model.safetensors"])
        self.succeed("export", self.study, "--output", self.folder / "model.pt")

    def test_a_changed_value_is_noticed(self):
        best = json.loads(self.succeed("best", self.study, "--format", "json").stdout)["number"]
        with sqlite3.connect(self.study / "study.db") as database:
            database.execute("update trial_values set value = value * (1 + 1e-15) where trial_id = "
                             "(select trial_id from trials where number = ?)", (best,))
        result = self.nas("replay", self.study, best)
        self.assertEqual(result.returncode, 1)
        self.assertIn("value: stored", result.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
