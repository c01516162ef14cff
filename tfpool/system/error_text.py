"""What an error of another package says, in one sentence for a message of ours."""

from __future__ import annotations

import re

_NAMED = re.compile(r"^\s*(?:\w+\.)*\w*(?:Error|Exception|Warning): (.+)$")
_NOISE = re.compile(
    r"^\s*(File \"|in user code:|Call arguments received|Arguments received|•|Traceback|During handling)"
)
_PATH = re.compile(r"(?<![\w.:/])/(?:[\w.+~-]+/)+[\w.+~-]*")
_NODE = re.compile(r"\{\{.*?\}\}\s*")


def cause(error: BaseException, most: int = 200) -> str:
    """The innermost reason in an error's text, without files, code lines and names of graph nodes.

    Example:
        >>> from tfpool.system.error_text import cause
        >>> cause(ValueError("Exception encountered when calling Dense.call().\\n\\nMatrix size-incompatible"))
        'Matrix size-incompatible'
    """
    lines = [line for line in str(error).splitlines() if line.strip() and not _NOISE.match(line)]
    named = [match[1] for line in lines if (match := _NAMED.match(line))]
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in lines]
    inner = [line for line in plain if not line.startswith(("Exception encountered", "Graph execution error"))]
    text = named[-1] if named else next(iter(inner or plain), type(error).__name__)
    text = _PATH.sub("…", _NODE.sub("", text)).strip().rstrip(".")
    return text if len(text) <= most else f"{text[: most - 1]}…"
