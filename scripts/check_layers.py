#!/usr/bin/env python3
"""Fails on an #include that the module table forbids. usage: check_layers.py [ROOT]"""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "core": "",
    "config": "core",
    "space": "core config",
    "search": "core config space",
    "ops": "core",
    "nn": "core space ops",
    "data": "core config ops",
    "train": "core config space ops nn data",
    "score": "core config space ops nn data",
    "supernet": "core config space search ops nn data train",
    "profile": "core config space ops nn data train",
    "store": "core config space",
    "report": "core config space search store",
    "export": "core config space nn",
    "run": "core config space search store",
    "engine": "core config space search ops nn data train score supernet profile store export run",
    "cli": "core config space search store report run",
}
# Headers of values alone, which may pass through modules that do not link theirs: they include only core.
VALUES = {"nas/export/export_facts.hpp", "nas/export/export_report.hpp"}
# (includer, included): the program that is linked with the engine.
EXCEPTIONS = {("src/cli/engine_main.cpp", "nas/engine/engine.hpp")}
TORCH_FREE = {"core", "config", "space", "search", "store", "report", "run", "cli"}
TORCH = re.compile(r"(torch|ATen|c10)/")
NOT_IN_PUBLIC_HEADERS = re.compile(r"torch/(torch|all|nn)\.h|CLI/|nlohmann/json\.hpp|spdlog/|soci/")
OF_VALUES = re.compile(r"nas/core/|[a-z_]+$")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
FOLDERS = ("include/nas", "src", "tests")


def complaint(module, target, is_public):
    """Why `module` may not include `target`, or None."""
    parts = target.split("/")
    if target in VALUES:
        return None
    if parts[0] == "nas" and len(parts) > 2:
        if parts[1] not in MAY_INCLUDE:
            return f"there is no module {parts[1]}"
        if parts[1] not in [module, *MAY_INCLUDE[module].split()]:
            return f"{module} may include only: {MAY_INCLUDE[module] or 'nothing'}"
    elif parts[0] in MAY_INCLUDE and len(parts) > 1 and parts[0] != module:
        return f"a private header of {parts[0]}"
    if module in TORCH_FREE and TORCH.match(target):
        return f"{module} is free of LibTorch"
    if is_public and NOT_IN_PUBLIC_HEADERS.match(target):
        return "too heavy for a public header"
    return None


def main(root):
    failures = 0
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            module = path.relative_to(root / folder).parts[0]
            if path.suffix not in {".hpp", ".cpp", ".cu", ".cuh"} or module not in MAY_INCLUDE:
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if match and (str(path.relative_to(root)), match[1]) in EXCEPTIONS:
                    continue
                why = match and complaint(module, match[1], folder == "include/nas")
                if match and f"nas/{path.relative_to(root / folder)}" in VALUES:
                    why = why or (None if OF_VALUES.match(match[1]) else "a header of values includes only core")
                if why:
                    failures += 1
                    print(f"{path.relative_to(root)}:{number}: includes {match[1]}: {why}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__ + "/../..").resolve()))
