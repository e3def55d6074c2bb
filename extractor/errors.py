"""Every error that this package raises on purpose.

    ExtractorError
    ├── UsageError                      the call itself is wrong
    │   ├── UnknownModelError
    │   ├── UnknownKindError
    │   └── PromptError                 a template or a few-shot example that cannot be used
    ├── MissingPrerequisiteError        something has to be there first
    │   ├── MissingExtraError           an optional package
    │   └── MissingKeyError             an API key
    ├── SourceError                     an input that gives no article
    ├── OutputError                     a result that cannot be written
    ├── GroundingError                  a draft that the article does not bear out
    └── ModelError                      a language model that gave no usable reply
        ├── ModelUnreachableError       retryable
        ├── ModelTimeoutError           retryable
        ├── ModelBusyError              retryable (429; may carry the server's Retry-After)
        ├── ModelServerError            retryable (408, 409, 5xx)
        ├── ModelAuthenticationError    401, 403
        ├── ModelNotFoundError          404
        ├── QuotaExhaustedError         429 that waiting does not cure
        ├── RequestRefusedError         400 and every other 4xx
        ├── BudgetSpentError            the caller's own limit of money or tokens
        ├── ReplyMissingError           a recording that holds no reply to the prompt
        └── ReplyError                  an answer came, but not one that can be read
            ├── ReplyTruncatedError
            ├── ReplyRefusedError
            ├── ReplyFilteredError
            └── ReplyMalformedError

`code` is the word that stands in a record's `error.code`, `retryable` says whether the same call may
succeed later, `hint` is what the command line prints after the message, and `exit_code` what it ends with
when nothing else could be done. No message holds article text or a key.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Reason = Literal[
    "empty", "not_found", "elsewhere", "example", "altered", "ambiguous", "field_not_found", "unsupported", "invalid"
]
"""Why a draft, or one field of it, is not reported.

- `empty`: it has no words to look for.
- `not_found`: its words do not stand in the text that was read.
- `elsewhere`: they stand in the article, but not in the part that was asked about.
- `example`: they are those of a few-shot example.
- `altered`: they nearly do, but a number, a negation or a name differs.
- `ambiguous`: they stand at several places and nothing says which is meant.
- `field_not_found`: the item is reported without this optional field, whose words do not stand there.
- `unsupported`: a claim's text has a number, a negation, a name or several words that its evidence does not give, or
  what is called a name is none.
- `invalid`: it does not have the form that was asked for.
"""


class ExtractorError(Exception):
    """The root of every error raised on purpose; `str(error)` is one line."""

    code: ClassVar[str] = "error"
    retryable: bool = False
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(ExtractorError):
    """The call itself is wrong; the same call can never succeed."""

    code = "usage"
    exit_code = 2


class UnknownModelError(UsageError):
    """A model name that no backend answers to."""

    code = "unknown_model"


class UnknownKindError(UsageError):
    """A kind of item that is not declared, or that the chosen backend cannot draft."""

    code = "unknown_kind"


class PromptError(UsageError):
    """A prompt template or a few-shot example that cannot be used as it stands."""

    code = "prompt"


class MissingPrerequisiteError(ExtractorError):
    """Something outside this program has to be there first."""

    code = "missing_prerequisite"


class MissingExtraError(MissingPrerequisiteError):
    """An optional package that is not installed."""

    code = "missing_extra"

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package}, which is not installed",
            hint=f"pip install 'extractor[{extra}]'",
        )


class MissingKeyError(MissingPrerequisiteError):
    """A provider that wants an API key, and none is set."""

    code = "missing_key"


class SourceError(ExtractorError):
    """An input that gives no article: absent, not text, not readable."""

    code = "source"

    def __init__(self, message: str, *, code: str = "source", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.source_code = code


class OutputError(ExtractorError):
    """A result that cannot be written where it was asked for."""

    code = "output"


class GroundingError(ExtractorError):
    """A draft that the article does not bear out; `reason` is one of a record's `rejected` reasons.

    The message may quote the draft and the article: it goes into records and into the follow-up to the
    model, never into logs.
    """

    code = "grounding"

    def __init__(self, message: str, *, reason: Reason) -> None:
        super().__init__(message)
        self.reason: Reason = reason


class ModelError(ExtractorError):
    """A language model that gave no usable reply."""

    code = "model"


class ModelUnreachableError(ModelError):
    """No connection to the server."""

    code = "unreachable"
    retryable = True


class ModelTimeoutError(ModelError):
    """The server did not answer in time."""

    code = "timeout"
    retryable = True


class ModelBusyError(ModelError):
    """The server asks for a pause (status 429); `retry_after` is in seconds where it said how long."""

    code = "busy"
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ModelServerError(ModelError):
    """The server failed (status 408, 409 or 5xx); `retry_after` is in seconds where it said how long."""

    code = "server"
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ModelAuthenticationError(ModelError):
    """The key is missing, wrong, or not allowed to use the model (status 401, 403)."""

    code = "authentication"


class ModelNotFoundError(ModelError):
    """The server knows no such model or path (status 404)."""

    code = "model_not_found"


class QuotaExhaustedError(ModelError):
    """The account has no credit left; waiting does not cure it."""

    code = "quota"


class RequestRefusedError(ModelError):
    """The server understood the request and will not answer it (status 400 and other 4xx)."""

    code = "request_refused"
    about_all: bool = False
    """Whether the server found fault with what all requests have in common (a parameter, the schema)."""
    too_long: bool = False
    """Whether the prompt is longer than the model can read; a shorter one may be answered."""


class BudgetSpentError(ModelError):
    """The request would go beyond the money or the tokens that the caller allows."""

    code = "budget"


class ReplyMissingError(ModelError):
    """A recording that is replayed holds no reply to the prompt."""

    code = "no_recorded_reply"


class ReplyError(ModelError):
    """An answer came, but not one that can be read."""

    code = "reply"


class ReplyTruncatedError(ReplyError):
    """The reply stopped at the model's output limit."""

    code = "truncated"


class ReplyRefusedError(ReplyError):
    """The model declined to answer."""

    code = "refused"


class ReplyFilteredError(ReplyError):
    """The provider's content filter withheld the reply."""

    code = "filtered"


class ReplyMalformedError(ReplyError):
    """The reply holds nothing in the form that was asked for."""

    code = "malformed"
