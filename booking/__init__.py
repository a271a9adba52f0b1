"""A clinic's booking: times, courses of nine weeks, and the calendars and mails that tell of them."""
