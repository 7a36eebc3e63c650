"""data.document_mask: on unless a study began before there was such a key; resumed and replayed to the same bits."""
import json
import sqlite3
import unittest

from program import StudyTest, tiny_documents, tiny_training


def without_the_key(study):
    """Makes a study as a version of nas without data.document_mask left it."""
    with sqlite3.connect(study / "study.db") as database:
        (text,), = database.execute("select value_json from study_user_attributes where key = 'nas:config'")
        config = json.loads(text)
        del config["data"]["document_mask"]
        database.execute("update study_user_attributes set value_json = ? where key = 'nas:config'",
                         (json.dumps(config),))
    resolved = study / "config.resolved.json"
    config = json.loads(resolved.read_text())
    del config["data"]["document_mask"]
    resolved.write_text(json.dumps(config, indent=2) + "\n")


class DocumentsTest(StudyTest):
    def setUp(self):
        super().setUp()
        tiny_documents(self.folder / "files")

    def search(self, name, trials, *overrides):
        study = self.folder / name
        arguments = [word for text in overrides for word in ("--set", text)]
        self.succeed("search", "--config", self.config(tiny_training(self.folder / "files"), verify__top=0),
                     "--study", study, "--set", f"budget.trials={trials}", *arguments)
        return study

    def test_on_by_default_and_replayed(self):
        study = self.search("masked", 3)
        config = json.loads((study / "config.resolved.json").read_text())
        self.assertIs(config["data"]["document_mask"], True)
        self.assertEqual(self.succeed("replay", study, "--all").stdout.count("bit-identical"), 3)
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        self.assertIn("by document", best["metrics"]["val_bpb"]["protocol"])
        other = self.search("unmasked", 3, "data.document_mask=false")
        self.assertNotEqual(self.facts(study)["trials"], self.facts(other)["trials"])

    def test_a_study_from_before_goes_on_without_it(self):
        whole = self.search("whole", 4, "data.document_mask=false")
        study = self.search("before", 2, "data.document_mask=false")
        without_the_key(study)
        said = self.succeed("resume", study, "--set", "budget.trials=4")
        self.assertNotIn("document_mask", said.stderr)
        self.assert_same(self.facts(whole), study)
        self.assertEqual(self.succeed("replay", study, "--all").stdout.count("bit-identical"), 4)

    def test_it_does_not_change_under_a_study(self):
        study = self.search("before", 2, "data.document_mask=false")
        without_the_key(study)
        result = self.nas("resume", study, "--set", "budget.trials=3", "--set", "data.document_mask=true")
        self.check(result, 2, "data.document_mask: false -> true")


if __name__ == "__main__":
    unittest.main(verbosity=2)
