"""A workflow whose tasks take their code from a git repository, and whose definition is JSON.

`python -m orquestra.sdk.examples.exportable_wf` writes the definition to standard output.
"""

from orquestra import sdk

REPOSITORY = sdk.GitImport(repo_url="https://github.com/orquestra/orquestra.git", git_ref="main")


def capitalize_no_decorator(text: str) -> str:
    """The text with a capital letter at its beginning; a plain function, no task."""
    return text.capitalize()


@sdk.task(source_import=REPOSITORY)
def capitalize(text: str) -> str:
    """The text with a capital letter at its beginning."""
    return capitalize_no_decorator(text)


@sdk.task(source_import=REPOSITORY)
def make_greeting(first: str, last: str, additional_message: str | None = None) -> str:
    """A greeting with a full name, and with more to say if there is more."""
    greeting = f"hello, {first} {last}!"
    return f"{greeting} {additional_message}" if additional_message else greeting


@sdk.task(source_import=REPOSITORY, n_outputs=2)
def multi_output_test() -> tuple[str, str]:
    """Two texts."""
    return "hello", "there"


@sdk.workflow
def my_workflow() -> list[sdk.ArtifactFuture[str]]:
    """Greet somebody."""
    _, there = multi_output_test()
    return [make_greeting("alex", "zapata", additional_message=there)]


def main() -> None:
    """Write the definition of the workflow."""
    print(my_workflow().model.model_dump_json(indent=2))  # noqa: T201 - that is what it is for


if __name__ == "__main__":
    main()
