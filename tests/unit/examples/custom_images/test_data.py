import csv
from pathlib import Path

import pytest
from examples.custom_images import workflow
from examples.custom_images.publishing import publications


def test_the_table_is_scikit_learns_diabetes_set():
    datasets = pytest.importorskip("sklearn.datasets", reason="the extra `demo` is not installed")
    original = datasets.load_diabetes(scaled=False)

    with Path(workflow.__file__).with_name("diabetes.csv").open() as file:
        header, *rows = csv.reader(file)

    assert header == [*original.feature_names, "progression"]
    assert [[float(text) for text in row] for row in rows] == [
        pytest.approx([*measured, progression])
        for measured, progression in zip(original.data, original.target, strict=True)
    ]


def test_the_demo_publishes_the_images_that_the_workflow_asks_for():
    base, *custom = publications("2.0.0")

    assert base.name.endswith("/orquestra-sdk-base:2.0.0")
    assert {image.name for image in custom} == {workflow.SKLEARN_IMAGE, workflow.GNUPLOT_IMAGE}
