"""What happened, in words: a phrase for each verb of an event. tests/architecture looks that no verb lacks one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from accounts.roles import Kind

# A phrase follows the name of who did it. ``[…]`` is left out where a value in it is not known, or not for the reader.
# One that begins with a capital letter is a whole sentence: nobody did it.
GROUPS = frozenset({Kind.ACCOUNT, Kind.TEAM, Kind.ORGANIZATION})
PLACEHOLDER = re.compile(r"{(\w+)}")
PIECE = re.compile(r"\[([^\]]*)\]|([^\[]+)")


@dataclass(frozen=True)
class Topic:
    """Verbs that belong together.

    Attributes:
        kinds: of subjects, for the few verbs that mean something else in another topic.
        of_staff: whether these events belong to no account, so that nobody else meets them.
    """

    title: str
    kinds: frozenset[str]
    phrases: Mapping[str, str]
    of_staff: bool = False


TOPICS = (
    Topic(
        "Sharing",
        frozenset({"image", "group"}),
        {
            "offered": "offered {subject}[ to {address}]",
            "reminded": "reminded[ {address}] of the offer of {subject}",
            "accepted": "accepted {subject}[, offered to {address}]",
            "accepted by signing in": "shared {subject}[ with {address}] and accepted it there by signing in",
            "failed to sign in": "failed to accept {subject}[ for {address}] by signing in",
            "sign-in refused": "Somebody at {subject}[ ({address})] failed to accept an image here by signing in",
            "rejected": "rejected {subject}[, offered to {address}]",
            "reconsidered": "took back what was decided on {subject}[, offered to {address}]",
            "removed": "took {subject} back[ from {address}]",
            "left": "gave {subject} back[, which was shared with {address}]",
            "extended": "extended {subject}[ for {address}][ until {day}]",
            "shortened": "let {subject} end[ for {address}][ on {day}]",
            "asked for longer": "asked to have {subject} for longer[, offered to {address}]",
            "took later versions": "agreed to have later versions of {subject}[, offered to {address}]",
            "stopped later versions": "wanted no later versions of {subject} any more[, offered to {address}]",
            "undone": "undid the offer of {subject}[ to {address}]",
            "reached": "confirmed an address to which {subject} had been offered[: {address}]",
            "asked for approval": "asked to be allowed to offer {subject}[ to {address}]",
            "approved": "approved the offer of {subject}[ to {address}]",
            "refused": "did not approve the offer of {subject}[ to {address}]",
            "withdrew": "no longer asks to offer {subject}[ to {address}]",
            "asked for a review": "asked whether {subject} is still to be shared[ with {address}]",
            "would have been refused": "took {subject}, which a policy speaks against",
            "trusted": "said that {subject} may share without asking",
            "stopped trusting": "said that {subject} has to ask again before sharing",
            "blocked": "blocked {subject}, which is not told",
            "unblocked": "unblocked {subject}",
        },
    ),
    Topic(
        "Images",
        frozenset({"image", "import"}),
        {
            "created": "added {subject}",
            "edited": "edited {subject}",
            "planned": "planned a change of {subject}[: {what}][ to {new}][ for {day}]",
            "plan cancelled": "cancelled a planned change of {subject}[: {what}]",
            "plan dropped": "A planned change of {subject} did not happen[: {because}]",
            "visibility changed": "changed the visibility of {subject}[ from {old}][ to {new}]",
            "protected": "protected {subject} from deletion",
            "unprotected": "ended the protection of {subject}",
            "deactivated": "deactivated {subject}",
            "reactivated": "reactivated {subject}",
            "deleted": "deleted {subject}",
            "downloaded": "downloaded {subject}",
            "copied": "copied {subject} into their images",
            "put into a family": "made {subject} version[ {version}] of[ {family}]",
            "taken out of its family": "took {subject} out of its family[, {family}]",
            "end announced": "announced the end of {subject}[, deprecated from {deprecated}]"
            "[, obsolete from {obsolete}][, deleted on {retired}]",
            "end cancelled": "called off the end of {subject}",
            "retired": "The time of {subject} was over",
            "offered for taking over": "asked[ {address}] to take {subject} over",
            "hand-over cancelled": "took back the question to take {subject} over[, asked of {address}]",
            "hand-over rejected": "rejected to take {subject} over[, asked of {address}]",
            "handed over": "The image {subject} was handed over[ to {address}]",
            "taken over": "took {subject} over[ from {former}]",
            "converted": "converted {subject}[ to {disk_format}]",
            "looked into": "had a look inside of {subject} taken",
            "labelled": "labelled {subject}[ as {label}]",
            "hidden": "hid {subject} for themselves",
            "shown again": "let {subject} show in their lists again",
            "added": "added {subject} to the list",
            "taken out of the list": "took {subject} out of the list",
            "import started": "began to import {subject}[ from {host}]",
            "import retried": "tried again to import {subject}",
            "import cancelled": "cancelled the import of {subject}",
            "import failed": "The import of {subject} failed",
            "public requested": "asked staff to make {subject} public",
            "public request withdrawn": "took back the request to make {subject} public",
            "listed": "took {subject} into the marketplace",
            "taken off the marketplace": "took {subject} off the marketplace",
            "reported": "reported {subject} to staff",
            "looked at for a review": "looked at {subject} for a review",
            "found damaged": "The data of {subject} were found damaged",
            "found right again": "The data of {subject} were found right again",
        },
    ),
    Topic(
        "Families",
        frozenset({"family"}),
        {
            "created": "made the family {subject}",
            "edited": "edited the family {subject}",
            "rolled back": "made version[ {version}] the latest of {subject}",
            "follows the newest": "let the newest version of {subject} be the latest again",
            "dissolved": "dissolved the family {subject}",
        },
    ),
    Topic(
        "Servers",
        frozenset({"server"}),
        {
            "created": "created the server {subject}[ from {image}][, {flavor}]",
            "booted": "booted a server[, {server},] from {subject}",
            "started": "started {subject}",
            "stopped": "stopped {subject}",
            "rebooted": "rebooted {subject}",
            "rebuilt": "rebuilt {subject} from its image",
            "renamed": "renamed[ {old} to] {subject}",
            "deleted": "deleted the server {subject}",
            "failed": "The server {subject} failed[: {because}]",
            "stopped by itself": "The server {subject} stopped by itself",
            "had an image made": "had an image made from {subject}[: {what}]",
            "cancelled an image": "cancelled an image of {subject}[: {what}]",
        },
    ),
    Topic(
        "Formations",
        frozenset({"formation"}),
        {
            "created": "made the formation {subject}",
            "edited": "edited the formation {subject}",
            "part added": "added[ {part} to] the formation {subject}",
            "part changed": "changed[ {part} in] the formation {subject}",
            "part removed": "took[ {part} out of] the formation {subject}",
            "launched": "launched the formation {subject}[: {servers} servers]",
            "scaled": "changed how many servers[ {part}] there are in the formation {subject}[, from {old}][ to {new}]",
            "servers deleted": "deleted the servers of the formation {subject}[: {servers}]",
            "deleted": "deleted the formation {subject}",
        },
    ),
    Topic(
        "Keys",
        frozenset({"cloud key", "credential", "ssh key"}),
        {
            "cloud key added": "added a cloud key for {subject}",
            "cloud key replaced": "replaced the cloud key for {subject}",
            "cloud key tested": "tested the cloud key for {subject}",
            "cloud key removed": "removed the cloud key for {subject}",
            "cloud key forgotten": "The cloud key for {subject} was removed, because the account is closed",
            "added an SSH key": "added the SSH key {subject}",
            "removed an SSH key": "removed the SSH key {subject}",
            "credential made": "made the application credential {subject}[ as {role}]",
            "credential revoked": "revoked the application credential {subject}[ of {person}]",
        },
    ),
    Topic(
        "Regions",
        frozenset({"region", "flavor"}),
        {
            "region set up": "The region {subject} was made ready to run servers on this host",
            "cloud added": "let servers run in {subject}[: {what}]",
            "cloud changed": "changed the cloud of {subject}[: {what}]",
            "cloud closed": "closed {subject} for new servers",
            "cloud reopened": "opened {subject} for new servers again",
            "size added": "added the size {subject}[ to {region}]",
            "size changed": "changed the size {subject}[ of {region}][: {what}]",
            "size closed": "closed the size {subject}[ of {region}] for new servers",
            "size reopened": "opened the size {subject}[ of {region}] for new servers again",
        },
        of_staff=True,
    ),
    Topic(
        "People and groups",
        GROUPS,
        {
            "created": "made {subject}",
            "renamed": "renamed[ {old} to] {subject}",
            "closed": "closed {subject}",
            "verified": "made sure that {subject} is who its name says",
            "verification ended": "took back that {subject} is verified",
            "invited": "invited[ {invited} to] {subject}[ as {role}]",
            "declined": "declined the invitation to {subject}",
            "took back an invitation": "took back an invitation to {subject}[: {invited}]",
            "joined": "joined {subject}[ as {role}]",
            "role changed": "changed the role[ of {person}] in {subject}[ from {old}][ to {new}]",
            "removed": "removed[ {person} from] {subject}",
            "left": "left {subject}",
            "account joined": "let[ {joined}] join {subject}",
            "account removed": "removed an account[, {removed},] from {subject}",
            "account left": "took an account[, {left},] out of {subject}",
            "joined an organization": "took {subject} into an organization[, {joined}]",
            "left an organization": "took {subject} out of its organization[, {organization}]",
            "removed from an organization": "removed {subject} from its organization[, {organization}]",
        },
    ),
    Topic(
        "Yourself",
        frozenset({"user"}),
        {
            "signed up": "signed up",
            "renamed": "changed a name[ from {old}][ to {new}]",
            "deactivated": "ended the access of {subject} to the panel",
            "reactivated": "let {subject} sign in again",
            "second factor removed": "removed the second factors of {subject}",
            "made reviewer": "made {subject} a reviewer",
        },
    ),
    Topic(
        "Policies and rules",
        GROUPS,
        {
            "policy changed": "changed which images {subject} takes",
            "rules changed": "changed how the accounts of {subject} may share",
        },
    ),
    Topic(
        "Budgets and sizes",
        GROUPS,
        {
            "budget set": "set the budget[ of {allotted}] in {subject}",
            "budget removed": "removed the budget[ of {allotted}] in {subject}",
            "budget given": "gave {subject} a budget[ of {amount} a month]",
            "budget taken": "removed the budget of {subject}",
            "sizes chosen": "chose which sizes of servers the accounts of {subject} may use[: {sizes}]",
        },
    ),
    Topic(
        "Quota",
        GROUPS,
        {
            "quota requested": "asked for a larger quota for {subject}",
            "quota request withdrawn": "took back the request for a larger quota for {subject}",
            "quota request granted": "granted {subject} a larger quota",
            "quota request refused": "refused {subject} a larger quota",
            "quota changed": "changed the quota of {subject}",
            "server limit changed": "changed how many servers {subject} may have[, from {old}][ to {new}]",
            "more offers requested": "asked for more offers a day for {subject}",
            "more offers request withdrawn": "took back the request for more offers a day for {subject}",
            "offer limit changed": "changed how many offers a day {subject} may make",
        },
    ),
    Topic(
        "Review desk",
        frozenset({"case"}),
        {
            "case taken": "took the case {subject}",
            "case given back": "gave the case {subject} back",
            "case reopened": "took back the decision on {subject}",
        },
        of_staff=True,
    ),
    Topic(
        "Webhooks and feeds",
        frozenset({"webhook", "feed"}),
        {
            "feed made": "made an address for a feed reader",
            "feed revoked": "revoked the address for a feed reader[ of {person}]",
            "webhook made": "made a webhook to {subject}",
            "webhook edited": "edited the webhook to {subject}",
            "webhook paused": "paused the webhook to {subject}",
            "webhook resumed": "resumed the webhook to {subject}",
            "webhook removed": "removed the webhook to {subject}",
            "webhook tested": "sent a test to the webhook {subject}",
            "webhook secret rotated": "rotated the secret of the webhook to {subject}",
            "delivery resent": "had a delivery of the webhook to {subject} sent again",
            "webhook gave up": "The webhook to {subject} was paused, because deliveries failed again and again",
        },
    ),
)


@dataclass(frozen=True)
class Part:
    """A piece of a sentence.

    Attributes:
        name: of the value that it is; empty for words of our own.
    """

    text: str
    name: str = ""


def phrase_of(verb: str, subject_kind: str) -> str:
    """The phrase for a verb, said of such a subject. Events outlive the code: an old verb speaks for itself."""
    fitting = [topic for topic in TOPICS if verb in topic.phrases]
    fitting.sort(key=lambda topic: subject_kind not in topic.kinds)
    return fitting[0].phrases[verb] if fitting else f"{verb} {{subject}}"


def filled(phrase: str, values: Mapping[str, str]) -> list[Part]:
    """A phrase with its values; what stands in brackets around an empty one is left out."""
    parts: list[Part] = []
    for optional, plain in PIECE.findall(phrase):
        if all(values.get(name) for name in PLACEHOLDER.findall(optional)):
            parts += _parts(optional or plain, values)
    return parts


def used_in(phrase: str) -> set[str]:
    """The names of the values that a phrase tells."""
    return set(PLACEHOLDER.findall(phrase))


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """All verbs that accounts meet, by topic, each once, as a select box has them."""
    seen: set[str] = set()
    groups = []
    for topic in (topic for topic in TOPICS if not topic.of_staff):
        own = [verb for verb in topic.phrases if verb not in seen]
        seen.update(own)
        groups.append((topic.title, [(verb, f"{verb[0].upper()}{verb[1:]}") for verb in own]))
    return groups


def known() -> frozenset[str]:
    """All verbs that have words."""
    return frozenset(verb for topic in TOPICS for verb in topic.phrases)


def _parts(text: str, values: Mapping[str, str]) -> list[Part]:
    pieces = PLACEHOLDER.split(text)  # words and names take turns
    named = [Part(values.get(piece) or "–", piece) if index % 2 else Part(piece) for index, piece in enumerate(pieces)]
    return [part for part in named if part.text]
