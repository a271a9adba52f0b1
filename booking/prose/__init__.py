"""Texts as editors write them: Markdown with front matter and a few directives, read into values that pages show."""
