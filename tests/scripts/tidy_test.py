"""scripts/tidy in a small repository, with a clang-tidy that finds fault with the word "fault" and records what it reads.
usage: tidy_test.py SCRIPTS-FOLDER"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(sys.argv.pop(1))
CLANG_TIDY = """#!/bin/sh
for file in "$@"; do :; done
echo "$file" >> "$RECORD"
! grep -n fault "$file"
"""
SOURCES = ("src/core/a.cpp", "src/core/b.cpp", "tests/core/a_test.cpp")


class Tidy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve() / "checkout"
        self.record = self.root.parent / "record"
        self.environment = {**os.environ, "RECORD": str(self.record), "XDG_CACHE_HOME": str(self.root.parent / "cache"),
                            "PATH": f"{self.root.parent}/bin:{os.environ['PATH']}", "GIT_CONFIG_GLOBAL": "/dev/null",
                            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a",
                            "GIT_COMMITTER_EMAIL": "a"}
        self.write("scripts/setup", "#!/bin/sh\necho 1\n")
        self.write("../bin/clang-tidy-16", CLANG_TIDY)
        self.write("../bin/cmake", "#!/bin/sh\n")
        shutil.copy(SCRIPTS / "tidy", self.root / "scripts/tidy")
        self.write(".clang-tidy", "Checks: all\n")
        self.write(".gitignore", "/build/\n")
        self.write("include/core.hpp", "int a();\n")
        for name in SOURCES:
            self.write(name, '#include "core.hpp"\n' if name != "src/core/b.cpp" else "int b();\n")
        self.write("build/tidy/compile_commands.json", json.dumps(
            [{"file": f"{self.root}/{name}", "directory": str(self.root),
              "command": f"c++ -I{self.root}/include -o x.o -c {self.root}/{name}"} for name in SOURCES]))
        for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
            subprocess.run(["git", *arguments], cwd=self.root, env=self.environment, check=True)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def tidy(self, *arguments):
        """Exit status, output, and the files that clang-tidy read."""
        self.record.write_text("")
        done = subprocess.run([self.root / "scripts/tidy", *arguments], capture_output=True, text=True, env=self.environment)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout, sorted(self.record.read_text().split())

    def commit(self):
        subprocess.run(["git", "commit", "-qam", "next"], cwd=self.root, env=self.environment, check=True)

    def test_all_files_without_an_earlier_commit_and_only_once(self):
        self.assertEqual(self.tidy(), (0, "tidy: 3 files passed, 0 failed\n", sorted(SOURCES)))
        self.assertEqual(self.tidy("--full"), (0, "tidy: 3 files passed, 0 failed\n", []))

    def test_only_what_changed_and_a_header_through_one_source(self):
        self.commit_of("src/core/b.cpp", "int b(int);\n")
        self.assertEqual(self.tidy()[2], ["src/core/b.cpp"])
        self.commit_of("include/core.hpp", "int a(int);\n")
        self.assertEqual(self.tidy()[2], ["src/core/a.cpp"])
        self.write("src/core/b.cpp", "int b(long);\n")  # not committed
        self.assertEqual(self.tidy()[2], ["src/core/b.cpp"])

    def commit_of(self, name, text):
        self.write(name, text)
        self.commit()

    def test_another_configuration_checks_all_again(self):
        self.tidy()
        self.commit_of(".clang-tidy", "Checks: none\n")
        self.assertEqual(self.tidy()[2], sorted(SOURCES))

    def test_a_finding_is_a_failure_until_it_is_gone(self):
        self.commit_of("src/core/b.cpp", "int b();  // a fault in a comment\n")
        for _ in range(2):
            status, output, read = self.tidy()
            self.assertEqual((status, read), (1, ["src/core/b.cpp"]))
            self.assertIn("1:int b();  // a fault", output)
            self.assertTrue(output.endswith("tidy: 0 files passed, 1 failed\n"))
        self.commit_of("src/core/b.cpp", "int b();  // none\n")
        self.assertEqual(self.tidy()[0], 0)

    def test_named_files_only(self):
        self.assertEqual(self.tidy(str(self.root / "src/core/b.cpp"))[2], ["src/core/b.cpp"])


if __name__ == "__main__":
    unittest.main()
