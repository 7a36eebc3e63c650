"""Reads a study with Optuna and pandas: the best trials, what the choices of the space are worth, where the time went.

usage: read_study.py STUDY-FOLDER        needs: pip install optuna pandas; nothing of nas
"""
import pathlib
import sys

import optuna
import pandas

optuna.logging.set_verbosity(optuna.logging.WARNING)
storage = f"sqlite:///{pathlib.Path(sys.argv[1]).resolve()}/study.db"
study = optuna.load_study(study_name=optuna.get_all_study_names(storage)[0], storage=storage)
metric = study.user_attrs["nas:metric"]

# One row a trial; params_<name> are the finite choices of the space, user_attrs_nas:<name> what nas adds.
trials = study.trials_dataframe(attrs=("number", "state", "params", "user_attrs"))
trials[metric] = [trial.values[0] if trial.values else None for trial in study.trials]
trials["seconds"] = trials["user_attrs_nas:seconds"]
print("trials by state and reason")
reasons = trials.get("user_attrs_nas:reason", pandas.Series("", index=trials.index)).fillna("")
print(trials.groupby([trials["state"], reasons]).size().to_string(header=False))

complete = trials[trials["state"] == "COMPLETE"]
smallest_first = study.directions[0] == optuna.study.StudyDirection.MINIMIZE
best = complete.sort_values(metric, ascending=smallest_first, kind="stable")
print(f"\nbest by {metric}")
print(best[["number", metric, "seconds"]].head(5).to_string(index=False))

for column in [name for name in trials.columns if name.startswith("params_")]:
    print(f"\n{metric} by {column.removeprefix('params_')}")
    print(complete.groupby(column)[metric].agg(["count", "mean", "min"]).to_string())

# Everything measured or computed of the best trial, and its learning curve.
winner = study.trials[int(best["number"].iloc[0])]
scores = pandas.DataFrame(winner.user_attrs["nas:scores"]).set_index("name")
print(f"\nscores of trial {winner.number}\n{scores[['value', 'unit']].to_string()}")
print(f"\nits {metric} by training step\n{pandas.Series(winner.intermediate_values).to_string()}")
