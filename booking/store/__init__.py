"""The database: one file per noun, tables first, then the questions asked of them."""
