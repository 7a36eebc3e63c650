"""nas completion: what bash makes of the script at a terminal, and what the script offers, word by word."""
import os
import pty
import re
import select
import shutil
import subprocess
import time
import unittest

from program import StudyTest

OFFER = """source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nas
printf '%s\\n' "${COMPREPLY[@]}"
"""
QUICK_SECONDS = 60


class CompletionTest(StudyTest):
    def setUp(self):
        super().setUp()
        self.script = self.folder / "nas.bash"
        self.script.write_text(self.succeed("completion", "bash").stdout)

    def offers(self, *words):
        """What bash's completion function offers for the last of the words."""
        done = subprocess.run(["bash", "-c", OFFER, "bash", str(self.script), "nas", *words], capture_output=True,
                              text=True, cwd=self.folder, timeout=QUICK_SECONDS)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return set(done.stdout.split())

    def verbs(self):
        listed = self.succeed("--help").stdout.split("Subcommands:\n")[1].split("\n\n")[0]
        return set(re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE))

    def test_bash_accepts_the_script(self):
        done = subprocess.run(["bash", "-n", str(self.script)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_every_verb_is_offered(self):
        self.assertIn("completion", self.verbs())
        self.assertEqual(self.offers(""), self.verbs())
        self.assertEqual(self.offers("se"), {"search"})

    def test_options_and_choices(self):
        self.assertIn("--config", self.offers("search", "--"))
        self.assertNotIn("--config", self.offers("list", "--"))
        self.assertIn("--verbose", self.offers("list", "--"))
        self.assertEqual(self.offers("best", "study", "--format", "j"), {"json"})
        self.assertEqual(self.offers("best", "study", "--format", "=", "j"), {"json"})
        self.assertEqual(self.offers("list", "sea"), {"searchers"})
        self.assertLessEqual({"--arch", "--preset", "--size"}, self.offers("cost", "--"))
        self.assertEqual(self.offers("cost", "--preset", "primer_"), {"primer_ez"})
        self.assertEqual(self.offers("completion", ""), {"bash", "zsh", "fish"})

    def test_paths(self):
        (self.folder / "my.json").write_text("{}")
        self.assertEqual(self.offers("search", "--config", "my"), {"my.json"})
        self.assertEqual(self.offers("search", "--workers", "my"), set())
        self.assertEqual(self.offers("status", "my"), {"my.json"})

    def press_tabulator(self, arguments, prepare):
        """An interactive shell at a pseudo-terminal completes `nas se`."""
        try:
            pid, terminal = pty.fork()
        except OSError as error:
            self.skipTest(f"this system has no pseudo-terminals: {error}")
        if pid == 0:
            os.chdir(self.folder)
            os.environ.update(PS1="ready> ", TERM="dumb", INPUTRC="/dev/null")
            os.execlp(arguments[0], *arguments)
        self.addCleanup(os.waitpid, pid, 0)
        self.addCleanup(os.close, terminal)
        self.wait_for(terminal, "ready> ")
        os.write(terminal, f"{prepare}; echo com''plete\n".encode())
        self.wait_for(terminal, "\ncomplete")
        os.write(terminal, b"echo nas; nas se\t")
        self.wait_for(terminal, "nas search ")

    def test_the_tabulator_key(self):
        self.press_tabulator(["bash", "--norc", "--noprofile", "-i"], "source nas.bash")

    @unittest.skipUnless(shutil.which("zsh"), "there is no zsh")
    def test_the_tabulator_key_in_zsh(self):
        (self.folder / "nas.zsh").write_text(self.succeed("completion", "zsh").stdout)
        self.press_tabulator(["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -u -D; source nas.zsh")

    @unittest.skipUnless(shutil.which("fish"), "there is no fish")
    def test_fish_offers_verbs_options_and_choices(self):
        script = self.folder / "nas.fish"
        script.write_text(self.succeed("completion", "fish").stdout)

        def offers(line):
            done = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"],
                                  capture_output=True, text=True, timeout=QUICK_SECONDS)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return {offer.split("\t")[0] for offer in done.stdout.splitlines()}

        self.assertEqual(offers("nas se"), {"search"})
        self.assertEqual(offers("nas list sea"), {"searchers"})
        self.assertEqual(offers("nas best study --format j"), {"json"})
        self.assertIn("--config", offers("nas search --"))

    def wait_for(self, terminal, text):
        seen = ""
        end = time.monotonic() + QUICK_SECONDS
        while text not in seen and time.monotonic() < end:
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 4096).decode(errors="replace").replace("\r", "")
        self.assertIn(text, seen)

    def test_other_shells_accept_their_scripts(self):
        for shell in ("zsh", "fish"):
            script = self.succeed("completion", shell).stdout
            for verb in self.verbs():
                self.assertIn(verb, script)
            if shutil.which(shell):
                done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""), shell)

    def test_an_unknown_shell_is_refused(self):
        self.check(self.nas("completion", "csh"), 2, "csh")


if __name__ == "__main__":
    unittest.main(verbosity=2)
