"""The description that a wheel carries: README.md without what only the repository can follow.

Comments steer its tests and generated parts, and relative links and pictures lead nowhere
outside a checkout. hatchling calls this when it builds, see pyproject.toml.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
PICTURE = re.compile(r"^!\[[^\]]*\]\((?!https?://)[^)]*\)\n", re.MULTILINE)
RELATIVE_LINK = re.compile(r"\[([^\]]*)\]\((?!https?://|#)[^)]*\)")


def description(readme: str) -> str:
    """The text without comments, pictures from files, and links into the repository."""
    text = RELATIVE_LINK.sub(r"\1", PICTURE.sub("", COMMENT.sub("", readme)))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


class Description(MetadataHookInterface):
    """Puts it into the metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in ``readme``."""
        readme = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": description(readme)}
