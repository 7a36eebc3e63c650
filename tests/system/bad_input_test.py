"""Bad input gets a clear error and the right exit code, and nothing is lost."""
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import time
import unittest

from program import SYNTHETIC, StudyTest, tiny_text, tiny_training


class ConfigurationTest(StudyTest):
    def search(self, **changes):
        return self.nas("search", "--config", self.config(**changes), "--study", self.folder / "study")

    def assert_no_study(self):
        self.assertFalse((self.folder / "study").exists(), "a refused search left a folder")

    def test_unknown_key_names_the_nearest(self):
        self.check(self.search(training__stepz=5), 2, "config.json:", "training.stepz", "steps")
        self.assert_no_study()

    def test_wrong_type(self):
        self.check(self.search(training__steps="many"), 2, "config.json:", "training.steps", '"many"')
        self.assert_no_study()

    def test_out_of_range(self):
        self.check(self.search(search__parallelism=0), 2, "search.parallelism = 0", "[1, 256]")

    def test_several_mistakes_are_reported_together(self):
        result = self.search(search__parallelism=0, training__steps=-3, budget__trial=3)
        self.check(result, 2, "search.parallelism", "training.steps", "budget.trial")

    def test_unknown_searcher_lists_the_known(self):
        self.check(self.search(search__name="regularised_evolution"), 2, "regularized_evolution", "random")

    def test_unknown_searcher_option(self):
        self.check(self.search(search__options={"populatoin": 3}), 2, "populatoin", "population")

    def test_unknown_primitive(self):
        config = json.loads(json.dumps(SYNTHETIC))
        config["space"]["layer"]["program"]["vocabulary"] = ["relu", "sofmax"]
        self.check(self.nas("validate", "--config", self.config(config)), 2, "sofmax", "softmax")

    def test_unknown_constraint_metric(self):
        self.check(self.search(constraints=[{"metric": "flops", "max": 1}]), 2, '"flops"', "flops_per_token")

    def test_syntax_error_has_a_position(self):
        path = self.folder / "torn.json"
        path.write_text('{"name": "x",\n "seed" 3}')
        self.check(self.nas("search", "--config", path), 2, "torn.json:2:")

    def test_missing_file(self):
        self.check(self.nas("search", "--config", self.folder / "none.json"), 2, "none.json")

    def test_unsatisfiable_constraint_says_what_was_met(self):
        result = self.search(constraints=[{"metric": "params", "max": 10}])
        self.check(result, 3, "params", "> 10")
        self.assert_no_study()
        dry = self.nas("search", "--config", self.config(constraints=[{"metric": "params", "max": 10}]), "--dry-run")
        self.check(dry, 3, "params", "nearest value")

    def test_a_space_without_a_feasible_architecture(self):
        config = json.loads(json.dumps(SYNTHETIC))
        config["space"] = {"layers": 1, "model_dim": 32, "heads": 4, "inner_dim": {"choice": [32, 64]},
                           "mixer": "softmax_attention", "feed_forward": "relu"}
        config.update(search={"name": "enumerate"}, constraints=[{"metric": "params", "max": 10}])
        del config["training"]["hurdles"]
        result = self.nas("search", "--config", self.config(config), "--study", self.folder / "study")
        self.check(result, 3, "no architecture of the space satisfies the constraints")
        self.assert_no_study()

    def test_a_configuration_from_a_pipe(self):
        tiny_text(self.folder / "corpus.txt")
        text = self.config(tiny_training(self.folder / "corpus.txt"), budget__trials=1, verify__top=0).read_text()
        command = [os.environ["NAS_PROGRAM"], "search", "--config", "/dev/stdin", "--study", self.folder / "study"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, env=self.environment, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_dry_run_without_training_says_everything_once(self):
        dry = self.succeed("search", "--config", self.config(device="auto"), "--dry-run")
        self.assertEqual(dry.stdout.count("constraints "), 1, dry.stdout)

    def test_dry_run_trains_nothing_that_the_machine_cannot_hold(self):
        tiny_text(self.folder / "corpus.txt")
        config = self.config(tiny_training(self.folder / "corpus.txt"), training__batch_size=65536, training__seq_len=1000)
        dry = self.succeed("search", "--config", config, "--dry-run", timeout=60)
        self.assertIn("FAIL \"oom\"", dry.stdout)
        self.assertNotIn("training     about", dry.stdout)

    def test_a_candidate_that_no_memory_holds_is_a_result(self):
        tiny_text(self.folder / "corpus.txt")
        config = self.config(tiny_training(self.folder / "corpus.txt"), training__batch_size=65536,
                             training__seq_len=1000, training__hurdles__count=0, budget__trials=2)
        result = self.nas("search", "--config", config, "--study", self.folder / "study", timeout=60)
        self.check(result, 5, "2 of 2 trials failed", "2 oom", "this machine has")

    def test_options_are_checked_before_anything_runs(self):
        self.check(self.nas("validate", "--config", self.config(synthetic={"nois": 1})), 2, "synthetic.nois", "noise")
        self.check(self.nas("validate", "--config", self.config(search__options={"populatoin": 3})), 2, "populatoin")

    def test_usage(self):
        self.check(self.nas("serach"), 2, "nas: there is no verb \"serach\", did you mean \"search\"?")
        self.check(self.nas("search"), 2, "--config")
        self.check(self.nas("search", "--config", self.config(), "--set", "training.steps"), 2, "training.steps")
        self.check(self.nas("search", "--config", self.config(), "--set", "training.stepz=3"), 2, "stepz")


class StudyFolderTest(StudyTest):
    def test_a_finished_study_named_with_a_slash_is_left_alone(self):
        config = self.config(budget__trials=2, verify__top=0)
        self.succeed("search", "--config", config, "--study", "s/")
        again = self.succeed("search", "--config", config, "--study", "s/")
        self.assertIn("this one goes to s-2", again.stderr)
        self.assertTrue((self.folder / "s-2/study.db").exists())


class CorpusTest(StudyTest):
    def search_on(self, corpus, **changes):
        path = self.config(tiny_training(corpus), **changes)
        return self.nas("search", "--config", path, "--study", self.folder / "study")

    def test_missing(self):
        self.check(self.search_on(self.folder / "none.txt"), 2, "none.txt")

    def test_empty(self):
        (self.folder / "empty.txt").write_text("")
        self.check(self.search_on(self.folder / "empty.txt"), 2, "data.corpus (", "config.json:", "empty.txt", "empty")

    def test_binary(self):
        (self.folder / "program.bin").write_bytes(b"text" * 100 + b"\0\1\2" * 100)
        self.check(self.search_on(self.folder / "program.bin"), 2, "program.bin", "byte 400")

    def test_shorter_than_a_window(self):
        (self.folder / "short.txt").write_text("short\n" * 4)
        self.check(self.search_on(self.folder / "short.txt", training__seq_len=512), 2, "513")

    def test_missing_device(self):
        tiny_text(self.folder / "corpus.txt")
        result = self.search_on(self.folder / "corpus.txt", device="cuda:7")
        self.check(result, 1, "cuda:7")


class FileSystemTest(StudyTest):
    def finished_study(self, **changes):
        study = self.folder / "study"
        self.succeed("search", "--config", self.config(**changes), "--study", study)
        return study

    def test_full_disk_loses_nothing(self):
        whole = self.finished_study()
        expected = self.facts(whole)
        study = self.folder / "full"
        for operation in (30, 55, 80):
            command = ["resume", study] if study.exists() else ["search", "--config", self.config(), "--study", study]
            result = self.nas(*command, environment={"NAS_TEST_FAIL_AT": str(operation)})
            self.check(result, 1, "No space left on device")
        self.succeed("resume", study)
        self.assert_same(expected, study)

    def test_small_file_system(self):
        mount = self.folder / "small"
        mount.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", mount], capture_output=True)
        if made.returncode != 0:
            self.skipTest("mounting is not permitted here; test_full_disk_loses_nothing injects the failure")
        self.addCleanup(subprocess.run, ["umount", mount])
        result = self.nas("search", "--config", self.config(budget__trials=200), "--study", mount / "study")
        self.check(result, 1, "small")
        subprocess.run(["mount", "-o", "remount,size=50m", mount], check=True)
        self.succeed("resume", mount / "study")

    def test_full_standard_output(self):
        study = self.finished_study()
        with open("/dev/full", "w") as full:
            result = subprocess.run([os.environ["NAS_PROGRAM"], "trials", str(study), "--format", "json"], stdout=full,
                                    stderr=subprocess.PIPE, text=True, env=self.environment)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("standard output", result.stderr)

    def test_unwritable_folder(self):
        (self.folder / "file").write_text("")
        result = self.nas("search", "--config", self.config(), "--study", self.folder / "file" / "study")
        self.check(result, 1, str(self.folder / "file"))

    def test_network_file_system(self):
        result = self.nas("search", "--config", self.config(), "--study", self.folder / "study",
                          environment={"NAS_TEST_FILE_SYSTEM": "nfs"})
        self.check(result, 1, "nfs", "local")

    def test_torn_database(self):
        study = self.finished_study()
        database = study / "study.db"
        content = database.read_bytes()
        database.write_bytes(content[: len(content) // 2])
        for verb in (["resume", study], ["trials", study], ["best", study]):
            self.check(self.nas(*verb), 6, "study.db")
        self.assertEqual(database.read_bytes()[: len(content) // 2], content[: len(content) // 2])

    def test_text_in_place_of_a_database(self):
        study = self.folder / "study"
        study.mkdir()
        (study / "study.db").write_text("this is no database\n" * 100)
        self.check(self.nas("resume", study), 6, "study.db")
        self.check(self.nas("search", "--config", self.config(), "--study", study), 6, "study.db")

    def test_foreign_database(self):
        study = self.folder / "study"
        study.mkdir()
        with sqlite3.connect(study / "study.db") as database:
            database.execute("create table recipes (name text)")
            database.execute("insert into recipes values ('soup')")
        self.check(self.nas("resume", study), 6, "study.db")
        with sqlite3.connect(study / "study.db") as database:
            self.assertEqual(database.execute("select name from recipes").fetchall(), [("soup",)])

    def test_newer_study(self):
        study = self.finished_study()
        with sqlite3.connect(study / "study.db") as database:
            database.execute("update nas_schema set version = version + 1")
        self.check(self.nas("resume", study), 6, "newer")
        self.check(self.nas("trials", study), 6, "newer")


class RunningTest(StudyTest):
    SLOW = dict(SYNTHETIC, synthetic={"step_microseconds": 20000})

    def wait_for_trials(self, study, count):
        for _ in range(300):
            if (study / "study.db").exists():
                result = self.nas("trials", study, "--format", "json")
                if result.returncode == 0 and len(json.loads(result.stdout)) >= count:
                    return
            time.sleep(0.05)
        self.fail("the search did not begin")

    def test_second_process(self):
        study = self.folder / "study"
        path = self.config(self.SLOW)
        process = self.start("search", "--config", path, "--study", study)
        self.wait_for_trials(study, 1)
        self.check(self.nas("resume", study), 6, "another process", "lock")
        status = json.loads(self.succeed("status", study, "--format", "json").stdout)
        self.assertEqual((status["running"], status["process"]), (True, process.pid))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertIn("not running; go on with: nas resume", self.succeed("status", study).stdout)
        self.succeed("resume", study)

    def test_one_interrupt_saves_and_resumes(self):
        expected_study = self.folder / "whole"
        path = self.config(self.SLOW)
        self.succeed("search", "--config", path, "--study", expected_study)
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            study = self.folder / f"stopped-{code}"
            process = self.start("search", "--config", path, "--study", study)
            self.wait_for_trials(study, 2)
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, code, said)
            self.assertIn("nas resume", said)
            self.succeed("resume", study)
            self.assert_same(self.facts(expected_study), study)

    def test_two_interrupts_stop_at_once(self):
        study = self.folder / "study"
        config = dict(SYNTHETIC, synthetic={"step_microseconds": 5000000})
        process = self.start("search", "--config", self.config(config), "--study", study)
        self.wait_for_trials(study, 1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - begin, 3)
        self.assertEqual(self.nas("status", study).returncode, 0)

    def test_changed_configuration_on_resume(self):
        study = self.folder / "study"
        self.nas("search", "--config", self.config(budget__trials=4), "--study", study,
                 environment={"NAS_TEST_DIE_IN": "propose:3"})
        result = self.nas("resume", study, "--set", "training.steps=30")
        self.check(result, 2, "training.steps: 20 -> 30", "--allow-config-change")
        resolved = json.loads((study / "config.resolved.json").read_text())
        resolved["seed"] = 99
        (study / "config.resolved.json").write_text(json.dumps(resolved))
        self.check(self.nas("resume", study), 2, "seed: 7 -> 99")
        self.succeed("resume", study, "--allow-config-change")
        self.assertIn("seed", self.succeed("status", study).stdout)

    def test_search_in_a_used_folder(self):
        study = self.folder / "study"
        path = self.config()
        self.nas("search", "--config", path, "--study", study, environment={"NAS_TEST_DIE_IN": "propose:3"})
        self.check(self.nas("search", "--config", path, "--study", study), 2, f"nas resume {study}")
        other = self.config(name="other.json", training__steps=30)
        self.check(self.nas("search", "--config", other, "--study", study), 2, "training.steps: 20 -> 30", "--study")
        self.succeed("resume", study)
        done = self.succeed("resume", study)
        self.assertIn("finished", done.stdout)
        self.succeed("search", "--config", path, "--study", study)
        self.assertTrue((self.folder / "study-2" / "study.db").exists())

    def test_all_trials_failing(self):
        config = dict(SYNTHETIC, synthetic={"fail_share": 1.0})
        result = self.nas("search", "--config", self.config(config), "--study", self.folder / "study")
        self.check(result, 5, "trials failed", "nan")
        self.check(self.nas("best", self.folder / "study"), 5, "no COMPLETE trial")

    def test_all_trials_failing_in_a_short_budget(self):
        config = dict(SYNTHETIC, synthetic={"fail_share": 1.0}, budget={"trials": 3})
        result = self.nas("search", "--config", self.config(config), "--study", self.folder / "study")
        self.check(result, 5, "3 of 3 trials failed")

    def test_budget_in_seconds(self):
        study = self.folder / "study"
        result = self.nas("search", "--config", self.config(self.SLOW, budget__seconds=1), "--study", study)
        self.check(result, 4, "nas resume")
        self.succeed("resume", study, "--set", "budget.seconds=0")

    def test_a_study_that_is_not_there(self):
        for verb in (["resume"], ["status"], ["trials"], ["best"], ["show"], ["replay"]):
            arguments = [*verb, self.folder / "none"] + (["0"] if verb[0] in ("show", "replay") else [])
            self.check(self.nas(*arguments), 2, "none")


if __name__ == "__main__":
    unittest.main(verbosity=2)
