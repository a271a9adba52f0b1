"""Mail on its way: to an SMTP server, or into the development mailbox."""
