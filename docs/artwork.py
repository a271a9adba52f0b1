"""python -m docs.artwork: draws the icons and the picture of a shared page, in the system's Chromium.

The drawings are those of `templates/components/pictures.html`, in the colours that paper and screen have by day.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from docs.pictures import browser

FOLDER = Path(__file__).resolve().parent.parent / "static" / "img"

BRAND, WASH, CLAY = "#0e5a5a", "#e3f0ed", "#a5421c"
NEEDLES = (
    (64, 238, -14),
    (108, 244, -10.5),
    (152, 250, -7),
    (196, 256, -3.5),
    (240, 262, 0),
    (284, 256, 3.5),
    (328, 250, 7),
    (372, 244, 10.5),
    (416, 238, 14),
)
LARGEST = 60_000
"""Bytes of a picture that somebody may have to load on a phone."""


def main() -> None:
    with browser() as chromium:
        draw(chromium, "icon-180", (180, 180), icon(share=1.0))
        draw(chromium, "icon-192", (192, 192), icon(share=1.0))
        draw(chromium, "icon-512", (512, 512), icon(share=1.0))
        draw(chromium, "icon-maskable-512", (512, 512), icon(share=0.72))
        draw(chromium, "share", (1200, 630), shared())


def draw(chromium: Browser, name: str, size: tuple[int, int], svg: str) -> None:
    """Writes the drawing as PNG."""
    width, height = size
    page = chromium.new_page(viewport={"width": width, "height": height})
    page.set_content(f"<style>body{{margin:0}}svg{{display:block;width:{width}px;height:{height}px}}</style>{svg}")
    picture = page.screenshot(path=FOLDER / f"{name}.png", type="png")
    page.close()
    assert len(picture) < LARGEST, f"{name}.png has {len(picture)} bytes"
    print(f"{len(picture) / 1000:7.1f} kB  {name}.png")


def icon(*, share: float) -> str:
    """The house's sign on a full square, which phones cut to their own shape. `share`: how much the sign takes."""
    return f"""
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 30">
      <rect width="30" height="30" fill="{BRAND}"/>
      <g transform="translate(15 15) scale({share}) translate(-15 -15)" fill="none" stroke="#fff">
        <path d="M8 22 20.5 9.5" stroke-width="2.2" stroke-linecap="round"/>
        <circle cx="21.6" cy="8.4" r="2.3" stroke-width="1.8"/>
      </g>
    </svg>"""


def shared() -> str:
    """Nine needles over a landscape, and no words, so that it does for every page in every language."""
    needles = "".join(needle(*place, colour=CLAY if place is NEEDLES[-1] else BRAND) for place in NEEDLES)
    return f"""
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630">
      <rect width="1200" height="630" fill="{WASH}"/>
      <path d="M0 430C220 330 380 500 600 400S1000 320 1200 400V630H0Z" fill="{BRAND}" fill-opacity=".17"/>
      <path d="M0 500C270 420 430 560 680 480S1060 410 1200 470V630H0Z" fill="{BRAND}" fill-opacity=".17"/>
      <g transform="translate(216 12) scale(1.6)">{needles}</g>
    </svg>"""


def needle(x: float, y: float, turn: float, *, colour: str) -> str:
    return f"""
    <g transform="translate({x} {y}) rotate({turn})" fill="none" stroke="{BRAND}" stroke-width="2">
      <path d="M0 0V-150"/>
      <path d="M0-150v-38" stroke="{colour}" stroke-width="6" stroke-linecap="round"/>
      <circle cy="-196" r="5" stroke="{colour}" fill="{WASH}"/>
    </g>"""


if __name__ == "__main__":
    main()
