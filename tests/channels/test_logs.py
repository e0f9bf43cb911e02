"""A log line says where something went wrong, never what a customer wrote."""

from __future__ import annotations

from channels.serving import frames_only


def test_an_exceptions_message_is_left_out_and_its_place_kept() -> None:
    name = "".join(["Wil", "helmina"])  # a source line is shown, so it must not hold the name itself
    try:
        raise ValueError(f"{name} wrote something")
    except ValueError as error:
        for given in (True, error):
            line = frames_only(None, "error", {"event": "turn_failed", "exc_info": given})
            assert line["exception"].startswith("ValueError at")
            assert "test_logs.py" in line["exception"]
            assert name not in str(line)


def test_a_line_without_an_exception_is_left_as_it_is() -> None:
    assert frames_only(None, "info", {"event": "turn"}) == {"event": "turn"}
