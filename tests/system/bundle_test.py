"""scripts/bundle on this checkout: its size, and that it runs from another place with nothing of the checkout."""
import json
import re
import shutil
import subprocess
import unittest

from program import SOURCE, StudyTest, tiny_text, tiny_training

LARGEST_BYTES = 60_000_000


class BundleTest(StudyTest):
    def run_in(self, bundle, *arguments):
        done = subprocess.run([bundle / "nas", *map(str, arguments)], capture_output=True, text=True, cwd=self.folder,
                              env={name: value for name, value in self.environment.items() if name != "LD_LIBRARY_PATH"})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_searches_and_exports_from_another_place(self):
        made = self.folder / "made"
        done = subprocess.run([SOURCE / "scripts/bundle", made], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        bundle = self.folder / "elsewhere"
        shutil.move(made, bundle)
        size = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file())
        self.assertLess(size, LARGEST_BYTES)
        for program in (bundle / "bin").iterdir():
            dynamic = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
            for search_path in re.findall(r"R(?:UN)?PATH.*\[(.*)\]", dynamic):
                self.assertNotIn(str(SOURCE), search_path, program)

        self.assertIn("torch ", self.run_in(bundle, "doctor"))
        tiny_text(self.folder / "corpus.txt")
        config = self.config(tiny_training(self.folder / "corpus.txt"), budget__trials=2, verify__top=0)
        self.run_in(bundle, "search", "--config", config, "--study", self.folder / "study")
        trials = json.loads(self.run_in(bundle, "trials", self.folder / "study", "--format", "json"))
        self.assertEqual(len(trials), 2)
        self.run_in(bundle, "report", self.folder / "study", "--output", self.folder / "report.html")
        self.assertIn("vegaEmbed", (self.folder / "report.html").read_text())
        self.assertIn("exported", self.run_in(bundle, "export", self.folder / "study", "--format", "torchscript",
                                              "--output", self.folder / "model.pt"))
        self.run_in(bundle, "search", "--config", "primer.json", "--dry-run")


if __name__ == "__main__":
    unittest.main(verbosity=2)
