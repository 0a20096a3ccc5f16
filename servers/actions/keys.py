"""Keys: those by which people sign in to servers, and those by which accounts use clouds."""

from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django_q.tasks import async_task

from accounts.encryption import encrypt
from accounts.errors import Conflict, wrong
from accounts.models import Account, Event, User
from accounts.permissions import lock_groups
from accounts.records import record
from accounts.validators import is_one_line
from accounts.viewer import Viewer
from images.models import Image, Region
from servers.actions.members import look_after_key
from servers.keys import why_no_key_needed
from servers.models import CloudKey, CloudMember, RegionCloud, Server, SshKey
from servers.permissions import Verb, require
from servers.secrets import KEY_SECRETS
from servers.ssh_keys import LONGEST_NAME, KeyRefused, parse

MOST_SSH_KEYS = 50  # of one person


@transaction.atomic
def add_ssh_key(text: str, *, by: User, name: str = "") -> SshKey:
    """Keep a public key, for new servers to let in.

    Args:
        text: one line, as in a file that ends with .pub.
        name: what the person calls it; its comment where they say nothing.

    Raises:
        ValidationError: on ``public_key`` or ``name``, with what is wrong.
    """
    try:
        key = parse(text)
    except KeyRefused as refused:
        raise wrong("public_key", str(refused), "refused") from None
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    own = SshKey.objects.filter(user=by)
    if same := own.filter(fingerprint=key.fingerprint).first():
        raise wrong("public_key", f"You have this key already: it is called “{same.name}”.", "twice")
    if own.count() >= MOST_SSH_KEYS:
        raise wrong("public_key", f"{MOST_SSH_KEYS} keys are the most. Remove one that you no longer use.", "too_many")
    made = own.create(
        user=by,
        name=_name_of_ssh_key(name, key.comment or key.kind, by),
        public_key=key.line,
        fingerprint=key.fingerprint,
    )
    _record_own("added an SSH key", made, by)
    return made


@transaction.atomic
def have_ssh_key(text: str, *, by: User) -> SshKey:
    """The key that somebody pasted on the way: the one that they have already, or a new one.

    Raises:
        ValidationError: as ``add_ssh_key``.
    """
    with suppress(KeyRefused):
        if known := SshKey.objects.filter(user=by, fingerprint=parse(text).fingerprint).first():
            return known
    return add_ssh_key(text, by=by)


@transaction.atomic
def remove_ssh_key(key_id: int, *, by: User) -> SshKey:
    """Put a key into no more servers. Those that have it keep it.

    Raises:
        Http404: the person has no such key.
    """
    key = SshKey.objects.select_for_update().filter(user=by, pk=key_id).first()
    if key is None:
        raise Http404
    _record_own("removed an SSH key", key, by)
    SshKey.objects.filter(pk=key.pk).delete()
    return key


@transaction.atomic
def save_cloud_key(region: Region, *, by: Viewer, credential_id: str, secret: str, project_id: str) -> CloudKey:
    """Keep the account's credential for the cloud of a region, in the place of the one before.

    Args:
        project_id: to which the credential belongs, as the cloud has just said when it was tried (``servers.keys``).

    Raises:
        Http404: the person is no longer in the account.
        PermissionDenied: only an admin does this.
        Conflict: the region needs no key.
        ValidationError: the key belongs to another project than the servers and registered images that are there.
    """
    account = _locked_account(by)
    if reason := why_no_key_needed(region):
        raise Conflict(reason)
    if (theirs := project_in_use(account, region)) not in ("", project_id):
        text = (
            f"This key belongs to the project {project_id}, and the servers and images that you have there to "
            f"{theirs}: nothing could be done with them any more. Give a key of that project, or delete them first."
        )
        raise wrong("credential_id", text, "other_project")
    key = _current(account, region)
    is_new = key is None
    key = key or CloudKey(account=account, region=region)
    key.credential_id, key.encrypted_secret = credential_id, encrypt(secret, purpose=KEY_SECRETS)
    key.project_id, key.tested_at, key.problem, key.created_by = project_id, timezone.now(), "", by.user
    key.given_for = RegionCloud.objects.get(region=region).hosts
    key.networks = key.networks_at = None  # those of another key may be those of another project
    key.full_clean(validate_unique=False)
    key.save()
    look_after_key(account, region)
    transaction.on_commit(lambda: async_task("servers.tasks.ask_for_networks", key.pk, cluster="control"))
    _record("cloud key added" if is_new else "cloud key replaced", key, by)
    return key


@transaction.atomic
def note_test(key: CloudKey, *, by: Viewer, problem: str) -> CloudKey:
    """Write down what a cloud said of a key when it was tried again.

    Raises:
        Http404, PermissionDenied: as ``save_cloud_key``.
        Conflict: it was replaced or removed meanwhile, so that this says nothing of the key that there is.
    """
    account = _locked_account(by)
    now = _current(account, key.region)
    if now is None or now.encrypted_secret != key.encrypted_secret:
        raise Conflict("The key was replaced or removed meanwhile.")
    now.tested_at, now.problem = timezone.now(), problem[:255]
    now.save(update_fields=["tested_at", "problem"])
    _record("cloud key tested", now, by)
    return now


@transaction.atomic
def remove_cloud_key(region: Region, *, by: Viewer) -> CloudKey:
    """Forget the account's credential for a region. Servers there go on, and nothing can be done with them from here.

    Raises:
        Http404: the account has none, or the person is no longer in it.
        PermissionDenied: only an admin does this.
        Conflict: others have images of the account there, whom only this key can remove.
    """
    key = _current(_locked_account(by), region)
    if key is None:
        raise Http404
    if reason := why_not_removed(key.account, region):
        raise Conflict(reason)
    _forget(key, by.user)
    _record("cloud key removed", key, by)
    look_after_key(key.account, region)
    return key


def forget_cloud_keys() -> int:
    """Forget the keys of accounts that are closed, once nothing is left there that needs them to end."""
    forgotten = 0
    for key in CloudKey.objects.filter(removed_at=None, account__closed_at__isnull=False):
        forgotten += _forget_if_unneeded(key.pk)
    return forgotten


def why_not_removed(account: Account, region: Region) -> str:
    """Why the key of an account for a region is still needed; empty when it is not."""
    count = members_of(account, region).values("account").distinct().count()
    if not count:
        return ""
    who = "1 other account has" if count == 1 else f"{count} other accounts have"
    return f"{who} images of yours in that cloud, and only this key can end that. Remove those shares first."


def project_in_use(account: Account, region: Region) -> str:
    """The project in the cloud of a region in which servers and registered images of an account are; empty where there
    are none.
    """
    servers = Server.objects.in_the_cloud().filter(account=account, region=region)
    images = Image.objects.live().filter(account=account, region=region, source=Image.Source.REGISTERED)
    if not (servers.exists() or images.exists() or members_of(account, region).exists()):
        return ""
    known = CloudKey.objects.filter(account=account, region=region).exclude(project_id="").order_by("-pk").first()
    return known.project_id if known else ""


def members_of(account: Account, region: Region) -> QuerySet[CloudMember]:
    """Who has images of an account in the cloud of a region."""
    return CloudMember.objects.filter(image__account=account, image__region=region)


@transaction.atomic
def _forget_if_unneeded(key_id: int) -> int:
    key = CloudKey.objects.select_for_update(of=("self",)).select_related("account", "region").get(pk=key_id)
    servers = Server.objects.in_the_cloud().filter(account=key.account, region=key.region)
    members = members_of(key.account, key.region)
    if key.removed_at or key.account.closed_by is None or servers.exists() or members.exists():
        return 0
    _forget(key, key.account.closed_by)
    _record("cloud key forgotten", key, None)
    return 1


def _forget(key: CloudKey, by: User) -> None:
    key.encrypted_secret, key.removed_at, key.removed_by = "", timezone.now(), by
    key.networks = key.networks_at = None
    key.save(update_fields=["encrypted_secret", "removed_at", "removed_by", "networks", "networks_at"])


def _locked_account(by: Viewer) -> Account:
    require(by, Verb.MANAGE_KEYS)
    by = lock_groups(by)
    require(by, Verb.MANAGE_KEYS)
    return by.account


def _current(account: Account, region: Region) -> CloudKey | None:
    keys = CloudKey.objects.select_for_update(of=("self",)).filter(account=account, region=region, removed_at=None)
    return keys.select_related("region", "account").first()


def _name_of_ssh_key(name: str, suggested: str, by: User) -> str:
    """What the key is called: as its owner says, else by its comment, with a number where that is taken."""
    names = set(SshKey.objects.filter(user=by).values_list("name", flat=True))
    if given := name.strip():
        try:
            is_one_line(given)
        except ValidationError as error:
            raise ValidationError({"name": error}) from None
        if len(given) > LONGEST_NAME:
            raise wrong("name", f"A name has at most {LONGEST_NAME} characters.", "too_long")
        if given in names:
            raise wrong("name", "Another key of yours has this name.", "taken")
        return given
    numbered = (f"{suggested[: LONGEST_NAME - 4]} {number}" for number in range(2, len(names) + 3))
    return next(each for each in (suggested, *numbered) if each not in names)


def _record_own(verb: str, key: SshKey, by: User) -> Event:
    return record(
        verb,
        subject_kind="ssh key",
        subject_id=key.pk,
        subject_name=key.name,
        by=by,
        account=by.personal_account,
        fingerprint=key.fingerprint,
    )


def _record(verb: str, key: CloudKey, by: Viewer | None, **detail: Any) -> Event:
    """Write down what became of a cloud key; never anything of the credential."""
    return record(
        verb,
        subject_kind="cloud key",
        subject_id=key.pk,
        subject_name=key.region.name,
        by=by,
        account=key.account,
        region=key.region_id,
        **detail,
    )
