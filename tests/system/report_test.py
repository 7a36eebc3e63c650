"""nas report and nas compare: what they write, and what they say when something is missing."""
import json
import pathlib
import re
import shutil
import unittest

from program import PROGRAM, StudyTest

LIBRARY = pathlib.Path(PROGRAM).resolve().parents[1] / "share/nas/vega.js"


def document_of(page):
    """The data that a page holds."""
    text = re.search(r'<script id="document" type="application/json">(.*?)</script>', page, re.DOTALL)[1]
    return json.loads(text)


class ReportTest(StudyTest):
    def search(self, name="study", **changes):
        study = self.folder / name
        self.succeed("search", "--config", self.config(**changes), "--study", study)
        return study

    def test_report_agrees_with_the_other_verbs(self):
        study = self.search(budget__trials=30)
        output = self.succeed("report", study).stdout.strip()
        self.assertEqual(output, f"{study}/report.html")
        document = document_of(pathlib.Path(output).read_text())
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        trials = json.loads(self.succeed("trials", study, "--format", "json").stdout)
        self.assertEqual(document["winner"]["trial"], best["number"])
        self.assertEqual(document["winner"]["hash"], best["hash"])
        self.assertEqual(document["winner"]["value"], best["values"][0])
        self.assertEqual(document["trials"]["state"], [trial["state"] for trial in trials])
        self.assertEqual(document["trials"]["values"], [trial["values"] or [None] for trial in trials])
        for role, found in zip(best["verification"]["roles"], document["verification"]["roles"], strict=True):
            self.assertEqual(role["values"], found["values"])
            self.assertLessEqual(found["low"], role["mean"])
        line = [entry["trial"] for entry in document["lineage"]]
        shown = re.findall(r"^  trial (\d+)", self.succeed("show", study, best["number"]).stdout, re.MULTILINE)
        self.assertEqual(line, [int(number) for number in reversed(shown)])
        self.assertEqual(len(document["hurdles"]), 2)
        self.assertGreater(len(document["costs"]), 1)

    def test_report_is_the_same_every_time(self):
        study = self.search()
        first = self.succeed("report", study, "--output", self.folder / "first.html").stdout.strip()
        second = self.succeed("report", study, "--output", self.folder / "second.html").stdout.strip()
        self.assertEqual(pathlib.Path(first).read_bytes(), pathlib.Path(second).read_bytes())

    def test_without_graphviz_it_says_so(self):
        study = self.search()
        result = self.succeed("report", study, environment={"PATH": str(self.folder)})
        self.assertIn(" is not drawn: cannot start dot", result.stderr)
        winner = document_of((study / "report.html").read_text())["winner"]
        self.assertEqual(winner["svg"], "")
        self.assertIn("Graphviz", winner["no_drawing"])
        self.assertIn("layer_norm", winner["programs"][0]["text"])

    def test_chart_library_that_is_wrong_or_missing(self):
        study = self.search()
        nothing = self.folder / "nothing.js"
        self.check(self.nas("report", study, "--chart-library", nothing), 1, str(nothing))
        nothing.write_text("let a = 1;")
        self.check(self.nas("report", study, environment={"NAS_CHART_LIBRARY": str(nothing)}), 2, "is no chart library")
        # A program without the file beside it warns and writes the rest.
        alone = self.folder / "alone/bin/nas"
        alone.parent.mkdir(parents=True)
        shutil.copy(PROGRAM, alone)
        result = self.nas("report", study, program=alone)
        self.check(result, 0, "the report has no charts", "scripts/setup")
        self.assertEqual(document_of((study / "report.html").read_text())["study"]["trials"], 12)

    def test_a_study_without_trials_of_value(self):
        study = self.folder / "study"
        result = self.nas("search", "--config", self.config(synthetic={"fail_share": 1.0}), "--study", study)
        self.check(result, 5)
        self.succeed("report", study)
        document = document_of((study / "report.html").read_text())
        self.assertIsNone(document["winner"])
        self.assertEqual(document["outcomes"]["rows"][0]["reason"], "nan")

    def test_comparison(self):
        first, second = self.search("first", seed=7), self.search("second", seed=8, training__steps=40)
        output = self.folder / "both.html"
        self.succeed("compare", first, second, "--output", output)
        document = document_of(output.read_text())
        self.assertEqual([entry["label"] for entry in document["studies"]], [f"synthetic ({first})", f"synthetic ({second})"])
        differing = {row["key"]: row["values"] for row in document["config"]}
        self.assertEqual(differing, {"seed": [7, 8], "training.steps": [20, 40]})
        self.check(self.nas("compare", first), 2)
        self.check(self.nas("compare", first, self.folder), 2, "holds no study")


if __name__ == "__main__":
    unittest.main(verbosity=2)
