"""Names of types in sentences."""


def with_article(noun: str) -> str:
    """A noun as a sentence names one of its kind for the first time: `an int`, `a list`."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
