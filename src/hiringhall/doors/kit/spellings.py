"""The status that each error of the domain usually has; a door's table says where it differs."""

from collections.abc import Mapping

from hiringhall.domain import errors
from hiringhall.domain.errors import HallError
from hiringhall.doors.kit.door import Spelling

USUAL: Mapping[type[HallError], Spelling] = {
    errors.Invalid: Spelling(400),
    errors.NoOrganization: Spelling(400),
    errors.Unauthorized: Spelling(401),
    errors.InvalidCredentials: Spelling(401),
    errors.NotEnoughFunds: Spelling(402),
    errors.Forbidden: Spelling(403),
    errors.NotApproved: Spelling(403),
    errors.RegistrationClosed: Spelling(403),
    errors.NotFound: Spelling(404),
    errors.NotYours: Spelling(404),
    errors.WrongState: Spelling(409),
    errors.LostRace: Spelling(409),
    errors.Conflict: Spelling(409),
    errors.EmailTaken: Spelling(409),
    errors.NameTaken: Spelling(409),
    errors.IdempotencyConflict: Spelling(409),
    errors.SecretNotRepeated: Spelling(409),
    errors.Superseded: Spelling(409),
    errors.Gone: Spelling(410),
    errors.TooManyAttempts: Spelling(429),
    errors.OutOfCredits: Spelling(429),
    errors.Unreachable: Spelling(502),
    errors.Unavailable: Spelling(503),
}
