"""scripts/evidence/speed at its smallest, on the CPU: its tables, and that a second call measures nothing again."""
import json
import os
import subprocess
import unittest

from program import PROGRAM, SOURCE, StudyTest


class SpeedTest(StudyTest):
    def speed(self, output):
        done = subprocess.run(
            [SOURCE / "scripts/evidence/speed", output, "--device", "cpu", "--sizes", "tiny", "--models", "primer", "--modes",
             "eager", "--groups", "1", "--steps", "1"],
            capture_output=True, text=True, cwd=self.folder,
            env=dict(self.environment, NAS=PROGRAM, NAS_TORCH_PYTHON=os.environ["NAS_TEST_PYTHON"]))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_tables_and_nothing_twice(self):
        output = self.folder / "speed"
        first = self.speed(output)
        steps = json.loads((output / "results.json").read_text())["steps"]["primer-tiny"]
        self.assertEqual(set(steps), {"nas", "nas, not deterministic", "nas, unfused", "torch, eager"})
        self.assertEqual(len({row["params"] for row in steps.values()}), 1, "the same model")
        for row in steps.values():
            self.assertGreater(row["step_ms"], 0)
        self.assertIn("| primer-tiny | torch, eager | ", first.stdout)
        second = self.speed(output)
        self.assertEqual(second.stdout, first.stdout)
        self.assertNotIn("primer-tiny.nas", second.stderr)


if __name__ == "__main__":
    unittest.main()
