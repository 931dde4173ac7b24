"""Find off-topic injected spans in articles and cut them out, to the letter.

>>> from cleaner import clean
>>> result = clean("Trung tâm Y tế xổ số trực tuyến minh ngọc\nđã đạt được kết quả tốt.")
>>> result.text  # doctest: +SKIP
'Trung tâm Y tế đã đạt được kết quả tốt.'
"""

from cleaner.engine import Cleaner, clean, scan
from cleaner.types import (
    CleanerError,
    Edit,
    Finding,
    ModelError,
    Policy,
    PolicyError,
    Reason,
    Result,
    SourceError,
)

__all__ = [
    "Cleaner",
    "CleanerError",
    "Edit",
    "Finding",
    "ModelError",
    "Policy",
    "PolicyError",
    "Reason",
    "Result",
    "SourceError",
    "clean",
    "scan",
]
