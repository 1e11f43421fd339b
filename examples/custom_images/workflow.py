"""How strongly should a linear model of diabetes be regularised? Four answers, compared.

Three container images take part: the default one, one with scikit-learn, one with gnuplot. Run it
with `orq wf submit examples/custom_images/workflow.py`, or watch all of it with `make demo`.
"""

import csv
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import orquestra.sdk as sdk  # noqa: PLR0402 - the usual way to write it

SKLEARN_IMAGE = "127.0.0.1:5000/demo/sklearn:1"
GNUPLOT_IMAGE = "127.0.0.1:5000/demo/gnuplot:1"

ALPHAS = (0.01, 0.1, 1.0, 10.0)
REPEATS = 40

# A task's code travels together with what it uses of this file, so this table travels, too.
PATIENTS = Path(__file__).with_name("diabetes.csv").read_text()


def report_place():
    """Print where a task runs; the demo reads it from the task's log."""
    place = {
        "host": platform.node(),
        "uid": os.getuid(),
        "sklearn": importlib.util.find_spec("sklearn") is not None,
        "gnuplot": shutil.which("gnuplot"),
    }
    print("place:", json.dumps(place))


@sdk.task
def load():
    """Ten measurements of each patient, and how far the disease had come a year later."""
    report_place()
    rows = [
        {name: float(text) for name, text in row.items()}
        for row in csv.DictReader(PATIENTS.splitlines())
    ]
    progression = [row.pop("progression") for row in rows]
    return {
        "names": list(rows[0]),
        "measured": [list(row.values()) for row in rows],
        "progression": progression,
    }


@sdk.task(custom_image=SKLEARN_IMAGE, resources=sdk.Resources(cpu="1", memory="1Gi"))
def train_model(data, alpha):
    """Judge one strength of regularisation by repeated cross-validation."""
    from sklearn.linear_model import Lasso
    from sklearn.model_selection import KFold, RepeatedKFold, cross_val_predict, cross_validate
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    report_place()
    inputs, target = data["measured"], data["progression"]
    model = make_pipeline(StandardScaler(), Lasso(alpha=alpha))
    scores = cross_validate(
        model,
        inputs,
        target,
        cv=RepeatedKFold(n_splits=10, n_repeats=REPEATS, random_state=0),
        scoring={"r2": "r2", "rmse": "neg_root_mean_squared_error"},
    )
    once = KFold(n_splits=10, shuffle=True, random_state=0)
    weights = model.fit(inputs, target)[-1].coef_
    return {
        "alpha": alpha,
        "r2": float(scores["test_r2"].mean()),
        "rmse": float(-scores["test_rmse"].mean()),
        "spread": float(scores["test_rmse"].std()),
        "used": [name for name, weight in zip(data["names"], weights, strict=True) if weight],
        "predicted": cross_val_predict(model, inputs, target, cv=once).tolist(),
        "measured": target,
    }


@sdk.task
def best(*models):
    """The model with the smallest error on patients that it had not seen."""
    report_place()
    table = [
        {key: model[key] for key in ("alpha", "r2", "rmse", "spread", "used")} for model in models
    ]
    return {"table": table, "model": min(models, key=lambda model: model["rmse"])}


@sdk.task(custom_image=GNUPLOT_IMAGE)
def draw(choice):
    """The chosen model as a picture, drawn by the gnuplot of this task's image."""
    report_place()
    model = choice["model"]
    points = zip(model["measured"], model["predicted"], strict=True)
    mean = statistics.fmean(model["measured"])
    title = (
        f"Lasso, alpha = {model['alpha']:g}:  R² = {model['r2']:.2f},  RMSE = {model['rmse']:.1f}"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "points").write_text("".join(f"{x} {y}\n" for x, y in points))
        Path(folder, "script").write_text(SCRIPT.format(title=title, mean=mean))
        subprocess.run(["gnuplot", "script"], cwd=folder, check=True, timeout=60)
        return {
            "table": choice["table"],
            "alpha": model["alpha"],
            "plot": Path(folder, "fit.png").read_bytes(),
        }


SCRIPT = """
set terminal pngcairo size 1000,960 font "sans,15" background "#ffffff" enhanced
set encoding utf8
set output "fit.png"
set title "{title}" font ",19" offset 0,0.3
set xlabel "measured disease progression after one year"
set ylabel "predicted, patients held out" offset 1,0
set xrange [0:360]
set yrange [0:360]
set size ratio -1
set border 3 linecolor rgb "#888888"
set tics nomirror out textcolor rgb "#444444"
set grid linecolor rgb "#e6e6e6" linetype 1
set key top left opaque reverse Left samplen 2 textcolor rgb "#444444"
plot x with lines linewidth 2 linecolor rgb "#999999" title "perfect prediction", \\
     {mean} with lines dashtype 2 linewidth 2 linecolor rgb "#c0504d" \\
         title "always the mean ({mean:.0f})", \\
     "points" using 1:2 with points pointtype 7 pointsize 1.1 linecolor rgb "#992f6db0" \\
         title "one patient"
"""


@sdk.workflow(resources=sdk.Resources(cpu="1", memory="2Gi", nodes=4))
def fit():
    """Train a model for each alpha in parallel, choose the best, draw it."""
    data = load()
    return draw(best(*[train_model(data, alpha) for alpha in ALPHAS]))
