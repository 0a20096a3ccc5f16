"""The panel's own verbs of sharing, in the words of the document and its page."""

from collections.abc import Mapping

from api.image.sharing.bodies import Field
from api.image.sharing.offers import ACCEPTANCE, REJECTION, TABS
from api.image.sharing.references import WORDS
from api.image.sharing.shares import END, OFFER
from api.openapi.image.examples import CREATED, IMAGE_ID, MEMBER, OWNER
from api.openapi.image.images import NOT_FOUND, NOT_YOURS
from api.openapi.image.parameters import IMAGE
from api.openapi.image.shapes import MEMBER_STATUSES, MOMENT, NULL_OR_NUMBER, NULL_OR_TEXT, UUID
from api.openapi.parts import TEXT, Body, Json, Operation, Parameter, answered, described, done, listed, ref
from sharing.actions import Outcome
from sharing.models.shares import AddressKind

YES_OR_NO: Json = {"type": "boolean"}
MOMENT_OR_NULL: Json = {"type": ["string", "null"], "format": "date-time"}
ID: Json = {"type": "integer", "minimum": 1}
SHARE_ID = Parameter(name="share", place="path", text="the id of the share", schema=ID, shown=7)
OFFER_ID = Parameter(name="offer", place="path", text="the id of the offer", schema=ID, shown=7)
STATES = [*MEMBER_STATUSES, "expired", "ended"]

TERMS: Json = {
    "message": TEXT,
    "export": YES_OR_NO | {"description": "whether the data comes with it"},
    "future": YES_OR_NO | {"description": "whether later versions come with it"},
    "offered_at": MOMENT,
    "offer_expires_at": MOMENT_OR_NULL,
    "decided_at": MOMENT_OR_NULL,
    "access_until": MOMENT_OR_NULL,
}
RECIPIENT: Json = {
    "recipient": TEXT | {"description": "as it was named"},
    "recipient_kind": {"type": "string", "enum": AddressKind.values},
    "recipient_title": TEXT,
}
SHARE: Json = {
    "id": ID,
    "image_id": UUID,
    **RECIPIENT,
    "state": {"type": "string", "enum": STATES},
    **TERMS,
    "reason": TEXT | {"description": "why it was rejected"},
    "offered_by": TEXT,
    "reminded_at": MOMENT_OR_NULL,
    "self": TEXT,
}
WAITING: Json = {
    "id": ID,
    "image_id": UUID,
    **RECIPIENT,
    "message": TEXT,
    "requested_by": TEXT,
    "requested_at": MOMENT,
    "expires_at": MOMENT,
}
RESULT: Json = {
    "recipient": TEXT,
    "outcome": {"type": "string", "enum": [outcome.name.lower() for outcome in Outcome]},
    "text": TEXT | {"description": "the same in a sentence"},
    "share": {"anyOf": [ref("Share"), {"type": "null"}]},
}
OFFERED: Json = {
    "id": ID,
    "image_id": UUID,
    "image_name": TEXT,
    "producer": TEXT | {"description": "the number of the account"},
    "producer_name": TEXT,
    "producer_verified": YES_OR_NO,
    "recipient": TEXT,
    "state": {"type": "string", "enum": STATES},
    "refusal": TEXT | {"description": "why whoever asks cannot decide; empty if they can"},
    "self": TEXT,
}
MORE_OF_OFFER: Json = TERMS | {
    "region": TEXT,
    "size": NULL_OR_NUMBER,
    "os_hash_value": NULL_OR_TEXT,
    "takes_future": YES_OR_NO,
}
OWN_WORDS: Json = {
    "image_id": UUID,
    "label": TEXT,
    "notes": TEXT,
    "default_login": TEXT,
    "ports": {"type": "array", "items": {"type": "integer"}},
    "changed_by_producer": {"type": "array", "items": TEXT},
}


def _body(fields: Mapping[str, Field]) -> Json:
    """A body as the code reads it."""
    needed = tuple(name for name, field in fields.items() if field.is_needed)
    properties = {name: dict(field.schema) for name, field in fields.items()}
    return described(properties, required=needed, additionalProperties=False)


SCHEMAS: dict[str, Json] = {
    "Share": described(SHARE),
    "WaitingShare": described(WAITING),
    "Shares": listed("shares", ref("Share"), waiting_for_approval={"type": "array", "items": ref("WaitingShare")}),
    "NewShares": _body(OFFER),
    "Results": listed("results", ref("Result")),
    "Result": described(RESULT),
    "End": _body(END),
    "Offer": described(OFFERED | MORE_OF_OFFER, required=tuple(OFFERED)),
    "Offers": listed(
        "offers",
        ref("Offer"),
        next=TEXT | {"description": "the address of the page that follows; there is none after the last one"},
        counts={"type": "object", "additionalProperties": {"type": "integer"}},
    ),
    "Acceptance": _body(ACCEPTANCE),
    "Rejection": _body(REJECTION),
    "Reference": described(OWN_WORDS),
    "NewReference": _body(WORDS),
}

EXAMPLE: Json = {
    "id": 7,
    "image_id": IMAGE_ID,
    "recipient": MEMBER,
    "recipient_kind": "number",
    "recipient_title": "5518 2240 91",
    "state": "pending",
    "message": "Hardened base, please use for all new servers.",
    "export": True,
    "future": False,
    "offered_at": CREATED,
    "offer_expires_at": "2026-12-02T09:15:00Z",
    "decided_at": None,
    "access_until": None,
    "reason": "",
    "offered_by": "carol",
    "reminded_at": None,
    "self": f"/v2/images/{IMAGE_ID}/shares/7",
}
EXAMPLE_OFFER: Json = {
    "id": 7,
    "image_id": IMAGE_ID,
    "image_name": "debian-12-golden",
    "producer": OWNER,
    "producer_name": "Acme Producers",
    "producer_verified": True,
    "recipient": MEMBER,
    "state": "pending",
    "refusal": "",
    "self": "/v2/offers/7",
}
EXAMPLE_WORDS: Json = {"label": "Base for web servers", "default_login": "debian", "ports": [22, 443]}
NO_SHARE = f"There is no such share. {NOT_FOUND}"
NO_OFFER = "There is no such offer to the account, or its time is over."
OFFERERS = "creators and admins of the owner"
DECIDERS = "admins of the account"
NOT_TO_BE_READ = "The body is none, or a field holds what it cannot: the message names each."
TOO_MANY = "The account has made as many offers as it may; Retry-After says when it may again."
THE_SHARE = answered("The share.", "Share", EXAMPLE)
THE_OFFER = answered("The offer.", "Offer", EXAMPLE_OFFER)
WITH_REASON = Body(schema=ref("Rejection"), shown={"reason": "Not needed any more."}, needed=False)


def _ours(method: str, path: str, name: str, title: str, **said: object) -> Operation:
    """An operation that other clouds do not have."""
    return Operation(method=method, path=path, name=name, title=title, is_ours=True, **said)  # type: ignore[arg-type]


SHARES = (
    _ours(
        "GET",
        "/v2/images/{image_id}/shares",
        "list_shares",
        "List shares",
        section="Shares",
        text="Recipients of every kind, with what was offered and what became of it. Expired and ended ones, too.",
        who="the owner's people",
        parameters=(IMAGE,),
        answers=answered(
            "The shares, and what waits for a second person to approve it.",
            "Shares",
            {"shares": [EXAMPLE], "waiting_for_approval": []},
        ),
        refusals={403: NOT_YOURS, 404: NOT_FOUND},
    ),
    _ours(
        "POST",
        "/v2/images/{image_id}/shares",
        "offer_image",
        "Offer an image to several",
        section="Shares",
        text="To accounts, people, groups and organizations at once, with a message and an end. Everybody is asked "
        "first. Each has a result of its own.",
        who=OFFERERS,
        parameters=(IMAGE,),
        body=Body(schema=ref("NewShares"), shown={"recipients": [MEMBER, "bob"], "message": "Hardened base."}),
        answers=answered(
            "What became of each.",
            "Results",
            {"results": [{"recipient": MEMBER, "outcome": "offered", "text": "Asked", "share": EXAMPLE}]},
        ),
        refusals={
            400: NOT_TO_BE_READ,
            403: f"The image is not shared: its visibility is another one. {NOT_YOURS}",
            404: NOT_FOUND,
            409: "Its data has not come yet, or it cannot be offered as it is.",
            413: TOO_MANY,
        },
    ),
    _ours(
        "GET",
        "/v2/images/{image_id}/shares/{share}",
        "show_share",
        "Show a share",
        section="Shares",
        text="",
        who="the owner's people",
        parameters=(IMAGE, SHARE_ID),
        answers=THE_SHARE,
        refusals={403: NOT_YOURS, 404: NO_SHARE},
    ),
    _ours(
        "PATCH",
        "/v2/images/{image_id}/shares/{share}",
        "set_end",
        "Say until when a share lasts",
        section="Shares",
        text="Then it gives nothing more, by itself.",
        who="admins of the owner",
        parameters=(IMAGE, SHARE_ID),
        body=Body(schema=ref("End"), shown={"until": "2027-03-31"}),
        answers=THE_SHARE,
        refusals={400: NOT_TO_BE_READ, 403: NOT_YOURS, 404: NO_SHARE, 409: "It has ended, or was rejected."},
    ),
    _ours(
        "DELETE",
        "/v2/images/{image_id}/shares/{share}",
        "remove_share",
        "Take a share back",
        section="Shares",
        text="From now on the recipient has no access by it, as if it had never been.",
        who="admins of the owner",
        parameters=(IMAGE, SHARE_ID),
        answers=done("It is gone."),
        refusals={403: NOT_YOURS, 404: NO_SHARE},
    ),
    _ours(
        "POST",
        "/v2/images/{image_id}/shares/{share}/remind",
        "remind",
        "Remind a recipient",
        section="Shares",
        text="At most once a day.",
        who=OFFERERS,
        parameters=(IMAGE, SHARE_ID),
        answers=THE_SHARE,
        refusals={403: NOT_YOURS, 404: NO_SHARE, 409: "It does not wait, or a reminder was sent lately."},
    ),
    _ours(
        "POST",
        "/v2/images/{image_id}/shares/{share}/offer-again",
        "offer_again",
        "Offer again",
        section="Shares",
        text="To whoever has rejected it, or let it expire: they are asked anew.",
        who=OFFERERS,
        parameters=(IMAGE, SHARE_ID),
        answers=answered("What became of it.", "Result"),
        refusals={
            400: "The recipient cannot be offered it any more.",
            403: NOT_YOURS,
            404: NO_SHARE,
            409: "It waits, or was accepted.",
            413: TOO_MANY,
        },
    ),
)
OFFERS = (
    _ours(
        "GET",
        "/v2/offers",
        "list_offers",
        "List offers",
        section="Offers",
        text="What others have offered to the account, the newest first; those that wait if nothing else is said.",
        who="everybody in the account",
        parameters=(
            Parameter(
                name="status", text="of this status", schema={"type": "string", "enum": [tab.value for tab in TABS]}
            ),
            Parameter(name="marker", text="where the page before ended, as its next has it"),
        ),
        answers=answered(
            "A page of them, with how many there are of each status.",
            "Offers",
            {"offers": [EXAMPLE_OFFER], "counts": {"pending": 1}},
        ),
        refusals={400: "No status, or a marker that is none."},
    ),
    _ours(
        "GET",
        "/v2/offers/{offer}",
        "show_offer",
        "Show an offer",
        section="Offers",
        text="Of a rejected one, its name and its producer are left.",
        who="everybody in the account",
        parameters=(OFFER_ID,),
        answers=THE_OFFER,
        refusals={404: NO_OFFER},
    ),
    _ours(
        "POST",
        "/v2/offers/{offer}/accept",
        "accept_offer",
        "Accept an offer",
        section="Offers",
        text="As accepting a membership, with a label and with later versions. Accepting twice is no mistake.",
        who=DECIDERS,
        parameters=(OFFER_ID,),
        body=Body(schema=ref("Acceptance"), shown={"label": "Base for web servers"}, needed=False),
        answers=THE_OFFER,
        refusals={
            400: NOT_TO_BE_READ,
            403: "One's role is too low, or a policy of the account does not allow it.",
            404: NO_OFFER,
            409: "Rules that the producer has by now forbid it.",
        },
    ),
    _ours(
        "POST",
        "/v2/offers/{offer}/reject",
        "reject_offer",
        "Reject an offer",
        section="Offers",
        text="It can be accepted after all.",
        who=DECIDERS,
        parameters=(OFFER_ID,),
        body=WITH_REASON,
        answers=THE_OFFER,
        refusals={
            400: NOT_TO_BE_READ,
            403: "One's role is too low.",
            404: NO_OFFER,
            409: "It was accepted: leave it.",
        },
    ),
    _ours(
        "POST",
        "/v2/offers/{offer}/leave",
        "leave_offer",
        "Leave an image",
        section="Offers",
        text="Give back all that the account itself has of the image. Its producer sees that as rejected.",
        who=DECIDERS,
        parameters=(OFFER_ID,),
        body=WITH_REASON,
        answers=THE_OFFER,
        refusals={
            400: NOT_TO_BE_READ,
            403: "One's role is too low.",
            404: NO_OFFER,
            409: "It was not accepted: reject it instead.",
        },
    ),
)
NO_WORDS = f"The account has no words of its own about the image. {NOT_FOUND}"
REFERENCES = (
    _ours(
        "GET",
        "/v2/images/{image_id}/reference",
        "show_reference",
        "Show a reference",
        section="References",
        text="The account's own label, notes, login name and ports for an image of somebody else.",
        who="everybody in the account",
        parameters=(IMAGE,),
        answers=answered(
            "The reference.",
            "Reference",
            EXAMPLE_WORDS | {"image_id": IMAGE_ID, "notes": "", "changed_by_producer": []},
        ),
        refusals={404: NO_WORDS},
    ),
    _ours(
        "PUT",
        "/v2/images/{image_id}/reference",
        "set_reference",
        "Write a reference",
        section="References",
        text="What is left out is emptied. An image that is open to all is in the account's list from then on.",
        who=DECIDERS,
        parameters=(IMAGE,),
        body=Body(schema=ref("NewReference"), shown=EXAMPLE_WORDS),
        answers=answered("The reference.", "Reference"),
        refusals={
            400: NOT_TO_BE_READ,
            403: "One's role is too low, or the image is the account's own, or not accepted.",
            404: NOT_FOUND,
        },
    ),
    _ours(
        "DELETE",
        "/v2/images/{image_id}/reference",
        "remove_reference",
        "Remove a reference",
        section="References",
        text="An image that is open to all is in the account's list no more.",
        who=DECIDERS,
        parameters=(IMAGE,),
        answers=done("It is gone."),
        refusals={403: "One's role is too low, or the image is the account's own.", 404: NO_WORDS},
    ),
)
SHARING = (*SHARES, *OFFERS, *REFERENCES)
