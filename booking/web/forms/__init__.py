"""Forms: what people type, read once; each ends in a method that gives a plain value."""
