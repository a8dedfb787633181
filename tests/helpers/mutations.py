"""Files damaged as transfers and people damage them: bytes changed, cut out, doubled, put in, and ends cut off."""

from hypothesis import strategies as st

MAX_EDITS = 4
KINDS = ("set", "flip", "cut", "insert", "double", "end")


@st.composite
def damaged(draw: st.DrawFn, whole: bytes, head: int | None = None) -> bytes:
    """`whole` after one to four edits; most fall into its first `head` bytes, where formats say what they are."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, MAX_EDITS))):
        if not data:
            break
        most = min(head or len(data), len(data)) if draw(st.booleans()) else len(data)
        place, length = draw(st.integers(0, most - 1)), draw(st.integers(1, 8))
        kind = draw(st.sampled_from(KINDS))
        if kind == "set":
            data[place : place + length] = draw(st.sampled_from([b"\0", b"\xff", b"\x80", b"\x7f"])) * length
        elif kind == "flip":
            data[place] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del data[place : place + length]
        elif kind == "insert":
            data[place:place] = draw(st.binary(min_size=1, max_size=8))
        elif kind == "double":
            data[place:place] = data[place : place + 4 * length]
        else:
            del data[place:]
    return bytes(data)
