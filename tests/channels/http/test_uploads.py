"""What a photo's name may be; who may send one is tested with the chat's socket."""

from __future__ import annotations

import pytest

from channels.http import uploads


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("zip%20%F0%9F%8F%95.jpg", "zip \U0001f3d5.jpg"),
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("C:\\Users\\x\\y.png", "y.png"),
        ("%00%1b[31m%E2%80%AEgpj.exe", "[31mgpj.exe"),
        ("", "photo"),
        ("...", "photo"),
        ("%FF" * 200, "�" * 120),
    ],
)
def test_a_files_name_steers_nothing(given: str, shown: str) -> None:
    assert uploads.file_name(given) == shown
