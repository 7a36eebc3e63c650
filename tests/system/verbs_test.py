"""Every verb on a small study: contracts of the JSON formats, tables, help."""
import csv
import io
import json
import pathlib
import sqlite3
import unittest

from program import SOURCE, StudyTest, tiny_text, tiny_training


class VerbsTest(StudyTest):
    def study_of_synthetic(self):
        study = self.folder / "study"
        self.succeed("search", "--config", self.config(), "--study", study)
        return study

    def test_trials_formats_agree(self):
        study = self.study_of_synthetic()
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        self.assertEqual([trial["number"] for trial in trials], list(range(12)))
        for trial in trials:
            self.assertEqual(set(trial), {"number", "state", "reason", "values", "metrics", "hash", "parents", "seconds"})
            self.assertEqual(trial["state"] == "COMPLETE", trial["values"] is not None)
        rows = list(csv.DictReader(io.StringIO(self.succeed("trials", study, "--format", "csv").stdout)))
        self.assertEqual([row["state"] for row in rows], [trial["state"] for trial in trials])
        self.assertEqual(len(self.succeed("trials", study).stdout.splitlines()), 13)

    def test_best_is_the_best_and_cost_reads_it(self):
        study = self.study_of_synthetic()
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        least = min(trial["values"][0] for trial in trials if trial["values"])
        self.assertEqual(best["values"][0], least)
        path = self.folder / "arch.json"
        path.write_text(json.dumps(best["architecture"]))
        cost = json.loads(self.succeed("cost", "--arch", path, "--format", "json", "--seq", 16).stdout)
        self.assertEqual(set(cost), {"params", "decoder_params", "embedding_params", "flops_per_token",
                                     "activation_bytes", "peak_bytes"})
        self.assertEqual(cost["params"], best["metrics"]["params"]["value"])
        self.assertEqual(cost["flops_per_token"], best["metrics"]["flops_per_token"]["value"])
        self.assertIn("program(x: [batch, seq, model_dim])", self.succeed("show", study, best["number"]).stdout)

    def test_enqueued_architecture_is_the_first_trial(self):
        study = self.study_of_synthetic()
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        (self.folder / "arch.json").write_text(json.dumps(best["architecture"]))
        second = self.folder / "second"
        self.succeed("search", "--config", self.config(search__enqueue=[str(self.folder / "arch.json")]), "--study", second)
        trials = json.loads(self.succeed("trials", second, "--format", "json").stdout)
        self.assertEqual(trials[0]["hash"], best["hash"])
        self.assertEqual(trials[0]["values"], best["values"])

    def test_more_trials_after_the_end(self):
        study = self.study_of_synthetic()
        before = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        self.succeed("resume", study, "--set", "budget.trials=20")
        after = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        self.assertEqual(len(after), 20)
        self.assertEqual(before, after[:12])

    def test_status_shows_progress(self):
        study = self.study_of_synthetic()
        status = json.loads(self.succeed("status", study, "--format", "json").stdout)
        self.assertTrue(status["finished"])
        self.assertEqual(status["finished_trials"], 12)
        self.assertIn("12 of 12", self.succeed("status", study).stdout)
        self.succeed("status", study, "--watch")

    def test_configs_are_valid_and_dry_run(self):
        for path in sorted((SOURCE / "configs").glob("*.json")):
            self.assertIn("valid", self.succeed("validate", "--config", path.name).stdout)
        tiny_text(self.folder / "corpus.txt")
        dry = self.succeed("search", "--config", self.config(tiny_training(self.folder / "corpus.txt")), "--dry-run").stdout
        for word in ("space", "constraints", "memory", "training", "time"):
            self.assertIn(word, dry)
        self.assertFalse((self.folder / "runs").exists())

    def test_resolved_config_is_printed_and_read_back(self):
        path = self.config()
        first = self.succeed("search", "--config", path, "--print-config", "--set", "budget.trials=3").stdout
        (self.folder / "resolved.json").write_text(first)
        again = self.succeed("search", "--config", self.folder / "resolved.json", "--print-config").stdout
        self.assertEqual(first, again)
        self.assertEqual(json.loads(first)["budget"]["trials"], 3)

    def test_schema_keys_space_lists_doctor(self):
        schema = json.loads(self.succeed("validate", "--schema").stdout)
        self.assertIn("2020-12", schema["$schema"])
        keys = self.succeed("validate", "--keys").stdout
        self.assertIn("training.steps", keys)
        self.assertIn("inner_dim", self.succeed("space", "--config", self.config()).stdout)
        samples = self.succeed("space", "--config", self.config(), "--sample", 5).stdout.splitlines()
        self.assertEqual(len({json.dumps(json.loads(sample)) for sample in samples}), len(samples))
        for what, name in (("primitives", "causal_depthwise_conv"), ("blocks", "mdha"),
                           ("searchers", "regularized_evolution"), ("evaluators", "synthetic")):
            self.assertIn(name, self.succeed("list", what).stdout)
        self.assertIn("torch", self.succeed("doctor").stdout)

    def test_latency_is_recorded_and_constrains(self):
        tiny_text(self.folder / "corpus.txt")
        config = dict(tiny_training(self.folder / "corpus.txt"),
                      profile={"latency": True, "batch": 1, "seq": 16, "repeats": 5, "warmup": 2},
                      constraints=[{"metric": "latency_us", "max": 1}])
        study = self.folder / "study"
        result = self.nas("search", "--config", self.config(config, budget__trials=3), "--study", study)
        self.check(result, 5, "no trial was completed")
        for trial in json.loads(self.succeed("trials", study, "--format", "json").stdout):
            self.assertEqual((trial["state"], trial["reason"]), ("PRUNED", "constraint"))
            name, = [name for name in trial["metrics"] if name.startswith("latency_us[b1,s16,fp32,forward,")]
            self.assertGreater(trial["metrics"][name]["value"], 1)

    def test_progress_lines_when_not_on_a_terminal(self):
        result = self.succeed("search", "--config", self.config(), "--study", self.folder / "s")
        self.assertIn("trials", result.stderr)
        self.assertNotIn("\r", result.stderr)
        self.assertIn("best", result.stdout)
        self.assertIn("verdict", result.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
