"""Records the sample stories again: `python tests/make_samples.py [story …]`.

Needs Chromium and playwright. Each story's evidence and plan are rewritten; its README.md and expected.txt are
written by hand and stay: an expectation that regenerates itself proves nothing.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.storefront import chromium, record  # noqa: E402

SAMPLES = ROOT / "sample_data"
WRITTEN_BY_HAND = {"README.md", "expected.txt"}
TEST_LINK = ("all",)
EVERY_AD = ("meta", "tiktok", "snackvideo")


@dataclass(frozen=True)
class Story:
    """One sample: which shop, what is wrong in it, and where its shoppers come from (one order each).

    `TEST_LINK` is a tester's link that carries a click id of every platform.
    """

    launch: str
    seed: int
    sources: tuple[str, ...] = TEST_LINK
    shop: str = "scalev"
    fault: str | None = None


STORIES = {
    "clean_launch": Story("Black shirt, November", 1, EVERY_AD),
    "regenerated_ids": Story("Black shirt, relay ids", 2, fault="regenerate_event_ids"),
    "double_sender": Story("Black shirt, tag container", 3, fault="double_sender"),
    "wrong_value": Story("Black shirt, value without shipping", 4, fault="value_without_shipping"),
    "lost_click_ids": Story("Black shirt, lost clicks", 5, EVERY_AD, fault="lost_click_ids"),
    "shopify_launch": Story("Sample Goods, November", 6, ("meta", "tiktok"), shop="shopify"),
}


def main(names: list[str]) -> int:
    """Records the named stories, or all of them."""
    if unknown := sorted(set(names) - set(STORIES)):
        print(f"No such story: {', '.join(unknown)}. There are: {', '.join(STORIES)}.", file=sys.stderr)
        return 2
    with chromium() as browser:
        for name in names or STORIES:
            story, folder = STORIES[name], SAMPLES / name
            _clear(folder)
            done = record(
                folder,
                story.shop,
                story.fault,
                len(story.sources),
                story.sources,
                launch=story.launch,
                seed=story.seed,
                browser=browser,
            )
            print(f"{name}: orders {', '.join(done.orders)}")
    return 0


def _clear(folder: Path) -> None:
    for path in folder.glob("*"):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in WRITTEN_BY_HAND:
            path.unlink()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
