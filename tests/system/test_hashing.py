"""Fingerprints of files and arrays."""

from __future__ import annotations

import numpy as np
import pytest

from nntrain.system.hashing import fingerprint, fingerprint_arrays


def test_a_fingerprint_is_the_md5():
    """From RFC 1321."""
    assert fingerprint(b"abc") == "900150983cd24fb0d6963f7d28e17f72"
    assert fingerprint(b"") == "d41d8cd98f00b204e9800998ecf8427e"


def test_arrays_have_the_fingerprint_of_their_concatenated_bytes():
    letters = np.frombuffer(b"abc", np.uint8)
    assert fingerprint_arrays([letters]) == "900150983cd24fb0d6963f7d28e17f72"
    assert fingerprint_arrays(iter([letters[:1], letters[1:]])) == "900150983cd24fb0d6963f7d28e17f72"
    assert fingerprint_arrays([]) == "d41d8cd98f00b204e9800998ecf8427e"


@pytest.mark.parametrize(
    "view",
    [
        np.asfortranarray(np.arange(6, dtype=np.uint8).reshape(2, 3)),
        np.arange(12, dtype=np.uint8)[::2].reshape(2, 3) // 2,
        np.arange(6, dtype=np.uint8).reshape(3, 2).T.copy().T.reshape(2, 3),
        np.arange(6, dtype=np.uint8).reshape(2, 3)[:, ::-1][:, ::-1],
    ],
)
def test_the_memory_layout_does_not_matter(view):
    assert fingerprint_arrays([view]) == fingerprint(bytes(range(6)))


def test_shape_and_type_do_not_matter():
    array = np.arange(6, dtype=np.uint16)
    assert fingerprint_arrays([array]) == fingerprint_arrays([array.reshape(2, 3)])
    assert fingerprint_arrays([array]) == fingerprint_arrays([array.view(np.uint8)])
