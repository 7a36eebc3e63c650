"""scripts/nas in a checkout whose set-up and build are replaced by ones that only say that they ran.
usage: nas_test.py SCRIPTS-FOLDER"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SCRIPTS = pathlib.Path(sys.argv.pop(1))
SETUP = """#!/usr/bin/env bash
echo installing; echo setup >> "$CHECKOUT/log"
"""
BUILD = """#!/usr/bin/env bash
echo "building $*"; echo build >> "$CHECKOUT/log"
cd "$CHECKOUT/build/release"
cat > bin/nas <<'END'
#!/usr/bin/env bash
case ${1:-} in
  pid) echo $$ ;;
  wait) trap 'echo stopped; exit 130' INT; echo ready; while :; do sleep 0.01; done ;;
  fail) exit 3 ;;
  *) pwd; printf '<%s>' "$@" ;;
esac
END
chmod +x bin/nas
echo "$CHECKOUT/environment" > .env
touch .built
"""


class Nas(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name).resolve()
        for name in ("scripts", "src/core", "include", "cmake", "environment/lib", "elsewhere", "build/release/bin"):
            (self.root / name).mkdir(parents=True)
        for name in ("CMakeLists.txt", "CMakePresets.json", "src/core/a.cpp", "scripts/requirements-torch.txt"):
            (self.root / name).write_text("")
        shutil.copy(SCRIPTS / "nas", self.root / "scripts/nas")
        self.write_script("setup", SETUP)
        self.write_script("build", BUILD)
        os.utime(self.root / "src/core/a.cpp", (1, 1))
        self.environment = {**os.environ, "CHECKOUT": str(self.root)}

    def write_script(self, name, text):
        path = self.root / "scripts" / name
        path.write_text(text)
        path.chmod(0o755)

    def nas(self, *arguments):
        return subprocess.run([self.root / "scripts/nas", *arguments], capture_output=True, text=True,
                              cwd=self.root / "elsewhere", env=self.environment)

    def log(self):
        return (self.root / "log").read_text().split()

    def test_sets_up_and_builds_once(self):
        first = self.nas("a b", "c")
        self.assertEqual(first.stdout, f"{self.root}/elsewhere\n<a b><c>")
        self.assertIn("installing", first.stderr)
        self.assertIn("building release nas", first.stderr)
        second = self.nas("a b", "c")
        self.assertEqual((second.stdout, second.stderr), (first.stdout, ""))
        self.assertEqual(self.log(), ["setup", "build"])

    def test_builds_again_when_a_source_changes_appears_or_goes(self):
        self.nas()
        header = self.root / "include/b.hpp"
        changes = [
            lambda: (self.root / "src/core/a.cpp").write_text("//"),
            lambda: header.write_text(""),
            lambda: header.unlink(),
            lambda: (self.root / "scripts/requirements-torch.txt").write_text("torch"),
            lambda: shutil.rmtree(self.root / "environment"),
        ]
        for builds, change in enumerate(changes, 2):
            time.sleep(0.02)  # a file system may keep times in steps of 10 ms
            change()
            self.nas()
            self.assertEqual(self.log().count("build"), builds)

    def test_works_through_a_link_and_gives_the_exit_code(self):
        os.symlink(self.root / "scripts/nas", self.root / "elsewhere/link")
        done = subprocess.run([self.root / "elsewhere/link", "fail"], capture_output=True, cwd="/",
                              env=self.environment)
        self.assertEqual(done.returncode, 3)

    def test_a_failed_build_is_an_error(self):
        self.write_script("build", "#!/usr/bin/env bash\necho broken; exit 1\n")
        done = self.nas("a")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("the build failed", done.stderr)

    def test_the_program_replaces_the_script(self):
        self.nas()
        process = subprocess.Popen([self.root / "scripts/nas", "pid"], stdout=subprocess.PIPE, text=True,
                                   env=self.environment)
        self.assertEqual(process.communicate()[0].strip(), str(process.pid))
        process = subprocess.Popen([self.root / "scripts/nas", "wait"], stdout=subprocess.PIPE, text=True,
                                   env=self.environment)
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate()[0], "stopped\n")
        self.assertEqual(process.returncode, 130)

    def test_adds_little_time(self):
        self.nas()
        start = time.monotonic()
        for _ in range(5):
            self.nas()
        self.assertLess((time.monotonic() - start) / 5, 0.5)


if __name__ == "__main__":
    unittest.main()
