"""A screenshot as a PNG of at most 256 colours: a third of the size, and nobody sees the difference on a page."""

import base64
import struct
import zlib

from playwright.sync_api import Browser

#: The browser itself reads the pixels, counts colours (those that share five bits of each part are one, their average),
#: keeps the most frequent ones and gives each pixel the number of the nearest.
_INDEXED = """
async (source) => {
  const image = new Image();
  image.src = `data:image/png;base64,${source}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, image.width, image.height).data;
  const boxes = new Map();
  const box = (i) => (pixels[i] >> 3 << 10) | (pixels[i + 1] >> 3 << 5) | (pixels[i + 2] >> 3);
  for (let i = 0; i < pixels.length; i += 4) {
    const key = box(i);
    const sum = boxes.get(key) || [0, 0, 0, 0];
    for (let part = 0; part < 3; part++) sum[part] += pixels[i + part];
    sum[3] += 1;
    boxes.set(key, sum);
  }
  const often = [...boxes].sort((a, b) => b[1][3] - a[1][3] || a[0] - b[0]);
  const palette = often.slice(0, 256).map(([, sum]) => [0, 1, 2].map((part) => Math.round(sum[part] / sum[3])));
  const number = new Map(often.slice(0, 256).map(([key], place) => [key, place]));
  for (const [key, sum] of often.slice(256)) {
    let best = 0;
    let least = Infinity;
    palette.forEach((colour, place) => {
      const far = colour.reduce((total, value, part) => total + (value - sum[part] / sum[3]) ** 2, 0);
      if (far < least) [least, best] = [far, place];
    });
    number.set(key, best);
  }
  const indexed = new Uint8Array(pixels.length / 4);
  for (let i = 0; i < indexed.length; i++) indexed[i] = number.get(box(4 * i));
  let text = "";
  for (let i = 0; i < indexed.length; i += 32768) text += String.fromCharCode(...indexed.subarray(i, i + 32768));
  return [image.width, image.height, palette.flat(), btoa(text)];
}
"""


def with_palette(browser: Browser, png: bytes) -> bytes:
    """The same picture, reduced. Takes a second."""
    page = browser.new_page()
    width, height, palette, indexed = page.evaluate(_INDEXED, base64.b64encode(png).decode())
    page.close()
    pixels = base64.b64decode(indexed)
    rows = b"".join(b"\0" + pixels[line * width : (line + 1) * width] for line in range(height))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", bytes(palette)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
