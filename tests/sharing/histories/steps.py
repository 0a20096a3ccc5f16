"""Kinds of steps: how often each is tried, when it makes sense, and what is drawn for it.

Rules of Hypothesis are all as likely as each other, so that most steps of a history would be refused, and hardly any
history would come to the situations in which something can go wrong. Here steps have weights, and one can lead to
another: what was offered is accepted some steps later, so that much happens between a beginning and its end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st

Method = TypeVar("Method", bound=Callable[..., None])


@dataclass(frozen=True)
class Step:
    """What can be done next.

    Attributes:
        name: of the method that does it.
        weight: how often it is tried, as a multiple of the rarest.
        when: whether it makes sense now.
        arguments: what the method takes.
    """

    name: str
    weight: int = field(repr=False)
    when: Callable[[Any], bool] = field(repr=False)
    arguments: st.SearchStrategy[dict[str, Any]] = field(repr=False)


def always(_stage: object) -> bool:
    return True


def step(
    *, weight: int = 2, when: Callable[[Any], object] = always, **arguments: st.SearchStrategy[Any]
) -> Callable[[Method], Method]:
    """Make a method of the stage a kind of step."""

    def mark(method: Method) -> Method:
        made = Step(method.__name__, weight, lambda stage: bool(when(stage)), st.fixed_dictionaries(arguments))
        vars(method)["step"] = made
        return method

    return mark


def steps_of(stage: type) -> list[Step]:
    """All kinds of steps of a stage, the most frequent first, because that is what Hypothesis tries first."""
    found = [method.step for name in dir(stage) if hasattr(method := getattr(stage, name), "step")]
    return sorted(found, key=lambda each: -each.weight)
