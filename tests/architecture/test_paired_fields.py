"""Who and when are stored together, or not at all."""

import pytest
from django.apps import apps
from django.db.models import CheckConstraint, Field, Model

from tests.architecture.source import APPS

MODELS = [model for app in APPS for model in apps.get_app_config(app).get_models()]
PAIRS = [
    (model, field.name.removesuffix("_by"))
    for model in MODELS
    for field in model._meta.get_fields()
    if isinstance(field, Field) and field.name.endswith("_by")
]


@pytest.mark.parametrize(("model", "verb"), PAIRS, ids=lambda value: getattr(value, "__name__", value))
def test_who_and_when_go_together(model: type[Model], verb: str) -> None:
    names = {field.name for field in model._meta.get_fields()}
    assert f"{verb}_at" in names, f"{model.__name__} knows who {verb} but not when: add {verb}_at."
    who, when = (model._meta.get_field(f"{verb}_{part}") for part in ("by", "at"))
    if not (who.null or when.null):
        return
    assert is_constrained(model, f"{verb}_by", f"{verb}_at"), (
        f"{model.__name__}.{verb}_at and {verb}_by may be stored one without the other: add a CheckConstraint with "
        "both null or both set."
    )


def is_constrained(model: type[Model], *names: str) -> bool:
    conditions = [str(each.condition) for each in model._meta.constraints if isinstance(each, CheckConstraint)]
    return any(all(f"{name}__isnull" in condition for name in names) for condition in conditions)


def test_the_walk_found_pairs() -> None:
    assert len(PAIRS) >= 5
