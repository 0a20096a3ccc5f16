"""The pages of people, accounts, groups and organizations."""
