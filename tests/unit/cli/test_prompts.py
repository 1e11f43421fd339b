"""Questions at the terminal, answered with real keys."""

import pytest

from orquestra.cli import prompts
from orquestra.cli.failures import Failure

FRUITS = {"apple": 1, "pear": 2, "plum": 3}


def test_an_option_is_chosen_with_the_arrow_keys(keyboard, capsys):
    keyboard.types(keyboard.DOWN, keyboard.ENTER)

    assert prompts.choose("Fruit", FRUITS, instead="--fruit") == 2

    drawn = capsys.readouterr()
    assert "Fruit" in drawn.err
    assert drawn.out == ""


def test_an_option_is_found_by_a_part_of_it(keyboard):
    keyboard.types("lu", keyboard.ENTER)

    assert prompts.choose("Fruit", FRUITS, instead="--fruit") == 3


def test_text_that_is_part_of_no_option_takes_none(keyboard):
    backspace = "\x7f"
    keyboard.types("pearl", keyboard.ENTER, backspace, keyboard.ENTER)

    assert prompts.choose("Fruit", FRUITS, instead="--fruit") == 2


def test_the_only_option_is_taken_even_where_nobody_can_be_asked():
    assert prompts.choose("Fruit", {"apple": 1}, instead="--fruit") == 1


@pytest.mark.parametrize("keys", ["y", "\r"])
def test_the_only_option_may_need_a_yes(keyboard, capsys, keys):
    keyboard.types(keys)

    assert prompts.choose("Fruit", {"apple": 1}, instead="--fruit", confirm_single=True) == 1

    question = "Fruit - only one option is available. Proceed with apple?"
    assert question in capsys.readouterr().err


def test_a_no_to_the_only_option_cancels(keyboard):
    keyboard.types("n")

    with pytest.raises(Failure, match="cancelled") as caught:
        prompts.choose("Fruit", {"apple": 1}, instead="--fruit", confirm_single=True)

    assert caught.value.exit_code == 15


def test_nothing_to_choose_from_is_told_with_what_to_do():
    with pytest.raises(Failure) as caught:
        prompts.choose("Fruit", {}, instead="--fruit", hint_if_none="plant a tree")

    assert caught.value.message == "Fruit:\nNo options are available."
    assert (caught.value.exit_code, caught.value.hint) == (2, "plant a tree")


ASKING = {
    "one": lambda: prompts.choose("Fruit", FRUITS, instead="--fruit"),
    "only one": lambda: prompts.choose("F", {"a": 1}, instead="--fruit", confirm_single=True),
    "many": lambda: prompts.choose_many("Fruit", FRUITS, instead="--fruit"),
    "yes or no": lambda: prompts.confirm("Eat?", default=True, instead="--fruit"),
    "text": lambda: prompts.text("Fruit", instead="--fruit"),
}


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["ctrl-c", "ctrl-d"])
@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_ctrl_c_and_ctrl_d_cancel_every_question(keyboard, ask, key):
    keyboard.types(key, keyboard.ENTER)

    with pytest.raises(Failure, match="cancelled") as caught:
        ask()

    assert caught.value.exit_code == 15


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_without_a_terminal_the_message_says_what_to_type_instead(ask):
    with pytest.raises(Failure, match="no terminal") as caught:
        ask()

    assert (caught.value.exit_code, caught.value.hint) == (255, "answer with --fruit")


def test_without_a_terminal_the_first_options_are_listed():
    options = {f"run-{k}": k for k in range(100)}

    with pytest.raises(Failure) as caught:
        prompts.choose("Run", options, instead="RUN_ID")

    assert caught.value.details[0] == "  run-0"
    assert caught.value.details[-1] == "  and 80 more"


def test_boxes_are_checked_as_preselected_and_changed_with_the_space_bar(keyboard):
    keyboard.types(keyboard.DOWN, keyboard.SPACE, keyboard.ENTER)

    assert prompts.choose_many("Fruit", FRUITS, instead="--fruit", preselected={1}) == [1, 2]


def test_all_boxes_are_checked_at_first(keyboard):
    keyboard.types(keyboard.ENTER)

    assert prompts.choose_many("Fruit", FRUITS, instead="--fruit") == [1, 2, 3]


def test_a_question_has_the_answer_that_is_given_else_the_default(keyboard):
    keyboard.types("y", keyboard.ENTER)

    assert prompts.confirm("Eat?", default=False, instead="--eat") is True
    assert prompts.confirm("Eat?", default=False, instead="--eat") is False


def test_a_text_is_asked_for_until_it_is_right(keyboard):
    keyboard.types("x", keyboard.ENTER, "\x7f", "7", keyboard.ENTER)

    def check(answer):
        return None if answer.isdecimal() else "not a number"

    assert prompts.text("How many", instead="--count", check=check) == "7"


def test_options_of_several_columns_stand_one_under_another():
    assert prompts.labels([("lab", "id-1"), ("physics", "2")]) == ["lab      id-1", "physics  2"]
    assert prompts.labels([]) == []
