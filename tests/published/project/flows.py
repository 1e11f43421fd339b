"""Workflows of a user of release 1.1, each with little to do."""

import logging
import os
import sys
import time

from orquestra import sdk

SMALL = sdk.Resources(cpu="1", memory="1Gi")


class Model:
    """A class of the tasks' own module: its instances travel as pickles."""

    def __init__(self, weights):
        self.weights = weights

    def score(self):
        return sum(self.weights)


@sdk.task
def halves(number):
    print("halving", number)
    print("with care", file=sys.stderr)
    return number // 2, number - number // 2


@sdk.task(resources=sdk.Resources(cpu="500m", memory="200Mi"), max_retries=1)
def trained(low, *, high):
    logging.getLogger("training").warning("no data")
    return Model([low, high])


@sdk.task(env_vars={"COLOUR": "blue"})
def described(model):
    return {"score": model.score(), "colour": os.environ["COLOUR"], "pair": (1, (2,))}


@sdk.task
def numbers(upto):
    return set(range(upto))


@sdk.task
def scaled(number, factor):
    return number * factor


@sdk.task
def broken(number):
    print("about to break")
    raise ValueError(f"{number} is too much")


@sdk.task
def unhurried(seconds):
    time.sleep(seconds)
    return seconds


@sdk.workflow(resources=SMALL)
def several():
    low, high = halves(7)
    model = trained(low, high=high)
    return described(model), numbers(3), low, halves(9), "a constant"


@sdk.workflow(resources=SMALL)
def single():
    return scaled(21, 2)


@sdk.workflow(resources=SMALL)
def parametrised(number, *others, factor=2):
    return [scaled(each, factor) for each in (number, *others)]


@sdk.workflow(resources=SMALL)
def pickled():
    return numbers(3)


@sdk.workflow(resources=SMALL)
def failing():
    return scaled(broken(3), 2), scaled(1, 2)


@sdk.workflow(resources=SMALL)
def endless():
    return unhurried(600)


@sdk.workflow(resources=sdk.Resources(cpu="1000", memory="1Gi"))
def too_large():
    return scaled(1, 2)


@sdk.workflow(resources=SMALL)
def no_such_image():
    return scaled(1, 2).with_custom_image("registry.invalid/team/image:1")


@sdk.task
def greeting():
    with open("/home/orquestra/greeting") as file:  # noqa: PTH123 - as users write it
        return file.read().strip()


@sdk.workflow(resources=SMALL)
def in_an_image(image):
    return greeting().with_custom_image(image)
