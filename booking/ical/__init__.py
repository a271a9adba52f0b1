"""Calendars as others read them: iCalendar (RFC 5545, 7986), iTIP (RFC 5546) and iMIP (RFC 6047)."""
