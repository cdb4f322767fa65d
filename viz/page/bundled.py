"""What the page is made of, from this machine alone."""

import os
from pathlib import Path

from solara.server import settings
from solara.server.cdn_helper import cdn_url_path
from solara.server.starlette import StaticCdn
from starlette.routing import Mount


class Bundled(StaticCdn):
    """Solara's files of a kind that, where it lacks one, fetches nothing and deletes nothing."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """A file that is installed; nothing for any other."""
        installed = Path(settings.assets.proxy_cache_dir, path).is_file()
        return super().lookup_path(path) if installed else ("", None)


def mount() -> Mount:
    """The route that stands in front of Solara's own."""
    return Mount(f"/{cdn_url_path}", app=Bundled(directory=settings.assets.proxy_cache_dir))
