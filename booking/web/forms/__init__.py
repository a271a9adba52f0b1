"""Forms: what a browser sends, checked, and given on as plain values."""
