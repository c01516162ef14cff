"""What an error of Keras comes down to, in one line: Keras wraps it in others, with tracebacks and whole configs."""

from __future__ import annotations

import re

from tfpool.data.custom.safe_names import clean

LONGEST = 400
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_WRAPPED = re.compile(r"(?:Exception|Error) encountered(?: when calling [^\n]*?)?[.:]?\s+")
"""What comes before an inner error's text."""
_OBJECTS = re.compile(r"A total of (\d+ objects could not be loaded)\. Example error .*? <\w+ name=([^,>]*)[^>]*>:\s+")
_AFTER = re.compile(
    r"\s*(?:Arguments received by|List of objects that could not be loaded|Full object config|Full config:|config=\{"
    r"|Target variable:|Traceback \(most recent call last\)|The above exception|\[Op:|\{\{function_node).*",
    re.DOTALL,
)
"""What comes after it: arguments, configs, places in the source."""
_PATH = re.compile(r"(?<![\w.])(?:[A-Za-z]:)?[/\\](?:[^\s/\\:'\"]+[/\\])+([^\s/\\:'\"]*)")


def cause(error: BaseException) -> str:
    """The innermost reason of an error, without paths of this machine, at most 400 characters."""
    text = _OBJECTS.sub(r"\1, such as layer '\2': ", _ESCAPES.sub("", str(error)).strip())
    text = _AFTER.sub("", _WRAPPED.split(text)[-1]).strip()
    text = _PATH.sub(r"\1", text) or type(error).__name__
    return clean(text, LONGEST)
