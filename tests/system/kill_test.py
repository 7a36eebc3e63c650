"""A search killed with SIGKILL in every phase and resumed is bit-identical to one that was not.

Twenty kills for each parallelism and kind of training, spread over propose, build, train, evaluate, verify and write
(and some at random moments of the clock); with NAS_TEST_FULL=1 twenty in every phase. The random choices have a printed seed.
"""
import json
import os
import random
import shutil
import signal
import time
import unittest

from program import DNA, EVERYTHING, SYNTHETIC, StudyTest, tiny_text, tiny_training

FULL = os.environ.get("NAS_TEST_FULL") == "1"
PHASES = ["propose", "build", "train", "evaluate", "verify", "write", "clock"]


class KillTest(StudyTest):
    def kill_in(self, phase, chance, command, seconds):
        """Runs a command that dies in a phase. True when it was killed, False when it ended before that."""
        environment = {}
        if phase == "write":
            environment["NAS_TEST_DIE_AT"] = str(chance.randint(1, 25))
        elif phase != "clock":
            environment["NAS_TEST_DIE_IN"] = f"{phase}:{chance.randint(1, 2 if phase != 'train' else 12)}"
        process = self.start(*command, environment=environment)
        if phase == "clock":
            time.sleep(chance.uniform(0.05, seconds))
            process.kill()
        process.communicate(timeout=300)
        if process.returncode != -signal.SIGKILL:
            self.assertEqual(process.returncode, 0, f"{command} in phase {phase}")
        return process.returncode == -signal.SIGKILL

    def kill_all_over(self, config, parallelism, kills_a_phase, seconds):
        seed = random.SystemRandom().randrange(2**32)
        print(f"{self.id()}: random seed {seed}", flush=True)
        chance = random.Random(seed)
        # So many deaths in a row are the test's doing, not a trial that kills its process.
        path = self.config(config, search__parallelism=parallelism, budget__max_attempts=1000)
        whole = self.folder / "whole"
        self.succeed("search", "--config", path, "--study", whole, "--workers", parallelism)
        expected = self.facts(whole)
        plan = [phase for phase in PHASES for _ in range(kills_a_phase)]
        chance.shuffle(plan)
        died = {phase: 0 for phase in PHASES}
        round_number = 0
        missed = 0
        while plan:
            study = self.folder / f"killed-{round_number}"
            round_number += 1
            finished = False
            is_whole = False
            while plan and not finished:
                phase = plan[-1]
                # A new study each time one finishes; fewer workers than W must not matter either.
                workers = chance.randint(1, parallelism)
                # Killed before the study was whole, it is made anew.
                is_whole = is_whole or self.nas("status", study).returncode == 0
                command = ["resume", study] if is_whole else ["search", "--config", path, "--study", study]
                command += ["--workers", workers]
                if self.kill_in(phase, chance, command, seconds):
                    died[phase] += 1
                    missed = 0
                    plan.pop()
                else:
                    finished = True
                    missed += 1
                    self.assertLess(missed, 50, f"nothing dies in phase {phase}")
            if not finished:
                is_whole = is_whole or self.nas("status", study).returncode == 0
                self.succeed(*(["resume", study] if is_whole else ["search", "--config", path, "--study", study]))
            self.assert_same(expected, study)
        print(f"{self.id()}: killed {died}, {round_number} studies identical", flush=True)
        self.assertTrue(all(count >= kills_a_phase for count in died.values()), died)
        return whole

    def kills_a_phase(self, usual):
        return 20 if FULL else usual

    def test_synthetic_one_at_a_time(self):
        config = dict(SYNTHETIC, synthetic={"step_microseconds": 2000})
        self.kill_all_over(config, 1, self.kills_a_phase(4), 1.0)

    def test_synthetic_four_at_a_time(self):
        config = dict(SYNTHETIC, synthetic={"step_microseconds": 2000})
        self.kill_all_over(config, 4, self.kills_a_phase(4), 0.6)

    def test_seeds_objectives_and_random_search(self):
        config = dict(EVERYTHING, synthetic={"noise": 0.05, "step_microseconds": 1000})
        self.kill_all_over(config, 2, self.kills_a_phase(2), 1.0)

    def test_subprograms_of_a_dna(self):
        config = dict(DNA, synthetic={"step_microseconds": 1000})
        whole = self.kill_all_over(config, 2, self.kills_a_phase(1), 1.0)
        self.succeed("replay", whole, "--all")

    def test_verification_asked_for_later(self):
        """Kills of `nas verify`, which `nas verify` or `nas resume` goes on with."""
        path = self.config(dict(SYNTHETIC, budget={"trials": 6}))
        verify = ["--top", 2, "--repeats", 3, "--random"]
        whole = self.folder / "whole"
        self.succeed("search", "--config", path, "--study", whole)
        shutil.copytree(whole, self.folder / "searched")
        self.succeed("verify", whole, *verify)
        expected = self.facts(whole)
        for at in range(1, 200, 200 // self.kills_a_phase(8)):
            study = self.folder / f"killed-{at}"
            shutil.copytree(self.folder / "searched", study)
            killed = self.nas("verify", study, *verify, environment={"NAS_TEST_DIE_AT": str(at)})
            self.assertEqual(killed.returncode, -signal.SIGKILL, killed.stderr)
            if at % 2 == 0:
                self.succeed("verify", study, *verify)
            else:
                self.succeed("resume", study)
                # Killed before it had noted what was asked for, there was nothing to go on with.
                self.succeed("verify", study, *verify)
            self.assert_same(expected, study)

    def test_more_trials_asked_for_later(self):
        """A death at every durable operation of an extension: the study is unfinished until it has all trials."""
        searched, whole = self.folder / "searched", self.folder / "whole"
        self.succeed("search", "--config", self.config(dict(SYNTHETIC, budget={"trials": 6})), "--study", searched)
        shutil.copytree(searched, whole)
        more = ["resume", whole, "--set", "budget.trials=8"]
        self.succeed(*more)
        expected = self.facts(whole)
        died = 0
        for at in range(1, 500):
            study = self.folder / "killed"
            shutil.rmtree(study, ignore_errors=True)
            shutil.copytree(searched, study)
            more[1] = study
            done = self.nas(*more, environment={"NAS_TEST_DIE_AT": str(at)})
            if done.returncode == 0:
                break
            self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
            died += 1
            wish = json.loads((study / "config.resolved.json").read_text())
            if wish["budget"]["trials"] == 8:  # else nothing of it is known
                status = json.loads(self.succeed("status", study, "--format", "json").stdout)
                is_whole = status["finished_trials"] == 8 and status["verification"]["missing"] == 0
                is_of_before = status["budget_trials"] == 6
                self.assertTrue(is_whole or is_of_before or not status["finished"], f"operation {at}: {status}")
                self.succeed("resume", study)
                self.assert_same(expected, study)
        self.assertGreater(died, 20)

    def test_training_one_at_a_time(self):
        tiny_text(self.folder / "corpus.txt")
        self.kill_all_over(tiny_training(self.folder / "corpus.txt"), 1, self.kills_a_phase(4), 1.5)

    def test_training_four_at_a_time(self):
        tiny_text(self.folder / "corpus.txt")
        self.kill_all_over(tiny_training(self.folder / "corpus.txt"), 4, self.kills_a_phase(4), 1.5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
