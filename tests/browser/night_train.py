"""A lorebook for the pictures: the world of Mr. Halm's train, in the form of `lorebook_v3`."""

from typing import Any

NAME = "The night train"
QUESTION = "Is there still tea at this hour? My watch has stopped, and I think I have lost my ticket."
"""Wakes four entries by their keys, and one by what another says; one is always there."""

_ENTRIES = (
    ("The 23:59", (), "A night train found on no timetable. It stops where somebody aboard needs it to."),
    ("The dining car", ("tea", "dining car", "hungry"), "Tea comes in glasses; the driver has his first."),
    ("The driver", ("driver",), "Nobody has met him. He slows down where the view is worth it."),
    ("The watch", ("watch", "/what time/i"), "It shows no hours, only how long until you are ready."),
    ("Tickets", ("ticket", "punch"), "Each is punched with a small star. The star stays with you."),
    ("Lost property", ("lost", "umbrella"), "A shelf at the end of the train. What is yours lies in front."),
    ("The town of Lull", ("Lull", "station"), "All windows are dark but one, and the kettle there is on."),
    ("The bridge of letters", ("bridge", "letter"), "What was written and never sent is carried across."),
    ("Seat fourteen", ("seat", "sleep"), "It reclines, and it listens."),
    ("The sea stop", ("sea", "beach"), "The train waits there until the tide has said what it wants."),
)


def lorebook() -> dict[str, Any]:
    entries: list[dict[str, Any]] = [
        {
            "name": name,
            "keys": list(keys),
            "content": content,
            "constant": keys == (),
            "use_regex": any(key.startswith("/") for key in keys),
            "enabled": True,
            "insertion_order": order,
            "extensions": {},
        }
        for order, (name, keys, content) in enumerate(_ENTRIES, 1)
    ]
    data: dict[str, Any] = {"name": NAME, "extensions": {}, "recursive_scanning": True, "entries": entries}
    return {"spec": "lorebook_v3", "data": data}
