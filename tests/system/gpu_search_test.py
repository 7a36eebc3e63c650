"""Searches on a GPU: as many trainings at a time as one likes, the same study; what fits into no memory is a trial."""
import json
import os
import subprocess
import unittest

from program import StudyTest, tiny_documents, tiny_text, tiny_training


def has_gpu():
    try:
        return subprocess.run(["nvidia-smi", "-L"], capture_output=True, timeout=60).stdout.startswith(b"GPU 0")
    except OSError:
        return False


class GpuSearchTest(StudyTest):
    def setUp(self):
        super().setUp()
        if not has_gpu():
            if "NAS_TEST_NEEDS_GPU" in os.environ:
                self.fail("no CUDA device")
            self.skipTest("no CUDA device")

    def search(self, config, study, *arguments, code=0):
        study = self.folder / study
        result = self.nas("search", "--config", config, "--study", study, *arguments)
        self.check(result, code)
        self.assertNotIn("a training left", result.stderr)
        return study

    def test_packed_trainings_make_the_study_of_one_at_a_time(self):
        tiny_documents(self.folder / "corpus")
        config = self.config(tiny_training(self.folder / "corpus"), device="cuda", search__parallelism=4,
                             training__steps=60, budget__trials=24)
        alone = self.search(config, "alone", "--workers", 1)
        self.assert_same(self.facts(alone), self.search(config, "packed", "--workers", 4))

    def test_a_stopped_search_goes_on_to_the_same_end(self):
        tiny_text(self.folder / "corpus.txt")
        config = self.config(tiny_training(self.folder / "corpus.txt"), device="cuda", search__parallelism=4,
                             training__steps=400, budget__trials=24)
        whole = self.search(config, "whole")
        stopped = self.search(config, "stopped", "--set", "budget.seconds=0.5", code=4)
        self.succeed("resume", stopped, "--set", "budget.seconds=0", "--allow-config-change")
        self.assert_same(self.facts(whole), stopped)

    def test_what_fits_into_no_memory_ends_its_trial_alone(self):
        tiny_text(self.folder / "corpus.txt")
        content = tiny_training(self.folder / "corpus.txt")
        content["space"]["model_dim"] = 4096
        # Half of the samples want 2 TB for their weights.
        content["space"]["inner_dim"] = {"choice": [16, 1 << 20], "initial": 16}
        content["space"]["layers"] = 16
        config = self.config(content, device="cuda", search__name="random", search__options={}, search__parallelism=2,
                             training__steps=3, training__hurdles__count=0, training__checkpoint_every=0,
                             budget__trials=6, verify__top=0)
        study = self.search(config, "study")
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        ends = [(trial["state"], trial["reason"]) for trial in trials]
        self.assertEqual(len(ends), 6)
        self.assertLessEqual(set(ends), {("COMPLETE", None), ("FAIL", "oom")})
        self.assertEqual(len(set(ends)), 2, "some of both")


if __name__ == "__main__":
    unittest.main(verbosity=2)
