"""What can go wrong outside. No sentence tells anything of what is inside of the panel's own network."""

from images.problems import DataProblem


class OutsideProblem(DataProblem):
    """Something outside did not do what it should.

    Attributes:
        transient: whether it may work if it is tried again.
    """

    code = "outside-problem"
    status = 502
    transient = False


class RefusedAddress(OutsideProblem):
    """What somebody typed is no address that the panel would go to, whatever is there."""

    code = "refused-address"
    status = 422


class Unreachable(OutsideProblem):
    """Nobody answers, or it is a place where the panel does not go.

    An unknown name, a private address behind a name, and a closed port are one and the same here: the difference
    would tell a stranger which names and ports exist inside.
    """

    code = "unreachable"
    transient = True

    def __init__(self) -> None:
        super().__init__(
            "No server can be reached there. Check the address: it must be one that anybody on the internet can open."
        )


class ServerRefused(OutsideProblem):
    """The server answers, but not with the file."""

    code = "server-refused"


class ServerBusy(OutsideProblem):
    """The server asks for patience.

    Attributes:
        seconds: how long it asks to wait; None if it does not say.
    """

    code = "server-busy"
    transient = True

    def __init__(self, sentence: str, seconds: float | None) -> None:
        super().__init__(sentence)
        self.seconds = seconds


class BrokenTransfer(OutsideProblem):
    """The line broke before the whole file had come."""

    code = "broken-transfer"
    transient = True


class TooSlow(BrokenTransfer):
    """So few bytes come that it would never end."""

    code = "too-slow"


class OutOfTime(OutsideProblem):
    """It has taken longer than anything may take."""

    code = "out-of-time"
