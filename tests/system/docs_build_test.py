"""The commands of the documentation that build, run in a copy of the sources: a primitive and a searcher are added as their
pages say, the copy is built, tested and searched with. docs_test.py runs what needs no build of its own."""
import os
import re
import shutil
import subprocess
import unittest

from docs_test import BLOCK, PAGES, SMALL
from program import SOURCE, StudyTest

# What adding-a-primitive.md says by hand for scripts/new-primitive's example: the test's table, and the line that goes there.
TABLE = re.compile(r"`(tests/(?:nn|space)/\w+\.cpp)`[^`]*(?:`[^`]*`[^`]*)?`(\{\"erf\", .*?\},)`")


class DocsBuildTest(StudyTest):
    def setUp(self):
        super().setUp()
        self.clone = self.folder / "clone"
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=SOURCE,
                                capture_output=True, text=True, check=True).stdout
        for name in filter(None, listed.split("\0")):
            if (SOURCE / name).exists():
                (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(SOURCE / name, self.clone / name)
        # Caches of compilers and Python environments are those of the user, and nothing here is a whole test run.
        self.environment = {name: value for name, value in os.environ.items() if name not in ("NAS_TEST_FULL", "NAS_PROGRAM")}

    def execute(self, command):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=self.clone, env=self.environment,
                              capture_output=True, text=True, timeout=3000)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout[-8000:]}\n{done.stderr[-4000:]}")
        return done.stdout

    def insert(self, file, line, before):
        """A line into a source of the copy, before the first that begins with some text."""
        path = self.clone / file
        text = path.read_text()
        place = re.search(rf"^ *{re.escape(before)}", text, re.MULTILINE)
        self.assertIsNotNone(place, f"{file} has no line that begins with {before}")
        path.write_text(text[:place.start()] + line + "\n" + text[place.start():])

    def add_primitive(self):
        page = (SOURCE / "docs/adding-a-primitive.md").read_text()
        self.execute(re.search(r"^```sh run\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1])
        tables = TABLE.findall(page)
        self.assertEqual(len(tables), 3, "adding-a-primitive.md names no table of tests for each kind")
        for file, line in tables:
            text = (self.clone / file).read_text()
            pattern = re.escape(line.split(",")[0].replace("erf", "gelu"))  # beside another function of single values
            self.insert(file, line, re.search(rf"^ *({pattern})", text, re.MULTILINE)[1])

    def add_searcher(self):
        page = (SOURCE / "docs/adding-a-searcher.md").read_text()
        code, = re.findall(r"^```cpp\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        (self.clone / "src/search/greedy.cpp").write_text(code)
        declaration, registration, source = re.findall(
            r"^1\. declare `(.*?)`.*?^2\. add `(.*?)`.*?^3\. add `(.*?)`", page, re.MULTILINE | re.DOTALL)[0]
        self.insert("src/search/searchers.hpp", declaration, "SearcherFactory local_search_factory")
        self.insert("src/search/builtin.cpp", registration, 'made.add("local_search"')
        self.insert("src/search/CMakeLists.txt", source, "hurdles.cpp")

    def test_a_primitive_and_a_searcher_are_added_built_and_used(self):
        self.add_primitive()
        self.add_searcher()
        small = " ".join(f"--set {setting}" for setting in SMALL)
        done, printed = set(), ""
        for page in PAGES:
            for kind, content in BLOCK.findall((SOURCE / page).read_text()):
                if kind != "sh build":
                    continue
                for command in content.splitlines():
                    if command not in done:
                        printed += self.execute(re.sub(r"^(scripts/nas search .*)$", rf"\1 --set budget.trials=6 {small}", command))
                    done.add(command)
        self.assertGreaterEqual(len(done), 6)
        self.assertRegex(printed, r"(?m)^ *erf\b.*y = erf x")
        self.assertIn("greedy", self.execute("scripts/nas list searchers"))
        # The new searcher searches with the new primitive.
        self.execute("scripts/nas search --config configs/primer.json --study runs/greedy --set budget.trials=6 "
                     "--set 'search={\"name\": \"greedy\", \"options\": {\"mutations\": 8}}' "
                     f"--set 'space.layer.program.vocabulary=[\"erf\"]' {small}")
        programs = "".join(self.execute(f"scripts/nas show runs/greedy {number} --program") for number in range(6))
        self.assertIn("erf(", programs)


if __name__ == "__main__":
    unittest.main(verbosity=2)
