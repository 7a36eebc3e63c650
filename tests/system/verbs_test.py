"""Every verb on a small study: contracts of the JSON formats, tables, help."""
import csv
import io
import json
import pathlib
import sqlite3
import time
import unittest

from program import DNA, EVERYTHING, SOURCE, SYNTHETIC, StudyTest, tiny_text, tiny_training


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
        for row, trial in zip(rows, trials, strict=True):
            self.assertEqual([row[name] for name in ("number", "state", "reason", "hash", "parents")],
                             [str(trial["number"]), trial["state"], trial["reason"] or "", trial["hash"],
                              " ".join(map(str, trial["parents"]))])
            value = row["objective:val_bpb"]
            self.assertEqual([float(value)] if value else None, trial["values"])
            for name, metric in trial["metrics"].items():
                self.assertEqual(float(row[name]), metric["value"])
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

    def enqueue(self, entries, name, content=SYNTHETIC):
        """The study `name` of a search that begins with the entries."""
        study = self.folder / name
        config = self.config(content, f"{name}.json", search__enqueue=entries, budget__trials=4)
        self.succeed("search", "--config", config, "--study", study)
        return study

    def test_a_dna_is_enqueued_by_path_and_in_place(self):
        config = self.config(DNA)
        sample = self.succeed("space", "--config", config, "--sample", 1, "--form", "sample").stdout
        study = self.enqueue([json.loads(sample)], "first", DNA)
        first = json.loads(self.succeed("best", study, "--format", "json").stdout)
        best = self.folder / "best.json"
        best.write_text(json.dumps(first))
        program = self.succeed("show", study, 0).stdout
        for line in json.loads(sample)["programs"]["layer.program"]:
            self.assertIn(line, program)
        second = self.enqueue([str(best)], "second", DNA)
        again = json.loads(self.succeed("trials", second, "--format", "json").stdout)
        self.assertEqual(again[0]["hash"], first["hash"])

    def test_a_study_goes_on_without_the_files_that_began_it(self):
        study = self.study_of_synthetic()
        best = self.succeed("best", study, "--format", "json").stdout
        path = self.folder / "best.json"
        path.write_text(best)
        second = self.enqueue([str(path)] * 2, "second")
        path.unlink()
        self.succeed("resume", second, "--set", "budget.trials=6")
        trials = json.loads(self.succeed("trials", second, "--format", "json").stdout)
        self.assertEqual([trial["hash"] for trial in trials[:2]], [json.loads(best)["hash"]] * 2)

    def test_what_is_enqueued_wrongly_is_named(self):
        path = self.folder / "wrong.json"
        path.write_text('{"choices": {}, "programs": {}}')
        wrong = self.config(search__enqueue=[str(path)])
        said = self.nas("search", "--config", wrong, "--study", self.folder / "s")
        self.check(said, 2, f'search.enqueue.0 = "{path}"', "layer")
        said = self.nas("search", "--config", self.config(search__enqueue=[3]), "--study", self.folder / "s")
        self.check(said, 2, "search.enqueue.0 = 3", "must be a path or an object")

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
        # One that was stopped: shown once.
        stopped = self.folder / "stopped"
        config = self.config(synthetic__step_microseconds=20000, budget__seconds=0.5, budget__trials=100)
        self.check(self.nas("search", "--config", config, "--study", stopped), 4)
        self.check(self.nas("status", stopped, "--watch", timeout=20), 4)
        # One that runs: until it ends, with its pace and the time left.
        running = self.start("search", "--config", self.config(synthetic__step_microseconds=10000), "--study", self.folder / "running")
        while not (self.folder / "running/study.db").exists() or self.nas("status", self.folder / "running").returncode != 0:
            time.sleep(0.05)
        said = self.succeed("status", self.folder / "running", "--watch", "--interval", 0.2).stdout
        self.assertEqual(running.wait(timeout=60), 0)
        running.communicate()
        self.assertRegex(said, r"pace +.+ trials/h, about .* left")
        self.assertIn("finished", said)

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
                           ("presets", "primer_ez"), ("vocabularies", "primer"),
                           ("searchers", "local_search"), ("evaluators", "analytic"),
                           ("optimizers", "adafactor"), ("schedules", "rsqrt")):
            self.assertIn(name, self.succeed("list", what).stdout)
        self.assertIn("torch", self.succeed("doctor").stdout)

    def test_a_preset_is_an_architecture_everywhere(self):
        by_name = json.loads(self.succeed("cost", "--preset", "primer_ez", "--size", "small", "--format", "json").stdout)
        path = self.folder / "preset.json"
        path.write_text(json.dumps({"preset": "primer_ez", "size": "small"}))
        by_file = json.loads(self.succeed("cost", "--arch", path, "--format", "json").stdout)
        self.assertEqual(by_name, by_file)
        vanilla = json.loads(self.succeed("cost", "--preset", "vanilla", "--format", "json").stdout)
        self.assertEqual(by_name["params"] - vanilla["params"], 27648)
        self.check(self.nas("cost"), 2, "--preset")
        self.check(self.nas("cost", "--preset", "primer_easy"), 2, "primer_ez")
        path.write_text(json.dumps({"preset": "primer_easy", "size": "tiny"}))
        self.check(self.nas("cost", "--arch", path), 2, "did you mean \"primer_ez\"?")

    def test_latency_is_recorded_and_constrains(self):
        tiny_text(self.folder / "corpus.txt")
        config = dict(tiny_training(self.folder / "corpus.txt"),
                      profile={"latency": True, "batch": 1, "seq": 16, "repeats": 5, "warmup": 2},
                      constraints=[{"metric": "latency_us", "max": 1}])
        study = self.folder / "study"
        result = self.nas("search", "--config", self.config(config, budget__trials=3), "--study", study)
        self.check(result, 3, "none of 3 trials satisfies the constraints", "latency_us", "> 1")
        for trial in json.loads(self.succeed("trials", study, "--format", "json").stdout):
            self.assertEqual((trial["state"], trial["reason"]), ("PRUNED", "constraint"))
            name, = [name for name in trial["metrics"] if name.startswith("latency_us[b1,s16,fp32,forward,")]
            self.assertGreater(trial["metrics"][name]["value"], 1)

    def test_pareto_is_the_front_of_the_trials(self):
        study = self.folder / "several"
        config = self.config(EVERYTHING, budget__trials=20, verify__top=0)
        self.succeed("search", "--config", config, "--study", study)
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        values = {trial["number"]: trial["values"] for trial in trials if trial["values"]}
        self.assertEqual({len(value) for value in values.values()}, {2})

        def dominated(value):
            return any(all(x <= y for x, y in zip(other, value)) and other != value for other in values.values())
        expected = {number for number, value in values.items() if not dominated(value)}
        front = json.loads(self.succeed("pareto", study, "--format", "json", "--reference", "9,1e9").stdout)
        found = {number for point in front["trials"] for number in [point["number"], *point["duplicates"]]}
        self.assertEqual(found, expected)
        self.assertGreater(front["hypervolume"]["value"], 0)
        self.assertFalse(front["ties_by_spread"])
        rows = list(csv.DictReader(io.StringIO(self.succeed("pareto", study, "--format", "csv").stdout)))
        self.assertEqual([int(row["trial"]) for row in rows], [point["number"] for point in front["trials"]])
        self.assertEqual([float(row["params"]) for row in rows], [point["values"][1] for point in front["trials"]])
        said = self.succeed("pareto", study).stdout
        self.assertIn(f"{len(rows)} of ", said)
        self.assertIn("whatever their spreads", said)
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        self.assertIn(best["number"], expected)
        self.assertEqual(best["values"][0], min(value[0] for value in values.values()))
        self.assertIn("nas pareto", self.succeed("best", study).stdout)
        self.assertEqual(json.loads(self.succeed("status", study, "--format", "json").stdout)["pareto_trials"], len(rows))
        self.assertIn("params", self.succeed("trials", study).stdout.splitlines()[0])

    def test_pareto_over_recorded_metrics_of_any_study(self):
        study = self.study_of_synthetic()
        front = json.loads(self.succeed("pareto", study, "--objectives", "val_bpb,params:maximize", "--format", "json").stdout)
        self.assertTrue(front["ties_by_spread"])
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        best = min(trial["values"][0] for trial in trials if trial["values"])
        self.assertEqual(front["trials"][0]["objectives"][0], best)
        self.assertIn("count as ties", self.succeed("pareto", study, "--objectives", "val_bpb,params").stdout)
        one = json.loads(self.succeed("pareto", study, "--format", "json").stdout)
        self.assertEqual({tuple(point["objectives"]) for point in one["trials"]}, {(best,)})
        self.check(self.nas("pareto", study, "--objectives", "macs"), 2, 'no COMPLETE trial has the metric "macs"')
        self.check(self.nas("pareto", study, "--reference", "1,2"), 2, "--reference: 2 numbers for 1 objectives")

    def test_verify_later_and_beside_random_search(self):
        study = self.study_of_synthetic()
        said = self.succeed("verify", study, "--top", 3, "--repeats", 4, "--random")
        for word in ("winner (trial", "top3 (trial", "initial", "random (its trial", "P(best)",
                     "the initial program", "random search of equal budget"):
            self.assertIn(word, said.stdout)
        found = json.loads(self.succeed("verify", study, "--format", "json").stdout)
        self.assertEqual([role["role"] for role in found["roles"]], ["winner", "top2", "top3", "initial", "random"])
        self.assertEqual({len(role["values"]) for role in found["roles"]}, {4})
        self.assertAlmostEqual(sum(role["best_probability"] for role in found["roles"]), 1)
        self.assertEqual(found["verdict"].split(" than ")[1], "the initial program")
        self.assertEqual(found["random_search"]["against"], "random search of equal budget")
        random = json.loads(self.succeed("trials", study / "random", "--format", "json").stdout)
        self.assertEqual(len(random), 12)
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        self.assertEqual(best["verification"], found)
        status = json.loads(self.succeed("status", study, "--format", "json").stdout)
        self.assertTrue(status["finished"])
        self.assertIn("is finished", self.succeed("resume", study).stdout)

    def test_long_trainings_have_seeds_of_their_own(self):
        """Those of the verification chose the winner: with them `nas train` would repeat their luck."""
        study = self.folder / "study"
        self.succeed("search", "--config", self.config(synthetic__noise=0.5, verify__top=3, verify__repeats=4, repeat__seeds=2),
                     "--study", study)
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        winners = [role for role in best["verification"]["roles"] if role["is_winner"]]
        self.assertEqual([role["trial"] for role in winners], [best["number"]])
        output = self.folder / "long"
        self.succeed("train", study, "--config", self.folder / "config.json", "--seeds", 6, "--output", output)
        metrics = json.loads((output / "metrics.json").read_text())
        self.assertEqual(metrics["architecture_hash"], best["hash"])
        with sqlite3.connect(study / "study.db") as database:
            rows = database.execute("select outcome_json from nas_repeats where hash = ?", (best["hash"],)).fetchall()
        before = {json.loads(text)["value"] for text, in rows}
        self.assertGreaterEqual(len(before), 6)
        after = {seed["value"] for seed in metrics["seeds"]}
        self.assertEqual((len(after), before & after), (6, set()))

    def test_verify_needs_a_completed_trial(self):
        study = self.folder / "study"
        path = self.config(synthetic={"fail_share": 1})
        self.check(self.nas("search", "--config", path, "--study", study), 5)
        self.check(self.nas("verify", study), 5, "has no COMPLETE trial")

    def test_enumerate_is_exact_and_ends(self):
        space = {"layers": {"choice": [1, 2]}, "model_dim": 32, "heads": 4, "inner_dim": {"choice": [32, 64, 128]},
                 "norm": "layer_norm", "norm_place": "pre", "mixer": "softmax_attention",
                 "feed_forward": {"choice": ["relu", "squared_relu"]}}
        config = dict(SYNTHETIC, space=space, search={"name": "enumerate", "parallelism": 2}, budget={"trials": 50})
        study = self.folder / "all"
        result = self.succeed("search", "--config", self.config(config), "--study", study)
        self.assertIn("all there is to search was tried in 12 trials", result.stderr)
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        self.assertEqual(len({trial["hash"] for trial in trials}), 12)
        self.check(self.nas("search", "--config", self.config(config, budget__trials=11)), 2, "must be at least 12")
        evolving = dict(SYNTHETIC, search={"name": "enumerate"})
        self.check(self.nas("search", "--config", self.config(evolving)), 2, "is an evolving program")
        analytic = dict(config, evaluator="analytic", objectives=[{"metric": "params"}, {"metric": "flops_per_token"}],
                        training={"steps": 1}, search={"name": "enumerate", "options": {"front_only": True}})
        front = self.folder / "front"
        self.succeed("search", "--config", self.config(analytic), "--study", front)
        written = json.loads(self.succeed("trials", front, "--format", "json").stdout)
        self.assertEqual(len(written), len(json.loads(self.succeed("pareto", front, "--format", "json").stdout)["trials"]))
        self.assertLess(len(written), 12)

    def test_weighted_product_of_trained_and_counted(self):
        tiny_text(self.folder / "corpus.txt")
        config = dict(tiny_training(self.folder / "corpus.txt"), combine="weighted_product",
                      objectives=[{"metric": "val_bpb", "reference": 4},
                                  {"metric": "params", "weight": 0.5, "reference": 10000}])
        study = self.folder / "study"
        self.succeed("search", "--config", self.config(config, budget__trials=4), "--study", study)
        for trial in json.loads(self.succeed("trials", study, "--format", "json").stdout):
            if trial["values"]:
                metrics = {name: metric["value"] for name, metric in trial["metrics"].items()}
                self.assertAlmostEqual(trial["values"][0], metrics["val_bpb"] / 4 * (metrics["params"] / 10000) ** 0.5)
        self.assertIn("weighted_product", self.succeed("best", study).stdout)

    def test_progress_lines_when_not_on_a_terminal(self):
        result = self.succeed("search", "--config", self.config(), "--study", self.folder / "s")
        self.assertIn("trials", result.stderr)
        self.assertNotIn("\r", result.stderr)
        self.assertIn("best", result.stdout)
        self.assertIn("verdict", result.stdout)

    def test_bench(self):
        small = []
        for override in ("space.layers=1", "space.model_dim=32", "space.inner_dim=64", "training.seq_len=16", "training.batch_size=2"):
            small += ["--set", override]
        for what in ("step", "kernels"):
            config = SOURCE / "configs/bench/primer-tiny.json"
            row = json.loads(self.succeed("bench", what, "--config", config, *small, "--device", "cpu", "--groups", "2", "--steps",
                                          "2", "--format", "json").stdout)[0]
            self.assertEqual(row["name"], "primer-tiny")
            self.assertGreaterEqual(row["step_ms"], row["step_ms_min"])
            self.assertGreater(row["second_step_ms"], row["first_step_ms"])
            self.assertGreater(row["again_ms"], 0)
            self.assertAlmostEqual(row["tokens_per_second"], 2 * 16 * 1e3 / row["step_ms"], places=3)
            self.assertEqual(row.get("kernels", []), [], "a CPU has none")
            table = self.succeed("bench", what, "--config", config, *small, "--device", "cpu", "--steps", "1")
            self.assertIn("step ms", table.stdout)

    def test_bench_search(self):
        config = self.config(search__parallelism=3, budget__trials=20)
        bench = ("bench", "search", "--config", config, "--workers", 1, "--workers", 3)
        kept = self.folder / "kept"
        one, three = json.loads(self.succeed(*bench, "--study", kept, "--warm-up", 2, "--format", "json").stdout)
        for row in (one, three):
            self.assertEqual(row["trials"], 20)
            self.assertEqual(row["complete"] + row["pruned"] + row["failed"], 20)
            self.assertEqual(row["trained"], row["complete"] + row["reasons"].get("hurdle", 0) - row["duplicates"])
            self.assertAlmostEqual(row["candidates_per_hour"], 3600 * row["trained"] / row["seconds"], places=3)
        self.assertEqual([one["workers"], three["workers"]], [1, 3])
        self.assertEqual(one["results_hash"], three["results_hash"], "the same bits")
        self.assert_same(self.facts(kept / "synthetic-workers-1"), kept / "synthetic-workers-3")
        self.check(self.nas(*bench, "--study", kept), 2, "synthetic-workers-1")

        scratch = self.folder / "scratch"
        scratch.mkdir()
        table = self.succeed(*bench, "--set", "seed=8", environment={"TMPDIR": str(scratch)}).stdout
        self.assertIn("candidates/h", table)
        self.assertNotIn(one["results_hash"][:8], table)
        self.assertEqual(list(scratch.iterdir()), [], "studies that nobody keeps")
        self.check(self.nas("bench", "step", "--config", config, "--workers", 1), 2, "nas bench search")

    def test_show_as_python(self):
        study = self.folder / "study"
        self.succeed("search", "--config", self.config(budget__trials=3), "--study", study)
        for trial in json.loads(self.succeed("trials", study, "--format", "json").stdout):
            code = self.succeed("show", study, trial["number"], "--format", "python").stdout
            compile(code, "model.py", "exec")
            self.assertIn("class NasModel(nn.Module)", code)
        self.check(self.nas("show", study, 0, "--format", "python", "--program"), 2, "--program")
        self.check(self.nas("show", study, 7, "--format", "python"), 2, "no trial 7")


if __name__ == "__main__":
    unittest.main(verbosity=2)
