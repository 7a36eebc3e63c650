"""A search on several devices, a process for each: the same study, whatever is killed. The CPU, named twice, stands for two GPUs."""
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from program import PROGRAM, StudyTest, tiny_text, tiny_training


def device_processes(parent):
    """Ids of the processes that evaluate for a study's process."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile
        if int(state[1]) == parent and b"device-worker" in words:
            found.append(int(folder.name))
    return found


def is_alive(process):
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class DevicesTest(StudyTest):
    expected = None  # facts of the study on one device

    def setUp(self):
        super().setUp()
        tiny_text(self.folder / "corpus.txt")
        config = tiny_training(self.folder / "corpus.txt")
        self.path = self.config(config, search__parallelism=4, training__steps=240, training__checkpoint_every=20,
                                training__eval_every=50, training__hurdles={"count": 1, "minimum": 2},
                                budget__trials=5, verify={"top": 1, "repeats": 1})
        self.study = self.folder / "study"
        if DevicesTest.expected is None:
            whole = self.folder / "whole"
            self.succeed("search", "--config", self.path, "--study", whole, "--device", "cpu")
            DevicesTest.expected = self.facts(whole)

    def begin(self, device="cpu,cpu"):
        """A search in a process group of its own, in the middle of its trials."""
        process = subprocess.Popen(
            [PROGRAM, "search", "--config", str(self.path), "--study", str(self.study), "--device", device],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder, env=self.environment,
            start_new_session=True)
        self.addCleanup(process.kill)
        self.wait_for(lambda: process.poll() is not None or list(self.study.glob("trials/*/checkpoint.safetensors")),
                      "a checkpoint")
        self.assertIsNone(process.poll(), "the search has ended before anything could be done to it")
        return process

    def wait_for(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, f"waited for {what}")
            time.sleep(0.01)

    def test_the_same_study_as_on_one_device(self):
        said = self.succeed("search", "--config", self.path, "--study", self.study, "--device", "cpu,cpu")
        self.assertNotIn("device-worker", said.stderr)
        self.assert_same(self.expected, self.study)
        stored = json.loads((self.study / "config.resolved.json").read_text())
        self.assertEqual(stored["device"], "cpu,cpu")
        self.succeed("replay", self.study, "0")

    def test_killed_no_process_is_left_and_one_device_goes_on(self):
        process = self.begin()
        workers = device_processes(process.pid)
        self.assertEqual(len(workers), 2)
        process.kill()
        process.communicate()
        self.wait_for(lambda: not any(map(is_alive, workers)), "the processes of a killed search to end", 10)
        self.succeed("resume", self.study, "--set", "device=cpu")
        self.assert_same(self.expected, self.study)

    def test_a_device_that_fails_is_named(self):
        process = self.begin()
        workers = device_processes(process.pid)
        os.kill(workers[1], signal.SIGKILL)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn('the process of device "cpu" was ended by signal 9 (Killed)', said)
        self.assertFalse(any(map(is_alive, workers)))
        self.succeed("resume", self.study)
        self.assert_same(self.expected, self.study)

    def test_a_terminals_interrupt_saves_and_more_devices_go_on(self):
        process = self.begin()
        workers = device_processes(process.pid)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, said)
        self.assertFalse(any(map(is_alive, workers)))
        states = {trial["state"] for trial in json.loads(self.succeed("trials", self.study, "--format", "json").stdout)}
        self.assertIn("WAITING", states)
        self.assertNotIn("RUNNING", states)
        self.succeed("resume", self.study, "--set", "device=cpu,cpu,cpu")
        self.assert_same(self.expected, self.study)
        self.assertEqual(json.loads(self.succeed("status", self.study, "--format", "json").stdout)["breaks"], [])

    def test_a_second_signal_ends_all_at_once(self):
        process = self.begin()
        workers = device_processes(process.pid)
        os.kill(process.pid, signal.SIGTERM)
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
        self.assertIn(process.returncode, [130, 143])  # whichever of the two came second
        self.wait_for(lambda: not any(map(is_alive, workers)), "the processes of a search that was ended to end", 10)

    def test_mistakes(self):
        for device, text in [("cpu,cuda:0", "several of one kind"), ("cuda:0,cuda:", "several of one kind")]:
            result = self.nas("search", "--config", self.path, "--study", self.study, "--device", device)
            self.check(result, 2, f'device = "{device}"', text)
        self.check(self.nas("search", "--config", self.path, "--study", self.study, "--device", "cuda:98,cuda:99"), 1,
                   'device "cuda:98"')
        path = self.config(json.loads(self.path.read_text()), name="narrow.json", search__parallelism=1, budget__trials=1,
                           verify={"top": 0}, training__steps=6, training__eval_every=0)
        self.check(self.nas("search", "--config", path, "--study", self.study, "--device", "cpu,cpu"), 0,
                   "search.parallelism = 1: lets no more of the 2 devices work at a time")


if __name__ == "__main__":
    unittest.main(verbosity=2)
