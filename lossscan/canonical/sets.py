"""How logs call the sets that a loss is measured on, as parts of expressions."""

from typing import Final

TRAINING: Final = "train(?:ing)?"
HELD_OUT: Final = "val(?:id(?:ation)?)?|dev|eval(?:uation)?|test(?:ing)?|cv"
ANY: Final = f"{TRAINING}|{HELD_OUT}"
