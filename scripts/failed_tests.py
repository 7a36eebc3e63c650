#!/usr/bin/env python3
"""Prints the end of what each test that failed in a preset's last run printed. usage: scripts/failed_tests.py PRESET..."""
import pathlib
import re
import sys

LINES_SHOWN = 60


def failed_outputs(temporary):
    """Yields (name, output) of each failed test that the ctest logs in `temporary` know."""
    failed = temporary / "LastTestsFailed.log"
    if not failed.exists():
        return
    names = [line.split(":", 1)[1] for line in failed.read_text().splitlines() if ":" in line]
    log = (temporary / "LastTest.log").read_text(errors="replace")
    for name in names:
        found = re.search(rf'Testing: {re.escape(name)}\n(.*?)\n"{re.escape(name)}" end time', log, re.DOTALL)
        if found:  # else it failed in an earlier run, and this one left it out
            yield name, found.group(1)


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    for preset in sys.argv[1:]:
        for name, output in failed_outputs(root / "build" / preset / "Testing" / "Temporary"):
            print(f"=== {name} failed in preset {preset}; the end of what it printed:")
            print("\n".join(output.splitlines()[-LINES_SHOWN:]))


if __name__ == "__main__":
    main()
