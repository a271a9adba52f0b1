"""The rules of the clinic: values in, values out; standard library and the `holidays` tables only."""
