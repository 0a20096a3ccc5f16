"""The panel's own verbs of sharing, for programs: what OpenStack Image v2 has no words for.

They stand beside it under the same version. They see, and do, what the pages of the token's account do: recipients of
every kind with a message and an end, reminders, the inbox, and an account's own words about images of others.
"""
