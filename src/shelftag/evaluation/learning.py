"""What `evaluate` finds out about labels: how many more are worth it, and which."""

from shelftag.evaluation.active import ActiveLearning, Order
from shelftag.evaluation.learning_curve import LearningCurve
from shelftag.evaluation.scope import Result


class Learning(Result):
    """Both simulated with a linear model, a proxy for the one that is tuned."""

    curve: LearningCurve | None
    """None with too few train products."""
    active: ActiveLearning | None
    """None with too few train products."""
    order: Order
    """The order of label_next.csv: the one proven better than random, else the usual one."""
    to_label: int
    """Products in label_next.csv."""
    trained_of: int
    """Train products of the Dataset; with more than could be tried, a seeded sample was."""
    train_rows: int
    """Train products that labels were bought of."""
