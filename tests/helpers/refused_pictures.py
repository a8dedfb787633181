"""One small file of each format that Pillow would open and we do not, made on the spot."""

import io
import struct

from PIL import Image

SIDE = 32
PIXELS = bytes(SIDE * SIDE * 3)
PIXEL_OF = {"BLP": "P", "MSP": "1", "XBM": "1"}  # modes, where RGB cannot be saved
SAVED = (
    *("BLP", "DDS", "DIB", "EPS", "ICNS", "ICO", "IM", "JPEG2000"),
    *("MSP", "PCX", "QOI", "SGI", "SPIDER", "TGA", "XBM"),
)


def save(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new(PIXEL_OF.get(kind, "RGB"), (SIDE, SIDE)).save(buffer, kind)
    return buffer.getvalue()


def _at(size: int, *places: tuple[int, bytes]) -> bytes:
    data = bytearray(size)
    for place, part in places:
        data[place : place + len(part)] = part
    return bytes(data)


def _fits() -> bytes:
    cards = {"SIMPLE": "T", "BITPIX": "8", "NAXIS": "2", "NAXIS1": SIDE, "NAXIS2": SIDE}
    head = "".join(f"{key:8}= {value:>20}".ljust(80) for key, value in cards.items()) + "END".ljust(80)
    return head.ljust(2880).encode() + PIXELS


def _iptc() -> bytes:
    fields = [(20, struct.pack(">H", SIDE)), (30, struct.pack(">H", SIDE)), (60, b"\1\0"), (120, b"\0\1")]
    records = b"".join(struct.pack(">BBBH", 0x1C, 3, tag, len(data)) + data for tag, data in fields)
    return records + struct.pack(">BBBH", 0x1C, 8, 10, 9) + PIXELS[:9]


BITMAP = struct.pack("<IiiHHIIiiII", 40, SIDE, 2 * SIDE, 1, 24, 0, 0, 0, 0, 0, 0)
XPM = f'/* XPM */\nstatic char *x[] = {{\n"{SIDE} {SIDE} 1 1",\n"a c #ff0000",\n' + '"aaaa",\n' * SIDE + "};"
WRITTEN = {
    "BUFR": b"BUFR" + bytes(60),
    "CUR": struct.pack("<HHHBBBBHHII", 0, 2, 1, SIDE, SIDE, 0, 0, 0, 0, 40, 22) + BITMAP + 2 * PIXELS,
    "DCX": struct.pack("<III", 0x3ADE68B1, 12, 0) + save("PCX"),
    "FITS": _fits(),
    "FLI": _at(200, (4, struct.pack("<HHHHHH", 0xAF11, 1, SIDE, SIDE, 8, 3))),
    "FTEX": b"FTEX" + struct.pack("<8i", 0, SIDE, SIDE, 1, 1, 1, 36, len(PIXELS)) + PIXELS,
    "GBR": struct.pack(">5I", 21, 1, SIDE, SIDE, 1) + PIXELS,
    "GRIB": b"GRIB\0\0\0\1" + bytes(60),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(60),
    "IMT": f"width {SIDE}\nheight {SIDE}\npixel n8\n".encode() + b"\x0c" + PIXELS,
    "IPTC": _iptc(),
    "MCIDAS": _at(256, (4, struct.pack(">i", 4)), (32, struct.pack(">7i", SIDE, SIDE, 1, 0, 0, 1, 0))) + PIXELS,
    "MPEG": b"\0\0\1\xb3\x02\0\x20" + bytes(60),
    "PCD": _at(2048 + 1539, (2048, b"PCD_")),
    "PIXAR": _at(1024, (0, b"\x80\xe8\0\0"), (416, struct.pack("<6H", SIDE, SIDE, 0, 0, 14, 2))) + PIXELS,
    "PSD": struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, SIDE, SIDE, 8, 3) + bytes(14) + PIXELS,
    "SUN": struct.pack(">8I", 0x59A66A95, SIDE, SIDE, 24, 0, 1, 0, 0) + PIXELS,
    "WMF": _at(
        120, (0, struct.pack("<II8i", 1, 108, 0, 0, SIDE, SIDE, 0, 0, 1000, 1000)), (40, b" EMF"), (44, b"\0\0\1\0")
    ),
    "XPM": XPM.encode(),
    "XVTHUMB": f"P7 332\n#\n{SIDE} {SIDE} 255\n".encode() + PIXELS,
}
REFUSED = {kind: save(kind) for kind in SAVED} | WRITTEN
