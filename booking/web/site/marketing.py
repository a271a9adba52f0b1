"""Marketing: what must not stand beside somebody who is not authorised health personnel.

Of alternative treatment only a sober description may be given; to say what it does for a named illness is forbidden,
and a link to an article that says so is part of the marketing (regulation 2003-12-11-1501, section 2). Every page that
names clinicians asks here before it leads to an article.
"""

from __future__ import annotations

from collections.abc import Iterable

from booking.prose.document import Document
from booking.store.people import Clinician


def beside_not_authorised(clinicians: Iterable[Clinician]) -> bool:
    """Whether somebody of them is not authorised, so that no claim may stand on their page."""
    return not all(clinician.profession.authorised for clinician in clinicians)


def authorised(clinicians: Iterable[Clinician]) -> list[Clinician]:
    """Those of them who may be named beside any article."""
    return [clinician for clinician in clinicians if clinician.profession.authorised]


def may_stand(document: Document, *, not_authorised: bool) -> bool:
    """Whether a page may name the article, or lead to it. `not_authorised`: it shows who is not authorised."""
    return not (document.claims_condition and not_authorised)
