"""The documentation, followed: fenced blocks of README.md and docs/tutorial.md that begin with ```sh run are run in order in a
folder that looks like a clone, where scripts/nas is the built program with small budgets."""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from program import PROGRAM, SOURCE, StudyTest

BLOCK = re.compile(r"^```sh run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What a search or training is told besides its command line, so that a page takes a minute.
SMALL = ["training.steps=8", "training.batch_size=2", "training.seq_len=16", "training.eval_batches=1",
         "training.schedule.warmup_steps=1", "training.checkpoint_every=0", "data.max_bytes=2000000", "profile.latency=false"]
WRAPPER = """#!/usr/bin/env bash
case $1 in
  search | train) exec "$PROGRAM" "$@" {small} ;;
  *) exec "$PROGRAM" "$@" ;;
esac
"""
LINK = re.compile(r"\[[^\]]*\]\(([^)#]+)(?:#[^)]*)?\)")


class DocsTest(StudyTest):
    def setUp(self):
        super().setUp()
        self.clone = self.folder / "clone"
        for name in ("configs", "docs"):
            shutil.copytree(SOURCE / name, self.clone / name)
        for name in ("src/space", "src/nn"):  # what scripts/new-primitive edits
            shutil.copytree(SOURCE / name, self.clone / name)
        (self.clone / "scripts").mkdir()
        for name in ("README.md", "CONTRIBUTING.md", ".clang-format", "scripts/new-primitive"):
            shutil.copy(SOURCE / name, self.clone / name)
        small = " ".join(f"--set {setting}" for setting in SMALL)
        (self.clone / "scripts/nas").write_text(WRAPPER.format(small=small))
        (self.clone / "scripts/nas").chmod(0o755)

    def follow(self, page):
        blocks = BLOCK.findall((SOURCE / page).read_text())
        self.assertTrue(blocks, f"{page} has no block that begins with ```sh run")
        for block in blocks:
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], capture_output=True, text=True, cwd=self.clone,
                                  timeout=600, env=dict(self.environment, PROGRAM=PROGRAM))
            self.assertEqual(done.returncode, 0, f"{page}:\n{block}\nstdout: {done.stdout}\nstderr: {done.stderr}")

    def test_readme(self):
        self.follow("README.md")
        self.assertTrue((self.clone / "runs/primer/report.html").is_file())
        self.assertTrue((self.clone / "best/model.safetensors").is_file())

    def test_tutorial(self):
        self.follow("docs/tutorial.md")
        self.assertTrue((self.clone / "src/space/primitives/erf.cpp").is_file())
        trials = json.loads(self.succeed("trials", self.clone / "runs/my-space", "--format", "json").stdout)
        # 2 depths x 2 widths x 2 feed-forwards; the rule refuses the wide one with two layers.
        self.assertEqual(len(trials), 6)

    def test_every_verb_is_in_the_readme(self):
        listed = self.succeed("--help").stdout.split("Subcommands:\n")[1].split("\n\n")[0]
        verbs = set(re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE))
        described = set(re.findall(r"^\| `([a-z]+)", (SOURCE / "README.md").read_text(), re.MULTILINE))
        self.assertEqual(verbs, described)

    @unittest.skipUnless(shutil.which("g++"), "there is no g++")
    def test_the_example_of_a_searcher_compiles(self):
        page = (SOURCE / "docs/adding-a-searcher.md").read_text()
        declaration, = re.findall(r"declare `(SearcherFactory \w+\(\);)`", page)
        code, = re.findall(r"^```cpp\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        include = '#include "searchers.hpp"\n'
        self.assertTrue(code.startswith(include))
        source = self.folder / "example.cpp"
        source.write_text(code.replace(include, f"{include}namespace nas::search {{ {declaration} }}\n", 1))
        done = subprocess.run(["g++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{SOURCE}/include",
                               f"-I{SOURCE}/src", f"-I{SOURCE}/src/search", source], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_links_lead_somewhere(self):
        for page in [SOURCE / "README.md", SOURCE / "CONTRIBUTING.md", *(SOURCE / "docs").glob("*.md")]:
            for target in LINK.findall(re.sub(r"`[^`]*`", "", page.read_text())):
                if not target.startswith(("http://", "https://")):
                    self.assertTrue((page.parent / target).exists(), f"{page.name} links to {target}")

    def test_every_shipped_configuration_says_what_question_it_answers(self):
        for path in (SOURCE / "configs").glob("*.json"):
            comment = re.match(r"\{\n((?: *//.*\n)+)", path.read_text())
            self.assertIsNotNone(comment, f"{path.name} does not begin with a comment")
            self.assertIn("?", comment[1], path.name)

    def test_configuration_keys_are_those_of_the_program(self):
        done = subprocess.run([sys.executable, SOURCE / "scripts/generate-docs", "--check"], capture_output=True, text=True,
                              env=dict(os.environ, NAS=PROGRAM))
        self.assertEqual(done.returncode, 0, done.stderr)

    @unittest.skipUnless("NAS_OPTUNA_PYTHON" in os.environ, "NAS_OPTUNA_PYTHON names no Python with Optuna and pandas")
    def test_the_example_reads_a_study(self):
        study = self.folder / "study"
        self.succeed("search", "--config", self.config(), "--study", study)
        done = subprocess.run([os.environ["NAS_OPTUNA_PYTHON"], SOURCE / "docs/examples/read_study.py", study],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        best = json.loads(self.succeed("best", study, "--format", "json").stdout)
        first = re.search(r"^best by val_bpb\n.*\n +(\d+) ", done.stdout, re.MULTILINE)
        self.assertEqual(int(first[1]), best["number"])
        self.assertIn("val_bpb by inner_dim", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
