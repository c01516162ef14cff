"""What an error of another package comes down to in one line: Keras wraps errors, with code and whole configs."""

from __future__ import annotations

import re

LONGEST = 400
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_WRAPPED = re.compile(r"(?:Exception|Error) encountered(?: when calling [^\n]*?)?[.:]?\s+")
"""What comes before an inner error's text."""
_IN_CODE = re.compile(r"^in user code:.*^\s+(?:\w+\.)*\w+: ", re.DOTALL | re.MULTILINE)
"""Lines of code before the text of an error in a function that TensorFlow traces."""
_OBJECTS = re.compile(r"A total of (\d+ objects could not be loaded)\. Example error .*? <\w+ name=([^,>]*)[^>]*>:\s+")
_AFTER = re.compile(
    r"\s*(?:Arguments received by|List of objects that could not be loaded|Full object config|Full config:|config=\{"
    r"|Target variable:|Traceback \(most recent call last\)|The above exception|\[Op:|\[\[\{\{|\{\{function_node).*",
    re.DOTALL,
)
"""What comes after it: arguments, configs, places in the source."""
_NODE = re.compile(r"^(?:\{\{.*?\}\}\s*)+")
_PATH = re.compile(r"(?<![\w./])(?<!:/)(?:[A-Za-z]:)?[/\\](?:[^\s/\\:'\"]+[/\\])+([^\s/\\:'\"]*)")


def cause(error: BaseException) -> str:
    """The innermost reason of an error in one line, without paths of this machine, at most 400 characters.

    Example:
        >>> from tfpool.system.error_text import cause
        >>> cause(ValueError("Exception encountered when calling Dense.call().\\n\\nNo rank in /srv/own/layer.py"))
        'No rank in layer.py'
    """
    text = _NODE.sub("", _IN_CODE.sub("", _ESCAPES.sub("", str(error)).strip()))
    text = _OBJECTS.sub(r"\1, such as layer '\2': ", text)
    text = _AFTER.sub("", _WRAPPED.split(text)[-1]).strip()
    text = " ".join(without_folders(text).split()) or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def without_folders(text: str) -> str:
    """A text with the files of this machine named without their folders.

    Example:
        >>> from tfpool.system.error_text import without_folders
        >>> without_folders("/srv/own/model.keras is damaged. See https://keras.io/api/models")
        'model.keras is damaged. See https://keras.io/api/models'
    """
    return _PATH.sub(r"\1", text)
