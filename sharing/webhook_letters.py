"""Letters about webhooks. The words are in templates/sharing/letters."""

from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Membership, User
from accounts.records import notify
from sharing.letters import split
from sharing.models import Webhook


def gave_up(webhook: Webhook, host: str) -> None:
    """Tell the admins of the account that nothing is sent any more, and why."""
    last = webhook.deliveries.exclude(status="delivered").order_by("-attempts", "-pk").first()
    context = {"webhook": webhook, "account": webhook.account, "host": host, "last": last}
    subject, body = split(render_to_string("sharing/letters/webhook_gave_up.txt", context))
    path = reverse("webhook_detail", kwargs={"number": webhook.account.number, "webhook": webhook.pk})
    admins = User.objects.filter(memberships__in=Membership.objects.deciding_for(webhook.account_id))
    notify(admins, subject=subject, body=body, path=path)
