from orquestra.sdk.tracing.numbering import Numbering


def test_what_is_met_again_takes_a_new_number():
    numbering = Numbering("thing")

    for key in "aba":
        numbering.meet(key)

    assert [numbering["a"], numbering["b"]] == ["thing-2", "thing-1"]
    assert "a" in numbering
    assert "c" not in numbering
