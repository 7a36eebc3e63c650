"""configs/primer.json as it is shipped: a real search within minutes, with all that the documentation says of it."""
import csv
import io
import json
import os
import unittest

from program import SOURCE, StudyTest

LEAST_TRIALS = 20
LEAST_DISTINCT = 12
REPEATS = 3
STRUCTURAL = ("insert", "delete", "swap")


class PrimerConfigTest(StudyTest):
    def test_search_and_verdict(self):
        study = self.folder / "study"
        done = self.nas("search", "--config", SOURCE / "configs/primer.json", "--study", study, timeout=1700)
        self.assertEqual(done.returncode, 0, done.stderr)
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        self.assertGreaterEqual(len(trials), LEAST_TRIALS)
        self.assertGreaterEqual(len({trial["hash"] for trial in trials}), LEAST_DISTINCT)
        self.assertIn("hurdle", [trial["reason"] for trial in trials])

        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        lineage = best["number"]
        rows = list(csv.DictReader(io.StringIO(self.succeed("trials", study, "--format", "csv").stdout)))
        changes = []
        while trials[lineage]["parents"]:
            changes.append(rows[lineage]["change"])
            lineage = trials[lineage]["parents"][0]
        self.assertTrue(any(kind in change for change in changes for kind in STRUCTURAL), changes)

        verification = best["verification"]
        self.assertEqual(verification["missing"], 0)
        roles = {role["role"]: role for role in verification["roles"]}
        self.assertEqual({len(role["values"]) for role in roles.values()}, {REPEATS})
        winner = next(role for role in verification["roles"] if role["trial"] == best["number"])
        gain = roles["initial"]["mean"] - winner["mean"]
        self.assertAlmostEqual(verification["difference"], gain, delta=1e-9)
        is_better = verification["interval_95"][0] > 0
        self.assertEqual(verification["verdict"],
                         "better than the initial program" if is_better else "no better than the initial program")
        print(f"trial {best['number']} {best['hash']}: {winner['mean']:.4f} against {roles['initial']['mean']:.4f}, "
              f"{verification['verdict']}; {os.cpu_count()} cores")


if __name__ == "__main__":
    unittest.main(verbosity=2)
