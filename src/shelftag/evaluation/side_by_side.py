"""The same model under several protocols, and where a score of 98% comes from."""

from shelftag.evaluation.models import LINEAR, LOOKUP, OURS, ModelRow
from shelftag.evaluation.outcome import Evaluation
from shelftag.evaluation.scope import Result

PROTOCOLS = {"row": "by row", "product": "by product", "token_set": "by token set"}


class Protocol(Result):
    """One Dataset, and the Run that learned from it."""

    split: str
    label_set: str
    evaluation: Evaluation

    def row(self, model: str) -> ModelRow:
        """One model's scores.

        Raises:
            KeyError: it was not scored.
        """
        return next(row for row in self.evaluation.models if row.model == model)


class SideBySide(Result):
    """Every protocol and label set of a study."""

    version: int = 1
    protocols: tuple[Protocol, ...]

    @property
    def explanation(self) -> str:
        """In two sentences: what a leaking split measures, and what is left without the leak."""
        leaking, honest = self._ends()
        first = (
            f"Split {PROTOCOLS[leaking.split]}, {_known(leaking.row(LOOKUP))} of the test "
            "purchases are answered right by looking their names up among the train names, "
            f"without understanding a word; this Run answers {_known(leaking.row(OURS))} there."
        )
        if honest.evaluation.model.test.scope.leaks:
            return first
        return (
            f"{first} Split {PROTOCOLS[honest.split]}, where no test name is a train name, the "
            f"lookup is right for {_known(honest.row(LOOKUP))}, the linear model for "
            f"{_known(honest.row(LINEAR))} and this Run for {_known(honest.row(OURS))}: that is "
            "what they are worth on a new product."
        )

    def _ends(self) -> tuple[Protocol, Protocol]:
        """The protocol that leaks most and the one that leaks least, of the first label set."""
        of_one = [one for one in self.protocols if one.label_set == self.protocols[0].label_set]
        order = list(PROTOCOLS)
        ranked = sorted(of_one, key=lambda one: order.index(one.split))
        return ranked[0], ranked[-1]


def _known(row: ModelRow) -> str:
    share = row.accuracy if row.purchase_accuracy is None else row.purchase_accuracy
    return f"{share:.1%}"
