"""The sampler: which token comes next. draw.py is the whole of it as one function."""
