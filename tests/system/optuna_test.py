"""Optuna from PyPI reads what a search wrote, and sees what `nas` shows."""
import json
import math
import os
import subprocess
import unittest

from program import SYNTHETIC, StudyTest

READ = """
import json, sys, optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
assert optuna.__version__.startswith("5.0."), optuna.__version__
study = optuna.load_study(study_name=sys.argv[2], storage=f"sqlite:///{sys.argv[1]}/study.db")
print(json.dumps({
    "best": study.best_trial.number,
    "trials": [{"number": trial.number, "state": trial.state.name, "params": trial.params, "values": trial.values,
                "intermediate": sorted(trial.intermediate_values.items()),
                "constraints": list(trial.constraints.values()),
                "hash": trial.user_attrs["nas:hash"]} for trial in study.get_trials()]}))
"""


class OptunaTest(StudyTest):
    def test_sees_a_search_of_every_outcome(self):
        python = os.environ.get("NAS_OPTUNA_PYTHON")
        if not python:
            self.lack("NAS_OPTUNA_PYTHON names no Python with optuna (scripts/test sets it)")
        study = self.folder / "study"
        config = dict(SYNTHETIC, synthetic={"fail_share": 0.15}, budget={"trials": 40, "max_failed_share": 1.0},
                      constraints=[{"metric": "flops_per_token", "max": 60000}])
        self.succeed("search", "--config", self.config(config), "--study", study)
        read = subprocess.run([python, "-c", READ, study, "synthetic"], capture_output=True, text=True)
        self.assertEqual(read.returncode, 0, read.stderr)
        seen = json.loads(read.stdout)
        ours = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        states = {trial["state"] for trial in ours}
        self.assertEqual(states, {"COMPLETE", "PRUNED", "FAIL"}, "the search should meet every outcome")
        steps = self.facts(study)["intermediate"]
        self.assertEqual(len(seen["trials"]), len(ours))
        for theirs, trial in zip(seen["trials"], ours, strict=True):
            number = trial["number"]
            for key in ("number", "state", "hash"):
                self.assertEqual(theirs[key], trial[key], f"trial {number}")
            values = [step[2] for step in steps if step[0] == number]
            self.assertEqual([value for _, value in theirs["intermediate"]], values, f"trial {number}")
            self.assertTrue(theirs["params"], f"trial {number} has no params")
            # Optuna's own `tell` gives a pruned trial its last intermediate value.
            expected = {"COMPLETE": trial["values"], "PRUNED": values[-1:] or None, "FAIL": None}[trial["state"]]
            self.assertEqual(theirs["values"], expected, f"trial {number}")
            self.assertEqual(len(theirs["constraints"]), 1, f"trial {number}")
            flops = trial["metrics"]["flops_per_token"]["value"]
            self.assertTrue(math.isclose(theirs["constraints"][0], flops - 60000), f"trial {number}: {theirs}")
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        self.assertEqual(seen["best"], best["number"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
