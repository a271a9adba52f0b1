"""Marketing: what must not stand beside somebody who is not authorised health personnel.

Of alternative treatment only a sober description may be given; to say what it does for a named illness is forbidden,
and a link to an article that says so is part of the marketing (regulation 2003-12-11-1501, section 2). Every page that
names clinicians asks here before it leads to an article.
"""

from __future__ import annotations

from collections.abc import Iterable

from booking.prose.document import Document
from booking.services.articles import published_article
from booking.store.clinics import the_group
from booking.store.database import db
from booking.store.people import Clinician, Profession
from booking.web.language import current_language


def beside_not_authorised(clinicians: Iterable[Clinician]) -> bool:
    """Whether somebody of them is not authorised, so that no claim may stand on their page."""
    return among_not_authorised(clinician.profession for clinician in clinicians)


def among_not_authorised(professions: Iterable[Profession]) -> bool:
    """Whether one of them is not authorised, and so are those who have it."""
    return not all(profession.authorised for profession in professions)


def may_stand(document: Document, *, not_authorised: bool) -> bool:
    """Whether a page may name the article, or lead to it. `not_authorised`: it shows who is not authorised."""
    return not (document.claims_condition and not_authorised)


def leading_may_stand(*, not_authorised: bool) -> bool:
    """Whether the page may lead to the house's leading article."""
    if not not_authorised:
        return True
    slug = the_group(db.session()).leading_article
    leading = published_article(db.session(), slug, current_language()) if slug else None
    return leading is not None and may_stand(leading.document, not_authorised=True)
