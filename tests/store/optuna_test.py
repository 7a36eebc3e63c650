#!/usr/bin/env python3
"""Opens a study of nas with Optuna itself and compares everything that Optuna shows.

usage: optuna_test.py PROGRAM, where PROGRAM is the built nas_optuna_study and the environment variable
NAS_OPTUNA_PYTHON names a Python interpreter that has optuna 5.0 installed.
"""

import hashlib
import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile

SKIPPED = 77
STUDY_DAMAGED_EXIT = 6


def restart_with_optuna():
    """Runs this script again with the interpreter that has Optuna."""
    interpreter = os.environ.get("NAS_OPTUNA_PYTHON")
    if not interpreter:
        print("skipped: NAS_OPTUNA_PYTHON names no Python with optuna (scripts/test sets it)")
        sys.exit(SKIPPED)
    environment = dict(os.environ, NAS_OPTUNA_TEST_STARTED="1")
    os.execve(interpreter, [interpreter, *sys.argv], environment)


def number(value):
    return float(value) if isinstance(value, str) else value


def same(first, second):
    if first is None or second is None:
        return first is second
    return first == second or (math.isnan(first) and math.isnan(second))


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")


def run(program, action, folder):
    return subprocess.run([program, action, folder], capture_output=True, text=True)


def url(folder):
    return f"sqlite:///{folder}/study.db"


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def expected_value(trial):
    """As Optuna's own `tell`: a pruned trial has its last intermediate value, unless that is NaN."""
    if trial["state"] != "PRUNED":
        return number(trial["value"])
    if not trial["intermediate"]:
        return None
    last = number(trial["intermediate"][max(trial["intermediate"], key=int)])
    return None if math.isnan(last) else last


def expected_constraint(value):
    value = number(value)
    return sys.float_info.max if math.isnan(value) or value > sys.float_info.max else value


def compare_trial(found, expected):
    where = f"trial {found.number}"
    check(found.state.name == expected["state"], f"{where}: state {found.state.name}")
    check(len(found.params) > 0, f"{where}: no params")
    check(found.params == expected["params"], f"{where}: params {found.params}")
    check([type(value) for value in found.params.values()]
          == [type(expected["params"][name]) for name in found.params], f"{where}: types of params")
    check(same(found.value if found.values else None, expected_value(expected)), f"{where}: value {found.values}")
    intermediate = {int(step): number(value) for step, value in expected["intermediate"].items()}
    check(found.intermediate_values.keys() == intermediate.keys(), f"{where}: steps")
    for step, value in intermediate.items():
        check(same(found.intermediate_values[step], value), f"{where}: intermediate value at step {step}")
    constraints = [expected_constraint(value) for value in expected["constraints"]]
    check(list(found.constraints.values()) == constraints, f"{where}: constraints {found.constraints}")
    check(found.user_attrs["nas:hash"] == expected["hash"], f"{where}: hash")
    check(found.user_attrs["nas:arch"] == expected["architecture"], f"{where}: architecture")
    check(found.user_attrs.get("nas:reason", "") == expected["reason"], f"{where}: reason")
    found._validate()


def compare_study(optuna, folder, expected):
    check(optuna.get_all_study_names(url(folder)) == [expected["name"]], "study name")
    study = optuna.load_study(study_name=expected["name"], storage=url(folder))
    check(study.direction == optuna.study.StudyDirection.MINIMIZE, "direction")
    check(study.metric_names == [expected["metric"]], f"metric names {study.metric_names}")
    check(study.user_attrs["nas:metric"] == expected["metric"], "nas:metric")
    trials = study.get_trials()
    check([trial.number for trial in trials] == list(range(len(expected["trials"]))), "numbers")
    for found, wanted in zip(trials, expected["trials"]):
        compare_trial(found, wanted)
    check(study.best_trial.number == expected["best"], f"best trial {study.best_trial.number}")
    check({trial.number for trial in study.best_trials} >= {expected["best"]}, "best trials")
    for distributions in [[trial.distributions[name] for trial in trials] for name in trials[0].params]:
        for distribution in distributions:
            check(distribution == distributions[0], "a distribution changes within the study")
    return study


def compare_pareto_study(optuna, program, folder):
    """A study of several objectives: values, directions, and the trials that no other dominates."""
    result = run(program, "make-pareto", folder)
    check(result.returncode == 0, result.stderr)
    expected = json.loads(result.stdout)
    study = optuna.load_study(study_name=expected["name"], storage=url(folder))
    directions = [direction.name for direction in study.directions]
    check(directions == ["MINIMIZE", "MAXIMIZE", "MINIMIZE"], f"directions {directions}")
    check(study.metric_names == expected["metrics"], f"metric names {study.metric_names}")
    for found, wanted in zip(study.get_trials(), expected["trials"], strict=True):
        check(found.state.name == wanted["state"], f"trial {found.number}: state {found.state.name}")
        check(found.values == wanted["values"], f"trial {found.number}: values {found.values}")
        found._validate()
    best = sorted(trial.number for trial in study.best_trials)
    check(best == expected["best"], f"best trials {best}, expected {expected['best']}")
    check(1 < len(best) < len(expected["trials"]) // 2, f"{len(best)} of {len(expected['trials'])} trials are the front")


def compare_distributions(optuna, folder):
    """The stored texts are those that Optuna writes for the same distributions."""
    with sqlite3.connect(f"file:{folder}/study.db?mode=ro", uri=True) as database:
        texts = {row[0] for row in database.execute("SELECT DISTINCT distribution_json FROM trial_params")}
    check(len(texts) >= 3, "kinds of distributions")
    for text in texts:
        again = optuna.distributions.distribution_to_json(optuna.distributions.json_to_distribution(text))
        check(text == again, f"distribution {text} is not {again}")


def tables_of(path):
    """Optuna's tables and indexes with their definitions, white space aside."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        rows = database.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'nas_%'"
                                " AND name NOT LIKE 'sqlite_autoindex_nas_%'")
        return {(kind, name): " ".join((sql or "").split()) for kind, name, sql in rows}


def compare_tables(optuna, nas_folder, own_path):
    optuna.create_study(study_name="own", storage=f"sqlite:///{own_path}")
    ours, theirs = tables_of(f"{nas_folder}/study.db"), tables_of(own_path)
    check(ours.keys() == theirs.keys(), f"tables {ours.keys() ^ theirs.keys()}")
    for key, definition in theirs.items():
        check(ours[key] == definition, f"{key}:\n{ours[key]}\n{definition}")
    for query in ("SELECT * FROM version_info", "SELECT * FROM alembic_version"):
        rows = []
        for path in (f"{nas_folder}/study.db", own_path):
            with sqlite3.connect(path) as database:
                rows.append(database.execute(query).fetchall())
        check(rows[0] == rows[1], f"{query}: {rows}")


def check_written_by_both(study, program, folder, expected):
    """Notes that Optuna or its dashboard writes do not stand in nas's way, and waiting trials wait."""
    study.set_user_attr("note", {"text": "looked at"})
    study._storage.set_study_system_attr(study._study_id, "dashboard:note_ver", 1)
    result = run(program, "open", folder)
    check(result.returncode == 0, result.stderr)
    states = [trial["state"].replace("RUNNING", "WAITING") for trial in expected["trials"]]
    check(json.loads(result.stdout) == states, f"states after reopening: {result.stdout}")
    check([trial.state.name for trial in study.get_trials()] == states, "states as Optuna sees them")


def check_foreign(optuna, program, folder):
    os.mkdir(folder)
    study = optuna.create_study(study_name="foreign", storage=url(folder))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    before = digest(f"{folder}/study.db")
    for action in ("open", "make"):
        result = run(program, action, folder)
        check(result.returncode == (STUDY_DAMAGED_EXIT if action == "open" else 2), f"{action}: {result}")
    check("is an Optuna study that nas did not make" in run(program, "open", folder).stderr, "message")
    check(digest(f"{folder}/study.db") == before, "the foreign study was changed")
    check(sorted(os.listdir(folder)) in (["study.db"], ["lock", "study.db"]), f"files {os.listdir(folder)}")


def main():
    if "NAS_OPTUNA_TEST_STARTED" not in os.environ:
        restart_with_optuna()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    check(optuna.__version__.startswith("5.0."), f"optuna {optuna.__version__}, 5.0 is needed")
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as root:
        folder = f"{root}/study"
        result = run(program, "make", folder)
        check(result.returncode == 0, result.stderr)
        expected = json.loads(result.stdout)
        study = compare_study(optuna, folder, expected)
        compare_distributions(optuna, folder)
        compare_tables(optuna, folder, f"{root}/own.db")
        check_written_by_both(study, program, folder, expected)
        check_foreign(optuna, program, f"{root}/foreign")
        compare_pareto_study(optuna, program, f"{root}/pareto")
    print(f"optuna {optuna.__version__}: {len(expected['trials'])} trials agree, best trial {expected['best']}")


if __name__ == "__main__":
    main()
