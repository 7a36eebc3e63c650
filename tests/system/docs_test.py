"""The documentation, followed. Every fenced block says what it is, and is run or checked here:
  sh run          run in order, a page after the other, in a folder that looks like a clone, where scripts/nas is the built
                  program with small budgets
  python run, python transformers, python optuna, python in the folder
                  run there afterwards by an interpreter that has torch, transformers, Optuna
  json config, json space, json training
                  a part of a configuration that `nas validate` must accept
  program         a program in text form, likewise
  cpp             compiled (the searcher of adding-a-searcher.md)
  sh build        needs a build of its own: docs_build_test.py runs them in a copy of the sources
  sh checks       scripts/test and .ci/run themselves
  sh measured     took longer or a GPU; its scripts have tests of their own
  sh dashboard, sh tensorboard    other programs; dashboard_test.py
"""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

from program import PROGRAM, SOURCE, SYNTHETIC, StudyTest

BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (SOURCE / "docs").glob("*.md"))]
FOLLOWED = ["README.md", "docs/tutorial.md", "docs/export.md", "docs/report.md", "docs/training.md"]
KINDS = {"sh run", "python run", "python transformers", "python optuna", "python in the folder", "json config", "json space",
         "json training", "program", "cpp", "sh build", "sh checks", "sh measured", "sh dashboard", "sh tensorboard"}
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

    def blocks(self, page, *kinds):
        return [content for kind, content in BLOCK.findall((SOURCE / page).read_text()) if kind in kinds]

    def execute(self, page, command, content, folder="."):
        done = subprocess.run([*command, content], capture_output=True, text=True, cwd=self.clone / folder, timeout=600,
                              env=dict(self.environment, PROGRAM=PROGRAM))
        self.assertEqual(done.returncode, 0, f"{page}:\n{content}\nstdout: {done.stdout}\nstderr: {done.stderr}")

    def follow(self, page):
        blocks = self.blocks(page, "sh run")
        self.assertTrue(blocks, f"{page} has no block of sh run")
        for block in blocks:
            self.execute(page, ["bash", "-euo", "pipefail", "-c"], block)

    def run_python(self, kind, variable, prelude="", folder="."):
        """The blocks of one kind; what they use was made by FOLLOWED pages."""
        if variable not in os.environ:
            print(f"not run: blocks of {kind}, {variable} names no Python")
            return
        found = [(page, block) for page in PAGES for block in self.blocks(page, kind)]
        self.assertTrue(found, f"no page has a block of {kind}")
        for page, block in found:
            self.execute(page, [os.environ[variable], "-c"], prelude + block, folder)

    def test_every_page_followed(self):
        for page in FOLLOWED:
            self.follow(page)
        self.assertTrue((self.clone / "runs/primer/report.html").is_file())
        self.assertTrue((self.clone / "best/model.safetensors").is_file())
        self.assertTrue((self.clone / "src/space/primitives/erf.cpp").is_file())
        trials = json.loads(self.succeed("trials", self.clone / "runs/my-space", "--format", "json").stdout)
        # 2 depths x 2 widths x 2 feed-forwards; the rule refuses the wide one with two layers.
        self.assertEqual(len(trials), 6)
        self.run_python("python run", "NAS_TEST_PYTHON")
        self.run_python("python in the folder", "NAS_TEST_PYTHON", "import torch\ntokens = torch.zeros(1, 5, dtype=torch.long)\n",
                        "best")
        self.run_python("python transformers", "NAS_HF_PYTHON")
        self.run_python("python optuna", "NAS_OPTUNA_PYTHON")

    def test_a_primitive_is_added_as_the_page_says(self):
        self.follow("docs/adding-a-primitive.md")
        self.assertTrue((self.clone / "src/nn/primitives/erf.cpp").is_file())

    def test_every_block_says_what_it_is(self):
        followed = [*FOLLOWED, "docs/adding-a-primitive.md"]
        for page in PAGES:
            for kind, content in BLOCK.findall((SOURCE / page).read_text()):
                self.assertIn(kind, KINDS, f"{page}:\n{content}")
            self.assertTrue(page in followed or not self.blocks(page, "sh run"), f"{page} is followed by no test")

    def test_what_is_called_is_there(self):
        for page in PAGES:
            for block in self.blocks(page, "sh run", "sh build", "sh checks", "sh measured"):
                for script in re.findall(r"(?:^|[;&] *)((?:scripts|\.ci)/[\w./-]+)", block, re.MULTILINE):
                    self.assertTrue(os.access(SOURCE / script, os.X_OK), f"{page} calls {script}")

    def test_checks_are_the_test_script_and_what_must_hold(self):
        for page in PAGES:
            for block in self.blocks(page, "sh checks"):
                for line in block.splitlines():
                    self.assertRegex(line, r"^(time )?(scripts/test( --slow| --full| --gpu| -R \w+)?|\.ci/run( --full)?)( +#.*)?$", page)

    def test_parts_of_configurations_are_valid(self):
        whole = json.loads(json.dumps(SYNTHETIC))
        del whole["evaluator"]
        whole["training"]["steps"] = 20000
        count = 0
        for page in PAGES:
            for kind in ("json config", "json space", "json training", "program"):
                for block in self.blocks(page, kind):
                    config = json.loads(json.dumps(whole))
                    if kind == "program":
                        del config["space"]["layer"]
                        config["space"].update(mixer="softmax_attention", feed_forward=block.strip().splitlines())
                        config["search"] = {"name": "random"}
                    else:
                        target = config if kind == "json config" else config[kind.split()[1]]
                        target.update(json.loads("{" + block + "}"))
                        if '"language": "dna"' in block:
                            config["space"]["inner_dim"] = 64  # a DNA has sizes of its own and reads no choice of them
                    done = self.nas("validate", "--config", self.config(config))
                    self.assertEqual(done.returncode, 0, f"{page}:\n{block}\n{done.stderr}")
                    count += 1
        self.assertGreaterEqual(count, 8)

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
