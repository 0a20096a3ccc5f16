"""Who is told what about a case: staff of a new one, and whoever asked or reported of the decision.

The words are in templates/sharing/letters. The owner of a reported image is told of what becomes of the image, and
never of who reported it, or how many did.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Membership, User
from accounts.records import notify
from sharing.models import Case

ANY_PERMISSIONS = "django.contrib.auth.backends.ModelBackend"


def review_staff() -> "QuerySet[User]":
    """The people of ``sharing.permissions.may_review``, in one query."""
    return User.objects.with_perm("sharing.review_case", backend=ANY_PERMISSIONS).filter(is_staff=True)


def opened(case: Case) -> None:
    """Tell the staff of the review desk of a new case; of a report only those who see it (``cases_for``)."""
    staff = review_staff()
    if case.kind == Case.Kind.REPORT:
        own = Membership.objects.filter(group=case.account_id).values("user")
        staff = staff.exclude(pk__in=own, is_superuser=False)
    _tell("case_opened", staff, case, path=reverse("review_case", args=[case.pk]))


def offered_to_marketplace(share_id: int) -> None:
    """The same for an offer, once it cannot be undone any more."""
    for case in Case.objects.waiting().with_all().filter(share=share_id):
        opened(case)


def image_deactivated(case: Case) -> None:
    """Tell the admins of the owner that staff have deactivated an image while they look into it."""
    _tell("case_deactivated", _admins_of(case), case, path=_image_page(case))


def decided(case: Case) -> None:
    """Tell whoever waits for the decision. The producer of an offer is told as by any other recipient."""
    match case.kind, case.status:
        case Case.Kind.REPORT, status:
            _tell_reporters(case)
            if status == Case.Status.APPROVED:
                _tell("case_upheld", _admins_of(case), case, path=_image_page(case))
        case Case.Kind.PUBLIC, _:
            _tell("case_public_decided", _admins_of(case), case, path=_image_page(case))
        case Case.Kind.OFFERS, _:
            page = reverse("account_detail", kwargs={"number": case.account.number})
            _tell("case_offers_decided", _admins_of(case), case, path=page)


def _tell_reporters(case: Case) -> None:
    for report in case.reports.select_related("reported_by", "account"):
        if report.reported_by.is_active:
            page = reverse("image_list", kwargs={"number": report.account.number})
            _tell("case_reported_decided", [report.reported_by], case, path=page)


def _admins_of(case: Case) -> "QuerySet[User]":
    return User.objects.filter(memberships__in=Membership.objects.deciding_for(case.account_id))


def _image_page(case: Case) -> str:
    return reverse("image_detail", kwargs={"number": case.account.number, "pk": case.image_id})


def _tell(name: str, people: Iterable[User], case: Case, *, path: str) -> None:
    """The first line of a letter is its subject, and what follows is its body."""
    context: dict[str, Any] = {"case": case, "name": " ".join(case.title.split()), "answer": _quoted(case.answer)}
    text = render_to_string(f"sharing/letters/{name}.txt", context)
    subject, _newline, body = text.strip().partition("\n")
    notify(people, subject=subject.strip(), body=body.strip(), path=path)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
